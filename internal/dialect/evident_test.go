package dialect

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInitialsCoverEvidence checks that mayTell leaves out no name that can show a GenAI span, and most others.
func TestInitialsCoverEvidence(t *testing.T) {
	names := []string{
		"db.system", "db.system.name", "span.type", "vercel.ai.x", "qwen-code.x", "weave.span.kind", "crew_key",
		"crewai_version", "codex.turn.x", "openclaw.model", "confident.llm.x", "honeyhive_inputs.x", "lmnr.span.type",
		"agent_framework.x", "all_messages_events", "model_request_parameters", "genkit:x", "gcp.vertex.agent.x",
		"langwatch.span.type", "braintrust.input", "ag.data.x", "pydantic_ai.x", "spring.ai.x", "db.vector.x",
		"retrieval.documents.0.document.content", "traceloop.x", "haystack.x", "mlflow.x", "mcp.x", "lk.x", "ai.model.x",
	}
	for i := range keyTable {
		if keyTable[i].key != 0 {
			names = append(names, keyTable[i].name)
		}
	}
	seen := 0
	for _, name := range names {
		if evident(name) {
			seen++
			require.True(t, mayTell(name), name)
		}
	}
	require.Greater(t, seen, 300)
	for _, name := range []string{"db.system", "db.system.name", "span.type"} {
		require.True(t, mayTell(name), name)
	}
	for _, name := range []string{"http.route", "url.path", "server.port", "thread.id", "app.tenant", "lo", ""} {
		require.False(t, mayTell(name), name)
	}
}
