package llmfailureprocessor

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Generous bounds for the worst untrusted span. TotalAlloc counts everything that was ever allocated, so it also bounds
// the memory in use at any time.
const (
	maxTime  = 15 * time.Second
	maxAlloc = 400 << 20
)

func output(content string) string {
	return `[{"role":"assistant","parts":[{"type":"text","content":"` + content + `"}],"finish_reason":"stop"}]`
}

func toolCall(arguments string) string {
	return `[{"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"f","arguments":` + arguments +
		`}],"finish_reason":"tool_call"}]`
}

func definitions(parameters string) string {
	return `[{"type":"function","name":"f","parameters":` + parameters + `}]`
}

func deep(open, middle, end string) string {
	const depth = 10_000
	return strings.Repeat(open, depth) + middle + strings.Repeat(end, depth)
}

// bigSchema returns about 5 MB of valid JSON Schema, all of it in use.
func bigSchema() string {
	var b strings.Builder
	b.WriteString(`{"type":"object","properties":{`)
	for i := 0; b.Len() < 5<<20; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"property_%d":{"type":"string","pattern":"^(a+)+%d$","description":"what it is"}`, i, i)
	}
	b.WriteString(`},"required":["property_0"]}`)
	return b.String()
}

// TestHostileSpansCostLittleAndAreMarked sends hostile spans through the whole processor. Each must take bounded time
// and memory, and the span must state that it was not read completely.
func TestHostileSpansCostLittleAndAreMarked(t *testing.T) {
	const (
		out   = "gen_ai.output.messages"
		in    = "gen_ai.input.messages"
		tools = "gen_ai.tool.definitions"
	)
	good := toolCall(`{"a":1}`)
	for name, attributes := range map[string]map[string]string{
		"a message of 100 MB":            {out: output(strings.Repeat("all work and no play ", 5_000_000))},
		"a message of 100 MB of escapes": {out: output(strings.Repeat(`\u00e9\n`, 12_500_000))},
		"arguments of 100 MB": {
			out:   toolCall(`{"a":"` + strings.Repeat("x", 100<<20) + `"}`),
			tools: definitions(`{"type":"object"}`),
		},
		"tool definitions of 100 MB": {
			out:   good,
			tools: definitions(`{"type":"object","description":"` + strings.Repeat("x", 100<<20) + `"}`),
		},
		"messages 10,000 deep": {out: deep("[", "1", "]")},
		"objects 10,000 deep":  {out: deep(`{"parts":`, "1", "}")},
		"arguments 10,000 deep": {
			out:   toolCall(deep(`{"a":`, "1", "}")),
			tools: definitions(`{"type":"object","properties":{"b":{"type":"string"}}}`),
		},
		"a schema 10,000 deep": {
			out:   good,
			tools: definitions(deep(`{"type":"object","properties":{"a":`, "{}", "}}")),
		},
		"a schema of 5 MB": {out: good, tools: definitions(bigSchema())},
		"a recursive schema": {
			out:   toolCall(`{"a":` + deep(`{"a":`, "1", "}") + `}`),
			tools: definitions(`{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"a":{"$ref":"#/$defs/n"}}}}}`),
		},
		"a schema that refers to itself": {out: good, tools: definitions(`{"$ref":"#"}`)},
		"a schema that is elsewhere":     {out: good, tools: definitions(`{"$ref":"http://127.0.0.1:1/schema.json"}`)},
		"a schema in a file":             {out: good, tools: definitions(`{"$ref":"file:///etc/passwd"}`)},
		"a pattern that backtracks": {
			out:   toolCall(`{"a":"` + strings.Repeat("a", 1<<20) + `!"}`),
			tools: definitions(`{"type":"object","properties":{"a":{"type":"string","pattern":"^(a+)+$"}}}`),
		},
		"a pattern that explodes": {
			out:   good,
			tools: definitions(`{"type":"object","properties":{"a":{"type":"string","pattern":"((a{1,1000}){1,1000}){1,1000}"}}}`),
		},
		"invalid UTF-8": {
			out: output(strings.Repeat("\xff\xfe\xc3", 1000)), in: "\xff" + output("\xc0\x80"),
			tools: definitions(`{"type":"object","properties":{"` + "\xff" + `":{"type":"` + "\xfe" + `"}}}`),
		},
		"invalid UTF-8 in arguments": {
			out:   toolCall(`{"a":"` + "\xff\xfe" + `"}`),
			tools: definitions(`{"type":"object","properties":{"a":{"type":"integer"}}}`),
		},
		"a million messages": {out: "[" +
			strings.Repeat(`{"role":"assistant","parts":[{"type":"text","content":"a"}]},`, 1_000_000) + "{}]"},
		"a million tool calls": {out: `[{"role":"assistant","parts":[` +
			strings.Repeat(`{"type":"tool_call","name":"g","arguments":{}},`, 1_000_000) + `{}]}]`, tools: definitions(`{}`)},
		"a hundred thousand definitions": {out: good, tools: "[" +
			strings.Repeat(`{"type":"function","name":"f","parameters":{"type":"object"}},`, 100_000) + "{}]"},
		"arguments with a million members": {
			out:   toolCall(`{` + strings.Repeat(`"a":1,`, 1_000_000) + `"a":1}`),
			tools: definitions(`{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":false}`),
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, "{}")
			td := ptrace.NewTraces()
			span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
			span.Attributes().PutStr("gen_ai.operation.name", "chat")
			span.Attributes().PutStr("gen_ai.provider.name", "openai")
			span.Attributes().PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr("stop")
			size := 0
			for key, value := range attributes {
				span.Attributes().PutStr(key, value)
				size += len(value)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			require.NoError(t, p.traces.ConsumeTraces(t.Context(), td))
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes: %v, %d KB allocated; %s", size, took.Round(time.Millisecond), allocated>>10, marks(span))
			require.Less(t, took, maxTime)
			require.Less(t, allocated, uint64(maxAlloc))
			requireSound(t, span)
			_, problem := span.Attributes().Get(spanattr.AttrProblems)
			_, skipped := span.Attributes().Get(spanattr.AttrSkipped)
			require.True(t, problem || skipped || spanattr.Of(span).Coverage == spanattr.Truncated || spanattr.Of(span).Verdict.Failed(),
				"the span must state that it was not read completely, or what is wrong with it")
		})
	}
}

// marks lists the attributes that the processor wrote on a span.
func marks(span ptrace.Span) string {
	var b strings.Builder
	for key, v := range span.Attributes().All() {
		if name, ok := strings.CutPrefix(key, "app.llm."); ok {
			fmt.Fprintf(&b, "%s=%s ", name, v.AsString())
		}
	}
	return b.String()
}

// requireSound checks the bounds of the written attributes.
func requireSound(t *testing.T, span ptrace.Span) {
	t.Helper()
	require.NotEmpty(t, spanattr.Of(span).Coverage)
	require.Less(t, span.Events().Len(), 64)
	for key, v := range span.Attributes().All() {
		if !strings.HasPrefix(key, "app.llm.") {
			continue
		}
		switch v.Type() {
		case pcommon.ValueTypeStr:
			require.LessOrEqual(t, len(v.Str()), 256, key)
			require.True(t, utf8.ValidString(v.Str()), key)
		case pcommon.ValueTypeSlice:
			require.LessOrEqual(t, v.Slice().Len(), 16, key)
			for _, e := range v.Slice().All() {
				require.LessOrEqual(t, len(e.Str()), 256, key)
				require.True(t, utf8.ValidString(e.Str()), key)
			}
		}
	}
}
