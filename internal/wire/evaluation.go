package wire

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// Attributes of evaluations by judges and people, and of what was picked for them.
const (
	AttrJudgePromptVersion = "app.llm.judge.prompt_version"

	// AttrStratum says how a span was picked that is scored in part: what had been flagged, or by chance.
	AttrStratum = "app.llm.sample.stratum"

	StratumFlagged = "flagged"
	StratumRandom  = "random"
)

// Evaluation is what a judge or a person said of a span, in a log record.
type Evaluation struct {
	Name string
	// Version is that of the judge's prompt, or of the scorer; "" for people.
	Version, Stratum string
	Value            genai.Opt[float64] // of the label, where there is no value
	Failed           bool

	Provider, Operation, Model, PromptName, PromptVersion string
}

// EvaluationOf reads a log record. ok is false where it is no evaluation. The texts are those of the record.
func EvaluationOf(record plog.LogRecord) (e Evaluation, ok bool) {
	if name := record.EventName(); name != EventEvaluation {
		if name != "" || attributeText(record.Attributes(), "event.name") != EventEvaluation {
			return Evaluation{}, false
		}
	}
	var label string
	var judged, scorer string
	var class failure.Class
	for key, v := range record.Attributes().All() {
		switch key {
		case AttrEvaluationName:
			e.Name = textOfValue(v)
		case AttrEvaluationValue:
			if f, ok := floatOf(v); ok {
				e.Value = genai.Some(f)
			}
		case AttrEvaluationLabel:
			label = textOfValue(v)
		case AttrJudgePromptVersion:
			judged = textOfValue(v)
		case AttrEvaluationVersion:
			scorer = textOfValue(v)
		case AttrErrorClass:
			class = failure.Class(v.Str())
		case AttrStratum:
			e.Stratum = stratum(v)
		case "gen_ai.provider.name":
			e.Provider, _ = provider.Name(textOfValue(v))
		case "gen_ai.operation.name":
			e.Operation = textOfValue(v)
		case "gen_ai.request.model":
			e.Model = textOfValue(v)
		case "gen_ai.response.model":
			if e.Model == "" {
				e.Model = textOfValue(v)
			}
		case "gen_ai.prompt.name":
			e.PromptName = textOfValue(v)
		case "gen_ai.prompt.version":
			e.PromptVersion = textOfValue(v)
		}
	}
	if e.Version = judged; judged == "" {
		e.Version = scorer
	}
	passed, known := passes(label)
	e.Failed = known && !passed || !known && class.Bucket() != ""
	switch {
	case e.Value.Set:
	case e.Failed:
		e.Value = genai.Some(0.0)
	case known:
		e.Value = genai.Some(1.0)
	}
	return e, true
}

// passes says of a label whether it praises. Labels that are neither praise nor blame, like the answer to a question, are not known.
func passes(label string) (passed, known bool) {
	switch strings.ToLower(label) {
	case "pass", "passed", "true", "yes", "good", "correct", "relevant", "grounded", "faithful", "helpful", "safe", "positive", "thumbs_up", "rejected":
		return true, true // rejected: a person says that what was flagged is no failure
	case labelFailed, "failed", "false", "no", "bad", "incorrect", "not_relevant", "irrelevant", "ungrounded", "not_grounded", "unfaithful", "hallucinated",
		"not_helpful", "unhelpful", "unsafe", "negative", "thumbs_down", "confirmed":
		return false, true
	}
	return false, false
}

// stratum reads one of the two, "" from a stranger who says another.
func stratum(v pcommon.Value) string {
	switch v.Str() {
	case StratumFlagged:
		return StratumFlagged
	case StratumRandom:
		return StratumRandom
	}
	return ""
}
