package llmmetricsconnector

import (
	"encoding/hex"
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
	// The versions of the scorers, by the resource, and by spans that say their own.
	ofResource, ofSpan wire.ScorerVersions
}

func newSpanReader() *spanReader { return &spanReader{reader: wire.NewReader()} }

// read counts every span.
func (r *spanReader) read(td ptrace.Traces, now time.Time, m *meter.Meter) {
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource()
		service, environment := owner(resource)
		counted := m.For(service, environment)
		r.ofResource.Read(text(resource, wire.AttrScorers))
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				r.span = meter.Span{
					Coverage: string(wire.NotLLM), Scores: r.span.Scores[:0],
					TraceID: span.TraceID(), SpanID: span.SpanID(), Seen: now,
				}
				if call, ok := r.reader.Read(resource, ss.Scope(), span); ok {
					r.operation(call, span)
				}
				m.CountFor(counted, &r.span)
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

// verdict reads what the processors before wrote, in their absence nothing.
func (r *spanReader) verdict(span ptrace.Span) {
	s := &r.span
	versions := &r.ofResource
	cancelled, primary := false, false
	stratum := ""
	for key, v := range span.Attributes().All() {
		name, ours := strings.CutPrefix(key, "app.llm.")
		if !ours {
			continue
		}
		if scorer, ok := strings.CutPrefix(name, "score."); ok {
			if v.Type() == pcommon.ValueTypeDouble {
				s.Scores = append(s.Scores, meter.Score{Name: scorer, Value: v.Double()})
			}
			continue
		}
		switch key {
		case wire.AttrErrorClass:
			if class := failure.Class(v.Str()); class.Bucket() != "" {
				s.Class = class
			}
		case wire.AttrErrorClasses:
			s.Unsafe = wire.HasClass(v, failure.Unsafe)
		case wire.AttrCoverage:
			s.Coverage = v.Str()
		case wire.AttrCancelled:
			cancelled = v.Bool()
		case wire.AttrCostUSD:
			if v.Type() == pcommon.ValueTypeDouble {
				s.Cost = genai.Some(v.Double())
			}
		case wire.AttrCostSource:
			s.CostSource = v.Str()
		case wire.AttrTracePrimary:
			var id [16]byte
			of := span.SpanID()
			hex.Encode(id[:], of[:])
			primary = v.Str() == string(id[:])
		case wire.AttrTraceClass:
			s.Incident = failure.Class(v.Str())
		case wire.AttrRetrievalOutcome:
			s.Retrieval = v.Str()
		case wire.AttrStratum:
			stratum = wire.StratumOf(v)
		case wire.AttrScorers:
			r.ofSpan.Read(v.Str())
			versions = &r.ofSpan
		case wire.AttrSessionID:
			s.Session.ID = v.Str()
		case wire.AttrSessionTurns:
			s.Session.Turns = v.Int()
		case wire.AttrSessionModelCalls, wire.AttrSessionToolCalls:
			s.Session.Calls += v.Int()
		case wire.AttrSessionCostUSD:
			if v.Type() == pcommon.ValueTypeDouble {
				s.Session.Cost = genai.Some(v.Double())
			}
		case wire.AttrSessionLimit:
			s.Session.Limit = v.Str()
		}
	}
	if s.Turns = meter.Turns(s.Session.Turns); s.Session.ID != "" {
		var id [32]byte
		of := span.TraceID()
		hex.Encode(id[:], of[:])
		s.Session.Trace = s.Session.ID == string(id[:])
	}
	if !primary {
		s.Incident = ""
	}
	if s.Class == "" {
		s.Unsafe = false
	}
	switch {
	case s.Class != "":
		s.Outcome = meter.Failed
	case cancelled:
		s.Outcome = meter.Cancelled
	}
	for i := range s.Scores {
		s.Scores[i].Version, s.Scores[i].Stratum = versions.Of(s.Scores[i].Name), stratum
	}
	if len(s.Scores) > 0 && span.Events().Len() > 0 {
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

// owner is the service that a resource belongs to, and its environment.
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
