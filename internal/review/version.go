package review

import (
	"cmp"
	"strings"
)

// OlderVersion reports whether the name of a version says that it is older than another one: v9 and v10, 1.4 and 1.4.2,
// 2026-11-02 and 2026-11-30. Names without an order, such as hashes and commits, say nothing.
func OlderVersion(version, than string) bool {
	a, b := unprefixed(version), unprefixed(than)
	for a != "" && b != "" {
		x, restA, numberA := token(a)
		y, restB, numberB := token(b)
		if !numberA || !numberB {
			if x != y {
				return false
			}
		} else if order := compareNumbers(x, y); order != 0 {
			return order < 0
		}
		a, b = restA, restB
	}
	return a == "" && strings.HasPrefix(b, ".")
}

// unprefixed returns a version without the v that some names begin with.
func unprefixed(version string) string {
	if len(version) > 1 && (version[0] == 'v' || version[0] == 'V') && digit(version[1]) {
		return version[1:]
	}
	return version
}

// token cuts off the longest beginning that is a number, or that holds no digit.
func token(text string) (first, rest string, number bool) {
	number = digit(text[0])
	n := 1
	for n < len(text) && digit(text[n]) == number {
		n++
	}
	return text[:n], text[n:], number
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// compareNumbers compares numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
