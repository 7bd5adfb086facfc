package transcript

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
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
	Number        int // of its note, 0 without one
}

// Quiet is the steps without a finding.
type Quiet struct {
	Holds string
	Steps []Step
}

// Steps lists the steps of a trace in the order in which a person looks for the fault, and those without a finding
// apart, nil where there is none.
func (t *Transcript) Steps(address func(span string) string) (views []Step, quiet *Quiet) {
	item := t.item
	var names []string
	for _, step := range triage.GroupByStep(Triaged(item.Spans)) {
		v := Step{Name: strings.ReplaceAll(string(step.Step), "_", " ")}
		for i := range step.Findings {
			f := &step.Findings[i]
			view := Finding{
				Name:     display.Line(f.Name, 80),
				Address:  address(f.SpanID),
				Evidence: display.Line(f.Evidence, 300),
				Number:   t.number(f.SpanID, f.Class),
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
		if step.More > 0 {
			v.More = display.Plural(step.More, "more finding")
		}
		if len(step.Findings) > 0 {
			views = append(views, v)
			continue
		}
		v.Quiet = "none in this trace"
		if step.Spans > 0 {
			v.Quiet = "nothing failed in " + display.Plural(step.Spans, "span")
		}
		if quiet == nil {
			quiet = &Quiet{}
		}
		names = append(names, v.Name)
		quiet.Steps = append(quiet.Steps, v)
	}
	if quiet != nil {
		quiet.Holds = display.Plural(len(names), "step") + " without a finding: " + strings.Join(names, ", ")
	}
	return views, quiet
}

// number returns the number of a finding of a span.
func (t *Transcript) number(span string, class failure.Class) int {
	for _, e := range t.reasons {
		if e.span.ID == span && e.class == class {
			return e.number
		}
	}
	return 0
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
