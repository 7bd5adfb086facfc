package text

import (
	"maps"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/words"
)

// lexicon finds words and phrases of lists in a text. Each list stands for a class, which is a bit.
type lexicon struct {
	table  *words.Table // the classes of a word, and begins
	idioms map[uint32][]idiom
}

// idiom is a run of words without its first.
type idiom struct {
	rest    []uint32
	classes uint32
}

// begins marks the words that an idiom begins with.
const begins = 1 << 31

// newLexicon makes a lexicon of lists, whose entries are separated by commas.
func newLexicon(lists map[uint32]string) *lexicon {
	single, l := map[uint32][]string{}, &lexicon{idioms: map[uint32][]idiom{}}
	for _, class := range slices.Sorted(maps.Keys(lists)) {
		for entry := range strings.SplitSeq(lists[class], ",") {
			h := words.Hashes(entry)
			if len(h) == 0 {
				continue
			}
			if len(h) == 1 {
				single[class] = append(single[class], entry)
				continue
			}
			var first words.Text
			first.Read(entry)
			single[begins] = append(single[begins], first.Of(first.Words[:1]))
			l.idioms[h[0]] = append(l.idioms[h[0]], idiom{h[1:], class})
		}
	}
	for _, list := range l.idioms { // the longest first
		slices.SortStableFunc(list, func(a, b idiom) int { return len(b.rest) - len(a.rest) })
	}
	l.table = words.NewTable(single)
	return l
}

// may reports whether something may begin at a word. It is false for most words with which nothing begins, and small
// enough for the compiler to put it into a loop.
func (l *lexicon) may(list []words.Word, i int) bool { return l.table.May(list[i].Hash) }

// at returns the classes of what begins at a word, and its number of words. The longest phrase counts before the word.
func (l *lexicon) at(list []words.Word, i int) (classes uint32, n int) {
	classes = l.table.Of(list[i].Hash)
	if classes&begins != 0 {
		for _, p := range l.idioms[list[i].Hash] {
			if p.in(list[i+1:]) {
				return p.classes, len(p.rest) + 1
			}
		}
	}
	return classes &^ begins, 1
}

func (p *idiom) in(list []words.Word) bool {
	if len(list) < len(p.rest) {
		return false
	}
	for k, h := range p.rest {
		if list[k].Hash != h || list[k].Flags.Is(words.Gap) {
			return false
		}
	}
	return true
}
