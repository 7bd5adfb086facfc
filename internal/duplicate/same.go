package duplicate

import "strings"

// slack is how far apart the clocks of two spans may be, in nanoseconds. The spans may come from two hosts.
const slack = int64(100e6)

// same reports whether two spans record the same call.
func same(a, b *Call) bool {
	if a.Kind != b.Kind || !similar(a, b) {
		return false
	}
	nested := a.Parent == b.Span || b.Parent == a.Span
	if !overlap(a, b) {
		return false
	}
	switch responseIDs(a.ResponseID, b.ResponseID) {
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
func through(a, b *Call) bool {
	return same(a, b) || a.Parent != b.Parent && similar(a, b) && overlap(a, b) && countsAgree(a, b) &&
		responseIDs(a.ResponseID, b.ResponseID) != different
}

// countsAgree reports whether the token counts of two spans may be those of one call.
func countsAgree(a, b *Call) bool {
	if a.Output >= 0 && b.Output >= 0 && a.Output != b.Output {
		return false
	}
	return a.Input < 0 || b.Input < 0 || a.Input == b.Input || a.Cached || b.Cached
}

func overlap(a, b *Call) bool {
	return a.Start <= b.End+slack && b.Start <= a.End+slack
}

func within(inner, outer *Call) bool {
	return inner.Start >= outer.Start-slack && inner.End <= outer.End+slack
}

// similar reports whether two spans may name the same model. A span without a model may be of any.
func similar(a, b *Call) bool {
	some := false
	for _, x := range a.Models {
		for _, y := range b.Models {
			if x == "" || y == "" {
				continue
			}
			some = true
			if sameModel(x, y) {
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

// responseIDs compares the ids of two answers. Frameworks make ids of their own (run-…), which tell nothing about those
// of the provider (chatcmpl-…, msg_…, resp_…).
func responseIDs(a, b string) comparison {
	switch {
	case a == "" || b == "":
		return unknown
	case a == b:
		return equal
	case family(a) == family(b):
		return different
	}
	return unknown
}

// family is the part of an id that names its maker.
func family(id string) string {
	if end := strings.IndexAny(id, "-_"); end > 0 {
		return id[:end]
	}
	return ""
}
