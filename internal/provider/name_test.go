package provider

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestName(t *testing.T) {
	for raw, want := range map[string]string{
		"": "", "openai": "openai", "OpenAI": "openai", "openai.chat": "openai", "openai.responses": "openai",
		"Anthropic": "anthropic", "anthropic.messages": "anthropic",
		"AWS": "aws.bedrock", "amazon-bedrock": "aws.bedrock", "aws.bedrock": "aws.bedrock",
		"bedrock_converse": "aws.bedrock",
		"az.ai.openai":     "azure.ai.openai", "Azure": "azure.ai.openai", "azure-openai.chat": "azure.ai.openai",
		"az.ai.inference": "azure.ai.inference",
		"gemini":          "gcp.gemini", "google.generative-ai": "gcp.gemini", "vertex_ai": "gcp.vertex_ai",
		"google.vertex.chat": "gcp.vertex_ai",
		"MistralAI":          "mistral_ai", "mistral.chat": "mistral_ai", "xai": "x_ai", "moonshotai": "moonshot_ai",
		"watsonx":     "ibm.watsonx.ai",
		"Acme.Models": "Acme.Models",
	} {
		got, framework := Name(raw)
		require.Equal(t, want, got, "raw %q", raw)
		require.False(t, framework, "raw %q", raw)
	}
	for _, raw := range []string{
		"strands-agents", "gcp.vertex.agent", "langchain", "microsoft.agent_framework",
		"LiteLLM",
	} {
		got, framework := Name(raw)
		require.Empty(t, got, "raw %q", raw)
		require.True(t, framework, "raw %q", raw)
	}
}

func TestNameOfCanonicalNamesDoesNotAllocate(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { Name("openai"); Name("anthropic") }))
}
