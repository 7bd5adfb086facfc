package display

import (
	"cmp"

	"github.com/faultline-otel/faultline/internal/failure"
)

// headlines describe failures in one line, by class and detail. The detail "" is for details without a headline.
var headlines = map[failure.Class]map[string]string{
	failure.Timeout: {
		"":                      "No complete answer came in time",
		failure.ClientDeadline:  "The caller gave up before the answer came",
		failure.ProviderTimeout: "The provider gave up before it had an answer",
	},
	failure.RateLimit: {
		"":                    "The provider refused the request: too much was asked for",
		failure.Throttled:     "The provider throttled the request",
		failure.QuotaExceeded: "The account is out of quota",
		failure.Budget:        "A budget of our own is spent",
	},
	failure.ProviderError: {
		"":                     "The provider could not process the request",
		failure.ServerError:    "The provider broke",
		failure.Overloaded:     "The provider has no capacity",
		failure.Connection:     "The provider could not be reached",
		failure.Auth:           "The provider did not accept the credential",
		failure.NotFound:       "The model or deployment does not exist",
		failure.InvalidRequest: "The provider rejected the request as wrong",
	},
	failure.ToolError: {
		"": "A tool was run and failed",
	},
	failure.Truncation: {
		"":                    "The answer ends before it is complete",
		failure.OutputLimit:   "The answer was cut off at the limit on output tokens",
		failure.ContextLength: "The prompt did not fit the model's context window",
		failure.StreamCut:     "The answer broke off in the middle of the stream",
	},
	failure.ToolCallMalformed: {
		"":                          "Tool call that the tool cannot run",
		failure.UnknownTool:         "Call of a tool that does not exist",
		failure.UnparsableArguments: "Tool call whose arguments are not JSON",
		failure.ArgumentsNotObject:  "Tool call whose arguments are no object",
		failure.MissingRequired:     "Tool call without an argument the tool needs",
		failure.UnexpectedParam:     "Tool call with an argument the tool does not have",
		failure.TypeMismatch:        "Tool call with an argument the tool cannot take",
		failure.EnumViolation:       "Tool call with a value the tool does not know",
		failure.ConstraintViolation: "Tool call with a value the tool does not allow",
		failure.CallInText:          "Tool call written into the text, where nothing runs it",
		failure.ProviderRejected:    "Tool call that the provider rejected as malformed",
	},
	failure.SchemaViolation: {
		"":                     "The answer does not follow the schema that was asked for",
		failure.NotJSON:        "The answer is not the JSON that was asked for",
		"required":             "The answer lacks a property that the schema requires",
		"additionalProperties": "The answer has a property that the schema forbids",
		"type":                 "The answer has a value of the wrong type",
		"enum":                 "The answer has a value that the schema does not know",
	},
	failure.Refusal: {
		"":                    "The request was declined",
		failure.ModelRefusal:  "The model declined to answer",
		failure.ContentFilter: "A content filter blocked the exchange",
	},
	failure.Hallucination: {
		"":               "The answer states what is not so",
		"ungrounded":     "The answer states facts that its sources do not hold",
		"contradicted":   "The answer contradicts what it was given",
		"claimed_action": "The answer claims to have done what no tool call did",
		"judge":          "A judge found the answer made up",
	},
	failure.BadAnswer: {
		"":                 "The answer is of no use",
		failure.Empty:      "The model answered nothing at all",
		"repetition":       "The answer repeats itself over and over",
		"off_topic":        "The answer is about something else",
		"wrong_language":   "The answer is in another language than the question",
		failure.BrokenRule: "The answer breaks a rule of yours",
		"judge":            "A judge found the answer wanting",
	},
	failure.RetryLoop: {
		"":            "The agent goes round in circles",
		"repeat":      "The agent repeats the same call",
		"near_repeat": "The agent repeats nearly the same call",
		"ping_pong":   "Two agents hand the same thing to each other",
		"runaway":     "The agent runs far beyond what its task takes",
	},
	failure.GoalDrift: {
		"":             "The agent lost what it was asked for",
		"goal_drift":   "The agent pursues another goal than it was given",
		"context_loss": "The agent forgot what was said before",
	},
	failure.Unsafe: { //nolint:gosec // secret_leak is the name of a detail
		"":                 "Something came in or went out that must not",
		"jailbreak":        "The prompt tries to talk the model out of its rules",
		"prompt_injection": "A document or tool result gives the model orders",
		"toxicity":         "The answer is abusive",
		"pii_leak":         "The answer holds personal data",
		"secret_leak":      "A credential got out",
	},
}

// Headline describes a failure in one line.
func Headline(class failure.Class, detail string) string {
	byDetail := headlines[class]
	return cmp.Or(byDetail[detail], byDetail[""], "Something failed")
}
