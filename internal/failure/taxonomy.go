package failure

import "slices"

// DetailInfo is one detail of a class.
type DetailInfo struct {
	Name       string
	Definition string // one sentence that a reviewer can apply
}

// ClassInfo is one class with its closed list of details.
type ClassInfo struct {
	Class      Class
	Bucket     Bucket
	Definition string
	Details    []DetailInfo
	// Open is true where details beyond the list exist: the JSON Schema keywords of SchemaViolation.
	Open bool
}

// Names of details that more than one package uses.
const (
	ClientDeadline  = "client_deadline"
	ProviderTimeout = "provider_timeout"

	Throttled     = "throttled"
	QuotaExceeded = "quota_exceeded"
	Budget        = "budget"

	ServerError    = "server_error"
	Overloaded     = "overloaded"
	Connection     = "connection"
	Auth           = "auth"
	NotFound       = "not_found"
	InvalidRequest = "invalid_request"

	ToolFailed = "failed"

	OutputLimit   = "output_limit"
	ContextLength = "context_length"
	StreamCut     = "stream_cut"

	UnknownTool         = "unknown_tool"
	UnparsableArguments = "unparsable_arguments"
	ArgumentsNotObject  = "arguments_not_object"
	MissingRequired     = "missing_required"
	UnexpectedParam     = "unexpected_param"
	TypeMismatch        = "type_mismatch"
	EnumViolation       = "enum_violation"
	ConstraintViolation = "constraint_violation"
	CallInText          = "call_in_text"
	ProviderRejected    = "provider_rejected"

	NotJSON = "not_json"

	ModelRefusal  = "model_refusal"
	ContentFilter = "content_filter"

	Empty         = "empty"
	Repetition    = "repetition"
	OffTopic      = "off_topic"
	WrongLanguage = "wrong_language"
	BrokenRule    = "rule"

	Ungrounded = "ungrounded"

	Repeat     = "repeat"
	NearRepeat = "near_repeat"
	PingPong   = "ping_pong"
	Runaway    = "runaway"

	Jailbreak       = "jailbreak"
	PromptInjection = "prompt_injection"
	Toxicity        = "toxicity"
	PIILeak         = "pii_leak"
	SecretLeak      = "secret_leak"
)

var taxonomy = []ClassInfo{
	{Class: Timeout, Bucket: Ops, Definition: "No complete answer came in time.", Details: []DetailInfo{
		{ClientDeadline, "The caller gave up waiting: its own deadline passed."},
		{ProviderTimeout, "The provider, or a gateway before it, gave up: 408, 504, a deadline of theirs."},
	}},
	{
		Class: RateLimit, Bucket: Ops,
		Definition: "The provider or a gateway refused the request because of how much was asked for.",
		Details: []DetailInfo{
			{Throttled, "Too many requests, tokens or parallel calls; later it would work."},
			{QuotaExceeded, "The account is out of money or of a hard quota; trying again is useless."},
			{Budget, "A budget of our own, at a gateway or on a session, is spent."},
		},
	},
	{
		Class:      ProviderError,
		Bucket:     Ops,
		Definition: "The provider could not or would not process the request, for a reason that is no limit and no policy.",
		Details: []DetailInfo{
			{ServerError, "The provider or the model broke: a 5xx, an invalid answer from upstream."},
			{Overloaded, "The provider has no capacity: 503, 529, a model that is not ready."},
			{Connection, "No HTTP answer at all: DNS, TLS, proxy, reset, refused."},
			{Auth, "A credential or permission is missing, wrong or expired."},
			{NotFound, "The model, deployment or resource does not exist."},
			{InvalidRequest, "The request itself is wrong: unknown parameter, bad value, unsupported input."},
		},
	},
	{Class: ToolError, Bucket: Ops, Definition: "A tool was run and reported a failure.", Details: []DetailInfo{
		{ToolFailed, "The tool raised an error or returned one; a result that is merely empty is no failure."},
	}},
	{Class: Truncation, Bucket: Structure, Definition: "The answer ends before it is complete.", Details: []DetailInfo{
		{OutputLimit, "The limit on output tokens was reached."},
		{ContextLength, "The prompt, or the prompt and the answer, did not fit the model's context window."},
		{StreamCut, "The stream ended without an end: content came, a finish reason did not."},
	}},
	{
		Class: ToolCallMalformed, Bucket: Structure,
		Definition: "The model asked for a tool call that cannot be run as the tool was defined.",
		Details: []DetailInfo{
			{UnknownTool, "It names a tool that was not offered."},
			{UnparsableArguments, "The arguments are not JSON."},
			{ArgumentsNotObject, "The arguments are JSON, but no object."},
			{MissingRequired, "A required parameter is missing."},
			{UnexpectedParam, "A parameter is given that the tool does not have."},
			{TypeMismatch, "A value has another type than the parameter."},
			{EnumViolation, "A value is not one of those that the parameter allows."},
			{
				ConstraintViolation,
				"A value breaks another rule of the definition: a bound, a pattern, a length, a format.",
			},
			{CallInText, "The call was written into the text of the answer, where nothing will run it."},
			{ProviderRejected, "The provider refused the model's own call as malformed."},
		},
	},
	{
		Class: SchemaViolation, Bucket: Structure, Open: true,
		Definition: "The answer does not follow the JSON Schema that was asked for.",
		Details: []DetailInfo{
			{
				NotJSON,
				"The answer is not JSON, or JSON wrapped in something else. " +
					"Any other detail is the JSON Schema keyword that failed.",
			},
		},
	},
	{
		Class: Refusal, Bucket: Quality,
		Definition: "The request was declined rather than answered.",
		Details: []DetailInfo{
			{ModelRefusal, "The model declined, in a refusal field or in words."},
			{ContentFilter, "A filter of the provider or of a gateway blocked the prompt or the answer."},
		},
	},
	{Class: Hallucination, Bucket: Quality, Definition: "The answer states what is not so.", Details: []DetailInfo{
		{Ungrounded, "It states facts that the documents or tool results it was given do not hold."},
		{"contradicted", "It states the opposite of what it was given."},
		{"claimed_action", "It claims to have done what no tool call did."},
		{"judge", "A judge found it made up, without a finer reason."},
	}},
	{Class: BadAnswer, Bucket: Quality, Definition: "An answer came, and it is of no use.", Details: []DetailInfo{
		{Empty, "It holds neither text nor a tool call."},
		{Repetition, "It repeats itself over and over."},
		{OffTopic, "It answers something else than was asked."},
		{WrongLanguage, "It is in another language than the question, unasked."},
		{BrokenRule, "It breaks a rule that the user wrote."},
		{"judge", "A judge found it wanting, without a finer reason."},
	}},
	{Class: RetryLoop, Bucket: Quality, Definition: "The agent goes round in circles.", Details: []DetailInfo{
		{Repeat, "The same call with the same result, again and again, or a failed call repeated unchanged."},
		{NearRepeat, "Nearly the same call, again and again, without progress."},
		{PingPong, "Two agents hand the same thing to each other."},
		{Runaway, "Far more model or tool calls than any task of this kind takes, or more than the agent was allowed."},
	}},
	{
		Class: GoalDrift, Bucket: Quality,
		Definition: "Over a session the agent lost what it was asked for. Only a judge or a person says so.",
		Details: []DetailInfo{
			{"goal_drift", "It pursues another goal than the one it was given."},
			{"context_loss", "It forgot what was said before."},
		},
	},
	{Class: Unsafe, Bucket: Safety, Definition: "Something came in or went out that must not.", Details: []DetailInfo{
		{Jailbreak, "The prompt tries to talk the model out of its rules."},
		{PromptInjection, "A document or tool result gives the model orders."},
		{Toxicity, "The answer is abusive or hateful."},
		{PIILeak, "The answer holds personal data."},
		{SecretLeak, "The answer or a tool argument holds a credential."},
	}},
}

// Classes returns the taxonomy, in the order of its reference page.
func Classes() []ClassInfo { return taxonomy }

// Info returns the entry of a class; ok is false for an unknown class.
func Info(c Class) (info ClassInfo, ok bool) {
	for i := range taxonomy {
		if taxonomy[i].Class == c {
			return taxonomy[i], true
		}
	}
	return ClassInfo{}, false
}

// Definition returns the sentence that defines a detail, or its class where the detail has none.
func Definition(c Class, detail string) string {
	info, _ := Info(c)
	for _, d := range info.Details {
		if d.Name == detail {
			return d.Definition
		}
	}
	return info.Definition
}

// Bucket returns the bucket of the class, "" for an unknown class.
func (c Class) Bucket() Bucket {
	for i := range taxonomy {
		if taxonomy[i].Class == c {
			return taxonomy[i].Bucket
		}
	}
	return ""
}

// ValidDetail reports whether the detail belongs to the class.
func ValidDetail(c Class, detail string) bool {
	info, ok := Info(c)
	if !ok {
		return false
	}
	if info.Open && slices.Contains(schemaKeywords, detail) {
		return true
	}
	return slices.ContainsFunc(info.Details, func(d DetailInfo) bool { return d.Name == detail })
}

// schemaKeywords are the assertions of JSON Schema, drafts 4 to 2020-12. Each can be a detail of SchemaViolation.
var schemaKeywords = []string{
	"type",
	"enum",
	"const",
	"multipleOf",
	"maximum",
	"exclusiveMaximum",
	"minimum",
	"exclusiveMinimum",
	"maxLength",
	"minLength",
	"pattern",
	"items",
	"additionalItems",
	"prefixItems",
	"maxItems",
	"minItems",
	"uniqueItems",
	"contains",
	"maxContains",
	"minContains",
	"maxProperties",
	"minProperties",
	"required",
	"additionalProperties",
	"properties",
	"patternProperties",
	"propertyNames",
	"dependencies",
	"dependentRequired",
	"dependentSchemas",
	"unevaluatedItems",
	"unevaluatedProperties",
	"allOf",
	"anyOf",
	"oneOf",
	"not",
	"if",
	"then",
	"else",
	"format",
	"false",
	"contentEncoding",
	"contentMediaType",
	"contentSchema",
	"$ref",
	"$dynamicRef",
	"$recursiveRef",
}
