package pipeline

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/duplicate"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// logged returns one log record of an event.
func logged(t *testing.T, scope, name string, attributes map[string]any) (plog.Logs, plog.LogRecord) {
	t.Helper()
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName(scope)
	record := sl.LogRecords().AppendEmpty()
	require.NoError(t, record.Attributes().FromRaw(attributes))
	record.Attributes().PutStr("event.name", name)
	record.SetTimestamp(1_764_000_000_000_000_000)
	return ld, record
}

var claudeRequest = map[string]any{
	"model": "claude-sonnet-4-5", "input_tokens": "1000", "output_tokens": "100", "cache_read_tokens": "0",
	"cache_creation_tokens": "0", "duration_ms": "1500", "request_id": "req_1", "session.id": "s1",
}

func TestACallThatStandsOnlyInALogRecordIsJudgedPricedAndCounted(t *testing.T) {
	for name, c := range map[string]struct {
		scope, event string
		attributes   map[string]any
		model        string
		usd          float64
		class        string
	}{
		"Claude Code": {
			"com.anthropic.claude_code.events", "claude_code.api_request", claudeRequest, "claude-sonnet-4-5",
			(1000*3.0 + 100*15.0) / 1e6, "",
		},
		"Claude Code, reported cost": {
			"", "claude_code.api_request", map[string]any{"model": "claude-x", "cost_usd": "0.02", "input_tokens": 7}, "claude-x", 0.02, "",
		},
		"Claude Code, overloaded": {
			"", "claude_code.api_error",
			map[string]any{"model": "claude-sonnet-4-5", "error": "Overloaded", "status_code": "529"},
			"claude-sonnet-4-5", 0, "provider_error",
		},
		"Gemini CLI": {
			"gemini-cli", "gemini_cli.api_response", map[string]any{
				"model": "gemini-2.5-flash", "input_token_count": 1000, "output_token_count": 100, "status_code": 200,
			}, "gemini-2.5-flash", (1000*0.30 + 100*2.50) / 1e6, "",
		},
		"Gemini CLI, throttled": {
			"gemini-cli", "gemini_cli.api_error",
			map[string]any{"model": "gemini-2.5-flash", "error": "quota", "status_code": 429},
			"gemini-2.5-flash", 0, "rate_limit",
		},
		"Codex, end of a stream": {
			"codex_exec", "codex.sse_event", map[string]any{
				"event.kind": "response.completed", "model": "gpt-4o-mini", "input_token_count": "1000", "output_token_count": "100",
			}, "gpt-4o-mini", (1000*0.15 + 100*0.60) / 1e6, "",
		},
		"Codex, refused request": {
			"codex_exec", "codex.api_request", map[string]any{
				"model": "gpt-4o-mini", "http.response.status_code": 401, "error.message": "invalid key",
			}, "gpt-4o-mini", 0, "provider_error",
		},
		"event of the conventions": {
			"sdk", "gen_ai.client.inference.operation.details", map[string]any{
				"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o-mini",
				"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100, "gen_ai.response.finish_reasons": []any{"length"},
			}, "gpt-4o-mini", (1000*0.15 + 100*0.60) / 1e6, "truncation",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewScorer(defaultSet(t), ScorerOptions{Prices: price.Embedded()})
			ld, record := logged(t, c.scope, c.event, c.attributes)
			for pass := range 2 { // an agent and a gateway
				calls := 0
				s.LogCalls(ld, func(o *Scored) {
					calls++
					require.True(t, o.Entry.IsInference, "pass %d: %v", pass, o.Span.Attributes().AsRaw())
					require.Equal(t, c.model, o.Entry.Model)
					require.InDelta(t, c.usd, o.Entry.Record.Cost.USD.Value, 1e-9)
					require.Equal(t, c.class, string(o.Entry.Record.Verdict.Class))
				})
				require.Equal(t, 1, calls, "pass %d", pass)
			}
			class, ok := record.Attributes().Get(spanattr.AttrErrorClass)
			require.Equal(t, c.class != "", ok)
			require.True(t, !ok || class.Str() == c.class)
			span, ok := SpanOfLog(ld.ResourceLogs().At(0).ScopeLogs().At(0).Scope(), record)
			require.True(t, ok)
			spans := NewSpans()
			spans.Begin(nil)
			e := spans.Entry(pcommon.NewResource(), pcommon.NewInstrumentationScope(), span)
			require.True(t, e.GenAI && e.IsInference)
			require.InDelta(t, c.usd, e.Record.Cost.USD.Value, 1e-9)
		})
	}
}

func TestLogRecordsThatAreNoCallOfTheirOwn(t *testing.T) {
	for name, c := range map[string]struct {
		scope, event string
		attributes   map[string]any
	}{
		"the start of a request":           {"gemini-cli", "gemini_cli.api_request", map[string]any{"model": "gemini-2.5-flash"}},
		"a part of a stream":               {"codex", "codex.sse_event", map[string]any{"event.kind": "response.created"}},
		"a request whose stream will end":  {"codex", "codex.api_request", map[string]any{"http.response.status_code": 200}},
		"a prompt":                         {"", "claude_code.user_prompt", map[string]any{"prompt": "x"}},
		"a tool":                           {"", "claude_code.tool_result", map[string]any{"tool_name": "Bash"}},
		"Gemini CLI says it a second time": {"gemini-cli", "gen_ai.client.inference.operation.details", map[string]any{"gen_ai.request.model": "m"}},
		"an evaluation":                    {"", "gen_ai.evaluation.result", map[string]any{"gen_ai.evaluation.name": "x"}},
		"a line of a log":                  {"app", "", map[string]any{"model": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			ld, record := logged(t, c.scope, c.event, c.attributes)
			before := record.Attributes().AsRaw()
			NewScorer(defaultSet(t), ScorerOptions{}).LogCalls(ld, func(*Scored) { t.Error("counted") })
			require.Equal(t, before, record.Attributes().AsRaw())
		})
	}
	ld, record := logged(t, "", "claude_code.api_request", claudeRequest)
	record.SetTraceID(pcommon.TraceID{1})
	record.SetSpanID(pcommon.SpanID{1})
	NewScorer(defaultSet(t), ScorerOptions{}).LogCalls(ld, func(*Scored) { t.Error("its span is the call") })
}

func TestALoggedCallThatIsSaidToBeLongerThanTimeHasNoDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1500": 1500 * time.Millisecond, "0": 0, "-1": 0, "18446744073710": 0, "9223372036854775807": 0,
	} {
		ld, _ := logged(t, "", "claude_code.api_request", map[string]any{"model": "m", "duration_ms": text})
		NewScorer(defaultSet(t), ScorerOptions{}).LogCalls(ld, func(o *Scored) {
			require.Equal(t, want, o.Span.EndTimestamp().AsTime().Sub(o.Span.StartTimestamp().AsTime()), text)
		})
	}
}

func TestACallInALogRecordAndInASpanCountsOnce(t *testing.T) {
	spanOf := func(request string) ptrace.Traces {
		td := ptrace.NewTraces()
		span := family(td, "claude", map[string]any{
			"span.type": "llm_request", "model": "claude-sonnet-4-5", "input_tokens": 1000, "output_tokens": 100,
			"request_id": request, "session.id": "s1",
		})[0]
		span.SetName("claude_code.llm_request")
		return td
	}
	recordOf := func(request string) plog.Logs {
		attributes := maps.Clone(claudeRequest)
		attributes["request_id"] = request
		ld, _ := logged(t, "", "claude_code.api_request", attributes)
		return ld
	}
	s := NewScorer(defaultSet(t), ScorerOptions{Prices: price.Embedded()})
	counted := func(data any) (n int) {
		add := func(o *Scored) {
			if o.Entry.IsInference {
				n++
			}
		}
		switch data := data.(type) {
		case plog.Logs:
			s.LogCalls(data, add)
		case ptrace.Traces:
			s.Traces(data, nil, add)
		}
		return n
	}
	require.Equal(t, 1, counted(recordOf("req_1")), "the record comes first")
	require.Equal(t, 0, counted(recordOf("req_1")), "delivered twice")
	late := spanOf("req_1")
	require.Equal(t, 0, counted(late), "the span of the same request")
	require.Equal(t, 0, counted(late), "and once more, in a gateway")
	require.Equal(t, 1, counted(spanOf("req_2")), "the span comes first")
	require.Equal(t, 0, counted(recordOf("req_2")))
	require.Equal(t, 0, counted(recordOf("req_3")), "the session sends spans")
}

func TestLoggedCallsAreBounded(t *testing.T) {
	s := NewScorer(defaultSet(t), ScorerOptions{})
	for i := range 100 {
		ld, _ := logged(t, "", "claude_code.api_request", map[string]any{
			"model": "m", "session.id": fmt.Sprint(i), "request_id": strings.Repeat("x", 1<<10) + fmt.Sprint(i),
		})
		s.LogCalls(ld, func(*Scored) {})
	}
	require.Zero(t, s.logged.requests.Len(), "a long text is no id")
	for i := range 2 * maxLoggedRequests {
		call := &genai.Call{ResponseID: fmt.Sprint(i)}
		usage := &duplicate.Call{Facts: duplicate.Facts{Input: int64(i + 1), Output: 1, End: 1}}
		require.True(t, s.logged.first(plog.NewLogRecord(), call, usage))
	}
	require.Equal(t, maxLoggedRequests, s.logged.requests.Len())
	require.Equal(t, maxLoggedUsages, s.logged.usages.Len())
}

// TestACallWithoutARequestIDCountsOnce has Codex with logs and traces: neither names the request, the records name no
// span, and the spans of answers name neither model nor session.
func TestACallWithoutARequestIDCountsOnce(t *testing.T) {
	type arrival = func(*Scorer, func(*Scored))
	const end = 1_764_000_000_000_000_000
	span := func(input int, at time.Duration) arrival {
		return func(s *Scorer, each func(*Scored)) {
			td := ptrace.NewTraces()
			answer := family(td, "codex_exec", map[string]any{
				"gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": 100, "codex.usage.total_tokens": input + 100,
			})[0]
			answer.SetStartTimestamp(pcommon.Timestamp(end + at - time.Second))
			answer.SetEndTimestamp(pcommon.Timestamp(end + at))
			s.Traces(td, nil, each)
		}
	}
	record := func(session string, at time.Duration) arrival {
		return func(s *Scorer, each func(*Scored)) {
			ld, r := logged(t, "codex_exec", "codex.sse_event", map[string]any{
				"event.kind": "response.completed", "model": "gpt-4o-mini", "conversation.id": session,
				"input_token_count": "1000", "output_token_count": "100",
			})
			r.SetTimestamp(pcommon.Timestamp(end + at))
			s.LogCalls(ld, each)
		}
	}
	turn := func(s *Scorer, each func(*Scored)) { // its spans name the session, because the turn is in the request
		td := ptrace.NewTraces()
		family(td, "codex_exec", map[string]any{
			"codex.turn.token_usage.input_tokens": 7, "thread.id": "th", "model": "gpt-4o-mini",
		}, map[string]any{
			"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 1, "codex.usage.total_tokens": 8,
		})
		s.Traces(td, nil, each)
	}
	refused := func(s *Scorer, each func(*Scored)) {
		ld, _ := logged(t, "codex_exec", "codex.api_request", map[string]any{
			"conversation.id": "th", "http.response.status_code": 429, "error.message": "slow down",
		})
		s.LogCalls(ld, each)
	}
	for name, c := range map[string]struct {
		arrive []arrival
		want   int
	}{
		"the record first":            {[]arrival{record("th", 0), span(1000, 0)}, 1},
		"the span first":              {[]arrival{span(1000, 0), record("th", 0)}, 1},
		"the record a little later":   {[]arrival{span(1000, 0), record("th", time.Second)}, 1},
		"the span twice":              {[]arrival{record("th", 0), span(1000, 0), span(1000, 0)}, 1},
		"the record twice":            {[]arrival{record("th", 0), record("th", 0)}, 1},
		"two records":                 {[]arrival{record("th", 0), record("th", time.Millisecond)}, 2},
		"two sessions":                {[]arrival{record("th", 0), record("other", 0)}, 2},
		"another time":                {[]arrival{record("th", 0), span(1000, time.Minute)}, 2},
		"other tokens":                {[]arrival{record("th", 0), span(1001, 0)}, 2},
		"spans that name the session": {[]arrival{turn, record("th", time.Hour)}, 1},
		"a request that has no span":  {[]arrival{turn, refused}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s, n := NewScorer(defaultSet(t), ScorerOptions{Prices: price.Embedded()}), 0
			for _, arrive := range c.arrive {
				arrive(s, func(o *Scored) {
					if o.Entry.IsInference {
						n++
					}
				})
			}
			require.Equal(t, c.want, n)
		})
	}
}
