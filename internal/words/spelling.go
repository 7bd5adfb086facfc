package words

import (
	"unicode"
	"unicode/utf8"
)

// short reads a word of at most eight normalised bytes, such as a number or a word with an apostrophe, from the letter
// or digit at i. It gives what any gives, and reports false for words that need any.
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

// spelling returns the flags of a word with so many letters, capitals and digits.
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

// slow reads one word of any characters from i and adds it to the list. It returns where the word ends. It adds
// nothing if the character at i does not belong to a word.
func (t *Text) slow(list []Word, s string, i int, flags Flags) (int, []Word) {
	if c := classes[s[i]]; c == letter || c == digit {
		if w, ok := short(s, i, flags); ok {
			return int(w.End), append(list, w)
		}
	}
	return t.any(list, s, i, flags)
}

// any does the work of slow, one character at a time.
func (t *Text) any(list []Word, s string, i int, flags Flags) (int, []Word) {
	var normal [maxNormal]byte
	n, start, letters, capitals, digits := 0, i, 0, 0, 0
	put := func(r rune) {
		if n+utf8.UTFMax <= len(normal) {
			n += utf8.EncodeRune(normal[n:], r)
		}
	}
	end := i // after the last character of the word
	disguised, ascii := false, 0
scan:
	for i < len(s) {
		b := s[i]
		size := 1
		r := rune(b)
		switch classes[b] {
		case letter, digit:
		case apostrophe:
			// Only inside a word.
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
			// Separators within a number: the comma is left out, the point stays.
			if n > 0 && letters == 0 && i+1 < len(s) && classes[s[i+1]] == digit && (b == ',' || b == '.') {
				if b == '.' {
					put('.')
				}
				i++
				continue
			}
			break scan
		}
		if tagged := isTag(r); n > 0 && tagged != flags.Is(Hidden) {
			break scan // what is seen and what is not are two words
		} else if tagged {
			flags |= Hidden
		}
		r = fold(r)
		switch r {
		case ignored:
			i += size
			if n == 0 {
				return i, list
			}
			disguised = true
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
				ascii++
			case r >= 'A' && r <= 'Z':
				capitals++
				letters++
				if n == 0 {
					flags |= Capital
				}
				r |= 0x20
				ascii++
			case r >= 'a' && r <= 'z':
				letters++
				ascii++
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
			script := ScriptOf(r)
			t.Scripts[script]++
			if script == Han || script == Kana || script == Thai { // written without spaces: a word each
				if n > 0 {
					t.Scripts[script]--
					break scan
				}
				put(r)
				flags |= Foreign
				w := Word{Hash: hashOf(normal[:n]), Start: uint32(i), End: uint32(i + size), Flags: flags}
				return i + size, append(list, w)
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
	if flags.Is(Foreign) && ascii > 0 && letters > 2 {
		var looksAlike bool
		if n, looksAlike = unmask(normal[:n]); looksAlike {
			flags |= Hidden
		}
	}
	if disguised && ascii > 0 && end > start+n {
		flags |= Hidden
	}
	return end, append(list, Word{Hash: hashOf(normal[:n]), Start: uint32(start), End: uint32(end), Flags: flags})
}

// ScriptOf returns the script of a letter beyond ASCII.
func ScriptOf(r rune) Script {
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

// unescape reads the JSON escape at i. It returns the character and where the escape ends. Anything else is read as a
// backslash.
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

// spelled reports whether an escaped character may belong to a word.
func spelled(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= utf8.RuneSelf
}
