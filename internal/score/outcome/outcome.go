// Package outcome turns what provider, SDK and tool report into findings: errors, finish reasons, refusal fields, empty
// answers. It is the first scorer of every set and needs no configuration. It gives no score, because a report is a
// fact and not a measurement.
package outcome

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/score"
)

// Name is the scorer's name in problems.
const Name = "outcome"

// Scorer reads reports. The zero value is ready.
type Scorer struct{}

// New makes the scorer.
func New() *Scorer { return &Scorer{} }

// Name returns the scorer's name.
func (*Scorer) Name() string { return Name }

// Version changes when the same report could mean something else.
func (*Scorer) Version() string { return "2" }

// Score adds what was reported. It loads the output of model calls that claim a normal end, the result of tools and the
// documents of retrievals, and nothing else.
func (s *Scorer) Score(c *genai.Call, r *score.Result) {
	if c.Operation == genai.OpExecuteTool {
		tool(c, r)
		return
	}
	if c.Error.IsError {
		o := provider.Classify(c.Error)
		if stop := stopOf(c); o.Bare() && stop.Class != "" && !stop.Bare() {
			stopped(c, stop, r)
			return
		}
		reported(c, o, r)
		cut(c, r)
		if c.Operation == genai.OpRetrieval && !r.Cancelled {
			r.RetrievalOutcome = score.OutcomeFailed
		}
		return
	}
	if c.Operation == genai.OpRetrieval {
		retrieval(c, r)
		return
	}
	// An outer step repeats the reasons and the answer of its inner call, which has a span of its own.
	if !c.IsLLMCall() {
		return
	}
	stop := stopOf(c)
	if stop.Cancelled {
		r.Cancelled = true
		return
	}
	if isProbe(c, stop) {
		return
	}
	if stop.Class != "" {
		stopped(c, stop, r)
		if stop.Class == failure.Refusal {
			return
		}
	}
	answer(c, stop, r)
}

// stopped adds the finding of a finish reason.
func stopped(c *genai.Call, stop provider.Outcome, r *score.Result) {
	finding := failure.Finding{Class: stop.Class, Detail: stop.Detail, Where: stop.Where, Evidence: stopEvidence(c, stop)}
	if stop.Class == failure.Refusal {
		finding.Excerpt = refusalOf(c)
	}
	r.Find(finding)
}

// retrieval records whether documents were found. If the span has no record of them, the outcome stays unknown.
func retrieval(c *genai.Call, r *score.Result) {
	if c.ContentMissing {
		return
	}
	switch found := c.Retrieval(); {
	case len(found.Documents) > 0:
		r.RetrievalOutcome = score.OutcomeOK
	case found.Empty:
		r.RetrievalOutcome = score.OutcomeEmpty
	}
}

// answer checks the answer itself: a refusal in the provider's own field, an error in its place, or no answer at all.
func answer(c *genai.Call, stop provider.Outcome, r *score.Result) {
	if c.Operation == genai.OpEmbeddings || c.ContentMissing {
		return
	}
	if refusal := refusalOf(c); refusal != "" {
		r.Find(failure.Finding{
			Class: failure.Refusal, Detail: failure.ModelRefusal, Where: "refusal field",
			Evidence: "the model filled the refusal field instead of answering", Excerpt: refusal,
		})
		return
	}
	if stop.Class != "" {
		return // a cut answer may well be empty: one cause, one finding
	}
	output := c.Output()
	if o := errorAnswer(c, output); o.Class != "" {
		r.Find(failure.Finding{
			Class: o.Class, Detail: o.Detail, Where: o.Where, What: firstLine(output[0].Text),
			Evidence: "the answer is an error object: " + decided(o), Excerpt: firstLine(output[0].Text),
		})
		return
	}
	// Without a message the answer is unknown: emitters leave out fields that they did not record.
	if len(output) == 0 || !ended(c) || c.ContentTruncated || !ofText(c.OutputType) {
		return
	}
	thought := false
	for i := range output {
		if !output[i].IsEmpty() {
			return
		}
		thought = thought || strings.TrimSpace(output[i].Reasoning) != ""
	}
	if c.Unrecorded(output) {
		return
	}
	evidence := "the model stopped normally with neither text nor a tool call"
	if thought {
		evidence = "the model reasoned, then stopped with neither text nor a tool call"
	}
	r.Find(failure.Finding{Class: failure.BadAnswer, Detail: failure.Empty, Where: "empty", Evidence: evidence})
}

// maxEndTokens is what providers bill for the end of an answer alone. No tool call is that short.
const maxEndTokens = 4

// ended reports whether the call ended normally. Only then is an answer without content empty, and not unknown.
// Gemini's unspecified finish reason proves nothing by itself, but an empty answer with it is empty. Where the emitter
// records no finish reason, the bill tells: the model ended the answer, and wrote nothing before that.
func ended(c *genai.Call) bool {
	if len(c.FinishReasons) == 0 {
		billed := c.Tokens.Output.Value + c.Tokens.Reasoning.Value
		return !c.ContentMissing && billed > 0 && billed <= maxEndTokens && !isCut(c)
	}
	return slices.Contains(c.FinishReasonsCanonical, provider.FinishStop) ||
		slices.Contains(c.FinishReasons, "FINISH_REASON_UNSPECIFIED")
}

// isCut reports whether the limit of output tokens ended the answer.
func isCut(c *genai.Call) bool {
	return c.MaxTokens.Value > 0 && c.Tokens.Output.Value+c.Tokens.Reasoning.Value >= c.MaxTokens.Value
}

// ofText reports whether answers of a type have text. Images and speech have none.
func ofText(outputType string) bool {
	switch outputType {
	case "image", "speech", "audio", "video":
		return false
	}
	return true
}

// cut adds that the answer broke off if an error came after its first chunk. The error itself is the nearer cause.
func cut(c *genai.Call, r *score.Result) {
	if len(r.Findings) == 0 || len(c.FinishReasons) > 0 || !c.IsLLMCall() {
		return
	}
	switch cause := r.Findings[len(r.Findings)-1]; cause.Class {
	case failure.ProviderError, failure.RateLimit, failure.Timeout:
	default:
		return
	}
	began := c.TTFT.Set && c.TTFT.Value > 0
	if !began && !provider.StreamCut(c.Error) {
		return
	}
	evidence := "the answer broke off after it began"
	if began {
		evidence = "the answer broke off after its first chunk, which came in " + itoa(int64(c.TTFT.Value)) + " ms"
	}
	r.Find(
		failure.Finding{Class: failure.Truncation, Detail: failure.StreamCut, Where: failure.StreamCut, Evidence: evidence},
	)
}

func refusalOf(c *genai.Call) string { return strings.TrimSpace(c.Refusal()) }

// reported adds the finding of an error.
func reported(c *genai.Call, o provider.Outcome, r *score.Result) {
	if o.Cancelled {
		r.Cancelled = true
		return
	}
	r.Find(failure.Finding{
		Class: o.Class, Detail: o.Detail, Tool: c.ToolName, Where: o.Where, What: firstLine(c.Error.Message),
		Evidence: errorEvidence(c.Error, o), Excerpt: firstLine(c.Error.Message),
	})
}

// errorEvidence names the part of the report that decided. The message may quote the conversation, so it is only an
// excerpt.
func errorEvidence(e genai.Error, o provider.Outcome) string {
	var b strings.Builder
	if o.By == "type" && says(e.Type, o.Where) {
		o.Where = e.Type
	}
	b.WriteString(decided(o))
	if e.Type != "" && e.Type != "_OTHER" && !says(e.Type, o.Where) {
		b.WriteString(" (" + clip.Text(e.Type, maxName) + ")")
	}
	return b.String()
}

// decided names the part of a report that decided.
func decided(o provider.Outcome) string {
	switch o.By {
	case "message":
		return "the error message says " + quote(o.Where)
	case "function":
		return "the error was raised in " + quote(o.Where)
	case "http":
		return "HTTP status " + o.Where
	case "code":
		return "error code " + quote(o.Where)
	case "type":
		return "exception " + quote(o.Where)
	}
	return "the span has status ERROR without any details"
}

// says reports whether an error type is the one that decided. Its package and case do not matter.
func says(kind, where string) bool {
	return len(kind) >= len(where) && where != "" && strings.EqualFold(kind[len(kind)-len(where):], where)
}

func stopEvidence(c *genai.Call, o provider.Outcome) string {
	reason := o.Where
	if len(c.FinishReasons) == 1 {
		reason = c.FinishReasons[0]
	}
	text := "finish reason " + quote(reason)
	if o.Detail == failure.OutputLimit && c.MaxTokens.Set && c.MaxTokens.Value > 0 {
		text += " at max_tokens " + itoa(c.MaxTokens.Value)
	}
	return text
}
