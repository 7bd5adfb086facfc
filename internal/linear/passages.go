package linear

import (
	"math"

	"github.com/faultline-otel/faultline/internal/words"
)

// MaxMemory is the greatest memory of a shape, in words.
const MaxMemory = 64

// recent remembers where words stood last.
type recent [256]struct{ hash, at uint32 }

// again reports whether a word stood among the given number of words before i, and remembers it. It may forget.
func (r *recent) again(hash uint32, i, within int) bool {
	s := &r[hash*0x9e3779b1>>24]
	was := s.hash == hash && i+1-int(s.at) <= within
	s.hash, s.at = hash, uint32(i+1)
	return was
}

// Widths are the widths of the windows of Passages, in words, from the narrowest.
type Widths [3]int

// Passages returns the strongest window of each width, and the sum over all words. Unlike Peak it knows memory and
// pairs with a word between.
func (m *Model) Passages(list []words.Word, widths Widths) (peaks [len(Widths{})]Window, sum float32) {
	if len(list) == 0 {
		return peaks, 0
	}
	// The sum after the word i stands at i+1. Before the first it is 0, and so is what a window would begin with that is
	// still wider than the text so far: windows are narrower than the ring.
	var sums [MaxWindow]int32
	for k := range widths {
		widths[k] = min(widths[k], MaxWindow-1)
	}
	narrow, medium, wide := uint(widths[0]), uint(widths[1]), uint(widths[2])
	// Three variables, because an array would be in memory.
	first, second, third := end{sum: math.MinInt32}, end{sum: math.MinInt32}, end{sum: math.MinInt32}
	var seen recent
	weights, shift := m.weights, (32-uint(m.Bits))%32
	all, one, two := int32(0), uint32(0), uint32(0)
	for i := range list {
		w := &list[i]
		h := id(w)
		if w.Flags.Is(words.Gap) {
			one, two = 0, 0
		}
		if m.Memory == 0 || !seen.again(h, i, m.Memory) {
			all += int32(weights[h>>shift])
			if one != 0 && m.Order > 1 {
				all += int32(weights[pair(one, h)>>shift])
				if two != 0 && m.Order > 2 {
					all += int32(weights[triple(two, one, h)>>shift])
					if m.Order > 3 {
						all += int32(weights[apart(two, h)>>shift])
					}
				}
			}
		}
		two, one = one, h
		at := uint(i + 1)
		sums[at%MaxWindow] = all
		first.raise(all-sums[(at-narrow)%MaxWindow], i+1)
		second.raise(all-sums[(at-medium)%MaxWindow], i+1)
		third.raise(all-sums[(at-wide)%MaxWindow], i+1)
	}
	for k, e := range [...]end{first, second, third} {
		from := max(0, e.at-widths[k])
		peaks[k] = Window{Sum: float32(e.sum) * m.scale, From: max(0, from-min(m.Order, 3)+1), Upto: e.at}
	}
	return peaks, float32(all) * m.scale
}

// end is the end of the strongest window so far.
type end struct {
	sum int32
	at  int
}

func (e *end) raise(sum int32, at int) {
	if sum > e.sum {
		e.sum, e.at = sum, at
	}
}
