// Package words reads a text once for every classifier: its words, normalised and hashed, with where they stand and what
// they look like. Case, apostrophes, full-width forms, zero-width characters and JSON escapes make no difference to a hash.
package words

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// MaxHead and MaxTail bound what is read of a text, in bytes: a longer one is read at its head and at its tail.
const (
	MaxHead = 12 << 10
	MaxTail = 4 << 10
)

// Word is one word, number, or character of a script that is written without spaces.
type Word struct {
	Hash       uint32 // of the normalised word: Hash of it
	Start, End uint32 // byte offsets in the source
	Flags      Flags
}

// Flags say what a word looks like and where it stands.
type Flags uint16

// The flags of a word.
const (
	Capital  Flags = 1 << iota // begins with an upper-case letter
	Upper                      // has at least two letters, all of them upper-case
	Digit                      // holds a digit
	Number                     // consists of digits and their separators: 1,234.5 is one word, with the hash of 1234.5
	Sentence                   // begins a sentence
	Line                       // begins a line
	Foreign                    // holds a character beyond ASCII
	Gap                        // what came before it was not read: the first word of the tail
	Question                   // the sentence that it begins follows a question mark
	Plain                      // the source spells it in ASCII letters and digits alone
	Inner                      // is plain, and has an upper-case letter after its first character
)

// Is reports whether any of the flags is set.
func (f Flags) Is(flags Flags) bool { return f&flags != 0 }

// Script is a family of letters.
type Script uint8

// The scripts that are told apart.
const (
	Latin Script = iota // beyond ASCII, such as ä and ł; what is ASCII is not counted
	Cyrillic
	Greek
	Arabic
	Hebrew
	Devanagari
	Thai
	Hangul
	Kana
	Han
	OtherScript
	scripts
)

// Text is a text that was read. The zero value is ready; Read uses its memory again.
type Text struct {
	Source string
	Words  []Word
	// Scripts counts the letters beyond ASCII by their script.
	Scripts [scripts]uint32
	// Asks says that a sentence ends with a question mark.
	Asks bool
	// Cut says that the middle of the source was not read.
	Cut bool
}

// Of is the source of a run of words.
func (t *Text) Of(run []Word) string {
	if len(run) == 0 {
		return ""
	}
	return t.Source[run[0].Start:run[len(run)-1].End]
}

// Hash is the hash of a word, or of the first word of a longer text.
func Hash(word string) uint32 {
	var t Text
	t.Read(word)
	if len(t.Words) == 0 {
		return 0
	}
	return t.Words[0].Hash
}

// Hashes are the hashes of the words of a text.
func Hashes(text string) []uint32 {
	var t Text
	t.Read(text)
	list := make([]uint32, len(t.Words))
	for i := range t.Words {
		list[i] = t.Words[i].Hash
	}
	return list
}

// Read reads a text. Invalid UTF-8 separates words.
func (t *Text) Read(source string) {
	t.Source, t.Words = source, t.Words[:0]
	t.Scripts, t.Asks, t.Cut = [scripts]uint32{}, false, false
	if len(source) <= MaxHead+MaxTail {
		t.read(0, len(source), Sentence|Line)
		return
	}
	t.Cut = true
	t.read(0, boundary(source, MaxHead), Sentence|Line)
	t.read(boundary(source, len(source)-MaxTail), len(source), Gap)
}

// Copy makes t what reading the source gave in from. It copies the words.
func (t *Text) Copy(from *Text, source string) {
	list := append(t.Words[:0], from.Words...)
	*t = *from
	t.Source, t.Words = source, list
}

// boundary is a place at or shortly before i between two words.
func boundary(source string, i int) int {
	for low := i - 64; i > low && i > 0; i-- {
		if classes[source[i]] == space {
			return i
		}
	}
	for !utf8.RuneStart(source[i]) && i > 0 {
		i--
	}
	return i
}

// Classes of bytes.
const (
	other  = iota // separates words, says nothing
	space         // ASCII white space but the line feed
	letter        // ASCII
	digit
	apostrophe // inside a word it is left out: can't is cant
	stop       // ends a sentence, where white space follows
	feed       // line feed
	escape     // begins an escape of JSON
	high       // begins or continues a character beyond ASCII
)

var classes = func() (c [256]uint8) {
	for b := range 256 {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z':
			c[b] = letter
		case b >= '0' && b <= '9':
			c[b] = digit
		case b == '\'':
			c[b] = apostrophe
		case b == '.' || b == '!' || b == '?':
			c[b] = stop
		case b == '\n':
			c[b] = feed
		case b == ' ' || b == '\t' || b == '\r':
			c[b] = space
		case b == '\\':
			c[b] = escape
		case b >= utf8.RuneSelf:
			c[b] = high
		}
	}
	return c
}()

// read adds the words of source[i:end], the first of which has the given flags.
func (t *Text) read(i, end int, next Flags) {
	s, list := t.Source[:end], t.Words
	b := block{at: -64}
	for i < end {
		switch classes[s[i]] {
		case letter:
			if i+blockRead <= end { // most of prose
				before := len(list)
				var left leftover
				if i, list, left = b.words(list, s, i, next); len(list) > before {
					next = 0
				}
				if left == leftSlow {
					i, list = t.slow(list, s, i, next)
					next = 0
				}
				if left != leftLong {
					continue
				}
			}
			for { // for as long as one space parts words
				w, after := plain(s, i)
				if after < end && inWord[s[after]] {
					i, list = t.slow(list, s, i, next)
					next = 0
					break
				}
				w.Flags |= next
				next = 0
				list = append(list, w)
				i = after
				if i+1 >= end || s[i] != ' ' || classes[s[i+1]] != letter || i+1+blockRead <= end {
					break
				}
				i++
			}
		case digit, high:
			before := len(list)
			i, list = t.slow(list, s, i, next)
			if len(list) > before {
				next = 0
			}
		case stop:
			if i+1 == end || classes[s[i+1]] != letter && classes[s[i+1]] != digit {
				next |= Sentence
				if s[i] == '?' {
					next |= Question
					t.Asks = true
				}
			}
			i++
		case feed:
			if next&Line != 0 { // a blank line
				next |= Sentence
			}
			next |= Line
			i++
		case escape:
			var r rune
			r, i = unescape(s, i)
			switch {
			case r == '\n':
				if next&Line != 0 {
					next |= Sentence
				}
				next |= Line
			case spelled(r):
				i -= 6
				before := len(list)
				i, list = t.slow(list, s, i, next)
				if len(list) > before {
					next = 0
				}
			}
		case space:
			i++
		default:
			if next&Line != 0 { // a bullet, a heading, a quotation
				next |= Sentence
			}
			i++
		}
	}
	t.Words = list
}

// blockRead is how many bytes block reads.
const blockRead = 64 + 8

// leftover is what block left to do.
type leftover uint8

const (
	leftNothing leftover = iota
	leftSlow             // the word at the place returned is one for slow
	leftLong             // the word at the place returned is longer than a block
)

// block is what 64 bytes are: a bit for each.
type block struct {
	at                        int // where they begin
	letters, digits, capitals uint64
}

// find classifies the 64 bytes from i.
func (b *block) find(s string, i int) {
	b.at, b.letters, b.digits, b.capitals = i, 0, 0, 0
	for k := 0; k < 64; k += 8 {
		letter, digit, capital := classify(load(s, i+k))
		b.letters |= gather(letter) << (k & 63)
		b.digits |= gather(digit) << (k & 63)
		b.capitals |= gather(capital) << (k & 63)
	}
}

// words reads plain words with one space between them, from the letter at i. It finds the ends of words in 64 bytes at once; a
// loop from word to word would wait for the end of each. The first word gets the given flags. It returns where to go on.
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
			if p == 0 {
				return start, list, leftLong
			}
			if start+blockRead > len(s) {
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

// first masks the first so many of eight bytes.
var first = func() (masks [9]uint64) {
	for n := range masks {
		masks[n] = 1<<(8*n) - 1
	}
	return masks
}()

// marks are the flags of a plain word with capitals or digits, of which the first letter is at p.
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

// The top bit of each byte says whether it is one: a letter, a digit, a capital letter.
const (
	ones  = 0x0101010101010101
	tops  = 0x80 * ones
	below = 0x7f * ones
)

// classify makes masks of eight bytes. Adding to seven bits never carries over.
func classify(v uint64) (letter, digit, capital uint64) {
	lower, seven, ascii := (v|lowered)&below, v&below, ^v&tops
	letter = (lower + (0x80-'a')*ones) &^ (lower + (0x80-'z'-1)*ones) & ascii
	digit = (seven + (0x80-'0')*ones) &^ (seven + (0x80-'9'-1)*ones) & ascii
	return letter, digit, letter &^ (v << 2)
}

// gather makes the top bits of eight bytes one byte, the lowest first.
func gather(mask uint64) uint64 { return (mask >> 7) * 0x0102040810204080 >> 56 }

// inWord are the bytes that make a word of ASCII letters and digits one that is spelled in another way.
var inWord = func() (b [256]bool) {
	for i, c := range classes {
		b[i] = c == apostrophe || c == high || c == escape
	}
	return b
}()

// plain reads the ASCII letters and digits from i, which is a letter: eight bytes at a time, since every text goes through
// here. It returns the word and where it ended.
func plain(s string, i int) (Word, int) {
	start, hash := i, uint64(hashSeed)
	var capital, small, digits, inner uint64
	after := ^uint64(0xff) // what is after the first character
	for n := 8; n == 8; i += n {
		var v uint64
		if i+8 <= len(s) {
			v = load(s, i)
		} else {
			for k := len(s) - 1; k >= i; k-- {
				v = v<<8 | uint64(s[k])
			}
		}
		// The top bit of each byte of a mask says whether the byte of v is one. Adding to seven bits never carries over.
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
		// Shifted, so that capitals at the same place of two eights stay two.
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

// maxNormal bounds the normalised bytes of a word that its hash is made of.
const maxNormal = 64

// short reads one word of at most eight normalised bytes as slow does, from i, which is a letter or a digit: numbers, and words
// with an apostrophe. It reports false where the word is one for slow.
func short(s string, i int, flags Flags) (w Word, ok bool) {
	start, letters, capitals, digits := i, 0, 0, 0
	var v uint64
	n := uint(0)
	end := i
	if s[i] < 'a' && classes[s[i]] == letter {
		flags |= Capital
	}
scan:
	for ; i < len(s); i++ {
		b := s[i]
		switch classes[b] {
		case letter:
			letters++
			if b < 'a' {
				capitals++
			}
			b |= 0x20
		case digit:
			digits++
		case apostrophe:
			if i+1 < len(s) && classes[s[i+1]] == letter {
				continue
			}
			break scan
		case high, escape:
			return Word{}, false
		default:
			if letters > 0 || i+1 >= len(s) || classes[s[i+1]] != digit || b != ',' && b != '.' {
				break scan
			}
			if b == ',' {
				continue
			}
		}
		if n == 8 {
			return Word{}, false
		}
		v |= uint64(b) << (8 * (n & 7))
		n++
		end = i + 1
	}
	flags |= spelling(letters, capitals, digits)
	return Word{Hash: uint32(mix(hashSeed, v) >> 32), Start: uint32(start), End: uint32(end), Flags: flags}, true
}

// spelling is the flags of a word with so many letters, capitals and digits.
func spelling(letters, capitals, digits int) (f Flags) {
	if digits > 0 {
		f |= Digit
		if letters == 0 {
			f |= Number
		}
	}
	if capitals > 1 && capitals == letters {
		f |= Upper
	}
	return f
}

// slow reads one word of any characters, from i, which begins one. It returns where it ended; where the character at i
// turns out to be none of a word, nothing is added.
func (t *Text) slow(list []Word, s string, i int, flags Flags) (int, []Word) {
	if c := classes[s[i]]; c == letter || c == digit {
		if w, ok := short(s, i, flags); ok {
			return int(w.End), append(list, w)
		}
	}
	return t.any(list, s, i, flags)
}

// any reads one word of any characters, as slow does.
func (t *Text) any(list []Word, s string, i int, flags Flags) (int, []Word) {
	var normal [maxNormal]byte
	n, start, letters, capitals, digits := 0, i, 0, 0, 0
	put := func(r rune) {
		if n+utf8.UTFMax <= len(normal) {
			n += utf8.EncodeRune(normal[n:], r)
		}
	}
	end := i // after the last character of the word
scan:
	for i < len(s) {
		b := s[i]
		size := 1
		r := rune(b)
		switch classes[b] {
		case letter, digit:
		case apostrophe:
			// Only within a word.
			if n == 0 || i+1 >= len(s) || classes[s[i+1]] != letter {
				break scan
			}
			i++
			continue
		case escape:
			r, size = unescape(s, i)
			size -= i
			if !spelled(r) {
				break scan
			}
		case high:
			r, size = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError {
				if n == 0 {
					return i + size, list
				}
				break scan
			}
		default:
			// Separators within a number: the comma goes, the point stays.
			if n > 0 && letters == 0 && i+1 < len(s) && classes[s[i+1]] == digit && (b == ',' || b == '.') {
				if b == '.' {
					put('.')
				}
				i++
				continue
			}
			break scan
		}
		r = fold(r)
		switch r {
		case ignored:
			i += size
			if n == 0 {
				return i, list
			}
			continue
		case quote:
			if n == 0 || i+size >= len(s) || classes[s[i+size]] != letter && classes[s[i+size]] != high {
				if n == 0 {
					return i + size, list
				}
				break scan
			}
			i += size
			continue
		}
		switch {
		case r < utf8.RuneSelf:
			switch {
			case r >= '0' && r <= '9':
				digits++
			case r >= 'A' && r <= 'Z':
				capitals++
				letters++
				if n == 0 {
					flags |= Capital
				}
				r |= 0x20
			case r >= 'a' && r <= 'z':
				letters++
			default:
				if n == 0 {
					return i + size, list
				}
				break scan
			}
			put(r)
		default:
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				if n == 0 {
					return i + size, list
				}
				break scan
			}
			script := scriptOf(r)
			t.Scripts[script]++
			if script == Han || script == Kana || script == Thai { // written without spaces: a word each
				if n > 0 {
					t.Scripts[script]--
					break scan
				}
				put(r)
				return i + size, append(list, Word{Hash: hashOf(normal[:n]), Start: uint32(i), End: uint32(i + size), Flags: flags | Foreign})
			}
			letters++
			flags |= Foreign
			if lower := unicode.ToLower(r); lower != r {
				capitals++
				if n == 0 {
					flags |= Capital
				}
				r = lower
			}
			put(r)
		}
		i += size
		end = i
	}
	if n == 0 {
		return max(i, start+1), list
	}
	flags |= spelling(letters, capitals, digits)
	return end, append(list, Word{Hash: hashOf(normal[:n]), Start: uint32(start), End: uint32(end), Flags: flags})
}

// What fold makes of characters that are no part of a word's spelling.
const (
	ignored rune = -1 // zero-width characters and soft hyphens, which hide words
	quote   rune = -2 // the typographic apostrophe
)

// fold maps characters that look like an ASCII one to it.
func fold(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r == 0x2019 || r == 0x2018 || r == 0x02bc:
		return quote
	case r >= 0x200b && r <= 0x200f, r == 0x2060, r == 0xfeff, r == 0xad, r >= 0xe0000 && r <= 0xe007f:
		return ignored
	case r >= 0xff01 && r <= 0xff5e: // full-width forms
		return r - 0xff01 + '!'
	case r >= 0x1d400 && r <= 0x1d6a3: // mathematical letters, in alphabets of 52
		i := (r - 0x1d400) % 52
		if i < 26 {
			return 'A' + i
		}
		return 'a' + i - 26
	}
	return r
}

func scriptOf(r rune) Script {
	switch {
	case r < 0x250, r >= 0x1e00 && r < 0x1f00:
		return Latin
	case r >= 0x370 && r < 0x400, r >= 0x1f00 && r < 0x2000:
		return Greek
	case r >= 0x400 && r < 0x530:
		return Cyrillic
	case r >= 0x590 && r < 0x600:
		return Hebrew
	case r >= 0x600 && r < 0x780:
		return Arabic
	case r >= 0x900 && r < 0x980:
		return Devanagari
	case r >= 0xe00 && r < 0xe80:
		return Thai
	case r >= 0x1100 && r < 0x1200, r >= 0xac00 && r < 0xd7b0:
		return Hangul
	case r >= 0x3040 && r < 0x3100:
		return Kana
	case r >= 0x3400 && r < 0xa000, r >= 0xf900 && r < 0xfb00, r >= 0x20000 && r < 0x32000:
		return Han
	}
	return OtherScript
}

// unescape reads an escape of JSON at i: what it stands for and where it ends. Anything else is a backslash.
func unescape(s string, i int) (rune, int) {
	if i+1 >= len(s) {
		return '\\', i + 1
	}
	switch s[i+1] {
	case 'n', 'r':
		return '\n', i + 2
	case 't':
		return '\t', i + 2
	case '"', '\\', '/':
		return '\\', i + 2
	case 'u':
		if i+6 > len(s) {
			break
		}
		var r rune
		for _, b := range []byte(s[i+2 : i+6]) {
			switch {
			case b >= '0' && b <= '9':
				r = r<<4 | rune(b-'0')
			case b|0x20 >= 'a' && b|0x20 <= 'f':
				r = r<<4 | rune(b|0x20-'a'+10)
			default:
				return '\\', i + 1
			}
		}
		return r, i + 6
	}
	return '\\', i + 1
}

// spelled reports whether an escaped character may be one of a word.
func spelled(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= utf8.RuneSelf
}

// The hash is a multiplication for eight bytes; a word of English is one or two of them.
const (
	hashSeed  = 0x9e3779b97f4a7c15
	hashPrime = 0xd6e8feb86659fd93
)

// lowered is the bit that makes an ASCII letter a small one, and leaves a digit as it is.
const lowered = 0x2020202020202020

// hashOf is that of a normalised word.
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
