package dialect

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

func TestIdentityIsFoundWhereEmittersPutIt(t *testing.T) {
	for _, c := range []struct {
		name       string
		attributes map[string]any
		want       genai.Call
	}{
		{
			"conventions",
			map[string]any{
				"gen_ai.conversation.id": "c1", "user.id": "u1", "gen_ai.agent.name": "a1",
				"gen_ai.agent.version": "2026-05", "gen_ai.prompt.name": "p1", "gen_ai.prompt.version": "3",
			},
			genai.Call{
				SessionID: "c1", UserID: "u1", AgentName: "a1", AgentVersion: "2026-05", PromptName: "p1", PromptVersion: "3",
			},
		},
		{
			"AI SDK 7, context of the framework",
			map[string]any{"ai.settings.context.sessionId": "c2", "ai.settings.context.userId": "u2"},
			genai.Call{SessionID: "c2", UserID: "u2"},
		},
		{
			"AI SDK 6, metadata in snake case",
			map[string]any{"ai.telemetry.metadata.session_id": "c3", "ai.telemetry.metadata.user_id": "u3"},
			genai.Call{SessionID: "c3", UserID: "u3"},
		},
		{
			"a session is preferred to a thread, and a thread to a chat",
			map[string]any{
				"ai.telemetry.metadata.chatId": "x", "ai.telemetry.metadata.sessionId": "c4",
				"ai.telemetry.metadata.threadId": "y",
			},
			genai.Call{SessionID: "c4"},
		},
		{
			"Traceloop associations",
			map[string]any{
				"traceloop.association.properties.conversation_id": "c5",
				"traceloop.association.properties.userId":          "u5",
				"traceloop.association.properties.prompt_name":     "p5",
			},
			genai.Call{SessionID: "c5", UserID: "u5", PromptName: "p5"},
		},
		{
			"LiteLLM, metadata of the request as Python prints it",
			map[string]any{
				"metadata.requester_metadata": "{'session_id': 'c7', 'tags': ['x']}", "metadata.user_api_key_user_id": "owner",
				"metadata.user_api_key_end_user_id": "u7",
			},
			genai.Call{SessionID: "c7", UserID: "u7"},
		},
		{
			"metadata as one JSON object",
			map[string]any{"ai.telemetry.metadata": `{"sessionId":"c8","userId":"u8","promptName":"p8"}`},
			genai.Call{SessionID: "c8", UserID: "u8", PromptName: "p8"},
		},
		{
			"LangChain with Langfuse's names, in the metadata of OpenInference",
			map[string]any{"metadata": `{"langfuse_session_id":"c9","langfuse_user_id":"u9","lc_agent_name":"a9"}`},
			genai.Call{SessionID: "c9", UserID: "u9", AgentName: "a9"},
		},
		{
			"LangSmith's prompts",
			map[string]any{"langsmith.metadata.lc_hub_repo": "p10", "langsmith.metadata.lc_hub_commit_hash": "3f2a"},
			genai.Call{PromptName: "p10", PromptVersion: "3f2a"},
		},
		{
			"a session below an emitter that no row names, after one that has a row",
			map[string]any{"agno.session.id": "x", "copilot_chat.chat_session_id": "y", "metadata.thread_id": "c11"},
			genai.Call{SessionID: "c11"},
		},
		{"a session of an emitter", map[string]any{"agno.session.id": "c12"}, genai.Call{SessionID: "c12"}},
		{
			"sessions and users of other things",
			map[string]any{"browser.session.id": "x", "db.session.id": "x", "http.user.id": "x", "agno.agent.version": "x"},
			genai.Call{},
		},
		{
			"parameters of the request",
			map[string]any{
				"openinference.span.kind":   "LLM",
				"llm.invocation_parameters": `{"model":"m","user":"u13","metadata":{"session_id":"c13","user_id":"u14"}}`,
			},
			genai.Call{SessionID: "c13", UserID: "u14"},
		},
		{
			"associations and baggage without a prefix",
			map[string]any{"thread_id": "c6", "user_id": "u6"},
			genai.Call{SessionID: "c6", UserID: "u6"},
		},
		{
			"LangSmith metadata, not its project",
			map[string]any{
				"langsmith.trace.session_name": "project", "langsmith.trace.session_id": "uuid",
				"langsmith.metadata.sessionId": "c7",
			},
			genai.Call{SessionID: "c7"},
		},
		{
			"Mastra",
			map[string]any{"mastra.metadata.threadId": "c8", "mastra.metadata.resourceId": "u8"},
			genai.Call{SessionID: "c8", UserID: "u8"},
		},
		{
			"metadata as JSON, nested values left alone",
			map[string]any{"metadata": `{"x":{"session_id":"no"},"thread_id":"c9","user_id":17,"agent_name":"a9","agent_version":4}`},
			genai.Call{SessionID: "c9", UserID: "17", AgentName: "a9", AgentVersion: "4"},
		},
		{
			"Langfuse metadata as JSON",
			map[string]any{"langfuse.observation.metadata": `{"sessionId":"c10"}`},
			genai.Call{SessionID: "c10"},
		},
		{
			"two segments below metadata",
			map[string]any{"metadata.session.id": "c11", "litellm.metadata.user.id": "u11"},
			genai.Call{SessionID: "c11", UserID: "u11"},
		},
		{
			"what says nothing does not count",
			map[string]any{"gen_ai.conversation.id": "None", "session.id": "", "metadata.session_id": "c12"},
			genai.Call{SessionID: "c12"},
		},
		{
			"ids of other things",
			map[string]any{"agent_version": "x", "db.session_id": "x", "http.user_id": "x", "thread.id": 7, "tool.user_id": "x"},
			genai.Call{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			span := ptrace.NewSpan()
			require.NoError(t, span.Attributes().FromRaw(c.attributes))
			span.Attributes().PutStr("gen_ai.operation.name", "chat")
			call, ok := NewReader(nil).Read(pcommon.NewResource(), pcommon.NewInstrumentationScope(), span)
			require.True(t, ok)
			require.Equal(t, c.want, genai.Call{
				SessionID: call.SessionID, UserID: call.UserID, AgentName: call.AgentName,
				AgentVersion: call.AgentVersion, PromptName: call.PromptName, PromptVersion: call.PromptVersion,
			})
		})
	}
}
