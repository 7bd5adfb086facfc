package transcript

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// evidence is the evidence of a failure, parsed to find its place in the conversation. Scorers name places
// (tool.a.b[2], /a/b, byte 17), and quote content where the configuration allows it. Places that are not found are
// not marked.
type evidence struct {
	class   failure.Class
	detail  string
	text    string
	quotes  []string
	pointer []string // JSON pointers in an answer
	offset  int      // a byte offset, -1 without one
	number  int      // of its note
	span    *review.Span
}

var (
	quoted     = regexp.MustCompile("\"([^\"]{3,200})\"|“([^”]{3,200})”|`([^`]{3,200})`")
	byteOffset = regexp.MustCompile(`\bbyte (\d{1,9})\b`)
)

// shortestQuote is the length of the shortest quotation to search for, in bytes. A shorter one would match anywhere.
const shortestQuote = 3

// maxQuotes bounds what one finding is looked for by.
const maxQuotes = 16

func readEvidence(class failure.Class, detail, text string) evidence {
	e := evidence{class: class, detail: detail, text: text, offset: -1}
	for _, m := range quoted.FindAllStringSubmatch(text, 8) {
		e.quotes = append(e.quotes, m[1]+m[2]+m[3])
	}
	// Content follows a colon, at the end.
	for rest := text; len(e.quotes) < maxQuotes; {
		_, after, found := strings.Cut(rest, ": ")
		if !found {
			break
		}
		rest = after
		if q := strings.TrimSuffix(strings.TrimSpace(after), "…"); len(q) >= 8 {
			e.quotes = append(e.quotes, q)
		}
	}
	if m := byteOffset.FindStringSubmatch(text); m != nil {
		e.offset, _ = strconv.Atoi(m[1]) // digits only, and few
	}
	switch {
	case class == failure.SchemaViolation:
		e.pointer = pointersOf(text)
	case detail == failure.CallInText:
		if _, after, found := strings.Cut(text, "a call of "); found {
			tool, _, _ := strings.Cut(after, " is written")
			e.quotes = append(e.quotes, tool)
		}
	}
	return e
}

// pointersOf reads the place at the beginning of the evidence of a schema violation.
func pointersOf(text string) []string {
	place := ""
	if strings.HasPrefix(text, "/") {
		for _, verb := range []string{" breaks ", " lacks ", " has properties "} {
			if before, _, found := strings.Cut(text, verb); found && (place == "" || len(before) < len(place)) {
				place = before
			}
		}
		if place == "" {
			return nil
		}
	}
	if _, names, found := strings.Cut(text, "has properties that the schema forbids: "); found {
		var pointers []string
		for name := range strings.SplitSeq(names, ", ") {
			name, _, _ = strings.Cut(name, " (and ")
			pointers = append(pointers, place+"/"+escapePointer(name))
		}
		return pointers
	}
	if place == "" {
		return nil
	}
	return []string{place}
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// argument returns the JSON pointer of the tool argument that the evidence names: tool.a.b[2] is /a/b/2.
func (e evidence) argument(tool string) (pointer string, ok bool) {
	rest, found := strings.CutPrefix(e.text, tool)
	if !found || tool == "" || e.class != failure.ToolCallMalformed {
		return "", false
	}
	place := rest
	for _, verb := range []string{" is ", " breaks "} {
		if before, _, found := strings.Cut(rest, verb); found && len(before) < len(place) {
			place = before
		}
	}
	if place == "" || len(place) == len(rest) {
		return "", false
	}
	var b strings.Builder
	for part := range strings.SplitSeq(strings.ReplaceAll(place, "[", ".["), ".") {
		part = strings.TrimSuffix(strings.TrimPrefix(part, "["), "]")
		if part != "" {
			b.WriteString("/" + escapePointer(part))
		}
	}
	return b.String(), b.Len() > 0
}

// names reports whether the evidence names a tool.
func (e evidence) names(tool string) bool {
	at := strings.Index(e.text, tool)
	if tool == "" || at < 0 {
		return false
	}
	end := at + len(tool)
	return (at == 0 || !isNameByte(e.text[at-1])) && (end == len(e.text) || !isNameByte(e.text[end]))
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

// inArguments finds the place of the evidence in the arguments of a tool call.
func (e evidence) inArguments(tool string) func(text string, isJSON bool) []region {
	return func(text string, isJSON bool) []region { return e.numbered(e.argumentsOf(tool, text, isJSON)) }
}

func (e evidence) argumentsOf(tool, text string, isJSON bool) []region {
	if isJSON {
		if pointer, ok := e.argument(tool); ok {
			if found := locate(text, []string{pointer}); len(found) > 0 {
				return found
			}
		}
	}
	if !isJSON && e.detail == failure.UnparsableArguments {
		if at := e.offset - 1; at >= 0 && at < len(text) {
			return []region{wholeRunes(text, at, at+1)}
		}
		return []region{wholeRunes(text, max(0, len(text)-8), len(text))} // it breaks off
	}
	return e.textOf(text)
}

// inAnswer finds the place of the evidence in an answer that should have followed a schema.
func (e evidence) inAnswer(text string, isJSON bool) []region {
	return e.numbered(e.answerOf(text, isJSON))
}

func (e evidence) answerOf(text string, isJSON bool) []region {
	if isJSON && len(e.pointer) > 0 {
		if found := locate(text, e.pointer); len(found) > 0 {
			return found
		}
	}
	if !isJSON && e.class == failure.SchemaViolation {
		if strings.HasPrefix(text, "```") {
			line, _, _ := strings.Cut(text, "\n")
			return []region{{from: 0, to: len(line)}}
		}
		if at := e.offset - 1; at >= 0 && at < len(text) {
			return []region{wholeRunes(text, at, at+1)}
		}
	}
	return e.textOf(text)
}

// maxMarks bounds the marks of one text.
const maxMarks = 8

// inText finds the quotations of the evidence, longest first. It marks a place once.
func (e evidence) inText(text string) []region { return e.numbered(e.textOf(text)) }

func (e evidence) textOf(text string) []region {
	text = text[:min(len(text), maxShown)]
	quotes := slices.Clone(e.quotes)
	slices.SortStableFunc(quotes, func(a, b string) int { return len(b) - len(a) })
	var found []region
	for _, q := range quotes {
		for _, needle := range []string{q, strings.Trim(q, `"`)} {
			if len(needle) < shortestQuote {
				continue
			}
			if at := indexFold(text, needle); at >= 0 && len(found) < maxMarks {
				r := region{from: at, to: at + len(needle)}
				if !slices.ContainsFunc(found, func(o region) bool { return r.from < o.to && o.from < r.to }) {
					found = append(found, r)
				}
				break
			}
		}
	}
	return found
}

// numbered puts the number of the finding on its regions.
func (e evidence) numbered(found []region) []region {
	for i := range found {
		found[i].numbers = []int{e.number}
	}
	return found
}

// indexFold is strings.Index, but ignores the case of ASCII letters.
func indexFold(text, needle string) int {
	if at := strings.Index(text, needle); at >= 0 {
		return at
	}
	return strings.Index(lower(text), lower(needle))
}

// lower converts only ASCII letters, so that offsets stay.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// wholeRunes widens a region so that it cuts no rune.
func wholeRunes(text string, from, to int) region {
	from = len(display.Head(text, from))
	for to < len(text) && text[to]&0xc0 == 0x80 {
		to++
	}
	return region{from: from, to: to}
}

// locate finds the values at JSON pointers in a JSON text.
func locate(text string, pointers []string) []region {
	d := jsontext.NewDecoder(
		bytes.NewReader([]byte(text)),
		jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true),
	)
	var found []region
	open := map[string]int{}
	for len(found) < maxMarks {
		before := int(d.InputOffset())
		token, err := d.ReadToken()
		if err != nil {
			return found
		}
		kind, after := token.Kind(), int(d.InputOffset())
		if kind == '"' && isName(d) {
			continue
		}
		pointer := string(d.StackPointer())
		if !slices.Contains(pointers, pointer) {
			continue
		}
		from := before + leading(text[before:after])
		switch kind {
		case '{', '[':
			open[pointer] = from
		case '}', ']':
			found = append(found, region{from: open[pointer], to: after})
		default:
			found = append(found, region{from: from, to: after})
		}
	}
	return found
}

// isName reports whether the string that was just read is the name of a member: an odd one of its object.
func isName(d *jsontext.Decoder) bool {
	kind, n := d.StackIndex(d.StackDepth())
	return kind == '{' && n%2 == 1
}

// leading counts the bytes before a token: space, and the colon or comma after the previous token.
func leading(s string) int { return len(s) - len(strings.TrimLeft(s, " \t\r\n,:")) }
