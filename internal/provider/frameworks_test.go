package provider

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// TestFrameworks has errors of frameworks, which say what failed in words of their own.
func TestFrameworks(t *testing.T) {
	for _, c := range []struct{ want, kind, message string }{
		// Tools that were not offered.
		{"tool_call_malformed/unknown_tool", "ModelBehaviorError", "Tool refund_all not found in agent Support."},
		{"tool_call_malformed/unknown_tool", "", `Error in agent run: {"error":"ModelBehaviorError: Tool pay not found in agent a."}`},
		{"tool_call_malformed/unknown_tool", "AI_NoSuchToolError", "Model tried to call unavailable tool 'pay'."},
		{"tool_call_malformed/unknown_tool", "NoSuchToolError", ""},
		{"tool_call_malformed/unknown_tool", "UnexpectedModelBehavior", "Unknown tool name: 'pay'. Available tools: 'look'"},
		{"tool_call_malformed/unknown_tool", "ValueError", "Function pay is not found in the tools_dict."},
		{"tool_call_malformed/unknown_tool", "Error", `Tool "pay" not found`},
		{"tool_call_malformed/unknown_tool", "IllegalStateException", "No ToolCallback found for tool name: pay"},
		{"tool_call_malformed/unknown_tool", "", "pay is not a valid tool, try one of [look]."},
		{"tool_call_malformed/unknown_tool", "BadRequestError", "tool call validation failed: attempted to call tool 'pay' which was not in request.tools"},
		{"tool_call_malformed/unknown_tool", "404", "NOT_FOUND: Tool pay not found"},
		{"provider_error/not_found", "404", "NOT_FOUND: Model googleai/gemini-9 not found"},
		// What the caller asked for is not a call of the model.
		{"provider_error/invalid_request", "BadRequestError", "Tool choice 'pay' not found in 'tools' parameter."},
		{"provider_error/invalid_request", "BadRequestError", "No tool output found for function call call_1."},
		{"provider_error/not_found", "", "The model `gpt-9` does not exist"},
		// Arguments.
		{"tool_call_malformed/unparsable_arguments", "ModelBehaviorError", "Invalid JSON input for tool pay: {"},
		{"tool_call_malformed/unparsable_arguments", "InvalidToolInputError", ""},
		{"tool_call_malformed/provider_rejected", "ModelBehaviorError", "what is this"},
		// Agents that did not end.
		{"retry_loop/runaway", "GraphRecursionError", "Recursion limit of 25 reached without hitting a stop condition."},
		{"retry_loop/runaway", "", "Recursion limit of 25 reached without hitting a stop condition."},
		{"retry_loop/runaway", "Error", "GraphRecursionError: limit"},
		{"retry_loop/runaway", "MaxTurnsExceededError", "Max turns (10) exceeded"},
		{"retry_loop/runaway", "", "Error in agent run: {'error': 'MaxTurnsExceeded: Max turns (10) exceeded'}"},
		{"retry_loop/runaway", "WorkflowRuntimeError", "Max iterations of 20 reached! Either something went wrong, or increase it."},
		{"retry_loop/runaway", "", "Max number of llm calls limit of `500` exceeded"},
		{"retry_loop/runaway", "GenerationResponseError", "Exceeded maximum tool call iterations (5)"},
		{"retry_loop/runaway", "UsageLimitExceeded", "The next request would exceed the request_limit of 50"},
		{"rate_limit/budget", "UsageLimitExceeded", "Exceeded the total_tokens_limit of 1000 (total_tokens=1200)"},
		{"retry_loop/runaway", "ModelCallLimitExceededError", "Model call limits exceeded: run limit (5/5)"},
		{"retry_loop/runaway", "error_max_turns", ""},
		{"retry_loop/runaway", "RuntimeError", "Reached maximum number of turns (3)"},
		// Text that is not the JSON that a parser wants.
		{"schema_violation/not_json", "SyntaxError", `Unexpected token 'S', "Sure! Here"... is not valid JSON`},
		{"schema_violation/not_json", "SyntaxError", "Unexpected end of JSON input"},
		{"schema_violation/not_json", "", "Unexpected token S in JSON at position 0"},
		{"schema_violation/not_json", "ValueError", "Expecting value: line 1 column 1 (char 0)"},
		{"schema_violation/not_json", "com.fasterxml.jackson.core.JsonParseException", ""},
		{"schema_violation/not_json", "System.Text.Json.JsonException", "'S' is an invalid start of a value."},
		{"schema_violation/not_json", "", "invalid character 'S' looking for beginning of value"},
		{"schema_violation/not_json", "", "expected value at line 1 column 1"},
		{"schema_violation/not_json", "ValueError", "Could not parse LLM output: `Sure`"},
		{"schema_violation/not_json", "Error", "Failed to parse. Text: \"Sure\". Error: SyntaxError: Unexpected token 'S', \"Sure\" is not valid JSON"},
		{"schema_violation/not_json", "UnexpectedModelBehavior", "Exceeded maximum retries (1) for output validation"},
		{"schema_violation/not_json", "SyntaxError", "Error reading response: invalid structured output JSON."},
		{
			"schema_violation/not_json", "",
			`Error in agent run: {"error":"ModelBehaviorError: Invalid output type: final assistant output did not match the expected schema."}`,
		},
		// Reports of what does not fit: Genkit, Mastra.
		{"schema_violation/required", "400", "INVALID_ARGUMENT: Schema validation failed. Parse Errors:\n\n- (root): must have required property 'unit'\n\nProvided data:\n\n{}"},
		{"schema_violation/type", "400", "INVALID_ARGUMENT: Schema validation failed. Parse Errors:\n\n- price: must be number\n\nProvided data:\n\n{\"note\": \"field required\"}"},
		{"schema_violation/enum", "400", "INVALID_ARGUMENT: Schema validation failed. Parse Errors:\n\n- unit: must be equal to one of the allowed values"},
		{"schema_violation/additionalProperties", "400", "INVALID_ARGUMENT: Schema validation failed. Parse Errors:\n\n- (root): must NOT have additional properties"},
		{"schema_violation/minimum", "400", "INVALID_ARGUMENT: Schema validation failed. Parse Errors:\n\n- price: must be >= 0"},
		{"schema_violation/not_json", "400", "INVALID_ARGUMENT: Schema validation failed. Parse Errors:\n\n- (root): must be object\n\nProvided data:\n\nnull"},
		{"schema_violation/required", "STRUCTURED_OUTPUT_SCHEMA_VALIDATION_FAILED", "Structured output validation failed: - unit: Invalid input: expected string, received undefined"},
		{"schema_violation/required", "Error", "Structured output validation failed: - unit: Invalid input: expected string, received undefined"},
		{"schema_violation/type", "STRUCTURED_OUTPUT_SCHEMA_VALIDATION_FAILED", "Structured output validation failed: - price: Invalid input: expected number, received string"},
		{"schema_violation/enum", "STRUCTURED_OUTPUT_SCHEMA_VALIDATION_FAILED", `Structured output validation failed: - unit: Invalid option: expected one of "kg"|"g"`},
		{"schema_violation/not_json", "STRUCTURED_OUTPUT_SCHEMA_VALIDATION_FAILED", "Structured output validation failed: - root: Invalid input: expected object, received undefined"},
		{"schema_violation/not_json", "STRUCTURED_OUTPUT_OBJECT_UNDEFINED", "structuredOutput object is undefined"},
		// A page of a proxy is not an answer.
		{"provider_error/server_error", "SyntaxError", `Unexpected token '<', "<!DOCTYPE "... is not valid JSON`},
		{"provider_error/invalid_request", "BadRequestError", "Invalid JSON payload received. Unknown name \"x\""},
		{"provider_error/invalid_request", "BadRequestError", "Invalid JSON schema for response_format"},
		// Half an answer, none, or a blocked one.
		{"truncation/output_limit", "IncompleteToolCall", "Model token limit (64) exceeded while generating a tool call"},
		{"truncation/output_limit", "UnexpectedModelBehavior", "Model token limit (64) exceeded before any response was generated."},
		{"truncation/output_limit", "strands.types.exceptions.MaxTokensReachedException", ""},
		{"truncation/context_length", "ContextWindowOverflowException", ""},
		{"bad_answer/empty", "UnexpectedModelBehavior", "Received empty model response"},
		{"bad_answer/empty", "AI_NoContentGeneratedError", ""},
		{"refusal/content_filter", "pydantic_ai.exceptions.ContentFilterError", ""},
		{"refusal/content_filter", "ToolInputGuardrailTripwireTriggered", ""},
		{"refusal/content_filter", "400", "FAILED_PRECONDITION: Generation blocked."},
		// Names without their prefix, in snake case, with an underscore.
		{"schema_violation/not_json", "NoObjectGeneratedError", ""},
		{"timeout/client_deadline", "client_timeout_error", ""},
		{"timeout/client_deadline", "api_connection_timeout_error", ""},
		{"rate_limit/throttled", "google.adk.models._ResourceExhaustedError", ""},
		{"rate_limit/throttled", "GatewayRateLimitError", ""},
		{"provider_error/auth", "GatewayAuthenticationError", ""},
		// Only that there was an error.
		{"provider_error/server_error", "ModelBehaviorError", `OpenAI Responses request ended with unsuccessful terminal state "response.failed".`},
		{"provider_error/server_error", "unknown", "x"},
	} {
		o := Classify(genai.Error{IsError: true, Type: c.kind, Message: c.message})
		require.Equal(t, c.want, verdict(o), "%s: %s (%s %q)", c.kind, c.message, o.By, o.Where)
	}
}

// TestRaiser: text that does not parse is an answer, or the arguments of a call. The function that raised it tells.
func TestRaiser(t *testing.T) {
	const message = "Unexpected token 'd', ...\"reason\": dama\" is not valid JSON"
	for raiser, want := range map[string]string{
		"":                   "schema_violation/not_json",
		"parseResponse":      "schema_violation/not_json",
		"fromOpenAIToolCall": "tool_call_malformed/unparsable_arguments",
		"_parse_tool_call":   "tool_call_malformed/unparsable_arguments",
		"toFunctionCallPart": "tool_call_malformed/unparsable_arguments",
	} {
		require.Equal(t, want, verdict(Classify(genai.Error{
			IsError: true, Type: "SyntaxError", Message: message, Raiser: raiser,
		})), raiser)
	}
	limited := genai.Error{IsError: true, HTTPStatus: 429, Message: "slow down", Raiser: "executeToolCall"}
	require.Equal(t, "rate_limit/throttled", verdict(Classify(limited)))
}

// TestErrorAfterAGoodStatus: an API error under a good status came while the response was read.
func TestErrorAfterAGoodStatus(t *testing.T) {
	for _, c := range []struct {
		kind, message string
		status        int
		want          string
	}{
		{"client_error", "", 200, "provider_error/connection"},
		{"APIError", "", 200, "provider_error/connection"},
		{"client_error", "", 0, "provider_error/server_error"},
		{"client_error", "", 418, "provider_error/invalid_request"},
		{"APIError", "Error code: 529 - overloaded", 200, "provider_error/overloaded"},
		{"MyError", "", 200, "provider_error/server_error"},
		{"", "", 200, "provider_error/server_error"},
	} {
		e := genai.Error{IsError: true, Type: c.kind, Message: c.message, HTTPStatus: c.status}
		require.Equal(t, c.want, verdict(Classify(e)), "%+v", c)
	}
}

// TestControlFlow: frameworks leave a step by an exception to ask a person or to hand over. Nothing failed.
func TestControlFlow(t *testing.T) {
	for _, kind := range []string{
		"pydantic_ai.exceptions.ApprovalRequired", "pydantic_ai.exceptions.CallDeferred", "SkipToolExecution",
		"langgraph.errors.GraphInterrupt", "NodeInterrupt", "ParentCommand", "GraphBubbleUp", "ToolInterruptError",
		"WaitingForEvent", "WorkflowCancelledByUser", "StopAgentRun", "BreakpointException",
		"KernelFunctionCanceledException", "JobCancellationException", "APIUserAbortError", "UND_ERR_ABORTED",
		"ERR_CANCELED", "ResponseAborted", "client_abort_error", "HumanInputRequired", "app.ToolApprovalRequiredError",
		"AgentHandoffException", "WorkflowSuspended", "strands.PlanInterrupt",
	} {
		require.True(t, Classify(genai.Error{IsError: true, Type: kind}).Cancelled, kind)
	}
	for _, message := range []string{
		"GraphInterrupt((Interrupt(value={'action_requests': []}),))", "ApprovalRequired: ", "CallDeferred: ",
		"(Interrupt(value='Approve?', resumable=True),)", "signal is aborted without reason", "context canceled",
	} {
		require.True(t, Classify(genai.Error{IsError: true, Message: message}).Cancelled, message)
	}
}

// TestLimitsThatSayWhen: who says when to try again throttles. A quota of the day or of money is spent.
func TestLimitsThatSayWhen(t *testing.T) {
	const quota = "You exceeded your current quota, please check your plan and billing details. "
	for _, c := range []struct{ message, want string }{
		{quota + "Please retry in 12.5s.", failure.Throttled},
		{quota + "\n* Quota exceeded\nretry in 20s", failure.Throttled},
		{quota + `{"retryDelay": "37s"}`, failure.Throttled},
		{quota + "Try again in 3 minutes", failure.Throttled},
		{quota + "Retry-After: 30", failure.Throttled},
		{quota, failure.QuotaExceeded},
		{quota + "Please retry in a while.", failure.QuotaExceeded},
		{quota + "quotaId: GenerateRequestsPerDay. Please retry in 40s.", failure.QuotaExceeded},
		{"insufficient_quota", failure.QuotaExceeded},
		{"Your credit balance is too low", failure.QuotaExceeded},
		{"Rate limit reached. Try again in 20s", failure.Throttled},
	} {
		for _, e := range []genai.Error{
			{IsError: true, HTTPStatus: 429, Type: "AI_APICallError", Message: c.message},
			{IsError: true, Message: c.message},
		} {
			o := Classify(e)
			require.Equal(t, failure.RateLimit, o.Class, c.message)
			require.Equal(t, c.want, o.Detail, "%s %d", c.message, e.HTTPStatus)
		}
	}
}

// TestBare: a report that says only that there was an error yields to any other.
func TestBare(t *testing.T) {
	for _, e := range []genai.Error{
		{},
		{Type: "TypeError"},
		{Type: "unknown"},
		{Type: "_OTHER", Message: "crashed"},
		{Message: `ended with unsuccessful terminal state "response.incomplete"`},
		{Message: "Provider returned error"},
	} {
		e.IsError = true
		require.True(t, Classify(e).Bare(), "%+v", e)
	}
	for _, e := range []genai.Error{
		{HTTPStatus: 500},
		{Type: "InternalServerError"},
		{Type: "RateLimitError"},
		{Message: "Internal server error"},
		{Type: "429"},
		{Type: "api_error"},
	} {
		e.IsError = true
		require.False(t, Classify(e).Bare(), "%+v", e)
	}
	require.True(t, Stop("", []string{"error"}).Bare())
	require.False(t, Stop("", []string{"insufficient_system_resource"}).Bare())
	require.False(t, Outcome{}.Bare())
}

// TestStopReasonsOfServers has reasons beyond those of the large providers.
func TestStopReasonsOfServers(t *testing.T) {
	for raw, want := range map[string]string{
		"interrupted": "truncation/stream_cut", "network_error": "provider_error/connection",
		"limit": "truncation/output_limit", "MaxTokens": "truncation/output_limit", "maxTokens": "truncation/output_limit",
		"token_limit": "truncation/output_limit", "ContentFilter": "refusal/content_filter",
		"sensitive": "refusal/content_filter", "tripwire": "refusal/content_filter", "max_turns": "retry_loop/runaway",
		"max_turn_requests": "retry_loop/runaway", "rate_limit_exceeded": "rate_limit/throttled",
		"stopSequence": "/", "stop_sequence": "/", "completed": "/", "endTurn": "/", "word": "/", "suspended": "/",
		"requires_approval": "/", "function_calls": "/", "user_cancel": "cancelled",
	} {
		require.Equal(t, want, verdict(Stop("", []string{raw})), raw)
	}
	for _, raw := range []string{
		"completed", "COMPLETED", "EndTurn", "stopSequence", "succeeded", "end_of_turn", "eos", "word", "message_stop",
		"response.completed", "Stop",
	} {
		require.Equal(t, FinishStop, Finish(raw), raw)
	}
	require.Equal(t, FinishLength, Finish("MaxTokens"))
	require.Equal(t, FinishToolCall, Finish("ToolCalls"))
	require.Equal(t, FinishPause, Finish("suspended"))
}

// TestTrigrams: the filter must not hide a pattern.
func TestTrigrams(t *testing.T) {
	for i := range patterns {
		for k, part := range patterns[i].parts {
			require.GreaterOrEqual(t, len(part), 3)
			var has trigrams
			has.add("x" + part + "y")
			require.True(t, has.all(&patterns[i].marks[k]), part)
		}
	}
	var none trigrams
	none.add("ab")
	require.False(t, none.all(&patterns[0].marks[0]))
}
