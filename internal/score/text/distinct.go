package text

import (
	"sync"

	"github.com/faultline-otel/faultline/internal/words"
)

// phrase is how many words in a row count once, however often a text holds them.
const phrase = 4

// phraseBits is the size of the table of phrases, as a power of two.
const phraseBits = 10

var distinctTexts = sync.Pool{New: func() any { return new(words.Text) }}

// distinct returns a copy of a text without repeated phrases, or nil if no phrase repeats. The caller must release the
// copy. Without it, a sum over words would grow with every repetition of a sentence.
func distinct(t *words.Text) *words.Text {
	list := t.Words
	var seen [1 << phraseBits]uint16 // the index of the last word of a phrase, + 1
	var d *words.Text
	kept := 0 // how many words before this one are in d without a break
	for i := range list[:min(len(list), maxTokens)] {
		if i < phrase-1 {
			continue
		}
		h := list[i-3].Hash
		for k := i - 2; k <= i; k++ {
			h = h*0x85ebca6b + list[k].Hash
		}
		place := h * 0x9e3779b1 >> (32 - phraseBits)
		before := int(seen[place]) - 1
		if before >= 0 && samePhrase(list, i, before) {
			if d == nil {
				d = distinctTexts.Get().(*words.Text) //nolint:forcetypeassert // the pool holds nothing else
				d.Source, d.Words, kept = t.Source, append(d.Words[:0], list[:i]...), i
			}
			again := min(kept, phrase-1, i-1-before) // words of the phrase that are in d
			d.Words, kept = d.Words[:len(d.Words)-again], 0
			continue
		}
		seen[place] = uint16(i + 1)
		if d != nil {
			w := list[i]
			if kept++; kept == 1 {
				w.Flags |= words.Gap // its neighbour is not the word before it
			}
			d.Words = append(d.Words, w)
		}
	}
	return d
}

// release returns a text of distinct.
func release(d *words.Text) {
	if d.Source = ""; cap(d.Words) <= maxTokens {
		distinctTexts.Put(d)
	}
}

func samePhrase(list []words.Word, i, j int) bool {
	for k := range phrase {
		if list[i-k].Hash != list[j-k].Hash {
			return false
		}
	}
	return true
}
