package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

// TestWrapped has errors that reach a span inside others, from gateways, frameworks and retries.
func TestWrapped(t *testing.T) {
	for _, c := range []struct {
		kind, message string
		status        int
		want          string
	}{
		// The message of an exception without meaning has the name of another one.
		{
			"Exception",
			"litellm.ContextWindowExceededError: litellm.BadRequestError: AnthropicException - prompt was refused", 0,
			"truncation/context_length",
		},
		{"", "litellm.RateLimitError: RateLimitError: OpenAIException - slow", 0, "rate_limit/throttled"},
		{"", "ReadTimeout('')", 0, "timeout/client_deadline"},
		{"RuntimeError", "TimeoutError()", 0, "timeout/client_deadline"},
		{"_OTHER", "google.api_core.exceptions.ResourceExhausted: 429 x", 0, "rate_limit/throttled"},
		{"", "UNAVAILABLE: io exception", 0, "provider_error/overloaded"},
		{
			"tenacity.RetryError", "RetryError[<Future at 0x7f state=finished raised RateLimitError>]", 0,
			"rate_limit/throttled",
		},
		{
			"litellm.MidStreamFallbackError", "litellm.MidStreamFallbackError: x Original exception: APITimeoutError: y",
			0, "timeout/client_deadline",
		},
		{"ai_retryerror", "Failed after 3 attempts. Last error: Too Many Requests", 0, "rate_limit/throttled"},
		{
			"requests.exceptions.ConnectionError",
			"HTTPSConnectionPool(host='x'): Max retries exceeded (Caused by NewConnectionError('x'))", 0,
			"provider_error/connection",
		},
		{
			"smolagents.utils.AgentGenerationError",
			"Error in generating model output:\nlitellm.BadRequestError: OpenAIException - Error code: 400 - " +
				"{'error': {'code': 'invalid_prompt'}}", 0, "refusal/content_filter",
		},
		{
			"smolagents.utils.AgentExecutionError",
			"Error when executing tool page_down with arguments {'': {}}: TypeError: x", 0, "tool_error/failed",
		},
		// A plain word is not the name of an exception.
		{"", "Tokens: 12 were read", 0, "provider_error/server_error"},
		{"", "Requests: none", 0, "provider_error/server_error"},
		{"", "Error: Requests - none", 0, "provider_error/server_error"},

		// Codes and statuses in bodies of all formats.
		{"", `{"error":{"code":429,"message":"x"}}`, 0, "rate_limit/throttled"},
		{"", `{"error":{"code":"401","message":"x"}}`, 0, "provider_error/auth"},
		{"", `{"statusCode": 503, "message": "x"}`, 0, "provider_error/overloaded"},
		{
			"", `{"object":"error","message":"x","type":"NotFoundError","param":null,"code":404}`, 0,
			"provider_error/not_found",
		},
		{
			"",
			"Error code: 500 - {'error': {'message': 'Unknown role: final', 'type': 'Internal Server Error', " +
				"'param': None, 'code': 500}}", 0, "provider_error/server_error",
		},
		{
			"APIStatusError",
			`Error code: 413 - {"error":{"message":"Request too large for model on tokens per minute (TPM): Limit ` +
				`6000, Requested 7000","type":"tokens","code":"rate_limit_exceeded"}}`, 413, "rate_limit/throttled",
		},
		{
			"BadRequestError",
			`Error code: 400 - {'error': {'message': 'Failed to call a function.', 'type': 'invalid_request_error', ` +
				`'code': 'tool_use_failed'}}`, 400, "tool_call_malformed/provider_rejected",
		},
		{
			"BadRequestError",
			`Error code: 400 - {'error': {'message': 'x', 'code': 'content_filter', 'innererror': {'code': ` +
				`'ResponsibleAIPolicyViolation'}}}`, 400, "refusal/content_filter",
		},
		{
			"google.genai.errors.ClientError",
			`429 RESOURCE_EXHAUSTED. {'error': {'code': 429, 'message': 'x', 'status': 'RESOURCE_EXHAUSTED', ` +
				`'details': [{'quotaId': 'GenerateRequestsPerDay', 'quotaMetric': 'quota'}]}}`, 0,
			"rate_limit/quota_exceeded",
		},
		{
			"ClientError",
			"400 FAILED_PRECONDITION. {'error': {'message': 'User location is not supported', 'status': " +
				"'FAILED_PRECONDITION'}}", 0, "provider_error/auth",
		},
		{
			"ClientError", "400 FAILED_PRECONDITION. {'error': {'message': 'x', 'status': 'FAILED_PRECONDITION'}}", 0,
			"provider_error/invalid_request",
		},
		{"", "rpc error: code = ResourceExhausted desc = slow down", 0, "rate_limit/throttled"},

		// The status is more precise than a type that stands for many statuses, but not than a specific type.
		{"InternalServerError", "x", 429, "rate_limit/throttled"},
		{"litellm.APIConnectionError", "litellm.APIConnectionError: x", 500, "provider_error/connection"},
		{"RateLimitError", "x", 500, "rate_limit/throttled"},
		{"503", "too many requests", 0, "provider_error/overloaded"},
		{"Timeout", "litellm.Timeout: APITimeoutError - Request timed out.", 0, "timeout/client_deadline"},
		{"Timeout", "x", 504, "timeout/provider_timeout"},

		// A 403 is either a policy or a missing permission.
		{
			"PermissionDeniedError", "Error code: 403 - {'error': {'code': 'content_filter'}}", 403,
			"refusal/content_filter",
		},
		{"PermissionDeniedError", "rejected as a result of our safety system", 403, "refusal/content_filter"},
		{"PermissionDeniedError", "too many requests", 403, "provider_error/auth"},

		// JavaScript and .NET also raise timeouts as aborts.
		{"AbortError", "This operation was aborted", 0, "cancelled"},
		{"AbortError", "The operation was aborted due to timeout", 0, "timeout/client_deadline"},
		{
			"TaskCanceledException",
			"The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.", 0,
			"timeout/client_deadline",
		},
		{"*url.Error", `Post "https://x": context canceled`, 0, "cancelled"},

		// Answers that the older Google SDKs withhold.
		{
			"StopCandidateException", "finish_reason: MALFORMED_FUNCTION_CALL", 0,
			"tool_call_malformed/provider_rejected",
		},
		{"StopCandidateException", "finish_reason: SAFETY", 0, "refusal/content_filter"},
		{"vertexai.generative_models.ResponseValidationError", "x", 0, "refusal/content_filter"},

		// Reports of validation libraries have the keyword.
		{
			"pydantic.ValidationError",
			"1 validation error for Invoice\ntotal\n  Field required [type=missing, input_value={}]", 0,
			"schema_violation/required",
		},
		{
			"ValidationError",
			"1 validation error for Invoice\ntotal\n  Input should be a valid number [type=float_parsing, " +
				"input_value='x']", 0, "schema_violation/type",
		},
		{
			"ValidationError", "1 validation error for Invoice\n  Invalid JSON: x [type=json_invalid, input_value='{']", 0,
			"schema_violation/not_json",
		},
		{"jsonschema.exceptions.ValidationError", "'total' is a required property", 0, "schema_violation/required"},
	} {
		o := Classify(genai.Error{IsError: true, Type: c.kind, Message: c.message, HTTPStatus: c.status})
		require.Equal(t, c.want, verdict(o), "%s: %s (by %s %s)", c.kind, c.message, o.By, o.Where)
	}
}

// TestWhereIsCanonical checks that one failure has one spelling of Where, which is part of the fingerprint.
func TestWhereIsCanonical(t *testing.T) {
	for _, spellings := range [][]string{
		{"RateLimitError", "openai.RateLimitError", "litellm.exceptions.RateLimitError"},
		{"ThrottlingException", "throttlingException", "com.amazonaws.ThrottlingException"},
		{"overloaded_error", "OVERLOADED_ERROR"},
	} {
		first := Classify(genai.Error{IsError: true, Type: spellings[0]})
		require.NotEmpty(t, first.Where)
		for _, s := range spellings[1:] {
			require.Equal(t, first, Classify(genai.Error{IsError: true, Type: s}), s)
		}
	}
}

// TestClassifyIsBounded checks that Classify does not read all of a large error.
func TestClassifyIsBounded(t *testing.T) {
	long := strings.Repeat("(raised \"code\": ", 1<<20)
	start := time.Now()
	Classify(genai.Error{IsError: true, Type: long, Message: long})
	require.Less(t, time.Since(start), 2*time.Second, "16 MB of type and of message")
}

func BenchmarkClassify(b *testing.B) {
	e := genai.Error{
		IsError: true, Type: "openai.RateLimitError",
		Message: "Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-4o', 'type': 'requests', " +
			"'code': 'rate_limit_exceeded'}}", HTTPStatus: 429,
	}
	b.ReportAllocs()
	for b.Loop() {
		Classify(e)
	}
}
