package score

import (
	"sync"

	"github.com/faultline-otel/faultline/internal/words"
)

// shelf keeps the words of texts that were read, so that a text which comes again is not read again: a tool result stands in the
// span of the tool and in every later call of the conversation. A text falls off when another one takes its place. The words are
// found by the key of the text, so no text gets the words of another one.
type shelf [1 << 8]struct {
	sync.Mutex
	key  uint64
	text words.Text
}

// maxShared is the longest text on the shelf, in bytes. A text of this length has at most half as many words.
const maxShared = 4 << 10

// shared is the shelf of the process. It holds at most 8 MiB, and half a MiB for texts of a hundred words.
var shared shelf

// read reads a text, or copies the words of an earlier reading.
func (s *shelf) read(t *words.Text, source string, key uint64) {
	place := &s[key%uint64(len(s))]
	if !place.TryLock() { // rather read it than wait
		t.Read(source)
		return
	}
	defer place.Unlock()
	if place.key == key {
		t.Copy(&place.text, source)
		return
	}
	t.Read(source)
	place.key = key
	place.text.Copy(t, "")
}
