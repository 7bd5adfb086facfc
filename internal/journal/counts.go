package journal

import (
	"hash/maphash"
	"sync"
)

// Counts counts the spans of recent traces in a table of fixed size. It is for limits: a trace whose place is taken by
// others starts at zero again.
type Counts struct {
	seed maphash.Seed

	mu   sync.Mutex
	sets [][ways]counted // guarded by mu
	time uint32          // guarded by mu
}

// ways is how many traces with the same hash have a place.
const ways = 4

// counted is one trace. A hash of 64 bits identifies it.
type counted struct {
	hash  uint64
	spans uint32
	used  uint32 // when it was counted last
}

// NewCounts returns counts of about n traces, which is rounded up to a power of two.
func NewCounts(n int) *Counts {
	sets := 1
	for sets*ways < n {
		sets *= 2
	}
	return &Counts{seed: maphash.MakeSeed(), sets: make([][ways]counted, sets)}
}

// Add counts n more spans of a trace and returns how many it has.
func (c *Counts) Add(trace [16]byte, n int) int {
	hash := maphash.Bytes(c.seed, trace[:])
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time++
	set := &c.sets[hash&uint64(len(c.sets)-1)]
	at := &set[0]
	for i := range set {
		if set[i].hash == hash {
			at = &set[i]
			break
		}
		if c.time-set[i].used > c.time-at.used { // longer ago, also when the time has wrapped
			at = &set[i]
		}
	}
	if at.hash != hash {
		*at = counted{hash: hash}
	}
	at.spans, at.used = uint32(min(int64(at.spans)+int64(n), 1<<31)), c.time
	return int(at.spans)
}
