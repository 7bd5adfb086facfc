package text

import (
	"hash/maphash"
	"math"
	"sync/atomic"
)

// memo remembers the margins of texts: a tool result stands in the span of the tool and in the call that it is given to, popular
// questions and documents come again and again. It is of one size, takes no lock, and forgets a text when another one
// falls on its place.
type memo struct {
	seed  maphash.Seed // of the process: nobody can make two texts that are taken for each other
	slots [1 << 13]struct{ check, value atomic.Uint64 }
}

func newMemo() *memo { return &memo{seed: maphash.MakeSeed()} }

// filled tells a value from a slot that was never used.
const filled = 1 << 32

func (m *memo) key(text string) uint64 { return maphash.String(m.seed, text) }

// get is the margin of a text, by its key.
func (m *memo) get(key uint64) (margin float32, ok bool) {
	s := &m.slots[key%uint64(len(m.slots))]
	value := s.value.Load()
	// Two halves that were written by two goroutines at once do not add up to any key.
	return math.Float32frombits(uint32(value)), value&filled != 0 && s.check.Load()^value == key
}

func (m *memo) put(key uint64, margin float32) {
	s := &m.slots[key%uint64(len(m.slots))]
	value := filled | uint64(math.Float32bits(margin))
	s.value.Store(value)
	s.check.Store(key ^ value)
}
