package provider

// trigrams are the groups of three bytes that occur in a text, by their hash. A text without a trigram of a pattern
// cannot contain the pattern, which spares nearly every search.
type trigrams [1 << 12 / 64]uint64

// mark has the hashes of a few trigrams of a pattern, spread over it.
type mark [4]uint16

func (t *trigrams) add(text string) {
	for i := 0; i+3 <= len(text); i++ {
		h := hashTrigram(text[i], text[i+1], text[i+2])
		t[h/64] |= 1 << (h % 64)
	}
}

// markOf returns the mark of a pattern of at least three bytes.
func markOf(pattern string) (m mark) {
	for i := range m {
		at := i * (len(pattern) - 3) / (len(m) - 1)
		m[i] = hashTrigram(pattern[at], pattern[at+1], pattern[at+2])
	}
	return m
}

func (t *trigrams) all(m *mark) bool {
	for _, h := range m {
		if t[h/64]&(1<<(h%64)) == 0 {
			return false
		}
	}
	return true
}

func hashTrigram(a, b, c byte) uint16 {
	return uint16((uint32(a)<<16 | uint32(b)<<8 | uint32(c)) * 2654435761 >> 20)
}
