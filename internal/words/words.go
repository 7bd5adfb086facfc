// Package words reads a text once for all classifiers. It gives the words, normalised and hashed, with their positions
// and with flags for what they look like. Case, apostrophes, full-width forms, JSON escapes and disguises make no
// difference to a hash.
package words

import "unicode/utf8"

// MaxHead and MaxTail bound the work on a text, in bytes: only the head and the tail of a longer text are read.
const (
	MaxHead = 12 << 10
	MaxTail = 4 << 10
)

// Word is one word, number, or character of a script that is written without spaces.
type Word struct {
	Hash       uint32 // of the normalised word
	Start, End uint32 // byte offsets in the source
	Flags      Flags
}

// Flags describe what a word looks like and where it is.
type Flags uint16

// The flags of a word.
const (
	Capital  Flags = 1 << iota // begins with an upper-case letter
	Upper                      // has at least two letters, all of them upper-case
	Digit                      // contains a digit
	Number                     // consists of digits and their separators: 1,234.5 is one word, with the hash of 1234.5
	Sentence                   // begins a sentence
	Line                       // begins a line
	Foreign                    // contains a character beyond ASCII
	Gap                        // the text before it was not read: the first word of the tail
	Question                   // begins a sentence that follows a question mark
	Plain                      // is spelled in ASCII letters and digits only, and begins with a letter
	Inner                      // is plain, and has an upper-case letter after its first character
	Hidden                     // is spelled so that people do not see it, or see another word: see disguise.go
)

// Is reports whether any of the flags is set.
func (f Flags) Is(flags Flags) bool { return f&flags != 0 }

// Script is a family of letters.
type Script uint8

// The scripts that are distinguished.
const (
	Latin Script = iota // beyond ASCII, such as ä and ł; ASCII letters are not counted
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

// Scripts counts letters by their script.
type Scripts [scripts]uint32

// Text is a text split into words. The zero value is ready to use; Read reuses the memory.
type Text struct {
	Source string
	Words  []Word
	// Scripts counts the letters beyond ASCII by their script.
	Scripts Scripts
	// Asks reports whether a sentence ends with a question mark.
	Asks bool
	// Cut reports whether the middle of the source was left out.
	Cut bool
}

// Of returns the source of a run of words.
func (t *Text) Of(run []Word) string {
	if len(run) == 0 {
		return ""
	}
	return t.Source[run[0].Start:run[len(run)-1].End]
}

// Hash returns the hash of the first word of a text.
func Hash(word string) uint32 {
	var t Text
	t.Read(word)
	if len(t.Words) == 0 {
		return 0
	}
	return t.Words[0].Hash
}

// Hashes returns the hashes of the words of a text.
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
	t.Scripts, t.Asks, t.Cut = Scripts{}, false, false
	if len(source) <= MaxHead+MaxTail {
		t.read(0, len(source), Sentence|Line)
		return
	}
	t.Cut = true
	t.read(0, boundary(source, MaxHead), Sentence|Line)
	t.read(boundary(source, len(source)-MaxTail), len(source), Gap)
}

// Copy makes t a copy of from, with another source of the same text.
func (t *Text) Copy(from *Text, source string) {
	t.Words = append(t.Words[:0], from.Words...)
	list := t.Words
	*t = *from
	t.Source, t.Words = source, list
}

// boundary returns a place between two words, at or shortly before i.
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
	other  = iota // separates words, without a meaning here
	space         // ASCII white space except the line feed
	letter        // ASCII
	digit
	apostrophe // left out inside a word: can't is cant
	stop       // ends a sentence if white space follows
	feed       // line feed
	escape     // begins a JSON escape
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
			for { // while single spaces separate the words
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
	t.Words = despace(list, len(t.Words), s)
}
