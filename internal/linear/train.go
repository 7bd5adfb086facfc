package linear

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Example is a text for training.
type Example struct {
	Slots []uint32  // from Shape.Slots
	Scale float64   // factor for the sum over the slots, the same as in scoring
	Dense []float64 // as many as the shape has
	Label bool
	// Weight is the weight of the example.
	Weight float64
}

// Options are the options of training. Their zero values are sensible, except for Epochs.
type Options struct {
	Epochs int
	Rate   float64 // learning rate of FTRL (alpha); 0 means 0.1
	L1, L2 float64
	Seed   uint64
}

// Train fits a logistic regression with the FTRL-Proximal algorithm, which leaves most of the table at 0. It is
// described at https://research.google/pubs/ad-click-prediction-a-view-from-the-trenches/. The same examples in the
// same order give the same model, byte for byte: products are rounded before they are added, so that no machine fuses
// the two.
func Train(s Shape, examples []Example, o Options) (*Model, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	alpha := cmp.Or(o.Rate, 0.1)
	size := 1<<s.Bits + s.Dense + 1
	z, n, w := make([]float64, size), make([]float64, size), make([]float64, size)
	bias := size - 1
	weight := func(i int, l1 float64) float64 {
		if math.Abs(z[i]) <= l1 {
			return 0
		}
		return -(z[i] - math.Copysign(l1, z[i])) / (float64((1+math.Sqrt(n[i]))/alpha) + o.L2)
	}
	update := func(i int, g, l1 float64) {
		if g == 0 {
			return
		}
		square := float64(g * g)
		sigma := (math.Sqrt(n[i]+square) - math.Sqrt(n[i])) / alpha
		z[i] += g - float64(sigma*w[i])
		n[i] += square
		w[i] = weight(i, l1)
	}
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	r := rand.New(rand.NewPCG(o.Seed, 0x11))
	for range o.Epochs {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, k := range order {
			e := &examples[k]
			sum := 0.0
			for _, slot := range e.Slots {
				sum += w[slot]
			}
			margin := w[bias] + float64(sum*e.Scale)
			for i, x := range e.Dense {
				margin += float64(w[1<<s.Bits+i] * x)
			}
			g := sigmoid(margin)
			if e.Label {
				g--
			}
			g *= e.Weight
			for _, slot := range e.Slots {
				update(int(slot), float64(g*e.Scale), o.L1)
			}
			for i, x := range e.Dense {
				update(1<<s.Bits+i, float64(g*x), 0)
			}
			update(bias, g, 0)
		}
	}
	return quantise(s, w), nil
}

// quantise rounds the table to bytes.
func quantise(s Shape, w []float64) *Model {
	m := &Model{Shape: s, weights: make([]int8, 1<<s.Bits), dense: make([]float32, s.Dense)}
	m.bias = float32(w[len(w)-1])
	largest := 0.0
	for _, v := range w[:1<<s.Bits] {
		largest = max(largest, math.Abs(v))
	}
	if largest > 0 {
		m.scale = float32(largest / math.MaxInt8)
		for i, v := range w[:1<<s.Bits] {
			m.weights[i] = int8(math.Round(v / float64(m.scale)))
		}
	}
	for i := range m.dense {
		m.dense[i] = float32(w[1<<s.Bits+i])
	}
	return m
}

// Shifted returns the model with a bias that is greater by so much.
func (m *Model) Shifted(by float64) *Model {
	shifted := *m
	shifted.bias += float32(by)
	return &shifted
}

// Threshold returns the operating point: the least margin that at most the given share of negatives reaches.
func Threshold(negatives []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(negatives))
	if len(sorted) == 0 {
		return 0
	}
	allowed := int(share * float64(len(sorted)))
	if allowed >= len(sorted) {
		return sorted[0]
	}
	return math.Nextafter(sorted[len(sorted)-1-allowed], math.Inf(1))
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Probability turns a margin into a probability.
func Probability(margin float32) float64 { return sigmoid(float64(margin)) }

// With returns a model with the table of m, and with the bias and the hand-made features of upper, which were fitted
// to the sums of that table.
func (m *Model) With(upper *Model) *Model {
	with := *m
	with.Dense, with.dense, with.bias = upper.Dense, upper.dense, upper.bias
	return &with
}

// Dense is a model of hand-made features alone, with the given weights.
func Dense(weights []float32) *Model {
	return &Model{Shape: Shape{Order: 1, Bits: 10, Dense: len(weights)}, dense: weights}
}

// Stretched returns the model with another zero and another scale of its margins. Its table must count by hand-made
// features alone.
func (m *Model) Stretched(zero, by float64) *Model {
	stretched := *m
	stretched.bias = (m.bias - float32(zero)) * float32(by)
	stretched.dense = slices.Clone(m.dense)
	for i := range stretched.dense {
		stretched.dense[i] *= float32(by)
	}
	return &stretched
}

// Weighing returns the model with so much more weight on a hand-made feature.
func (m *Model) Weighing(feature int, more float64) *Model {
	weighing := *m
	weighing.dense = slices.Clone(m.dense)
	weighing.dense[feature] += float32(more)
	return &weighing
}
