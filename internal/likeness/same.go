package likeness

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxData bounds the texts that are compared as JSON, in bytes.
const maxData = 64 << 10

// Same reports whether two texts are equal but for what does not matter: case, white space, the marks and punctuation
// around them, forms of the same letter, the order of keys in JSON, and how a number is written.
func Same(a, b string) bool {
	if len(a) > 2*len(b)+64 || len(b) > 2*len(a)+64 {
		return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
	}
	a, b = plain(a), plain(b)
	if strings.EqualFold(a, b) {
		return true
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	return sameData(a, b)
}

var fence = regexp.MustCompile("(?s)^```[a-z]*\\n(.*)\\n?```$")

// plain strips what stands around a text: a code block, marks of Markdown, quotes, brackets that close nothing, and the
// end of the sentence.
func plain(text string) string {
	text = strings.TrimSpace(text)
	if m := fence.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	text = strings.Join(strings.Fields(norm.NFKC.String(text)), " ")
	trimmed := strings.TrimFunc(text, func(r rune) bool {
		return strings.ContainsRune("*_`'\"“”„«»‘’.!,;:。、", r) || unicode.IsSpace(r)
	})
	if inner := strings.TrimPrefix(trimmed, "("); !strings.ContainsAny(inner, "([{") {
		trimmed = strings.TrimSuffix(inner, ")")
	}
	if trimmed == "" {
		return text
	}
	return trimmed
}

func sameData(a, b string) bool {
	if a == "" || b == "" || !strings.ContainsRune("{[", rune(a[0])) || a[0] != b[0] || len(a)+len(b) > maxData {
		return false
	}
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

var grouped = regexp.MustCompile(`^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$`)

// number reads a text that is a number and nothing else.
func number(text string) (float64, bool) {
	if len(text) > 64 || strings.Trim(text, "+-0123456789.,") != "" {
		return 0, false
	}
	if grouped.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

var numeral = regexp.MustCompile(`[+-]?[0-9][0-9.,]*`)

// heads reports whether an accepted answer begins with this short one, and goes on behind a mark: "Yes" and "Yes, we
// are", "B" and "B) Paris"; or whether it has this number and no other one.
func heads(answer, accepted string) bool {
	answer, accepted = plain(answer), strings.TrimLeft(plain(accepted), "(")
	if answer == "" || len(answer) > 64 || len(accepted) > 64<<10 {
		return false
	}
	if n := len(answer); len(accepted) > n && strings.EqualFold(accepted[:n], answer) &&
		strings.ContainsAny(accepted[n:n+1], "),.:;*") {
		return !strings.ContainsAny(accepted[n:], "0123456789") || !unicode.IsDigit(rune(answer[n-1]))
	}
	want, ok := number(answer)
	if !ok {
		return false
	}
	found := numeral.FindAllString(accepted, 50)
	return len(found) > 0 && !slices.ContainsFunc(found, func(text string) bool {
		f, ok := number(strings.TrimRight(text, ".,"))
		return !ok || f != want
	})
}

// Reversed reports whether a text says nothing but yes, and the other one nothing but no.
func Reversed(a, b string) bool {
	x, bare := yesNo[strings.ToLower(plain(a))]
	y, bareToo := yesNo[strings.ToLower(plain(b))]
	return bare && bareToo && x != y
}
