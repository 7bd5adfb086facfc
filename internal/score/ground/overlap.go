// Package ground compares an answer with other texts of its call. Groundedness compares it with documents and tool
// results, relevance with the question. Both compare words, numbers and names; neither understands a sentence. The
// README describes what this can and cannot detect.
package ground

import (
	"math"
	"slices"
	"sync"

	"github.com/faultline-otel/faultline/internal/words"
)

// stem returns what words are compared by: the first letters of a word, so that endings do not matter; all of a number.
func stem(source string, w *words.Word) uint32 {
	if w.Flags.Is(words.Foreign | words.Digit) {
		return w.Hash | 1
	}
	const seed, prime = 2166136261, 16777619
	if end := int(w.Start) + stemLetters; w.Flags.Is(words.Plain) && end <= len(source) {
		// No branch depends on the length of the word, because a processor cannot predict it.
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

// Overlap compares an answer with texts. Get one from NewOverlap and return it with Release, which reuses its memory.
type Overlap struct {
	texts        []*words.Text
	common       []bool // for each word of the texts, whether it is common
	indexed      int    // how many of the texts are in the sets
	stems, pairs set
	asked        set // words of the question, common ones aside
	answer       []answerWord
	question     []wordOf
	line         []place // the words of a held text, common ones aside
	latest       []int32 // for each slot of stems, the latest place of its word in line
	wanted       sieve   // pairs that a single comparison looks up
	negated      bool
	cut          bool    // a text was too long to be read in full
	farthest     passage // the sentence of the last answer with the most that the texts do not have
	content      int     // words of the texts that are not common
	plain        int     // words that are
	all          int
	subject      subject
}

// passage is a sentence of an answer: its number, and its words.
type passage struct{ number, from, upto int }

// maxTexts and maxWords bound the memory that is kept between calls.
const (
	maxTexts = 64
	maxWords = 1 << 16
)

var overlaps = sync.Pool{New: func() any { return new(Overlap) }}

// NewOverlap returns an Overlap without texts.
func NewOverlap() *Overlap {
	o := overlaps.Get().(*Overlap) //nolint:forcetypeassert // the pool holds nothing else
	o.stems.reset()
	o.pairs.reset()
	o.asked.reset()
	o.indexed, o.negated, o.cut, o.content, o.plain, o.all, o.subject = 0, false, false, 0, 0, 0, subject{}
	return o
}

// Release returns the Overlap, which must not be used any more.
func (o *Overlap) Release() {
	clear(o.texts) // they belong to the call
	if o.texts = o.texts[:0]; cap(o.texts) > maxTexts {
		o.texts = nil
	}
	if cap(o.answer) > maxWords {
		o.answer, o.line, o.question = nil, nil, nil
	}
	if o.common = o.common[:0]; cap(o.common) > maxWords {
		o.common = nil
	}
	overlaps.Put(o)
}

// Prose reports whether the texts contain enough sentences. Records, tables and error messages are not prose: an answer
// describes them in words that they do not contain.
func (o *Overlap) Prose() bool {
	return o.content >= minProse && o.plain >= minPlain && o.plain*6 >= o.all
}

const (
	minProse = 6
	minPlain = 4
)

// neighbours is how many of the next words, common ones aside, count as neighbours of a word.
const neighbours = 3

// Add adds a text to compare with, which must not change until Release. It only counts words, which is enough for
// Prose. The first comparison fills the sets, and most tool results never get that far because they are not prose.
func (o *Overlap) Add(t *words.Text) {
	o.texts = append(o.texts, t)
	o.all += len(t.Words)
	o.cut = o.cut || t.Cut
	list := slices.Grow(o.common, len(t.Words))
	for i := range t.Words {
		k := kindOf(&t.Words[i])
		if k&negation != 0 {
			o.negated = true
		}
		without := k&common != 0
		if without {
			o.plain++
		}
		list = append(list, without)
	}
	o.content = o.all - o.plain
	o.common = list
}

// minMaterial is the least length of a question that holds what its answer is made of, in bytes.
const minMaterial = 400

// Ask adds the question, which must not change until Release. What an answer repeats of it counts neither for the
// answer nor against it, unless the question is long: then it is a text to compare with.
func (o *Overlap) Ask(t *words.Text) {
	if len(t.Source) >= minMaterial {
		o.Add(t)
		return
	}
	for i := range t.Words {
		if w := &t.Words[i]; kindOf(w)&common == 0 {
			o.asked.add(stem(t.Source, w))
		}
	}
}

// index adds the words of new texts to the sets.
func (o *Overlap) index() {
	if o.indexed == len(o.texts) {
		return
	}
	all := 0
	for _, t := range o.texts[o.indexed:] {
		all += len(t.Words)
	}
	o.stems.reserve(all)
	o.pairs.reserve(min(all, o.content) * neighbours)
	common := o.common[len(o.common)-all:]
	for _, t := range o.texts[o.indexed:] {
		var last [neighbours]uint32
		for i := range t.Words {
			h := stem(t.Source, &t.Words[i])
			o.stems.add(h)
			if common[i] {
				continue
			}
			for _, before := range last {
				if before != 0 {
					o.pairs.add(pair(before, h))
				}
			}
			last[2], last[1], last[0] = last[1], last[0], h
		}
		common = common[len(t.Words):]
	}
	o.indexed = len(o.texts)
}

// hold reads a text and adds its words to the set, as the only one. The words stay in answer.
func (o *Overlap) hold(t *words.Text) {
	o.read(t, false)
	o.stems.reserve(len(o.answer))
	if o.latest == nil {
		o.latest = make([]int32, 1<<largeSet)
	}
	o.line = append(o.line[:0], place{}, place{}, place{}) // so that each word has neighbours
	for i := range o.answer {
		w := &o.answer[i]
		size := o.stems.size
		w.slot = o.stems.add(w.stem)
		if o.stems.size > size {
			o.latest[w.slot] = 0
		}
		if w.kind&common != 0 {
			continue
		}
		o.line = append(o.line, place{stem: w.stem, before: o.latest[w.slot]})
		o.latest[w.slot] = int32(len(o.line) - 1)
	}
	o.content = len(o.line) - neighbours
}

// wordOf is a word of a question: its index and kind.
type wordOf struct {
	at   int32
	kind kind
}

// uncommon lists the words of a text that are not common, until it is called again, and returns the kinds of all words.
// No branch depends on a word, because a processor cannot predict it.
func (o *Overlap) uncommon(t *words.Text) (list []wordOf, all kind) {
	o.question = slices.Grow(o.question[:0], len(t.Words))
	list = o.question[:len(t.Words)]
	n := 0
	for i := range t.Words {
		k := kindOf(&t.Words[i])
		all |= k
		list[n] = wordOf{int32(i), k}
		n += int(1 - k&common)
	}
	return list[:n], all
}

// place is a word of a text that is not common, and where the text has it before: its index in line, or 0.
type place struct {
	stem   uint32
	before int32
}

// follows reports whether a word of the held text, in a slot of its set, has another word just before it, common ones
// aside. It looks at the latest places only.
func (o *Overlap) follows(before, slot uint32) bool {
	const most = 64
	at := o.latest[slot]
	for range most {
		if at < neighbours {
			return false
		}
		w := o.line[at-neighbours:][:neighbours]
		if w[0].stem == before || w[1].stem == before || w[2].stem == before {
			return true
		}
		at = o.line[at].before
	}
	return false
}

// indexWanted is index for a single comparison. It marks those stems of the answer that are in the texts, and adds
// only pairs that the answer looks up.
func (o *Overlap) indexWanted() {
	common := o.common
	for _, t := range o.texts {
		var last [neighbours]uint32
		for i := range t.Words {
			h := stem(t.Source, &t.Words[i])
			o.stems.mark(h)
			if common[i] {
				continue
			}
			// One branch for all three, because hardly any pair is wanted.
			if o.wanted.has(pair(last[0], h)) || o.wanted.has(pair(last[1], h)) || o.wanted.has(pair(last[2], h)) {
				for _, before := range last {
					if p := pair(before, h); before != 0 && o.wanted.has(p) {
						o.pairs.add(p)
					}
				}
			}
			last[2], last[1], last[0] = last[1], last[0], h
		}
		common = common[len(t.Words):]
	}
	o.indexed = len(o.texts)
}

func pair(a, b uint32) uint32 { return (a*0x85ebca6b+b)*0xc2b2ae35 | 1 }

// answerWord is a word of an answer.
type answerWord struct {
	stem, slot uint32 // slot is the place of the stem in the set, where hold or a single comparison put it
	kind       kind
}

// read reads the words of an answer. For a single comparison it also collects what the comparison will look up.
func (o *Overlap) read(t *words.Text, only bool) {
	o.answer = slices.Grow(o.answer[:0], len(t.Words))
	if !only {
		for i := range t.Words {
			w := &t.Words[i]
			o.answer = append(o.answer, answerWord{stem: stem(t.Source, w), kind: kindOf(w)})
		}
		return
	}
	o.wanted = sieve{}
	o.stems.reserve(len(t.Words))
	var one, two uint32
	for i := range t.Words {
		w := &t.Words[i]
		h, k := stem(t.Source, w), kindOf(w)
		o.answer = append(o.answer, answerWord{stem: h, slot: o.stems.put(h), kind: k})
		if k&common != 0 {
			continue
		}
		o.wanted.add(pair(one, h))
		o.wanted.add(pair(h, one))
		o.wanted.add(pair(two, h))
		two, one = one, h
	}
}

// The features of an answer and its sources.
const (
	novelContent = iota // share of the words that the sources do not have, common ones aside
	novelLong           // the same, of long words
	novelPairs          // share of neighbours that are not neighbours in the sources
	novelNumbers        // share of the numbers
	numbers             // how many novel numbers, to 3
	novelNames          // share of the capitalised words within sentences
	names               // how many novel names, to 4
	edited              // share of words that are novel, between two neighbours of the sources
	edits               // how many, to 4
	negated             // number of negations, halved if the sources have some
	chat                // share of words about the speaker
	asks                // whether it asks a question
	worst               // the greatest share of novel words in a sentence
	covered             // share of the sources' words that it uses, roughly
	length              // logarithm of its number of words
	sourceLength        // the same of the sources
	novel6              // how many novel words, common ones aside, to 6
	single              // share of sentences with a single novel word
	apart               // share of neighbours that are both in the sources, but not as neighbours
	GroundedFeatures
)

// Grounded fills the features of an answer. It reports false if there is too little to compare.
func (o *Overlap) Grounded(t *words.Text, f *[GroundedFeatures]float32) bool {
	return o.grounded(t, f, false)
}

// grounded is Grounded. If only is set, no other answer may be compared with the same texts.
func (o *Overlap) grounded(t *words.Text, f *[GroundedFeatures]float32, only bool) bool {
	*f = [GroundedFeatures]float32{}
	// Texts that overflow the sets must give the same result in both ways.
	only = only && o.indexed == 0 && max(len(t.Words), o.all, o.content*neighbours) <= room(largeSet)
	if o.read(t, only); only {
		o.indexWanted()
	} else {
		o.index()
	}
	var content, novel, long, longNovel, pairs, pairNovel, nums, numNovel, nms, nameNovel, edit, negs, chats int
	sentenceContent, sentenceNovel := 0, 0
	sentences, singles, apartPairs, knownPairs := 0, 0, 0, 0
	at, most := passage{}, 0
	o.farthest = passage{1, 0, len(t.Words)}
	endSentence := func(upto int) {
		if sentenceContent > 0 {
			sentences++
			if sentenceNovel == 1 {
				singles++
			}
		}
		if sentenceContent >= 3 {
			f[worst] = max(f[worst], float32(sentenceNovel)/float32(sentenceContent))
		}
		if sentenceNovel > most {
			at.upto = upto
			o.farthest, most = at, sentenceNovel
		}
		sentenceContent, sentenceNovel = 0, 0
		at.number, at.from = at.number+1, upto
	}
	var one, two uint32 // the two words before, common ones aside
	oneNovel := false
	for i := range t.Words {
		w := &t.Words[i]
		if w.Flags.Is(words.Sentence) {
			endSentence(i)
		}
		h, k := o.answer[i].stem, o.answer[i].kind
		if k&common == 0 && o.asked.size > 0 && o.asked.has(h) {
			continue
		}
		known := false
		if only {
			known = o.stems.isMarked(o.answer[i].slot)
		} else {
			known = o.stems.has(h)
		}
		if k&negation != 0 {
			negs++
		}
		if k&talk != 0 {
			chats++
		}
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
	endSentence(len(t.Words))
	if content < 2 || o.content < 4 {
		return false
	}
	share := func(a, b int) float32 { return float32(a) / float32(max(b, 1)) }
	f[novelContent], f[novelLong] = share(novel, content), share(longNovel, long)
	f[novelPairs] = share(pairNovel, pairs)
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
