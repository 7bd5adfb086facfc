package words

import "slices"

// Table maps the hash of a word to bits. A filter of one bit for many hashes tells most words that it does not have: it
// is small enough to stay in the cache of the processor.
type Table struct {
	filter  []uint64
	buckets []bucket
	shift   uint8 // of a hash that becomes the index of a bucket
	fine    uint8 // of one that becomes a bit of the filter
}

// bucket holds all words whose hashes begin alike. Unused places have no bits.
type bucket struct{ hashes, bits [4]uint32 }

// filterBits is the base-2 logarithm of the filter's bits for each bucket.
const filterBits = 4

// NewTable makes a table of the words in the texts. A word gets the bits of every text that contains it.
func NewTable(texts map[uint32][]string) *Table {
	values := map[uint32]uint32{}
	for value, list := range texts {
		for _, text := range list {
			for _, h := range Hashes(text) {
				values[h] |= value
			}
		}
	}
	t := &Table{shift: 32}
	for size := 1; !t.fill(values, size); size <<= 1 {
		t.shift--
	}
	t.fine = t.shift - filterBits
	t.filter = make([]uint64, len(t.buckets)<<filterBits/64+1)
	for h := range values {
		bit := t.bit(h)
		t.filter[bit/64] |= 1 << (bit % 64)
	}
	return t
}

// fill puts all words into so many buckets, and reports whether they have room.
func (t *Table) fill(values map[uint32]uint32, size int) bool {
	t.buckets = make([]bucket, size)
	for h, value := range values {
		b := &t.buckets[t.of(h)]
		free := slices.Index(b.bits[:], 0)
		if free < 0 {
			return false
		}
		b.hashes[free], b.bits[free] = h, value
	}
	return true
}

// Of returns the bits of a word, 0 if it is in no text. It is without a loop, so that the compiler puts it where it is
// called.
func (t *Table) Of(hash uint32) (bits uint32) {
	b := &t.buckets[t.of(hash)]
	if b.hashes[0] == hash {
		bits = b.bits[0]
	}
	if b.hashes[1] == hash {
		bits |= b.bits[1]
	}
	if b.hashes[2] == hash {
		bits |= b.bits[2]
	}
	if b.hashes[3] == hash {
		bits |= b.bits[3]
	}
	return bits
}

// May reports whether a word may have bits. It is false for most words without, and faster than Of where few have any.
func (t *Table) May(hash uint32) bool {
	bit := t.bit(hash)
	return t.filter[bit/64]>>(bit%64)&1 != 0
}

func (t *Table) of(hash uint32) uint32 { return uint32(uint64(hash) >> (t.shift & 63)) }

func (t *Table) bit(hash uint32) uint32 { return hash >> (t.fine & 31) }
