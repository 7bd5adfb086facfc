package score

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
)

// Memo remembers a number for each of many texts: a tool result stands in the span of the tool and in the calls that follow it,
// popular questions and documents come again and again. It has a fixed size, takes no lock, and forgets a text when another one
// takes its place.
type Memo struct {
	table *memoTable
	lane  int
}

// memoTable is the memory of four memos, 512 KiB. What they remember of a text is one cache line, since most scorers look at the
// same texts.
type memoTable [1 << 13][memoLanes]struct{ check, value atomic.Uint64 }

const memoLanes = 4

// lanes hands out the memory of memos.
var lanes struct {
	sync.Mutex
	table *memoTable
	used  int
}

// NewMemo makes an empty one.
func NewMemo() *Memo {
	lanes.Lock()
	defer lanes.Unlock()
	if lanes.table == nil || lanes.used == memoLanes {
		lanes.table, lanes.used = new(memoTable), 0
	}
	lanes.used++
	return &Memo{table: lanes.table, lane: lanes.used - 1}
}

// filled tells a value from a slot that was never used.
const filled = 1 << 32

// seed differs from process to process, so that nobody can make two texts with the same key.
var seed = maphash.MakeSeed()

// keyOf is what a text is remembered by. It is never 0.
func keyOf(text string) uint64 { return maphash.String(seed, text) | 1<<63 }

// Get returns the number of a text, by its key: see Result.Key.
func (m *Memo) Get(key uint64) (number float32, ok bool) {
	s := &m.table[key%uint64(len(m.table))][m.lane&(memoLanes-1)]
	value := s.value.Load()
	// Two halves that two goroutines wrote at the same time do not match any key.
	return math.Float32frombits(uint32(value)), value&filled != 0 && s.check.Load()^value == key
}

// Put remembers the number of a text, by its key.
func (m *Memo) Put(key uint64, number float32) {
	s := &m.table[key%uint64(len(m.table))][m.lane&(memoLanes-1)]
	value := filled | uint64(math.Float32bits(number))
	s.value.Store(value)
	s.check.Store(key ^ value)
}
