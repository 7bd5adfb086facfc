package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/words"
)

// attackPlan is how a model of attacks is fitted.
type attackPlan struct {
	profile *text.Attack
	train   []sample
	operate []sample // texts without attacks that the threshold is set on, by source
	share   float64  // how many of them may be found
	worst   float64  // how many of a source may be found
	options linear.Options
}

// view is one way to look at a text.
type view struct {
	list  []words.Word
	width int
}

func (p *attackPlan) views(t *words.Text) [2]view {
	return [2]view{{t.Words, p.profile.Words}, {text.Concepts(nil, t.Words), p.profile.Concepts}}
}

// fit fits one table to words and to concepts, each as if there was nothing else, then what each says in the end.
func (p *attackPlan) fit() (*linear.Model, error) {
	balance(p.train)
	shape := p.profile.Shape
	shape.Dense = 0
	read := make([]words.Text, len(p.train))
	for i := range p.train {
		read[i].Read(p.train[i].text)
	}
	examples := func(leave int, m *linear.Model) []linear.Example {
		var list []linear.Example
		for i := range p.train {
			s := &p.train[i]
			if fold(s.text) == leave {
				continue
			}
			t := &read[i]
			if s.core != "" {
				t = &words.Text{}
				t.Read(s.core)
			}
			for _, v := range p.views(t) {
				pieces := pieces(v, s.label, p.profile.Whole)
				if m != nil && s.label && len(v.list) > v.width { // the passage that tells most is an attack by itself
					peak, _ := m.Peak(v.list, v.width)
					pieces = append(pieces, v.list[peak.From:peak.Upto])
				}
				for k, piece := range pieces {
					weight := s.weight
					if k > 0 && s.label {
						weight /= 2
					} else if k > 0 {
						weight /= 3
					}
					list = append(list, linear.Example{
						Slots: shape.Slots(nil, piece), Scale: float64(text.Scale(len(piece))), Label: s.label, Weight: weight,
					})
				}
			}
		}
		return list
	}
	table := func(leave int) (*linear.Model, error) {
		m, err := linear.Train(shape, examples(leave, nil), p.options)
		if err != nil {
			return nil, err
		}
		return linear.Train(shape, examples(leave, m), p.options)
	}
	upper := make([]linear.Example, len(p.train))
	for k := range folds {
		m, err := table(k)
		if err != nil {
			return nil, err
		}
		for i := range p.train {
			if fold(p.train[i].text) == k {
				upper[i] = linear.Example{Dense: p.measure(m, &read[i]), Label: p.train[i].label, Weight: p.train[i].weight}
			}
		}
	}
	combined, err := linear.Train(linear.Shape{Order: 1, Bits: 10, Dense: text.AttackFeatures}, upper, linear.Options{Epochs: 20, Rate: 0.2, L2: 0.01})
	if err != nil {
		return nil, err
	}
	m, err := table(-1)
	if err != nil {
		return nil, err
	}
	m = m.With(combined)
	var dense [4]float32
	for i := range dense {
		one := [4]float32{}
		one[i] = 1
		dense[i] = m.Margin(0, one[:]) - m.Margin(0, make([]float32, 4))
	}
	fmt.Fprintf(os.Stderr, "%s: combined %v\n", p.profile.Name, dense)
	var by margins
	for i := range p.train {
		if !p.train[i].label { // by a table that had not seen it
			by.add("train "+p.train[i].source, p.train[i].text, float64(combined.Margin(0, narrow(upper[i].Dense))))
		}
	}
	for i := range p.operate {
		var t words.Text
		t.Read(p.operate[i].text)
		by.add(p.operate[i].source, p.operate[i].text, float64(m.Margin(0, narrow(p.measure(m, &t)))))
	}
	return m.Shifted(-by.threshold(p.profile.Name, p.share, p.worst)), nil
}

// pieces are what is fitted to of a text: the whole, and of one without an attack its passages, none of which may tell.
func pieces(v view, label, whole bool) [][]words.Word {
	list := [][]words.Word{v.list}
	if label || len(v.list) <= 3*v.width/2 {
		return list
	}
	if !whole {
		list = nil
	}
	step := max(v.width, len(v.list)/16)
	for at := 0; at+v.width <= len(v.list); at += step {
		list = append(list, v.list[at:at+v.width])
	}
	return list
}

func (p *attackPlan) measure(m *linear.Model, t *words.Text) []float64 {
	var dense [text.AttackFeatures]float32
	p.profile.Measure(m, t, &dense)
	wide := make([]float64, len(dense))
	for i, v := range dense {
		wide[i] = float64(v)
	}
	return wide
}

// balance weighs samples, so that each source counts as the root of its size, and both labels alike.
func balance(list []sample) {
	p := plan{train: list}
	p.balance()
}

// margins are those of texts without an attack, by source.
type margins struct {
	by   map[string][]float64
	all  []float64
	text map[string]float64
}

func (m *margins) add(source, text string, margin float64) {
	if m.by == nil {
		m.by, m.text = map[string][]float64{}, map[string]float64{}
	}
	if _, ok := m.text[text]; ok {
		return
	}
	m.text[text] = margin
	m.by[source] = append(m.by[source], margin)
	if !strings.Contains(source, "written") { // which look like attacks on purpose
		m.all = append(m.all, margin)
	}
}

// threshold is the least margin that no more than a share of all reaches, and no more than another share of any source that is
// large enough to tell.
func (m *margins) threshold(name string, share, worst float64) float64 {
	at := linear.Threshold(m.all, share)
	by := "all"
	for _, source := range slices.Sorted(maps.Keys(m.by)) {
		if len(m.by[source]) >= 250 {
			allowed := worst
			if strings.Contains(source, "written") {
				allowed = 4 * worst
			}
			if t := linear.Threshold(m.by[source], allowed); t > at {
				at, by = t, source
			}
		}
	}
	fmt.Fprintf(os.Stderr, "%s: threshold at %.2f, of %s; without the attack: %d\n", name, at, by, len(m.all))
	if os.Getenv("TOP") != "" {
		for _, t := range slices.SortedFunc(maps.Keys(m.text), func(a, b string) int { return cmp.Compare(m.text[b], m.text[a]) })[:60] {
			fmt.Fprintf(os.Stderr, "  %.2f %.220q\n", m.text[t]-at, t)
		}
		for _, source := range slices.Sorted(maps.Keys(m.by)) {
			fmt.Fprintf(os.Stderr, "  %-40s %5d reach it %.2f%%\n", source, len(m.by[source]), 100*reach(m.by[source], at))
		}
	}
	return at
}

func reach(list []float64, at float64) float64 {
	n := 0
	for _, v := range list {
		if v >= at {
			n++
		}
	}
	return float64(n) / float64(len(list))
}

// prose reports whether a text is long enough to be worth an example.
func prose(s string) bool { return len(strings.Fields(s)) >= 4 }
