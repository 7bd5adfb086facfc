package dialect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

func TestOperationNames(t *testing.T) {
	for name, want := range map[string]string{
		"chat": genai.OpChat, "acompletion": genai.OpChat, "completion": genai.OpTextCompletion,
		"text_completion": genai.OpTextCompletion, "atext_completion": genai.OpTextCompletion,
		"aresponses": genai.OpChat, "responses": genai.OpChat, "_aresponses_websocket": genai.OpChat,
		"anthropic_messages": genai.OpChat, "aanthropic_messages": genai.OpChat, "_arealtime": genai.OpChat,
		"aembedding": genai.OpEmbeddings, "embed": genai.OpEmbeddings, "arerank": opRerank,
		"agenerate_content_stream": opGenerateContent, "generateContent": opGenerateContent,
		"aimage_generation": opImageGeneration, "atranscription": opTranscription, "aspeech": opSpeech,
		"amoderation": opModeration, "aocr": "ocr", "call_mcp_tool": genai.OpExecuteTool,
		"chat.completions": genai.OpChat, "Chat.Completion": genai.OpChat, "gen_ai.chat": genai.OpChat,
		"llm_call": genai.OpChat, "agent_call": genai.OpInvokeAgent, "tool_call": genai.OpExecuteTool,
		"tools/call": genai.OpExecuteTool, "user_prompt": genai.OpInteraction, "invoke_workflow": genai.OpWorkflow,
		"search_memory": "search_memory", "create_memory_store": "create_memory_store", "upsert_memory": "upsert_memory",
		"openai.chat.completions.create": genai.OpChat, "beta.chat.completions.parse": genai.OpChat,
		"completions.create": genai.OpTextCompletion, "models.generate_content": opGenerateContent,
		"client.embeddings.create": genai.OpEmbeddings, "agents.run_agent": genai.OpInvokeAgent,
		"list_memories": "list_memories", "memory_search": "memory_search", "rerank": opRerank, "plan": opPlan,
		"apply_guardrail": genai.OpGuardrail, "invoke_guardrail": genai.OpGuardrail, "fetch_response": "fetch_response",
	} {
		operation, known := operationOf(name)
		require.True(t, known, name)
		require.Equal(t, want, operation, name)
	}
	for _, name := range []string{
		"compose", "assistant", "a", "a.b", "files.create", ".", ".create", strings.Repeat("chat", 100),
	} {
		operation, known := operationOf(name)
		require.False(t, known, name)
		require.Equal(t, name, operation)
	}
}

func TestAnUnknownOperationIsAModelCallIfTheSpanShowsOne(t *testing.T) {
	usage := map[string]any{"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 7}
	for _, c := range []struct {
		name       string
		operation  string
		attributes map[string]any
		want, raw  string
		isCall     bool
	}{
		{"model and usage", "compose", usage, genai.OpChat, "compose", true},
		{"embeddings by name", "docs-embedder", usage, genai.OpEmbeddings, "docs-embedder", true},
		{
			"model and messages", "compose",
			map[string]any{"gen_ai.request.model": "m", "gen_ai.output.messages": `[{"role":"assistant","parts":[]}]`},
			genai.OpChat, "compose", true,
		},
		{"no model", "compose", map[string]any{"gen_ai.usage.input_tokens": 7}, "compose", "", false},
		{"a model alone", "compose", map[string]any{"gen_ai.request.model": "m"}, "compose", "", false},
		{"a known step that sums up", "invoke_agent", usage, genai.OpInvokeAgent, "", false},
		{"a turn of an agent", "handle_conversation_turn", usage, genai.OpInteraction, "", false},
		{"polling for a response", "fetch_response", usage, "fetch_response", "", false},
		{"a known name", "acompletion", usage, genai.OpChat, "", true},
		{"speech with tokens", "aspeech", usage, opSpeech, "", true},
		{"speech without tokens", "speech", map[string]any{"gen_ai.request.model": "m"}, opSpeech, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			span := ptrace.NewSpan()
			require.NoError(t, span.Attributes().FromRaw(c.attributes))
			span.Attributes().PutStr("gen_ai.operation.name", c.operation)
			call, ok := NewReader(nil).Read(pcommon.NewResource(), pcommon.NewInstrumentationScope(), span)
			require.True(t, ok)
			require.Equal(t, c.want, call.Operation)
			require.Equal(t, c.raw, call.OperationRaw)
			require.Equal(t, c.isCall, call.IsLLMCall())
		})
	}
}
