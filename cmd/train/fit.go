package main

import (
	"cmp"
	"hash/fnv"
	"slices"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/words"
)

// sample is a training text.
type sample struct {
	text   string
	label  bool
	source string // sources are balanced against each other
	weight float64
	whole  bool   // a long text is not cut
	core   string // the part of the text that is the failure, if known: the table is fitted to it alone
}

// plan describes how to fit a classifier.
type plan struct {
	profile *text.Profile
	train   []sample
	options linear.Options
}

// folds is the number of parts of the samples. The hand-made features of a part are measured with a table that was not
// fitted to it.
const folds = 4

// combined fits the table, then the few hand-made features.
func (p plan) combined() (*linear.Model, error) {
	p.balance()
	shape := p.profile.Shape
	shape.Dense = 0
	read := make([]words.Text, len(p.train))
	for i := range p.train {
		read[i].Read(p.train[i].text)
	}
	table := func(leave int) (*linear.Model, error) {
		var examples []linear.Example
		for i := range p.train {
			if fold(p.train[i].text) == leave {
				continue
			}
			whole := read[i].Words
			if p.train[i].core != "" {
				var core words.Text
				core.Read(p.train[i].core)
				whole = core.Words
			}
			for _, list := range p.passages(whole, p.train[i].label) {
				examples = append(examples, linear.Example{
					Slots: shape.Slots(nil, list), Scale: float64(text.Scale(len(list))), Label: p.train[i].label,
					Weight: p.train[i].weight,
				})
			}
		}
		return linear.Train(shape, examples, p.options)
	}
	upper := make([]linear.Example, len(p.train))
	for k := range folds {
		m, err := table(k)
		if err != nil {
			return nil, err
		}
		for i := range p.train {
			if fold(p.train[i].text) == k {
				upper[i] = linear.Example{
					Dense: p.measure(m, &read[i]), Label: p.train[i].label,
					Weight: p.train[i].weight,
				}
			}
		}
	}
	combined, err := linear.Train(linear.Shape{Order: 1, Bits: 10, Dense: text.Features}, upper,
		linear.Options{Epochs: 20, Rate: 0.2, L2: 0.01})
	if err != nil {
		return nil, err
	}
	m, err := table(-1)
	if err != nil {
		return nil, err
	}
	return m.With(combined), nil
}

// passages are the texts for fitting the table: the head of a text if the profile reads only that, pieces of long texts
// without the failure, and other texts as a whole.
func (p plan) passages(list []words.Word, label bool) [][]words.Word {
	if p.profile.Head > 0 {
		list = list[:min(len(list), p.profile.Head)]
	}
	if label || p.profile.Window == 0 || len(list) <= 2*p.profile.Window {
		return [][]words.Word{list}
	}
	pieces := [][]words.Word{list}
	for at := 0; at+p.profile.Window <= len(list) && len(pieces) < 12; at += p.profile.Window {
		pieces = append(pieces, list[at:at+p.profile.Window])
	}
	return pieces
}

func (p plan) measure(m *linear.Model, t *words.Text) []float64 {
	var dense [text.Features]float32
	p.profile.Measure(m, t, &dense)
	wide := make([]float64, len(dense))
	for i, v := range dense {
		wide[i] = float64(v)
	}
	return wide
}

// balance weighs the samples, so that the weight of a source is the square root of its size, and both labels have the
// same weight.
func (p plan) balance() {
	type key struct {
		source string
		label  bool
	}
	sizes, sums := map[key]float64{}, map[bool]float64{}
	for i := range p.train {
		s := &p.train[i]
		s.weight = cmp.Or(s.weight, 1)
		sizes[key{s.source, s.label}] += s.weight
	}
	for i := range p.train {
		s := &p.train[i]
		s.weight /= root(sizes[key{s.source, s.label}])
		sums[s.label] += s.weight
	}
	for i := range p.train {
		p.train[i].weight *= float64(len(p.train)) / 2 / sums[p.train[i].label]
	}
}

func fold(text string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return int(h.Sum32()>>8) % folds
}

// calibration are the rows of dev-test for setting thresholds.
func (d data) calibration(task string, sources ...string) ([]labelled.Row, error) {
	rows, err := d.rows(task, labelled.Dev, sources...)
	return slices.DeleteFunc(rows, func(r labelled.Row) bool { return labelled.Report(r.ID) }), err
}
