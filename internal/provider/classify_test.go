package provider

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// TestClassify has real reports of SDKs and gateways: type, message, status → class/detail.
func TestClassify(t *testing.T) {
	for _, c := range []struct {
		kind, message string
		status        int
		want          string
	}{
		// Exception types, with and without their package.
		{
			"openai.RateLimitError",
			"Error code: 429 - {'error': {'message': 'Rate limit reached', 'type': 'requests', 'code': " +
				"'rate_limit_exceeded'}}", 0, "rate_limit/throttled",
		},
		{
			"RateLimitError",
			"Error code: 429 - {'error': {'message': 'You exceeded your current quota', 'type': " +
				"'insufficient_quota', 'code': 'insufficient_quota'}}", 0, "rate_limit/quota_exceeded",
		},
		{
			"openai.BadRequestError",
			"Error code: 400 - {'error': {'message': \"This model's maximum context length is 8192 tokens.\", " +
				"'code': 'context_length_exceeded'}}", 400, "truncation/context_length",
		},
		{"BadRequestError", "Invalid value for 'temperature'", 400, "provider_error/invalid_request"},
		{"AI_APICallError", "model: claude-9", 0, "provider_error/not_found"},
		{"AI_APICallError", "model: it broke", 0, "provider_error/server_error"},
		{
			"anthropic.BadRequestError",
			"Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': 'prompt is " +
				"too long: 210000 tokens > 200000 maximum'}}", 0, "truncation/context_length",
		},
		{
			"anthropic.BadRequestError", "Your credit balance is too low to access the Anthropic API.", 400,
			"rate_limit/quota_exceeded",
		},
		{"AuthenticationError", "", 401, "provider_error/auth"},
		{"PermissionDeniedError", "", 0, "provider_error/auth"},
		{"NotFoundError", "404 The model `x` does not exist", 0, "provider_error/not_found"},
		{"openai.APITimeoutError", "Request timed out.", 0, "timeout/client_deadline"},
		{"APIConnectionError", "Connection error.", 0, "provider_error/connection"},
		{
			"litellm.exceptions.APIConnectionError", "litellm.APIConnectionError: prompt is too long", 500,
			"truncation/context_length",
		},
		{"InternalServerError", "", 503, "provider_error/overloaded"},
		{"InternalServerError", "", 504, "timeout/provider_timeout"},
		{"OverloadedError", "", 529, "provider_error/overloaded"},
		{"LengthFinishReasonError", "", 0, "truncation/output_limit"},
		{"ContentFilterFinishReasonError", "", 0, "refusal/content_filter"},
		{"litellm.ContextWindowExceededError", "", 0, "truncation/context_length"},
		{"litellm.Timeout", "", 408, "timeout/provider_timeout"},
		{"litellm.BudgetExceededError", "Budget has been exceeded!", 0, "rate_limit/budget"},
		{"RouterRateLimitError", "", 0, "rate_limit/throttled"},
		{"httpx.ReadTimeout", "", 0, "timeout/client_deadline"},
		{"asyncio.TimeoutError", "", 0, "timeout/client_deadline"},
		{"java.net.SocketTimeoutException", "", 0, "timeout/client_deadline"},
		{"ECONNRESET", "", 0, "provider_error/connection"},
		{"botocore.exceptions.ConnectTimeoutError", "", 0, "timeout/client_deadline"},
		{
			"botocore.exceptions.ClientError",
			"An error occurred (ThrottlingException) when calling the Converse operation", 0, "rate_limit/throttled",
		},
		{
			"ThrottlingException", "Too many tokens, please wait before trying again.", 429, "rate_limit/throttled",
		},
		{
			"ClientError", "An error occurred (ServiceQuotaExceededException) when calling InvokeModel", 400,
			"rate_limit/quota_exceeded",
		},
		{"ModelNotReadyException", "", 429, "provider_error/overloaded"},
		{"ModelErrorException", "", 424, "provider_error/server_error"},
		{"ValidationException", "Input is too long for requested model.", 400, "truncation/context_length"},
		{
			"google.api_core.exceptions.ResourceExhausted", "429 Quota exceeded for aiplatform", 0,
			"rate_limit/throttled",
		},
		{
			"google.genai.errors.ClientError",
			"400 INVALID_ARGUMENT. {'error': {'code': 400, 'message': 'API key not valid.', 'status': " +
				"'INVALID_ARGUMENT'}}", 0, "provider_error/auth",
		},
		{
			"google.genai.errors.ServerError",
			"503 UNAVAILABLE. {'error': {'code': 503, 'message': 'The model is overloaded.', 'status': 'UNAVAILABLE'}}",
			0, "provider_error/overloaded",
		},
		{"json.JSONDecodeError", "", 0, "schema_violation/not_json"},
		{
			"AI_NoObjectGeneratedError", "No object generated: could not parse the response.", 0,
			"schema_violation/not_json",
		},
		{"AI_InvalidToolInputError", "", 0, "tool_call_malformed/unparsable_arguments"},
		{"AI_NoSuchToolError", "", 0, "tool_call_malformed/unknown_tool"},
		{"AI_APICallError", "The provided model identifier is invalid.", 0, "provider_error/not_found"},
		{"AI_APICallError", "Too Many Requests", 429, "rate_limit/throttled"},
		// error.type is a code or a status.
		{"rate_limit_error", "", 0, "rate_limit/throttled"},
		{"insufficient_quota", "", 0, "rate_limit/quota_exceeded"},
		{"content_filter", "", 0, "refusal/content_filter"},
		{"DEADLINE_EXCEEDED", "", 0, "timeout/provider_timeout"},
		{"429", "", 0, "rate_limit/throttled"},
		{"500", "Internal error occurred.", 0, "provider_error/server_error"},
		{
			"500",
			"Error code: 500 - {'error': {'message': 'unexpected tokens remaining in message header: " +
				"[\"to=functions.ls\"]', 'type': 'Internal Server Error', 'param': None, 'code': 500}}", 0,
			"tool_call_malformed/provider_rejected",
		},
		{
			"400", "The response was filtered due to the prompt triggering Azure OpenAI's content management policy", 0,
			"refusal/content_filter",
		},
		// Only a message.
		{
			"", "Error: 404 The model `this-model-does-not-exist` does not exist or you do not have access to it.", 0,
			"provider_error/not_found",
		},
		{
			"Error", "Error: 404 The model does not exist or you do not have access to it.", 0,
			"provider_error/not_found",
		},
		{"_OTHER", "connect ECONNREFUSED 127.0.0.1:443", 0, "provider_error/connection"},
		{"Exception", "something nobody knows", 0, "provider_error/server_error"},
		// A message must not overrule a specific type, and a number in a text is not a status.
		{"AuthenticationError", "rate limit for key", 401, "provider_error/auth"},
		{"", "order 429 could not be read: internal server error", 0, "provider_error/server_error"},
		// The conversation comes late in a message.
		{
			"BadRequestError", "bad value\nMessages: my prompt is too long, rate limit", 400,
			"provider_error/invalid_request",
		},
		{
			"BadRequestError", "bad value " + strings.Repeat("x", 600) + " prompt is too long", 400,
			"provider_error/invalid_request",
		},
		{"", "", 0, "provider_error/server_error"},
	} {
		o := Classify(genai.Error{IsError: true, Type: c.kind, Message: c.message, HTTPStatus: c.status})
		require.Equal(t, c.want, string(o.Class)+"/"+o.Detail, "%s: %s (by %s)", c.kind, c.message, o.By)
		require.True(t, failure.ValidDetail(o.Class, o.Detail))
	}
	require.Zero(t, Classify(genai.Error{Type: "RateLimitError"}), "no error, no class")
}

func TestClassifyCancelled(t *testing.T) {
	for _, kind := range []string{
		"asyncio.CancelledError", "context.Canceled", "AbortError", "499", "CANCELLED",
		"GeneratorExit",
	} {
		o := Classify(genai.Error{IsError: true, Type: kind})
		require.True(t, o.Cancelled, kind)
		require.Empty(t, o.Class, "cancelled is not a failure")
	}
}

func TestClassifyByHTTPStatus(t *testing.T) {
	for status, want := range map[int]string{
		400: "provider_error/invalid_request", 401: "provider_error/auth", 402: "rate_limit/quota_exceeded",
		403: "provider_error/auth",
		404: "provider_error/not_found", 408: "timeout/provider_timeout", 409: "provider_error/invalid_request",
		410: "provider_error/not_found",
		413: "truncation/context_length", 422: "provider_error/invalid_request", 424: "provider_error/server_error",
		429: "rate_limit/throttled",
		451: "refusal/content_filter", 498: "provider_error/auth", 500: "provider_error/server_error",
		502: "provider_error/server_error",
		503: "provider_error/overloaded", 504: "timeout/provider_timeout", 520: "provider_error/server_error",
		521: "provider_error/connection",
		524: "timeout/provider_timeout", 529: "provider_error/overloaded",
	} {
		o := Classify(genai.Error{IsError: true, HTTPStatus: status})
		require.Equal(t, want, string(o.Class)+"/"+o.Detail, status)
		require.Equal(t, "http", o.By)
	}
}

func TestStop(t *testing.T) {
	for _, c := range []struct {
		provider string
		reasons  []string
		want     string
	}{
		{OpenAI, []string{"stop"}, "/"},
		{OpenAI, []string{"tool_calls"}, "/"},
		{OpenAI, []string{"length"}, "truncation/output_limit"},
		{OpenAI, []string{"stop", "content_filter"}, "refusal/content_filter"},
		{Anthropic, []string{"end_turn"}, "/"},
		{Anthropic, []string{"pause_turn"}, "/"},
		{Anthropic, []string{"max_tokens"}, "truncation/output_limit"},
		{Anthropic, []string{"model_context_window_exceeded"}, "truncation/context_length"},
		{Anthropic, []string{"refusal"}, "refusal/model_refusal"},
		{Gemini, []string{"STOP"}, "/"},
		{Gemini, []string{"FinishReason.SAFETY"}, "refusal/content_filter"},
		{Gemini, []string{"RECITATION"}, "refusal/content_filter"},
		{Gemini, []string{"MALFORMED_FUNCTION_CALL"}, "tool_call_malformed/provider_rejected"},
		{Gemini, []string{"OTHER"}, "provider_error/server_error"},
		{OpenAI, []string{"other"}, "/"},
		{Bedrock, []string{"guardrail_intervened"}, "refusal/content_filter"},
		{Bedrock, []string{"malformed_model_output"}, "schema_violation/not_json"},
		{Cohere, []string{"ERROR_TOXIC"}, "refusal/content_filter"},
		{Cohere, []string{"TIMEOUT"}, "timeout/provider_timeout"},
		{Mistral, []string{"model_length"}, "truncation/context_length"},
		{DeepSeek, []string{"insufficient_system_resource"}, "provider_error/overloaded"},
		{"", []string{"content-filter"}, "refusal/content_filter"},
		{"", []string{"tool-calls"}, "/"},
		{"", nil, "/"},
	} {
		o := Stop(c.provider, c.reasons)
		require.Equal(t, c.want, string(o.Class)+"/"+o.Detail, "%s %v", c.provider, c.reasons)
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { Stop(OpenAI, []string{"tool_calls"}) }))
}

// TestTablesMatchTheTaxonomy checks every row against the closed lists of details.
func TestTablesMatchTheTaxonomy(t *testing.T) {
	check := func(name string, f fine) {
		if f.class != "" {
			require.True(t, failure.ValidDetail(f.class, f.detail), "%s: %s/%s", name, f.class, f.detail)
		}
	}
	for name, f := range exceptions {
		require.Equal(t, strings.ToLower(name), name)
		check(name, f)
	}
	for name, f := range codes {
		require.Equal(t, strings.ToLower(name), name)
		check(name, f)
	}
	for name, f := range reasons {
		require.Equal(t, name, foldReason(name))
		check(name, f)
	}
	for _, p := range patterns {
		for _, part := range p.parts {
			require.Equal(t, strings.ToLower(part), part)
		}
		check(p.parts[0], p.fine)
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("openai.RateLimitError", "Error code: 429 - {'error': {'code': 'x'}}", 429)
	f.Add("", "An error occurred (", 0)
	f.Fuzz(func(t *testing.T, kind, message string, status int) {
		o := Classify(genai.Error{IsError: true, Type: kind, Message: message, HTTPStatus: status})
		if !o.Cancelled && !failure.ValidDetail(o.Class, o.Detail) {
			t.Fatalf("%q %q %d: %+v", kind, message, status, o)
		}
	})
}
