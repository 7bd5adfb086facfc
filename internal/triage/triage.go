// Package triage groups the failures of a trace by step, in the order in which a person looks for the fault: retrieval,
// generation, routing to tools and agents, and the data that came back from there.
package triage

import (
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// Span is the part of a span that triage needs.
type Span struct {
	ID, Parent string
	Name       string
	Step       failure.Step // of its operation; "" where the span is not a GenAI operation
	Outcome    string       // of a tool or a retrieval
	failure.Verdict
}

// Step is one step with its findings.
type Step struct {
	Step     failure.Step `json:"step"`
	Spans    int          `json:"spans"` // whose operation is of the step
	Findings []Finding    `json:"findings"`
	More     int          `json:"more,omitempty"` // findings that are not listed
}

// Finding is a failure on a span: its class, detail and evidence. Without a class it notes that a retrieval or a tool
// found nothing.
type Finding struct {
	SpanID string `json:"span_id"`
	Name   string `json:"name"`
	failure.Finding
}

// Notes on steps that found nothing.
const (
	noDocuments = "no document was found"
	noResult    = "the tool found nothing"
)

// maxFindings bounds the list of one step.
const maxFindings = 20

// GroupByStep lists the failures of a trace by step, in the order of the spans. An outer step that repeats a failure
// inside it is not listed.
func GroupByStep(spans []Span) []Step {
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
			if steps[k].Step == s.Step {
				steps[k].Spans++
			}
		}
		for _, f := range s.Findings() {
			if !repeats[repetition{i, f.Class}] {
				shown := failure.Finding{Class: f.Class, Detail: f.Detail, Evidence: f.Evidence}
				add(failure.StepOf(f.Class, s.Step), Finding{s.ID, s.Name, shown})
			}
		}
		if s.Outcome == score.OutcomeEmpty {
			note := failure.Finding{Evidence: noResult}
			if s.Step == failure.Retrieval {
				note.Evidence = noDocuments
			}
			add(s.Step, Finding{s.ID, s.Name, note})
		}
	}
	return steps
}

// StepOf returns the step of a call.
func StepOf(c *genai.Call) failure.Step {
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

// repetition is a failure on an outer span that repeats one inside it.
type repetition struct {
	span  int
	class failure.Class
}

// repetitions finds the spans above each failure.
func repetitions(spans []Span) map[repetition]bool {
	index := make(map[string]int, len(spans))
	for i := range spans {
		index[spans[i].ID] = i
	}
	found := map[repetition]bool{}
	for i := range spans {
		for _, f := range spans[i].Findings() {
			for up, there := index[spans[i].Parent]; there && up != i; up, there = index[spans[up].Parent] {
				r := repetition{up, f.Class}
				if found[r] { // so are the spans above; or the parents form a circle, which a trace may claim
					break
				}
				found[r] = true
			}
		}
	}
	for r := range found { // a model call or a tool fails by itself
		if step := spans[r.span].Step; step != failure.Routing && step != "" {
			delete(found, r)
		}
	}
	return found
}
