// Package triage lays out what is known of a failing trace, in the order in which a person looks for the fault: what was retrieved, what the
// model made of it, where it handed on to, and what came back from there.
package triage

import (
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// Span is one span of a trace, as far as triage goes.
type Span struct {
	ID, Parent string
	Name       string
	At         failure.Step // that its operation is; "" where the span is none of GenAI
	Outcome    string       // of a tool or a retrieval
	// Classes are all that failed on the span, in order of precedence. Detail and Evidence are of the first.
	Classes          []failure.Class
	Detail, Evidence string
}

// Step is one step with what was found in it.
type Step struct {
	Step     failure.Step `json:"step"`
	Spans    int          `json:"spans"` // that are of the step
	Findings []Finding    `json:"findings"`
	More     int          `json:"more,omitempty"` // findings that are not listed
}

// Finding is a failure on a span, or where it has no class the note that a retrieval or tool found nothing.
type Finding struct {
	SpanID   string        `json:"span_id"`
	Name     string        `json:"name"`
	Class    failure.Class `json:"error_class,omitempty"`
	Detail   string        `json:"error_detail,omitempty"`
	Evidence string        `json:"evidence,omitempty"`
}

// The notes.
const (
	noDocuments = "no document was found"
	noResult    = "the tool found nothing"
)

// maxFindings bounds what is listed of one step.
const maxFindings = 20

// Of lays out the spans of a trace by step, in their order within each. An outer step that repeats what failed within it is not
// listed beside it.
func Of(spans []Span) []Step {
	repeats := repetitions(spans)
	steps := make([]Step, 0, len(failure.Steps()))
	for _, step := range failure.Steps() {
		steps = append(steps, Step{Step: step, Findings: []Finding{}})
	}
	add := func(step failure.Step, f Finding) {
		for i := range steps {
			switch s := &steps[i]; {
			case s.Step != step:
			case len(s.Findings) == maxFindings:
				s.More++
			default:
				s.Findings = append(s.Findings, f)
			}
		}
	}
	for i := range spans {
		s := &spans[i]
		for k := range steps {
			if steps[k].Step == s.At {
				steps[k].Spans++
			}
		}
		for k, class := range s.Classes {
			if repeats[repetition{i, class}] {
				continue
			}
			f := Finding{SpanID: s.ID, Name: s.Name, Class: class}
			if k == 0 {
				f.Detail, f.Evidence = s.Detail, s.Evidence
			}
			add(failure.StepOf(class, s.At), f)
		}
		if s.Outcome == score.OutcomeEmpty {
			note := Finding{SpanID: s.ID, Name: s.Name, Evidence: noResult}
			if s.At == failure.Retrieval {
				note.Evidence = noDocuments
			}
			add(s.At, note)
		}
	}
	return steps
}

// At is the step that a call is.
func At(c *genai.Call) failure.Step {
	switch {
	case c.Operation == genai.OpRetrieval, c.Operation == genai.OpEmbeddings:
		return failure.Retrieval
	case c.Operation == genai.OpExecuteTool:
		return failure.Upstream
	case c.IsLLMCall():
		return failure.Generation
	}
	return failure.Routing
}

// repetition is a class on a span that the span only passes on.
type repetition struct {
	span  int
	class failure.Class
}

// repetitions finds the outer steps above what failed.
func repetitions(spans []Span) map[repetition]bool {
	index := make(map[string]int, len(spans))
	for i := range spans {
		index[spans[i].ID] = i
	}
	found := map[repetition]bool{}
	for i := range spans {
		for _, class := range spans[i].Classes {
			for up, there := index[spans[i].Parent]; there && up != i; up, there = index[spans[up].Parent] {
				r := repetition{up, class}
				if found[r] { // and so are those above, or strangers made a circle
					break
				}
				found[r] = true
			}
		}
	}
	for r := range found { // a model call or a tool fails by itself
		if at := spans[r.span].At; at != failure.Routing && at != "" {
			delete(found, r)
		}
	}
	return found
}
