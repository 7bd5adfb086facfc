// Package session keeps what an agent did over a conversation: which calls it repeated, how much it spent, when two agents only
// answer each other. State is bounded, knows every span once however often it is delivered, and does not depend on the order
// in which spans arrive.
package session

import (
	"cmp"
	"math"
	"slices"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// Kind is what a step is to a session.
type Kind uint8

// The kinds. Other steps count as spans only.
const (
	Other Kind = iota
	ModelCall
	ToolCall
)

// Step is one span as a session sees it. Everything else of the span is gone.
type Step struct {
	Act
	Trace  uint64
	Micros int64 // US dollars / 1e6
	Tokens int64
	Call   uint64 // hash of the tool's name and its canonical arguments; 0 where those were not recorded: nobody knows which call it is the same as
	Result uint64
	// Transient is a tool call that failed for a reason that goes away by itself.
	Transient bool
}

// Act is the part of a step that is remembered in order, of model and tool calls.
type Act struct {
	Span  uint64 // hash of trace id and span id
	Start int64  // unix nanoseconds
	Asked uint32 // the call and its result in short: enough to tell neighbours apart
	Got   uint32
	Agent uint32 // hash of the agent's name, 0 where none is named
	Tool  uint32 // hash of the tool's name
	// Said is what was said, in short: the tokens of a tool's arguments, or the runs of three words of a model's answer.
	Said   sketch
	Kind   Kind
	Failed bool // of a tool call
	// Polls says that the tool is one that is asked again and again by design.
	Polls bool
}

// Observed is what is known of a span when a session sees it.
type Observed struct {
	Trace, Span [16]byte // the span id fills the first half
	Start       int64    // unix nanoseconds
	Call        *genai.Call
	ToolFailed  bool
	CostUSD     float64 // 0 where unknown
}

// step makes a step of a span. The settings tell which tools poll.
func (s *Settings) step(o *Observed) Step {
	c := o.Call
	x := Step{Act: Act{Span: hashBytes(o.Trace[:], o.Span[:]), Start: o.Start}, Trace: hashBytes(o.Trace[:])}
	if c.AgentName != "" {
		x.Agent = uint32(hashText(c.AgentName))
	}
	switch {
	case c.Operation == genai.OpExecuteTool:
		x.Kind = ToolCall
		x.Tool = uint32(hashText(c.ToolName))
		x.Polls = slices.Contains(s.PollingTools, c.ToolName)
		canonical := canonicalizers.Get().(*canonicalizer)
		arguments, said := canonical.read(c.ToolArguments().Text)
		if !c.ToolArguments().IsZero() {
			x.Call = hashBytes([]byte(c.ToolName), []byte{'\n'}, arguments) | 1
		}
		x.Result = hashText(c.ToolResult().Text)
		x.Asked, x.Got = uint32(x.Call), uint32(x.Result)
		x.Failed = o.ToolFailed
		x.Transient = x.Failed && c.Error.IsError && transient(provider.Classify(c.Error))
		x.Said = sketchTokens(string(said))
		canonicalizers.Put(canonical)
	case c.IsLLMCall():
		x.Kind = ModelCall
		x.Micros = micros(o.CostUSD)
		x.Tokens = min(max(tokens(c), 0), maxTokens)
		if x.Agent != 0 {
			x.Said = sketchShingles(answer(c))
		}
	}
	return x
}

// transient reports whether a call that failed so is worth another try.
func transient(o provider.Outcome) bool {
	if o.By == "status" { // nothing but that it failed is known
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

// Bounds of what one span can add: more is a mistake of whoever sent it.
const (
	maxMicros = 1e6 * 1e6 // a million dollars
	maxTokens = 1 << 40
)

// micros counts a cost in millionths of a dollar. What is negative or no number is nothing.
func micros(usd float64) int64 {
	if !(usd > 0) { // NaN too
		return 0
	}
	return int64(math.Round(min(usd*1e6, maxMicros)))
}

func tokens(c *genai.Call) int64 {
	t := &c.Tokens
	return t.UncachedInput.Value + t.CacheRead.Value + t.CacheWrite.Value + t.Output.Value + t.Reasoning.Value
}

func answer(c *genai.Call) string {
	for i := range c.Output() {
		if text := c.Output()[i].Text; text != "" {
			return text
		}
	}
	return ""
}

// before orders calls by their start. Spans that start together are ordered by their id, so that the order is the same
// whichever arrives first.
func before(a, b *Act) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Span, b.Span))
}
