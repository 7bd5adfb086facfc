package review

import (
	"context"
	"slices"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Judgement is an item that people judged, beside what machines said of it.
type Judgement struct {
	TraceID  string        `json:"trace_id"`
	Service  string        `json:"service"`
	Received time.Time     `json:"received"`
	Class    failure.Class `json:"error_class,omitempty"` // of the verdict
	Detail   string        `json:"error_detail,omitempty"`
	// Source is the stratum of the traffic that the item stands for: verdict, suspicion, random, or "" for an item that
	// is here only because somebody asked for it. Probability is that of coming into the queue from there.
	Source      Source    `json:"source,omitempty"`
	Probability float64   `json:"probability,omitempty"`
	Opinions    []Opinion `json:"opinions,omitempty"`
	Labels      []Label   `json:"labels"` // oldest first, without notes
}

// The evaluators of an Opinion.
const (
	ByScorer = "scorer"
	ByJudge  = "judge"
)

// Opinion is what a scorer or a judge said of an item: of several spans, the worst.
type Opinion struct {
	By        string             `json:"evaluator"`
	Name      string             `json:"name"`
	Version   string             `json:"version,omitempty"` // of a judge
	Value     genai.Opt[float64] `json:"value,omitzero"`
	Failed    bool               `json:"failed,omitempty"`
	Suspected bool               `json:"suspected,omitempty"`
}

// Worse returns the worse of two opinions of the same scorer.
func (o Opinion) Worse(other Opinion) Opinion {
	if other.Value.Set && (!o.Value.Set || other.Value.Value < o.Value.Value) {
		o.Value = other.Value
	}
	o.Failed = o.Failed || other.Failed
	o.Suspected = !o.Failed && (o.Suspected || other.Suspected)
	return o
}

// Opinion returns what a scorer or a judge said.
func (j *Judgement) Opinion(by, name string) (o Opinion, ok bool) {
	i := slices.IndexFunc(j.Opinions, func(o Opinion) bool { return o.By == by && o.Name == name })
	if i < 0 {
		return Opinion{}, false
	}
	return j.Opinions[i], true
}

// Votes returns the newest judgement of each person, oldest first. None counts from before the item was reopened.
func (j *Judgement) Votes() (votes []Label) {
	for i := range j.Labels {
		l := &j.Labels[i]
		if l.Decision == Reopened {
			votes = nil
		}
		votes = slices.DeleteFunc(votes, func(earlier Label) bool { return earlier.Person() == l.Person() })
		if l.Decision == Confirmed || l.Decision == Rejected {
			votes = append(votes, *l)
		}
	}
	return votes
}

// Truth is what most people say, or the newest where they are split. ok is false if nobody decided.
func (j *Judgement) Truth() (l Label, ok bool) {
	votes := j.Votes()
	if len(votes) == 0 {
		return Label{}, false
	}
	confirmed := 0
	for i := range votes {
		if votes[i].Decision == Confirmed {
			confirmed++
		}
	}
	decision := votes[len(votes)-1].Decision
	if rejected := len(votes) - confirmed; confirmed > rejected {
		decision = Confirmed
	} else if rejected > confirmed {
		decision = Rejected
	}
	for i := range slices.Backward(votes) {
		if votes[i].Decision == decision {
			return votes[i], true
		}
	}
	return Label{}, false
}

// Kind is the failure that a scorer looks for. The zero value is any.
type Kind struct {
	Class   failure.Class
	Details []string // none: all of the class
}

func (k Kind) covers(class failure.Class, detail string) bool {
	return k.Class == "" || class == k.Class && (detail == "" || len(k.Details) == 0 || slices.Contains(k.Details, detail))
}

// Says returns what people say of an opinion whose scorer looks for failures of a kind: whether there is one. known is
// false where they say nothing of it, since a label is about the root cause alone:
//
//   - not a failure: there is none of any kind;
//   - a failure of this kind: there is one;
//   - a failure of another kind: there is none if the label corrects a verdict of this kind. Else nothing is said.
func (j *Judgement) Says(k Kind) (failed, known bool) {
	l, ok := j.Truth()
	if !ok {
		return false, false
	}
	return j.SaysWith(&l, k)
}

// SaysWith is Says for who has the truth already.
func (j *Judgement) SaysWith(truth *Label, k Kind) (failed, known bool) {
	if truth.Decision == Rejected {
		return false, true
	}
	class, detail := truth.Class, truth.Detail
	if class == "" { // as it was found
		class, detail = j.Class, j.Detail
	}
	if k.covers(class, detail) {
		return true, true
	}
	return false, j.Class != "" && k.covers(j.Class, j.Detail)
}

// JudgementFilter selects judgements. Empty fields do not restrict.
type JudgementFilter struct {
	Service string
	Queue   string    // a name
	Since   time.Time // of arrival
	Limit   int       // 0 is 500, which is the most
	Cursor  string    // JudgementPage.Next of the previous page
}

// JudgementPage is a page of judgements, oldest arrival first. Next is "" on the last page.
type JudgementPage struct {
	Judgements []Judgement `json:"judgements"`
	Next       string      `json:"next"`
}

// Activity is how much came in and was judged since a time, of what is still in the store.
type Activity struct {
	Days []Day `json:"days"` // oldest first
	// Waiting counts the open items by age: up to each of Ages, and older.
	Waiting   []int      `json:"waiting"`
	Oldest    time.Time  `json:"oldest"`    // arrival of the oldest open item; the zero time without one
	Reviewers []Reviewer `json:"reviewers"` // who gave most labels first
	Strata    []Size     `json:"strata"`
}

// ActivityFilter selects what an activity counts.
type ActivityFilter struct {
	Since time.Time
	Queue string // a name; "" is all
}

// Ages are the bounds of the ages of open items.
func Ages() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{time.Hour, day, 3 * day, 7 * day}
}

// Day counts a day in UTC.
type Day struct {
	Date     time.Time `json:"date"`
	Received int       `json:"received"`
	Judged   int       `json:"judged"` // labels
}

// Reviewer is a person with the labels that they gave.
type Reviewer struct {
	Name      string    `json:"reviewer"`
	Confirmed int       `json:"confirmed"`
	Rejected  int       `json:"rejected"`
	Last      time.Time `json:"last"`
}

// Size counts the items of a stratum, as in Judgement.Source, by service and by what judges said.
type Size struct {
	Service string `json:"service"`
	Source  Source `json:"source"`
	// Judge is "passed" or "failed" where a judge evaluated the item, else "".
	Judge string `json:"judge,omitempty"`
	Items int    `json:"items"`
	// Traffic is how many traces the items stand for: the sum of 1/probability.
	Traffic float64 `json:"traffic"`
}

// What judges said of an item: it failed if any of them failed it.
const (
	JudgePassed = "passed"
	JudgeFailed = "failed"
)

// Judged returns what judges said of an item, as in Size.
func (j *Judgement) Judged() string {
	said := ""
	for i := range j.Opinions {
		switch o := &j.Opinions[i]; {
		case o.By != ByJudge:
		case o.Failed:
			return JudgeFailed
		default:
			said = JudgePassed
		}
	}
	return said
}

// Judgements is what people said, for those who count.
type Judgements interface {
	// Judgements pages through the items with a label. It returns ErrInvalid for an invalid cursor.
	Judgements(ctx context.Context, f JudgementFilter) (JudgementPage, error)
	// Activity counts what a filter selects. It reads every item that arrived since its time, and so is for the
	// background.
	Activity(ctx context.Context, f ActivityFilter) (Activity, error)
}
