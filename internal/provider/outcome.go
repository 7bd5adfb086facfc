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

// fine is a fine class of the tables: what they map to, and how specific it is inside one step of the decision.
type fine struct {
	class     failure.Class
	detail    string
	cancelled bool
	// refine says that a message may tell more: the type or code is ambiguous.
	refine bool
}

// The fine classes. A row of a table names one of them.
var (
	throttled     = fine{class: failure.RateLimit, detail: failure.Throttled, refine: true}
	quota         = fine{class: failure.RateLimit, detail: failure.QuotaExceeded}
	budget        = fine{class: failure.RateLimit, detail: failure.Budget}
	clientTimeout = fine{class: failure.Timeout, detail: failure.ClientDeadline}
	timeout       = fine{class: failure.Timeout, detail: failure.ProviderTimeout}
	auth          = fine{class: failure.ProviderError, detail: failure.Auth}
	notFound      = fine{class: failure.ProviderError, detail: failure.NotFound}
	invalid       = fine{class: failure.ProviderError, detail: failure.InvalidRequest, refine: true}
	overloaded    = fine{class: failure.ProviderError, detail: failure.Overloaded}
	serverError   = fine{class: failure.ProviderError, detail: failure.ServerError, refine: true}
	connection    = fine{class: failure.ProviderError, detail: failure.Connection}
	contextLength = fine{class: failure.Truncation, detail: failure.ContextLength}
	outputLimit   = fine{class: failure.Truncation, detail: failure.OutputLimit}
	contentFilter = fine{class: failure.Refusal, detail: failure.ContentFilter}
	refusal       = fine{class: failure.Refusal, detail: failure.ModelRefusal}
	badToolCall   = fine{class: failure.ToolCallMalformed, detail: failure.ProviderRejected}
	badArguments  = fine{class: failure.ToolCallMalformed, detail: failure.UnparsableArguments}
	unknownTool   = fine{class: failure.ToolCallMalformed, detail: failure.UnknownTool}
	notJSON       = fine{class: failure.SchemaViolation, detail: failure.NotJSON}
	loop          = fine{class: failure.RetryLoop, detail: "runaway"}
	toolFailed    = fine{class: failure.ToolError, detail: failure.ToolFailed}
	cancelled     = fine{cancelled: true}
	// byStatus is a type or code that says nothing of its own: the HTTP status or the message decides.
	byStatus = fine{refine: true}
	// untrusted is a type that a gateway gives to everything that it does not know; a message overrules it.
	untrusted = fine{class: failure.ProviderError, detail: failure.Connection, refine: true}
)

func (f fine) outcome(by, where string) Outcome {
	return Outcome{Class: f.class, Detail: f.detail, By: by, Where: where, Cancelled: f.cancelled}
}

func (f fine) known() bool { return f.class != "" || f.cancelled }
