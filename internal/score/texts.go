package score

import (
	"unsafe"

	"github.com/faultline-otel/faultline/internal/words"
)

// texts are the texts of one call that scorers have looked at. The memory for their words is reused for the next call.
type texts struct {
	seen  []seen
	words []*words.Text
	read  int // how many of words are in use
}

// seen is what the result knows about a text.
type seen struct {
	source string
	words  *words.Text // nil until read
	key    uint64      // 0 until computed
}

// maxKept and maxKeptWords bound the memory that is kept between calls. maxSeen bounds the search for a text: in a
// call with more texts, some are read and hashed again for each scorer.
const (
	maxKept      = 16
	maxKeptWords = 4096
	maxSeen      = 64
)

// Words reads a text of the call, once for all scorers. The result is valid until Reset.
func (r *Result) Words(text string) *words.Text {
	known := r.texts.of(text)
	if known.words == nil {
		known.words = r.texts.next()
		known.words.Read(text)
	}
	return known.words
}

// SharedWords is Words for a text that other calls are likely to have, too: a message that becomes history, or a tool
// result.
func (r *Result) SharedWords(text string) *words.Text {
	if len(text) > maxShared {
		return r.Words(text)
	}
	known := r.texts.of(text)
	if known.words == nil {
		known.words = r.texts.next()
		shared.read(known.words, text, known.hash())
	}
	return known.words
}

// Key returns the key of a text for a Memo. It is computed once for all scorers.
func (r *Result) Key(text string) uint64 { return r.texts.of(text).hash() }

func (s *seen) hash() uint64 {
	if s.key == 0 {
		s.key = keyOf(s.source)
	}
	return s.key
}

// of returns the entry of a text. The entry is valid until the next call of of.
func (t *texts) of(text string) *seen {
	for i := range t.seen {
		// The same memory is the same text; equal texts elsewhere in a call are rare.
		if known := &t.seen[i]; sameMemory(known.source, text) {
			return known
		}
	}
	if len(t.seen) == maxSeen {
		t.seen = t.seen[:maxSeen-1]
	}
	t.seen = append(t.seen, seen{source: text})
	return &t.seen[len(t.seen)-1]
}

func sameMemory(a, b string) bool {
	return len(a) == len(b) && unsafe.StringData(a) == unsafe.StringData(b) //nolint:gosec // compared, never followed
}

// next returns memory for the words of a text.
func (t *texts) next() *words.Text {
	if t.read == len(t.words) {
		t.words = append(t.words, new(words.Text))
	}
	t.read++
	return t.words[t.read-1]
}

func (t *texts) reset() {
	clear(t.seen) // the texts belong to the call
	t.seen = t.seen[:0]
	if len(t.words) > maxKept {
		clear(t.words[maxKept:])
		t.words = t.words[:maxKept]
	}
	for _, read := range t.words[:min(t.read, len(t.words))] {
		read.Source = ""
		if cap(read.Words) > maxKeptWords {
			read.Words = nil
		}
	}
	t.read = 0
}
