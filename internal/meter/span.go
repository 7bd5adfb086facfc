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

// The outcomes. A request that its caller gave up is no failure.
const (
	OK Outcome = iota
	Failed
	Cancelled
)

// Span is what is counted of one span. The meter keeps none of its strings' memory.
type Span struct {
	Service, Environment string
	Coverage             string

	// The rest is counted only where GenAI says that the span is an operation of GenAI.
	GenAI bool
	Breakdown
	// Request says that this is the call to a model itself, which alone has tokens, times and cost.
	Request bool
	Outcome Outcome
	// Class is the first failure class of the taxonomy, "" where nothing failed; Unsafe says that safety is among all of them.
	Class  failure.Class
	Unsafe bool
	// Incident is the class that the incident of the span's trace began with, on the span that it began with.
	Incident failure.Class

	Tokens   genai.Tokens
	Duration genai.Opt[float64] // seconds
	TTFT     genai.Opt[float64] // seconds
	Cost     genai.Opt[float64] // US dollars
	// CostSource is reported, computed or estimated.
	CostSource string
	Scores     []Score
	// Retrieval is ok, empty or failed on spans that retrieve, "" on others.
	Retrieval string
	Session   Session

	TraceID [16]byte
	SpanID  [8]byte
	// Seen is when the span came, by the clock of who counts. The span's own times are not compared with any clock.
	Seen time.Time
}

// Score is what a scorer gave: a value between 0 and 1, and whether that failed its threshold. Scores of another version or another
// stratum are counted apart, since they must not be averaged.
type Score struct {
	Name, Version, Stratum string
	Value                  float64
	Failed                 bool
}

// Session is how far the session of a span had come with it. A zero ID is no session.
type Session struct {
	ID string
	// Trace says that the ID names no conversation but the span's own trace.
	Trace bool
	Turns int64
	Calls int64 // of models and tools
	Cost  genai.Opt[float64]
	// Limit is what the session reached with this span, so that it may not go on.
	Limit string
}

// Breakdown is what traffic of a service is told apart by.
type Breakdown struct {
	Provider, Operation, Model, PromptName, PromptVersion string
	// Turns is one of the buckets of Turns.
	Turns string
}

// Turns is how far a conversation has come, in three buckets: answers are said to get worse over many turns, and this shows whether
// they do. 0 is unknown.
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

// bound makes a text from a span fit to be the value of an attribute: valid UTF-8 of at most maxText bytes.
func bound(s string) string {
	if len(s) <= maxText && utf8.ValidString(s) {
		return s
	}
	if len(s) > maxText {
		s = s[:maxText]
		// A character that the cut went through goes.
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

// bound bounds every text of the breakdown. It is a no-op, and allocates nothing, for texts as they should be.
func (b *Breakdown) bound() {
	b.Provider, b.Operation, b.Model = bound(b.Provider), bound(b.Operation), bound(b.Model)
	b.PromptName, b.PromptVersion = bound(b.PromptName), bound(b.PromptVersion)
}

// clone copies the texts, so that a key that is kept does not keep the request that it was read from.
func (b Breakdown) clone() Breakdown {
	return Breakdown{
		Provider: strings.Clone(b.Provider), Operation: strings.Clone(b.Operation), Model: strings.Clone(b.Model),
		PromptName: strings.Clone(b.PromptName), PromptVersion: strings.Clone(b.PromptVersion), Turns: b.Turns,
	}
}
