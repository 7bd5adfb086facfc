package agreement

import "math"

// Cell is the part of a stratum's sample with one outcome of a cheap test, such as what a judge said.
type Cell struct {
	Tally
	Items int // of the sample that are in the cell, labelled or not
}

// Stratum is a part of all items. A sample of it was put to a test that divides it into cells, and people label some
// items of each cell. A stratum without a test has one cell.
type Stratum struct {
	Name string
	// Items is the size of the stratum. It may be an estimate: the sum of 1/probability of a random sample.
	Items float64
	Cells []Cell
}

// PostStratify estimates the share of failures among all items of the strata. Labels within a cell must be picked at
// random. ok is false if a stratum with items has no label: nothing is known of it then.
//
// Within a stratum it is double sampling for stratification: the sample gives the shares of the cells, labels give the
// rate of each (W. G. Cochran, Sampling Techniques, 3rd ed. 1977, §12.2). The rate of the stratum is the sum of the
// shares times the rates. Its variance has two terms: that of a sample of such a size, had all of it been labelled, and
// for each cell that of labelling only a part of it.
//
// The interval puts Wilson's intervals of all terms together (MOVER: G. Y. Zou and A. Donner, Statistics in Medicine
// 27, 2008), since failures are rare. A cell of 250 labels without a failure has the variance 0 in the usual formula,
// and the usual interval would not cover.
func PostStratify(strata []Stratum) (rate Estimate, ok bool) {
	total := 0.0
	for i := range strata {
		total += strata[i].Items
	}
	if !(total > 0) {
		return Estimate{}, false
	}
	var below, above float64 // squares of the distances to the bounds
	for i := range strata {
		s := &strata[i]
		if s.Items <= 0 {
			continue
		}
		cells := pooled(s.Cells)
		if len(cells) == 0 {
			return Estimate{Labels: rate.Labels}, false
		}
		weight := s.Items / total
		p, low, high := s.rate(cells)
		rate.Value += weight * p
		below += weight * weight * low
		above += weight * weight * high
		for j := range cells {
			rate.Labels += cells[j].Labels
		}
	}
	return rate.with(Interval{
		max(rate.Value-math.Sqrt(below), 0), min(rate.Value+math.Sqrt(above), 1),
	}), true
}

// rate returns the rate of a stratum and the squares of the distances to its bounds.
func (s *Stratum) rate(cells []Cell) (p, below, above float64) {
	sampled := 0.0
	for i := range cells {
		sampled += float64(cells[i].Items)
	}
	add := func(share, p, n float64) {
		i := Wilson(p, n)
		below += share * share * (p - i.Low) * (p - i.Low)
		above += share * share * (i.High - p) * (i.High - p)
	}
	for i := range cells {
		c := &cells[i]
		share, labelled := float64(c.Items)/sampled, float64(c.Labels)/float64(c.Items)
		p += share * c.Rate()
		add(share, c.Rate(), finite(c.Effective(), labelled))
	}
	add(1, p, finite(sampled, sampled/s.Items))
	return p, below, above
}

// finite returns the size of a sample with replacement that says as much as one without, which took a fraction of all.
func finite(n, fraction float64) float64 {
	if fraction >= 1 {
		return math.Inf(1)
	}
	return n / (1 - fraction)
}

// pooled joins cells without a label to the cell before them, or after them at the beginning. It returns none if no
// cell has a label.
func pooled(cells []Cell) (kept []Cell) {
	lost := 0
	for _, c := range cells {
		c.Items = max(c.Items, c.Labels)
		switch {
		case c.Labels > 0:
			c.Items += lost
			kept, lost = append(kept, c), 0
		case len(kept) > 0:
			kept[len(kept)-1].Items += c.Items
		default:
			lost += c.Items
		}
	}
	return kept
}
