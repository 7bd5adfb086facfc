package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Operations that have no constant in genai, since nothing but their name depends on them.
const (
	opGenerateContent = "generate_content"
	opRerank          = "rerank"
	opImageGeneration = "image_generation"
	opSpeech          = "speech"
	opTranscription   = "transcription"
	opModeration      = "moderation"
	opPlan            = "plan"
	opEvaluate        = "evaluate"
)

// operations maps the names that emitters give to operations, in the form of operationKey. LiteLLM writes the type of
// the call, whose asynchronous form has an "a" in front (litellm/types/utils.py, CallTypes); operationOf drops it.
var operations = map[string]string{
	"chat": genai.OpChat, "chat_completion": genai.OpChat, "chat_completions": genai.OpChat,
	"completions_chat": genai.OpChat, "chat_streaming_completions": genai.OpChat, "chat_stream": genai.OpChat,
	"responses": genai.OpChat, "response": genai.OpChat, "create_response": genai.OpChat,
	"responses_create": genai.OpChat, "responses_websocket": genai.OpChat, "messages": genai.OpChat,
	"message": genai.OpChat, "anthropic_messages": genai.OpChat, "messages_create": genai.OpChat,
	"messages_stream": genai.OpChat, "create_message": genai.OpChat, "converse": genai.OpChat,
	"converse_stream": genai.OpChat, "invoke_model": genai.OpChat, "generate": genai.OpChat, "generate_text": genai.OpChat,
	"stream_text": genai.OpChat, "generate_object": genai.OpChat, "stream_object": genai.OpChat,
	"do_generate": genai.OpChat, "do_stream": genai.OpChat, "llm": genai.OpChat, "llm_call": genai.OpChat,
	"llm_request": genai.OpChat, "call_llm": genai.OpChat, "model_call": genai.OpChat, "call_model": genai.OpChat,
	"model_request": genai.OpChat, "model_inference": genai.OpChat, "inference": genai.OpChat,
	"realtime": genai.OpChat, "realtime_inference": genai.OpChat, "generation": genai.OpChat,

	opGenerateContent: opGenerateContent, "generate_content_stream": opGenerateContent,
	"stream_generate_content": opGenerateContent,

	"text_completion": genai.OpTextCompletion, "text_completions": genai.OpTextCompletion,
	"completion": genai.OpTextCompletion, "completions": genai.OpTextCompletion,

	"embeddings": genai.OpEmbeddings, "embedding": genai.OpEmbeddings, "embed": genai.OpEmbeddings,
	"embed_content": genai.OpEmbeddings, "embed_many": genai.OpEmbeddings, "create_embedding": genai.OpEmbeddings,
	"create_embeddings": genai.OpEmbeddings, "do_embed": genai.OpEmbeddings, "batch_embed_contents": genai.OpEmbeddings,

	opRerank: opRerank, "reranking": opRerank, "rerank_documents": opRerank,
	opImageGeneration: opImageGeneration, "image_edit": opImageGeneration, "image_variation": opImageGeneration,
	"generate_image": opImageGeneration, "generate_images": opImageGeneration, "images_generate": opImageGeneration,
	"image": opImageGeneration, "create_image": opImageGeneration,
	opSpeech: opSpeech, "text_to_speech": opSpeech, "generate_speech": opSpeech, "tts": opSpeech, "audio_speech": opSpeech,
	opTranscription: opTranscription, "transcribe": opTranscription, "speech_to_text": opTranscription,
	"audio_transcription": opTranscription, "stt": opTranscription,
	opModeration: opModeration, "moderate": opModeration, "moderations": opModeration,
	"ocr": "ocr",

	genai.OpExecuteTool: genai.OpExecuteTool, "execute_function": genai.OpExecuteTool, "tool": genai.OpExecuteTool,
	"tool_call": genai.OpExecuteTool, "call_tool": genai.OpExecuteTool, "call_mcp_tool": genai.OpExecuteTool,
	"tools_call": genai.OpExecuteTool, "tool_execution": genai.OpExecuteTool, "run_tool": genai.OpExecuteTool,
	"tool_use": genai.OpExecuteTool, "function_call": genai.OpExecuteTool, "mcp_tool_call": genai.OpExecuteTool,
	"function": genai.OpExecuteTool,

	genai.OpRetrieval: genai.OpRetrieval, "retrieve": genai.OpRetrieval, "retriever": genai.OpRetrieval,
	"vector_store_search": genai.OpRetrieval, "vector_search": genai.OpRetrieval,
	"similarity_search": genai.OpRetrieval,

	genai.OpInvokeAgent: genai.OpInvokeAgent, "agent": genai.OpInvokeAgent, "agent_call": genai.OpInvokeAgent,
	"agent_run": genai.OpInvokeAgent, "run_agent": genai.OpInvokeAgent, "agent_invoke": genai.OpInvokeAgent,
	"invoke_subagent": genai.OpInvokeAgent, "send_message": genai.OpInvokeAgent, "run_thread": genai.OpInvokeAgent,
	"run_thread_stream": genai.OpInvokeAgent, "agent_turn": genai.OpInvokeAgent,
	genai.OpCreateAgent: genai.OpCreateAgent, "create_assistants": genai.OpCreateAgent,
	genai.OpAgentStep: genai.OpAgentStep, "step": genai.OpAgentStep, "model_step": genai.OpAgentStep,
	"llm_step": genai.OpAgentStep, "agent_task": genai.OpTask,
	genai.OpWorkflow: genai.OpWorkflow, "invoke_workflow": genai.OpWorkflow, "run_workflow": genai.OpWorkflow,
	"workflow_run": genai.OpWorkflow, "workflow_step": genai.OpTask, "flow": genai.OpWorkflow,
	"invoke_crew": genai.OpWorkflow, "crew": genai.OpWorkflow,
	genai.OpGuardrail: genai.OpGuardrail, "guard": genai.OpGuardrail, "guardrails": genai.OpGuardrail,
	"apply_guardrail": genai.OpGuardrail, "evaluate_guardrail": genai.OpGuardrail, "invoke_guardrail": genai.OpGuardrail,
	"run_guardrail":   genai.OpGuardrail,
	"guardrail_check": genai.OpGuardrail, "check_guardrail": genai.OpGuardrail,
	opEvaluate: opEvaluate, "evaluation": opEvaluate, "evaluator": opEvaluate,
	genai.OpTask: genai.OpTask, genai.OpChain: genai.OpChain, genai.OpInteraction: genai.OpInteraction,
	genai.OpInvocation: genai.OpInvocation, genai.OpSpan: genai.OpSpan, genai.OpOther: genai.OpOther,
	opPlan: opPlan, "planning": opPlan, "create_plan": opPlan, "handoff": "handoff",

	// Steps that repeat the usage of their calls, and operations without inference.
	"session": genai.OpInteraction, "turn": genai.OpInteraction, "conversation": genai.OpInteraction,
	"handle_conversation_turn": genai.OpInteraction, "user_prompt": genai.OpInteraction,
	"system_prompt": genai.OpOther, "schedule_tool_calls": genai.OpOther, "model_generation": "model_generation",
	"usage": genai.OpOther, "model_usage": genai.OpOther, "user_speech": genai.OpOther,
	"fetch_response": "fetch_response", "count_tokens": genai.OpOther,
}

// operationKey spells a name like the keys of operations: lower case, with "_" between words.
func operationKey(name string) string {
	plain := true
	for i := range len(name) {
		if b := name[i]; b >= 'A' && b <= 'Z' || b == '.' || b == '-' || b == ' ' || b == '/' || b == ':' {
			plain = false
		}
	}
	if plain {
		return strings.TrimPrefix(name, "_")
	}
	var key strings.Builder
	for i := range len(name) {
		switch b := name[i]; {
		case b >= 'A' && b <= 'Z':
			if i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
				key.WriteByte('_')
			}
			key.WriteByte(b + 'a' - 'A')
		case b == '.', b == '-', b == ' ', b == '/', b == ':':
			key.WriteByte('_')
		default:
			key.WriteByte(b)
		}
	}
	return strings.TrimPrefix(key.String(), "gen_ai_")
}

// maxOperation bounds the name of an operation, in bytes. A longer text is no name.
const maxOperation = 64

// operationOf returns the operation that a name of an emitter stands for. known is false for a name that no emitter we
// know uses; such a name is returned unchanged.
func operationOf(name string) (operation string, known bool) {
	switch name {
	case "", genai.OpChat, genai.OpExecuteTool, genai.OpInvokeAgent, genai.OpEmbeddings, opGenerateContent,
		genai.OpTextCompletion, genai.OpRetrieval: // most spans
		return name, true
	}
	if len(name) > maxOperation {
		return name, false
	}
	key := operationKey(name)
	if operation, known = operations[key]; known {
		return operation, true
	}
	if asynchronous, ok := strings.CutPrefix(key, "a"); ok {
		switch operation = operations[asynchronous]; {
		case operation == genai.OpTextCompletion && asynchronous == "completion":
			return genai.OpChat, true // litellm.acompletion is the chat API
		case operation != "":
			return operation, true
		}
	}
	if strings.HasSuffix(key, "_memory") || strings.HasSuffix(key, "_memory_store") ||
		strings.HasSuffix(key, "_memories") || strings.HasPrefix(key, "memory_") {
		return name, true
	}
	return methodOf(name)
}

// methodOf reads the path of an SDK's method as an operation: openai.chat.completions.create, models.generate_content.
func methodOf(name string) (operation string, known bool) {
	rest, path := name, false
	for _, verb := range [...]string{".create", ".parse", ".stream"} {
		if head, ok := strings.CutSuffix(rest, verb); ok {
			rest, path = head, true
			break
		}
	}
	for path || strings.Contains(rest, ".") {
		if operation, known = operations[operationKey(rest)]; known {
			return operation, true
		}
		if _, rest, path = strings.Cut(rest, "."); !path {
			break
		}
	}
	return name, false
}

// namedOperation is what gen_ai.operation.name of a span stands for.
type namedOperation struct {
	name, operation string
	known           bool
}

// nameOperation reads gen_ai.operation.name, once a span.
func (r *Reader) nameOperation() {
	r.named = namedOperation{name: r.str(keyOperation)}
	r.named.operation, r.named.known = operationOf(r.named.name)
}

// resolveOperation decides what the operation is once all dialects have read the span, and whether it is a model call.
// A name that we do not know must not hide a call from scorers, prices and counters.
func (r *Reader) resolveOperation(c *genai.Call) {
	r.inferOperation(c)
	if named := &r.named; named.name != "" && !c.LLM.Set {
		switch {
		case !named.known && c.Operation == named.name && r.infers(c):
			c.OperationRaw, c.Operation = named.name, genai.OpChat
			if strings.Contains(strings.ToLower(named.name), "embed") {
				c.Operation = genai.OpEmbeddings
			}
		case marker(c.Operation) && inference(named.operation) && r.infers(c):
			c.Operation = named.operation
		}
	}
	if c.Operation == genai.OpWorkflow { // the conventions have merged workflows into agents
		fill(&c.AgentName, r.str(keyWorkflowName))
	}
	if c.LLM.Set {
		return
	}
	switch c.Operation {
	case opImageGeneration, opSpeech, opTranscription: // priced where the emitter counts their tokens
		if c.AnyModel() != "" && (c.Usage.Input.Set || c.Usage.Output.Set) {
			c.LLM = genai.Some(true)
		}
	default:
		if c.IsLLMCall() {
			c.LLM = genai.Some(true)
		}
	}
}

// marker reports whether an operation is only what a framework calls any step of its own.
func marker(operation string) bool { return operation == genai.OpSpan || operation == genai.OpOther }

// inference reports whether an operation is a request to a model that answers in text or vectors.
func inference(operation string) bool {
	switch operation {
	case genai.OpChat, genai.OpTextCompletion, genai.OpEmbeddings, opGenerateContent:
		return true
	}
	return false
}

// infers reports whether a span shows a model at work: a model, and tokens or messages.
func (r *Reader) infers(c *genai.Call) bool {
	if c.AnyModel() == "" || c.ToolName != "" && !r.has(keyOutputMessages) {
		return false
	}
	return c.Usage.Input.Set || c.Usage.Output.Set || c.Usage.Total.Set || r.has(keyInputMessages) ||
		r.has(keyOutputMessages) || r.families&(flatInput|flatOutput|flatPrompt|flatCompletion) != 0
}

// inferOperation derives a missing operation from the name of the span and the attributes it carries.
func (r *Reader) inferOperation(c *genai.Call) {
	if c.Operation != "" {
		return
	}
	first, _, _ := strings.Cut(r.span.Name(), " ")
	switch first {
	case genai.OpChat, opGenerateContent, genai.OpTextCompletion, genai.OpEmbeddings, genai.OpRetrieval,
		genai.OpExecuteTool, genai.OpInvokeAgent, genai.OpCreateAgent:
		c.Operation = first
		return
	}
	switch {
	case c.ToolName != "" || c.ToolCallID != "" || r.has(keyToolArgs) || r.has(keyToolResult):
		c.Operation = genai.OpExecuteTool
	case r.has(keyQuery) || r.has(keyDocuments) || r.families&flatDocuments != 0:
		c.Operation = genai.OpRetrieval
	case c.Usage.Input.Set || c.Usage.Output.Set || len(c.FinishReasons) > 0 || c.ResponseModel != "" ||
		c.RequestModel != "" || c.Model != "" || r.has(keyOutputMessages) || r.has(keyInputMessages) ||
		r.families&(flatInput|flatOutput|flatPrompt|flatCompletion) != 0:
		c.Operation = genai.OpChat
		if c.AgentName != "" && !c.Usage.Input.Set && !c.Usage.Output.Set && len(c.FinishReasons) == 0 {
			c.Operation = genai.OpInvokeAgent
		}
	case c.AgentName != "":
		c.Operation = genai.OpInvokeAgent
	}
}
