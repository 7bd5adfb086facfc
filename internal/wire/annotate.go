package wire

import (
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
)

// AnnotateOptions are the choices of an Annotator. The zero value is good.
type AnnotateOptions struct {
	// Content lets evidence quote what was said. Without it evidence names keys, types and codes only.
	Content bool

	// LentBytes and LentFor bound the content that log records lend, in bytes and time. 0 is no bound of its own, for
	// input that is at hand as a whole.
	LentBytes int64
	LentFor   time.Duration

	// Prices is what cost is computed by, where the emitter reports none. Without it nothing is computed.
	Prices *price.Book
}

// Annotator scores spans and writes on them what was found: the one loop that the Collector and the CLI share. It is safe
// for concurrent use.
type Annotator struct {
	set     *score.Set
	scorers string // as AttrScorers
	options AnnotateOptions
	lent    *sharedLending
	now     func() time.Time
	workers sync.Pool // of *worker
}

// Annotated is what was made of one span. Call, Result and what they hold are valid until the callback returns.
type Annotated struct {
	fresh bool // what was found is of this pass, not kept of an earlier one

	Span     ptrace.Span
	Resource pcommon.Resource
	// Call is nil where nothing on the span speaks of GenAI; then nothing was written, and Verdict and Result are empty.
	Call     *genai.Call
	Coverage Coverage
	Verdict  failure.Verdict
	Result   *score.Result
	Cost     Cost
}

// NewAnnotator makes an annotator that runs the scorers of a set.
func NewAnnotator(set *score.Set, options AnnotateOptions) *Annotator {
	a := &Annotator{set: set, options: options, lent: newSharedLending(options.LentBytes, options.LentFor), now: time.Now}
	a.workers.New = func() any {
		return &worker{reader: NewReader(), keys: make([]scoreKey, 0, len(set.Scorers()))}
	}
	a.scorers = spellScorers(set)
	return a
}

// Traces annotates every span and hands it to each, in the order of the data; each may be nil. The data must be mutable.
//
// Annotating again, in a gateway behind an agent, gives what annotating once gives: what an earlier pass wrote is replaced.
// One verdict stays: that on a span whose content was scored and has been removed, or redacted, since. And a cost that was
// computed stays, with the version of the price book that it was computed by.
func (a *Annotator) Traces(td ptrace.Traces, each func(Annotated)) {
	deepen(0)
	w := a.workers.Get().(*worker)
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource()
		scored := false
		for _, ss := range rs.ScopeSpans().All() {
			scope := ss.Scope()
			for _, span := range ss.Spans().All() {
				out := a.span(w, resource, scope, span)
				if each != nil {
					each(out)
				}
				switch {
				case out.fresh:
					scored = scored || len(w.result.Scores) > 0
				case out.Call != nil:
					a.keepScorers(resource, span)
				}
			}
		}
		if scored {
			resource.Attributes().PutStr(AttrScorers, a.scorers)
		}
	}
	// Not deferred: a worker that a panic left half way is not used again.
	w.result.Reset()
	a.workers.Put(w)
}

func (a *Annotator) span(w *worker, resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span) Annotated {
	w.result.Reset()
	out := Annotated{Span: span, Resource: resource, Coverage: NotLLM, Result: &w.result}
	w.reader.borrow(span.TraceID(), span.SpanID(), a.lent.of(span.TraceID(), span.SpanID()))
	call, ok := w.reader.Read(resource, scope, span)
	if !ok {
		return out
	}
	var earlier Cost
	stale := false
	again := w.reader.ours // most spans come for the first time, and need not be searched
	if again {
		earlier, stale = costWritten(span, call)
	}
	if stale || again && annotated(span) {
		coverage := CoverageWritten(span)
		gone := CoverageOf(call) == NoContent && (coverage == Scored || coverage == Truncated)
		kept := gone || coverage != "" && wasRedacted(span)
		if stale {
			eraseCost(span)
		}
		if !kept {
			erase(span)
		}
		// Removing attributes moved the others under the call's feet.
		if call, ok = w.reader.Read(resource, scope, span); !ok {
			return out
		}
		if kept {
			out.Call, out.Coverage, out.Verdict = call, coverage, VerdictOf(span)
			readBack(span, &w.result)
			out.Cost = a.cost(span, call, earlier)
			out.Cost.write(span)
			return out
		}
	}
	a.set.Score(call, &w.result)
	if again {
		for _, detail := range loopsWritten(span) { // which an earlier Sessions found, and nobody finds again
			w.result.Find(session.Finding(detail, call.ToolName))
		}
	}
	if !readable(call) {
		w.result.Problems = append(w.result.Problems, score.Problem{Scorer: problemContent, Reason: problemUTF8})
	}
	out.Call = call
	out.Verdict = failure.Judge(w.result.Findings)
	out.Coverage = CoverageOf(call) // only now: reading the content can show that it was cut
	out.Cost = a.cost(span, call, earlier)
	if out.Cost.problem != "" {
		w.result.Problems = append(w.result.Problems, score.Problem{Scorer: problemCost, Reason: out.Cost.problem})
	}
	w.normalise(span, call)
	out.fresh = true
	w.write(span, &out, a.options)
	return out
}

// What is said of content that is damaged, whichever scorer reads it.
const (
	problemContent = "content"
	problemUTF8    = "invalid_utf8"
)

// readable reports whether the messages that scorers read are valid UTF-8. What none has read is not looked at.
func readable(c *genai.Call) bool {
	return (!c.Loaded(genai.PartOutput) || validMessages(c.Output())) && (!c.Loaded(genai.PartInput) || validMessages(c.Input()))
}

func validMessages(messages []genai.Message) bool {
	for i := range messages {
		m := &messages[i]
		if !utf8.ValidString(m.Text) || !utf8.ValidString(m.Reasoning) {
			return false
		}
		for j := range m.ToolCalls {
			if call := &m.ToolCalls[j]; !utf8.ValidString(call.Name) || !utf8.ValidString(call.Arguments.Text) {
				return false
			}
		}
	}
	return true
}

// deepen makes the stack of the goroutine as large as annotating needs. gRPC serves every request in a goroutine of its own, whose
// stack begins small and would be moved several times, with all that is on it, each time to twice its size.
//
//go:noinline
func deepen(i int) byte {
	var room [12 << 10]byte
	return room[i]
}

// worker is the scratch memory of one goroutine.
type worker struct {
	reader *Reader
	told   Told
	result score.Result
	keys   []scoreKey // of the scorers that gave scores: the configuration names them, not spans
	next   int        // where in keys the next one is likely to be, since scorers come in one order
}

// scoreKey is the attribute of a scorer's score.
type scoreKey struct{ scorer, key string }

func (w *worker) scoreKey(scorer string) string {
	for range w.keys {
		if w.next++; w.next >= len(w.keys) {
			w.next = 0
		}
		if k := &w.keys[w.next]; k.scorer == scorer {
			return k.key
		}
	}
	w.next = len(w.keys)
	w.keys = append(w.keys, scoreKey{scorer, AttrScorePrefix + scorer})
	return w.keys[w.next].key
}
