package pipeline

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// found holds everything that the stages find on a span.
type found struct {
	Class, Detail, Fingerprint string
	Classes                    []string
	Loops                      []string
	Trace                      spanattr.Trace
}

// findAll runs all stages on a copy of the data, with or without redaction, and returns the findings of each span. The
// stages of one Collector share a batch, but those of an agent and a gateway do not.
func findAll(t *testing.T, td ptrace.Traces, redactor *Redactor, gateway bool) []found {
	t.Helper()
	own := ptrace.NewTraces()
	td.CopyTo(own)
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(t, err)
	b := NewBatch()
	defer b.Release()
	NewScorer(defaultSet(t), ScorerOptions{}).Traces(own, b, func(s *Scored) { redactor.Span(s.Span, s.Entry) })
	if gateway {
		b = nil
	}
	NewSessions(tracker).Traces(own, b, nil)
	NewCauses().Traces(own, func(pcommon.TraceID) bool { return false }, nil)
	var list []found
	for _, rs := range own.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				r := spanattr.Of(span)
				f := found{
					Class: string(r.Verdict.Class), Detail: r.Verdict.Detail, Fingerprint: r.Verdict.Fingerprint,
					Loops: r.Session.Loops, Trace: r.Trace,
				}
				for _, class := range r.Verdict.Classes {
					f.Classes = append(f.Classes, string(class))
				}
				list = append(list, f)
			}
		}
	}
	return list
}

// TestRedactionChangesNoFinding checks on the sample and on the development corpus that verdicts, loops, causes and
// fingerprints are the same with and without redaction.
func TestRedactionChangesNoFinding(t *testing.T) {
	redactor := redactorOf(t, "pii", "secrets")
	spans, redacted := 0, 0
	check := func(name string, td ptrace.Traces) {
		want := findAll(t, td, nil, false)
		spans += len(want)
		require.Equal(t, want, findAll(t, td, redactor, false), name)
		require.Equal(t, want, findAll(t, td, redactor, true), "%s, behind an agent", name)
		own := ptrace.NewTraces()
		td.CopyTo(own)
		redacted += redactor.Traces(own)
	}
	for _, td := range dialectTraces(t) {
		check("dialects", td)
	}
	_, found := corpus.Find(t)
	if found {
		type run struct {
			ID   string          `json:"id"`
			OTLP json.RawMessage `json:"otlp"`
		}
		for _, file := range []string{"tau_bench", "trail", "agentrx", "mast_human", "who_when"} {
			n := 0
			corpus.Lines(t, "agents/"+file+".jsonl.gz", func(r run) {
				if n++; testing.Short() && n > 20 {
					return
				}
				td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(r.OTLP)
				require.NoError(t, err, r.ID)
				check(r.ID, td)
			})
		}
	}
	t.Logf("%d spans, %d values redacted", spans, redacted)
	if found {
		require.NotZero(t, redacted)
	}
}
