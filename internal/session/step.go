// Package session keeps what an agent did over a conversation: which calls it repeated, how much it spent, and when two
// agents only answer each other. The state is bounded, counts every span once however often it is delivered, and does
// not depend on the order in which spans arrive.
package session

import (
	"cmp"
	"math"
	"slices"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/toolrun"
)

// Kind is the kind of a span in a session.
type Kind uint8

// The kinds. Spans of kind Other are only counted.
const (
	Other Kind = iota
	ModelCall
	ToolCall
)

// Span is a GenAI span as a session needs it.
type Span struct {
	Trace        [16]byte
	ID           [8]byte
	Start, End   int64 // unix nanoseconds
	Kind         Kind
	Conversation string // the session that the span names, or ""
	Service      string
	Agent, Tool  string
	Digest       Digest
	Failed       bool    // of a tool call
	Empty        bool    // a tool call that worked and found nothing
	Transient    bool    // a failure may go away by itself
	CostUSD      float64 // 0 if unknown
	Tokens       int64   // of all kinds
}

// NewSpan returns the part of a call that a session needs. The caller sets Trace, ID, Start, End, Digest, Failed,
// Empty and CostUSD.
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

// Step is one span in the form that the state of a session uses.
type Step struct {
	Event
	Trace  uint64
	Micros int64 // US dollars / 1e6
	Tokens int64
}

// Event is the part of a model or tool call that is remembered in order.
type Event struct {
	Span       uint64 // hash of the trace id and the span id
	Start      int64  // unix nanoseconds
	Millis     uint32 // duration
	ArgsHash   uint32 // short hash of the call, or 0 if unknown
	ResultHash uint32 // short hash of a tool's result or of the user's question, or 0 if unknown
	Agent      uint32 // hash of the agent's name, or 0
	Tool       uint32 // hash of the tool's name
	Trace      uint32 // hash of the trace id
	Sketch     Sketch // Digest.Sketch
	Kind       Kind
	Effect     toolrun.Effect // of a tool
	Pending    bool           // the result of a tool says that something has not ended
	Failed     bool           // of a tool call
	Transient  bool           // a tool call failed for a reason that goes away by itself
	Empty      bool           // a tool call found nothing
	Polls      bool           // the tool is called repeatedly by design
}

// step converts a span into a step. The settings name the polling tools.
func (s *Settings) step(o *Span) Step {
	var id [16]byte // checkpoints have always been hashed with this width
	copy(id[:], o.ID[:])
	x := Step{
		Event: Event{Span: hashBytes(o.Trace[:], id[:]), Start: o.Start, Millis: millis(o.Start, o.End), Kind: o.Kind},
		Trace: hashBytes(o.Trace[:]),
	}
	x.Event.Trace = uint32(x.Trace)
	if o.Agent != "" {
		x.Agent = uint32(hashText(o.Agent))
	}
	switch o.Kind {
	case ToolCall:
		x.Tool = uint32(hashText(o.Tool))
		x.Polls = slices.Contains(s.PollingTools, o.Tool)
		x.ArgsHash, x.ResultHash, x.Sketch = uint32(o.Digest.Call), uint32(o.Digest.Result), o.Digest.Sketch
		x.Effect, x.Pending = o.Digest.Effect, o.Digest.Pending
		x.Failed, x.Transient, x.Empty = o.Failed, o.Failed && o.Transient, o.Empty
	case ModelCall:
		x.ResultHash = uint32(o.Digest.Result)
		x.Micros = micros(o.CostUSD)
		x.Tokens = min(max(o.Tokens, 0), maxTokens)
		if o.Agent != "" {
			x.Sketch = o.Digest.Sketch
		}
	case Other:
	}
	return x
}

// transient reports whether a call with this failure is worth another try.
func transient(o provider.Outcome) bool {
	if o.By == "status" { // the span does not state why it failed
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

// Bounds of what one span can add. Larger values are errors of the emitter.
const (
	maxMicros = 1e6 * 1e6 // a million dollars
	maxTokens = 1 << 40
)

// micros converts a cost to millionths of a dollar. Negative costs and NaN count as 0.
func micros(usd float64) int64 {
	if !(usd > 0) {
		return 0
	}
	return int64(math.Round(min(usd*1e6, maxMicros)))
}

// millis returns the time between two times, from 0 to the greatest number.
func millis(start, end int64) uint32 {
	if end <= start {
		return 0
	}
	return uint32(min((uint64(end)-uint64(start))/1e6, math.MaxUint32))
}

// before orders calls by start. Calls with the same start are ordered by id, so that the order does not depend on
// arrival.
func before(a, b *Event) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Span, b.Span))
}
