package assertion

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner reads a line from left to right. Words are separated by spaces and tabs.
type scanner struct {
	line string
	at   int
}

// SyntaxError is a mistake in a line.
type SyntaxError struct {
	Position int    // of the word, in characters from 1
	Word     string // "" at the end of the line
	Rule     string
}

func (e *SyntaxError) Error() string {
	got := "the end of the line"
	if e.Word != "" {
		got = strconv.Quote(e.Word)
	}
	return fmt.Sprintf("%s, got %s at character %d", e.Rule, got, e.Position)
}

// maxShown bounds the word in an error, in bytes.
const maxShown = 40

// wrong returns the error for the word at the place of the scanner.
func (s *scanner) wrong(rule string) error {
	s.skip()
	word := s.line[s.at:]
	if end := strings.IndexAny(word, " \t\r\n"); end > 0 {
		word = word[:end]
	}
	if len(word) > maxShown {
		word = strings.ToValidUTF8(word[:maxShown], "") + "…"
	}
	return &SyntaxError{Position: utf8.RuneCountInString(s.line[:s.at]) + 1, Word: word, Rule: rule}
}

func (s *scanner) done() bool { return s.at == len(s.line) }

func (s *scanner) skip() {
	for !s.done() && (s.line[s.at] == ' ' || s.line[s.at] == '\t') {
		s.at++
	}
}

// words skips the given words if they come next.
func (s *scanner) words(words string) bool {
	before := s.at
	for word := range strings.FieldsSeq(words) {
		s.skip()
		rest, ok := strings.CutPrefix(s.line[s.at:], word)
		if !ok || rest != "" && !strings.ContainsRune(" \t<>", rune(rest[0])) {
			s.at = before
			return false
		}
		s.at += len(word)
	}
	return true
}

// word returns the text up to the next space, and moves behind it.
func (s *scanner) word() string {
	from := s.at
	for !s.done() && s.line[s.at] != ' ' && s.line[s.at] != '\t' {
		s.at++
	}
	return s.line[from:s.at]
}

// name returns a word, or a quoted text for a name with spaces.
func (s *scanner) name(what string) (string, error) {
	s.skip()
	if strings.HasPrefix(s.line[s.at:], `"`) {
		before := s.at
		name, err := s.text()
		if err == nil && name == "" {
			s.at = before
			err = s.wrong(what + " must not be empty")
		}
		return name, err
	}
	before := s.at
	word := s.word()
	if word == "" || !plainName(word) {
		s.at = before
		return "", s.wrong(what + " must come here")
	}
	return word, nil
}

// keywords are no names, unless quoted: "calls with" lacks the name.
var keywords = []string{"with", "then", "and"}

func plainName(name string) bool {
	return !slices.Contains(keywords, name) && !strings.ContainsAny(name, " \t\r\n\"{}<>=") && utf8.ValidString(name)
}

func writeName(name string) string {
	if plainName(name) {
		return name
	}
	return quote(name)
}

// text reads a text in double quotes, with the escapes of JSON.
func (s *scanner) text() (string, error) {
	s.skip()
	rest := s.line[s.at:]
	if !strings.HasPrefix(rest, `"`) {
		return "", s.wrong(`a text in double quotes must come here`)
	}
	d := json.NewDecoder(strings.NewReader(rest))
	var text string
	if err := d.Decode(&text); err != nil {
		return "", s.wrong(`a text must end with a double quote, with \" for one inside it and \\ for a backslash`)
	}
	return text, s.behind(int(d.InputOffset()))
}

// behind moves behind a value, which a space or the end of the line must follow.
func (s *scanner) behind(length int) error {
	s.at += length
	if !s.done() && s.line[s.at] != ' ' && s.line[s.at] != '\t' {
		return s.wrong("a space must come here")
	}
	return nil
}

// object reads a JSON object and returns it with its shortest spelling.
func (s *scanner) object() (value any, spelled string, err error) {
	s.skip()
	rest := s.line[s.at:]
	if !strings.HasPrefix(rest, "{") {
		return nil, "", s.wrong(`arguments must be a JSON object, such as {"amount": 20}`)
	}
	d := json.NewDecoder(strings.NewReader(rest))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, "", s.wrong(fmt.Sprintf(`arguments must be a JSON object, such as {"amount": 20} (%v)`, err))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, "", s.wrong("arguments must be a JSON object")
	}
	return value, strings.TrimSuffix(b.String(), "\n"), s.behind(int(d.InputOffset()))
}

// foldCase is what the flag i stands for.
const foldCase = "(?i)"

// pattern reads an expression between slashes. A slash inside it is written \/.
func (s *scanner) pattern() (*regexp.Regexp, error) {
	s.skip()
	if s.done() || s.line[s.at] != '/' {
		return nil, s.wrong("an expression between slashes must come here, such as /refund of [0-9]+/")
	}
	start := s.at
	var source strings.Builder
	for i := s.at + 1; i < len(s.line); i++ {
		switch c := s.line[i]; {
		case c == '\\' && i+1 < len(s.line):
			i++
			if s.line[i] != '/' {
				source.WriteByte('\\')
			}
			source.WriteByte(s.line[i])
		case c == '/':
			s.at = i + 1
			flags := s.word()
			if flags != "" && flags != "i" {
				s.at -= len(flags)
				return nil, s.wrong("after the expression only the flag i may come")
			}
			text := source.String()
			if flags == "i" {
				text = foldCase + text
			}
			re, err := regexp.Compile(text)
			if err != nil {
				s.at = start
				return nil, s.wrong("the expression must be one of RE2 (" + strings.TrimPrefix(err.Error(),
					"error parsing regexp: ") + ")")
			}
			return re, nil
		default:
			source.WriteByte(c)
		}
	}
	return nil, s.wrong("an expression must end with a slash")
}

// escapeSlashes writes the slashes of an expression as pattern reads them.
func escapeSlashes(source string) string {
	var b strings.Builder
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case c == '\\' && i+1 < len(source):
			b.WriteByte(c)
			i++
			b.WriteByte(source[i])
		case c == '/':
			b.WriteString(`\/`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (s *scanner) number(what string) (float64, error) {
	s.skip()
	before := s.at
	n, ok := finite(s.word())
	if !ok {
		s.at = before
		return 0, s.wrong(what + " must come here")
	}
	return n, nil
}

func finite(word string) (float64, bool) {
	n, err := strconv.ParseFloat(word, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// operators are in the order in which they are looked for: <= before <.
var operators = []string{"<=", ">=", "<", ">"}

// bound reads an operator and a value, with or without a space between the two.
func (s *scanner) bound(a *Assertion, what string, read func(string) (float64, bool)) error {
	s.skip()
	for _, operator := range operators {
		if !strings.HasPrefix(s.line[s.at:], operator) {
			continue
		}
		s.at += len(operator)
		s.skip()
		before := s.at
		word := s.word()
		value, ok := read(word)
		if !ok {
			s.at = before
			return s.wrong(what + " must come here")
		}
		a.bound = bound{operator, value, word}
		return nil
	}
	return s.wrong("one of <=, <, >=, > must come here")
}
