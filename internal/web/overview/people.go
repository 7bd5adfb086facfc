package overview

import (
	"cmp"
	"maps"
	"slices"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// kindOf returns what the maker of an opinion looks for.
func kindOf(o *review.Opinion) review.Kind {
	if o.By != review.ByScorer {
		return review.Kind{}
	}
	class, details, _ := scorers.Finds(o.Name)
	return review.Kind{Class: class, Details: details}
}

// buckets are the buckets in the order of the page.
var buckets = []failure.Bucket{failure.Ops, failure.Structure, failure.Quality, failure.Safety}

// people collects items that several of them judged. Categories are: not a failure, a failure.
type people struct {
	items   [][]int
	buckets map[failure.Bucket][][]int // items with a verdict
	pairs   map[[2]string]*[2][2]int
}

func newPeople() people {
	return people{buckets: map[failure.Bucket][][]int{}, pairs: map[[2]string]*[2][2]int{}}
}

func category(l *review.Label) int {
	if l.Decision == review.Confirmed {
		return 1
	}
	return 0
}

func (p *people) add(votes []review.Label, bucket failure.Bucket) {
	if len(votes) < 2 {
		return
	}
	counts := make([]int, 2)
	for i := range votes {
		counts[category(&votes[i])]++
		for k := range votes[:i] {
			a, b := &votes[k], &votes[i]
			if b.Reviewer < a.Reviewer {
				a, b = b, a
			}
			names := [2]string{a.Reviewer, b.Reviewer}
			if p.pairs[names] == nil {
				if len(p.pairs) >= maxReviewers*maxReviewers/2 {
					continue
				}
				p.pairs[names] = &[2][2]int{}
			}
			p.pairs[names][category(a)][category(b)]++
		}
	}
	p.items = append(p.items, counts)
	if bucket != "" {
		p.buckets[bucket] = append(p.buckets[bucket], counts)
	}
}

func (p *people) agreement() Agreement {
	a := Agreement{Items: len(p.items)}
	if kappa, ok := agreement.Fleiss(p.items); ok {
		a.Kappa = &kappa
	}
	for _, bucket := range buckets {
		b := BucketAgreement{Bucket: bucket, Items: len(p.buckets[bucket])}
		if kappa, ok := agreement.Fleiss(p.buckets[bucket]); ok {
			b.Kappa = &kappa
		}
		if a.Items > 0 {
			a.Buckets = append(a.Buckets, b)
		}
	}
	for _, names := range slices.SortedFunc(maps.Keys(p.pairs), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	}) {
		t := p.pairs[names]
		pair := Pair{
			First: names[0], Second: names[1], Items: t[0][0] + t[0][1] + t[1][0] + t[1][1], Agreed: t[0][0] + t[1][1],
		}
		if kappa, ok := agreement.Cohen([][]int{t[0][:], t[1][:]}); ok {
			pair.Kappa = &kappa
		}
		a.Pairs = append(a.Pairs, pair)
	}
	slices.SortStableFunc(a.Pairs, func(a, b Pair) int { return cmp.Compare(b.Items, a.Items) })
	a.Pairs = a.Pairs[:min(len(a.Pairs), maxPairs)]
	return a
}
