package llmmetricsconnector

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/meter"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// spanReader reads from spans what is counted: the scalars of the call and what earlier components wrote. It reads no
// content.
type spanReader struct {
	onlyIncidents bool

	spans *pipeline.Spans
	span  meter.Span
	// The versions of the scorers, of the resource and of spans that have their own.
	ofResource, ofSpan spanattr.ScorerVersions
	unscored           int // GenAI spans of the last request that llm_failure did not see
}

func newSpanReader(onlyIncidents bool) *spanReader {
	return &spanReader{onlyIncidents: onlyIncidents, spans: pipeline.NewSpans()}
}

// read counts every span. The batch of the request may be nil.
func (r *spanReader) read(td ptrace.Traces, b *pipeline.Batch, now time.Time, m *meter.Meter) {
	r.spans.Begin(b)
	r.unscored = 0
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource()
		counted := m.For(dialect.ServiceOf(resource))
		r.ofResource.Read(spanattr.ScorersOf(resource))
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if r.onlyIncidents && !spanattr.HasTrace(span) {
					continue // most spans: there is nothing to read
				}
				r.count(resource, ss.Scope(), span, counted, now, m)
				if r.span.GenAI {
					r.evaluations(rs.Resource(), span, m)
				}
			}
		}
	}
	r.end()
}

// readLogs counts the model calls that log records describe without a span, if llm_failure has scored them.
func (r *spanReader) readLogs(ld plog.Logs, now time.Time, m *meter.Meter) {
	r.spans.Begin(nil)
	for _, rl := range ld.ResourceLogs().All() {
		resource := rl.Resource()
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if span, ok := pipeline.SpanOfLog(sl.Scope(), record); ok {
					r.ofResource.Read(spanattr.ScorersOf(resource))
					r.count(resource, sl.Scope(), span, m.For(dialect.ServiceOf(resource)), now, m)
				}
			}
		}
	}
	r.end()
}

// count counts one span.
func (r *spanReader) count(
	resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span,
	owner meter.Owner, now time.Time, m *meter.Meter,
) {
	r.span = meter.Span{
		Coverage: string(spanattr.NotLLM), Scores: r.span.Scores[:0], Skips: r.span.Skips[:0],
		TraceID: span.TraceID(), SpanID: span.SpanID(), Seen: now,
	}
	if e := r.spans.Entry(resource, scope, span); e.GenAI {
		r.facts(&e.Facts)
		r.record(&e.Record)
		if start, end := span.StartTimestamp(), span.EndTimestamp(); start != 0 && end != 0 {
			r.span.Duration = genai.Some((float64(end) - float64(start)) / 1e9)
		}
	}
	m.CountFor(owner, &r.span)
}

// end drops the references to the request: what waits for the next one must not hold on to this one.
func (r *spanReader) end() {
	clear(r.span.Scores[:cap(r.span.Scores)])
	clear(r.span.Skips[:cap(r.span.Skips)])
	r.span = meter.Span{Scores: r.span.Scores[:0], Skips: r.span.Skips[:0]}
	r.spans.End()
}

// evaluations counts the evaluations by others on a span, which are about the span or the spans that it links to.
func (r *spanReader) evaluations(resource pcommon.Resource, span ptrace.Span, m *meter.Meter) {
	beside := spanattr.EvaluationsBeside(span)
	if len(beside) == 0 {
		return
	}
	of := meter.Span{
		Breakdown: r.span.Breakdown, TraceID: r.span.TraceID, SpanID: r.span.SpanID, Seen: r.span.Seen,
		Scores: make([]meter.Score, 1),
	}
	of.Service, of.Environment = dialect.ServiceOf(resource)
	if judged := spanattr.Judged(span); len(judged) > 0 {
		of.TraceID, of.SpanID = judged[0].TraceID(), judged[0].SpanID()
	}
	for i := range beside {
		e := &beside[i]
		if !e.Value.Set || e.Name == "" {
			m.Ignore(meter.IgnoredScore)
			continue
		}
		of.Scores[0] = meter.Score{Name: e.Name, Version: e.Version, Value: e.Value.Value, Failed: e.Failed}
		m.Evaluate(&of)
	}
}

// facts takes the scalars of the call.
func (r *spanReader) facts(f *pipeline.Facts) {
	s := &r.span
	s.GenAI, s.Request, s.Tokens = true, f.IsInference, f.Tokens
	s.Breakdown = meter.Breakdown{
		Provider: f.Provider, Operation: f.Operation, Model: f.Model,
		PromptName: f.PromptName, PromptVersion: f.PromptVersion,
	}
	s.Cost, s.CostSource = f.ReportedCostUSD, spanattr.CostReported
	if f.TTFTMillis.Set {
		s.TTFT = genai.Some(f.TTFTMillis.Value / 1000)
	}
}

// record takes what the components before wrote.
func (r *spanReader) record(record *spanattr.Record) {
	s, v := &r.span, &record.Verdict
	s.Class, s.Retrieval, s.Certain = v.Class, record.RetrievalOutcome, v.Certain
	for _, class := range v.Classes {
		s.Unsafe = s.Unsafe || class == failure.Unsafe
	}
	if record.Trace.IsPrimary {
		s.Incident = record.Trace.Class
	}
	if s.Coverage = string(record.Coverage); s.Coverage == "" {
		s.Coverage = meter.Unscored
		r.unscored++
	}
	if record.Cost.USD.Set {
		s.Cost, s.CostSource = record.Cost.USD, record.Cost.Source
	}
	switch {
	case s.Class != "":
		s.Outcome = meter.Failed
	case record.Cancelled:
		s.Outcome = meter.Cancelled
	}
	of := &record.Session
	s.Turns = meter.Turns(of.Turns)
	s.Session = meter.Session{
		ID: of.ID, Trace: of.IsTrace, Turns: of.Turns, Calls: of.ModelCalls + of.ToolCalls,
		Cost: of.CostUSD, Limit: of.Limit,
	}
	versions := &r.ofResource
	if record.OwnScorers {
		versions = &r.ofSpan
		versions.Read(record.Scorers)
	}
	for i := range record.Skips {
		skip := &record.Skips[i]
		s.Skips = append(s.Skips, meter.Skip{Scorer: skip.Scorer, Reason: skip.Reason})
	}
	for i := range record.Scores {
		score := &record.Scores[i]
		s.Scores = append(s.Scores, meter.Score{
			Name: score.Scorer, Version: versions.Of(score.Scorer), Stratum: record.Stratum,
			Value: score.Value, Failed: score.Failed, Suspected: score.Suspected,
		})
	}
}
