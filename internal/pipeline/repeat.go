package pipeline

import (
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/outcome"
)

// repeats remembers the failures inside of steps. An exception passes through every step around the call that raised
// it, and each of their spans reports it. Only the innermost one counts. Spans end, and so arrive, after those inside
// of them.
type repeats struct {
	mu     sync.Mutex
	inside map[spanKey]classes // by the step around them
	recent []spanKey           // the keys of inside, a ring
	next   int
}

// maxRepeats bounds the steps that are remembered. The oldest is forgotten first.
const maxRepeats = 1 << 14

// classes are the failure classes found inside of a step.
type classes struct {
	all      uint16
	reported uint16 // by the provider, the SDK or a tool: they may end the steps around them
}

func (c classes) and(other classes) classes {
	return classes{c.all | other.all, c.reported | other.reported}
}

// classBits has a bit for each class.
var classBits = func() map[failure.Class]uint16 {
	bits := map[failure.Class]uint16{}
	for i, info := range failure.Classes() {
		bits[info.Class] = 1 << i
	}
	return bits
}()

// unspecificError is the bit of a server error. It is apart from those of the class, because any other error of the
// provider that is reported around it says more.
const unspecificError = 1 << 15

func bitOf(f *failure.Finding) uint16 {
	if f.Class == failure.ProviderError && f.Detail == failure.ServerError {
		return unspecificError
	}
	return classBits[f.Class]
}

func classesOf(findings []failure.Finding) (c classes) {
	for i := range findings {
		f := &findings[i]
		c.all |= bitOf(f)
		if f.Scorer == "" && f.Class != failure.BadAnswer {
			c.reported |= bitOf(f)
		}
	}
	return c
}

// show reports whether a failure that a step reports is one of those inside of it. Frameworks report a tool call whose
// arguments do not fit as a violation of the schema.
func (c classes) show(f *failure.Finding) bool {
	return c.all&bitOf(f) != 0 || f.Class == failure.SchemaViolation && c.all&classBits[failure.ToolCallMalformed] != 0
}

// in returns what failed inside of a span so far.
func (r *repeats) in(span ptrace.Span) classes {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inside[spanKey{span.TraceID(), span.SpanID()}]
}

// add records failures inside of the step around a span.
func (r *repeats) add(span ptrace.Span, found classes) {
	if found == (classes{}) || span.ParentSpanID().IsEmpty() {
		return
	}
	key := spanKey{span.TraceID(), span.ParentSpanID()}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inside == nil {
		r.inside = map[spanKey]classes{}
	}
	before, known := r.inside[key]
	r.inside[key] = before.and(found)
	switch {
	case known:
	case len(r.recent) < maxRepeats:
		r.recent = append(r.recent, key)
	default:
		delete(r.inside, r.recent[r.next])
		r.recent[r.next] = key
		r.next = (r.next + 1) % maxRepeats
	}
}

// settle removes the findings by which an outer step repeats a failure inside of it, and records what the step around
// the span has inside.
func (r *repeats) settle(span ptrace.Span, call *genai.Call, findings []failure.Finding) []failure.Finding {
	failed, outer := len(findings) > 0, isOuter(call)
	if !failed && !outer {
		return findings
	}
	inner := r.in(span)
	if failed && outer && inner != (classes{}) && call.Error.IsError {
		bare := provider.Classify(call.Error).Bare()
		findings = slices.DeleteFunc(findings, func(f failure.Finding) bool {
			return f.Scorer == "" && (inner.show(&f) || bare && inner.reported != 0)
		})
	}
	r.add(span, inner.and(classesOf(findings)))
	return findings
}

// pass records that an error went through a span that is not a GenAI operation.
func (r *repeats) pass(span ptrace.Span) {
	if span.Status().Code() == ptrace.StatusCodeError {
		r.add(span, r.in(span))
	}
}

// isOuter reports whether a call is a step around others: a chain, an agent, a workflow.
func isOuter(c *genai.Call) bool {
	switch c.Operation {
	case genai.OpExecuteTool, genai.OpRetrieval, "rerank":
		return false
	}
	return !c.IsLLMCall()
}

// lateErrors finds spans with an error that come after the step around them. This happens within a request, which
// groups spans by their scope, and in files that are ordered by start.
type lateErrors struct {
	reader *dialect.Reader
	seen   map[spanKey]bool
	late   []lateSpan
	result score.Result
}

type lateSpan struct {
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
	span     ptrace.Span
}

// forget ends a request.
func (f *lateErrors) forget() {
	if clear(f.seen); cap(f.late) > maxReused {
		f.seen, f.late = nil, nil
	}
}

// index records the failures of such spans.
func (f *lateErrors) index(td ptrace.Traces, logs *dialect.LogContentCache, r *repeats) {
	clear(f.late)
	f.late = f.late[:0]
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if span.Status().Code() != ptrace.StatusCodeError {
					continue
				}
				if f.seen == nil {
					f.seen = map[spanKey]bool{}
				}
				if f.seen[spanKey{span.TraceID(), span.ParentSpanID()}] {
					f.late = append(f.late, lateSpan{rs.Resource(), ss.Scope(), span})
				}
				f.seen[spanKey{span.TraceID(), span.SpanID()}] = true
			}
		}
	}
	for i := range slices.Backward(f.late) { // inner steps come after outer ones here
		s := &f.late[i]
		if f.reader == nil {
			f.reader = dialect.NewReader(logs)
		}
		call, ok := f.reader.Read(s.resource, s.scope, s.span)
		if !ok {
			r.pass(s.span)
			continue
		}
		f.result.Reset()
		outcome.New().Score(call, &f.result)
		r.settle(s.span, call, f.result.Findings)
	}
}
