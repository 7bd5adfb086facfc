package pipeline

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
)

// answer is one answer of a provider: its tokens as they are billed, and what it costs, worked out by hand from the
// provider's list price. Prices are dollars for a million tokens.
type answer struct {
	tokens string
	usd    float64
}

var (
	// gpt-5: input 1.25, cached 0.125, output 10. 3000 × 1.25 + 2000 × 0.125 + (400 + 300) × 10 = 3750 + 250 + 7000.
	openAI = answer{`{"uncached_input":3000,"cache_read":2000,"output":400,"reasoning":300}`, 0.011}
	// claude-sonnet-4-5: input 3, read 0.3, written 3.75, output 15. 3000 × 3 + 2000 × 0.3 + 500 × 3.75 + 200 × 15
	// = 9000 + 600 + 1875 + 3000. On Bedrock as a global model it costs the same.
	anthropic = answer{`{"uncached_input":3000,"cache_read":2000,"cache_write":500,"output":200}`, 0.014475}
	// gemini-2.5-flash: input 0.3, cached 0.03, output 2.5. 3000 × 0.3 + 2000 × 0.03 + (400 + 300) × 2.5
	// = 900 + 60 + 1750.
	gemini = answer{`{"uncached_input":3000,"cache_read":2000,"output":400,"reasoning":300}`, 0.00271}
	// grok-4.3: input 1.25, cached 0.2, output 2.5. 3000 × 1.25 + 2000 × 0.2 + (400 + 300) × 2.5 = 3750 + 400 + 1750.
	xAI = answer{`{"uncached_input":3000,"cache_read":2000,"output":400,"reasoning":300}`, 0.0059}
	// deepseek-chat by day: input 0.27, cached 0.07, output 1.1. 3000 × 0.27 + 2000 × 0.07 + 700 × 1.1 = 810 + 140 + 770.
	deepSeek = answer{`{"uncached_input":3000,"cache_read":2000,"output":400,"reasoning":300}`, 0.00172}
	// codestral-2508: input 0.3, cached 0.03, output 0.9. 3000 × 0.3 + 2000 × 0.03 + 200 × 0.9 = 900 + 60 + 180.
	mistral = answer{`{"uncached_input":3000,"cache_read":2000,"output":200}`, 0.00114}
	// command-r-plus: input 2.5, output 10. 5000 × 2.5 + 200 × 10 = 12500 + 2000.
	cohere = answer{`{"uncached_input":5000,"output":200}`, 0.0145}
	// llama-3.3-70b-versatile: input 0.59, output 0.79. 5000 × 0.59 + 200 × 0.79 = 2950 + 158.
	groq = answer{`{"uncached_input":5000,"output":200}`, 0.003108}
	// o1 on Azure: input 15, cached 7.5, output 60. 3000 × 15 + 2000 × 7.5 + 700 × 60 = 45000 + 15000 + 42000.
	azure = answer{`{"uncached_input":3000,"cache_read":2000,"output":400,"reasoning":300}`, 0.102}
	// gpt-realtime: text 4, cached 0.4, sound 32, answers 16, in sound 64. Of 1240 tokens 200 are cached and 1000 are
	// sound, of 820 answered 700: 40 × 4 + 1000 × 32 + 200 × 0.4 + 120 × 16 + 700 × 64 = 160 + 32000 + 80 + 1920 + 44800.
	voice = answer{`{"uncached_input":1040,"cache_read":200,"output":820,"input_audio":1000,"output_audio":700}`, 0.07896}
	// The same with 150 of the 200 cached ones in sound: 190 text, 850 sound, cached text and sound both 0.4.
	// 190 × 4 + 850 × 32 + 200 × 0.4 + 120 × 16 + 700 × 64 = 760 + 27200 + 80 + 1920 + 44800.
	cachedVoice = answer{
		`{"uncached_input":1040,"cache_read":200,"output":820,"input_audio":850,"cache_read_audio":150,"output_audio":700}`,
		0.07476,
	}
	// gemini-2.5-flash on sound: text 0.3, sound 1, cached text 0.03, cached sound 0.1, output 2.5.
	// 100 × 0.3 + 900 × 1 + 300 × 0.03 + 200 × 0.1 + 40 × 2.5 = 30 + 900 + 9 + 20 + 100.
	geminiVoice = answer{
		`{"uncached_input":1000,"cache_read":500,"output":40,"input_audio":900,"cache_read_audio":200}`, 0.001059,
	}
)

type attributes = map[string]any

// written is one call as an emitter writes it.
type written struct {
	emitter, provider string
	scope, span       string
	attributes        attributes
	want              answer
}

// from returns the attributes of a chat by the conventions.
func from(provider, model string, more attributes) attributes {
	more["gen_ai.operation.name"], more["gen_ai.provider.name"], more["gen_ai.request.model"] = "chat", provider, model
	return more
}

const (
	claude        = "claude-sonnet-4-5"
	bedrockClaude = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
)

var byEmitter = []written{
	{"conventions", "OpenAI", "app", "chat", from("openai", "gpt-5", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.reasoning.output_tokens": 300,
	}), openAI},
	{"conventions", "Anthropic", "app", "chat", from("anthropic", claude, attributes{
		"gen_ai.usage.input_tokens": 5500, "gen_ai.usage.output_tokens": 200,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.cache_write.input_tokens": 500,
	}), anthropic},
	{"conventions", "Gemini", "app", "chat", from("gcp.gemini", "gemini-2.5-flash", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.reasoning.output_tokens": 300,
	}), gemini},
	{"conventions", "voice", "app", "chat", from("openai", "gpt-realtime", attributes{
		"gen_ai.usage.input_tokens": 1240, "gen_ai.usage.output_tokens": 820,
		"gen_ai.usage.cache_read.input_tokens": 200, "gen_ai.usage.audio.cache_read.input_tokens": 150,
		"gen_ai.usage.audio.input_tokens": 1000, "gen_ai.usage.audio.output_tokens": 700,
	}), cachedVoice},
	{"conventions, strings", "OpenAI", "Experimental.Microsoft.Extensions.AI", "chat", from("openai", "gpt-5", attributes{
		"gen_ai.usage.input_tokens": "5000", "gen_ai.usage.output_tokens": "700",
		"gen_ai.usage.cache_read.input_tokens": "2000", "gen_ai.usage.reasoning.output_tokens": "300",
	}), openAI},
	{"botocore", "Bedrock", "opentelemetry.instrumentation.botocore.bedrock-runtime", "chat", attributes{
		"gen_ai.operation.name": "chat", "gen_ai.system": "aws.bedrock", "gen_ai.request.model": bedrockClaude,
		"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 200,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.cache_creation.input_tokens": 500,
	}, anthropic},
	{"flattened details", "OpenAI", "app", "chat", from("openai", "gpt-5", attributes{
		"gen_ai.usage.prompt_tokens": 5000, "gen_ai.usage.completion_tokens": 700,
		"gen_ai.usage.prompt_tokens_details.cached_tokens":        2000,
		"gen_ai.usage.completion_tokens_details.reasoning_tokens": 300,
	}), openAI},
	{"flattened details", "DeepSeek", "app", "chat", from("deepseek", "deepseek-chat", attributes{
		"gen_ai.usage.prompt_tokens": 5000, "gen_ai.usage.completion_tokens": 700,
		"gen_ai.usage.prompt_cache_hit_tokens": 2000, "gen_ai.usage.prompt_cache_miss_tokens": 3000,
		"gen_ai.usage.completion_tokens_details.reasoning_tokens": 300,
	}), deepSeek},
	{"conventions", "Mistral", "app", "chat", from("mistral_ai", "codestral-2508", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.cached_tokens": 2000,
	}), mistral},
	{"conventions", "Cohere", "app", "chat", from("cohere", "command-r-plus", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 200,
	}), cohere},
	{"conventions", "Groq", "app", "chat", from("groq", "llama-3.3-70b-versatile", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 200,
	}), groq},
	{"conventions", "Azure", "app", "chat", from("azure.ai.openai", "o1", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.reasoning.output_tokens": 300,
	}), azure},
	{"Codex, MLflow names", "OpenAI", "app", "chat", from("openai", "gpt-5", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700,
		"gen_ai.usage.cached_input_tokens": 2000, "gen_ai.usage.reasoning_output_tokens": 300,
	}), openAI},
	{"Sentry", "OpenAI", "@sentry/node", "chat", from("openai", "gpt-5", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700, "gen_ai.usage.total_tokens": 5700,
		"gen_ai.usage.input_tokens.cached": 2000, "gen_ai.usage.output_tokens.reasoning": 300,
	}), openAI},
	{"Sentry", "Anthropic", "@sentry/node", "chat", from("anthropic", claude, attributes{
		"gen_ai.usage.input_tokens": 5500, "gen_ai.usage.output_tokens": 200,
		"gen_ai.usage.input_tokens.cached": 2000, "gen_ai.usage.input_tokens.cache_write": 500,
	}), anthropic},
	{"LiveKit", "OpenAI", "livekit-agents", "llm_request", from("openai", "gpt-5", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700,
		"gen_ai.usage.input_cached_tokens": 2000, "gen_ai.usage.reasoning_tokens": 300,
	}), openAI},
	{"LiveKit", "voice", "livekit-agents", "llm_request", from("openai", "gpt-realtime", attributes{
		"gen_ai.usage.input_tokens": 1240, "gen_ai.usage.output_tokens": 820, "gen_ai.usage.input_cached_tokens": 200,
		"gen_ai.usage.input_audio_tokens": 1000, "gen_ai.usage.output_audio_tokens": 700,
		"gen_ai.usage.input_text_tokens": 240, "gen_ai.usage.output_text_tokens": 120,
	}), voice},
	{"LiteLLM", "Anthropic", "litellm", "litellm_request", from("anthropic", claude, attributes{
		"gen_ai.usage.input_tokens": 5500, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.total_tokens": 5700,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.cache_creation_input_tokens": 500,
	}), anthropic},
	{"LiteLLM, one reported as 0", "OpenAI", "litellm", "litellm_request", from("openai", "gpt-5", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700, "gen_ai.cost.total_cost": 0.0,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.reasoning_tokens": 300,
	}), openAI},

	{"OpenLLMetry", "OpenAI", "opentelemetry.instrumentation.openai.v1", "openai.chat", attributes{
		"gen_ai.system": "OpenAI", "llm.request.type": "chat", "gen_ai.request.model": "gpt-5",
		"gen_ai.usage.prompt_tokens": 5000, "gen_ai.usage.completion_tokens": 700, "llm.usage.total_tokens": 5700,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.reasoning_tokens": 300,
	}, openAI},
	{"OpenLLMetry", "Anthropic", "opentelemetry.instrumentation.anthropic", "anthropic.chat", attributes{
		"gen_ai.system": "Anthropic", "llm.request.type": "chat", "gen_ai.request.model": claude,
		"gen_ai.usage.prompt_tokens": 5500, "gen_ai.usage.completion_tokens": 200, "llm.usage.total_tokens": 5700,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.cache_creation_input_tokens": 500,
	}, anthropic},
	{"OpenLLMetry", "Bedrock", "opentelemetry.instrumentation.bedrock", "bedrock.converse", attributes{
		"gen_ai.system": "AWS", "llm.request.type": "chat", "gen_ai.request.model": bedrockClaude,
		"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.total_tokens": 3200,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.cache_creation_input_tokens": 500,
	}, anthropic},
	{"OpenLLMetry", "xAI", "opentelemetry.instrumentation.openai.v1", "openai.chat", attributes{
		"gen_ai.system": "xai", "llm.request.type": "chat", "gen_ai.request.model": "grok-4.3",
		"gen_ai.usage.prompt_tokens": 5000, "gen_ai.usage.completion_tokens": 400, "llm.usage.total_tokens": 5700,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.reasoning_tokens": 300,
	}, xAI},
	{"OpenLLMetry for JavaScript", "Anthropic", "@traceloop/instrumentation-anthropic", "chat", attributes{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": claude,
		"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.total_tokens": 3200,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.cache_creation.input_tokens": 500,
	}, anthropic},

	{"OpenInference", "OpenAI", "openinference.instrumentation.openai", "ChatCompletion", attributes{
		"openinference.span.kind": "LLM", "llm.model_name": "gpt-5", "llm.provider": "openai",
		"llm.token_count.prompt": 5000, "llm.token_count.completion": 700, "llm.token_count.total": 5700,
		"llm.token_count.prompt_details.cache_read": 2000, "llm.token_count.completion_details.reasoning": 300,
	}, openAI},
	{"OpenInference", "OpenAI, cache_input", "openinference.instrumentation.openai", "ChatCompletion", attributes{
		"openinference.span.kind": "LLM", "llm.model_name": "gpt-5", "llm.provider": "openai",
		"llm.token_count.prompt": 5000, "llm.token_count.completion": 700,
		"llm.token_count.prompt_details.cache_input": 2000, "llm.token_count.completion_details.reasoning": 300,
	}, openAI},
	{"OpenInference", "voice", "openinference.instrumentation.openai", "ChatCompletion", attributes{
		"openinference.span.kind": "LLM", "llm.model_name": "gpt-realtime", "llm.provider": "openai",
		"llm.token_count.prompt": 1240, "llm.token_count.completion": 820,
		"llm.token_count.prompt_details.cache_read": 200, "llm.token_count.prompt_details.audio": 1000,
		"llm.token_count.completion_details.audio": 700,
	}, voice},
	{"OpenInference", "Anthropic", "openinference.instrumentation.anthropic", "Messages", attributes{
		"openinference.span.kind": "LLM", "llm.model_name": claude, "llm.provider": "anthropic",
		"llm.token_count.prompt": 5500, "llm.token_count.completion": 200,
		"llm.token_count.prompt_details.cache_read": 2000, "llm.token_count.prompt_details.cache_write": 500,
	}, anthropic},
	{"OpenInference, LangChain", "Bedrock", "openinference.instrumentation.langchain", "ChatBedrock", attributes{
		"openinference.span.kind": "LLM", "llm.model_name": bedrockClaude, "llm.provider": "amazon_bedrock",
		"llm.token_count.prompt": 3000, "llm.token_count.completion": 200, "llm.token_count.total": 5700,
		"llm.token_count.prompt_details.cache_read": 2000, "llm.token_count.prompt_details.cache_write": 500,
	}, anthropic},
	{"OpenInference", "Gemini", "openinference.instrumentation.google_genai", "GenerateContent", attributes{
		"openinference.span.kind": "LLM", "llm.model_name": "gemini-2.5-flash", "llm.provider": "google",
		"llm.token_count.prompt": 5000, "llm.token_count.completion": 400, "llm.token_count.total": 5700,
		"llm.token_count.prompt_details.cache_read": 2000, "llm.token_count.completion_details.reasoning": 300,
	}, gemini},

	{"OpenLIT", "OpenAI", "openlit.otel.tracing", "chat", from("openai", "gpt-5", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700, "gen_ai.usage.cost": 0,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.reasoning_tokens": 300,
	}), openAI},
	{"OpenLIT", "Anthropic", "openlit.otel.tracing", "chat", from("anthropic", claude, attributes{
		"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 200, "gen_ai.client.token.usage": 3200,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.cache_creation.input_tokens": 500,
	}), anthropic},
	{"OpenLIT", "Bedrock", "openlit.otel.tracing", "chat", from("aws.bedrock", bedrockClaude, attributes{
		"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 200,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.cache_creation.input_tokens": 500,
	}), anthropic},
	{"OpenLIT", "Gemini", "openlit.otel.tracing", "chat", from("gcp.gemini", "gemini-2.5-flash", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 400,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.reasoning_tokens": 300,
	}), gemini},

	{"AI SDK 5", "OpenAI", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "openai.responses", "ai.model.id": "gpt-5",
		"ai.usage.inputTokens": 5000, "ai.usage.outputTokens": 700, "ai.usage.totalTokens": 5700,
		"ai.usage.cachedInputTokens": 2000, "ai.usage.reasoningTokens": 300,
	}, openAI},
	{"AI SDK 5", "Anthropic", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic.messages", "ai.model.id": claude,
		"ai.usage.inputTokens": 3000, "ai.usage.outputTokens": 200, "ai.usage.totalTokens": 3200,
		"ai.usage.cachedInputTokens":   2000,
		"ai.response.providerMetadata": `{"anthropic":{"usage":{"cache_creation_input_tokens":500}}}`,
	}, anthropic},
	{"AI SDK 5", "Bedrock", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "amazon-bedrock", "ai.model.id": bedrockClaude,
		"ai.usage.inputTokens": 3000, "ai.usage.outputTokens": 200, "ai.usage.cachedInputTokens": 2000,
		"ai.response.providerMetadata": `{"bedrock":{"usage":{"cacheWriteInputTokens":500}}}`,
	}, anthropic},
	{"AI SDK 5", "Anthropic on Vertex", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "vertex.anthropic.messages",
		"ai.model.id": "claude-sonnet-4-5@20250929", "ai.usage.inputTokens": 3000, "ai.usage.outputTokens": 200,
		"ai.usage.cachedInputTokens":   2000,
		"ai.response.providerMetadata": `{"anthropic":{"cacheCreationInputTokens":500}}`,
	}, anthropic},
	{"AI SDK 5", "a gateway to Anthropic", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "gateway",
		"ai.model.id": "anthropic/claude-sonnet-4-5", "ai.usage.inputTokens": 3000, "ai.usage.outputTokens": 200,
		"ai.usage.cachedInputTokens":   2000,
		"ai.response.providerMetadata": `{"anthropic":{"cacheCreationInputTokens":500}}`,
	}, anthropic},
	{"AI SDK 5", "Gemini", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "google.generative-ai",
		"ai.model.id": "gemini-2.5-flash", "ai.usage.inputTokens": 5000, "ai.usage.outputTokens": 400,
		"ai.usage.totalTokens": 5700, "ai.usage.cachedInputTokens": 2000, "ai.usage.reasoningTokens": 300,
	}, gemini},
	{"AI SDK 5", "xAI", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "xai.chat", "ai.model.id": "grok-4.3",
		"ai.usage.inputTokens": 5000, "ai.usage.outputTokens": 400, "ai.usage.totalTokens": 5400,
		"ai.usage.cachedInputTokens": 2000, "ai.usage.reasoningTokens": 300,
	}, xAI},
	{"AI SDK 6", "Anthropic", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic.messages", "ai.model.id": claude,
		"ai.usage.inputTokens": 5500, "ai.usage.outputTokens": 200, "ai.usage.totalTokens": 5700,
		"ai.usage.cachedInputTokens": 2000, "ai.usage.inputTokenDetails.noCacheTokens": 3000,
		"ai.usage.inputTokenDetails.cacheReadTokens": 2000, "ai.usage.inputTokenDetails.cacheWriteTokens": 500,
	}, anthropic},
	{"AI SDK 6", "Gemini", "ai", "ai.generateText.doGenerate", attributes{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "google.generative-ai",
		"ai.model.id": "gemini-2.5-flash", "ai.usage.inputTokens": 5000, "ai.usage.outputTokens": 700,
		"ai.usage.inputTokenDetails.noCacheTokens": 3000, "ai.usage.inputTokenDetails.cacheReadTokens": 2000,
		"ai.usage.outputTokenDetails.textTokens": 400, "ai.usage.outputTokenDetails.reasoningTokens": 300,
	}, gemini},

	{"Langfuse, flat keys", "OpenAI", "langfuse-sdk", "gpt", attributes{
		"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-5",
		"langfuse.observation.usage_details": `{"input":3000,"input_cached_tokens":2000,"output":400,"output_reasoning_tokens":300,"total":5700}`,
	}, openAI},
	{"Langfuse, flat keys", "Anthropic", "langfuse-sdk", "claude", attributes{
		"langfuse.observation.type": "generation", "langfuse.observation.model.name": claude,
		"langfuse.observation.usage_details": `{"input":3000,"output":200,"cache_read_input_tokens":2000,"cache_creation_input_tokens":500}`,
	}, anthropic},
	{"Langfuse, flat keys", "Anthropic, two caches", "langfuse-sdk", "claude", attributes{
		"langfuse.observation.type": "generation", "langfuse.observation.model.name": claude,
		"langfuse.observation.usage_details": `{"input":2900,"input_tools":100,"output":200,"input_cache_read":2000,"input_cache_creation_5m":300,"input_cache_creation_1h":200}`,
	}, anthropic},
	{"Langfuse, flat keys", "voice", "langfuse-sdk", "voice", attributes{
		"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-realtime",
		"langfuse.observation.usage_details": `{"input":40,"input_audio_tokens":1000,"input_cached_tokens":200,"output":120,"output_audio_tokens":700}`,
	}, voice},
	{"Langfuse, OpenAI schema", "OpenAI", "langfuse-sdk", "gpt", attributes{
		"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-5",
		"langfuse.observation.usage_details": `{"prompt_tokens":5000,"completion_tokens":700,"total_tokens":5700,` +
			`"prompt_tokens_details":{"cached_tokens":2000,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":300}}`,
	}, openAI},
	{"Langfuse, Responses schema", "OpenAI", "langfuse-sdk", "gpt", attributes{
		"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-5",
		"langfuse.observation.usage_details": `{"input_tokens":5000,"output_tokens":700,"total_tokens":5700,` +
			`"input_tokens_details":{"cached_tokens":2000},"output_tokens_details":{"reasoning_tokens":300}}`,
	}, openAI},

	{"LangSmith", "Anthropic", "langsmith", "ChatAnthropic", attributes{
		"langsmith.span.kind": "llm", "langsmith.metadata.ls_provider": "anthropic", "gen_ai.request.model": claude,
		"gen_ai.usage.input_tokens": 5500, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.total_tokens": 5700,
		"gen_ai.usage.input_token_details": `{"cache_read":2000,"cache_creation":0,"ephemeral_5m_input_tokens":500}`,
	}, anthropic},
	{"LangSmith", "OpenAI", "langsmith", "ChatOpenAI", attributes{
		"langsmith.span.kind": "llm", "langsmith.metadata.ls_provider": "openai", "gen_ai.request.model": "gpt-5",
		"langsmith.usage_metadata": `{"input_tokens":5000,"output_tokens":700,"total_tokens":5700,` +
			`"input_token_details":{"cache_read":2000},"output_token_details":{"reasoning":300}}`,
	}, openAI},
	{"LangSmith", "voice", "langsmith", "ChatOpenAI", attributes{
		"langsmith.span.kind": "llm", "langsmith.metadata.ls_provider": "openai", "gen_ai.request.model": "gpt-realtime",
		"gen_ai.usage.input_tokens": 1240, "gen_ai.usage.output_tokens": 820,
		"gen_ai.usage.input_token_details": `{"audio":1000,"cache_read":200}`, "gen_ai.usage.output_token_details": `{"audio":700}`,
	}, voice},

	{"Pydantic AI", "OpenAI", "pydantic-ai", "chat gpt-5", from("openai", "gpt-5", attributes{
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700,
		"gen_ai.usage.details.cache_read_tokens": 2000, "gen_ai.usage.details.reasoning_tokens": 300,
	}), openAI},
	{"Pydantic AI", "Anthropic", "pydantic-ai", "chat claude", from("anthropic", claude, attributes{
		"gen_ai.usage.input_tokens": 5500, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.details.input_tokens": 3000,
		"gen_ai.usage.details.cache_read_input_tokens": 2000, "gen_ai.usage.details.cache_creation_input_tokens": 500,
	}), anthropic},
	{"Pydantic AI", "Gemini on sound", "pydantic-ai", "chat gemini", from("google-gla", "gemini-2.5-flash", attributes{
		"gen_ai.usage.input_tokens": 1500, "gen_ai.usage.output_tokens": 40,
		"gen_ai.usage.details.cached_content_tokens": 500, "gen_ai.usage.details.audio_prompt_tokens": 1100,
		"gen_ai.usage.details.audio_cache_tokens": 200,
	}), geminiVoice},
	{"Logfire before its release of April 2026", "Anthropic", "logfire.anthropic", "Message", attributes{
		"gen_ai.operation.name": "chat", "gen_ai.system": "anthropic", "gen_ai.request.model": claude, "request_data": "{}",
		"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 200,
		"gen_ai.usage.raw": `{"input_tokens":3000,"output_tokens":200,"cache_read_input_tokens":2000,"cache_creation_input_tokens":500}`,
	}, anthropic},
	{"Logfire", "Anthropic", "logfire.anthropic", "Message", attributes{
		"gen_ai.operation.name": "chat", "gen_ai.system": "anthropic", "gen_ai.request.model": claude, "request_data": "{}",
		"gen_ai.usage.input_tokens": 5500, "gen_ai.usage.output_tokens": 200,
		"gen_ai.usage.raw": `{"input_tokens":3000,"output_tokens":200,"cache_read_input_tokens":2000,"cache_creation_input_tokens":500}`,
	}, anthropic},

	{"Google ADK 2.3", "Gemini", "gcp.vertex.agent", "call_llm", attributes{
		"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash",
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 700,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.reasoning.output_tokens": 300,
	}, gemini},
	{"Google ADK 2.2", "Gemini", "gcp.vertex.agent", "call_llm", attributes{
		"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash",
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 400,
		"gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.experimental.reasoning_tokens": 300,
	}, gemini},
	{"Google ADK 1", "Gemini", "gcp.vertex.agent", "call_llm", attributes{
		"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash",
		"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 400,
		"gcp.vertex.agent.llm_response": `{"usage_metadata":{"prompt_token_count":5000,"candidates_token_count":400,` +
			`"thoughts_token_count":300,"cached_content_token_count":2000}}`,
	}, gemini},
	{"Google ADK", "Gemini on sound", "gcp.vertex.agent", "call_llm", attributes{
		"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash",
		"gcp.vertex.agent.llm_response": `{"usageMetadata":{"promptTokenCount":1500,"candidatesTokenCount":40,` +
			`"cachedContentTokenCount":500,"promptTokensDetails":[{"modality":"TEXT","tokenCount":400},` +
			`{"modality":"AUDIO","tokenCount":1100}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":200}]}}`,
	}, geminiVoice},

	{"Strands Agents", "Bedrock", "strands.telemetry.tracer", "chat", from("strands-agents", bedrockClaude, attributes{
		"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.total_tokens": 5700,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.cache_write_input_tokens": 500,
	}), anthropic},
	{"Strands, sums", "Bedrock", "strands.telemetry.tracer", "chat", from("strands-agents", bedrockClaude, attributes{
		"gen_ai.usage.input_tokens": 5500, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.total_tokens": 5700,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.cache_write_input_tokens": 500,
	}), anthropic},
	{"Strands Agents", "Anthropic", "strands.telemetry.tracer", "chat", from("strands-agents", claude, attributes{
		"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.total_tokens": 3200,
		"gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.cache_write_input_tokens": 500,
	}), anthropic},

	{"Genkit", "Gemini", "genkit-tracer", "gemini-2.5-flash", attributes{
		"genkit:type": "action", "genkit:metadata:subtype": "model", "genkit:name": "googleai/gemini-2.5-flash",
		"genkit:output": `{"usage":{"inputTokens":5000,"outputTokens":400,"totalTokens":5700,"thoughtsTokens":300,"cachedContentTokens":2000}}`,
	}, gemini},
	{"Genkit", "Anthropic", "genkit-tracer", claude, attributes{
		"genkit:type": "action", "genkit:metadata:subtype": "model", "genkit:name": "anthropic/claude-sonnet-4-5",
		"genkit:output": `{"usage":{"inputTokens":3000,"outputTokens":200,"custom":{"cache_creation_input_tokens":500,"cache_read_input_tokens":2000}}}`,
	}, anthropic},
	{"Haystack", "OpenAI", "haystack", "haystack.component.run", attributes{
		"haystack.component.type": "OpenAIChatGenerator",
		"haystack.component.output": `{"replies":[{"meta":{"model":"gpt-5","usage":{"prompt_tokens":5000,"completion_tokens":700,` +
			`"prompt_tokens_details":{"cached_tokens":2000},"completion_tokens_details":{"reasoning_tokens":300}}}}]}`,
	}, openAI},
	{"Haystack", "Anthropic", "haystack", "haystack.component.run", attributes{
		"haystack.component.type": "AnthropicChatGenerator",
		"haystack.component.output": `{"replies":[{"meta":{"model":"claude-sonnet-4-5","usage":{"prompt_tokens":3000,` +
			`"completion_tokens":200,"cache_read_input_tokens":2000,"cache_creation_input_tokens":500}}}]}`,
	}, anthropic},
	{"MLflow", "OpenAI", "mlflow", "Completions", attributes{
		"mlflow.spanType": `"CHAT_MODEL"`, "mlflow.llm.provider": `"openai"`, "mlflow.llm.model": `"gpt-5"`,
		"mlflow.chat.tokenUsage": `{"input_tokens":5000,"output_tokens":700,"cached_input_tokens":2000,"reasoning_tokens":300}`,
	}, openAI},
	{"MLflow", "Anthropic", "mlflow", "Messages.create", attributes{
		"mlflow.spanType": `"CHAT_MODEL"`, "mlflow.llm.provider": `"anthropic"`, "mlflow.llm.model": `"claude-sonnet-4-5"`,
		"mlflow.message.format":  `"anthropic"`,
		"mlflow.chat.tokenUsage": `{"input_tokens":3000,"output_tokens":200,"total_tokens":3200,"cache_read_input_tokens":2000,"cache_creation_input_tokens":500}`,
	}, anthropic},
	{"MLflow over LiteLLM", "Anthropic", "mlflow", "litellm-completion", attributes{
		"mlflow.spanType": `"LLM"`, "mlflow.llm.provider": `"anthropic"`, "mlflow.llm.model": `"claude-sonnet-4-5"`,
		"mlflow.chat.tokenUsage": `{"input_tokens":5500,"output_tokens":200,"cache_read_input_tokens":2000,"cache_creation_input_tokens":500}`,
	}, anthropic},
	{"Claude Code", "Anthropic", "com.anthropic.claude_code.tracing", "claude_code.llm_request", attributes{
		"span.type": "llm_request", "model": claude, "input_tokens": 3000, "output_tokens": 200,
		"cache_read_tokens": 2000, "cache_creation_tokens": 500,
	}, anthropic},
}

func (w *written) traces(t *testing.T) (ptrace.Traces, ptrace.Span) {
	t.Helper()
	td := ptrace.NewTraces()
	scope := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	scope.Scope().SetName(w.scope)
	span := scope.Spans().AppendEmpty()
	span.SetName(w.span)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)))
	require.NoError(t, span.Attributes().FromRaw(w.attributes))
	return td, span
}

// TestEveryEmitterCountsAndCostsTheSame checks that the tokens and the cost of an answer do not depend on the emitter,
// and that a span that was processed already is read alike.
func TestEveryEmitterCountsAndCostsTheSame(t *testing.T) {
	s := NewScorer(score.NewSet(), ScorerOptions{Prices: price.Embedded()})
	for i := range byEmitter {
		w := &byEmitter[i]
		t.Run(w.emitter+"/"+w.provider, func(t *testing.T) {
			td, span := w.traces(t)
			for range 2 {
				var tokens genai.Tokens
				s.Traces(td, nil, func(scored *Scored) { tokens = scored.Call.Tokens })
				got, err := json.Marshal(tokens)
				require.NoError(t, err)
				require.JSONEq(t, w.want.tokens, string(got))
				require.InEpsilon(t, w.want.usd, costsOn(span)["usd"], 1e-9)
				require.Equal(t, "computed", costsOn(span)["source"])
				require.NotContains(t, span.Attributes().AsRaw(), "app.llm.problems")
			}
		})
	}
}
