package wire

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/genai"
)

// A gateway reads again what an agent has normalised: it must come to the same call, apart from the name of a slot that
// holds either model.
func TestNormalisingDoesNotChangeWhatIsRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus.Dir(t), "dialects", "*", "*.json"))
	require.NoError(t, err)
	r := NewReader()
	for _, file := range files {
		if strings.Contains(file, ".expected.") || strings.Contains(file, ".logs.") {
			continue
		}
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(raw)
		require.NoError(t, err)
		for _, rs := range traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					call, ok := r.Read(rs.Resource(), ss.Scope(), span)
					if !ok {
						continue
					}
					first := callJSON(t, call)
					normaliseAsTold(t, r, span, call)
					again, ok := r.Read(rs.Resource(), ss.Scope(), span)
					require.True(t, ok)
					second := callJSON(t, again)
					if first["model"] != nil {
						delete(first, "model")
						delete(second, "request_model")
					}
					require.Empty(t, cmp.Diff(first, second), "%s %s", file, span.Name())
				}
			}
		}
	}
}

// normaliseAsTold normalises, and requires that what a span tells is then known without reading it once more.
func normaliseAsTold(t *testing.T, r *Reader, span ptrace.Span, call *genai.Call) {
	t.Helper()
	w := worker{reader: r}
	w.normalise(span, call)
	scalars := func(t *Told) Told {
		return Told{
			Operation: t.Operation, Provider: t.Provider, RequestModel: t.RequestModel, ResponseModel: t.ResponseModel, PromptName: t.PromptName,
			PromptVersion: t.PromptVersion, Request: t.Request, Tokens: t.Tokens, TTFT: t.TTFT,
		}
	}
	var read Told
	read.Read(span)
	require.Equal(t, scalars(&read), scalars(&w.told), span.Attributes().AsRaw())
}

// TestStrangeAttributesAreTold: what a call makes nothing of stands on the span all the same.
func TestStrangeAttributesAreTold(t *testing.T) {
	r := NewReader()
	for _, attributes := range []map[string]any{
		{"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": -1, "gen_ai.usage.output_tokens": 7},
		{"gen_ai.operation.name": 12, "gen_ai.request.model": []any{"a"}, "gen_ai.prompt.name": map[string]any{"a": 1}},
		{"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 7, "gen_ai.usage.cache_read.input_tokens": 1},
		{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "langchain", "gen_ai.usage.input_tokens": 5.5},
		{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.cache_creation.input_tokens": 3},
		{"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 50, "gen_ai.usage.cache_creation.input_tokens": 3, "gen_ai.usage.cache_write.input_tokens": 4},
		{"gen_ai.operation.name": "chat", "gen_ai.usage.cache_write.input_tokens": "x", "gen_ai.usage.cache_creation.input_tokens": 4},
		{"gen_ai.operation.name": "chat", "gen_ai.usage.reasoning.output_tokens": -2, "gen_ai.response.time_to_first_chunk": "soon"},
		{"gen_ai.operation.name": "completion", "gen_ai.system": "openai", "gen_ai.usage.prompt_tokens": 4, "gen_ai.server.time_to_first_token": 0.25},
		{"gen_ai.operation.name": "", "gen_ai.provider.name": "", "gen_ai.request.model": nil, "gen_ai.response.model": "m"},
	} {
		span := ptrace.NewSpan()
		require.NoError(t, span.Attributes().FromRaw(attributes))
		call, ok := r.Read(pcommon.NewResource(), pcommon.NewInstrumentationScope(), span)
		require.True(t, ok)
		normaliseAsTold(t, r, span, call)
	}
}

func callJSON(t *testing.T, call json.Marshaler) map[string]any {
	t.Helper()
	text, err := json.Marshal(call)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(text, &fields))
	return fields
}
