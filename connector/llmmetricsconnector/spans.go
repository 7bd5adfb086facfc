package llmmetricsconnector

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/meter"
	"github.com/faultline-otel/faultline/internal/wire"
)

// spanReader reads of spans what is counted: scalars and the verdict that llm_failure wrote, no content.
type spanReader struct {
	reader *wire.Reader
	span   meter.Span
}

func newSpanReader() *spanReader { return &spanReader{reader: wire.NewReader()} }

// read hands the counted part of every span to count, which must not keep it.
func (r *spanReader) read(td ptrace.Traces, now time.Time, count func(*meter.Span)) {
	for _, rs := range td.ResourceSpans().All() {
		service, environment := text(rs.Resource(), "service.name"), text(rs.Resource(), "deployment.environment.name")
		if environment == "" {
			environment = text(rs.Resource(), "deployment.environment") // its name until semantic conventions 1.27
		}
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				r.span = meter.Span{
					Service: service, Environment: environment, Coverage: string(wire.NotLLM), Scores: r.span.Scores[:0],
					TraceID: span.TraceID(), SpanID: span.SpanID(), Seen: now,
				}
				if call, ok := r.reader.Read(rs.Resource(), ss.Scope(), span); ok {
					r.operation(call, span)
				}
				count(&r.span)
			}
		}
	}
	// What waits for the next request must not hold on to this one.
	clear(r.span.Scores[:cap(r.span.Scores)])
	r.span = meter.Span{Scores: r.span.Scores[:0]}
}

func (r *spanReader) operation(call *genai.Call, span ptrace.Span) {
	s := &r.span
	s.GenAI, s.Request, s.Coverage = true, call.IsLLMCall(), meter.Unscored
	s.Breakdown = meter.Breakdown{
		Provider: call.Provider, Operation: call.Operation, Model: call.RequestModel,
		PromptName: call.PromptName, PromptVersion: call.PromptVersion,
	}
	if s.Model == "" {
		s.Model = call.AnyModel()
	}
	s.Tokens, s.Cost, s.CostSource = call.Tokens, call.CostUSD, "reported"
	if call.TTFT.Set {
		s.TTFT = genai.Some(call.TTFT.Value / 1000)
	}
	if start, end := span.StartTimestamp(), span.EndTimestamp(); start != 0 && end != 0 {
		s.Duration = genai.Some((float64(end) - float64(start)) / 1e9)
	}
	r.verdict(span)
}

// verdict reads what llm_failure wrote, in the processor's absence nothing.
func (r *spanReader) verdict(span ptrace.Span) {
	s := &r.span
	cancelled := false
	for key, v := range span.Attributes().All() {
		if !strings.HasPrefix(key, "app.llm.") {
			continue
		}
		switch key {
		case wire.AttrErrorClass:
			verdict := wire.VerdictOf(span)
			s.Class, s.Unsafe = verdict.Class, slices.Contains(verdict.Classes, failure.Unsafe)
		case wire.AttrCoverage:
			s.Coverage = v.Str()
		case wire.AttrCancelled:
			cancelled = v.Bool()
		case wire.AttrCostUSD:
			if v.Type() == pcommon.ValueTypeDouble {
				s.Cost = genai.Some(v.Double())
			}
		case wire.AttrTracePrimary:
			if v.Str() == span.SpanID().String() {
				s.Incident = wire.IncidentOf(span)
			}
		case wire.AttrSessionTurns:
			s.Turns = meter.Turns(v.Int())
		case wire.AttrCostSource:
			s.CostSource = v.Str()
		default:
			if name, ok := strings.CutPrefix(key, wire.AttrScorePrefix); ok && v.Type() == pcommon.ValueTypeDouble {
				s.Scores = append(s.Scores, meter.Score{Name: name, Value: v.Double()})
			}
		}
	}
	switch {
	case s.Class != "":
		s.Outcome = meter.Failed
	case cancelled:
		s.Outcome = meter.Cancelled
	}
	if len(s.Scores) > 0 {
		r.failing(span)
	}
}

// failing marks the scores for which an event of ours, which names the scorer's version, says that they failed.
func (r *spanReader) failing(span ptrace.Span) {
	for _, event := range span.Events().All() {
		if event.Name() != wire.EventEvaluation {
			continue
		}
		name, named := event.Attributes().Get(wire.AttrEvaluationName)
		if _, ours := event.Attributes().Get(wire.AttrEvaluationVersion); !named || !ours {
			continue
		}
		for i := range r.span.Scores {
			if r.span.Scores[i].Name == name.Str() {
				r.span.Scores[i].Failed = true
			}
		}
	}
}

func text(resource pcommon.Resource, key string) string {
	v, ok := resource.Attributes().Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}
