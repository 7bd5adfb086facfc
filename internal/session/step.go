// Package session keeps what an agent did over a conversation: which calls it repeated, how much it spent, when two
// agents only answer each other. State is bounded, counts every span once however often it is delivered, and does not
// depend on the order in which spans arrive.
package session

import (
	"cmp"
	"math"
	"slices"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// Kind is what a span is to a session.
type Kind uint8

// The kinds. Other spans are counted and nothing else.
const (
	Other Kind = iota
	ModelCall
	ToolCall
)

// Span is a GenAI span as a session sees it.
type Span struct {
	Trace        [16]byte
	ID           [8]byte
	Start        int64 // unix nanoseconds
	Kind         Kind
	Conversation string // the session that the span names, "" where it names none
	Service      string
	Agent, Tool  string
	Digest       Digest
	Failed       bool    // of a tool call
	Transient    bool    // the failure, if there is one, may go away by itself
	CostUSD      float64 // 0 where unknown
	Tokens       int64   // of all kinds
}

// NewSpan takes from a call what a session needs. Trace, ID, Start, Digest, Failed and CostUSD are left to the caller.
func NewSpan(c *genai.Call) Span {
	s := Span{Conversation: c.SessionID, Service: c.ServiceName, Agent: c.AgentName, Tool: c.ToolName}
	switch {
	case c.Operation == genai.OpExecuteTool:
		s.Kind = ToolCall
		s.Transient = c.Error.IsError && transient(provider.Classify(c.Error))
	case c.IsLLMCall():
		s.Kind = ModelCall
		t := &c.Tokens
		s.Tokens = t.UncachedInput.Value + t.CacheRead.Value + t.CacheWrite.Value + t.Output.Value + t.Reasoning.Value
	}
	return s
}

// Step is one span as the state of a session keeps it.
type Step struct {
	Event
	Trace  uint64
	Micros int64 // US dollars / 1e6
	Tokens int64
	Call   uint64 // Digest.Call
	Result uint64 // Digest.Result
	// Transient is a tool call that failed for a reason that goes away by itself.
	Transient bool
}

// Event is the part of a step that is remembered in order, of model and tool calls.
type Event struct {
	Span       uint64 // hash of trace id and span id
	Start      int64  // unix nanoseconds
	ArgsHash   uint32 // the call and its result in short: enough to tell neighbours apart
	ResultHash uint32
	Agent      uint32 // hash of the agent's name, 0 where none is named
	Tool       uint32 // hash of the tool's name
	Sketch     Sketch // Digest.Sketch
	Kind       Kind
	Failed     bool // of a tool call
	// Polls says that the tool is called again and again by design.
	Polls bool
}

// step makes a step of a span. The settings name the tools that poll.
func (s *Settings) step(o *Span) Step {
	var id [16]byte // the width that checkpoints were hashed with from the first
	copy(id[:], o.ID[:])
	x := Step{
		Event: Event{Span: hashBytes(o.Trace[:], id[:]), Start: o.Start, Kind: o.Kind},
		Trace: hashBytes(o.Trace[:]),
	}
	if o.Agent != "" {
		x.Agent = uint32(hashText(o.Agent))
	}
	switch o.Kind {
	case ToolCall:
		x.Tool = uint32(hashText(o.Tool))
		x.Polls = slices.Contains(s.PollingTools, o.Tool)
		x.Call, x.Result, x.Sketch = o.Digest.Call, o.Digest.Result, o.Digest.Sketch
		x.ArgsHash, x.ResultHash = uint32(x.Call), uint32(x.Result)
		x.Failed, x.Transient = o.Failed, o.Failed && o.Transient
	case ModelCall:
		x.Micros = micros(o.CostUSD)
		x.Tokens = min(max(o.Tokens, 0), maxTokens)
		if o.Agent != "" {
			x.Sketch = o.Digest.Sketch
		}
	case Other:
	}
	return x
}

// transient reports whether a call that failed so is worth another try.
func transient(o provider.Outcome) bool {
	if o.By == "status" { // the span says that it failed, and not why
		return false
	}
	switch o.Class {
	case failure.RateLimit, failure.Timeout:
		return true
	case failure.ProviderError:
		return o.Detail == failure.Overloaded || o.Detail == failure.ServerError || o.Detail == failure.Connection
	}
	return false
}

// Bounds of what one span can add. More is a mistake of the emitter.
const (
	maxMicros = 1e6 * 1e6 // a million dollars
	maxTokens = 1 << 40
)

// micros counts a cost in millionths of a dollar. Negative costs and NaN count as 0.
func micros(usd float64) int64 {
	if !(usd > 0) {
		return 0
	}
	return int64(math.Round(min(usd*1e6, maxMicros)))
}

// before orders calls by their start. Spans that start together are ordered by their id, so that the order does not
// depend on which arrives first.
func before(a, b *Event) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Span, b.Span))
}
