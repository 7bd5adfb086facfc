// Package provider maps errors of providers, SDKs and gateways to failure classes. Its tables list exception types,
// codes, messages, HTTP statuses and finish reasons. The rows come from the sources of the SDKs and the vendors'
// documentation. The first hit in the order of Classify decides.
package provider

import "github.com/faultline-otel/faultline/internal/failure"

// Outcome is the meaning of an error or a finish reason.
type Outcome struct {
	Class  failure.Class // "" if nothing failed, or the class is unknown
	Detail string
	// Where is the code, type or reason that decided, for the fingerprint.
	Where string
	// By is the kind of evidence that decided: type, code, message, function, http, finish
	// or status.
	By string
	// Cancelled means that the caller went away. That is not a failure and is counted separately.
	Cancelled bool
}

// fine is a fine class of the tables: the failure that it maps to, and how certain it is.
type fine struct {
	class     failure.Class
	detail    string
	cancelled bool
	refine    refinement
	// reported means that the message has the detail: it is a report of a validation library.
	reported bool
}

// refinement is what later steps of the decision may replace a fine class with.
type refinement uint8

const (
	never    refinement = iota // nothing: the class is specific
	toPolicy                   // only a policy refusal
	toAny                      // any class: the class is ambiguous
)

// The fine classes. Each row of a table has one.
var (
	throttled     = fine{class: failure.RateLimit, detail: failure.Throttled, refine: toAny}
	quota         = fine{class: failure.RateLimit, detail: failure.QuotaExceeded}
	budget        = fine{class: failure.RateLimit, detail: failure.Budget}
	clientTimeout = fine{class: failure.Timeout, detail: failure.ClientDeadline}
	timeout       = fine{class: failure.Timeout, detail: failure.ProviderTimeout}
	auth          = fine{class: failure.ProviderError, detail: failure.Auth}
	forbidden     = fine{class: failure.ProviderError, detail: failure.Auth, refine: toPolicy}
	notFound      = fine{class: failure.ProviderError, detail: failure.NotFound}
	invalid       = fine{class: failure.ProviderError, detail: failure.InvalidRequest, refine: toAny}
	overloaded    = fine{class: failure.ProviderError, detail: failure.Overloaded}
	serverError   = fine{class: failure.ProviderError, detail: failure.ServerError, refine: toAny}
	connection    = fine{class: failure.ProviderError, detail: failure.Connection}
	contextLength = fine{class: failure.Truncation, detail: failure.ContextLength}
	outputLimit   = fine{class: failure.Truncation, detail: failure.OutputLimit}
	contentFilter = fine{class: failure.Refusal, detail: failure.ContentFilter}
	refusal       = fine{class: failure.Refusal, detail: failure.ModelRefusal}
	badToolCall   = fine{class: failure.ToolCallMalformed, detail: failure.ProviderRejected}
	badArguments  = fine{class: failure.ToolCallMalformed, detail: failure.UnparsableArguments}
	badParameters = fine{class: failure.ToolCallMalformed, detail: failure.ConstraintViolation}
	unknownTool   = fine{class: failure.ToolCallMalformed, detail: failure.UnknownTool}
	notJSON       = fine{class: failure.SchemaViolation, detail: failure.NotJSON}
	mismatch      = fine{class: failure.SchemaViolation, detail: failure.NotJSON, reported: true}
	loop          = fine{class: failure.RetryLoop, detail: failure.Runaway}
	toolFailed    = fine{class: failure.ToolError, detail: failure.ToolFailed}
	empty         = fine{class: failure.BadAnswer, detail: failure.Empty}
	streamCut     = fine{class: failure.Truncation, detail: failure.StreamCut}
	cancelled     = fine{cancelled: true}
	// byStatus is for types without a meaning of their own: the code, the HTTP status or the message decides.
	byStatus = fine{refine: toAny}
	// untrusted is for types that a gateway gives to every error that it does not know.
	untrusted = fine{class: failure.ProviderError, detail: failure.Connection, refine: toAny}
	// filtered is for withheld answers, mostly due to a filter. The finish reason in the message can refine it.
	filtered = fine{class: failure.Refusal, detail: failure.ContentFilter, refine: toAny}
	// misbehavior and unexpected are for whatever a framework did not expect of a model: the message tells what.
	misbehavior = fine{class: failure.ToolCallMalformed, detail: failure.ProviderRejected, refine: toAny}
	unexpected  = fine{class: failure.SchemaViolation, detail: failure.NotJSON, refine: toAny}
	// usageLimit is for the limits of an agent. The message tells whether tokens or turns ran out.
	usageLimit = fine{class: failure.RateLimit, detail: failure.Budget, refine: toAny}
)

// Bare reports whether the outcome is known only as an error: nothing says what failed. Any more precise report of the
// same failure is better.
func (o Outcome) Bare() bool {
	if o.Class != failure.ProviderError || o.Detail != failure.ServerError {
		return false
	}
	switch o.Where {
	case "", "error", "failed", "run_failed", "unknown", notSuccessful, endedInError:
		return o.By != "http"
	}
	return false
}

func (f fine) outcome(by, where string) Outcome {
	return Outcome{Class: f.class, Detail: f.detail, By: by, Where: where, Cancelled: f.cancelled}
}

func (f fine) known() bool { return f.class != "" || f.cancelled }

// vague reports whether a class stands for many HTTP statuses.
func (f fine) vague() bool { return f == serverError || f == untrusted }

// yields reports whether the class that a later step found may replace a guess.
func (f fine) yields(found fine) bool {
	return f.refine != toPolicy || found.class == failure.Refusal
}

// replaces reports whether a fine class is better than the earlier guess.
func (f fine) replaces(guess fine) bool {
	return f.known() && (!guess.known() || f.weight() < guess.weight() && guess.yields(f))
}

// weight orders fine classes inside one step of the decision: the smallest wins. A 429 whose message mentions an
// exhausted quota is a quota, and a 400 whose code is a filter is not a bad request.
func (f fine) weight() int {
	switch f {
	case contextLength:
		return 0
	case contentFilter, filtered:
		return 1
	case quota, budget:
		return 2
	case throttled:
		return 4
	case invalid:
		return 5
	case untrusted:
		return 6
	case serverError:
		return 7
	}
	return 3
}
