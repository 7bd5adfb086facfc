package judgement

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// answerField begins the names of the fields of questions.
const answerField = "answer."

// Said reads a label from the fields of the bar. The error is review.ErrInvalid.
func Said(form url.Values) (l review.Label, err error) {
	class, detail := CutClass(form.Get("class"))
	l = review.Label{
		Decision: review.Decision(form.Get("decision")), Class: class, Detail: cmp.Or(form.Get("detail"), detail),
		Note: unix(form.Get("note")), Reviewer: form.Get("reviewer"),
		Remarks: review.Remarks{
			Severity: review.Severity(form.Get("severity")), Scope: review.Scope(form.Get("scope")),
			CorrectedOutput: unix(form.Get("corrected_output")),
		},
	}
	if tags := form.Get("tags"); strings.TrimSpace(tags) != "" {
		l.Tags = strings.Split(tags, ",")
	}
	if lines := unix(form.Get("assertions")); strings.TrimSpace(lines) != "" {
		l.Assertions = strings.Split(lines, "\n")
	}
	for _, value := range form["further"] {
		if class, detail := CutClass(value); class != "" {
			l.Further = append(l.Further, failure.Finding{Class: class, Detail: detail})
		}
	}
	for name := range form {
		if question, ok := strings.CutPrefix(name, answerField); ok && form.Get(name) != "" {
			if l.Answers == nil {
				l.Answers = map[string]string{}
			}
			l.Answers[question] = unix(form.Get(name))
		}
	}
	if l.Replaces, err = strconv.ParseInt(cmp.Or(form.Get("replaces"), "0"), 10, 64); err != nil {
		return l, fmt.Errorf("replaces must be the number of a label, got %.64q: %w", form.Get("replaces"), review.ErrInvalid)
	}
	return l, nil
}

// CutClass splits a value of the list of classes, which has class and detail.
func CutClass(value string) (failure.Class, string) {
	class, detail, _ := strings.Cut(value, "/")
	return failure.Class(class), detail
}

// unix undoes the line ends of forms.
func unix(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// Field is one value of a form.
type Field struct{ Name, Value string }

// Fields lists the values of a form that say something, but not those of some names, to be sent again.
func Fields(form url.Values, but ...string) (fields []Field) {
	skip := map[string]bool{}
	for _, name := range but {
		skip[name] = true
	}
	for _, name := range sorted(form) {
		for _, value := range form[name] {
			if value != "" && !skip[name] {
				fields = append(fields, Field{name, value})
			}
		}
	}
	return fields
}
