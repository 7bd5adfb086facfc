package dialect

import "strings"

// fields holds the raw text of the members that matter in one JSON object: a message, a part or an envelope.
type fields struct {
	role, typ, text, content, parts, message string
	name, id, callID, args, result           string
	toolCalls, invalidCalls                  string
	functionCall, function                   string
	toolUse, toolResult                      string
	functionResponse                         string
	custom, serverTool, action, byProvider   string
	executableCode, codeResult               string
	toolRequest, toolResponse                string
	refusal, reasoning, thought, finish      string
	transcript                               string
	media                                    string // of parts that state no type
	source, mime, modality, file, uri        string // of media
	kwargs, metadata, moreKwargs             string
	// Envelopes.
	messages, choices, candidates, generations string
	input, output, contents, prompt, system    string
	request, config, tools, format, model      string
	wrapper                                    string // around a request or a response
	incomplete, feedback, status, failure      string
}

// read splits the object at the cursor into its members.
func (f *fields) read(c *cursor) {
	if !c.open('{') {
		c.skip()
		return
	}
	for key := ""; c.member(&key); {
		if slot := f.slot(key); slot != nil && *slot == "" {
			if raw := c.raw(); raw != "null" {
				*slot = raw
			}
			continue
		}
		c.skip()
	}
}

// slot returns where to keep a member, or nil for a member that is not read.
func (f *fields) slot(key string) *string {
	switch key {
	case "role", "author", "_role":
		return &f.role
	case "type", "block_type":
		return &f.typ
	case "text", "generated_text", "output_text", "outputText": // Hugging Face, OpenAI, Titan
		return &f.text
	case "content", "message_content", "completion", "body", "combined_chunk_content", "_content":
		return &f.content
	case "parts", "blocks":
		return &f.parts
	case "message", "delta":
		return &f.message
	case "name", "toolName", "tool_name":
		return &f.name
	case "id":
		return &f.id
	case "tool_call_id", "tool_use_id", "toolCallId", "call_id", "toolUseId", "ref":
		return &f.callID
	case "arguments", "args", "tool_kwargs":
		return &f.args
	case "result", "response", "tool.result", "server_tool_call_response":
		return &f.result
	case "tool_calls", "toolCalls":
		return &f.toolCalls
	case "invalid_tool_calls": // of LangChain: calls whose arguments did not parse
		return &f.invalidCalls
	case "functionCall", "function_call":
		return &f.functionCall
	case "function":
		return &f.function
	case "functionResponse", "function_response":
		return &f.functionResponse
	case "custom":
		return &f.custom
	case "server_tool_call":
		return &f.serverTool
	case "action", "queries", "operation", "code":
		return &f.action
	case "providerExecuted", "provider_executed", "builtin":
		return &f.byProvider
	case "executableCode", "executable_code":
		return &f.executableCode
	case "codeExecutionResult", "code_execution_result":
		return &f.codeResult
	case "toolUse":
		return &f.toolUse
	case "toolResult":
		return &f.toolResult
	case "toolRequest":
		return &f.toolRequest
	case "toolResponse":
		return &f.toolResponse
	case "refusal":
		return &f.refusal
	case "inlineData", "inline_data", "fileData", "file_data", "image", "image_url", "video", "audio", "document":
		return &f.media
	case "source", "input_audio", "file":
		return &f.source
	case "mime_type", "mimeType", "media_type", "mediaType", "contentType", "format":
		return &f.mime
	case "modality":
		return &f.modality
	case "filename", "file_name", "fileName":
		return &f.file
	case "uri", "url", "fileUri":
		return &f.uri
	case "reasoning", "reasoning_content", "thinking", "reasoningContent", "summary", "reasoningText":
		return &f.reasoning
	case "transcript":
		return &f.transcript
	case "thought":
		return &f.thought
	case "finish_reason", "finishReason", "stop_reason", "stopReason":
		return &f.finish
	case "kwargs", "data":
		return &f.kwargs
	case "response_metadata", "generation_info", "generationInfo", "_meta":
		return &f.metadata
	case "additional_kwargs":
		return &f.moreKwargs
	case "messages", "all_messages", "message_history", "items":
		return &f.messages
	case "choices":
		return &f.choices
	case "candidates":
		return &f.candidates
	case "generations", "replies", "generation":
		return &f.generations
	case "input", "inputs":
		return &f.input
	case "output", "outputs":
		return &f.output
	case "contents":
		return &f.contents
	case "prompt", "prompts":
		return &f.prompt
	case "system", "instructions", "systemInstruction", "system_instruction":
		return &f.system
	case "request":
		return &f.request
	case "params", "payload", "json", "0", "options", "raw_response", "rawResponse", "raw":
		return &f.wrapper
	case "incomplete_details", "incompleteDetails":
		return &f.incomplete
	case "status":
		return &f.status
	case "error":
		return &f.failure
	case "promptFeedback", "prompt_feedback":
		return &f.feedback
	case "config", "generationConfig", "generation_config":
		return &f.config
	case "tools", "function_tools", "functions":
		return &f.tools
	case "response_format", "text_format":
		return &f.format
	case "model", "modelVersion", "model_version":
		return &f.model
	}
	return nil
}

// wrapped returns the request or the response that an object holds in a member, or nil. An emitter that records the
// arguments of a function, or the body of an HTTP message, puts one around it.
func (f *fields) wrapped(answer bool) *fields {
	if f.role != "" || f.typ != "" || f.message != "" || f.messages != "" || f.choices != "" {
		return nil
	}
	for _, raw := range [...]string{f.wrapper, f.content, f.kwargs, f.result, f.request} {
		if strings.HasPrefix(raw, "{") {
			var inner fields
			inner.read(&cursor{s: raw})
			if inner.isEnvelope(answer) {
				return &inner
			}
		}
	}
	return nil
}

// isEnvelope reports whether an object is the request or the response of a provider.
func (f *fields) isEnvelope(answer bool) bool {
	if answer {
		return f.choices != "" || f.candidates != "" || f.generations != ""
	}
	return f.messages != "" || f.contents != "" || f.model != "" && (f.input != "" || f.prompt != "")
}

// ending returns the finish reason of a response: a reason of its own, that of an incomplete response of the Responses
// API, or else the status of that response, if it is a final one. For a failed response it is the code of its error.
func (f *fields) ending() string {
	if reason := firstOf(unquoted(f.finish), memberText(f.incomplete, "reason")); reason != "" {
		return reason
	}
	switch status := unquoted(f.status); status {
	case "failed":
		return firstOf(memberText(f.failure, "code"), status)
	case "completed", "incomplete", "cancelled":
		return status
	}
	return ""
}

// isPart reports whether an object is a part of a message rather than a message or an envelope.
func (f *fields) isPart() bool {
	if f.role != "" || f.message != "" || f.kwargs != "" || f.messages != "" || f.choices != "" || f.generations != "" ||
		f.parts != "" || f.metadata != "" || f.finish != "" {
		return false
	}
	return f.typ != "" && roleOf(unquoted(f.typ)) == "" || f.text != "" || f.toolUse != "" || f.toolResult != "" ||
		f.functionCall != "" || f.functionResponse != "" || f.toolRequest != "" || f.toolResponse != "" ||
		f.executableCode != "" || f.codeResult != ""
}

// itemRole returns the role of a part that stands for a message. Items of the Responses API state it in their type.
func (f *fields) itemRole(role string) string {
	switch typ := unquoted(f.typ); {
	case typ == "reasoning", strings.HasSuffix(typ, "_call") && typ != "tool_call":
		return "assistant"
	case strings.HasSuffix(typ, "_call_output"):
		return "tool"
	}
	return role
}
