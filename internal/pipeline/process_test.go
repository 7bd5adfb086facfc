package pipeline

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/pipeline/pipelinetest"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// between is what may happen between llm_failure and llm_session in one pipeline.
type between func(ptrace.Traces)

// scoredThenFollowed scores traces, changes them, and follows their sessions: in one process, where a batch goes along,
// or in two, where the data goes over the wire. It returns what stands on the spans.
func scoredThenFollowed(
	t *testing.T, td ptrace.Traces, o ScorerOptions, r *Redactor, change between, twoProcesses bool,
) []map[string]any {
	t.Helper()
	own := ptrace.NewTraces()
	td.CopyTo(own)
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(t, err)
	b := NewBatch()
	defer b.Release()
	NewScorer(defaultSet(t), o).Traces(own, b, func(s *Scored) {
		if s.Call != nil {
			r.Span(s.Span, s.Entry)
		}
	})
	if change != nil {
		change(own)
	}
	after := b
	if twoProcesses {
		after = nil
		wire, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(own)
		require.NoError(t, err)
		own, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(wire)
		require.NoError(t, err)
	}
	NewSessions(tracker).Traces(own, after, nil)
	return attributesOf(own)
}

// attributesOf are the attributes of each span and, under "events", of its events.
func attributesOf(td ptrace.Traces) (list []map[string]any) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				attributes := span.Attributes().AsRaw()
				var events []map[string]any
				for _, event := range span.Events().All() {
					events = append(events, event.Attributes().AsRaw())
				}
				attributes["events"] = events
				list = append(list, attributes)
			}
		}
	}
	return list
}

// TestOneProcessWritesWhatTwoWrite: whether llm_session finds a batch or reads the spans changes no attribute.
func TestOneProcessWritesWhatTwoWrite(t *testing.T) {
	redactors := map[string]*Redactor{"kept": nil, "redacted": redactorOf(t, "pii", "secrets")}
	for _, td := range dialectTraces(t) {
		for name, r := range redactors {
			for _, content := range []bool{false, true} {
				o := ScorerOptions{Content: content}
				require.Equal(t, scoredThenFollowed(t, td, o, r, nil, true), scoredThenFollowed(t, td, o, r, nil, false),
					"%s, content %v", name, content)
			}
		}
	}
}

// TestOneProcessWritesWhatTwoWriteOfAnything is the same for spans that hold anything.
func TestOneProcessWritesWhatTwoWriteOfAnything(t *testing.T) {
	redactor := redactorOf(t, "pii", "secrets")
	for seed := range uint64(300) {
		td := pipelinetest.Traces(rand.New(rand.NewPCG(seed, 1)))
		for _, r := range []*Redactor{nil, redactor} {
			o := ScorerOptions{Content: seed%2 == 0}
			require.Equal(t, scoredThenFollowed(t, td, o, r, nil, true), scoredThenFollowed(t, td, o, r, nil, false),
				"seed %d, redacted %v", seed, r != nil)
		}
	}
}

// TestStagesTwiceWriteWhatOnceWrites: a gateway behind an agent changes nothing but the count of redactions, which may
// find more in what stands there now.
func TestStagesTwiceWriteWhatOnceWrites(t *testing.T) {
	redactor := redactorOf(t, "pii", "secrets")
	for seed := range uint64(300) {
		td := pipelinetest.Traces(rand.New(rand.NewPCG(seed, 1)))
		for _, r := range []*Redactor{nil, redactor} {
			once, twice := ptrace.NewTraces(), ptrace.NewTraces()
			td.CopyTo(once)
			allStages(t, once, r)
			once.CopyTo(twice)
			allStages(t, twice, r)
			for _, td := range []ptrace.Traces{once, twice} {
				for _, rs := range td.ResourceSpans().All() {
					for _, span := range rs.ScopeSpans().At(0).Spans().All() {
						span.Attributes().Remove(spanattr.AttrRedactions)
					}
				}
			}
			require.Equal(t, attributesOf(once), attributesOf(twice), "seed %d, redacted %v", seed, r != nil)
		}
	}
}

// allStages are the stages of one Collector.
func allStages(t *testing.T, td ptrace.Traces, r *Redactor) {
	t.Helper()
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(t, err)
	b := NewBatch()
	defer b.Release()
	NewScorer(defaultSet(t), ScorerOptions{Prices: price.Embedded()}).Traces(td, b, func(s *Scored) {
		if s.Call != nil {
			r.Span(s.Span, s.Entry)
		}
	})
	NewSessions(tracker).Traces(td, b, nil)
	NewCauses().Traces(td, func(pcommon.TraceID) bool { return false }, nil)
}

// TestTwoSessionsOfOneRequest: two llm_session that each get a copy of one request, with its batch, write the same.
func TestTwoSessionsOfOneRequest(t *testing.T) {
	for seed := range uint64(100) {
		td := pipelinetest.Traces(rand.New(rand.NewPCG(seed, 2)))
		b := NewBatch()
		NewScorer(defaultSet(t), ScorerOptions{}).Traces(td, b, nil)
		var got [2]ptrace.Traces
		for i := range got {
			got[i] = ptrace.NewTraces()
			td.CopyTo(got[i])
			tracker, err := session.New(session.DefaultSettings(), time.Now)
			require.NoError(t, err)
			NewSessions(tracker).Traces(got[i], b, nil)
		}
		require.Equal(t, attributesOf(got[0]), attributesOf(got[1]), "seed %d", seed)
		b.Release()
	}
}

// changes are what processors of others do between the two stages.
var changes = map[string]between{
	"a value in place": eachSpan(func(_ int, span ptrace.Span) {
		span.Attributes().PutStr("gen_ai.conversation.id", "another")
	}),
	"another name for a value": eachSpan(func(i int, span ptrace.Span) {
		if i == 1 {
			span.Attributes().Remove("gen_ai.agent.name")
			span.Attributes().PutStr("app.agent", "a")
		}
	}),
	"the first of two with one id is removed": func(td ptrace.Traces) {
		at := 0
		spansOf(td).RemoveIf(func(ptrace.Span) bool { at++; return at == 1 })
	},
	"the other order": func(td ptrace.Traces) {
		spans, reversed := spansOf(td), ptrace.NewSpanSlice()
		for i := spans.Len() - 1; i >= 0; i-- {
			spans.At(i).CopyTo(reversed.AppendEmpty())
		}
		reversed.CopyTo(spans)
	},
	"an operation under a name of its own": eachSpan(func(_ int, span ptrace.Span) {
		if v, ok := span.Attributes().Get("operation"); ok {
			operation := v.Str()
			span.Attributes().Remove("operation")
			span.Attributes().PutStr("gen_ai.operation.name", operation)
		}
	}),
}

func spansOf(td ptrace.Traces) ptrace.SpanSlice {
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
}

func eachSpan(do func(i int, span ptrace.Span)) between {
	return func(td ptrace.Traces) {
		for i, span := range spansOf(td).All() {
			do(i, span)
		}
	}
}

// TestChangesBetweenStages: a stage never takes an entry for a span that a processor in between changed.
func TestChangesBetweenStages(t *testing.T) {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	add := func(id byte, attributes map[string]any) {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{1})
		span.SetSpanID(pcommon.SpanID{id})
		require.NoError(t, span.Attributes().FromRaw(attributes))
	}
	chat := func(conversation string) map[string]any {
		return map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.conversation.id": conversation,
			"gen_ai.agent.name": "a",
		}
	}
	add(1, chat("one"))
	add(1, chat("two"))
	add(2, map[string]any{"operation": "chat", "gen.model": "m"})
	add(3, chat("one"))
	add(0, chat("three"))
	add(0, chat("four"))
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, scoredThenFollowed(t, td, ScorerOptions{}, nil, change, true),
				scoredThenFollowed(t, td, ScorerOptions{}, nil, change, false))
		})
	}
}

// TestSpansThatABatchDoesNotHave: where a processor in between gave spans other ids, the batch is left alone. To read it
// to its end for each span would take a second for 20,000 spans.
func TestSpansThatABatchDoesNotHave(t *testing.T) {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range 2 * maxMissing {
		span := spans.AppendEmpty()
		span.SetSpanID(pcommon.SpanID{1, byte(i)})
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
	}
	b := NewBatch()
	defer b.Release()
	NewScorer(defaultSet(t), ScorerOptions{}).Traces(td, b, nil)
	s := NewSpans()
	s.Begin(b)
	for i, span := range spans.All() {
		span.SetSpanID(pcommon.SpanID{2, byte(i)})
		e := s.Entry(td.ResourceSpans().At(0).Resource(), td.ResourceSpans().At(0).ScopeSpans().At(0).Scope(), span)
		require.True(t, e.GenAI)
		require.EqualValues(t, span.SpanID(), e.Session.ID)
	}
	require.Nil(t, s.batch)
}

// TestBatchOfAnEarlierRequest: a context that outlives its request does not find the batch of the next one, which has
// the same memory.
func TestBatchOfAnEarlierRequest(t *testing.T) {
	for range 1000 {
		b := NewBatch()
		before := b.Context(t.Context())
		require.Same(t, b, BatchOf(before))
		b.Release()
		next := NewBatch()
		require.Nil(t, BatchOf(before))
		next.Release()
	}
}

// loopTraces is a session that repeats a tool call three times, whose last one fails with an error that quotes content.
func loopTraces(message string) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range 4 {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{1})
		span.SetSpanID(pcommon.SpanID{byte(i + 1)})
		span.SetStartTimestamp(pcommon.Timestamp(i + 1))
		a := span.Attributes()
		a.PutStr("gen_ai.operation.name", "execute_tool")
		a.PutStr("gen_ai.tool.name", "pay")
		a.PutStr("gen_ai.conversation.id", "c")
		a.PutStr("gen_ai.tool.call.arguments", `{"to":"x"}`)
		span.Status().SetCode(ptrace.StatusCodeError)
		span.Status().SetMessage(message)
	}
	return td
}

// TestLoopKeepsTheEvidence: a loop that llm_session finds leaves the evidence of another verdict as it stands, whether
// or not evidence quotes content and content is redacted.
func TestLoopKeepsTheEvidence(t *testing.T) {
	const message = "mail to eve@example.com bounced: AKIAIOSFODNN7EXAMPLQ"
	r := redactorOf(t, "pii", "secrets")
	for name, content := range map[string]bool{"quoted": true, "named": false} {
		t.Run(name, func(t *testing.T) {
			o := ScorerOptions{Content: content}
			one := scoredThenFollowed(t, loopTraces(message), o, r, nil, false)
			loops := 0
			for _, attributes := range one {
				if attributes[spanattr.AttrSessionLoops] != nil {
					loops++
				}
				require.NotContains(t, attributes[spanattr.AttrErrorEvidence], "eve@example.com")
			}
			require.NotZero(t, loops)
			require.Equal(t, scoredThenFollowed(t, loopTraces(message), o, r, nil, true), one)
			require.Equal(t, scoredThenFollowed(t, loopTraces(message), o, nil, nil, true),
				scoredThenFollowed(t, loopTraces(message), o, nil, nil, false))
		})
	}
}

// TestCredentialAsConversation: llm_session writes no credential that llm_failure redacted.
func TestCredentialAsConversation(t *testing.T) {
	const key = "AKIAIOSFODNN7EXAMPLQ"
	td := loopTraces("failed")
	eachSpan(func(_ int, span ptrace.Span) { span.Attributes().PutStr("gen_ai.conversation.id", key) })(td)
	r := redactorOf(t, "pii", "secrets")
	one := scoredThenFollowed(t, td, ScorerOptions{}, r, nil, false)
	for _, attributes := range one {
		require.NotEqual(t, key, attributes["gen_ai.conversation.id"])
		require.NotContains(t, attributes[spanattr.AttrSessionID], key)
	}
	require.Equal(t, scoredThenFollowed(t, td, ScorerOptions{}, r, nil, true), one)
}

// TestSessionOfAnEarlierPass: what a llm_session wrote before is replaced as a whole, also where the session has no
// cost here.
func TestSessionOfAnEarlierPass(t *testing.T) {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{1})
	require.NoError(t, span.Attributes().FromRaw(map[string]any{
		"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "pay", spanattr.AttrSessionID: "earlier",
		spanattr.AttrSessionTurns: 7, spanattr.AttrSessionCostUSD: 0.5, spanattr.AttrSessionLimit: "usd",
	}))
	for _, two := range []bool{false, true} {
		got := scoredThenFollowed(t, td, ScorerOptions{}, nil, nil, two)[0]
		require.EqualValues(t, 1, got[spanattr.AttrSessionTurns])
		require.NotContains(t, got, spanattr.AttrSessionCostUSD)
		require.NotContains(t, got, spanattr.AttrSessionLimit)
	}
}

// TestRedactionKeepsDigests: the digest of an earlier pass looks like a credential where a call has few words, and stays.
// What stands in its place and is none is redacted.
func TestRedactionKeepsDigests(t *testing.T) {
	r := redactorOf(t, "pii", "secrets")
	for _, digest := range []session.Digest{{}, {Result: 1}, {Call: 1 << 63}, {Call: 3, Sketch: session.Sketch{1, 2, 3}}} {
		text, err := digest.MarshalText()
		require.NoError(t, err)
		span := ptrace.NewSpan()
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("note", "mail to eve@example.com")
		span.Attributes().PutStr(spanattr.AttrDigest, string(text))
		require.Equal(t, 1, r.Span(span, &Entry{GenAI: true, Record: *spanattr.Of(span)}))
		got := spanattr.Of(span)
		require.True(t, got.HasDigest, "%s", text)
		require.Equal(t, digest, got.Digest)
	}
	span := ptrace.NewSpan()
	span.Attributes().PutStr(spanattr.AttrDigest, "AKIAIOSFODNN7EXAMPLQ")
	require.Equal(t, 1, r.Span(span, &Entry{GenAI: true, Record: *spanattr.Of(span)}))
}
