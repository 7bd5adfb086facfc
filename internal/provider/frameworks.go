package provider

// frameworkErrors are raised by frameworks around the call of a model: they parse the answer, run the tools and stop an
// agent that does not end.
var frameworkErrors = []kinds{
	// The structure of an answer was wrong.
	{
		notJSON, "jsondecodeerror outputparserexception outputparsererror outputparsingexception jsonparseexception " +
			"jsonprocessingexception jsonmappingexception mismatchedinputexception jsonsyntaxexception jsonexception " +
			"jsonreaderexception ai_noobjectgeneratederror ai_jsonparseerror adapterparseerror convertererror",
	},
	{
		mismatch, "validationerror ai_typevalidationerror instructorretryexception structuredoutputvalidationerror " +
			"structuredoutputexception",
	},
	{unexpected, "unexpectedmodelbehavior multiplestructuredoutputserror"},
	{empty, "ai_nocontentgeneratederror"},
	{outputLimit, "incompleteoutputexception incompletetoolcall maxtokensreachedexception"},
	{contextLength, "contextoverflowerror contextwindowoverflowexception llmcontextlengthexceededexception"},
	{throttled, "modelthrottledexception"},
	{
		contentFilter, "contentfiltererror contentfilteredexception inputguardrailtripwiretriggered " +
			"outputguardrailtripwiretriggered toolinputguardrailtripwiretriggered tooloutputguardrailtripwiretriggered",
	},
	{refusal, "modelrefusalerror"},

	// A call of a tool was wrong, or the tool failed.
	{misbehavior, "modelbehaviorerror"},
	{badToolCall, "modelretry toolretryerror"},
	{
		badArguments, "ai_invalidtoolargumentserror ai_invalidtoolinputerror ai_toolcallrepairerror " +
			"invalidtoolinputerror toolargumentsexception agentparsingerror",
	},
	{badParameters, "agenttoolcallerror"},
	{unknownTool, "ai_nosuchtoolerror toolnotfoundexception toolnotfounderror"},
	{
		toolFailed, "ai_toolexecutionerror ai_mcpclienterror toolexception toolexecutionexception toolinvocationerror " +
			"toolcallerror tooltimeouterror agentexecutionerror agenttoolexecutionerror",
	},

	// An agent was stopped.
	{
		loop, "graphrecursionerror agentmaxstepserror llmcallslimitexceedederror maxturnsexceeded " +
			"modelcalllimitexceedederror toolcalllimitexceedederror toolusagelimitexceeded pipelinemaxcomponentruns " +
			"maxiterationserror maxiterationsexceeded maxstepsexceeded maxiterationsreached recursionlimitexceeded",
	},
	{usageLimit, "usagelimitexceeded"},
	{clientTimeout, "workflowtimeouterror"},

	// The framework was used wrongly.
	{
		invalid, "ai_invalidprompterror ai_invalidargumenterror ai_unsupportedfunctionalityerror " +
			"ai_unsupportedmodelversionerror ai_missingtoolresultserror ai_toolcallnotfoundforapprovalerror " +
			"ai_invalidtoolapprovalerror ai_invalidmessageroleerror ai_invaliddatacontenterror " +
			"ai_messageconversionerror ai_toomanyembeddingvaluesforcallerror ai_nooutputspecifiederror " +
			"ai_loadsettingerror workflowvalidationerror usererror",
	},
	{auth, "ai_loadapikeyerror"},
	{notFound, "ai_nosuchmodelerror ai_nosuchprovidererror modelnotfoundexception"},
	{
		serverError, "ai_nooutputgeneratederror ai_emptyresponsebodyerror ai_invalidresponsedataerror " +
			"ai_invalidstreamparterror ai_uimessagestreamerror ai_noimagegeneratederror ai_nospeechgeneratederror " +
			"ai_notranscriptgeneratederror ai_novideogeneratederror",
	},
	{connection, "unresolvedmodelserverexception mcpclientinitializationerror"},
	{
		byStatus, "ai_apicallerror ai_retryerror ai_downloaderror modelhttperror modelapierror agentrunerror " +
			"fallbackexceptiongroup exceptiongroup agentgenerationerror nontransientaiexception transientaiexception " +
			"retriableexception nonretriableexception langchain4jexception kernelexception eventloopexception " +
			"workflowruntimeerror pipelineruntimeerror",
	},

	// Control flow: a framework leaves a step to ask a person, to hand over, or because it has to do no more.
	{
		cancelled, "graphinterrupt nodeinterrupt graphbubbleup parentcommand graphdelegate graphdrained " +
			"approvalrequired calldeferred skipmodelrequest skiptoolvalidation skiptoolexecution " +
			"toolinterrupterror flowinterrupterror interruptexception breakpointexception waitingforevent " +
			"workflowcancelledbyuser humanfeedbackpending stopagentrun runcancelledexception " +
			"mcptoolcancellationerror kernelfunctioncanceledexception middlewaretermination " +
			"userinputrequiredexception stopiteration stopasynciteration",
	},
}

// mismatches map words in reports of validation libraries to JSON Schema keywords. The codes in pydantic's [type=…]
// come first, then words of messages.
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
	// Ajv and Zod. What is no object was no JSON.
	{"(root): must be object", "not_json"},
	{"root: invalid input: expected", "not_json"},
	{"must have required property", "required"},
	{"received undefined", "required"},
	{"must not have additional properties", "additionalProperties"},
	{"unrecognized key", "additionalProperties"},
	{"must be equal to one of the allowed values", "enum"},
	{"invalid option: expected", "enum"},
	{"must be equal to constant", "const"},
	{"must match pattern", "pattern"},
	{"must match format", "format"},
	{"must be >=", "minimum"},
	{"must be <=", "maximum"},
	{"must be number", "type"},
	{"must be integer", "type"},
	{"must be string", "type"},
	{"must be boolean", "type"},
	{"must be array", "type"},
	{"must be object", "type"},
	{"must be null", "type"},
	{"invalid input: expected", "type"},
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
