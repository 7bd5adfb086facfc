package provider

// exceptions maps the last segment of an exception type, in lower case, to its fine class. Facts table §3.
var exceptions = map[string]fine{
	// OpenAI and Anthropic SDKs share names.
	"badrequesterror": invalid, "authenticationerror": auth, "oautherror": auth, "permissiondeniederror": auth, "notfounderror": notFound,
	"conflicterror": invalid, "unprocessableentityerror": invalid, "ratelimiterror": throttled, "internalservererror": serverError,
	"apitimeouterror": clientTimeout, "apiconnectiontimeouterror": clientTimeout, "apiconnectionerror": untrusted,
	"apiresponsevalidationerror": serverError, "lengthfinishreasonerror": outputLimit, "contentfilterfinishreasonerror": contentFilter,
	"apistatuserror": byStatus, "apierror": byStatus, "openaierror": byStatus, "anthropicerror": byStatus,
	"websocketconnectionclosederror": connection, "websocketqueuefullerror": connection, "subjecttokenprovidererror": auth,
	"requesttoolargeerror": contextLength, "serviceunavailableerror": overloaded, "overloadederror": overloaded, "deadlineexceedederror": timeout,
	"retryableerror": byStatus, "apiuseraborterror": cancelled,

	// google-genai and google.api_core.
	"clienterror": byStatus, "servererror": serverError, "unknownfunctioncallargumenterror": badArguments, "unsupportedfunctionerror": invalid,
	"functioninvocationerror": toolFailed, "unknownapiresponseerror": serverError,
	"resourceexhausted": throttled, "toomanyrequests": throttled, "deadlineexceeded": timeout, "gatewaytimeout": timeout, "retryerror": timeout,
	"unauthenticated": auth, "permissiondenied": auth, "forbidden": auth, "invalidargument": invalid, "failedprecondition": invalid, "outofrange": invalid,
	"serviceunavailable": overloaded, "internalservererrorexception": serverError, "aborted": serverError, "unauthorized": auth, "badrequest": invalid,

	// botocore.
	"eventstreamerror": byStatus, "readtimeouterror": clientTimeout, "connecttimeouterror": clientTimeout, "endpointconnectionerror": connection,
	"connectionclosederror": connection, "proxyconnectionerror": connection, "sslerror": connection, "httpclienterror": connection,
	"connectionerror": connection, "responsestreamingerror": connection, "nocredentialserror": auth, "partialcredentialserror": auth,
	"credentialretrievalerror": auth, "noauthtokenerror": auth, "tokenretrievalerror": auth, "unauthorizedssotokenerror": auth, "ssotokenloaderror": auth,
	"logintokenloaderror": auth, "unknowncredentialerror": auth, "unknowntokenprovidererror": auth, "paramvalidationerror": invalid,

	// LiteLLM. Its InternalServerError, BadGatewayError and APIConnectionError also stand for what it could not map.
	"litellmunknownprovider": invalid, "unsupportedparamserror": invalid, "imagefetcherror": invalid, "invalidrequesterror": invalid,
	"contextwindowexceedederror": contextLength, "contentpolicyviolationerror": contentFilter, "rejectedrequesterror": contentFilter,
	"guardrailraisedexception": contentFilter, "blockedpiientityerror": contentFilter, "guardrailinterventionnormalstringerror": contentFilter,
	"budgetexceedederror": budget, "timeout": timeout, "midstreamfallbackerror": serverError, "badgatewayerror": serverError,
	"jsonschemavalidationerror": notJSON, "routerratelimiterror": throttled, "routerratelimiterrorbasic": throttled,

	// Languages and HTTP clients.
	"timeouterror": clientTimeout, "readtimeout": clientTimeout, "connecttimeout": clientTimeout, "pooltimeout": clientTimeout, "writetimeout": clientTimeout,
	"context.deadlineexceeded": clientTimeout, "deadlineexceedederr": clientTimeout, "sockettimeoutexception": clientTimeout,
	"timeoutexception": clientTimeout, "httptimeoutexception": clientTimeout, "etimedout": clientTimeout, "esockettimedout": clientTimeout,
	"connecterror": connection, "remoteprotocolerror": connection, "readerror": connection, "connectionreseterror": connection,
	"connectionrefusederror": connection, "econnreset": connection, "econnrefused": connection, "enotfound": connection, "eai_again": connection,
	"epipe": connection, "und_err_socket": connection, "und_err_connect_timeout": clientTimeout, "und_err_headers_timeout": clientTimeout,
	"connectexception": connection, "unknownhostexception": connection, "gaierror": connection, "protocolerror": connection,
	"cancellederror": cancelled, "context.canceled": cancelled, "canceled": cancelled, "cancelled": cancelled, "aborterror": cancelled,
	"generatorexit": cancelled, "operationcanceledexception": cancelled, "taskcanceledexception": cancelled, "cancellationexception": cancelled,

	// Frameworks that read answers: the structure was wrong.
	"jsondecodeerror": notJSON, "outputparserexception": notJSON, "outputparsererror": notJSON, "validationerror": notJSON,
	"unexpectedmodelbehavior": notJSON, "ai_noobjectgeneratederror": notJSON, "ai_nooutputgeneratederror": serverError, "ai_jsonparseerror": notJSON,
	"ai_typevalidationerror": notJSON, "ai_invalidtoolargumentserror": badArguments, "ai_invalidtoolinputerror": badArguments,
	"ai_nosuchtoolerror": unknownTool, "ai_toolexecutionerror": toolFailed, "ai_apicallerror": byStatus, "ai_retryerror": byStatus,
	"ai_loadapikeyerror": auth, "ai_nosuchmodelerror": notFound, "ai_invalidprompterror": invalid, "ai_invalidargumenterror": invalid,
	"ai_unsupportedfunctionalityerror": invalid, "modelhttperror": byStatus, "modelretry": badToolCall, "toolretryerror": badToolCall,
	"usagelimitexceeded": budget, "maxturnsexceeded": loop, "graphrecursionerror": loop,
	"inputguardrailtripwiretriggered": contentFilter, "outputguardrailtripwiretriggered": contentFilter, "modelbehaviorerror": badToolCall,
}

// codes maps codes of bodies, gRPC and AWS statuses, in lower case, to fine classes. Facts table §4.
var codes = map[string]fine{
	// OpenAI and Azure.
	"server_error": serverError, "rate_limit_exceeded": throttled, "tokens": throttled, "requests": throttled, "invalid_prompt": contentFilter,
	"bio_policy": contentFilter, "image_content_policy_violation": contentFilter, "content_policy_violation": contentFilter,
	"content_filter": contentFilter, "content_filter_policy": contentFilter, "responsibleaipolicyviolation": contentFilter,
	"data_residency_mismatch": invalid, "vector_store_timeout": timeout, "invalid_request_error": invalid, "context_length_exceeded": contextLength,
	"string_above_max_length": contextLength, "insufficient_quota": quota, "billing_hard_limit_reached": quota, "billing_not_active": quota,
	"invalid_api_key": auth, "invalid_organization": auth, "account_deactivated": auth, "model_not_found": notFound,
	"decimal_above_max_value": invalid, "unsupported_parameter": invalid, "unsupported_value": invalid, "invalid_type": invalid,
	"invalid_function_parameters": invalid, "invalid_image": invalid, "invalid_image_format": invalid, "invalid_base64_image": invalid,
	"invalid_image_url": invalid, "image_too_large": invalid, "image_too_small": invalid, "image_parse_error": invalid, "invalid_image_mode": invalid,
	"image_file_too_large": invalid, "unsupported_image_media_type": invalid, "empty_image_file": invalid, "failed_to_download_image": invalid,
	"image_file_not_found": invalid, "deploymentnotfound": notFound, "resourcenotfound": notFound, "operationnotsupported": invalid,
	"ratelimitreached": throttled, "too_many_requests": throttled, "permissiondenied": auth, "authenticationtypedisabled": auth,
	"nocapacity": overloaded, "serviceunavailable": overloaded, "internalservererror": serverError, "operationtimeout": timeout,
	"invalid_schema": invalid, "model_overloaded": overloaded,

	// Anthropic.
	"authentication_error": auth, "permission_error": auth, "billing_error": quota, "not_found_error": notFound, "request_too_large": contextLength,
	"rate_limit_error": throttled, "timeout_error": timeout, "overloaded_error": overloaded, "api_error": serverError,

	// Google and gRPC.
	"invalid_argument": invalid, "failed_precondition": invalid, "out_of_range": invalid, "unauthenticated": auth, "permission_denied": auth,
	"not_found": notFound, "aborted": serverError, "already_exists": invalid, "resource_exhausted": throttled, "cancelled": cancelled,
	"internal": serverError, "unknown": serverError, "data_loss": serverError, "unimplemented": invalid, "unavailable": overloaded,
	"deadline_exceeded": timeout,

	// Bedrock and AWS. A 424 is the model's fault, its 429 "not ready" is no rate of ours, its 400 "quota" is a quota.
	"accessdeniedexception": auth, "unrecognizedclientexception": auth, "expiredtokenexception": auth, "invalidsignatureexception": auth,
	"conflictexception": invalid, "internalserverexception": serverError, "modelerrorexception": serverError,
	"modelstreamerrorexception": serverError, "modelnotreadyexception": overloaded, "modeltimeoutexception": timeout,
	"resourcenotfoundexception": notFound, "servicequotaexceededexception": quota, "serviceunavailableexception": overloaded,
	"throttlingexception": throttled, "validationexception": invalid, "throttling": throttled, "throttledexception": throttled,
	"requestthrottledexception": throttled, "toomanyrequestsexception": throttled, "provisionedthroughputexceededexception": throttled,
	"transactioninprogressexception": throttled, "requestlimitexceeded": throttled, "bandwidthlimitexceeded": throttled,
	"limitexceededexception": throttled, "requestthrottled": throttled, "slowdown": throttled, "priorrequestnotcomplete": throttled,
	"ec2throttledexception": throttled,

	// Gateways and MCP.
	"throttling_error": throttled, "budget_exceeded": budget, "token_quota_reached": quota, "tool_error": toolFailed,
	"timeout": timeout, "connection_error": connection, "client_disconnected": cancelled,
}

// pattern is a set of substrings of a message, all of which must occur.
type pattern struct {
	fine  fine
	parts []string
}

// patterns are read in order: inside one step what is more specific comes first. Facts table §5, the more general ones
// last. They are matched in lower case, on the first line of a message and no more than 512 bytes of it.
var patterns = group(
	words(badToolCall, "unexpected tokens remaining in message header", "malformed function call", "malformed_function_call", "invalid tool call",
		"failed to parse tool call", "failed to call a function", "tool_use_failed", "could not parse tool call", "tool call validation failed",
		"error parsing tool call", "unexpected tool call", "invalid function call"),
	words(contextLength, "maximum context length", "exceed context limit", "exceeds context limit", "maximum context limit",
		"longer than the model's context length", "string too long. expected a string with maximum length", "prompt is too long", "prompt: length",
		"too many tokens", "too many input tokens", "input is too long", "expected maxlength:", "request payload size exceeds", "length limit exceeded",
		"context_length_exceeded", "context window", "exceeds the context", "reduce the length of the"),
	[]pattern{
		{contextLength, []string{"inputs", "max_new_tokens", "must be <="}},
		{contextLength, []string{"input token count", "exceeds the maximum"}},
	},
	words(contentFilter, "content_policy_violation", "content_filter_policy", "content management policy", "rejected as a result of the safety system",
		"rejected as a result of our safety system", "as a result of our safety system", "violating our usage policy", "content filtering policy",
		"the response was blocked", "the model produced invalid content", "responsibleaipolicyviolation", "guardrail raised an exception",
		"blocked entity detected", "blocked by content filter", "blocked by our content", "flagged as potentially violating"),
	words(quota, "insufficient_quota", "exceeded your current quota", "credit balance is too low", "billing", "token_quota_reached", "insufficient credits",
		"insufficient balance", "requires more credits"),
	words(budget, "budget has been exceeded", "budget exceeded", "exceeded budget"),
	words(throttled, "rate limit", "rate_limit", "ratelimit", "service tier capacity exceeded", "request was throttled", "too many requests", "quota exceeded for",
		"429 quota exceeded", "request too large", "throttl", "resource has been exhausted", "resource_exhausted"),
	words(overloaded, "overloaded", "temporarily out of capacity", "no capacity", "at capacity", "currently unavailable", "503 service unavailable", "service unavailable",
		"model is not ready", "high demand"),
	words(timeout, "timed out generating response", "a timeout occurred", "deadline expired", "deadline exceeded", "gateway timeout", "gateway time-out"),
	words(clientTimeout, "request timed out", "read timed out", "read operation timed out", "connect timeout on endpoint url", "timed out", "timeout of", "operation timeout"),
	words(auth, "incorrect api key", "invalid api key", "invalid x-api-key", "api key not valid", "api_key client option must be set", "incorrect authentication token",
		"unable to locate credentials", "security token included in the request is invalid", "invalid api token", "no api key provided",
		"authorization denied for", "a valid user token is required", "reauthentication is needed", "unauthorized", "permission denied",
		"authentication failed", "location is not supported"),
	words(notFound, "model_not_found", "deploymentnotfound", "does not exist or you do not have access", "no such file or directory", "model identifier is invalid",
		"model not found", "is not found for api version", "no such model"),
	[]pattern{{notFound, []string{"the model", "does not exist"}}, {notFound, []string{"unknown provider", "model="}}},
	words(connection, "connection error", "connection refused", "connection reset", "failed to establish a new connection", "upstream connect error",
		"name or service not known", "certificate verify failed", "ssl error", "ssl:", "econnrefused", "econnreset", "enotfound", "socket hang up",
		"connection closed", "network error", "fetch failed", "no such host", "broken pipe", "temporary failure in name resolution"),
	words(serverError, "the server had an error processing your request", "web server is returning an unknown error", "internal server error",
		"internal error", "invalid response from an upstream server", "unexpected server error", "bad gateway"),
)

func words(f fine, texts ...string) []pattern {
	list := make([]pattern, len(texts))
	for i, text := range texts {
		list[i] = pattern{f, []string{text}}
	}
	return list
}

func group(lists ...[]pattern) []pattern {
	var all []pattern
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// statuses maps HTTP statuses to fine classes. Facts table §6; what is not listed goes by its hundred.
var statuses = map[int]fine{
	401: auth, 402: quota, 403: auth, 404: notFound, 407: auth, 408: timeout, 410: notFound, 413: contextLength, 424: serverError, 429: throttled,
	451: contentFilter, 498: auth, 499: cancelled, 503: overloaded, 504: timeout, 521: connection, 522: timeout, 523: connection, 524: timeout,
	525: connection, 526: connection, 529: overloaded,
}

func byHTTP(status int) fine {
	if f, ok := statuses[status]; ok {
		return f
	}
	switch {
	case status >= 400 && status < 500:
		return invalid
	case status >= 500 && status < 600:
		return serverError
	}
	return fine{}
}

// reasons maps raw finish reasons, folded, to fine classes; a reason that is missing is a normal end. Facts table §7.
var reasons = map[string]fine{
	"length": outputLimit, "max_tokens": outputLimit, "max_output_tokens": outputLimit, "max_completion_tokens": outputLimit,
	"max_length": outputLimit, "incomplete": outputLimit,
	"max_prompt_tokens": contextLength, "model_length": contextLength, "model_context_window_exceeded": contextLength,
	"context_length_exceeded": contextLength, "context_window": contextLength, "error_limit": contextLength,
	"content_filter": contentFilter, "content_filtered": contentFilter, "guardrail_intervened": contentFilter, "safety": contentFilter,
	"recitation": contentFilter, "prohibited_content": contentFilter, "blocklist": contentFilter, "spii": contentFilter,
	"image_safety": contentFilter, "image_prohibited_content": contentFilter, "image_recitation": contentFilter, "language": contentFilter,
	"error_toxic": contentFilter, "model_armor": contentFilter, "jailbreak": contentFilter, "blocked": contentFilter,
	"refusal": refusal, "refused": refusal,
	"malformed_function_call": badToolCall, "unexpected_tool_call": badToolCall, "error_tool_call": badToolCall,
	"malformed_tool_use": badToolCall, "malformed_tool_call": badToolCall, "malformed_model_output": notJSON,
	"too_many_tool_calls": loop,
	"error":               serverError, "failed": serverError, "run_failed": serverError, "image_other": serverError, "no_image": serverError,
	"insufficient_system_resource": overloaded, "timeout": timeout, "run_expired": timeout,
	"rag_query_when_rag_disabled": invalid,
	"cancelled":                   cancelled, "canceled": cancelled, "client_cancelled": cancelled, "turn_detected": cancelled, "run_cancelled": cancelled,
	"abort": cancelled, "aborted": cancelled,
}

// geminiReasons differ from what the same word says elsewhere: a Vercel "other" is no class, a Gemini "OTHER" a fault.
var geminiReasons = map[string]fine{"other": serverError}
