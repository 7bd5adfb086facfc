package provider

import "strings"

// Canonical provider names, as for gen_ai.provider.name in the OpenTelemetry GenAI conventions. A provider that the
// conventions do not list keeps the name from the span.
const (
	OpenAI         = "openai"
	Anthropic      = "anthropic"
	Bedrock        = "aws.bedrock"
	AzureOpenAI    = "azure.ai.openai"
	AzureInference = "azure.ai.inference"
	Gemini         = "gcp.gemini"
	VertexAI       = "gcp.vertex_ai"
	GoogleGenAI    = "gcp.gen_ai"
	Cohere         = "cohere"
	Mistral        = "mistral_ai"
	Groq           = "groq"
	DeepSeek       = "deepseek"
	XAI            = "x_ai"
	Perplexity     = "perplexity"
	Watsonx        = "ibm.watsonx.ai"
	Moonshot       = "moonshot_ai"
)

// framework is the value in names for a framework: its name does not identify the provider.
const framework = ""

// names maps spellings, folded by foldName, to canonical names. "" marks a framework, an SDK or a gateway in place of a
// provider.
var names = map[string]string{
	"openai": OpenAI, "open_ai": OpenAI, "api_openai_com": OpenAI, "chatopenai": OpenAI, "openai_chat": OpenAI,
	"openai_responses": OpenAI, "openai_completion": OpenAI, "openai_embedding": OpenAI, "openai_compatible": OpenAI,
	"openai_chat_completions": OpenAI, "openai_native": OpenAI, "chatgpt": OpenAI,

	"anthropic": Anthropic, "claude": Anthropic, "chatanthropic": Anthropic, "api_anthropic_com": Anthropic,
	"anthropic_messages": Anthropic, "claude_code": Anthropic, "claude_platform": Anthropic,

	"aws_bedrock": Bedrock, "bedrock": Bedrock, "aws": Bedrock, "amazon_bedrock": Bedrock, "amazon": Bedrock,
	"bedrock_converse": Bedrock, "amazon_bedrock_converse": Bedrock, "aws_bedrock_converse": Bedrock,
	"bedrock_runtime": Bedrock, "chatbedrock": Bedrock, "chatbedrockconverse": Bedrock, "bedrock_anthropic": Bedrock,

	"azure_ai_openai": AzureOpenAI, "az_ai_openai": AzureOpenAI, "azure_openai": AzureOpenAI,
	"azureopenai": AzureOpenAI,
	"azure":       AzureOpenAI, "azure_openai_chat": AzureOpenAI, "azure_openai_responses": AzureOpenAI,
	"azurechatopenai": AzureOpenAI, "azure_chat": AzureOpenAI,
	"azure_ai_inference": AzureInference, "az_ai_inference": AzureInference, "azure_ai": AzureInference,
	"azure_ai_foundry": AzureInference, "az_ai_agents": AzureInference, "azure_ai_agents": AzureInference,

	"gcp_gemini": Gemini, "gemini": Gemini, "google_ai_studio": Gemini, "google_generative_ai": Gemini,
	"google_gla":    Gemini,
	"google_gemini": Gemini, "googleai": Gemini, "google_ai": Gemini, "google": Gemini,
	"chatgooglegenerativeai": Gemini,
	"google_genai":           Gemini, "generativelanguage_googleapis_com": Gemini,
	"gcp_vertex_ai": VertexAI, "vertex_ai": VertexAI, "vertexai": VertexAI, "vertex": VertexAI,
	"google_vertex":    VertexAI,
	"google_vertex_ai": VertexAI, "google_vertex_chat": VertexAI, "google_vertexai": VertexAI,
	"vertex_ai_beta": VertexAI,
	"chatvertexai":   VertexAI, "google_vertex_anthropic": VertexAI,
	"gcp_gen_ai": GoogleGenAI, "gcp_genai": GoogleGenAI,

	"cohere": Cohere, "cohere_ai": Cohere, "chatcohere": Cohere, "cohere_chat": Cohere,
	"mistral_ai": Mistral, "mistral": Mistral, "mistralai": Mistral, "chatmistralai": Mistral, "mistral_chat": Mistral,
	"groq": Groq, "chatgroq": Groq, "groq_chat": Groq,
	"deepseek": DeepSeek, "deep_seek": DeepSeek, "deepseek_chat": DeepSeek,
	"x_ai": XAI, "xai": XAI, "grok": XAI, "xai_chat": XAI,
	"perplexity": Perplexity, "perplexity_ai": Perplexity, "pplx": Perplexity,
	"ibm_watsonx_ai": Watsonx, "watsonx": Watsonx, "watsonx_ai": Watsonx, "ibm": Watsonx, "ibm_watsonx": Watsonx,
	"moonshot_ai": Moonshot, "moonshot": Moonshot, "moonshotai": Moonshot, "kimi": Moonshot,

	"together": "together_ai", "together_ai": "together_ai", "togetherai": "together_ai",
	"fireworks": "fireworks_ai", "fireworks_ai": "fireworks_ai",
	"ollama": "ollama", "ollama_chat": "ollama", "replicate": "replicate", "cerebras": "cerebras",
	"huggingface": "hugging_face", "hugging_face": "hugging_face",

	"strands_agents": framework, "strands": framework, "gcp_vertex_agent": framework,
	"langchain": framework, "langgraph": framework, "microsoft_agent_framework": framework,
	"agent_framework": framework, "semantic_kernel": framework, "crewai": framework,
	"llamaindex": framework, "llama_index": framework, "haystack": framework,
	"autogen": framework, "dspy": framework, "litellm": framework, "pydantic_ai": framework,
	"openai_agents": framework, "google_adk": framework, "mastra": framework, "agno": framework,
	"smolagents": framework, "livekit": framework, "genkit": framework, "spring_ai": framework,
	"vercel": framework, "gateway": framework, "function": framework,
}

// Name is the canonical name for a span's spelling of a provider ("OpenAI", "openai.chat", "amazon-bedrock", …), "" for
// "". isFramework means that the name is a framework, an SDK or a gateway: the canonical name is then "". Name returns
// unknown names unchanged.
func Name(raw string) (canonical string, isFramework bool) {
	switch raw { // already canonical
	case "":
		return "", false
	case OpenAI, Anthropic, Bedrock, AzureOpenAI, Gemini, VertexAI, Cohere, Mistral, Groq, DeepSeek:
		return raw, false
	}
	folded := foldName(raw)
	for key := folded; ; {
		if c, ok := names[key]; ok {
			return c, c == ""
		}
		// "openai.chat", "google.vertex.chat", "groq.chat": the words after the provider name an API.
		i := strings.LastIndexByte(key, '_')
		if i < 0 {
			return strings.TrimSpace(raw), false
		}
		key = key[:i]
	}
}

var nameFolder = strings.NewReplacer(".", "_", "-", "_", " ", "_", "/", "_")

func foldName(raw string) string {
	return nameFolder.Replace(strings.ToLower(strings.TrimSpace(raw)))
}
