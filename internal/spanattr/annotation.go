package spanattr

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// maxAnnotations bounds the evaluations by others that are read from one span.
const maxAnnotations = 32

// EvaluationsBeside returns the evaluations by others on a span, nil on most spans: events of the conventions that are
// not ours, the annotations of OpenInference, and the result of a span that evaluated something. The texts share memory
// with the span.
func EvaluationsBeside(span ptrace.Span) []Evaluation {
	var all []Evaluation
	for _, event := range span.Events().All() {
		if event.Name() != EventEvaluation || len(all) == maxAnnotations {
			continue
		}
		if _, ours := event.Attributes().Get(AttrEvaluationVersion); !ours {
			all = append(all, evaluationIn(event.Attributes()))
		}
	}
	annotated := false
	for name := range span.Attributes().All() {
		switch {
		case name == AttrEvaluationName && len(all) < maxAnnotations: // the span is the evaluation
			all = append(all, evaluationIn(span.Attributes()))
		case !annotated && annotation(name) != "":
			annotated = true
		}
	}
	if annotated {
		all = append(all, annotationsOn(span.Attributes(), maxAnnotations-len(all))...)
	}
	return all
}

// annotationLists are the lists of OpenInference, of a span, its trace and its session. Both words mean the same.
var annotationLists = []string{
	"annotations.", "evaluations.", "trace.annotations.", "trace.evaluations.", "session.annotations.",
	"session.evaluations.",
}

// annotation returns the list that an attribute belongs to, or "".
func annotation(name string) string {
	if len(name) < len("annotations.0.") || name[0] != 'a' && name[0] != 'e' && name[0] != 't' && name[0] != 's' {
		return ""
	}
	for _, list := range annotationLists {
		if strings.HasPrefix(name, list) && name[len(list)] >= '0' && name[len(list)] <= '9' {
			return list
		}
	}
	return ""
}

// annotators are the kinds of annotators of OpenInference.
var annotators = map[string]Evaluator{"HUMAN": EvaluatorPerson, "LLM": EvaluatorJudge, "CODE": EvaluatorScorer}

// annotationsOn reads the flattened annotations <list>.<n>.annotation.<field>.
func annotationsOn(attributes pcommon.Map, most int) []Evaluation {
	type place struct {
		list string
		n    int
	}
	at := map[place]int{}
	var all []Evaluation
	for name, v := range attributes.All() {
		list := annotation(name)
		if list == "" {
			continue
		}
		digits, field, _ := strings.Cut(name[len(list):], ".")
		n, err := strconv.Atoi(digits)
		if err != nil {
			continue
		}
		i, known := at[place{list, n}]
		if !known {
			if len(all) >= most {
				continue
			}
			i = len(all)
			at[place{list, n}] = i
			all = append(all, Evaluation{})
		}
		e := &all[i]
		switch field {
		case "annotation.name", "evaluation.name":
			e.Name = v.AsString()
		case "annotation.score", "evaluation.score":
			e.Value = numberOf(v)
		case "annotation.label", "evaluation.label":
			e.Label = v.AsString()
		case "annotation.explanation", "evaluation.explanation":
			e.Explanation = v.AsString()
		case "annotation.identifier", "evaluation.identifier":
			e.Version = v.AsString()
		case "annotation.annotator_kind", "evaluation.annotator_kind":
			e.By = annotators[strings.ToUpper(v.Str())]
		}
	}
	for i := range all {
		all[i].conclude()
	}
	return all
}

// Judged returns the spans that a span evaluated, which it links to. A late evaluation is a span of its own.
func Judged(span ptrace.Span) []ptrace.SpanLink {
	var links []ptrace.SpanLink
	for _, link := range span.Links().All() {
		if len(links) < maxAnnotations && !link.SpanID().IsEmpty() {
			links = append(links, link)
		}
	}
	return links
}
