package main

import (
	"fmt"
	"io"
	"math"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
)

// tally counts results for the summary of judge run.
type tally struct {
	passed, failed int
	models         map[string]int // that decided
	saved          float64        // by a cascade
	cached         int64          // tokens that the provider had in its cache
	cachedUSD      float64        // what they cost less
	batchUSD       float64        // what all cost less in batches
	order          []string       // of rubrics
	rubrics        map[string]*tally
	missing        map[judge.Obstacle]int
	first          map[judge.Obstacle]string // what is known of the first one
}

func (t *tally) add(r *docket.Result) {
	if t.rubrics == nil {
		t.models = map[string]int{}
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
	t.saved += r.SavedUSD
	t.cached, t.cachedUSD = t.cached+r.CachedTokens, t.cachedUSD+r.CachedUSD
	t.batchUSD += r.BatchUSD
	if r.Judged() {
		t.models[r.Model]++
	} else {
		if t.missing[r.NotJudged]++; t.first[r.NotJudged] == "" {
			t.first[r.NotJudged] = r.Why
		}
	}
}

// writeCascade says how often the dear model of a cascade was asked, and what that saved.
func (t *tally) writeCascade(out io.Writer, dear string) {
	judged := t.passed + t.failed
	if judged == 0 {
		return
	}
	what := "saved"
	if t.saved < 0 {
		what = "cost more by"
	}
	fmt.Fprintf(out, "%s decided %d of %d, where the two disagreed; the cascade %s about %s USD against %s alone\n",
		dear, t.models[dear], judged, what, dollars(math.Abs(t.saved)), dear)
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
	if t.cached > 0 {
		fmt.Fprintf(out, "%d tokens came from the provider's cache, which saved about %s USD\n",
			t.cached, dollars(t.cachedUSD))
	}
	if t.batchUSD > 0 {
		fmt.Fprintf(out, "batches saved about %s USD\n", dollars(t.batchUSD))
	}
}
