package main

import (
	"fmt"
	"io"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
)

// tally counts results for the summary of judge run.
type tally struct {
	passed, failed int
	order          []string // of rubrics
	rubrics        map[string]*tally
	missing        map[judge.Obstacle]int
	first          map[judge.Obstacle]string // what is known of the first one
}

func (t *tally) add(r *docket.Result) {
	if t.rubrics == nil {
		t.rubrics, t.missing, t.first = map[string]*tally{}, map[judge.Obstacle]int{}, map[judge.Obstacle]string{}
	}
	of := t.rubrics[r.Rubric]
	if of == nil {
		of = &tally{}
		t.rubrics[r.Rubric] = of
		t.order = append(t.order, r.Rubric)
	}
	for _, one := range []*tally{t, of} {
		switch {
		case !r.Judged():
		case r.Failed():
			one.failed++
		default:
			one.passed++
		}
	}
	if !r.Judged() {
		if t.missing[r.NotJudged]++; t.first[r.NotJudged] == "" {
			t.first[r.NotJudged] = r.Why
		}
	}
}

// why names the obstacle that was met most often.
func (t *tally) why() string {
	most := mostFirst(t.missing)
	if len(most) == 0 {
		return "no case"
	}
	if first := t.first[most[0]]; first != "" {
		return fmt.Sprintf("%s: %s", most[0], first)
	}
	return string(most[0])
}

func (t *tally) write(out io.Writer) {
	for _, name := range t.order {
		of := t.rubrics[name]
		fmt.Fprintf(out, "%s: %d passed, %d failed\n", name, of.passed, of.failed)
	}
	for _, obstacle := range mostFirst(t.missing) {
		words := string(obstacle)
		if first := t.first[obstacle]; first != "" {
			words += ", such as: " + first
		}
		fmt.Fprintf(out, "%d not judged: %s\n", t.missing[obstacle], words)
	}
}
