package wire

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/sample"
	"github.com/faultline-otel/faultline/internal/score"
)

// dialectTraces are the sample, and the dialect corpus where it is there.
func dialectTraces(t *testing.T) []ptrace.Traces {
	t.Helper()
	var all []ptrace.Traces
	for _, one := range sample.Generate(40, 7) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(one.OTLP)
		require.NoError(t, err)
		all = append(all, td)
	}
	for _, path := range corpus.Dialects(t, 1<<20) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		if td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(b); err == nil {
			all = append(all, td)
		}
	}
	return all
}

// TestCanonicalAttributesSayWhatTheDialectSays holds the quick reading against the whole one on every span that claims to need no other.
func TestCanonicalAttributesSayWhatTheDialectSays(t *testing.T) {
	annotator := NewAnnotator(defaultSet(t), AnnotateOptions{})
	reader, told := NewReader(), Told{}
	quick, whole := 0, 0
	for _, td := range dialectTraces(t) {
		annotator.Traces(td, nil)
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					told.Read(span)
					call, ok := reader.Read(rs.Resource(), ss.Scope(), span)
					if !ok {
						require.False(t, told.Canonical, span.Name())
						continue
					}
					whole++
					if !told.Canonical {
						continue
					}
					quick++
					require.Equal(t, call.Operation, told.Operation, span.Name())
					require.Equal(t, call.Provider, told.Provider, span.Name())
					require.Equal(t, call.PromptName, told.PromptName, span.Name())
					require.Equal(t, call.PromptVersion, told.PromptVersion, span.Name())
					require.Equal(t, call.IsLLMCall(), told.Request, span.Name())
					if told.Request {
						require.Equal(t, call.Tokens, told.Tokens, span.Name())
					}
					require.Equal(t, call.TTFT.Set, told.TTFT.Set, span.Name())
					require.InDelta(t, call.TTFT.Value, told.TTFT.Value*1000, 1e-6, span.Name())
					require.Equal(t, CoverageWritten(span), told.Coverage, span.Name())
				}
			}
		}
	}
	t.Logf("%d of %d spans are told by their canonical attributes", quick, whole)
	require.Greater(t, quick, whole/2)
}

func TestToldReadsWhatWasWritten(t *testing.T) {
	a := saying(func(_ *genai.Call, r *score.Result, s score.Scorer) {
		r.Add(s, 0.25, true)
		r.Find(failure.Finding{Class: failure.Truncation, Detail: failure.OutputLimit, Evidence: "finish reason length"})
		r.Find(failure.Finding{Class: failure.Unsafe, Detail: "toxicity", Evidence: "a word"})
	})
	td, span := oneChat("gen_ai.request.model", "gpt-x")
	a.Traces(td, nil)
	attrs := span.Attributes()
	attrs.PutStr(AttrSessionID, "conv")
	attrs.PutInt(AttrSessionTurns, 4)
	attrs.PutInt(AttrSessionModelCalls, 5)
	attrs.PutInt(AttrSessionToolCalls, 2)
	attrs.PutDouble(AttrSessionCostUSD, 0.5)
	attrs.PutStr(AttrSessionLimit, "usd")
	attrs.PutStr(AttrRetrievalOutcome, "empty")
	attrs.PutStr(AttrStratum, "random")
	attrs.PutStr(AttrTraceClass, "truncation")
	attrs.PutStr(AttrTracePrimary, span.SpanID().String())
	var told Told
	told.Read(span)
	require.True(t, told.Canonical)
	require.Equal(t, "gpt-x", told.RequestModel)
	require.True(t, told.Request)
	require.NotEmpty(t, told.Class)
	require.True(t, told.Unsafe)
	require.Equal(t, []ToldScore{{Scorer: "finder", Value: 0.25, Failed: true}}, told.Scores)
	require.Equal(t, failure.Truncation, told.Incident)
	require.Equal(t, "empty", told.Retrieval)
	require.Equal(t, "random", told.Stratum)
	require.Equal(t, "conv", told.SessionID)
	require.False(t, told.SessionIsTrace)
	require.Equal(t, int64(4), told.SessionTurns)
	require.Equal(t, int64(7), told.SessionCalls)
	require.Equal(t, genai.Some(0.5), told.SessionCostUSD)
	require.Equal(t, "usd", told.SessionLimit)

	attrs.PutStr(AttrSessionID, span.TraceID().String())
	attrs.PutStr(AttrTracePrimary, "0000000000000009")
	told.Read(span)
	require.True(t, told.SessionIsTrace)
	require.Empty(t, told.Incident, "it began on another span")
	require.Zero(t, testing.AllocsPerRun(10, func() { told.Read(span) }))
}

// TestWhatIsWrittenAgainstTheConventionsIsReadAsAWhole lists spans whose canonical attributes mislead.
func TestWhatIsWrittenAgainstTheConventionsIsReadAsAWhole(t *testing.T) {
	a := saying(func(_ *genai.Call, r *score.Result, s score.Scorer) { r.Add(s, 1, false) })
	for name, change := range map[string]func(pcommon.Map){
		"a framework as the provider": func(m pcommon.Map) { m.PutStr("gen_ai.provider.name", "langchain") },
		"tokens as text":              func(m pcommon.Map) { m.PutStr("gen_ai.usage.input_tokens", "12") },
		"negative tokens":             func(m pcommon.Map) { m.PutInt("gen_ai.usage.output_tokens", -1) },
		"input without cached tokens": func(m pcommon.Map) {
			m.PutInt("gen_ai.usage.input_tokens", 10)
			m.PutInt("gen_ai.usage.cache_read.input_tokens", 500)
		},
		"an outer step": func(m pcommon.Map) {
			m.PutStr("ai.operationId", "ai.embed")
			m.PutStr("gen_ai.operation.name", "embeddings")
		},
	} {
		td, span := oneChat("gen_ai.request.model", "gpt-x")
		change(span.Attributes())
		a.Traces(td, nil)
		var told Told
		told.Read(span)
		require.False(t, told.Canonical, name)
	}
	td, span := oneChat("gen_ai.request.model", "gpt-x")
	var told Told
	told.Read(span)
	require.False(t, told.Canonical, "nobody annotated it")
	a.Traces(td, nil)
	told.Read(span)
	require.True(t, told.Canonical)
}

func TestScorersAreSaidOnceAResourceAndOnSpansThatKeepTheirScores(t *testing.T) {
	scored := func(_ *genai.Call, r *score.Result, s score.Scorer) { r.Add(s, 1, false) }
	const content = `[{"role":"assistant","parts":[{"type":"text","content":"hello"}]}]`
	td, span := oneChat("gen_ai.output.messages", content)
	resource := td.ResourceSpans().At(0).Resource()
	agent := saying(scored)
	agent.Traces(td, nil)
	require.Equal(t, "finder=7", scorersOf(resource.Attributes()))
	require.Empty(t, scorersOf(span.Attributes()), "what holds for all is not said on each")

	// A gateway with other scorers: it scores again what it can, and keeps the rest.
	span.Attributes().Remove("gen_ai.output.messages")
	fresh := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty()
	fresh.Attributes().PutStr("gen_ai.operation.name", "chat")
	gateway := NewAnnotator(score.NewSet(finder{scored}, another{}), AnnotateOptions{})
	for range 2 { // and what it does again changes nothing
		gateway.Traces(td, nil)
		require.Equal(t, "finder=7 another=2", scorersOf(resource.Attributes()))
		require.Equal(t, "finder=7", scorersOf(span.Attributes()))
		require.Empty(t, scorersOf(fresh.Attributes()))
	}
	// The agent scores it again once the content is there.
	span.Attributes().PutStr("gen_ai.output.messages", content)
	gateway.Traces(td, nil)
	require.Empty(t, scorersOf(span.Attributes()))
}

func TestSpansOfAnOlderAgentHaveNoVersion(t *testing.T) {
	td, span := oneChat(AttrCoverage, string(Scored)) // its content is gone, and its resource names no scorers
	span.Attributes().PutDouble(AttrScorePrefix+"finder", 1)
	fresh := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty()
	fresh.Attributes().PutStr("gen_ai.operation.name", "chat")
	saying(func(_ *genai.Call, r *score.Result, s score.Scorer) { r.Add(s, 1, false) }).Traces(td, nil)
	var told Told
	told.Read(span)
	require.True(t, told.OwnScorers)
	require.Empty(t, told.Scorers)
	require.False(t, told.Canonical, "who knows how it was read")
}

// another is a second scorer of tests.
type another struct{}

func (another) Name() string                     { return "another" }
func (another) Version() string                  { return "2" }
func (another) Score(*genai.Call, *score.Result) {}

func TestScorerVersionsAreFoundInAnyOrder(t *testing.T) {
	var v ScorerVersions
	require.Empty(t, v.Of("a"))
	v.Read("a=1 b=2-x c=3 broken =5 d=")
	for range 2 {
		require.Equal(t, "3", v.Of("c"))
		require.Equal(t, "1", v.Of("a"))
		require.Equal(t, "2-x", v.Of("b"))
		require.Empty(t, v.Of("d"))
		require.Empty(t, v.Of("nobody"))
	}
	v.Read("")
	require.Empty(t, v.Of("a"))
	v.Read(strings.Repeat("x=1 ", 1_000))
	require.Len(t, v.versions, maxScorers)
	require.Equal(t, "1", v.Of("x"))
	v.Read(strings.Repeat("x=1 ", 1_000_000))
	require.Empty(t, v.versions)
}
