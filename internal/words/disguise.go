package words

import (
	"strings"
	"unicode/utf8"
)

// Results of fold for characters that are not part of the spelling.
const (
	ignored rune = -1 // zero-width characters, soft hyphens and variation selectors, which hide words
	quote   rune = -2 // the typographic apostrophe
)

// isTag reports whether a character is invisible and stands for a byte: a tag, or a variation selector beyond the
// sixteen of scripts and emoji.
func isTag(r rune) bool { return r >= 0xe0020 && r <= 0xe01ef }

// fold maps characters that look like an ASCII character, or stand for one, to that character.
func fold(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r == 0x2019 || r == 0x2018 || r == 0x02bc:
		return quote
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2069,
		r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r == 0xad, r == 0x180e:
		return ignored
	case r >= 0xe0000 && r <= 0xe01ef:
		switch {
		case r >= 0xe0020 && r < 0xe007f: // tags
			return r - 0xe0000
		case r >= 0xe0110 && r < 0xe0100-16+0x7f: // variation selectors 17 to 256, which carry bytes from 16
			return r - 0xe0100 + 16
		}
		return ignored
	case r >= 0xff01 && r <= 0xff5e: // full-width forms
		return r - 0xff01 + '!'
	case r >= 0x1d400 && r <= 0x1d6a3: // mathematical letters, in alphabets of 52
		i := (r - 0x1d400) % 52
		if i < 26 {
			return 'A' + i
		}
		return 'a' + i - 26
	case r >= 0x24b6 && r <= 0x24cf: // in circles
		return r - 0x24b6 + 'A'
	case r >= 0x24d0 && r <= 0x24e9:
		return r - 0x24d0 + 'a'
	case r >= 0x1f130 && r <= 0x1f149: // in squares
		return r - 0x1f130 + 'A'
	case r >= 0x2102 && r <= 0x2134:
		return letterlike(r)
	}
	return r
}

// letterlike maps the mathematical letters that are not among the others.
func letterlike(r rune) rune {
	const from, to = "ℂℊℋℌℍℎℐℑℒℓℕℙℚℛℜℝℤℨℬℭℯℰℱℳℴ", "CgHHHhIILlNPQRRRZZBCeEFMo"
	if i := strings.IndexRune(from, r); i >= 0 {
		return rune(to[i/utf8.RuneLen(r)])
	}
	return r
}

// lookalikes are lower-case letters of other scripts that look like an ASCII letter, themselves or as a capital.
var lookalikes = func() map[rune]byte {
	m := map[rune]byte{}
	for _, pair := range [][2]string{
		{"асеорхуіѕјԁһӏԛԝвнкмтьѵү", "aceopxyisjdhlqwbhkmtbvy"}, // Cyrillic
		{"οαερνιυκτχβηγω", "oaepviuktxbnyw"},                   // Greek
		{"օոսհցքյ", "onuhgqj"},                                 // Armenian
		{"ɑıɡʟʀɪɴᴀʙᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "aiglrinabcdejkmoptuvwz"},   // Latin, small capitals
	} {
		i := 0
		for _, r := range pair[0] {
			m[r] = pair[1][i]
			i++
		}
	}
	return m
}()

// unmask writes a word of several scripts in ASCII letters, if all its other letters look like one. It returns the new
// length.
func unmask(word []byte) (int, bool) {
	for i := 0; i < len(word); {
		r, size := utf8.DecodeRune(word[i:])
		if _, alike := lookalikes[r]; !alike && r >= utf8.RuneSelf {
			return len(word), false
		}
		i += size
	}
	n := 0
	for i := 0; i < len(word); n++ {
		r, size := utf8.DecodeRune(word[i:])
		if r >= utf8.RuneSelf {
			r = rune(lookalikes[r])
		}
		word[n] = byte(r)
		i += size
	}
	return n, true
}

// spacedLetters is the least number of letters in a row, each a word of its own, that are read as words.
const spacedLetters = 6

// despace joins single letters of list[from:] to the words that they spell: the same mark or space stands between the
// letters of a word, and more between two words.
func despace(list []Word, from int, s string) []Word {
	// Of so many letters in a row one stands at a multiple of a smaller number.
	const stride = spacedLetters - 1
	for i := from; i < len(list); i += stride {
		if !single(&list[i], s) {
			continue
		}
		first := i
		for first > from && single(&list[first-1], s) && near(list[first-1:], s) {
			first--
		}
		last := i
		for last+1 < len(list) && single(&list[last+1], s) && near(list[last:], s) {
			last++
		}
		i = max(i, last+1-stride)
		// Where nothing is wider between words than between letters, only a single word can be read.
		const word = 12
		parted := false
		for k := first; k < last; k++ {
			parted = parted || list[k+1].Start-list[k].End > 1
		}
		if last-first+1 < spacedLetters || !parted && last-first+1 > word {
			continue
		}
		kept := first
		for k := first; k <= last; kept++ {
			w := list[k]
			var normal [maxNormal]byte
			n, capitals := 0, 0
			for begin := k; k <= last && (k == begin || list[k].Start-list[k-1].End == 1); k++ {
				b := s[list[k].Start]
				if b < 'a' {
					capitals++
				}
				if n < maxNormal {
					normal[n] = b | 0x20
					n++
				}
				w.End = list[k].End
			}
			if n > 1 {
				w.Hash, w.Flags = hashOf(normal[:n]), w.Flags&^(Upper|Plain|Inner)|Hidden|spelling(n, capitals, 0)
			}
			list[kept] = w
		}
		list = append(list[:kept], list[last+1:]...)
		i = kept - 1
		for (i-from)%stride != 0 { // keep to the multiples
			i--
		}
	}
	return list
}

// single reports whether a word is one ASCII letter.
func single(w *Word, s string) bool { return w.End-w.Start == 1 && classes[s[w.Start]] == letter }

// near reports whether the first two words are so near that they may be letters of one word or of neighbours.
func near(pair []Word, s string) bool {
	between := s[pair[0].End:pair[1].Start]
	return len(between) > 0 && len(between) <= 4 && strings.Trim(between, between[:1]) == "" &&
		strings.IndexByte(" .-_*~", between[0]) >= 0
}
