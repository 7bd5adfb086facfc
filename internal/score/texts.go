package score

import (
	"unsafe"

	"github.com/faultline-otel/faultline/internal/words"
)

// texts are the texts of one call that were read into words. Their memory is used again for the next call.
type texts struct {
	list []*words.Text
	used int
}

// maxKept and maxKeptWords bound the memory that is kept between calls.
const (
	maxKept      = 16
	maxKeptWords = 4096
)

// Words reads a text of the call, once for all scorers. What it returns is valid until Reset.
func (r *Result) Words(text string) *words.Text {
	t := &r.texts
	for _, known := range t.list[:t.used] {
		// The same memory is the same text; equal texts elsewhere in a call are rare.
		if len(known.Source) == len(text) && unsafe.StringData(known.Source) == unsafe.StringData(text) { //nolint:gosec // compared, never followed
			return known
		}
	}
	if t.used == len(t.list) {
		t.list = append(t.list, new(words.Text))
	}
	read := t.list[t.used]
	t.used++
	read.Read(text)
	return read
}

func (t *texts) reset() {
	if len(t.list) > maxKept {
		clear(t.list[maxKept:])
		t.list = t.list[:maxKept]
	}
	for _, known := range t.list[:min(t.used, len(t.list))] {
		known.Source = "" // it belongs to the call
		if cap(known.Words) > maxKeptWords {
			known.Words = nil
		}
	}
	t.used = 0
}
