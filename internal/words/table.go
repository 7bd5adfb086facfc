package words

// Table maps the hash of a word to bits. It is open-addressed. Most lookups find nothing, so a filter of one bit for
// many hashes comes first: it is small enough to stay in the cache of the processor.
type Table struct {
	filter []uint64
	slots  []slot
	shift  uint8 // of a hash that becomes the index of a slot
	fine   uint8 // of one that becomes a bit of the filter
}

// filterBits is the base-2 logarithm of the filter's bits for each slot.
const filterBits = 3

type slot struct{ hash, value uint32 }

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
	const sparse = 4
	size := 1 << filterBits
	t := &Table{shift: 32 - filterBits}
	for ; size < sparse*len(values); size <<= 1 {
		t.shift--
	}
	t.fine = t.shift - filterBits
	t.slots, t.filter = make([]slot, size), make([]uint64, size<<filterBits/64)
	for h, value := range values {
		i := t.first(h)
		for t.slots[i].value != 0 {
			i = t.next(i)
		}
		t.slots[i] = slot{h, value}
		bit := t.bit(h)
		t.filter[bit/64] |= 1 << (bit % 64)
	}
	return t
}

// Of returns the bits of a word, 0 if it is in no text.
func (t *Table) Of(hash uint32) uint32 {
	if !t.May(hash) {
		return 0
	}
	for i := t.first(hash); ; i = t.next(i) {
		if s := &t.slots[i]; s.hash == hash || s.value == 0 {
			return s.value
		}
	}
}

// May reports whether a word may have bits. It is false for most words without, and small enough for the compiler to
// put it where it is called.
func (t *Table) May(hash uint32) bool {
	bit := t.bit(hash)
	return t.filter[bit/64]>>(bit%64)&1 != 0
}

func (t *Table) first(hash uint32) uint32 { return hash >> (t.shift & 31) }

func (t *Table) bit(hash uint32) uint32 { return hash >> (t.fine & 31) }

func (t *Table) next(i uint32) uint32 { return (i + 1) & uint32(len(t.slots)-1) }
