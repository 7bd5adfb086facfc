package score

import (
	"hash/maphash"
	"math"
	"sync/atomic"
)

// Memo remembers a number for each of many texts: a tool result stands in the span of the tool and in the call that it is given
// to, popular questions and documents come again and again. It is of one size (128 KiB), takes no lock, and forgets a text
// when another one falls on its place.
type Memo struct {
	seed  maphash.Seed // of the process: nobody can make two texts that are taken for each other
	slots [1 << 13]struct{ check, value atomic.Uint64 }
}

// NewMemo makes an empty one.
func NewMemo() *Memo { return &Memo{seed: maphash.MakeSeed()} }

// filled tells a value from a slot that was never used.
const filled = 1 << 32

// Key is what a text is remembered by.
func (m *Memo) Key(text string) uint64 { return maphash.String(m.seed, text) }

// Get is the number of a text, by its key.
func (m *Memo) Get(key uint64) (number float32, ok bool) {
	s := &m.slots[key%uint64(len(m.slots))]
	value := s.value.Load()
	// Two halves that were written by two goroutines at once do not add up to any key.
	return math.Float32frombits(uint32(value)), value&filled != 0 && s.check.Load()^value == key
}

// Put remembers the number of a text, by its key.
func (m *Memo) Put(key uint64, number float32) {
	s := &m.slots[key%uint64(len(m.slots))]
	value := filled | uint64(math.Float32bits(number))
	s.value.Store(value)
	s.check.Store(key ^ value)
}
