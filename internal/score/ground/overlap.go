// Package ground holds an answer against what it should stand on: groundedness against the documents and tool results of the
// call, relevance against the question. Both compare words, numbers and names; neither understands a sentence. The README
// tells what that can do and what it cannot.
package ground

import (
	"math"
	"slices"
	"sync"

	"github.com/faultline-otel/faultline/internal/words"
)

// stem is what words are compared by: the first letters of a word, so that endings make no difference; all of a number.
func stem(source string, w *words.Word) uint32 {
	if w.Flags.Is(words.Foreign | words.Digit) {
		return w.Hash | 1
	}
	const seed, prime = 2166136261, 16777619
	if end := int(w.Start) + stemLetters; w.Flags.Is(words.Plain) && end <= len(source) {
		// Without a branch that depends on how long the word is, which no processor can tell beforehand.
		s, n := source[w.Start:end], w.End-w.Start
		h := (seed ^ uint32(s[0]|0x20)) * prime
		if longer := (h ^ uint32(s[1]|0x20)) * prime; n > 1 {
			h = longer
		}
		if longer := (h ^ uint32(s[2]|0x20)) * prime; n > 2 {
			h = longer
		}
		if longer := (h ^ uint32(s[3]|0x20)) * prime; n > 3 {
			h = longer
		}
		if longer := (h ^ uint32(s[4]|0x20)) * prime; n > 4 {
			h = longer
		}
		return h | 1
	}
	h := uint32(seed)
	for i, n := w.Start, 0; i < w.End && n < stemLetters; i++ {
		if c := source[i] | 0x20; c >= 'a' && c <= 'z' {
			h = (h ^ uint32(c)) * prime
			n++
		}
	}
	return h | 1
}

const stemLetters = 5

// set is a set of hashes. Emptying it costs nothing: what belongs to another round is not there. It uses no more memory than
// what goes in needs: a small one stays in the fastest.
type set struct {
	slots []uint64 // marked | round << 32 | hash
	round uint64   // at most 31 bits
	bits  uint8    // slots in use, as a power of two
	size  int
}

const (
	smallSet = 10
	largeSet = 14

	marked = 1 << 63
)

func (s *set) reset() {
	if s.slots == nil {
		s.slots = make([]uint64, 1<<largeSet)
	}
	s.begin(smallSet)
}

// begin empties the set and gives it so many slots.
func (s *set) begin(bits uint8) {
	if s.round++; s.round == marked>>32 {
		clear(s.slots)
		s.round = 1
	}
	s.bits, s.size = bits, 0
}

// room is how many hashes the set takes with so many slots.
func room(bits uint8) int { return 1 << bits * 3 / 4 }

// reserve makes room for so many hashes more, or for as many as there is memory for.
func (s *set) reserve(n int) {
	bits := s.bits
	for bits < largeSet && s.size+n > room(bits) {
		bits++
	}
	if bits == s.bits {
		return
	}
	var kept []uint64
	if s.size > 0 { // hardly ever: texts come all at once
		kept = slices.Clone(s.slots[:1<<s.bits])
	}
	round := s.round
	s.begin(bits)
	for _, key := range kept {
		if key&^marked>>32 == round {
			i := s.put(uint32(key))
			s.slots[i] |= key & marked
		}
	}
}

// add puts a hash in. A set that is nearly full takes no more.
func (s *set) add(h uint32) {
	if s.size < room(s.bits) {
		s.put(h)
	}
}

func (s *set) put(h uint32) (slot uint32) {
	i, there := s.find(h)
	if !there {
		s.slots[i] = s.round<<32 | uint64(h)
		s.size++
	}
	return i
}

func (s *set) has(h uint32) bool {
	_, there := s.find(h)
	return there
}

// mark reports whether a hash is there, and makes it one that isMarked.
func (s *set) mark(h uint32) bool {
	i, there := s.find(h)
	if there {
		s.slots[i] |= marked
	}
	return there
}

func (s *set) isMarked(h uint32) bool {
	i, there := s.find(h)
	return there && s.slots[i]&marked != 0
}

// find is the slot of a hash, or the one where it belongs: some are always free.
func (s *set) find(h uint32) (slot uint32, there bool) {
	key, mask := s.round<<32|uint64(h), uint32(1)<<s.bits-1
	for i := h * 0x9e3779b1 >> (32 - s.bits); ; i = (i + 1) & mask {
		switch known := s.slots[i] &^ marked; {
		case known == key:
			return i, true
		case known>>32 != s.round:
			return i, false
		}
	}
}

// Overlap compares an answer with texts. Get one with NewOverlap and give it back with Release: its memory is used again.
type Overlap struct {
	texts        []*words.Text // that were added
	indexed      int           // how many of them are in the sets
	stems, pairs set
	negated      bool
	content      int // words with a meaning in the texts
	plain        int // words without
	all          int
	subject      subject
}

// maxTexts bounds the texts whose place is kept between calls.
const maxTexts = 64

var overlaps = sync.Pool{New: func() any { return new(Overlap) }}

// NewOverlap is one without texts.
func NewOverlap() *Overlap {
	o := overlaps.Get().(*Overlap) //nolint:forcetypeassert // the pool holds nothing else
	o.stems.reset()
	o.pairs.reset()
	o.indexed, o.negated, o.content, o.plain, o.all, o.subject = 0, false, 0, 0, 0, subject{}
	return o
}

// Release gives it back.
func (o *Overlap) Release() {
	clear(o.texts) // they belong to the call
	if o.texts = o.texts[:0]; cap(o.texts) > maxTexts {
		o.texts = nil
	}
	overlaps.Put(o)
}

// Prose reports whether the texts say enough in sentences for an answer to repeat it in words of its own. A record, a table or an
// error message do not: what an answer says of them stands nowhere in them.
func (o *Overlap) Prose() bool {
	return o.content >= minProse && o.plain >= minPlain && o.plain*6 >= o.all
}

const (
	minProse = 6
	minPlain = 4
)

// neighbours is how many words with a meaning stand between two that are still neighbours.
const neighbours = 3

// Add adds a text to compare with, which must stay as it is until Release. Its words are counted at once, which tells prose, and
// looked at closer when an answer is first held against them: most results of tools are no prose, and never are.
func (o *Overlap) Add(t *words.Text) {
	o.texts = append(o.texts, t)
	o.all += len(t.Words)
	for i := range t.Words {
		k := kindOf(&t.Words[i])
		if k&negation != 0 {
			o.negated = true
		}
		if k&common != 0 {
			o.plain++
		} else {
			o.content++
		}
	}
}

// index puts the words of the texts that were added since into the sets.
func (o *Overlap) index() {
	all := 0
	for _, t := range o.texts[o.indexed:] {
		all += len(t.Words)
	}
	if all == 0 {
		return
	}
	o.stems.reserve(all)
	o.pairs.reserve(min(all, o.content) * neighbours)
	for _, t := range o.texts[o.indexed:] {
		var last [neighbours]uint32
		for i := range t.Words {
			w := &t.Words[i]
			h := stem(t.Source, w)
			o.stems.add(h)
			if kindOf(w)&common != 0 {
				continue
			}
			for _, before := range last {
				if before != 0 {
					o.pairs.add(pair(before, h))
				}
			}
			last[2], last[1], last[0] = last[1], last[0], h
		}
	}
	o.indexed = len(o.texts)
}

func pair(a, b uint32) uint32 { return (a*0x85ebca6b+b)*0xc2b2ae35 | 1 }

// The features of an answer against its sources.
const (
	novelContent = iota // share of the words with a meaning that the sources do not have
	novelLong           // the same, of long words
	novelPairs          // share of neighbours that are none in the sources
	novelNumbers        // share of the numbers
	numbers             // how many novel numbers, to 3
	novelNames          // share of the capitalised words within sentences
	names               // how many novel names, to 4
	edited              // share of words that are novel between two that are neighbours in the sources
	edits               // how many, to 4
	negated             // negations, where the sources have none; a half where they do
	chat                // share of words that speak of the speaker
	asks                // whether it asks
	worst               // the greatest share of novel words in a sentence
	covered             // share of the sources' words that it uses, roughly
	length              // logarithm of its words
	sourceLength        // logarithm of the sources'
	novel6              // how many novel words with a meaning, to 6
	single              // share of sentences with a single novel word
	apart               // share of neighbours that are both known, and not together
	GroundedFeatures
)

// Grounded fills the features of an answer. It reports false where there is too little to compare.
func (o *Overlap) Grounded(t *words.Text, f *[GroundedFeatures]float32) bool {
	*f = [GroundedFeatures]float32{}
	o.index()
	var content, novel, long, longNovel, pairs, pairNovel, nums, numNovel, nms, nameNovel, edit, negs, chats int
	sentenceContent, sentenceNovel := 0, 0
	sentences, singles, apartPairs, knownPairs := 0, 0, 0, 0
	endSentence := func() {
		if sentenceContent > 0 {
			sentences++
			if sentenceNovel == 1 {
				singles++
			}
		}
		if sentenceContent >= 3 {
			f[worst] = max(f[worst], float32(sentenceNovel)/float32(sentenceContent))
		}
		sentenceContent, sentenceNovel = 0, 0
	}
	var one, two uint32 // the words with a meaning before
	oneNovel := false
	for i := range t.Words {
		w := &t.Words[i]
		if w.Flags.Is(words.Sentence) {
			endSentence()
		}
		k := kindOf(w)
		if k&negation != 0 {
			negs++
		}
		if k&talk != 0 {
			chats++
		}
		h := stem(t.Source, w)
		known := o.stems.has(h)
		switch {
		case w.Flags.Is(words.Digit):
			nums++
			if !known {
				numNovel++
			}
		case w.Flags.Is(words.Capital) && !w.Flags.Is(words.Sentence) && k&talk == 0:
			nms++
			if !known {
				nameNovel++
			}
		}
		if k&common != 0 {
			continue
		}
		content++
		sentenceContent++
		if !known {
			novel++
			sentenceNovel++
		}
		if w.End-w.Start >= 7 {
			long++
			if !known {
				longNovel++
			}
		}
		if one != 0 {
			pairs++
			together := o.pairs.has(pair(one, h)) || o.pairs.has(pair(h, one))
			if !together {
				pairNovel++
			}
			if known && !oneNovel {
				knownPairs++
				if !together {
					apartPairs++
				}
			}
		}
		if two != 0 && known && oneNovel && o.pairs.has(pair(two, h)) {
			edit++
		}
		two, one, oneNovel = one, h, !known
	}
	endSentence()
	if content < 2 || o.content < 4 {
		return false
	}
	share := func(a, b int) float32 { return float32(a) / float32(max(b, 1)) }
	f[novelContent], f[novelLong], f[novelPairs] = share(novel, content), share(longNovel, long), share(pairNovel, pairs)
	f[novelNumbers], f[numbers] = share(numNovel, nums), float32(min(numNovel, 3))
	f[novelNames], f[names] = share(nameNovel, nms), float32(min(nameNovel, 4))
	f[edited], f[edits] = share(edit, content), float32(min(edit, 4))
	f[negated] = float32(min(negs, 3))
	if o.negated {
		f[negated] /= 2
	}
	f[chat] = share(chats, len(t.Words))
	if t.Asks {
		f[asks] = 1
	}
	f[covered] = share(content-novel, o.content)
	f[novel6], f[single], f[apart] = float32(min(novel, 6)), share(singles, sentences), share(apartPairs, knownPairs)
	f[length], f[sourceLength] = logarithm(content), logarithm(o.content)
	return true
}

func logarithm(n int) float32 { return float32(math.Log1p(float64(n))) }
