package web

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/triage"
)

// stepView is one step of the trace with its findings.
type stepView struct {
	Name     string
	Findings []findingView
	Quiet    string // shown without findings
	More     string
}

type findingView struct {
	Chip          *chip // nil for a note
	Name, Address string
	Evidence      string
}

// stepsOf lists the steps of a trace in the order in which a person looks for the fault.
func stepsOf(item *review.Item, address func(span string) string) []stepView {
	var views []stepView
	for _, step := range triage.GroupByStep(triaged(item.Spans)) {
		v := stepView{Name: strings.ReplaceAll(string(step.Step), "_", " ")}
		for i := range step.Findings {
			f := &step.Findings[i]
			view := findingView{
				Name:     visibleLine(f.Name, 80),
				Address:  address(f.SpanID),
				Evidence: visibleLine(f.Evidence, 300),
			}
			if view.Name == "" {
				view.Name = unnamed
			}
			if f.Class != "" {
				c := chipOf(f.Class, f.Detail)
				view.Chip = &c
			}
			v.Findings = append(v.Findings, view)
		}
		switch {
		case len(step.Findings) > 0:
		case step.Spans == 0:
			v.Quiet = "none in this trace"
		default:
			v.Quiet = "nothing failed in " + plural(step.Spans, "span")
		}
		if step.More > 0 {
			v.More = plural(step.More, "more finding")
		}
		views = append(views, v)
	}
	return views
}

func triaged(spans []review.Span) []triage.Span {
	list := make([]triage.Span, len(spans))
	for i := range spans {
		s := &spans[i]
		t := triage.Span{ID: s.ID, Parent: s.ParentID, Name: s.Name, Outcome: s.Outcome, Verdict: s.Verdict}
		if s.Call != nil {
			t.Step = triage.StepOf(s.Call)
		}
		list[i] = t
	}
	return list
}
