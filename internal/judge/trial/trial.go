// Package trial compares what a judge says with what people say of the same cases, and decides whether it can be
// trusted.
package trial

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/review"
)

// What a judge must reach to be trusted.
const (
	MinPositives = agreement.MinLabels // labels of failures that the rubric looks for
	MinMCC       = 0.6
)

// Said is what people say of a case, from the point of view of a rubric.
type Said struct {
	Failed bool          `json:"failed"`
	Class  failure.Class `json:"error_class,omitempty"` // of the label, "" for a sound case
	Detail string        `json:"error_detail,omitempty"`
	Note   string        `json:"note,omitempty"`
}

// String names the failure.
func (s *Said) String() string {
	switch {
	case s.Class == "":
		return "sound"
	case s.Detail == "":
		return string(s.Class)
	}
	return string(s.Class) + "/" + s.Detail
}

// Labels are what people said, by the id of a trace or a row.
type Labels struct {
	of map[string]*review.Judgement
	n  int
}

// Add adds a case under its ids. A case of which nobody decided anything is left out.
func (l *Labels) Add(j *review.Judgement, ids ...string) {
	if _, decided := j.Truth(); !decided {
		return
	}
	if l.of == nil {
		l.of = map[string]*review.Judgement{}
	}
	for _, id := range ids {
		if id != "" {
			l.of[id] = j
		}
	}
	l.n++
}

// Len is the number of cases.
func (l *Labels) Len() int { return l.n }

// Has reports whether people judged a case.
func (l *Labels) Has(id string) bool { return l.of[id] != nil }

// Says returns what people say of a case to a rubric with these kinds of failures. ok is false where they say nothing:
// of another failure does not follow that there is none of these.
func (l *Labels) Says(id string, kinds []review.Kind) (s Said, ok bool) {
	j := l.of[id]
	if j == nil {
		return Said{}, false
	}
	truth, _ := j.Truth()
	for _, kind := range kinds {
		failed, known := j.SaysWith(&truth, kind)
		s.Failed, ok = s.Failed || failed, ok || known
	}
	s.Note = truth.Note
	if truth.Decision == review.Confirmed {
		if s.Class, s.Detail = truth.Class, truth.Detail; s.Class == "" {
			s.Class, s.Detail = j.Class, j.Detail
		}
	}
	return s, ok
}

// bare is the detail of a judge that says no more than the class. People have finer ones.
const bare = "judge"

// KindsOf are the kinds of failures that a rubric looks for. A rubric that is not known looks for any.
func KindsOf(r *judge.Rubric) []review.Kind {
	if r == nil {
		return []review.Kind{{}}
	}
	var kinds []review.Kind
	whole := map[failure.Class]bool{} // classes of which any detail counts
	for i := range r.Reasons {
		reason := &r.Reasons[i]
		if reason.Class == "" {
			continue
		}
		at := slices.IndexFunc(kinds, func(k review.Kind) bool { return k.Class == reason.Class })
		if at < 0 {
			kinds = append(kinds, review.Kind{Class: reason.Class})
			at = len(kinds) - 1
		}
		if reason.Detail == "" || reason.Detail == bare {
			whole[reason.Class] = true
		} else if !slices.Contains(kinds[at].Details, reason.Detail) {
			kinds[at].Details = append(kinds[at].Details, reason.Detail)
		}
	}
	for i := range kinds {
		if whole[kinds[i].Class] {
			kinds[i].Details = nil
		}
	}
	return kinds
}

// Trial compares one version of a rubric with people.
type Trial struct {
	Rubric  string `json:"rubric"`
	Version string `json:"version"`
	agreement.Confusion
	Classes []Class `json:"classes"` // most labels first
	// Unlabelled are cases that the judge judged and people did not, or of which people say nothing to this rubric.
	Unlabelled int `json:"unlabelled"`
	NotJudged  int `json:"not_judged"` // cases that people judged and the judge could not
	// Cost is that of a case on average, in US dollars, not set if it was not recorded.
	Cost          genai.Opt[float64] `json:"cost_usd_per_trace,omitzero"`
	Disagreements []Disagreement     `json:"disagreements"`
	Latest        time.Time          `json:"latest,omitzero"` // judgement, where the time is known

	order int // of the last result
}

// Class counts the cases that people gave a class and detail, or called sound, and how many of them the judge failed.
type Class struct {
	Name    string `json:"name"`
	Failure bool   `json:"failure"` // that the rubric looks for
	Cases   int    `json:"cases"`
	Flagged int    `json:"flagged"`
}

// Disagreement is a case of which the judge and people say different things.
type Disagreement struct {
	ID     string        `json:"id"`
	People Said          `json:"people"`
	Judge  docket.Result `json:"judge"`
}

// Given is a result with the time at which it was given, the zero time if that is not known.
type Given struct {
	docket.Result
	At time.Time
}

// Compare compares results with labels: a trial for each version of each rubric, by name, the newest version first.
func Compare(results []Given, labels *Labels, kinds func(rubric string) []review.Kind) (trials []*Trial) {
	for _, of := range gather(results) {
		t := &Trial{
			Rubric: of.rubric, Version: of.version, Latest: of.latest, order: of.order,
			Classes: []Class{}, Disagreements: []Disagreement{},
		}
		looked := kinds(of.rubric)
		cost, priced := 0.0, 0
		for _, id := range of.ids {
			r := of.cases[id]
			if r.CostUSD.Set {
				cost, priced = cost+r.CostUSD.Value, priced+1
			}
			said, ok := labels.Says(id, looked)
			switch {
			case !ok:
				t.Unlabelled++
			case !r.Judged():
				t.NotJudged++
			default:
				t.add(id, r, &said)
			}
		}
		if priced > 0 {
			t.Cost = genai.Some(cost / float64(priced))
		}
		slices.SortStableFunc(t.Classes, func(a, b Class) int {
			return cmp.Or(b.Cases-a.Cases, cmp.Compare(a.Name, b.Name))
		})
		trials = append(trials, t)
	}
	slices.SortStableFunc(trials, func(a, b *Trial) int {
		return cmp.Or(cmp.Compare(a.Rubric, b.Rubric), b.Latest.Compare(a.Latest), b.order-a.order)
	})
	return trials
}

func (t *Trial) add(id string, r *docket.Result, said *Said) {
	flagged := r.Failed()
	t.Add(flagged, said.Failed)
	at := slices.IndexFunc(t.Classes, func(c Class) bool { return c.Name == said.String() && c.Failure == said.Failed })
	if at < 0 {
		t.Classes = append(t.Classes, Class{Name: said.String(), Failure: said.Failed})
		at = len(t.Classes) - 1
	}
	t.Classes[at].Cases++
	if flagged {
		t.Classes[at].Flagged++
	}
	if flagged != said.Failed {
		t.Disagreements = append(t.Disagreements, Disagreement{id, *said, *r})
	}
}

// Cases is the number of cases that both judged.
func (t *Trial) Cases() int { return t.TP + t.FP + t.FN + t.TN }

// Kappa is Cohen's kappa of the judge and people.
func (t *Trial) Kappa() (kappa agreement.Estimate, ok bool) {
	return agreement.Cohen([][]int{{t.TN, t.FN}, {t.FP, t.TP}})
}

// Missing says what the judge lacks to be trusted. It is empty if it can be.
func (t *Trial) Missing() (missing []string) {
	if n := t.TP + t.FN; n < MinPositives {
		missing = append(missing, fmt.Sprintf("%d of %d labels of failures", n, MinPositives))
	}
	switch mcc, ok := t.MCC(); {
	case !ok && t.TN+t.FP == 0:
		missing = append(missing, "no label of a sound case, so there is no MCC")
	case !ok:
		missing = append(missing, "the judge never varies, so there is no MCC")
	case mcc < MinMCC:
		missing = append(missing, fmt.Sprintf("an MCC of %.2f, where %.2f is needed", mcc, MinMCC))
	}
	return missing
}
