package pipeline

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// TestReportedFailuresCountOnce has spans of real SDKs and instrumentations. want has each failing span as name=class/detail, in the
// order of the file; one failure is one span.
func TestReportedFailuresCountOnce(t *testing.T) {
	for _, c := range []struct{ file, want, incident string }{
		{"clients/agents-responses-filter", "response=refusal/content_filter", "refusal/content_filter"},
		{"clients/agents-responses-length", "response=truncation/output_limit", "truncation/output_limit"},
		{"clients/agents-unknown-tool", "turn=tool_call_malformed/unknown_tool", "tool_call_malformed/unknown_tool"},
		{"clients/anthropic-native-timeout", "anthropic.messages.create=timeout/client_deadline", "timeout/client_deadline"},
		{"clients/anthropic-native-truncation", "anthropic.messages.create=truncation/output_limit", "truncation/output_limit"},
		{"clients/gemini-429-retry-in", "chat gemini-2.5-flash=rate_limit/throttled", "rate_limit/throttled"},
		{"clients/langchain-oi-responses-length", "ChatOpenAI=truncation/output_limit", "truncation/output_limit"},
		{"clients/langgraph-oi-recursion", "shop_agent=retry_loop/runaway", "retry_loop/runaway"},
		{"ingest/22-langgraph-interrupt", "", ""},
		{
			"clients/mastra-429", "chat gpt-4o-mini=provider_error/server_error invoke_agent shop-agent=rate_limit/throttled",
			"rate_limit/throttled",
		},
		{"clients/node-terminated", "chat gpt-4o-mini=provider_error/connection", "provider_error/connection"},
		{"clients/oi-responses-empty", "OpenAI Responses=bad_answer/empty", "bad_answer/empty"},
		{"ingest/26-openai-v2-missing-finish-reason", "", ""},
		{"ingest/11-pydantic-ai-approval", "execute_tool add=tool_error/failed", "tool_error/failed"},
		{"clients/traceloop-responses-toolcall-empty-FP", "", ""},
		{"clients/vercel-legacy-empty", "ai.generateText.doGenerate=bad_answer/empty", "bad_answer/empty"},
		{"clients/vercel7-interrupted", "chat gpt-4o-mini=truncation/stream_cut", "truncation/stream_cut"},
		{
			"detect/34-errors-retry-200-hitl",
			"chat gpt-5.1=rate_limit/throttled chat gpt-5.1=provider_error/server_error " +
				"chat gpt-5.1=provider_error/server_error chat gpt-5.1=provider_error/server_error " +
				"chat gpt-5.1=bad_answer/empty chat gpt-5.1=timeout/client_deadline", "",
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			files, incidents := newTestFiles(t, defaultSet(t)), NewIncidents()
			var found []string
			var trace pcommon.TraceID
			score := func(td ptrace.Traces) error {
				files.Traces(td, func(s *Scored) {
					incidents.Add(s.Span, s.Entry)
					if v := &s.Entry.Record.Verdict; v.Failed() {
						found = append(found, s.Span.Name()+"="+string(v.Class)+"/"+v.Detail)
						trace = s.Span.TraceID()
					}
				})
				return nil
			}
			read := func(sink otlpfile.Sink) {
				file, err := os.Open("../../testdata/reports/" + c.file + ".jsonl")
				require.NoError(t, err)
				defer file.Close()
				require.NoError(t, otlpfile.Read(c.file, file, sink))
			}
			read(otlpfile.Sink{
				Traces: func(td ptrace.Traces) error { files.IndexTraces(td); return nil },
				Logs:   func(ld plog.Logs) error { files.IndexLogs(ld); return nil },
			})
			read(otlpfile.Sink{Traces: score})
			require.Equal(t, c.want, strings.Join(found, " "))
			if c.incident != "" {
				f := incidents.Of(trace).Finding
				require.Equal(t, c.incident, string(f.Class)+"/"+f.Detail)
			}
		})
	}
}

// TestUnrecordedAnswer: an answer whose tokens were billed is not empty but unrecorded, and the coverage says so.
func TestUnrecordedAnswer(t *testing.T) {
	td, span := oneChat(
		"gen_ai.output.messages", `[{"role":"assistant","finish_reason":"stop","parts":[{"type":"text","content":""}]}]`,
	)
	reasons := span.Attributes().PutEmptySlice("gen_ai.response.finish_reasons")
	reasons.AppendEmpty().SetStr("stop")
	span.Attributes().PutInt("gen_ai.usage.output_tokens", 120)
	NewScorer(defaultSet(t), ScorerOptions{}).Traces(td, nil, nil)
	require.Equal(t, string(spanattr.NoContent), attribute(t, span, spanattr.AttrCoverage))
	require.False(t, spanattr.Failed(span))
}

// stage is a span of a trace for TestRepeats.
type stage struct {
	id, parent byte
	operation  string // "" for a span that is not a GenAI operation
	failure    string // message of the error, "" without one
	finish     string
}

func stepsOf(steps []stage) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for _, s := range steps {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{9})
		span.SetSpanID(pcommon.SpanID{s.id})
		if s.parent != 0 {
			span.SetParentSpanID(pcommon.SpanID{s.parent})
		}
		if s.operation != "" {
			span.Attributes().PutStr("gen_ai.operation.name", s.operation)
		}
		if s.operation == "execute_tool" {
			span.Attributes().PutStr("gen_ai.tool.name", "pay")
		}
		if s.finish != "" {
			span.Attributes().PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr(s.finish)
		}
		if s.failure != "" {
			span.Status().SetCode(ptrace.StatusCodeError)
			span.Status().SetMessage(s.failure)
		}
	}
	return td
}

// TestRepeats: of the spans that an error passes through, the innermost carries it. A step with a failure of its own
// keeps it.
func TestRepeats(t *testing.T) {
	const limited, crashed = "Rate limit reached, please try again in 2s", "crashed"
	for name, c := range map[string]struct {
		steps []stage
		want  string // id=class/detail of each failing span
	}{
		"an agent that repeats the error of its call": {
			[]stage{{2, 1, "chat", limited, ""}, {1, 0, "invoke_agent", limited, ""}}, "2=rate_limit/throttled",
		},
		"an agent that only says that it failed": {
			[]stage{{2, 1, "chat", limited, ""}, {1, 0, "invoke_agent", crashed, ""}}, "2=rate_limit/throttled",
		},
		"a step that calls a malformed call a violation of the schema": {
			[]stage{
				{2, 1, "chat", "Invalid JSON input for tool pay", ""},
				{1, 0, "invoke_agent", "INVALID_ARGUMENT: Schema validation failed. Parse Errors:\n\n- sum: must be number", ""},
			}, "2=tool_call_malformed/unparsable_arguments",
		},
		"a step whose answer does not fit": {
			[]stage{
				{2, 1, "chat", "", ""},
				{1, 0, "invoke_agent", "INVALID_ARGUMENT: Schema validation failed. Parse Errors:\n\n- sum: must be number", ""},
			}, "1=schema_violation/type",
		},
		"every step around": {
			[]stage{
				{4, 3, "chat", limited, ""},
				{3, 2, "chain", limited, ""},
				{2, 1, "invoke_agent", crashed, ""},
				{1, 0, "workflow", limited, ""},
			}, "4=rate_limit/throttled",
		},
		"through a step that did not fail, and one of the application": {
			[]stage{
				{4, 3, "chat", limited, ""},
				{3, 2, "agent_step", "", ""},
				{2, 1, "", crashed, ""},
				{1, 0, "workflow", crashed, ""},
			}, "4=rate_limit/throttled",
		},
		"a tool that failed": {
			[]stage{{2, 1, "execute_tool", crashed, ""}, {1, 0, "invoke_agent", crashed, ""}}, "2=tool_error/failed",
		},
		"a finish reason, and what the framework made of it": {
			[]stage{{2, 1, "chat", "", "length"}, {1, 0, "invoke_agent", crashed, ""}}, "2=truncation/output_limit",
		},
		"another failure around it": {
			[]stage{{2, 1, "chat", limited, ""}, {1, 0, "invoke_agent", "Recursion limit of 25 reached", ""}},
			"1=retry_loop/runaway 2=rate_limit/throttled",
		},
		"a more precise report around it": {
			[]stage{{2, 1, "chat", "", "error"}, {1, 0, "invoke_agent", "Incorrect API key provided", ""}},
			"1=provider_error/auth 2=provider_error/server_error",
		},
		"an error of the provider, twice": {
			[]stage{{2, 1, "chat", "Error code: 500", ""}, {1, 0, "invoke_agent", "Error code: 500", ""}},
			"2=provider_error/server_error",
		},
		"a tool around the failure of an agent": {
			[]stage{{3, 2, "chat", limited, ""}, {2, 1, "execute_tool", limited, ""}, {1, 0, "invoke_agent", limited, ""}},
			"2=tool_error/failed 3=rate_limit/throttled",
		},
		"the only report": {[]stage{{2, 1, "chat", "", "stop"}, {1, 0, "invoke_agent", limited, ""}}, "1=rate_limit/throttled"},
		"a failure elsewhere": {
			[]stage{{3, 2, "chat", limited, ""}, {1, 0, "invoke_agent", limited, ""}},
			"1=rate_limit/throttled 3=rate_limit/throttled",
		},
	} {
		t.Run(name, func(t *testing.T) {
			backwards := make([]stage, len(c.steps)) // outer steps first
			for i, s := range c.steps {
				backwards[len(c.steps)-1-i] = s
			}
			orders := [][]stage{c.steps}
			if !slices.ContainsFunc(c.steps, func(s stage) bool { return s.failure == "" }) {
				orders = append(orders, backwards)
			}
			for _, order := range orders {
				td, scorer := stepsOf(order), NewScorer(defaultSet(t), ScorerOptions{})
				for range 2 { // a second pass finds the same
					found := map[byte]string{}
					scorer.Traces(td, nil, func(s *Scored) {
						if v := &s.Entry.Record.Verdict; v.Failed() {
							found[s.Span.SpanID()[0]] = string(v.Class) + "/" + v.Detail
						}
					})
					var list []string
					for id := byte(1); id < 9; id++ {
						if found[id] != "" {
							list = append(list, string('0'+id)+"="+found[id])
						}
					}
					require.Equal(t, c.want, strings.Join(list, " "))
				}
			}
			// In requests of their own, inner steps come first.
			scorer, failed := NewScorer(defaultSet(t), ScorerOptions{}), 0
			for _, s := range c.steps {
				scorer.Traces(stepsOf([]stage{s}), nil, func(s *Scored) {
					if s.Entry.Record.Verdict.Failed() {
						failed++
					}
				})
			}
			require.Equal(t, len(strings.Fields(c.want)), failed)
		})
	}
}

// TestRepeatsAreBounded checks that failures do not fill the memory, and that the latest are remembered.
func TestRepeatsAreBounded(t *testing.T) {
	var r repeats
	spans := ptrace.NewSpanSlice()
	span := spans.AppendEmpty()
	found := classesOf([]failure.Finding{{Class: failure.Timeout}})
	for i := range 3 * maxRepeats {
		span.SetTraceID(pcommon.TraceID{byte(i), byte(i >> 8), byte(i >> 16)})
		span.SetParentSpanID(pcommon.SpanID{1})
		r.add(span, found)
	}
	require.Len(t, r.inside, maxRepeats)
	require.Len(t, r.recent, maxRepeats)
	span.SetSpanID(pcommon.SpanID{1})
	require.Equal(t, found, r.in(span))
}
