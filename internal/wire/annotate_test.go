package wire

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// finder is a scorer of tests: it says what the test tells it to.
type finder struct {
	say func(*genai.Call, *score.Result, score.Scorer)
}

func (finder) Name() string    { return "finder" }
func (finder) Version() string { return "7" }

func (f finder) Score(c *genai.Call, r *score.Result) { f.say(c, r, f) }

func saying(say func(*genai.Call, *score.Result, score.Scorer)) *Annotator {
	return NewAnnotator(score.NewSet(finder{say}), AnnotateOptions{})
}

func defaultSet(tb testing.TB) *score.Set {
	tb.Helper()
	set, err := scorers.New(scorers.Default())
	require.NoError(tb, err)
	return set
}

// oneChat is one span of a model call, with attributes by key and value besides.
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
		r.Find(failure.Finding{Class: failure.SchemaViolation, Detail: "required", Scorer: s.Name(), Evidence: "total is missing", Excerpt: "secret"})
		r.Find(failure.Finding{Class: failure.Truncation, Detail: failure.OutputLimit, Evidence: "finish reason length", Excerpt: "secret"})
		r.ToolOutcome = score.OutcomeFailed
		r.Cancelled = true
	})
	td, span := oneChat()
	var verdict failure.Verdict
	a.Traces(td, func(o Annotated) { verdict = o.Verdict })

	require.Equal(t, "truncation", attribute(t, span, AttrErrorClass), "the earliest cause")
	require.Equal(t, "structure", attribute(t, span, AttrErrorBucket))
	require.Equal(t, "output_limit", attribute(t, span, AttrErrorDetail))
	require.JSONEq(t, `["truncation","schema_violation"]`, attribute(t, span, AttrErrorClasses))
	require.Equal(t, "finish reason length", attribute(t, span, AttrErrorEvidence), "content is not quoted unless configured")
	require.Regexp(t, "^[0-9a-f]{16}$", attribute(t, span, AttrFingerprint))
	require.Equal(t, "0.25", attribute(t, span, AttrScorePrefix+"finder"))
	require.Equal(t, "failed", attribute(t, span, AttrToolOutcome))
	require.Equal(t, "true", attribute(t, span, AttrCancelled))

	require.Equal(t, 1, span.Events().Len())
	event := span.Events().At(0)
	require.Equal(t, EventEvaluation, event.Name())
	require.Equal(t, span.EndTimestamp(), event.Timestamp())
	require.Equal(t, map[string]any{
		AttrEvaluationName: "finder", AttrEvaluationValue: 0.25, AttrEvaluationLabel: labelFailed,
		AttrEvaluationVersion: "7", AttrEvaluationExplain: "total is missing",
	}, event.Attributes().AsRaw())

	read := VerdictOf(span)
	require.Equal(t, verdict.Classes, read.Classes)
	require.Equal(t, []any{verdict.Class, verdict.Bucket, verdict.Detail, verdict.Evidence, verdict.Fingerprint},
		[]any{read.Class, read.Bucket, read.Detail, read.Evidence, read.Fingerprint})
}

// TestARetrievalSaysWhetherItFoundAnything: an empty list is content that was recorded, an empty object is what emitters write that record none.
func TestARetrievalSaysWhetherItFoundAnything(t *testing.T) {
	a := NewAnnotator(defaultSet(t), AnnotateOptions{})
	for name, c := range map[string]struct {
		key, documents string
		want           string
		coverage       Coverage
	}{
		"documents":            {"gen_ai.retrieval.documents", `[{"id":"kb-1","score":0.9}]`, "ok", Scored},
		"none":                 {"gen_ai.retrieval.documents", `[]`, "empty", Scored},
		"none, with space":     {"gen_ai.retrieval.documents", " [ ] ", "empty", Scored},
		"an object of none":    {"output.value", `{"took":3,"data":null,"documents":[]}`, "empty", Scored},
		"an object of unknown": {"output.value", `{"took":3,"hits":7}`, "", Scored},
		"a list of unknown":    {"output.value", `[1,2,3]`, "", Scored},
		"recording is off":     {"gen_ai.retrieval.documents", `{}`, "", NoContent},
		"redacted":             {"output.value", redacted, "", NoContent},
		"absent":               {"", "", "", NoContent},
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
			for range 2 { // again, in a gateway
				a.Traces(td, nil)
				got, ok := span.Attributes().Get(AttrRetrievalOutcome)
				require.Equal(t, c.want != "", ok)
				if ok {
					require.Equal(t, c.want, got.Str())
				}
				require.Equal(t, c.coverage, CoverageWritten(span))
			}
			// What a stranger wrote does not stay.
			span.Attributes().PutStr(AttrRetrievalOutcome, "empty")
			a.Traces(td, nil)
			_, ok := span.Attributes().Get(AttrRetrievalOutcome)
			require.Equal(t, c.want != "", ok)
		})
	}
}

func TestVerdictOfAStrangerIsNone(t *testing.T) {
	td, span := oneChat(AttrErrorClass, "catastrophe", AttrErrorDetail, "x")
	require.False(t, VerdictOf(span).Failed())
	span.Attributes().PutStr(AttrErrorClass, "refusal")
	classes := span.Attributes().PutEmptySlice(AttrErrorClasses)
	for range 10_000 {
		classes.AppendEmpty().SetStr("refusal")
		classes.AppendEmpty().SetStr("catastrophe")
	}
	v := VerdictOf(span)
	require.Equal(t, failure.Quality, v.Bucket)
	require.LessOrEqual(t, len(v.Classes), len(failure.Classes()))
	require.Equal(t, 1, td.SpanCount())
}

func TestEvidenceIsBoundedAndValid(t *testing.T) {
	for name, text := range map[string]string{
		"short": "short", "long": strings.Repeat("a", 10_000), "runes": strings.Repeat("é", 200) + "€" + strings.Repeat("😀", 100),
		"bytes": strings.Repeat("\xff", 500), "broken": "a\xc3", "edge": strings.Repeat("x", failure.MaxEvidence-1) + "é",
	} {
		t.Run(name, func(t *testing.T) {
			for _, options := range []AnnotateOptions{{}, {Content: true}} {
				for _, got := range []string{evidence(text, text, options), evidence("", text, options), evidence(text, "", options)} {
					require.LessOrEqual(t, len(got), failure.MaxEvidence)
					require.True(t, utf8.ValidString(got))
				}
			}
		})
	}
	require.Equal(t, "finish reason length: Your order", evidence("finish reason length", "Your order", AnnotateOptions{Content: true}))
}

func TestScorersThatFailAreMarkedAndStopNothing(t *testing.T) {
	a := NewAnnotator(score.NewSet(
		finder{func(_ *genai.Call, r *score.Result, s score.Scorer) {
			for range 100 {
				r.Fail(s, "too_large", "5 MB")
			}
			r.Fail(s, strings.Repeat("\xffreason", 100), "")
		}},
		finder{func(_ *genai.Call, r *score.Result, s score.Scorer) {
			r.Add(s, 0, true)
			panic(errors.New("a bug"))
		}},
		finder{func(_ *genai.Call, r *score.Result, _ score.Scorer) {
			r.Find(failure.Finding{Class: failure.Refusal, Detail: failure.ModelRefusal})
		}},
	), AnnotateOptions{})
	td, span := oneChat()
	a.Traces(td, nil)
	require.Equal(t, "refusal", attribute(t, span, AttrErrorClass), "the third scorer ran")
	_, scored := span.Attributes().Get(AttrScorePrefix + "finder")
	require.False(t, scored, "a score that was given before a panic does not count")
	problems, _ := span.Attributes().Get(AttrProblems)
	require.Equal(t, 3, problems.Slice().Len(), "each once")
	require.Equal(t, "finder:too_large", problems.Slice().At(0).Str())
	require.LessOrEqual(t, len(problems.Slice().At(1).Str()), maxProblem)
	require.True(t, utf8.ValidString(problems.Slice().At(1).Str()))
	require.Equal(t, "finder:panic", problems.Slice().At(2).Str())
}

// TestScoresHaveTheirNameSpaceForThemselves: scorers are named by users, and any name must be safe beside what else is written.
func TestScoresHaveTheirNameSpaceForThemselves(t *testing.T) {
	for _, key := range []string{AttrErrorClass, AttrCoverage, AttrCancelled, AttrToolOutcome, AttrRetrievalOutcome, AttrProblems, AttrCostUSD, AttrFingerprint} {
		require.NotContains(t, key, AttrScorePrefix)
	}
}

func TestReportedCostIsWritten(t *testing.T) {
	td, span := oneChat()
	a := saying(func(c *genai.Call, _ *score.Result, _ score.Scorer) { c.CostUSD = genai.Some(0.002) })
	a.Traces(td, nil)
	require.Equal(t, "0.002", attribute(t, span, AttrCostUSD))
	require.Equal(t, "reported", attribute(t, span, AttrCostSource))
}

func TestSpansOfOthersCostNothing(t *testing.T) {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	for _, key := range []string{"http.request.method", "url.path", "server.address", "db.system.name", "app.llm.note", "app.tenant"} {
		span.Attributes().PutStr(key, "x")
	}
	before := span.Attributes().AsRaw()
	a := NewAnnotator(defaultSet(t), AnnotateOptions{})
	spans := 0
	each := func(o Annotated) {
		spans++
		require.Nil(t, o.Call)
		require.Equal(t, NotLLM, o.Coverage)
	}
	a.Traces(td, each)
	require.Equal(t, 1, spans)
	require.Equal(t, before, span.Attributes().AsRaw())
	count := func(Annotated) { spans++ }
	if !underRace {
		require.Zero(t, testing.AllocsPerRun(100, func() { a.Traces(td, count) }))
	}
}

func TestManyGoroutinesShareAnAnnotator(t *testing.T) {
	a := NewAnnotator(defaultSet(t), AnnotateOptions{LentBytes: 1 << 20, LentFor: time.Minute})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				td := traffic(3)
				a.Lend(contentLogs(td))
				a.Traces(td, func(o Annotated) {
					if o.Call != nil {
						_ = o.Call.Output()
					}
				})
			}
		})
	}
	group.Wait()
}

// contentLogs is a log record with content for every span.
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

func TestLentContentIsBoundedInBytesAndTime(t *testing.T) {
	clock := time.Unix(0, 0)
	lent := newSharedLending(40_000, time.Minute)
	lent.now = func() time.Time { return clock }
	td, span := oneChat()
	lent.add(contentLogs(td))
	require.Len(t, lent.of(span.TraceID(), span.SpanID()), 1)
	require.Len(t, lent.of(span.TraceID(), span.SpanID()), 1, "spans arrive twice")
	require.Nil(t, lent.of(span.TraceID(), pcommon.SpanID{9}))

	clock = clock.Add(40 * time.Second)
	require.Len(t, lent.of(span.TraceID(), span.SpanID()), 1)
	clock = clock.Add(40 * time.Second)
	require.Nil(t, lent.of(span.TraceID(), span.SpanID()), "too old")

	for i := range 10_000 {
		span.SetSpanID(pcommon.SpanID{3, byte(i >> 8), byte(i)})
		lent.add(contentLogs(td))
		require.LessOrEqual(t, lent.bytes.Load(), int64(40_000+200))
	}
	require.NotNil(t, lent.of(span.TraceID(), span.SpanID()), "the last one is there")
	require.Nil(t, lent.of(span.TraceID(), pcommon.SpanID{3}), "the first one is not")
}
