package words

// Constants of the hash, which takes one multiplication for eight bytes. Most English words need one or two.
const (
	hashSeed  = 0x9e3779b97f4a7c15
	hashPrime = 0xd6e8feb86659fd93
)

// lowered turns ASCII letters into lower case and leaves digits as they are.
const lowered = 0x2020202020202020

// hashOf returns the hash of a normalised word.
func hashOf(word []byte) uint32 {
	h := uint64(hashSeed)
	for len(word) > 0 {
		var v uint64
		n := min(8, len(word))
		for k := n - 1; k >= 0; k-- {
			v = v<<8 | uint64(word[k])
		}
		h = mix(h, v)
		word = word[n:]
	}
	return uint32(h >> 32)
}

func load(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func mix(h, v uint64) uint64 {
	h = (h ^ v) * hashPrime
	return h ^ h>>29
}
