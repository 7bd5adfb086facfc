package failure

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a template. The head of a message is its type, the tail its instance.
const (
	templateBytes = 2048
	templateWords = 24
	templateWord  = 40 // a longer word is data: base64, a hash, a path
)

// Template returns the constant part of a machine-made message. Parts that vary between occurrences (numbers, ids,
// times, addresses, quoted strings, data in brackets) become placeholders. It reads only the first line, depends on
// nothing but the text, and takes time linear in the length of the line.
func Template(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	if len(text) > templateBytes {
		text = strings.ToValidUTF8(text[:templateBytes], "")
	}
	t := template{budget: 8 * templateBytes}
	t.scan(text)
	return strings.Join(t.words, " ")
}

type template struct {
	words []string
	// budget bounds the bytes that are scanned for closing brackets and quotes. Unclosed and nested ones can be as
	// many as the text has bytes.
	budget int
}

func (t *template) add(word string) {
	if word == "" || len(t.words) == templateWords {
		return
	}
	// A row of placeholders means no more than one.
	if n := len(t.words); n > 0 && word[0] == '<' && t.words[n-1] == word {
		return
	}
	t.words = append(t.words, word)
}

func (t *template) scan(s string) {
	for i := 0; i < len(s) && len(t.words) < templateWords; {
		c := s[i]
		switch {
		case c <= ' ':
			i++
		case strings.HasPrefix(s[i:], "```"):
			t.add("<code>")
			i = closing(s, i+3, "```")
		case c == '"' || c == '`' || c == '\'' && quoteOpens(s, i):
			end := t.quoteEnd(s, i)
			if end < 0 {
				t.add(string(c))
				i++
				continue
			}
			t.add("<str>")
			i = end
		case c == '{' || c == '[' || c == '(':
			if end, data := t.bracket(s, i); data {
				t.add(map[byte]string{'{': "<obj>", '[': "<list>", '(': "<args>"}[c])
				i = end
				continue
			}
			i++
		case strings.IndexByte(")]},;", c) >= 0:
			i++
		default:
			end := i
			for end < len(s) && s[end] > ' ' && strings.IndexByte("\"`{[()]},;", s[end]) < 0 {
				end++
			}
			t.add(mask(s[i:end]))
			i = max(end, i+1)
		}
	}
}

// quoteOpens distinguishes an opening single quote from an apostrophe.
func quoteOpens(s string, i int) bool {
	if i == 0 {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// quoteEnd returns the index behind the quote that closes the one at i, or -1.
func (t *template) quoteEnd(s string, i int) int {
	quote := s[i]
	for j := i + 1; j < len(s) && t.budget > 0; j++ {
		t.budget--
		switch s[j] {
		case '\\':
			j++
		case quote:
			if quote == '\'' && j+1 < len(s) && (s[j+1] >= 'a' && s[j+1] <= 'z' || s[j+1] >= 'A' && s[j+1] <= 'Z') {
				continue // an apostrophe
			}
			return j + 1
		}
	}
	return -1
}

func closing(s string, from int, mark string) int {
	if i := strings.Index(s[from:], mark); i >= 0 {
		return from + i + len(mark)
	}
	return len(s)
}

// bracket returns the index behind the bracket that closes the one at i, and whether it encloses data: text with a
// digit, a quote, a colon or an equals sign, or text that does not read as a remark.
func (t *template) bracket(s string, i int) (end int, data bool) {
	depth := 0
	for j := i; j < len(s) && t.budget > 0; j++ {
		t.budget--
		switch s[j] {
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth--; depth == 0 {
				return j + 1, data || s[i] == '{'
			}
		case '"', '\'', ':', '=', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			data = true
		}
	}
	if t.budget <= 0 {
		return i + 1, false
	}
	return len(s), data
}

// idPrefixes are the prefixes of ids that providers give to requests, calls and answers.
var idPrefixes = []string{
	"req_",
	"call_",
	"chatcmpl-",
	"msg_",
	"toolu_",
	"run_",
	"thread_",
	"resp_",
	"asst_",
	"org-",
	"proj_",
	"trace_",
	"span_",
	"sk-",
	"file-",
	"vs_",
	"batch_",
	"ft:",
}

// mask replaces a word that is data, and lower-cases one that is not.
func mask(word string) string {
	trimmed := strings.TrimRight(word, ".:!?")
	lower := strings.ToLower(trimmed)
	switch {
	case trimmed == "":
		return word
	case strings.Contains(lower, "://"):
		return "<url>"
	case strings.Contains(trimmed, "@") && strings.Contains(trimmed[strings.IndexByte(trimmed, '@'):], "."):
		return "<email>"
	case isUUID(trimmed), hasPrefix(lower, idPrefixes), strings.Contains(trimmed, "***"): // a masked key
		return "<id>"
	case len(trimmed) > templateWord:
		return "<str>"
	case isTime(trimmed):
		return "<time>"
	case isNumber(lower), len(lower) >= 12 && isHex(lower), strings.HasPrefix(lower, "0x") && isHex("0"+lower[2:]):
		return "<num>"
	}
	// key=value keeps its key.
	if key, value, ok := strings.Cut(lower, "="); ok && key != "" && value != "" {
		return key + "=" + mask(value)
	}
	return lower
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if len(s) > len(p)+3 && strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !hexDigit(s[i]) {
			return false
		}
	}
	return true
}

func isHex(s string) bool {
	digits := false
	for i := range len(s) {
		if !hexDigit(s[i]) {
			return false
		}
		digits = digits || s[i] <= '9'
	}
	return digits
}

func hexDigit(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// isTime recognises ISO 8601 dates and times, and clock times.
func isTime(s string) bool {
	if len(s) < 5 || s[0] < '0' || s[0] > '9' {
		return false
	}
	seps := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '+', c == 'T', c == 'Z':
		case c == ':' || c == '-':
			seps++
		default:
			return false
		}
	}
	return seps >= 2
}

// units may follow a number without a space.
var units = []string{
	"ms",
	"s",
	"m",
	"h",
	"d",
	"kb",
	"mb",
	"gb",
	"kib",
	"mib",
	"gib",
	"%",
	"k",
	"x",
	"th",
	"b",
	"min",
	"sec",
	"tokens",
	"usd",
}

// isNumber recognises numbers in lower case, with signs, separators, percent and units: 12, -1.5, 1,024, $0.20, 30s,
// #7.
func isNumber(s string) bool {
	s = strings.TrimLeft(s, "+-~$€£#<>=/")
	digits := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			digits++
		case digits > 0 && (c == '.' || c == ',' || c == '/' || c == '-' || c == ':' || c == '_' || c == 'e'):
		default:
			if digits == 0 {
				return false
			}
			return slices.Contains(units, s[i:])
		}
	}
	return digits > 0
}
