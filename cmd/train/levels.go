package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/words"
)

// held is the margin of a text without the failure that the model had not seen.
type held struct {
	text, source string
	margin       float64
}

// level is the share of ordinary answers that may be above a threshold: of all, by the upper bound at 95 %, and of each
// large source.
type level struct{ all, source float64 }

var (
	verdicts   = level{all: 1e-4, source: 5e-4}
	suspicions = level{all: 5e-3, source: 1}
)

// largeAnswers is how many answers a source has that has a rate of its own.
const largeAnswers = 1000

// bounds are the upper bounds at 95 % of the mean of a Poisson variable, by its value.
var bounds = []float64{3.00, 4.74, 6.30, 7.75, 9.15}

// upper is the upper bound of a rate at 95 %.
func upper(k, n int) float64 {
	if k < len(bounds) {
		return bounds[k] / float64(n)
	}
	return (float64(k) + 1.65*root(float64(k)) + 1) / float64(n)
}

// at is the least margin above which the ordinary answers, from the greatest margin, stay in the budget.
func (l level) at(list []held) float64 {
	sizes, above := map[string]int{}, map[string]int{}
	for _, h := range list {
		sizes[h.source]++
	}
	for k, h := range list {
		above[h.source]++
		large := sizes[h.source] >= largeAnswers
		if upper(k+1, len(list)) > l.all || large && float64(above[h.source]) > l.source*float64(sizes[h.source]) {
			return h.margin + 1e-4
		}
	}
	return 0
}

// operateAt stretches the margins, so that verdicts and suspicions begin at the scores of package text. It prints the
// ordinary answers that look worst, to be read, and the recall that is left.
func (p plan) operateAt(d data, m *linear.Model, operate []sample) (*linear.Model, error) {
	var t words.Text
	margin := func(s string) float64 {
		t.Read(s)
		return float64(p.profile.Margin(m, &t))
	}
	list := make([]held, len(operate))
	for i, s := range operate {
		list[i] = held{s.text, s.source, margin(s.text)}
	}
	slices.SortStableFunc(list, func(a, b held) int { return cmp.Compare(b.margin, a.margin) })
	verdict, suspicion := verdicts.at(list), suspicions.at(list)
	fmt.Fprintf(os.Stderr, "%s: %d samples, %d ordinary answers; verdict above %.2f, suspicion above %.2f\n",
		p.profile.Name, len(p.train), len(list), verdict, suspicion)
	for _, h := range list[:min(len(list), 20)] {
		fmt.Fprintf(os.Stderr, "  %6.2f %-24s %.120q\n", h.margin, h.source, h.text)
	}
	type recall struct{ all, verdicts, suspicions int }
	by := map[string]*recall{}
	for _, part := range [][2]string{{"attacks2", p.profile.Name + "-dev"}, {p.profile.Name, labelled.Dev}} {
		rows, err := labelled.Read(d.dir, part[0], part[1])
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			name := fmt.Sprintf("%s %s, label %d", part[0], row.Source, row.Label)
			if explicit, ok := row.Meta["explicit"].(bool); ok && explicit {
				name += ", explicit"
			}
			if by[name] == nil {
				by[name] = &recall{}
			}
			by[name].all++
			at := margin(row.Output)
			if at > verdict {
				by[name].verdicts++
			}
			if at > suspicion {
				by[name].suspicions++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		r := by[name]
		fmt.Fprintf(os.Stderr, "  %-50s %5d texts: verdict %.3f, suspicion %.3f\n", name, r.all,
			float64(r.verdicts)/float64(r.all), float64(r.suspicions)/float64(r.all))
	}
	return m.Stretched(verdict, text.SuspectMargin/(verdict-suspicion)), nil
}
