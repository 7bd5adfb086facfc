package transcript

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of JSON that is laid out.
const (
	maxLaidOut = 256 << 10 // in bytes; longer texts stay unchanged
	maxNested  = 64        // deeper values would be mostly indentation

	cardLine = 52  // bytes that fit beside each other in one half of a card
	wideLine = 100 // and in a message
)

// layOut formats JSON for people: values that fit into the width on one line, others with one member a line. It
// returns other texts unchanged. Numbers keep their spelling; unnecessary escapes are removed.
func layOut(text string, width int) (out string, isJSON bool) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" || len(text) > maxLaidOut || trimmed[0] != '{' && trimmed[0] != '[' ||
		nesting(trimmed) > maxNested {
		return text, false
	}
	line, err := jsontext.AppendFormat(
		nil,
		[]byte(trimmed),
		jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true),
		jsontext.SpaceAfterColon(true),
		jsontext.SpaceAfterComma(true),
	)
	if err != nil {
		return text, false
	}
	if len(line) <= width {
		return string(line), true
	}
	l := layouter{width: width, line: string(line), ends: closings(string(line))}
	l.lay()
	return l.out.String(), true
}

// layouter breaks a line of JSON at the members of the values that do not fit on it.
type layouter struct {
	width int
	line  string
	ends  []int // by index of an opening bracket, the index of the one that closes it
	out   strings.Builder
}

func (l *layouter) lay() {
	depth, column := 0, 0
	copyTo := func(from, to int) {
		l.out.WriteString(l.line[from:to])
		column += to - from
	}
	newline := func() {
		l.out.WriteByte('\n')
		for range depth {
			l.out.WriteString("  ")
		}
		column = 2 * depth
	}
	for i := 0; i < len(l.line); {
		switch c := l.line[i]; c {
		case '"':
			end := stringEnd(l.line, i)
			copyTo(i, end)
			i = end
		case '{', '[':
			if end := l.ends[i] + 1; column+end-i <= l.width || end-i == 2 {
				copyTo(i, end)
				i = end
				continue
			}
			copyTo(i, i+1)
			depth++
			newline()
			i++
		case '}', ']':
			depth--
			newline()
			copyTo(i, i+1)
			i++
		case ',':
			copyTo(i, i+1)
			newline()
			i += len(", ")
		default:
			copyTo(i, i+1)
			i++
		}
	}
}

// closings finds the bracket that closes each opening one. The JSON is valid.
func closings(line string) []int {
	ends := make([]int, len(line))
	var open []int
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '"':
			i = stringEnd(line, i) - 1
		case '{', '[':
			open = append(open, i)
		case '}', ']':
			ends[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
	return ends
}

// stringEnd returns the index behind the quote that closes the string at i.
func stringEnd(line string, i int) int {
	for i++; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(line)
}

// nesting returns the depth of brackets, those in strings included.
func nesting(text string) int {
	depth, deepest := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}
