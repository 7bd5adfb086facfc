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
	var sums [MaxWindow]int32 // after the word i stands at i+1; before the first it is 0
	var best [len(widths)]int32
	for k := range best {
		best[k] = math.MinInt32
		widths[k] = min(widths[k], MaxWindow-1)
	}
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
		sums[(i+1)%MaxWindow] = all
		for k, width := range widths {
			before := int32(0)
			if i >= width {
				before = sums[(i+1-width)%MaxWindow]
			}
			if s := all - before; s > best[k] {
				best[k] = s
				peaks[k].From, peaks[k].Upto = max(0, i+1-width), i+1
			}
		}
	}
	for k := range peaks {
		peaks[k].Sum = float32(best[k]) * m.scale
		peaks[k].From = max(0, peaks[k].From-min(m.Order, 3)+1)
	}
	return peaks, float32(all) * m.scale
}
