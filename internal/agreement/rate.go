package agreement

import "math"

// Tally sums up labels of items that were picked with known probabilities.
type Tally struct {
	Labels  int     `json:"labels"`
	weight  float64 // sum of 1/probability
	squares float64 // sum of its squares
	failed  float64 // sum of it where the item failed
}

// Add counts the label of an item that was picked with a probability. One outside (0, 1] counts as certain.
func (t *Tally) Add(failed bool, probability float64) {
	w := 1.0
	if probability > 0 && probability <= 1 {
		w = 1 / probability
	}
	t.Labels++
	t.weight += w
	t.squares += w * w
	if failed {
		t.failed += w
	}
}

// Join adds the labels of another tally.
func (t *Tally) Join(other Tally) {
	t.Labels += other.Labels
	t.weight += other.weight
	t.squares += other.squares
	t.failed += other.failed
}

// Rate is the weighted share of failures (J. Hájek, in Foundations of Statistical Inference, 1971): each label counts
// for 1/probability items, and the sum is divided by the sum of the weights.
func (t Tally) Rate() float64 {
	if t.weight == 0 {
		return 0
	}
	return t.failed / t.weight
}

// DesignEffect is the factor by which unequal weights enlarge the variance: n·Σw²/(Σw)² (L. Kish, Survey Sampling,
// 1965).
func (t Tally) DesignEffect() float64 {
	if t.Labels == 0 {
		return 1
	}
	return float64(t.Labels) * t.squares / (t.weight * t.weight)
}

// Effective is the number of labels with equal weights that would say as much.
func (t Tally) Effective() float64 { return float64(t.Labels) / t.DesignEffect() }

// Estimate is the rate with Wilson's interval over the effective size.
func (t Tally) Estimate() Estimate {
	return Estimate{Value: t.Rate(), Labels: t.Labels}.with(Wilson(t.Rate(), t.Effective()))
}

// Measured is a proportion of trials.
type Measured struct{ Hits, Trials int }

func (m Measured) value() float64 { return float64(m.Hits) / float64(m.Trials) }

// minYouden is what sensitivity and specificity must exceed together. Nearer to 1 a judge says hardly more than a coin,
// and the correction magnifies noise.
const minYouden = 1.2

// RoganGladen corrects the share of items that a judge fails for its mistakes (W. J. Rogan and B. Gladen, American
// Journal of Epidemiology 107, 1978, with their variance). sensitivity and specificity were measured against people.
// ok is false unless they exceed 1.2 together. The interval needs MinLabels labels behind both.
func RoganGladen(apparent, sensitivity, specificity Measured) (rate Estimate, ok bool) {
	if apparent.Trials <= 0 || sensitivity.Trials <= 0 || specificity.Trials <= 0 {
		return Estimate{}, false
	}
	a, se, sp := apparent.value(), sensitivity.value(), specificity.value()
	if se+sp <= minYouden {
		return Estimate{}, false
	}
	youden := se + sp - 1
	p := min(max((a+sp-1)/youden, 0), 1)
	variance := a*(1-a)/float64(apparent.Trials) +
		p*p*se*(1-se)/float64(sensitivity.Trials) + (1-p)*(1-p)*sp*(1-sp)/float64(specificity.Trials)
	half := z95 * math.Sqrt(variance) / youden
	e := Estimate{Value: p, Labels: min(sensitivity.Trials, specificity.Trials)}
	return e.with(Interval{max(p-half, 0), min(p+half, 1)}), true
}
