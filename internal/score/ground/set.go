package ground

import "slices"

// set is a set of hashes. To empty it costs nothing, because entries of another round do not count. It spreads over no
// more memory than its content needs, so that a small set stays in the fastest cache.
type set struct {
	slots []uint64 // marked | round << 32 | hash
	round uint64   // at most 31 bits
	bits  uint8    // slots in use, as a power of two
	size  int
}

const (
	smallSet = 10
	largeSet = 14

	marked = 1 << 63
)

func (s *set) reset() {
	if s.slots == nil {
		s.slots = make([]uint64, 1<<largeSet)
	}
	s.begin(smallSet)
}

// begin empties the set and gives it 1<<bits slots.
func (s *set) begin(bits uint8) {
	if s.round++; s.round == marked>>32 {
		clear(s.slots)
		s.round = 1
	}
	s.bits, s.size = bits, 0
}

// room returns how many hashes fit into 1<<bits slots.
func room(bits uint8) int { return 1 << bits * 3 / 4 }

// reserve makes room for n more hashes, or for as many as fit at the largest size.
func (s *set) reserve(n int) {
	bits := s.bits
	for bits < largeSet && s.size+n > room(bits) {
		bits++
	}
	if bits == s.bits {
		return
	}
	var kept []uint64
	if s.size > 0 { // rare: texts usually come all at once
		kept = slices.Clone(s.slots[:1<<s.bits])
	}
	round := s.round
	s.begin(bits)
	for _, key := range kept {
		if key&^marked>>32 == round {
			i := s.put(uint32(key))
			s.slots[i] |= key & marked
		}
	}
}

// add adds a hash and returns its slot, which is valid until the set grows. The set grows as needed. At its largest
// size, when nearly full, it ignores new hashes and returns a free slot.
func (s *set) add(h uint32) (slot uint32) {
	if s.size >= room(s.bits) {
		if s.bits == largeSet {
			slot, _ = s.find(h)
			return slot
		}
		s.reserve(1)
	}
	return s.put(h)
}

func (s *set) put(h uint32) (slot uint32) {
	i, there := s.find(h)
	if !there {
		s.slots[i] = s.round<<32 | uint64(h)
		s.size++
	}
	return i
}

func (s *set) has(h uint32) bool {
	_, there := s.find(h)
	return there
}

// mark reports whether the set has a hash, marks it, and returns its slot.
func (s *set) mark(h uint32) (slot uint32, there bool) {
	slot, there = s.find(h)
	if there {
		s.slots[slot] |= marked
	}
	return slot, there
}

// isMarked reports whether a slot has a hash that was marked.
func (s *set) isMarked(slot uint32) bool { return s.slots[slot]>>32 == s.round|marked>>32 }

// find returns the slot of a hash, or the free slot where it belongs. Some slots are always free.
func (s *set) find(h uint32) (slot uint32, there bool) {
	key, mask := s.round<<32|uint64(h), uint32(1)<<s.bits-1
	for i := h * 0x9e3779b1 >> (32 - s.bits); ; i = (i + 1) & mask {
		switch known := s.slots[i] &^ marked; {
		case known == key:
			return i, true
		case known>>32 != s.round:
			return i, false
		}
	}
}

// sieve remembers hashes in one bit each. It reports all hashes that were added, and few others.
type sieve [1 << (sieveBits - 6)]uint64

const sieveBits = 13

func (s *sieve) add(h uint32) {
	at := h * 0x9e3779b1 >> (32 - sieveBits)
	s[at/64] |= 1 << (at % 64)
}

func (s *sieve) has(h uint32) bool {
	at := h * 0x9e3779b1 >> (32 - sieveBits)
	return s[at/64]&(1<<(at%64)) != 0
}
