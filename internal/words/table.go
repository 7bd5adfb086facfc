package words

// Table maps the hash of a word to bits. It is open-addressed and mostly empty, because most lookups find nothing.
type Table struct {
	slots []slot
	shift uint8
}

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
	size := 1
	t := &Table{shift: 32}
	for ; size < sparse*len(values); size <<= 1 {
		t.shift--
	}
	t.slots = make([]slot, max(size, 2))
	for h, value := range values {
		i := t.first(h)
		for t.slots[i].value != 0 {
			i = t.next(i)
		}
		t.slots[i] = slot{h, value}
	}
	return t
}

// Of returns the bits of a word, 0 if it is in no text.
func (t *Table) Of(hash uint32) uint32 {
	for i := t.first(hash); ; i = t.next(i) {
		if s := &t.slots[i]; s.hash == hash || s.value == 0 {
			return s.value
		}
	}
}

func (t *Table) first(hash uint32) uint32 { return hash >> t.shift }

func (t *Table) next(i uint32) uint32 { return (i + 1) & uint32(len(t.slots)-1) }
