// Package provider holds what is known of providers, SDKs and gateways as tables: which exception type, code, message,
// HTTP status and finish reason means which failure. Rows are facts read in the SDKs' sources and the vendors'
// documentation; the first hit in the order of Classify decides.
package provider

import "github.com/faultline-otel/faultline/internal/failure"

// Outcome is what a report of a provider, an SDK or a gateway means.
type Outcome struct {
	Class  failure.Class // "" where nothing failed, or nobody knows
	Detail string
	// Where is the code, type or reason that decided, for the fingerprint.
	Where string
	// By tells which kind of evidence decided: type, code, message, http, finish, status.
	By string
	// Cancelled says that the caller went away: no failure, counted apart.
	Cancelled bool
}

// fine is a fine class of the tables: what it maps to, and how sure of it one may be.
type fine struct {
	class     failure.Class
	detail    string
	cancelled bool
	refine    refinement
	// reported says that the message names the detail: the report of a validation library.
	reported bool
}

// refinement says what later steps of the decision may make of a fine class.
type refinement uint8

const (
	never    refinement = iota // it is specific
	toPolicy                   // it may turn out to be a policy
	toAny                      // it is ambiguous
)

// The fine classes. A row of a table names one of them.
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
	loop          = fine{class: failure.RetryLoop, detail: "runaway"}
	toolFailed    = fine{class: failure.ToolError, detail: failure.ToolFailed}
	cancelled     = fine{cancelled: true}
	// byStatus is a type that says nothing of its own: the code, the HTTP status or the message decides.
	byStatus = fine{refine: toAny}
	// untrusted is a type that a gateway gives to everything that it does not know.
	untrusted = fine{class: failure.ProviderError, detail: failure.Connection, refine: toAny}
	// filtered is a type for answers that were withheld, most often by a filter; the finish reason in the message knows.
	filtered = fine{class: failure.Refusal, detail: failure.ContentFilter, refine: toAny}
)

func (f fine) outcome(by, where string) Outcome {
	return Outcome{Class: f.class, Detail: f.detail, By: by, Where: where, Cancelled: f.cancelled}
}

func (f fine) known() bool { return f.class != "" || f.cancelled }

// vague reports whether a class stands for a whole hundred of HTTP statuses.
func (f fine) vague() bool { return f == serverError || f == untrusted }

// yields reports whether a guess may be replaced by what a later step found.
func (f fine) yields(found fine) bool {
	return f.refine != toPolicy || found.class == failure.Refusal
}

// replaces reports whether a fine class is worth more than the guess before it.
func (f fine) replaces(guess fine) bool {
	return f.known() && (!guess.known() || f.weight() < guess.weight() && guess.yields(f))
}

// weight orders fine classes inside one step of the decision: the smallest wins. A 429 whose text says that a quota is
// spent is a quota, a 400 whose code names a filter is no bad request.
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
