package pipeline

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// finder is a test scorer that returns the given findings.
type finder struct {
	say func(*genai.Call, *score.Result, score.Scorer)
}

func (finder) Name() string    { return "finder" }
func (finder) Version() string { return "7" }

func (f finder) Score(c *genai.Call, r *score.Result) { f.say(c, r, f) }

func saying(say func(*genai.Call, *score.Result, score.Scorer)) *Scorer {
	return NewScorer(score.NewSet(finder{say}), ScorerOptions{})
}

func defaultSet(tb testing.TB) *score.Set {
	tb.Helper()
	set, err := scorers.New(scorers.Default())
	require.NoError(tb, err)
	return set
}

// oneChat returns one span of a model call with additional attributes as key and value pairs.
func oneChat(attributes ...string) (ptrace.Traces, ptrace.Span) {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{2})
	span.SetEndTimestamp(1_764_000_001_000_000_000)
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("gen_ai.provider.name", "openai")
	for i := 0; i+1 < len(attributes); i += 2 {
		span.Attributes().PutStr(attributes[i], attributes[i+1])
	}
	return td, span
}

func attribute(t *testing.T, span ptrace.Span, key string) string {
	t.Helper()
	v, ok := span.Attributes().Get(key)
	require.True(t, ok, "%s is not there", key)
	return v.AsString()
}

func TestVerdictIsWrittenAndReadBack(t *testing.T) {
	a := saying(func(_ *genai.Call, r *score.Result, s score.Scorer) {
		r.Add(s, 0.25, true)
		r.Find(failure.Finding{
			Class: failure.SchemaViolation, Detail: "required", Scorer: s.Name(),
			Evidence: "total is missing", Excerpt: "secret",
		})
		r.Find(failure.Finding{
			Class: failure.Truncation, Detail: failure.OutputLimit, Evidence: "finish reason length",
			Excerpt: "secret",
		})
		r.ToolOutcome = score.OutcomeFailed
		r.Cancelled = true
	})
	td, span := oneChat()
	var verdict failure.Verdict
	a.Traces(td, nil, func(o *Scored) { verdict = o.Entry.Record.Verdict })

	require.Equal(t, "truncation", attribute(t, span, spanattr.AttrErrorClass), "the earliest cause")
	require.Equal(t, "structure", attribute(t, span, spanattr.AttrErrorBucket))
	require.Equal(t, "output_limit", attribute(t, span, spanattr.AttrErrorDetail))
	require.JSONEq(t, `["truncation","schema_violation"]`, attribute(t, span, spanattr.AttrErrorClasses))
	require.Equal(t, "finish reason length", attribute(t, span, spanattr.AttrErrorEvidence),
		"content is not quoted unless configured")
	require.Regexp(t, "^[0-9a-f]{16}$", attribute(t, span, spanattr.AttrFingerprint))
	require.Equal(t, "0.25", attribute(t, span, spanattr.AttrScorePrefix+"finder"))
	require.Equal(t, "failed", attribute(t, span, spanattr.AttrToolOutcome))
	require.Equal(t, "true", attribute(t, span, spanattr.AttrCancelled))

	require.Equal(t, 1, span.Events().Len())
	event := span.Events().At(0)
	require.Equal(t, spanattr.EventEvaluation, event.Name())
	require.Equal(t, span.EndTimestamp(), event.Timestamp())
	require.Equal(t, map[string]any{
		spanattr.AttrEvaluationName: "finder", spanattr.AttrEvaluationValue: 0.25, spanattr.AttrEvaluationLabel: "fail",
		spanattr.AttrEvaluationVersion: "7", spanattr.AttrEvaluationExplain: "total is missing",
	}, event.Attributes().AsRaw())

	read := recordOf(span).Verdict
	require.Equal(t, verdict.Classes, read.Classes)
	require.Equal(t, []any{verdict.Class, verdict.Bucket, verdict.Detail, verdict.Evidence, verdict.Fingerprint},
		[]any{read.Class, read.Bucket, read.Detail, read.Evidence, read.Fingerprint})
}

// TestRetrievalOutcome checks the outcome of retrievals. An empty list is recorded content, but emitters that record no
// content write an empty object.
func TestRetrievalOutcome(t *testing.T) {
	a := NewScorer(defaultSet(t), ScorerOptions{})
	for name, c := range map[string]struct {
		key, documents string
		want           string
		coverage       spanattr.Coverage
	}{
		"documents":            {"gen_ai.retrieval.documents", `[{"id":"kb-1","score":0.9}]`, "ok", spanattr.Scored},
		"none":                 {"gen_ai.retrieval.documents", `[]`, "empty", spanattr.Scored},
		"none, with space":     {"gen_ai.retrieval.documents", " [ ] ", "empty", spanattr.Scored},
		"an object of none":    {"output.value", `{"took":3,"data":null,"documents":[]}`, "empty", spanattr.Scored},
		"an object of unknown": {"output.value", `{"took":3,"hits":7}`, "", spanattr.Scored},
		"a list of unknown":    {"output.value", `[1,2,3]`, "", spanattr.Scored},
		"recording is off":     {"gen_ai.retrieval.documents", `{}`, "", spanattr.NoContent},
		"redacted":             {"output.value", "__REDACTED__", "", spanattr.NoContent},
		"absent":               {"", "", "", spanattr.NoContent},
	} {
		t.Run(name, func(t *testing.T) {
			td, span := oneChat("gen_ai.operation.name", "retrieval")
			if c.key == "output.value" {
				span.Attributes().Clear()
				span.Attributes().PutStr("openinference.span.kind", "RETRIEVER")
			}
			if c.key != "" {
				span.Attributes().PutStr(c.key, c.documents)
			}
			for range 2 { // the second time as in a gateway
				a.Traces(td, nil, nil)
				got, ok := span.Attributes().Get(spanattr.AttrRetrievalOutcome)
				require.Equal(t, c.want != "", ok)
				if ok {
					require.Equal(t, c.want, got.Str())
				}
				require.Equal(t, c.coverage, recordOf(span).Coverage)
			}
			// An outcome that is not one of ours does not stay.
			span.Attributes().PutStr(spanattr.AttrRetrievalOutcome, "empty")
			a.Traces(td, nil, nil)
			_, ok := span.Attributes().Get(spanattr.AttrRetrievalOutcome)
			require.Equal(t, c.want != "", ok)
		})
	}
}

func TestUnknownVerdictIsIgnored(t *testing.T) {
	td, span := oneChat(spanattr.AttrErrorClass, "catastrophe", spanattr.AttrErrorDetail, "x")
	require.False(t, recordOf(span).Verdict.Failed())
	span.Attributes().PutStr(spanattr.AttrErrorClass, "refusal")
	classes := span.Attributes().PutEmptySlice(spanattr.AttrErrorClasses)
	for range 10_000 {
		classes.AppendEmpty().SetStr("refusal")
		classes.AppendEmpty().SetStr("catastrophe")
	}
	v := recordOf(span).Verdict
	require.Equal(t, failure.Quality, v.Bucket)
	require.LessOrEqual(t, len(v.Classes), len(failure.Classes()))
	require.Equal(t, 1, td.SpanCount())
}

func TestScorersThatFailAreMarkedAndStopNothing(t *testing.T) {
	a := NewScorer(score.NewSet(
		finder{func(_ *genai.Call, r *score.Result, s score.Scorer) {
			for range 100 {
				r.Fail(s, "too_large", "5 MB")
			}
		}},
		finder{func(_ *genai.Call, r *score.Result, s score.Scorer) {
			r.Add(s, 0, true)
			panic(errors.New("a bug"))
		}},
		finder{func(_ *genai.Call, r *score.Result, _ score.Scorer) {
			r.Find(failure.Finding{Class: failure.Refusal, Detail: failure.ModelRefusal})
		}},
	), ScorerOptions{})
	td, span := oneChat()
	a.Traces(td, nil, nil)
	require.Equal(t, "refusal", attribute(t, span, spanattr.AttrErrorClass), "the third scorer ran")
	_, scored := span.Attributes().Get(spanattr.AttrScorePrefix + "finder")
	require.False(t, scored, "a score that was given before a panic does not count")
	require.Equal(t, "finder:too_large", attribute(t, span, spanattr.AttrSkipped), "each scorer once, with its first reason")
}

// TestScoresHaveTheirOwnNamespace checks that users may give a scorer any name without a conflict with other
// attributes.
func TestScoresHaveTheirOwnNamespace(t *testing.T) {
	for _, key := range []string{
		spanattr.AttrErrorClass, spanattr.AttrCoverage, spanattr.AttrCancelled, spanattr.AttrToolOutcome,
		spanattr.AttrRetrievalOutcome, spanattr.AttrProblems, spanattr.AttrSkipped, spanattr.AttrCostUSD, spanattr.AttrFingerprint,
	} {
		require.NotContains(t, key, spanattr.AttrScorePrefix)
	}
}

func TestReportedCostIsWritten(t *testing.T) {
	td, span := oneChat()
	a := saying(func(c *genai.Call, _ *score.Result, _ score.Scorer) { c.CostUSD = genai.Some(0.002) })
	a.Traces(td, nil, nil)
	require.Equal(t, "0.002", attribute(t, span, spanattr.AttrCostUSD))
	require.Equal(t, "reported", attribute(t, span, spanattr.AttrCostSource))
}

func TestOtherSpansCostNothing(t *testing.T) {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	for _, key := range []string{
		"http.request.method", "url.path", "server.address", "db.system.name", "app.llm.note", "app.tenant",
	} {
		span.Attributes().PutStr(key, "x")
	}
	before := span.Attributes().AsRaw()
	a := NewScorer(defaultSet(t), ScorerOptions{})
	spans := 0
	each := func(o *Scored) {
		spans++
		require.Nil(t, o.Call)
		require.Equal(t, spanattr.NotLLM, o.Coverage())
	}
	a.Traces(td, nil, each)
	require.Equal(t, 1, spans)
	require.Equal(t, before, span.Attributes().AsRaw())
	count := func(*Scored) { spans++ }
	if !underRace {
		require.Zero(t, testing.AllocsPerRun(100, func() { a.Traces(td, nil, count) }))
	}
}

func TestManyGoroutinesShareAnAnnotator(t *testing.T) {
	a := NewScorer(defaultSet(t), ScorerOptions{LogContentBytes: 1 << 20, LogContentAge: time.Minute})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				td := traffic(3)
				a.Logs(contentLogs(td))
				a.Traces(td, nil, func(o *Scored) {
					if o.Call != nil {
						_ = o.Call.Output()
					}
				})
			}
		})
	}
	group.Wait()
}

// contentLogs returns a log record with content for every span.
func contentLogs(td ptrace.Traces) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				record := records.AppendEmpty()
				record.SetTraceID(span.TraceID())
				record.SetSpanID(span.SpanID())
				record.SetEventName("gen_ai.choice")
				message := record.Body().SetEmptyMap().PutEmptyMap("message")
				message.PutStr("content", "on its way")
			}
		}
	}
	return ld
}
