package duplicate

import (
	"hash/maphash"
	"math"
	"strings"
)

// slack is how far apart the clocks of two spans may be, in nanoseconds. The spans may come from two hosts.
const slack = int64(100e6)

// same reports whether two spans record the same call.
func (n *names) same(a, b *known) bool {
	if a.Kind != b.Kind || !n.similar(a, b) {
		return false
	}
	nested := a.Parent == b.Span || b.Parent == a.Span
	if !overlap(a, b) {
		return false
	}
	switch a.response.compare(b.response) {
	case equal:
		return true
	case different:
		return false
	}
	if nested {
		return countsAgree(a, b)
	}
	// Spans that are neither parent nor child need evidence: one lies within the other, another emitter wrote it, and
	// both counted the same tokens.
	return a.Emitter != b.Emitter && a.Output > 0 && a.Input > 0 && a.Input == b.Input && a.Output == b.Output &&
		(within(a, b) || within(b, a))
}

// through reports whether two spans that are both like a third one may be the same call. Two attempts inside one step
// are not.
func (n *names) through(a, b *known) bool {
	return n.same(a, b) || a.Parent != b.Parent && n.similar(a, b) && overlap(a, b) && countsAgree(a, b) &&
		a.response.compare(b.response) != different
}

// countsAgree reports whether the token counts of two spans may be those of one call.
func countsAgree(a, b *known) bool {
	if a.Output >= 0 && b.Output >= 0 && a.Output != b.Output {
		return false
	}
	return a.Input < 0 || b.Input < 0 || a.Input == b.Input || a.Cached || b.Cached
}

func overlap(a, b *known) bool {
	return a.Start <= b.End+slack && b.Start <= a.End+slack
}

func within(inner, outer *known) bool {
	return inner.Start >= outer.Start-slack && inner.End <= outer.End+slack
}

// similar reports whether two spans may name the same model. A span without a model may be of any.
func (n *names) similar(a, b *known) bool {
	some := false
	for _, x := range a.models {
		for _, y := range b.models {
			if x == noName || y == noName {
				continue
			}
			some = true
			if x == y || sameModel(n.text(x), n.text(y)) {
				return true
			}
		}
	}
	return !some
}

// sameModel compares names that may have a date, a region or a provider around them.
func sameModel(x, y string) bool {
	if len(x) < len(y) {
		x, y = y, x
	}
	return strings.Contains(strings.ToLower(x), strings.ToLower(y))
}

type comparison uint8

const (
	unknown comparison = iota
	equal
	different
)

// responseID is the id of an answer as a hash, and the part of it that names its maker.
type responseID struct{ whole, family uint64 }

// idSeed hashes ids. The hashes stay in this process.
var idSeed = maphash.MakeSeed()

func responseIDOf(id string) responseID {
	if id == "" {
		return responseID{}
	}
	r := responseID{whole: maphash.String(idSeed, id) | 1} // 0 is no id
	if end := strings.IndexAny(id, "-_"); end > 0 {
		r.family = maphash.String(idSeed, id[:end])
	}
	return r
}

// compare compares the ids of two answers. Frameworks make ids of their own (run-…), which tell nothing about those of
// the provider (chatcmpl-…, msg_…, resp_…).
func (r responseID) compare(other responseID) comparison {
	switch {
	case r.whole == 0 || other.whole == 0:
		return unknown
	case r.whole == other.whole:
		return equal
	case r.family == other.family:
		return different
	}
	return unknown
}

// name stands for the name of a model or of a finish reason.
type name uint16

const noName name = 0

// names gives numbers to names. There are few of them.
type names struct {
	list []string // of name 1 and after
	at   map[string]name
}

// full reports whether there may be too few numbers for the names of another call.
func (n *names) full() bool { return len(n.list) > math.MaxUint16-4 }

func (n *names) of(text string) name {
	if text == "" {
		return noName
	}
	at, ok := n.at[text]
	if !ok {
		if n.at == nil {
			n.at = map[string]name{}
		}
		text = strings.Clone(text) // a kept string must not keep its request
		n.list = append(n.list, text)
		at = name(len(n.list))
		n.at[text] = at
	}
	return at
}

func (n *names) text(of name) string {
	if of == noName {
		return ""
	}
	return n.list[of-1]
}
