package words

import "math/bits"

// blockRead is how many bytes block.words may read from its start.
const blockRead = 64 + 8

// leftover says how the caller of block.words must go on.
type leftover uint8

const (
	leftNothing leftover = iota
	leftSlow             // the word at the returned place needs slow
	leftLong             // the word at the returned place is longer than a block, or the text ends
)

// block classifies 64 bytes, with one bit for each.
type block struct {
	at                        int // where the bytes begin
	letters, digits, capitals uint64
}

// find classifies the 64 bytes from i.
func (b *block) find(s string, i int) {
	var letters, digits, capitals uint64
	for k := i; k < i+64; k += 8 { // the bits of the first eight bytes end up lowest
		letter, digit, capital := classify(load(s, k))
		letters, digits, capitals = letters>>8|gather(letter), digits>>8, capitals>>8
		if digit != 0 { // rare
			digits |= gather(digit)
		}
		if capital != 0 {
			capitals |= gather(capital)
		}
	}
	b.at, b.letters, b.digits, b.capitals = i, letters, digits, capitals
}

// words reads plain words with single spaces between them, from the letter at i. It finds the ends of all words in 64
// bytes at once, because a loop from word to word would have to wait for the end of each. The first word gets the
// given flags. words returns where to go on.
func (b *block) words(list []Word, s string, i int, next Flags) (int, []Word, leftover) {
	p := uint(i - b.at)
	if p >= 64 {
		b.find(s, i)
		p = 0
	}
	letters, spelled, unlike := b.letters, b.letters|b.digits, b.capitals|b.digits
	for ; ; p++ {
		n := uint(bits.TrailingZeros64(^(spelled >> (p & 63))))
		start := b.at + int(p)
		if p+n >= 64 {
			if p == 0 || start+blockRead > len(s) {
				return start, list, leftLong
			}
			b.find(s, start)
			letters, spelled, unlike = b.letters, b.letters|b.digits, b.capitals|b.digits
			p = ^uint(0)
			continue
		}
		end := start + int(n)
		after := s[end]
		if after != ' ' && inWord[after] {
			return start, list, leftSlow
		}
		hash := mix(hashSeed, (load(s, start)|lowered)&first[min(n, 8)])
		for k := uint(8); k < n; k += 8 {
			hash = mix(hash, (load(s, start+int(k))|lowered)&first[min(n-k, 8)])
		}
		flags := Plain | next
		if word := (uint64(1)<<(n&63) - 1) << (p & 63); unlike&word != 0 {
			flags |= marks(b.letters&word, b.digits&word, b.capitals&word, p)
		}
		list = append(list, Word{Hash: uint32(hash >> 32), Start: uint32(start), End: uint32(end), Flags: flags})
		next = 0
		if p += n; after != ' ' || p == 63 || letters>>((p+1)&63)&1 == 0 {
			return end, list, leftNothing
		}
	}
}

// first holds the masks of the first n of eight bytes.
var first = func() (masks [9]uint64) {
	for n := range masks {
		masks[n] = 1<<(8*n) - 1
	}
	return masks
}()

// marks returns the flags of a plain word with capitals or digits. Its first letter is bit p.
func marks(letters, digits, capitals uint64, p uint) (f Flags) {
	if digits != 0 {
		f |= Digit
	}
	if capitals&^(1<<p) != 0 {
		f |= Inner
	}
	if capitals>>p&1 != 0 {
		f |= Capital
		if capitals == letters && capitals&(capitals-1) != 0 {
			f |= Upper
		}
	}
	return f
}

// Constants for eight bytes in one number.
const (
	ones  = 0x0101010101010101
	tops  = 0x80 * ones
	below = 0x7f * ones
)

// classify finds the letters, digits and capital letters among eight bytes. The result has the top bit of each such
// byte set. Additions to seven bits never carry over.
func classify(v uint64) (letter, digit, capital uint64) {
	lower, seven, ascii := (v|lowered)&below, v&below, ^v&tops
	letter = (lower + (0x80-'a')*ones) &^ (lower + (0x80-'z'-1)*ones) & ascii
	digit = (seven + (0x80-'0')*ones) &^ (seven + (0x80-'9'-1)*ones) & ascii
	return letter, digit, letter &^ (v << 2)
}

// gather packs the top bits of eight bytes into the highest byte, the lowest first.
func gather(mask uint64) uint64 { return (mask >> 7) * 0x0102040810204080 & (0xff << 56) }

// inWord holds the bytes that continue a word beyond its ASCII letters and digits.
var inWord = func() (b [256]bool) {
	for i, c := range classes {
		b[i] = c == apostrophe || c == high || c == escape
	}
	return b
}()

// plain reads the ASCII letters and digits from the letter at i, eight bytes at a time. It returns the word and where
// it ends. It serves the ends of texts and very long words; block.words reads the rest.
func plain(s string, i int) (Word, int) {
	start, hash := i, uint64(hashSeed)
	var capital, small, digits, inner uint64
	after := ^uint64(0xff) // masks the bytes after the first character
	for n := 8; n == 8; i += n {
		var v uint64
		if i+8 <= len(s) {
			v = load(s, i)
		} else {
			for k := len(s) - 1; k >= i; k-- {
				v = v<<8 | uint64(s[k])
			}
		}
		// The top bit of each byte of a mask belongs to the byte of v. Additions to seven bits never carry over.
		lower, seven := (v|lowered)&below, v&below
		letter := (lower + (0x80-'a')*ones) &^ (lower + (0x80-'z'-1)*ones)
		digit := (seven + (0x80-'0')*ones) &^ (seven + (0x80-'9'-1)*ones)
		n = bits.TrailingZeros64((v|^(letter|digit))&tops) / 8
		if n == 0 {
			break
		}
		inside := ^uint64(0) >> (64 - 8*uint(n))
		if i-start < maxNormal {
			hash = mix(hash, (v|lowered)&inside)
		}
		letter &= inside
		capitals := letter &^ (v << 2) & tops
		inner, after = inner|capitals&after, ^uint64(0)
		// Shifted, so that capitals at the same place of two steps count as two.
		capital, small, digits = capital<<1|capitals, small|letter&(v<<2)&tops, digits|digit&inside&tops
	}
	flags := Plain
	if digits != 0 {
		flags |= Digit
	}
	if inner != 0 {
		flags |= Inner
	}
	if s[start] < 'a' {
		flags |= Capital
		if small == 0 && capital&(capital-1) != 0 {
			flags |= Upper
		}
	}
	return Word{Hash: uint32(hash >> 32), Start: uint32(start), End: uint32(i), Flags: flags}, i
}

// maxNormal bounds how many normalised bytes of a word are hashed.
const maxNormal = 64
