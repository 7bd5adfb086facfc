package text

import (
	"github.com/faultline-otel/faultline/internal/words"
)

// Shapes appends how each word of a text looks: whether it is known, how it is spelled, what stands before it, and whether
// the two words before and at it are known to follow each other. The tail of an optimiser is known from this alone.
func Shapes(list []words.Word, t *words.Text, v *Vocabulary) []words.Word {
	before := words.Word{}
	familiar := false
	for i := range t.Words {
		w := &t.Words[i]
		k := kind(t.Source[w.Start:w.End], w, v)
		id := k << 5
		if i > 0 && !w.Flags.Is(words.Gap) {
			id |= between(t.Source[before.End:w.Start]) << 1
			if k <= kindCapital && familiar && v.pair(before.Hash, w.Hash) {
				id |= 1
			}
		}
		familiar = k <= kindCapital
		list = append(list, words.Word{Hash: (id + 1) * 0x9e3779b1, Start: w.Start, End: w.End, Flags: w.Flags & words.Gap})
		before = *w
	}
	return list
}

// The kinds of words.
const (
	kindKnown   = iota // in small letters
	kindCapital        // known, with a capital
	kindUpper
	kindRare // in small letters, not known
	kindRareCapital
	kindHump // capitals after small letters
	kindNumber
	kindMixed // letters and digits
	kindForeign
	kindLetter // one letter that is no word
)

func kind(s string, w *words.Word, v *Vocabulary) uint32 {
	switch {
	case w.Flags.Is(words.Number):
		return kindNumber
	case w.Flags.Is(words.Digit):
		return kindMixed
	case w.Flags.Is(words.Upper):
		return kindUpper
	case hump(s):
		return kindHump
	case v.knows(w.Hash):
		if w.Flags.Is(words.Capital) {
			return kindCapital
		}
		return kindKnown
	case w.Flags.Is(words.Foreign):
		return kindForeign
	case len(s) == 1:
		return kindLetter
	case w.Flags.Is(words.Capital):
		return kindRareCapital
	}
	return kindRare
}

// hump reports whether a capital letter follows a small one.
func hump(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i]-'A' < 26 && s[i-1]-'a' < 26 {
			return true
		}
	}
	return false
}

// The kinds of what stands between two words.
const (
	gapSpace    = iota
	gapNothing  // where a word ends by its characters alone
	gapComma    // , ; and : with a space
	gapEnd      // . ! ? with a space
	gapLine     // a line begins, maybe with a bullet
	gapDash     // - and ' within a word, – between
	gapDot      // . / _ : @ without a space
	gapBracket  // one bracket, with a space
	gapTight    // one bracket without a space
	gapQuote    // a quotation mark with a space
	gapOperator // one mark of code with spaces
	gapGlued    // one mark of code without a space
	gapPair     // two marks of the same kind
	gapMixed    // two kinds of marks
	gapWild     // more kinds
	gapLong
)

// Classes of marks.
var marks = func() (c [256]uint8) {
	for b, class := range map[string]uint8{
		"\t\r\x20": 1, "\n": 2, ",;:": 4, ".!?": 8, "()[]{}<>": 16, "\"'`": 32, "\\*_=+^~@$%&#|/": 64, "-": 128,
	} {
		for i := range len(b) {
			c[b[i]] = class
		}
	}
	for b := 0x80; b < 256; b++ {
		c[b] = 128
	}
	return c
}()

func between(s string) uint32 {
	switch len(s) {
	case 0:
		return gapNothing
	case 1:
		switch marks[s[0]] {
		case 1:
			return gapSpace
		case 2:
			return gapLine
		case 128:
			return gapDash
		case 4, 8:
			return gapDot
		case 16:
			return gapTight
		case 32:
			return gapGlued
		}
		if s[0] == '/' || s[0] == '_' || s[0] == '@' {
			return gapDot
		}
		return gapGlued
	}
	if len(s) > 24 {
		return gapLong
	}
	seen, n := uint8(0), 0
	for i := range len(s) {
		m := marks[s[i]]
		seen |= m
		if m > 2 {
			n++
		}
	}
	spaced := seen&3 != 0
	if seen&2 != 0 && seen&(16|32|64) == 0 {
		return gapLine
	}
	switch kinds := seen &^ 3; {
	case n == 0:
		return gapSpace
	case kinds == 4 && n == 1:
		return gapComma
	case kinds == 8 && n <= 3:
		return gapEnd
	case kinds == 128:
		return gapDash
	case kinds&(kinds-1) == 0 && n == 1:
		switch kinds {
		case 16:
			return gapBracket
		case 32:
			return gapQuote
		}
		return gapOperator
	case kinds&(kinds-1) == 0 || seen&2 != 0 && spaced:
		return gapPair
	case kinds == 8|32 || kinds == 4|32 || kinds == 8|16 || kinds == 4|16:
		if spaced && n == 2 { // the end of a quotation, of a remark
			return gapQuote
		}
		return gapMixed
	case n == 2 || n == 3 && kinds&64 == 0:
		return gapMixed
	}
	return gapWild
}
