// Package failure is the taxonomy of what can go wrong with an LLM call: a closed list of classes and details. Judge
// turns the findings on a span into its verdict, and FindCause finds the root cause in a trace.
package failure

import "slices"

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

// Finding is one failure that a scorer, session state, a judge or a person found.
type Finding struct {
	Class Class `json:"error_class,omitempty"`
	// Detail is of the closed list of the class. For SchemaViolation it may be a JSON Schema keyword too.
	Detail string `json:"error_detail,omitempty"`
	// Scorer is the finder, without version; "" for what the provider or the tool reported.
	Scorer string `json:"scorer,omitempty"`
	// Evidence says why, in words a person can act on. It holds no content of messages and at most MaxEvidence bytes.
	Evidence string `json:"evidence,omitempty"`
	// Excerpt is the content that shows the failure. It is shown only where the configuration allows it.
	Excerpt string `json:"excerpt,omitempty"`

	// Certain marks a finding that rests on structure, like the format of a key or a checksum, and not on words.
	Certain bool `json:"certain,omitempty"`

	// Tool, Where and What enter the fingerprint. Tool is the tool's name, for classes of tools.
	Tool string `json:"tool,omitempty"`
	// Where is the JSON Schema keyword and instance path with indices as *, the provider's code, or the finish reason.
	Where string `json:"where,omitempty"`
	// What is a judge's reason code, or the message that a template is taken of.
	What string `json:"what,omitempty"`
}

// MaxEvidence bounds evidence, in bytes.
const MaxEvidence = 256

// Verdict sums up the findings on a span, or on a trace. The zero value says that nothing failed.
//
// Its JSON keys are those of `faultline score`. The review store, the review API and datasets embed it and so use the
// same. It must not get JSON methods: they would take over the JSON of every struct that embeds it.
type Verdict struct {
	Class       Class   `json:"error_class,omitempty"`
	Bucket      Bucket  `json:"error_bucket,omitempty"`
	Detail      string  `json:"error_detail,omitempty"`
	Classes     []Class `json:"error_classes,omitempty"` // every class found, in order of precedence
	Evidence    string  `json:"evidence,omitempty"`
	Fingerprint string  `json:"fingerprint,omitempty"` // 16 hex digits
	// Certain is true if a safety finding is certain: such a verdict pages at once.
	Certain bool `json:"error_certain,omitempty"`
	// Finding is the finding that names the verdict. It is zero in a verdict that was read back.
	Finding Finding `json:"-"`
}

// Failed reports whether anything failed.
func (v Verdict) Failed() bool { return v.Class != "" }

// Findings returns a finding for each class: in full for the one that names the verdict, for the others the class
// alone.
func (v Verdict) Findings() []Finding {
	if !v.Failed() {
		return nil
	}
	classes := v.Classes
	if !slices.Contains(classes, v.Class) {
		classes = append([]Class{v.Class}, classes...)
	}
	list := make([]Finding, len(classes))
	for i, class := range classes {
		list[i] = Finding{Class: class}
		if class == v.Class {
			list[i] = v.Finding
			list[i].Class, list[i].Detail, list[i].Evidence, list[i].Certain = v.Class, v.Detail, v.Evidence, v.Certain
		}
	}
	return list
}
