// Package failure is the taxonomy: what can go wrong with an LLM call, in a closed list of classes and details, what a
// finding is, and the one function that turns findings into a verdict.
package failure

// Class is what went wrong, coarse enough to be a metric label. The zero value is "nothing".
type Class string

// The classes. There are no others.
const (
	Timeout           Class = "timeout"
	RateLimit         Class = "rate_limit"
	ProviderError     Class = "provider_error"
	ToolError         Class = "tool_error"
	Truncation        Class = "truncation"
	ToolCallMalformed Class = "tool_call_malformed"
	SchemaViolation   Class = "schema_violation"
	Refusal           Class = "refusal"
	Hallucination     Class = "hallucination"
	BadAnswer         Class = "bad_answer"
	RetryLoop         Class = "retry_loop"
	GoalDrift         Class = "goal_drift"
	Unsafe            Class = "unsafe"
)

// Bucket groups classes by who acts on them.
type Bucket string

// The buckets.
const (
	Ops       Bucket = "ops"
	Structure Bucket = "structure"
	Quality   Bucket = "quality"
	Safety    Bucket = "safety"
)

// Finding is one thing that a scorer, session state, a judge or a person found wrong.
type Finding struct {
	Class  Class
	Detail string // of the class's closed list; for SchemaViolation a JSON Schema keyword too
	Scorer string // who found it, without version; "" for what provider or tool reported
	// Evidence says why, in words a person can act on and without content of messages, at most MaxEvidence bytes.
	Evidence string
	// Excerpt is the content that shows it, shown only where configured.
	Excerpt string

	// Tool, Where and What enter the fingerprint. Tool is the tool's name for classes of tools. Where is the JSON Schema
	// keyword and instance path with indices as *, the provider's code, or the finish reason. What is a judge's reason
	// code or the message, of which a template is taken.
	Tool, Where, What string
}

// MaxEvidence bounds evidence, in bytes.
const MaxEvidence = 256

// Verdict is what is said of a span (or a trace) as a whole. The zero value says that nothing failed.
type Verdict struct {
	Class       Class
	Bucket      Bucket
	Detail      string
	Classes     []Class // every class found, in order of precedence
	Evidence    string
	Fingerprint string // 16 hex digits
	Finding     Finding
}

// Failed reports whether anything failed.
func (v Verdict) Failed() bool { return v.Class != "" }
