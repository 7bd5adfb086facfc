package llmmetricsconnector

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/meter"
	"github.com/faultline-otel/faultline/internal/wire"
)

// spanReader reads the counted parts of spans: scalars and the attributes of earlier processors, but no content.
type spanReader struct {
	reader *wire.Reader
	told   wire.Told
	span   meter.Span
	// The versions of the scorers, from the resource, and from spans that have their own.
	ofResource, ofSpan wire.ScorerVersions
}

func newSpanReader() *spanReader { return &spanReader{reader: wire.NewReader()} }

// read counts every span.
func (r *spanReader) read(td ptrace.Traces, now time.Time, m *meter.Meter) {
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource()
		counted := m.For(owner(resource))
		scorers := text(resource, wire.AttrScorers)
		r.ofResource.Read(scorers)
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				r.span = meter.Span{
					Coverage: string(wire.NotLLM), Scores: r.span.Scores[:0],
					TraceID: span.TraceID(), SpanID: span.SpanID(), Seen: now,
				}
				switch {
				case scorers != "":
					// llm_failure saw all spans of the resource. Spans without its coverage are not GenAI spans, and it
					// has written canonical attributes on most GenAI spans.
					if r.told.Read(span); r.told.Coverage != "" {
						r.call(resource, ss.Scope(), span)
					}
				case r.dialect(resource, ss.Scope(), span):
					r.told.Read(span)
					r.annotated(span)
				}
				m.CountFor(counted, &r.span)
			}
		}
	}
	// The reader is pooled and must not keep this request in memory.
	clear(r.span.Scores[:cap(r.span.Scores)])
	r.span = meter.Span{Scores: r.span.Scores[:0]}
	r.told.Release()
}

// call reads the call of a span that llm_failure saw.
func (r *spanReader) call(resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span) {
	if r.told.Canonical {
		r.canonical()
	} else if !r.dialect(resource, scope, span) {
		return
	}
	r.annotated(span)
}

// canonical reads the call from its canonical attributes.
func (r *spanReader) canonical() {
	t, s := &r.told, &r.span
	s.Request, s.Tokens, s.TTFT = t.Request, t.Tokens, t.TTFT
	s.Breakdown = meter.Breakdown{
		Provider:      t.Provider,
		Operation:     t.Operation,
		Model:         t.RequestModel,
		PromptName:    t.PromptName,
		PromptVersion: t.PromptVersion,
	}
	if s.Model == "" {
		s.Model = t.ResponseModel
	}
}

// dialect reads the call in its dialect, and reports whether there is one.
func (r *spanReader) dialect(resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span) bool {
	call, ok := r.reader.Read(resource, scope, span)
	if !ok {
		return false
	}
	s := &r.span
	s.Request, s.Tokens = call.IsLLMCall(), call.Tokens
	s.Breakdown = meter.Breakdown{
		Provider: call.Provider, Operation: call.Operation, Model: call.RequestModel,
		PromptName: call.PromptName, PromptVersion: call.PromptVersion,
	}
	if s.Model == "" {
		s.Model = call.AnyModel()
	}
	s.Cost, s.CostSource = call.CostUSD, wire.CostReported
	if call.TTFT.Set {
		s.TTFT = genai.Some(call.TTFT.Value / 1000)
	}
	return true
}

// annotated reads the attributes of earlier processors, if there are any.
func (r *spanReader) annotated(span ptrace.Span) {
	t, s := &r.told, &r.span
	s.GenAI, s.Class, s.Unsafe, s.Incident, s.Retrieval = true, t.Class, t.Unsafe, t.Incident, t.Retrieval
	if s.Coverage = string(t.Coverage); s.Coverage == "" {
		s.Coverage = meter.Unscored
	}
	if t.CostUSD.Set {
		s.Cost, s.CostSource = t.CostUSD, t.CostSource
	}
	switch {
	case s.Class != "":
		s.Outcome = meter.Failed
	case t.Cancelled:
		s.Outcome = meter.Cancelled
	}
	if start, end := span.StartTimestamp(), span.EndTimestamp(); start != 0 && end != 0 {
		s.Duration = genai.Some((float64(end) - float64(start)) / 1e9)
	}
	s.Turns = meter.Turns(t.SessionTurns)
	s.Session = meter.Session{
		ID:    t.SessionID,
		Trace: t.SessionIsTrace,
		Turns: t.SessionTurns,
		Calls: t.SessionCalls,
		Cost:  t.SessionCostUSD,
		Limit: t.SessionLimit,
	}
	versions := &r.ofResource
	if t.OwnScorers {
		versions = &r.ofSpan
		versions.Read(t.Scorers)
	}
	for i := range t.Scores {
		score := &t.Scores[i]
		s.Scores = append(s.Scores, meter.Score{
			Name:    score.Scorer,
			Version: versions.Of(score.Scorer),
			Stratum: t.Stratum,
			Value:   score.Value,
			Failed:  score.Failed,
		})
	}
}

// owner returns the service of a resource and its environment.
func owner(resource pcommon.Resource) (service, environment string) {
	service, environment = text(resource, "service.name"), text(resource, "deployment.environment.name")
	if environment == "" {
		environment = text(resource, "deployment.environment") // its name until semantic conventions 1.27
	}
	return service, environment
}

func text(resource pcommon.Resource, key string) string {
	v, ok := resource.Attributes().Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}
