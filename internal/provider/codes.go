package provider

// codes maps error codes, folded by foldCode, to fine classes: codes in error bodies, and gRPC and AWS statuses.
var codes = map[string]fine{
	// OpenAI.
	"server_error": serverError, "rate_limit_exceeded": throttled, "tokens": throttled, "requests": throttled,
	"invalid_prompt": contentFilter,
	"bio_policy":     contentFilter, "image_content_policy_violation": contentFilter,
	"content_policy_violation": contentFilter,
	"content_filter":           contentFilter, "data_residency_mismatch": invalid, "vector_store_timeout": timeout,
	"invalid_request_error":   invalid,
	"context_length_exceeded": contextLength, "string_above_max_length": contextLength, "insufficient_quota": quota,
	"billing_hard_limit_reached": quota, "billing_not_active": quota, "invalid_api_key": auth,
	"invalid_organization": auth,
	"account_deactivated":  auth, "model_not_found": notFound, "decimal_above_max_value": invalid,
	"unsupported_parameter": invalid,
	"unsupported_value":     invalid, "invalid_type": invalid, "invalid_function_parameters": invalid,
	"invalid_image":        invalid,
	"invalid_image_format": invalid, "invalid_base64_image": invalid, "invalid_image_url": invalid,
	"image_too_large": invalid,
	"image_too_small": invalid, "image_parse_error": invalid, "invalid_image_mode": invalid,
	"image_file_too_large":         invalid,
	"unsupported_image_media_type": invalid, "empty_image_file": invalid, "failed_to_download_image": invalid,
	"image_file_not_found": invalid,
	// OpenAI and compatible APIs (Groq, OpenRouter, vLLM, Mistral, Together).
	"unsupported_country_region_territory": auth, "invalid_request": invalid, "invalid_schema": invalid,
	"model_overloaded":  overloaded,
	"engine_overloaded": overloaded, "engine_overloaded_error": overloaded, "service_unavailable": overloaded,
	"internal_server_error": serverError,
	"internal_error":        serverError, "insufficient_credits": quota, "payment_required": quota,
	"moderation_blocked":      contentFilter,
	"context_window_exceeded": contextLength, "model_decommissioned": notFound, "model_terms_required": auth,
	"unauthorized":    auth,
	"tool_use_failed": badToolCall, "json_validate_failed": notJSON, "request_timeout": timeout,
	"gateway_timeout": timeout,

	// Azure OpenAI.
	"responsibleaipolicyviolation": contentFilter, "content_filter_policy": contentFilter,
	"deploymentnotfound": notFound, "resourcenotfound": notFound,
	"operationnotsupported": invalid, "ratelimitreached": throttled, "too_many_requests": throttled,
	"permissiondenied":           forbidden,
	"authenticationtypedisabled": auth, "nocapacity": overloaded, "serviceunavailable": overloaded,
	"internalservererror": serverError,
	"timeout":             timeout, "operationtimeout": timeout,

	// Anthropic.
	"authentication_error": auth, "permission_error": auth, "billing_error": quota, "not_found_error": notFound,
	"request_too_large": contextLength,
	"rate_limit_error":  throttled, "timeout_error": timeout, "overloaded_error": overloaded, "api_error": serverError,

	// Google, and gRPC.
	"invalid_argument": invalid, "failed_precondition": invalid, "out_of_range": invalid, "unauthenticated": auth,
	"permission_denied": forbidden,
	"not_found":         notFound, "aborted": serverError, "already_exists": invalid, "resource_exhausted": throttled,
	"cancelled": cancelled,
	"internal":  serverError, "unknown": serverError, "data_loss": serverError, "unimplemented": invalid,
	"unavailable":       overloaded,
	"deadline_exceeded": timeout,
	// Reasons of google.rpc.ErrorInfo.
	"api_key_invalid": auth, "api_key_service_blocked": auth, "service_disabled": auth, "billing_disabled": quota,

	// Bedrock. Status 424 is a fault of the model, 429 "not ready" is not a rate limit, and 400 "quota" is a quota.
	"accessdeniedexception": auth, "unrecognizedclientexception": auth, "expiredtokenexception": auth,
	"invalidsignatureexception": auth,
	"conflictexception":         invalid, "internalserverexception": serverError, "modelerrorexception": serverError,
	"modelstreamerrorexception": serverError, "modelnotreadyexception": overloaded, "modeltimeoutexception": timeout,
	"resourcenotfoundexception": notFound, "servicequotaexceededexception": quota,
	"serviceunavailableexception": overloaded,
	"throttlingexception":         throttled, "validationexception": invalid,

	// AWS throttling codes.
	"throttling": throttled, "throttledexception": throttled, "requestthrottledexception": throttled,
	"toomanyrequestsexception":               throttled,
	"provisionedthroughputexceededexception": throttled, "transactioninprogressexception": throttled,
	"requestlimitexceeded":   throttled,
	"bandwidthlimitexceeded": throttled, "limitexceededexception": throttled, "requestthrottled": throttled,
	"slowdown":                throttled,
	"priorrequestnotcomplete": throttled, "ec2throttledexception": throttled,

	// LiteLLM's type for rate limits, then gateways and MCP.
	"throttling_error": throttled, "budget_exceeded": budget, "token_quota_reached": quota, "tool_error": toolFailed,
	"connection_error": connection, "client_disconnected": cancelled,

	// Telemetry of Anthropic's SDKs: errors without a response.
	"client_connection_error": connection, "client_network_error": connection, "client_abort": cancelled,
	"client_cancelled": cancelled, "client_canceled": cancelled, "client_timeout": clientTimeout,
	"stream_error": connection, "stream_interrupted": connection, "stream_closed": connection,
	"network_error": connection, "connection_closed": connection, "connection_reset": connection,

	// Codes of LangChain, and how the Claude Agent SDK ends.
	"model_rate_limit": throttled, "model_authentication": auth, "invalid_prompt_input": invalid,
	"message_coercion_failure": invalid, "output_parsing_failure": notJSON, "invalid_tool_results": invalid,
	"graph_recursion_limit": loop, "error_max_turns": loop, "error_max_budget_usd": budget,
	"error_max_structured_output_retries": notJSON, "error_during_execution": serverError,

	// Mastra.
	"structured_output_schema_validation_failed": mismatch, "structured_output_object_undefined": notJSON,

	// Further codes of gateways.
	"upstream_error": serverError, "bad_gateway": serverError, "provider_error": serverError,
	"provider_overloaded": overloaded, "rate_limited": throttled, "rate_limit": throttled, "overloaded": overloaded,
	"forbidden": forbidden, "content_policy": contentFilter, "context_length": contextLength,
}
