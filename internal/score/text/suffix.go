package text

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/language"
	"github.com/faultline-otel/faultline/internal/words"
)

// The bounds of a suffix. Optimisers append about twenty tokens to a request of one or two sentences.
const (
	suffixWords  = 16   // of the end of a prompt that are looked at
	suffixLeast  = 10   // words of a prompt
	suffixLength = 2048 // bytes of a prompt: brackets of a longer one are not matched
	suffixSigns  = 6    // twice the lone brackets, and oddSigns
	suffixSure   = 10   // so many signs, with at least two lone brackets, are enough in any language
)

// endsInSuffix reports whether a prompt ends in what an optimiser appends: words of no language that are joined by
// many different marks, with brackets that belong to no other. Code has the marks, but its brackets match. Prose has
// neither. Some suffixes hold enough common words to look like a language, so very many signs decide alone.
func endsInSuffix(t *words.Text) bool {
	list := t.Words
	if len(list) < suffixLeast || len(t.Source) > suffixLength {
		return false
	}
	from := max(0, len(list)-suffixWords)
	tail := list[from:]
	lone := loneBrackets(t.Source, int(tail[0].Start))
	if lone == 0 {
		return false
	}
	signs := 2*lone + oddSigns(t.Source, tail)
	if lone > 1 && signs >= suffixSure {
		return true
	}
	if signs < suffixSigns {
		return false
	}
	votes := language.CountPart(t, from, len(list))
	return votes.Best(1) == language.Unknown
}

// loneBrackets counts the brackets from a byte on that match no other bracket of a text. Brackets of numbered items and
// of faces are left out.
func loneBrackets(s string, from int) (lone int) {
	var room [32]int
	open := room[:0] // offsets of the brackets that are not closed yet
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(', '[', '{':
			if len(open) < cap(open) {
				open = append(open, i)
			}
		case ')', ']', '}':
			switch {
			case len(open) > 0 && matches(s[open[len(open)-1]], s[i]):
				open = open[:len(open)-1]
			case i >= from && !numbers(s, i):
				lone++
			}
		}
	}
	for _, i := range open {
		if i >= from {
			lone++
		}
	}
	return lone
}

func matches(open, closing byte) bool {
	return closing == ')' && open == '(' || open != '(' && closing == open+2
}

// numbers reports whether a bracket ends the number of an item, as in "a)" and "12)", or the mouth of a face.
func numbers(s string, i int) bool {
	before := s[max(0, i-4):i]
	if strings.HasSuffix(before, ":") || strings.HasSuffix(before, ";") || strings.HasSuffix(before, "-") {
		return true
	}
	start := strings.LastIndexAny(before, " \n\t.,;:：；，。") + 1
	item := strings.Trim(before[start:], "0123456789")
	return len(before[start:]) > 0 && len(item) <= 1
}

// oddSigns counts the signs of disorder in a run of words: kinds of marks between words, marks without a space, and
// words with changes of case.
func oddSigns(s string, tail []words.Word) (n int) {
	var gaps [suffixWords]string
	kinds := 0
	for i := range tail {
		if w := &tail[i]; w.Flags.Is(words.Inner) {
			n += min(1, int(humps(s[w.Start:w.End])))
		}
		if i == 0 {
			continue
		}
		gap := s[tail[i-1].End:tail[i].Start]
		if strings.Trim(gap, " \n\t,.:;'-/") == "" {
			continue
		}
		if !strings.ContainsAny(gap, " \n\t") {
			n++
		}
		gap = strings.TrimSpace(gap)
		known := false
		for _, g := range gaps[:kinds] {
			known = known || g == gap
		}
		if !known {
			gaps[kinds] = gap
			kinds++
		}
	}
	return n + kinds
}
