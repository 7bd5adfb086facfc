package overview

import (
	"cmp"
	"maps"
	"slices"

	"github.com/faultline-otel/faultline/internal/agreement"
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

// people collects items that several of them judged. Categories are: not a failure, a failure.
type people struct {
	items [][]int
	pairs map[[2]string]*[2][2]int
}

func category(l *review.Label) int {
	if l.Decision == review.Confirmed {
		return 1
	}
	return 0
}

func (p *people) add(votes []review.Label) {
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
}

func (p *people) agreement() Agreement {
	a := Agreement{Items: len(p.items)}
	if kappa, ok := agreement.Fleiss(p.items); ok {
		a.Kappa = &kappa
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
