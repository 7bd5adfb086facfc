package propose

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// stump finds the bound that parts failures from sound calls best.
type stump struct {
	values []float64
	failed []bool
}

func (s *stump) add(value float64, failed bool) {
	if !math.IsNaN(value) && !math.IsInf(value, 0) {
		s.values, s.failed = append(s.values, value), append(s.failed, failed)
	}
}

// best returns the bounds above and below which most failures and fewest sound calls are. They are the same numbers
// where the values do not part.
func (s *stump) best() (above, below float64, ok bool) {
	order := make([]int, len(s.values))
	total := [2]int{}
	for i := range order {
		order[i] = i
		total[side(s.failed[i])]++
	}
	if total[0] == 0 && total[1] == 0 {
		return 0, 0, false
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(s.values[a], s.values[b]) })
	shares := func(n [2]int) float64 {
		return float64(n[1])/float64(max(1, total[1])) - float64(n[0])/float64(max(1, total[0]))
	}
	bestLow, bestHigh := 0.0, 0.0
	above, below = math.Inf(1), math.Inf(-1)
	var under [2]int
	for k := 0; k+1 < len(order); k++ {
		under[side(s.failed[order[k]])]++
		lo, hi := s.values[order[k]], s.values[order[k+1]]
		if lo == hi {
			continue
		}
		low := shares(under)
		if low > bestLow {
			bestLow, below = low, between(lo, hi, false)
		}
		if -low > bestHigh {
			bestHigh, above = -low, between(lo, hi, true)
		}
	}
	return above, below, !math.IsInf(above, 0) || !math.IsInf(below, 0)
}

func side(failed bool) int {
	if failed {
		return 1
	}
	return 0
}

// between returns a short number between two: from the lower one on where withLow, up to the higher one otherwise.
func between(lo, hi float64, withLow bool) float64 {
	middle := lo + (hi-lo)/2
	if lo == math.Trunc(lo) && hi == math.Trunc(hi) { // whole numbers have whole bounds
		if middle = math.Ceil(middle); withLow {
			middle = math.Floor(lo + (hi-lo)/2)
		}
	}
	for digits := range 15 {
		short, err := strconv.ParseFloat(strconv.FormatFloat(middle, 'e', digits, 64), 64)
		if err == nil && (short > lo || withLow && short == lo) && (short < hi || !withLow && short == hi) {
			return short
		}
	}
	return middle
}
