package jsonschema

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	js "github.com/santhosh-tekuri/jsonschema/v6"
)

// Pattern is a regular expression of a schema in the syntax of the standard library, whose expressions run in linear
// time. Both the patterns and the texts that they run on are untrusted.
type Pattern struct {
	source       string
	conditions   []condition // all of which must hold
	instructions int
}

// condition is an expression that must match, or must not.
type condition struct {
	re     *regexp.Regexp
	absent bool
}

// String returns the pattern as the schema has it.
func (p *Pattern) String() string { return p.source }

// MatchString reports whether the pattern matches anywhere in a text.
func (p *Pattern) MatchString(text string) bool {
	for _, c := range p.conditions {
		if c.re.MatchString(text) == c.absent {
			return false
		}
	}
	return true
}

// steps is the cost of a match in the steps of maxWork: the length of the text times the size of the expression.
func (p *Pattern) steps(text string) int { return len(text) * p.instructions >> 7 }

// Bounds of patterns: (a{1000}){1000} would fill memory. Patterns beyond them are not enforced, like those that cannot
// run in linear time.
const (
	maxPatternSource = 32 << 10 // bytes of a pattern, where a Unicode class counts as classWeight bytes
	classWeight      = 1 << 10
	maxInstructions  = 20_000  // of one pattern
	maxAllPatterns   = 200_000 // instructions of the patterns of one schema
)

var (
	errUnsupported = errors.New("is beyond linear time, or beyond the size of a pattern")
	errPattern     = errors.New("is not valid")
)

// part is a translated expression of a pattern, before it is compiled.
type part struct {
	text   string
	absent bool
}

// parsePattern translates a pattern and estimates how many instructions it will have.
func parsePattern(source string) (parts []part, size int, err error) {
	if len(source)+classWeight*(strings.Count(source, `\p`)+strings.Count(source, `\P`)) > maxPatternSource {
		return nil, 0, errUnsupported
	}
	parts = lookaheads(translate(source))
	for _, p := range parts {
		parsed, err := syntax.Parse(p.text, syntax.Perl)
		if err != nil {
			if e, ok := errors.AsType[*syntax.Error](err); ok && unsupported(e.Code, source) {
				return nil, 0, errUnsupported
			}
			return nil, 0, errPattern
		}
		size += instructions(parsed)
	}
	if size > maxInstructions {
		return nil, 0, errUnsupported
	}
	return parts, size, nil
}

// lookaheads handles the one common use of look-ahead, in rules for passwords and names: ^(?=a)(?!b)c means that ^(?:a)
// and ^c match, and ^(?:b) does not. Other uses remain, and the standard library refuses them.
func lookaheads(text string) []part {
	rest, ok := strings.CutPrefix(text, "^")
	if !ok || !strings.HasPrefix(rest, "(?=") && !strings.HasPrefix(rest, "(?!") {
		return []part{{text: text}}
	}
	var parts []part
	for strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") {
		end, _ := group(rest)
		if end < 0 {
			return []part{{text: text}}
		}
		parts = append(parts, part{text: "^(?:" + rest[len("(?="):end] + ")", absent: rest[2] == '!'})
		rest = rest[end+1:]
	}
	if _, alternatives := group(
		"(" + rest + ")",
	); alternatives ||
		rest != "" && strings.IndexByte("*+?{", rest[0]) >= 0 {
		return []part{{text: text}} // only the first alternative begins with the look-ahead
	}
	return append(parts, part{text: "^" + rest})
}

// group finds the end of the group that a text begins with, or -1, and reports whether it holds alternatives.
func group(text string) (end int, alternatives bool) {
	depth, class := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i, alternatives
			}
		case c == '|' && depth == 1:
			alternatives = true
		}
	}
	return -1, alternatives
}

// instructions estimates the size of a compiled expression. The estimate is an upper bound.
func instructions(re *syntax.Regexp) int {
	n := 2
	switch re.Op {
	case syntax.OpLiteral:
		n += len(re.Rune)
	case syntax.OpCharClass:
		n += len(re.Rune) / 8
	}
	for _, sub := range re.Sub {
		n += instructions(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max) + 1
	}
	return min(n, 1<<30)
}

// patterns compiles the patterns of one schema.
type patterns struct {
	unchecked    []string
	instructions int
	finished     bool // then values of "format": "regex" come here, from any goroutine
}

func newPatterns() *patterns { return &patterns{} }

// finish ends the compilation of the schema and lists the patterns that are not enforced.
func (p *patterns) finish() []string {
	p.finished = true
	return p.unchecked
}

// compile is the regular expression engine for the library. A pattern that it cannot express matches everything and is
// recorded.
func (p *patterns) compile(source string) (js.Regexp, error) {
	parts, size, err := parsePattern(source)
	if p.finished {
		if errors.Is(err, errUnsupported) {
			err = nil
		}
		return anything(""), err
	}
	if err == nil && p.instructions+size > maxAllPatterns {
		err = errUnsupported
	}
	made := &Pattern{source: source, instructions: size}
	for i := 0; i < len(parts) && err == nil; i++ {
		re, failed := regexp.Compile(parts[i].text)
		if failed != nil { // larger than estimated
			err = errUnsupported
		}
		made.conditions = append(made.conditions, condition{re: re, absent: parts[i].absent})
	}
	switch {
	case errors.Is(err, errUnsupported):
		if !slices.Contains(p.unchecked, source) {
			p.unchecked = append(p.unchecked, source)
		}
		return anything(source), nil
	case err != nil:
		return nil, fmt.Errorf("pattern %q %w", source, err)
	}
	p.instructions += size
	return made, nil
}

// unsupported distinguishes broken patterns from those that are valid in ECMA-262 but need more than linear time, or
// exceed the limits of the standard library.
func unsupported(code syntax.ErrorCode, source string) bool {
	switch code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidRepeatSize, syntax.ErrLarge, syntax.ErrNestingDepth:
		return true
	case syntax.ErrInvalidEscape:
		// A back reference. Any other unknown escape is an error in ECMA-262 with the flag u too.
		for d := '1'; d <= '9'; d++ {
			if strings.Contains(source, `\`+string(d)) || strings.Contains(source, `\k<`) {
				return true
			}
		}
	}
	return false
}

// anything is a pattern that is not enforced.
type anything string

func (a anything) String() string          { return string(a) }
func (a anything) MatchString(string) bool { return true }

// space is what \s means in ECMA-262, as the inside of a class.
const space = `\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`

// escapes maps long names of Unicode properties in ECMA-262 to those of the standard library.
var escapes = map[string]string{
	"Letter":           "L",
	"Lowercase_Letter": "Ll",
	"Uppercase_Letter": "Lu",
	"Titlecase_Letter": "Lt",
	"Modifier_Letter":  "Lm",
	"Other_Letter":     "Lo",
	"Mark":             "M",
	"Number":           "N",
	"Decimal_Number":   "Nd",
	"Letter_Number":    "Nl",
	"Other_Number":     "No",
	"Punctuation":      "P",
	"digit":            "Nd",
	"Symbol":           "S",
	"Separator":        "Z",
	"Space_Separator":  "Zs",
	"Other":            "C",
	"Control":          "Cc",
	"Format":           "Cf",
	"Alphabetic":       "L",
}

// translate rewrites an ECMA-262 pattern in the syntax of the standard library.
func translate(source string) string {
	if !strings.ContainsAny(source, `\$[`) {
		return source
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case c == '[' && !class:
			class = true
			if rest := source[i:]; strings.HasPrefix(rest, "[^]") {
				b.WriteString(`[\x{0}-\x{10ffff}]`)
				i, class = i+2, false
				continue
			} else if strings.HasPrefix(rest, "[]") {
				b.WriteString(`[^\x{0}-\x{10ffff}]`)
				i, class = i+1, false
				continue
			}
			b.WriteByte(c)
		case c == '[' && class:
			b.WriteString(`\[`)
		case c == ']':
			class = false
			b.WriteByte(c)
		case c == '$' && !class:
			b.WriteString(`\z`)
		case c == '\\' && i+1 < len(source):
			i += escape(&b, source[i+1:], class)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// escape writes the escape whose text after the backslash is given, and returns how many bytes it read.
func escape(b *strings.Builder, rest string, class bool) int {
	switch c := rest[0]; c {
	case 's':
		if class {
			b.WriteString(space)
		} else {
			b.WriteString("[" + space + "]")
		}
		return 1
	case 'S':
		if !class {
			b.WriteString("[^" + space + "]")
			return 1
		}
	case 'c':
		if len(rest) > 1 && (rest[1]|0x20) >= 'a' && (rest[1]|0x20) <= 'z' {
			fmt.Fprintf(b, `\x{%x}`, rest[1]&0x1f)
			return 2
		}
	case 'u':
		if len(rest) > 5 && rest[1] == '{' {
			if end := strings.IndexByte(rest, '}'); end > 0 {
				b.WriteString(`\x` + rest[1:end+1])
				return end + 1
			}
		}
		if len(rest) >= 5 {
			if high, low, ok := surrogates(rest); ok {
				fmt.Fprintf(b, `\x{%x}`, utf16.DecodeRune(high, low))
				return 11
			}
			b.WriteString(`\x{` + rest[1:5] + `}`)
			return 5
		}
	case '/', '-', '"', '\'', ' ', '#', '@', '!', '%', '&', ',', ':', ';', '<', '=', '>', '`', '~', '_':
		// Identity escapes. The standard library only knows those of punctuation that has a meaning for it.
		if c == '-' && class {
			b.WriteString(`\-`)
		} else {
			b.WriteByte(c)
		}
		return 1
	case '0':
		b.WriteString(`\x{0}`)
		return 1
	case 'p', 'P':
		if end := strings.IndexByte(rest, '}'); end > 2 && rest[1] == '{' {
			name := rest[2:end]
			if _, value, ok := strings.Cut(name, "="); ok {
				name = value
			}
			if short, ok := escapes[name]; ok {
				name = short
			}
			b.WriteString(`\` + string(c) + `{` + name + `}`)
			return end + 1
		}
	}
	b.WriteByte('\\')
	b.WriteByte(rest[0])
	return 1
}

// surrogates reads the two halves of a character beyond 16 bits: uD83D\uDE00.
func surrogates(s string) (high, low rune, ok bool) {
	if len(s) < 11 || s[5] != '\\' || s[6] != 'u' {
		return 0, 0, false
	}
	a, errA := strconv.ParseUint(s[1:5], 16, 16)
	b, errB := strconv.ParseUint(s[7:11], 16, 16)
	high, low = rune(a), rune(b)
	return high, low, errA == nil && errB == nil && utf16.DecodeRune(high, low) != utf8.RuneError
}
