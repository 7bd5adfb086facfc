package trial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/review"
)

// Diff is what a changed rubric decides otherwise.
type Diff struct {
	Rubric   string   `json:"rubric"`
	From     string   `json:"from"` // version
	To       string   `json:"to"`
	Compared int      `json:"compared"` // cases that both versions judged
	OneSided int      `json:"one_sided"`
	Changes  []Change `json:"changes"`
	// Better counts the changes after which the judge says what people say, Worse those after which it no longer does.
	Better int `json:"better"`
	Worse  int `json:"worse"`
	// Before and After compare both with people, on the labelled ones of the compared cases.
	Before agreement.Confusion `json:"before"`
	After  agreement.Confusion `json:"after"`
}

// Change is a case that is decided otherwise.
type Change struct {
	ID     string        `json:"id"`
	From   docket.Result `json:"from"`
	To     docket.Result `json:"to"`
	People *Said         `json:"people,omitempty"` // nil where they say nothing to the rubric
}

// Verdict is what people say of a change: better, worse, or "" where that is not known.
func (c *Change) Verdict() string {
	switch {
	case c.People == nil:
		return ""
	case c.To.Failed() == c.People.Failed:
		return "better"
	}
	return "worse"
}

// Differ compares the results of two versions, rubric by rubric. If both sides have one rubric, its name may have
// changed. labels may be empty; otherwise only labelled cases are compared.
func Differ(from, to []docket.Result, labels *Labels, kinds func(rubric string) []review.Kind) ([]Diff, error) {
	before, err := byRubric("--from", from)
	if err != nil {
		return nil, err
	}
	after, err := byRubric("--to", to)
	if err != nil {
		return nil, err
	}
	if len(before) == 1 && len(after) == 1 {
		return []Diff{differ(before[0], after[0], labels, kinds)}, nil
	}
	var diffs []Diff
	for _, b := range after {
		if i := slices.IndexFunc(before, func(a *series) bool { return a.rubric == b.rubric }); i >= 0 {
			diffs = append(diffs, differ(before[i], b, labels, kinds))
		}
	}
	if len(diffs) == 0 {
		return nil, fmt.Errorf("no rubric is on both sides: --from has %s, --to has %s", names(before), names(after))
	}
	return diffs, nil
}

func names(all []*series) string {
	list := make([]string, len(all))
	for i, s := range all {
		list[i] = s.rubric
	}
	return strings.Join(list, ", ")
}

// byRubric groups results of one version a rubric.
func byRubric(side string, results []docket.Result) ([]*series, error) {
	given := make([]Given, len(results))
	for i := range results {
		given[i].Result = results[i]
	}
	all := gather(given)
	for i, s := range all {
		if slices.ContainsFunc(all[:i], func(o *series) bool { return o.rubric == s.rubric }) {
			return nil, fmt.Errorf("%s has several versions of %s: give results of one", side, s.rubric)
		}
	}
	return all, nil
}

func differ(from, to *series, labels *Labels, kinds func(string) []review.Kind) Diff {
	d := Diff{Rubric: to.rubric, From: from.version, To: to.version, Changes: []Change{}}
	looked := kinds(to.rubric)
	for _, id := range to.ids {
		a, b := from.cases[id], to.cases[id]
		if labels.Len() > 0 && !labels.Has(id) {
			continue
		}
		if a == nil || !a.Judged() || !b.Judged() {
			d.OneSided++
			continue
		}
		d.Compared++
		said, known := labels.Says(id, looked)
		if known {
			d.Before.Add(a.Failed(), said.Failed)
			d.After.Add(b.Failed(), said.Failed)
		}
		if a.Failed() == b.Failed() {
			continue
		}
		c := Change{ID: id, From: *a, To: *b}
		if known {
			c.People = &said
		}
		switch c.Verdict() {
		case "better":
			d.Better++
		case "worse":
			d.Worse++
		}
		d.Changes = append(d.Changes, c)
	}
	for _, id := range from.ids {
		if to.cases[id] == nil && (labels.Len() == 0 || labels.Has(id)) {
			d.OneSided++
		}
	}
	return d
}
