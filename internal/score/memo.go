package score

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
)

// Memo remembers a number for each of many texts. Texts come again: a tool result is in the span of the tool and in the
// calls that follow it, and popular questions and documents are in many calls. A Memo has a fixed size, takes no lock,
// and forgets a text when another one takes its slot.
type Memo struct {
	table *memoTable
	lane  int
}

// memoTable is the memory of four memos, 512 KiB. Their numbers for a text share one cache line, because most scorers
// look at the same texts.
type memoTable [1 << 13][memoLanes]struct{ check, value atomic.Uint64 }

const memoLanes = 4

// lanes hands out the memory of memos.
var lanes struct {
	sync.Mutex
	table *memoTable
	used  int
}

// NewMemo returns an empty Memo.
func NewMemo() *Memo {
	lanes.Lock()
	defer lanes.Unlock()
	if lanes.table == nil || lanes.used == memoLanes {
		lanes.table, lanes.used = new(memoTable), 0
	}
	lanes.used++
	return &Memo{table: lanes.table, lane: lanes.used - 1}
}

// filled marks a slot that was used.
const filled = 1 << 32

// seed differs from process to process, so that an attacker cannot prepare two texts with the same key.
var seed = maphash.MakeSeed()

// keyOf returns the key of a text. It is never 0.
func keyOf(text string) uint64 { return maphash.String(seed, text) | 1<<63 }

// Get returns the number of the text with the given key: see Result.Key.
func (m *Memo) Get(key uint64) (number float32, ok bool) {
	s := &m.table[key%uint64(len(m.table))][m.lane&(memoLanes-1)]
	value := s.value.Load()
	// Halves that two goroutines wrote at the same time match no key.
	return math.Float32frombits(uint32(value)), value&filled != 0 && s.check.Load()^value == key
}

// Put remembers the number of the text with the given key.
func (m *Memo) Put(key uint64, number float32) {
	s := &m.table[key%uint64(len(m.table))][m.lane&(memoLanes-1)]
	value := filled | uint64(math.Float32bits(number))
	s.value.Store(value)
	s.check.Store(key ^ value)
}
