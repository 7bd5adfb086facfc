// Package overview says how the review goes: how much waits, how well people agree, how often scorers are right, and
// which share of all traffic truly fails. Figures are computed in the background: a page only shows them.
package overview

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// Target is the precision that a scorer should have. Below it, it costs more attention than it saves.
const Target = 0.9

// Bounds of lists.
const (
	maxServices  = 20
	maxReviewers = 40 // whose agreement is computed in pairs
	maxPairs     = 20
	maxScorers   = 200
)

// Figures are what the page shows, and the API returns.
type Figures struct {
	At        time.Time         `json:"at"` // when they were computed
	Since     time.Time         `json:"since"`
	Queue     string            `json:"queue,omitempty"` // "" is all
	Open      int               `json:"open"`
	Oldest    *time.Time        `json:"oldest_open,omitempty"`
	Waiting   []int             `json:"waiting"` // open items: up to an hour, a day, three days, a week, and older
	Days      []review.Day      `json:"days"`
	Classes   []review.Count    `json:"classes"` // of all items in the store
	Reviewers []review.Reviewer `json:"reviewers"`
	Rates     []Rate            `json:"rates"` // first of all services together
	Agreement Agreement         `json:"agreement"`
	Scorers   []Scorer          `json:"scorers"` // the one that wastes most attention first
}

// Rate is the share of traces that fail.
type Rate struct {
	Service string  `json:"service,omitempty"` // "" is all
	Traffic float64 `json:"traffic"`           // traces; an estimate where they were sampled
	Flagged float64 `json:"flagged"`           // share that scorers flagged
	// Corrected is the true share by what people found, in what was flagged and in what was not.
	Corrected *agreement.Estimate `json:"corrected,omitempty"`
	// Missing says why there is no true share, or no interval.
	Missing string `json:"missing,omitempty"`
}

// Agreement is that between people.
type Agreement struct {
	Items int                 `json:"items"` // that two or more people judged
	Kappa *agreement.Estimate `json:"fleiss_kappa,omitempty"`
	Pairs []Pair              `json:"pairs,omitempty"` // those with most items first
	// Buckets are parts of the items, by the bucket of their verdict.
	Buckets []BucketAgreement `json:"buckets,omitempty"`
}

// BucketAgreement is that between people on the items of a bucket.
type BucketAgreement struct {
	Bucket failure.Bucket      `json:"error_bucket"`
	Items  int                 `json:"items"`
	Kappa  *agreement.Estimate `json:"fleiss_kappa,omitempty"`
}

// Pair is two people who judged the same items.
type Pair struct {
	First  string              `json:"first"`
	Second string              `json:"second"`
	Items  int                 `json:"items"`
	Agreed int                 `json:"agreed"`
	Kappa  *agreement.Estimate `json:"cohen_kappa,omitempty"`
}

// Scorer is a scorer or a judge as people see it.
type Scorer struct {
	By        string              `json:"evaluator"`
	Name      string              `json:"name"`
	Version   string              `json:"version,omitempty"` // of a judge
	Service   string              `json:"service,omitempty"` // "" is all
	Confusion agreement.Confusion `json:"confusion"`
	Precision agreement.Estimate  `json:"precision"`
	// Recall counts every failure that people found for as many as it stands for. It is of what scorers and samples
	// brought to people.
	Recall      agreement.Estimate `json:"recall"`
	Specificity agreement.Estimate `json:"specificity"`
	MCC         *float64           `json:"mcc,omitempty"`
	// Noisy is true if the precision is below the target for certain.
	Noisy bool `json:"noisy,omitempty"`
}

// Wrong is how often people rejected what the scorer flagged.
func (s *Scorer) Wrong() int { return s.Confusion.FP }

// Store is what the figures are computed from.
type Store interface {
	Queues() []review.Queue
	Facets(ctx context.Context, f review.Filter) (review.Facets, error)
	review.Judgements
}

// Compute reads the store. It takes long on a large one.
func Compute(ctx context.Context, store Store, of Scope, now time.Time) (*Figures, error) {
	f := &Figures{At: now.UTC(), Since: now.AddDate(0, 0, -of.Days).UTC(), Queue: of.Queue}
	facets, err := store.Facets(ctx, review.Filter{Queue: of.Queue})
	if err != nil {
		return nil, err
	}
	activity, err := store.Activity(ctx, review.ActivityFilter{Since: f.Since, Queue: of.Queue})
	if err != nil {
		return nil, err
	}
	for _, n := range activity.Waiting {
		f.Open += n
	}
	if !activity.Oldest.IsZero() {
		f.Oldest = &activity.Oldest
	}
	f.Classes, f.Days, f.Waiting, f.Reviewers = facets.Classes, activity.Days, activity.Waiting, activity.Reviewers
	t := newTally()
	for filter := (review.JudgementFilter{Since: f.Since, Queue: of.Queue}); ; {
		page, err := store.Judgements(ctx, filter)
		if err != nil {
			return nil, err
		}
		for i := range page.Judgements {
			t.add(&page.Judgements[i])
		}
		if filter.Cursor = page.Next; filter.Cursor == "" {
			break
		}
	}
	f.Rates = t.rates(activity.Strata)
	f.Agreement = t.people.agreement()
	f.Scorers = t.scorerList()
	return f, nil
}

// tally sums up judgements.
type tally struct {
	cells   map[cell]*agreement.Tally
	people  people
	scorers map[who]*count
}

// cell is a part of the items that was labelled at one rate.
type cell struct {
	service string
	source  review.Source
	judge   string
}

// who is a scorer or a judge, for one service or for all.
type who struct{ by, name, version, service string }

type count struct {
	agreement.Confusion
	recall agreement.Tally
}

func newTally() *tally {
	return &tally{
		cells: map[cell]*agreement.Tally{}, people: newPeople(), scorers: map[who]*count{},
	}
}

func (t *tally) add(j *review.Judgement) {
	t.people.add(j.Votes(), j.Class.Bucket())
	truth, ok := j.Truth()
	if !ok {
		return
	}
	if failed, known := j.SaysWith(&truth, review.Kind{}); known && j.Source != "" {
		c := cell{j.Service, j.Source, j.Judged()}
		if t.cells[c] == nil {
			t.cells[c] = &agreement.Tally{}
		}
		t.cells[c].Add(failed, j.Probability)
	}
	services := slices.Compact([]string{"", j.Service})
	for i := range j.Opinions {
		o := &j.Opinions[i]
		kind := kindOf(o)
		failed, known := j.SaysWith(&truth, kind)
		if !known || kind.Class == "" && o.By == review.ByScorer && !alone(j, o) {
			continue
		}
		for _, service := range services {
			w := who{o.By, o.Name, o.Version, service}
			c := t.scorers[w]
			if c == nil {
				if len(t.scorers) >= 10*maxScorers { // names may come from anywhere
					continue
				}
				c = &count{}
				t.scorers[w] = c
			}
			c.Add(o.Failed, failed)
			if failed && j.Source != "" {
				c.recall.Add(o.Failed, j.Probability)
			}
		}
	}
}

// alone reports whether a scorer is the only one that failed an item: a label is about it then.
func alone(j *review.Judgement, o *review.Opinion) bool {
	return o.Failed && !slices.ContainsFunc(j.Opinions, func(p review.Opinion) bool {
		return p.Failed && p.By == o.By && p.Name != o.Name
	})
}

func (t *tally) scorerList() []Scorer {
	list := make([]Scorer, 0, len(t.scorers))
	services := map[[3]string]int{}
	for w := range t.scorers {
		if w.service != "" {
			services[[3]string{w.by, w.name, w.version}]++
		}
	}
	for w, c := range t.scorers {
		if w.service != "" && services[[3]string{w.by, w.name, w.version}] < 2 {
			continue // the same as for all
		}
		s := Scorer{
			By: w.by, Name: w.name, Version: w.version, Service: w.service, Confusion: c.Confusion,
			Precision: c.Precision(), Recall: c.recall.Estimate(), Specificity: c.Specificity(),
		}
		if mcc, ok := c.MCC(); ok {
			s.MCC = &mcc
		}
		s.Noisy = s.Precision.Interval != nil && s.Precision.Interval.High < Target
		if c.TP+c.FP+c.FN > 0 { // it said something, or should have
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Scorer) int {
		return cmp.Or(
			cmp.Compare(b.Wrong(), a.Wrong()), cmp.Compare(b.Confusion.TP, a.Confusion.TP), cmp.Compare(a.By, b.By),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Service, b.Service),
		)
	})
	return list[:min(len(list), maxScorers)]
}

// rates estimates the true rates: of all services together, then of the largest.
func (t *tally) rates(sizes []review.Size) []Rate {
	traffic := map[string]float64{}
	for _, z := range sizes {
		traffic[z.Service] += z.Traffic
	}
	services := slices.SortedFunc(maps.Keys(traffic), func(a, b string) int {
		return cmp.Or(cmp.Compare(traffic[b], traffic[a]), cmp.Compare(a, b))
	})
	rates := []Rate{t.rate("", sizes)}
	if len(services) > 1 {
		for _, service := range services[:min(len(services), maxServices)] {
			if service != "" {
				rates = append(rates, t.rate(service, sizes))
			}
		}
	}
	if rates[0].Missing == noSample {
		return rates[:1] // as of each of them
	}
	return rates
}

const noSample = "no random sample: what scorers miss is not known"

// rate puts strata and their cells together. It takes for granted that what people labelled of a cell is a fair part of
// it, and that the store still holds all of the window.
func (t *tally) rate(service string, sizes []review.Size) Rate {
	r := Rate{Service: service}
	var strata []agreement.Stratum
	flagged, unflagged := 0.0, 0.0
	for _, source := range []review.Source{review.SourceVerdict, review.SourceSuspicion, review.SourceRandom} {
		s := agreement.Stratum{Name: string(source)}
		items := map[string]int{}
		for _, z := range sizes {
			if z.Source == source && (service == "" || z.Service == service) {
				items[z.Judge] += z.Items
				s.Items += z.Traffic
			}
		}
		for _, judge := range []string{review.JudgeFailed, "", review.JudgePassed} {
			c := agreement.Cell{Items: items[judge]}
			for at, labels := range t.cells {
				if at.source == source && at.judge == judge && (service == "" || at.service == service) {
					c.Join(*labels)
				}
			}
			if c.Items > 0 {
				s.Cells = append(s.Cells, c)
			}
		}
		if strata = append(strata, s); source == review.SourceVerdict {
			flagged = s.Items
		} else {
			unflagged += s.Items
		}
	}
	if r.Traffic = flagged + unflagged; r.Traffic == 0 {
		r.Missing = "nothing arrived"
		return r
	}
	if unflagged == 0 {
		r.Missing = noSample
		return r
	}
	r.Flagged = flagged / r.Traffic
	e, ok := agreement.PostStratify(strata)
	switch {
	case ok:
		r.Corrected, r.Missing = &e, e.Missing()
	case e.Labels > 0:
		r.Missing = "no label yet in a part of the traffic"
	default:
		r.Missing = e.Missing()
	}
	return r
}
