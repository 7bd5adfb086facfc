package transcript

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/triage"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Step is one step of the trace with its findings.
type Step struct {
	Name     string
	Findings []Finding
	Quiet    string // shown without findings
	More     string
}

// Finding is what was found on one span.
type Finding struct {
	Chip          *display.Chip // nil for a note
	Name, Address string
	Evidence      string
}

// Steps lists the steps of a trace in the order in which a person looks for the fault.
func Steps(item *review.Item, address func(span string) string) []Step {
	var views []Step
	for _, step := range triage.GroupByStep(Triaged(item.Spans)) {
		v := Step{Name: strings.ReplaceAll(string(step.Step), "_", " ")}
		for i := range step.Findings {
			f := &step.Findings[i]
			view := Finding{
				Name:     display.Line(f.Name, 80),
				Address:  address(f.SpanID),
				Evidence: display.Line(f.Evidence, 300),
			}
			if view.Name == "" {
				view.Name = unnamed
			}
			if f.Class != "" {
				c := display.ChipOf(f.Class, f.Detail)
				view.Chip = &c
			}
			v.Findings = append(v.Findings, view)
		}
		switch {
		case len(step.Findings) > 0:
		case step.Spans == 0:
			v.Quiet = "none in this trace"
		default:
			v.Quiet = "nothing failed in " + display.Plural(step.Spans, "span")
		}
		if step.More > 0 {
			v.More = display.Plural(step.More, "more finding")
		}
		views = append(views, v)
	}
	return views
}

// Triaged returns what the triage needs of spans.
func Triaged(spans []review.Span) []triage.Span {
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
