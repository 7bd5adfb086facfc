package score

import (
	"sync"

	"github.com/faultline-otel/faultline/internal/words"
)

// wordCache keeps the words of texts, so that a text that comes again is not read again: a tool result is in the span
// of the tool and in every later call of the conversation. It forgets a text when another one takes its slot. A text
// is found by its key, so it cannot get the words of another text.
type wordCache [1 << 8]struct {
	sync.Mutex
	key  uint64
	text words.Text
}

// maxShared is the length of the longest text in the cache, in bytes. Such a text has at most half as many words.
const maxShared = 4 << 10

// shared is the cache of the process. It holds at most 8 MiB, and half a MiB for texts of a hundred words each.
var shared wordCache

// read reads a text into t, or copies its words from the cache.
func (c *wordCache) read(t *words.Text, source string, key uint64) {
	slot := &c[key%uint64(len(c))]
	if !slot.TryLock() { // reading is faster than waiting
		t.Read(source)
		return
	}
	defer slot.Unlock()
	if slot.key == key {
		t.Copy(&slot.text, source)
		return
	}
	t.Read(source)
	slot.key = key
	slot.text.Copy(t, "")
}
