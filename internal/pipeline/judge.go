package pipeline

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Answered is a trace with a model call that a judge can read: the last one, or the last one that failed or that a
// scorer suspects.
type Answered struct {
	TraceID              pcommon.TraceID
	SpanID               pcommon.SpanID
	Service, Environment string
	Session              string
	Turns                int64 // of the session so far, 0 if unknown
	Failed, Suspected    bool  // a span of the trace
	Suspects             []string
	Kept                 float64 // probability with which samplers kept the trace

	call, found []spanPlace
	rank        int
	end         pcommon.Timestamp
}

// spanPlace is where a span stands.
type spanPlace struct {
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
	span     ptrace.Span
}

// Answers finds the traces with an answer. It reads no content. It keeps scratch memory, so only one goroutine may use
// it at a time.
type Answers struct {
	reader *dialect.Reader
	record spanattr.Record
}

// NewAnswers returns an Answers.
func NewAnswers() *Answers { return &Answers{reader: dialect.NewReader(nil)} }

// Answers finds the traces with an answer in the spans that the stages have run on.
func (f *Files) Answers() *Answers { return &Answers{reader: dialect.NewReader(f.scorer.logs)} }

// End is when the call of the trace ended.
func (t *Answered) End() pcommon.Timestamp { return t.end }

// Of returns the traces with an answer, in their order. Spans that no Scorer saw are not read.
func (a *Answers) Of(td ptrace.Traces) []*Answered {
	var order []*Answered
	index := map[pcommon.TraceID]*Answered{}
	for _, rs := range td.ResourceSpans().All() {
		service, environment := dialect.ServiceOf(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				id := span.TraceID()
				if _, scored := span.Attributes().Get(spanattr.AttrCoverage); !scored || id.IsEmpty() {
					continue
				}
				t := index[id]
				if t == nil {
					t = &Answered{
						TraceID: id, Service: service, Environment: environment, Kept: judge.Kept(span.TraceState().AsRaw()),
					}
					index[id] = t
					order = append(order, t)
				}
				a.add(t, spanPlace{rs.Resource(), ss.Scope(), span}, service)
			}
		}
	}
	kept := order[:0]
	for _, t := range order {
		if len(t.call) > 0 {
			kept = append(kept, t)
		}
	}
	return kept
}

// The ranks of a call within its trace.
const (
	ordinary = iota + 1
	suspected
	failed
)

func (a *Answers) add(t *Answered, p spanPlace, service string) {
	a.record.Read(p.span)
	r := &a.record
	suspects := r.Suspects()
	t.Failed = t.Failed || r.Verdict.Failed()
	t.Suspected = t.Suspected || len(suspects) > 0
	c, ok := a.reader.Read(p.resource, p.scope, p.span)
	if !ok {
		return
	}
	step(c, r)
	if c.Operation == genai.OpRetrieval {
		t.found = append(t.found, p)
		return
	}
	if !c.IsLLMCall() || c.Operation == genai.OpEmbeddings || r.Coverage == spanattr.NoContent {
		return
	}
	rank := ordinary
	switch {
	case r.Verdict.Failed():
		rank = failed
	case len(suspects) > 0:
		rank = suspected
	}
	if end := p.span.EndTimestamp(); rank > t.rank || rank == t.rank && end >= t.end {
		t.rank, t.end = rank, end
		t.call = append(t.call[:0], p)
		t.SpanID, t.Service = p.span.SpanID(), service
		t.Session, t.Turns = strings.Clone(r.Session.ID), r.Session.Turns
		t.Suspects = t.Suspects[:0]
		for _, scorer := range suspects {
			t.Suspects = append(t.Suspects, strings.Clone(scorer))
		}
	}
}

// Call reads the call of a trace, and the documents that the trace retrieved apart from it. Both are valid until the
// next use of a.
func (a *Answers) Call(t *Answered) (call *genai.Call, found []string) {
	for _, p := range t.found {
		if c, ok := a.reader.Read(p.resource, p.scope, p.span); ok {
			for i := range c.Retrieval().Documents {
				found = append(found, c.Retrieval().Documents[i].Content)
			}
		}
	}
	call, _ = a.reader.Read(t.call[0].resource, t.call[0].scope, t.call[0].span)
	return call, found
}
