package llmmetricsconnector

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/meter"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// readEvaluations counts the scores in log records. It ignores other records.
func readEvaluations(ld plog.Logs, now time.Time, m *meter.Meter) {
	span := meter.Span{Scores: make([]meter.Score, 1), Seen: now}
	for _, rl := range ld.ResourceLogs().All() {
		span.Service, span.Environment = dialect.ServiceOf(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				e, ok := spanattr.EvaluationOf(record)
				if !ok {
					continue
				}
				if !e.Value.Set || e.Name == "" {
					m.Ignore(meter.IgnoredScore)
					continue
				}
				span.TraceID, span.SpanID = record.TraceID(), record.SpanID()
				span.Breakdown = meter.Breakdown{
					Provider:      e.Provider,
					Operation:     e.Operation,
					Model:         e.Model,
					PromptName:    e.PromptName,
					PromptVersion: e.PromptVersion,
				}
				span.Scores[0] = meter.Score{
					Name:      e.Name,
					Version:   e.Version,
					Stratum:   e.Stratum,
					Value:     e.Value.Value,
					Failed:    e.Failed,
					Untrusted: e.Untrusted,
				}
				if e.By != spanattr.EvaluatorPerson && e.By != spanattr.EvaluatorUser {
					span.Scores[0].Class, span.Scores[0].Detail = e.Class, e.Detail
				}
				m.Evaluate(&span)
			}
		}
	}
}

// firstSeen writes an event for each version. Versions of a service share a resource.
func firstSeen(fresh []meter.FirstSeen, instance string) plog.Logs {
	ld := plog.NewLogs()
	var records plog.LogRecordSlice
	for i := range fresh {
		v := &fresh[i]
		if i == 0 || v.Service != fresh[i-1].Service || v.Environment != fresh[i-1].Environment {
			rl := ld.ResourceLogs().AppendEmpty()
			put(rl.Resource().Attributes(), catalog.ServiceName, v.Service)
			put(rl.Resource().Attributes(), catalog.Environment, v.Environment)
			records = rl.ScopeLogs().AppendEmpty().LogRecords()
		}
		r := records.AppendEmpty()
		r.SetEventName(catalog.EventFirstSeen)
		r.SetTimestamp(pcommon.NewTimestampFromTime(v.At))
		r.SetObservedTimestamp(pcommon.NewTimestampFromTime(v.At))
		r.SetSeverityNumber(plog.SeverityNumberInfo)
		r.SetSeverityText("INFO")
		r.Body().SetStr(strings.Join(slices.DeleteFunc([]string{
			v.Service + " uses",
			about("model", v.Model),
			about("prompt", v.PromptName),
			about("version", v.PromptVersion),
			"for the first time",
		}, func(part string) bool { return part == "" }), " "))
		put(r.Attributes(), catalog.ServiceName, v.Service)
		put(r.Attributes(), catalog.Environment, v.Environment)
		put(r.Attributes(), catalog.Model, v.Model)
		put(r.Attributes(), catalog.PromptName, v.PromptName)
		put(r.Attributes(), catalog.PromptVersion, v.PromptVersion)
		put(r.Attributes(), catalog.Instance, instance)
	}
	return ld
}

// about formats a named value, "" if there is none.
func about(what, value string) string {
	if value == "" {
		return ""
	}
	return what + " " + value
}

func put(attributes pcommon.Map, key catalog.Attribute, value string) {
	if value != "" {
		attributes.PutStr(string(key), value)
	}
}
