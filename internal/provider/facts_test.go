package provider

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

// fact is the meaning of one kind of evidence alone.
type fact struct{ want, names string }

func verdict(o Outcome) string {
	if o.Cancelled {
		return "cancelled"
	}
	return string(o.Class) + "/" + o.Detail
}

// TestExceptionFacts checks exception types without other evidence.
func TestExceptionFacts(t *testing.T) {
	for _, c := range []fact{
		// openai, anthropic
		{"provider_error/invalid_request", "BadRequestError ConflictError UnprocessableEntityError"},
		{"provider_error/auth", "AuthenticationError OAuthError PermissionDeniedError SubjectTokenProviderError"},
		{"provider_error/not_found", "NotFoundError"},
		{"rate_limit/throttled", "RateLimitError"},
		{
			"provider_error/server_error",
			"InternalServerError APIResponseValidationError APIStatusError APIError OpenAIError",
		},
		{"timeout/client_deadline", "APITimeoutError"},
		{"provider_error/connection", "APIConnectionError WebSocketConnectionClosedError WebSocketQueueFullError"},
		{"truncation/output_limit", "LengthFinishReasonError"},
		{"refusal/content_filter", "ContentFilterFinishReasonError"},
		{"truncation/context_length", "RequestTooLargeError"},
		{"provider_error/overloaded", "ServiceUnavailableError OverloadedError"},
		{"timeout/provider_timeout", "DeadlineExceededError"},
		// google
		{"provider_error/server_error", "ClientError ServerError UnknownApiResponseError"},
		{"tool_call_malformed/unparsable_arguments", "UnknownFunctionCallArgumentError"},
		{"provider_error/invalid_request", "UnsupportedFunctionError InvalidArgument FailedPrecondition OutOfRange"},
		{"tool_error/failed", "FunctionInvocationError"},
		{"rate_limit/throttled", "ResourceExhausted TooManyRequests"},
		{"timeout/provider_timeout", "DeadlineExceeded GatewayTimeout google.api_core.exceptions.RetryError"},
		{"provider_error/auth", "Unauthenticated PermissionDenied Forbidden"},
		{"provider_error/not_found", "NotFound"},
		{"provider_error/overloaded", "ServiceUnavailable"},
		{"provider_error/server_error", "Unknown Aborted"},
		{"cancelled", "Cancelled"},
		// botocore
		{"provider_error/server_error", "EventStreamError"},
		{"timeout/client_deadline", "ReadTimeoutError ConnectTimeoutError"},
		{
			"provider_error/connection",
			"EndpointConnectionError ConnectionClosedError ProxyConnectionError SSLError HTTPClientError " +
				"ConnectionError ResponseStreamingError",
		},
		{
			"provider_error/auth",
			"NoCredentialsError PartialCredentialsError CredentialRetrievalError NoAuthTokenError " +
				"TokenRetrievalError UnauthorizedSSOTokenError SSOTokenLoadError LoginTokenLoadError " +
				"UnknownCredentialError UnknownTokenProviderError",
		},
		{"provider_error/invalid_request", "ParamValidationError"},
		// LiteLLM
		{
			"provider_error/invalid_request",
			"LiteLLMUnknownProvider UnsupportedParamsError ImageFetchError InvalidRequestError",
		},
		{"truncation/context_length", "ContextWindowExceededError"},
		{
			"refusal/content_filter",
			"ContentPolicyViolationError RejectedRequestError GuardrailRaisedException BlockedPiiEntityError " +
				"GuardrailInterventionNormalStringError",
		},
		{"rate_limit/budget", "BudgetExceededError"},
		{"timeout/client_deadline", "Timeout"},
		{"provider_error/server_error", "MidStreamFallbackError BadGatewayError"},
		{"schema_violation/not_json", "JSONSchemaValidationError"},
		{"rate_limit/throttled", "RouterRateLimitError"},
		// generic
		{
			"timeout/client_deadline",
			"asyncio.TimeoutError TimeoutError httpx.ReadTimeout httpx.ConnectTimeout httpx.PoolTimeout " +
				"httpx.WriteTimeout requests.exceptions.Timeout context.DeadlineExceeded " +
				"java.net.SocketTimeoutException TimeoutException",
		},
		{
			"provider_error/connection",
			"httpx.ConnectError httpx.RemoteProtocolError httpx.ReadError ConnectionResetError ECONNRESET " +
				"ECONNREFUSED ENOTFOUND EAI_AGAIN EPIPE UND_ERR_SOCKET",
		},
		{"cancelled", "asyncio.CancelledError context.Canceled AbortError GeneratorExit 499"},
		{
			"schema_violation/not_json",
			"json.JSONDecodeError pydantic.ValidationError OutputParserException UnexpectedModelBehavior " +
				"AI_NoObjectGeneratedError",
		},
		{"tool_call_malformed/unparsable_arguments", "AI_InvalidToolArgumentsError AI_InvalidToolInputError"},
		{"tool_call_malformed/unknown_tool", "AI_NoSuchToolError"},
		// The same in Java, .NET, Go and Ruby.
		{"rate_limit/throttled", "com.openai.errors.RateLimitException Cohere::TooManyRequestsError"},
		{
			"provider_error/auth",
			"com.openai.errors.UnauthorizedException com.anthropic.errors.PermissionDeniedException",
		},
		{"provider_error/invalid_request", "com.openai.errors.BadRequestException"},
		{"provider_error/not_found", "com.anthropic.errors.NotFoundException"},
		{"timeout/client_deadline", "context.deadlineExceededError java.net.http.HttpTimeoutException"},
		{"cancelled", "langgraph.errors.GraphInterrupt langgraph.errors.ParentCommand StopAsyncIteration"},
		{
			"retry_loop/runaway",
			"langgraph.errors.GraphRecursionError smolagents.utils.AgentMaxStepsError " +
				"agents.exceptions.MaxTurnsExceeded",
		},
		{"cancelled", "System.Threading.Tasks.TaskCanceledException java.util.concurrent.CancellationException"},
	} {
		for name := range strings.FieldsSeq(c.names) {
			require.Equal(t, c.want, verdict(Classify(genai.Error{IsError: true, Type: name})), name)
		}
	}
}

// TestCodeFacts checks codes as the error type, and in a body under a type without meaning.
func TestCodeFacts(t *testing.T) {
	for _, c := range []fact{
		{
			"provider_error/server_error",
			"server_error api_error INTERNAL DATA_LOSS ABORTED UNKNOWN InternalServerError InternalServerException " +
				"ModelErrorException ModelStreamErrorException internalServerException modelStreamErrorException",
		},
		{
			"rate_limit/throttled",
			"rate_limit_exceeded tokens requests RateLimitReached too_many_requests rate_limit_error " +
				"RESOURCE_EXHAUSTED ThrottlingException throttlingException Throttling ThrottledException " +
				"RequestThrottledException TooManyRequestsException ProvisionedThroughputExceededException " +
				"TransactionInProgressException RequestLimitExceeded BandwidthLimitExceeded LimitExceededException " +
				"RequestThrottled SlowDown PriorRequestNotComplete EC2ThrottledException",
		},
		{
			"refusal/content_filter",
			"invalid_prompt bio_policy image_content_policy_violation content_policy_violation content_filter " +
				"ResponsibleAIPolicyViolation content_filter_policy",
		},
		{
			"provider_error/invalid_request",
			"data_residency_mismatch invalid_image invalid_image_format invalid_base64_image invalid_image_url " +
				"image_too_large image_too_small image_parse_error invalid_image_mode image_file_too_large " +
				"unsupported_image_media_type empty_image_file failed_to_download_image image_file_not_found " +
				"invalid_request_error decimal_above_max_value unsupported_parameter unsupported_value invalid_type " +
				"invalid_function_parameters OperationNotSupported INVALID_ARGUMENT FAILED_PRECONDITION OUT_OF_RANGE " +
				"ALREADY_EXISTS UNIMPLEMENTED ConflictException ValidationException validationException",
		},
		{
			"timeout/provider_timeout",
			"vector_store_timeout OperationTimeout timeout_error DEADLINE_EXCEEDED ModelTimeoutException",
		},
		{"truncation/context_length", "context_length_exceeded string_above_max_length request_too_large"},
		{
			"rate_limit/quota_exceeded",
			"insufficient_quota billing_hard_limit_reached billing_not_active billing_error " +
				"ServiceQuotaExceededException",
		},
		{
			"provider_error/auth",
			"invalid_api_key invalid_organization account_deactivated PermissionDenied AuthenticationTypeDisabled " +
				"authentication_error permission_error UNAUTHENTICATED PERMISSION_DENIED AccessDeniedException " +
				"UnrecognizedClientException ExpiredTokenException InvalidSignatureException",
		},
		{
			"provider_error/not_found",
			"model_not_found DeploymentNotFound ResourceNotFound not_found_error NOT_FOUND ResourceNotFoundException",
		},
		{
			"provider_error/overloaded",
			"NoCapacity ServiceUnavailable overloaded_error UNAVAILABLE ModelNotReadyException " +
				"ServiceUnavailableException serviceUnavailableException",
		},
		{"cancelled", "CANCELLED"},
	} {
		for code := range strings.FieldsSeq(c.names) {
			require.Equal(t, c.want, verdict(Classify(genai.Error{IsError: true, Type: code})), code)
			for _, message := range []string{
				"Error: {'error': {'message': 'x', 'code': '" + code + "'}}",
				`{"type":"error","error":{"type":"` + code + `","message":"x"}}`,
				"An error occurred (" + code + ") when calling the Converse operation: x",
				"rpc error: code = " + code + " desc = x",
			} {
				require.Equal(t, c.want, verdict(Classify(genai.Error{
					IsError: true, Type: "APIError",
					Message: message,
				})), message)
			}
		}
	}
}

// TestMessageFacts checks messages without other evidence, in the providers' upper and lower case.
func TestMessageFacts(t *testing.T) {
	for _, c := range []struct {
		want     string
		messages []string
	}{
		{"truncation/context_length", []string{
			"This model's maximum context length is 8192 tokens.", "Input exceed context limit of 32768",
			"Exceeds the model's maximum context limit",
			"The prompt is longer than the model's context length",
			"string too long. Expected a string with maximum length 1048576", "Prompt is too long",
			"prompt: length: 1..131072", "Too many tokens: 9000", "too many input tokens",
			"Input is too long for requested model", "expected maxLength: 2048, actual: 3000",
			"Request payload size exceeds the limit: 20971520 bytes", "length limit exceeded",
			"inputs tokens + max_new_tokens must be <= 4096",
			"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
		}},
		{"refusal/content_filter", []string{
			"content_policy_violation", "content_filter_policy", "triggering Azure OpenAI's content management policy",
			"rejected as a result of the safety system",
			"Your request was rejected as a result of our safety system.",
			"Your task failed as a result of our safety system.", "violating our usage policy",
			"Output blocked by content filtering policy", "The response was blocked.",
			"the model produced invalid content", "ResponsibleAIPolicyViolation",
			"Guardrail raised an exception", "Blocked entity detected: EMAIL",
		}},
		{"rate_limit/quota_exceeded", []string{
			"insufficient_quota", "You exceeded your current quota, please check your plan",
			"Your credit balance is too low", "billing hard limit", "token_quota_reached",
			"Quota exceeded for quota metric GenerateRequestsPerDayPerProject",
		}},
		{"rate_limit/budget", []string{"Budget has been exceeded! Current cost: 10.2, Max budget: 10.0"}},
		{"rate_limit/throttled", []string{
			"Rate limit reached for gpt-4o", "Service tier capacity exceeded for this model",
			"Your request was throttled", "Too Many Requests",
			"Quota exceeded for aiplatform.googleapis.com", "429 Quota exceeded",
			"Request too large for gpt-4o on tokens per min (TPM)",
		}},
		{"provider_error/overloaded", []string{
			"Overloaded", "temporarily out of capacity", "no capacity",
			"The model is currently unavailable", "503 Service Unavailable",
		}},
		{"timeout/provider_timeout", []string{
			"Timed out generating response", "A timeout occurred",
			"Deadline expired before operation could complete", "504 Deadline Exceeded",
		}},
		{"timeout/client_deadline", []string{
			"Request timed out.", "HTTPSConnectionPool(host='x', port=443): Read timed out.",
			"The read operation timed out", "Connect timeout on endpoint URL: x",
			`Post "https://x": context deadline exceeded`,
		}},
		{"provider_error/auth", []string{
			"Incorrect API key provided", "invalid api key", "API key not valid. Please pass a valid API key.",
			"The api_key client option must be set",
			"Incorrect authentication token", "Unable to locate credentials",
			"The security token included in the request is invalid", "Invalid API Token",
			"No API key provided", "authorization denied for x", "A valid user token is required",
			"Reauthentication is needed",
		}},
		{"provider_error/not_found", []string{
			"model_not_found", "DeploymentNotFound", "The model `x` does not exist or you do not have access to it.",
			"open model: no such file or directory",
		}},
		{"provider_error/connection", []string{
			"Connection error.", "Connection refused", "Connection reset by peer",
			"Failed to establish a new connection", "upstream connect error or disconnect",
			"Name or service not known", "SSL: CERTIFICATE_VERIFY_FAILED certificate verify failed",
			"[SSL: WRONG_VERSION_NUMBER] wrong version number",
		}},
		{"provider_error/server_error", []string{
			"The server had an error processing your request", "Web server is returning an unknown error",
			"Internal Server Error", "An internal error has occurred",
			"Invalid response from an upstream server", "unexpected server error",
		}},
	} {
		for _, message := range c.messages {
			require.Equal(t, c.want, verdict(Classify(genai.Error{IsError: true, Message: message})), message)
		}
	}
}

// TestStopFacts checks finish reasons.
func TestStopFacts(t *testing.T) {
	for _, c := range []struct{ provider, want, names string }{
		{OpenAI, "/", "stop tool_calls function_call completed in_progress queued"},
		{OpenAI, "truncation/output_limit", "length max_output_tokens max_tokens max_completion_tokens incomplete"},
		{OpenAI, "truncation/context_length", "max_prompt_tokens"},
		{OpenAI, "refusal/content_filter", "content_filter"},
		{OpenAI, "cancelled", "cancelled run_cancelled turn_detected client_cancelled"},
		{OpenAI, "timeout/provider_timeout", "run_expired"},
		{OpenAI, "provider_error/server_error", "failed run_failed"},
		{Anthropic, "/", "end_turn stop_sequence tool_use pause_turn compaction"},
		{Anthropic, "truncation/output_limit", "max_tokens"},
		{Anthropic, "truncation/context_length", "model_context_window_exceeded"},
		{Anthropic, "refusal/model_refusal", "refusal"},
		{Gemini, "/", "STOP FinishReason.STOP FINISH_REASON_UNSPECIFIED"},
		{Gemini, "truncation/output_limit", "MAX_TOKENS FinishReason.MAX_TOKENS"},
		{
			Gemini, "refusal/content_filter",
			"SAFETY BLOCKLIST PROHIBITED_CONTENT SPII IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT RECITATION " +
				"IMAGE_RECITATION LANGUAGE MODEL_ARMOR JAILBREAK",
		},
		{VertexAI, "tool_call_malformed/provider_rejected", "MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL"},
		{GoogleGenAI, "retry_loop/runaway", "TOO_MANY_TOOL_CALLS"},
		{Gemini, "provider_error/server_error", "OTHER IMAGE_OTHER NO_IMAGE"},
		{Bedrock, "/", "end_turn tool_use stop_sequence FINISHED STOP_CRITERIA_MET"},
		{Bedrock, "truncation/output_limit", "max_tokens LENGTH"},
		{Bedrock, "refusal/content_filter", "guardrail_intervened content_filtered CONTENT_FILTERED"},
		{Bedrock, "schema_violation/not_json", "malformed_model_output"},
		{Bedrock, "tool_call_malformed/provider_rejected", "malformed_tool_use"},
		{Bedrock, "truncation/context_length", "model_context_window_exceeded"},
		{Bedrock, "provider_error/invalid_request", "RAG_QUERY_WHEN_RAG_DISABLED"},
		{Cohere, "/", "COMPLETE STOP_SEQUENCE TOOL_CALL"},
		{Cohere, "truncation/output_limit", "MAX_TOKENS"},
		{Cohere, "refusal/content_filter", "ERROR_TOXIC"},
		{Cohere, "provider_error/server_error", "ERROR"},
		{Cohere, "timeout/provider_timeout", "TIMEOUT"},
		{Cohere, "truncation/context_length", "ERROR_LIMIT"},
		{Mistral, "/", "stop tool_calls"},
		{Mistral, "truncation/context_length", "model_length"},
		{Mistral, "provider_error/server_error", "error"},
		{DeepSeek, "provider_error/overloaded", "insufficient_system_resource"},
		{"together_ai", "/", "stop eos tool_calls function_call"},
		{"hugging_face", "/", "eos_token stop_sequence"},
		{"", "/", "stop tool-calls other unknown"},
		{"", "truncation/output_limit", "length"},
		{"", "refusal/content_filter", "content-filter"},
		{"", "provider_error/server_error", "error"},
	} {
		for reason := range strings.FieldsSeq(c.names) {
			require.Equal(t, c.want, verdict(Stop(c.provider, []string{reason})), "%s %s", c.provider, reason)
			require.Equal(t, c.want, verdict(Stop(c.provider, []string{"stop", reason})),
				"the worst of the choices counts")
		}
	}
}
