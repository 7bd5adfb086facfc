package meter

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Outcome is how a request ended.
type Outcome uint8

// The outcomes. A request that its caller cancelled is not a failure.
const (
	OK Outcome = iota
	Failed
	Cancelled
)

// Span is the part of a span that is counted. The meter copies the strings that it keeps.
type Span struct {
	Service, Environment string
	Coverage             string

	// GenAI marks a GenAI operation. The fields below are counted only for these.
	GenAI bool
	Breakdown
	// Request marks the call to a model itself. Only requests have tokens, times and cost.
	Request bool
	Outcome Outcome
	// Class is the span's first failure class, "" if nothing failed. Unsafe marks a span with a safety class among all
	// its classes.
	Class  failure.Class
	Unsafe bool
	// Certain marks a safety class that rests on structure.
	Certain bool
	// Incident is the class of the trace's incident. It is set only on the root cause span.
	Incident failure.Class

	Tokens   genai.Tokens
	Duration genai.Opt[float64] // seconds
	TTFT     genai.Opt[float64] // seconds
	Cost     genai.Opt[float64] // US dollars
	// CostSource is reported, computed or estimated.
	CostSource string
	Scores     []Score
	Skips      []Skip
	// Retrieval is ok, empty or failed on retrieval spans, "" on others.
	Retrieval string
	Session   Session

	TraceID [16]byte
	SpanID  [8]byte
	// Seen is the arrival time by the Collector's clock. The span's own times are not compared with any clock.
	Seen time.Time
}

// Score is the result of a scorer: a value between 0 and 1, and whether it failed or is a suspicion. Scores of
// different versions or strata are counted separately, because they must not be averaged.
type Score struct {
	Name, Version, Stratum string
	Value                  float64
	Failed, Suspected      bool
	Untrusted              bool // of a judge that was not compared with people
	// Class and Detail are what a judge found, "" if it found nothing.
	Class  failure.Class
	Detail string
}

// Session is the state of a span's session, including the span. An empty ID means no session.
type Session struct {
	ID string
	// Trace means that the ID is the span's trace, not a conversation.
	Trace bool
	Turns int64
	Calls int64 // of models and tools
	Cost  genai.Opt[float64]
	// Limit is the budget limit that the session reached with this span.
	Limit string
}

// Breakdown are the attributes that split a service's traffic into slices.
type Breakdown struct {
	Provider, Operation, Model, PromptName, PromptVersion string
	// Turns is one of the buckets of Turns.
	Turns string
}

// Turns is the bucket for a number of turns so far, one of three. It shows whether answers get worse in long
// conversations. 0 is unknown.
func Turns(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n <= 3:
		return "1-3"
	case n <= 10:
		return "4-10"
	}
	return "over 10"
}

// maxText bounds the value of an attribute, in bytes.
const maxText = 128

// bound makes a text a valid attribute value: valid UTF-8 of at most maxText bytes.
func bound(s string) string {
	if len(s) <= maxText && utf8.ValidString(s) {
		return s
	}
	if len(s) > maxText {
		s = s[:maxText]
		// Drop a character that the cut went through.
		for cut := 1; cut < utf8.UTFMax; cut++ {
			if start := len(s) - cut; utf8.RuneStart(s[start]) {
				if !utf8.FullRuneInString(s[start:]) {
					s = s[:start]
				}
				break
			}
		}
	}
	return strings.ToValidUTF8(s, "?")
}

// bound bounds every text of the breakdown. It allocates nothing if all texts are valid.
func (b *Breakdown) bound() {
	b.Provider, b.Operation, b.Model = bound(b.Provider), bound(b.Operation), bound(b.Model)
	b.PromptName, b.PromptVersion = bound(b.PromptName), bound(b.PromptVersion)
}

// clone copies the texts, so that a stored key does not keep its request in memory.
func (b Breakdown) clone() Breakdown {
	return Breakdown{
		Provider: strings.Clone(b.Provider), Operation: strings.Clone(b.Operation), Model: strings.Clone(b.Model),
		PromptName: strings.Clone(b.PromptName), PromptVersion: strings.Clone(b.PromptVersion), Turns: b.Turns,
	}
}
