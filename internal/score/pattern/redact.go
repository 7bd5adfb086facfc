package pattern

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// Redactor replaces what the scanners find, in the whole text. It is safe for concurrent use. Redacting twice is the
// same as redacting once.
type Redactor struct {
	pii     piiSet
	secrets bool
}

// NewRedactor makes a redactor of kinds, pii and secrets. The error has a line for each mistake.
func NewRedactor(kinds []string) (*Redactor, error) {
	if err := CheckKinds(kinds); err != nil {
		return nil, err
	}
	r := &Redactor{}
	for _, kind := range kinds {
		switch Kind(kind) {
		case KindPII:
			r.pii = allPII
		case KindSecrets:
			r.secrets = true
		}
	}
	return r, nil
}

// CheckKinds reports the mistakes in a list of kinds, a line each.
func CheckKinds(kinds []string) error {
	var wrong lines
	for i, kind := range kinds {
		switch {
		case Kind(kind) != KindPII && Kind(kind) != KindSecrets:
			wrong.add(fmt.Errorf("redact[%d] must be %s or %s, got %q", i, KindPII, KindSecrets, kind))
		case slices.Contains(kinds[:i], kind):
			wrong.add(fmt.Errorf("redact[%d] must be named once, got %q twice", i, kind))
		}
	}
	return wrong.join()
}

// maxPasses bounds how often a text is read again after a replacement, which can turn the bytes beside it into a value.
// A text that still changes then is hostile, and is withheld as a whole.
const maxPasses = 8

// withheld replaces a text that still changes after maxPasses.
const withheld = "[redacted]"

// Text replaces values in a text, and returns how many. Without any, it returns the text itself.
func (r *Redactor) Text(s string) (out string, n int) { return r.text(s, "") }

func (r *Redactor) text(s, key string) (out string, n int) {
	for range maxPasses {
		found := r.scan(s, key)
		if len(found) == 0 {
			return s, n
		}
		s = replace(s, found)
		n += len(found)
	}
	if len(r.scan(s, key)) > 0 {
		return withheld, n
	}
	return s, n
}

// scan lists the values to replace, in order and without overlaps.
func (r *Redactor) scan(s, key string) []match {
	var found []match
	if r.secrets {
		found = scanSecrets(s, key, found)
	}
	if r.pii != 0 {
		secrets := len(found)
		found = scanPII(s, key, r.pii, found)
		if secrets == 0 || secrets == len(found) {
			return found
		}
	}
	if len(found) < 2 {
		return found
	}
	slices.SortStableFunc(
		found,
		func(a, b match) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) },
	)
	kept := found[:1]
	for _, m := range found[1:] {
		if last := &kept[len(kept)-1]; m.start < last.end {
			last.end = max(last.end, m.end)
		} else {
			kept = append(kept, m)
		}
	}
	return kept
}

func replace(s string, found []match) string {
	var b strings.Builder
	b.Grow(len(s))
	end := 0
	for _, m := range found {
		b.WriteString(s[end:m.start])
		b.WriteString(m.kind.replacement())
		end = m.end
	}
	b.WriteString(s[end:])
	return b.String()
}

// scratches are buffers for decoded strings of JSON.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// maxNested bounds how deep JSON in strings of JSON is read as JSON. Below, it is read as text.
const maxNested = 4

// JSON replaces values in a JSON text: in strings, keys included, whatever their escapes, in numbers, and in strings
// that hold JSON themselves. All other bytes stay as they are. A text that is not JSON, or was cut, is redacted as
// text.
// redacted as text.
func (r *Redactor) JSON(s string) (out string, n int) { return r.Value("", s) }

// Value replaces values in the value of a name, as JSON if it is JSON. The name tells what a bare number is, or that a
// random text is a credential.
func (r *Redactor) Value(name, s string) (out string, n int) {
	for range maxPasses {
		next, found := r.json(s, name, 0)
		if found == 0 {
			return s, n
		}
		s = next
		n += found
	}
	return r.text(s, name)
}

func (r *Redactor) json(s, key string, depth int) (out string, n int) {
	if !looksJSON(s) || depth > maxNested || !validJSON(s) {
		return r.text(s, key)
	}
	var changed []byte
	scratch := scratches.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer func() {
		if cap(*scratch) <= maxScratch {
			scratches.Put(scratch)
		}
	}()
	done, name := 0, ""
	put := func(start, end int) {
		changed = append(changed, s[done:start]...)
		done = end
	}
	reader := readJSON(s)
	defer reader.release()
	for {
		t, ok := reader.next()
		if !ok {
			break
		}
		raw := s[t.start:t.end]
		if !t.str {
			if len(raw) < 7 {
				continue
			}
			if found := r.scan(raw, name); len(found) > 0 { // a number
				put(t.start, t.end)
				changed = append(changed, '"')
				changed = append(changed, found[0].kind.replacement()...)
				changed = append(changed, '"')
				n++
			}
			continue
		}
		quoted := raw
		raw = raw[1 : len(raw)-1]
		text := raw
		if t.escaped {
			*scratch = unquote((*scratch)[:0], quoted)
			text = unsafe.String(unsafe.SliceData(*scratch), len(*scratch)) //nolint:gosec // read until the next string
		}
		var redacted string
		var found int
		if t.name {
			redacted, found = r.text(text, "")
			name = raw
		} else {
			redacted, found = r.json(text, name, depth+1)
		}
		if found > 0 {
			put(t.start, t.end)
			changed = quote(changed, redacted)
			n += found
		}
	}
	if n == 0 {
		return s, 0
	}
	return string(append(changed, s[done:]...)), n
}
