package provider

// exceptions maps types of exceptions, in lower case, to their fine class: by their last segment, or with their package
// where other packages give the same name to something else. Facts table §3; what stands under "beyond" is not in it.
var exceptions = map[string]fine{
	// §3 openai and anthropic, which share names. An Azure 403 can also be a policy.
	"badrequesterror": invalid, "authenticationerror": auth, "oautherror": auth, "permissiondeniederror": forbidden, "notfounderror": notFound,
	"conflicterror": invalid, "unprocessableentityerror": invalid, "ratelimiterror": throttled, "internalservererror": serverError,
	"apitimeouterror": clientTimeout, "apiconnectionerror": untrusted, "apiresponsevalidationerror": serverError,
	"lengthfinishreasonerror": outputLimit, "contentfilterfinishreasonerror": contentFilter,
	"apistatuserror": byStatus, "apierror": byStatus, "openaierror": byStatus, "anthropicerror": byStatus,
	"websocketconnectionclosederror": connection, "websocketqueuefullerror": connection, "subjecttokenprovidererror": auth,
	"requesttoolargeerror": contextLength, "serviceunavailableerror": overloaded, "overloadederror": overloaded, "deadlineexceedederror": timeout,
	"retryableerror": byStatus,
	// §3 beyond: names of the same SDKs in other languages.
	"apiconnectiontimeouterror": clientTimeout, "apiuseraborterror": cancelled, "openaiioexception": untrusted, "anthropicioexception": untrusted,

	// §3 google-genai and google.api_core.
	"clienterror": byStatus, "servererror": serverError, "unknownfunctioncallargumenterror": badArguments, "unsupportedfunctionerror": invalid,
	"functioninvocationerror": toolFailed, "unknownapiresponseerror": serverError,
	"resourceexhausted": throttled, "toomanyrequests": throttled, "deadlineexceeded": timeout, "gatewaytimeout": timeout,
	"google.api_core.exceptions.retryerror": timeout, "retryerror": byStatus, "unauthenticated": auth, "permissiondenied": forbidden, "forbidden": forbidden,
	"invalidargument": invalid, "failedprecondition": invalid, "outofrange": invalid, "serviceunavailable": overloaded, "aborted": serverError,
	"google.api_core.exceptions.unknown": serverError, "google.api_core.exceptions.notfound": notFound, "google.api_core.exceptions.cancelled": cancelled,
	// §3 beyond: gRPC codes and HTTP reasons in one word; an answer that the older Google SDKs refused to hand over.
	"unavailable": overloaded, "unauthorized": auth, "badrequest": invalid, "notfound": notFound, "internal": serverError, "unimplemented": invalid,
	"stopcandidateexception": filtered, "responsevalidationerror": filtered, "blockedpromptexception": contentFilter,
	"brokenresponseerror": serverError, "incompleteiterationerror": serverError,

	// §3 botocore.
	"eventstreamerror": byStatus, "readtimeouterror": clientTimeout, "connecttimeouterror": clientTimeout, "endpointconnectionerror": connection,
	"connectionclosederror": connection, "proxyconnectionerror": connection, "sslerror": connection, "httpclienterror": connection,
	"connectionerror": connection, "responsestreamingerror": connection, "nocredentialserror": auth, "partialcredentialserror": auth,
	"credentialretrievalerror": auth, "noauthtokenerror": auth, "tokenretrievalerror": auth, "unauthorizedssotokenerror": auth, "ssotokenloaderror": auth,
	"logintokenloaderror": auth, "unknowncredentialerror": auth, "unknowntokenprovidererror": auth, "paramvalidationerror": invalid,

	// §3 LiteLLM. Its APIConnectionError also stands for all that it could not map, and a fallback in mid-stream for its cause.
	"litellmunknownprovider": invalid, "unsupportedparamserror": invalid, "imagefetcherror": invalid, "invalidrequesterror": invalid,
	"contextwindowexceedederror": contextLength, "contentpolicyviolationerror": contentFilter, "rejectedrequesterror": contentFilter,
	"guardrailraisedexception": contentFilter, "blockedpiientityerror": contentFilter, "guardrailinterventionnormalstringerror": contentFilter,
	"budgetexceedederror": budget, "timeout": clientTimeout, "midstreamfallbackerror": serverError, "badgatewayerror": serverError,
	"jsonschemavalidationerror": mismatch, "routerratelimiterror": throttled,
	"routerratelimiterrorbasic": throttled, // beyond

	// §3 generic: languages and HTTP clients. Their time-outs are the client's own deadline.
	"timeouterror": clientTimeout, "readtimeout": clientTimeout, "connecttimeout": clientTimeout, "pooltimeout": clientTimeout, "writetimeout": clientTimeout,
	"context.deadlineexceeded": clientTimeout, "sockettimeoutexception": clientTimeout, "timeoutexception": clientTimeout,
	"connecterror": connection, "remoteprotocolerror": connection, "readerror": connection, "connectionreseterror": connection,
	"econnreset": connection, "econnrefused": connection, "enotfound": connection, "eai_again": connection, "epipe": connection, "und_err_socket": connection,
	"cancellederror": cancelled, "context.canceled": cancelled, "aborterror": cancelled, "generatorexit": cancelled, "canceled": cancelled, "cancelled": cancelled,
	// §3 beyond: more of the same kind.
	"context.deadlineexceedederror": clientTimeout, "httptimeoutexception": clientTimeout, "etimedout": clientTimeout, "esockettimedout": clientTimeout,
	"und_err_connect_timeout": clientTimeout, "und_err_headers_timeout": clientTimeout, "und_err_body_timeout": clientTimeout, "servertimeouterror": clientTimeout,
	"servicerequesttimeouterror": clientTimeout, "serviceresponsetimeouterror": clientTimeout, "inferencetimeouterror": timeout,
	"connectionrefusederror": connection, "connectionabortederror": connection, "brokenpipeerror": connection, "connectexception": connection,
	"unknownhostexception": connection, "gaierror": connection, "protocolerror": connection, "chunkedencodingerror": connection, "incompleteread": connection,
	"incompletereaderror": connection, "writeerror": connection, "serverdisconnectederror": connection, "clientconnectorerror": connection,
	"clientoserror": connection, "clientpayloaderror": connection, "servicerequesterror": connection, "serviceresponseerror": connection,
	"maxretryerror": connection, "newconnectionerror": connection, "networkerror": connection, "dnserror": connection, "net.operror": connection,
	"operationcanceledexception": cancelled, "taskcanceledexception": cancelled, "cancellationexception": cancelled, "keyboardinterrupt": cancelled,
	// LangGraph raises these to hand over to a person or to the graph outside, iterators of Python when they are at their end.
	"graphinterrupt": cancelled, "nodeinterrupt": cancelled, "graphbubbleup": cancelled, "parentcommand": cancelled,
	"stopiteration": cancelled, "stopasynciteration": cancelled,
	"clientclosedrequesterror": cancelled, "clientdisconnect": cancelled,
	"httperror": byStatus, "httpstatuserror": byStatus, "clientresponseerror": byStatus, "httpresponseerror": byStatus, "clientresultexception": byStatus,
	"requestfailedexception": byStatus, "httprequestexception": byStatus, "hfhubhttperror": byStatus, "sdkerror": byStatus, "responseerror": byStatus,
	"clientauthenticationerror": auth, "invalidtokenerror": auth, "resourcenotfounderror": notFound, "httpvalidationerror": invalid,

	// §3 generic: frameworks that read answers. The structure was wrong.
	"jsondecodeerror": notJSON, "validationerror": mismatch, "outputparserexception": notJSON, "unexpectedmodelbehavior": notJSON,
	"ai_noobjectgeneratederror": notJSON, "ai_invalidtoolargumentserror": badArguments, "ai_invalidtoolinputerror": badArguments,
	"ai_nosuchtoolerror": unknownTool,
	// §3 beyond: more of the same frameworks (Vercel AI SDK, LangChain, pydantic-ai, instructor, DSPy, smolagents, OpenAI Agents SDK).
	"ai_jsonparseerror": notJSON, "ai_typevalidationerror": mismatch, "ai_nooutputgeneratederror": serverError, "ai_toolexecutionerror": toolFailed,
	"ai_toolcallrepairerror": badArguments, "ai_apicallerror": byStatus, "ai_retryerror": byStatus, "ai_loadapikeyerror": auth,
	"ai_nosuchmodelerror": notFound, "ai_invalidprompterror": invalid, "ai_invalidargumenterror": invalid, "ai_unsupportedfunctionalityerror": invalid,
	"ai_emptyresponsebodyerror": serverError, "ai_invalidresponsedataerror": serverError,
	"outputparsererror": notJSON, "toolexception": toolFailed, "graphrecursionerror": loop,
	"modelhttperror": byStatus, "modelretry": badToolCall, "toolretryerror": badToolCall, "usagelimitexceeded": budget,
	"instructorretryexception": mismatch, "incompleteoutputexception": outputLimit, "adapterparseerror": notJSON,
	"agentparsingerror": badArguments, "agenttoolcallerror": badParameters, "agentexecutionerror": toolFailed, "agenttoolexecutionerror": toolFailed,
	"agentmaxstepserror": loop, "llmcallslimitexceedederror": loop, "agentgenerationerror": byStatus, "maxturnsexceeded": loop, "modelbehaviorerror": badToolCall,
	"inputguardrailtripwiretriggered": contentFilter, "outputguardrailtripwiretriggered": contentFilter,
}

// mismatches name JSON Schema keywords as validation libraries report them: pydantic's [type=…] first, whose words are
// codes, then the words of messages.
var mismatches = []struct{ word, keyword string }{
	{"[type=missing", "required"},
	{"[type=extra_forbidden", "additionalProperties"},
	{"[type=json_invalid", "not_json"},
	{"[type=literal_error", "enum"},
	{"[type=enum", "enum"},
	{"[type=string_pattern", "pattern"},
	{"[type=string_too_short", "minLength"},
	{"[type=string_too_long", "maxLength"},
	{"[type=too_short", "minItems"},
	{"[type=too_long", "maxItems"},
	{"[type=greater_than_equal", "minimum"},
	{"[type=greater_than", "exclusiveMinimum"},
	{"[type=less_than_equal", "maximum"},
	{"[type=less_than", "exclusiveMaximum"},
	{"[type=multiple_of", "multipleOf"},
	{"_type,", "type"},
	{"_parsing,", "type"},
	{"invalid json", "not_json"},
	{"json parsing failed", "not_json"},
	{"field required", "required"},
	{"is a required property", "required"},
	{"\"required\"", "required"},
	{"is not of type", "type"},
	{"invalid_type", "type"},
	{"is not one of", "enum"},
	{"invalid_enum_value", "enum"},
	{"additional properties are not allowed", "additionalProperties"},
	{"unrecognized_keys", "additionalProperties"},
	{"type validation failed", "type"},
}
