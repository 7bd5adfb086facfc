// Package assertion is what must hold of a run of an application on a dataset row: a line of text such as
//
//	calls issue_refund with {"amount": 20}
//
// The same line stands on the review page, in a label, in a dataset file and in the report of the gate.
package assertion

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/language"
)

// Assertion is a parsed line. The zero value is not valid: see Parse.
type Assertion struct {
	form *form
	// What the words of the form are followed by. Each form uses some of these.
	steps    []step         // the calls of tools, in order
	text     string         // a quoted text
	pattern  *regexp.Regexp // between slashes, with its flags
	name     string         // of a score or a rubric
	language language.Language
	bound    bound
	from, to float64
}

// step is a call of a tool. The name * stands for any tool. Arguments are nil without a wish about them.
type step struct {
	name      string
	arguments any
	given     string // the arguments as JSON
}

// bound compares with a number. unit is what it is written in: 3s and 3000ms are two ways to write one bound.
type bound struct {
	operator string
	value    float64
	written  string
}

// Form describes one kind of assertion, for help and for documentation.
type Form struct{ Words, Syntax, Holds string }

// form is one kind of assertion: how it is parsed after its words, written, and checked.
type form struct {
	words  string // that the line starts with
	syntax string // of what follows
	holds  string // when it holds
	parse  func(*scanner, *Assertion) error
	write  func(*Assertion) string
	check  func(*Assertion, *checking) Result
}

// forms are all forms. A form whose words start with those of another one comes first.
var forms []form

func init() { //nolint:gochecknoinits // the checks refer to the table
	forms = []form{
		{
			"calls", "TOOL [with JSON] [then TOOL [with JSON]]…",
			"the tools are called in this order, with at least these arguments; other calls may lie between",
			parseSteps, writeSteps, calls,
		},
		{
			"does not call", "TOOL [with JSON]",
			"the tool is not called, or not with these arguments; * is any tool",
			parseStep, writeSteps, doesNotCall,
		},
		{"contains", `"TEXT"`, "the answer contains the text, in any case", parseText, writeText, contains},
		{"does not contain", `"TEXT"`, "it does not", parseText, writeText, not(contains)},
		{"matches", "/RE/[i]", "the answer matches the RE2 expression", parsePattern, writePattern, matches},
		{"does not match", "/RE/[i]", "it does not", parsePattern, writePattern, not(matches)},
		{"equals", `"TEXT"`, "the answer is the text, or the same JSON value", parseText, writeText, equals},
		{
			"number between", "A and B", "a number in the answer is between the two, or one of them",
			parseRange, writeRange, number,
		},
		{
			"follows schema", "", "the answer follows the JSON Schema of the request, or else of the row",
			nothing, nil, followsSchema,
		},
		{"language", "CODE", "the answer is in the language, such as de", parseLanguage, writeLanguage, inLanguage},
		{"length", "<= N", "the answer has so many characters; also <, >=, >", parseCount, writeBound, length},
		{"cost", "<= USD", "the calls of the run cost so much together", parseAmount, writeBound, cost},
		{"latency", "<= DURATION", "the run takes so long, such as 3s or 800ms", parseDuration, writeBound, latency},
		{"score", "NAME >= N", "the lowest score of the scorer in the run", parseNamed, writeNamed, scored},
		{"rubric", "NAME >= N", "what a judge gives the answer by the rubric", parseNamed, writeNamed, judged},
	}
}

// Rubric returns the name of the rubric that the assertion is about, or "".
func (a Assertion) Rubric() string {
	if a.form == nil || a.form.words != "rubric" {
		return ""
	}
	return a.name
}

// Forms lists what can be asserted.
func Forms() []Form {
	list := make([]Form, len(forms))
	for i, f := range forms {
		list[i] = Form{f.words, f.syntax, f.holds}
	}
	return list
}

// MaxLine bounds a line, in bytes.
const MaxLine = 64 << 10

// Parse reads a line. The error names the place in the line, the word there, and what may stand there.
func Parse(line string) (Assertion, error) {
	if len(line) > MaxLine {
		return Assertion{}, fmt.Errorf("an assertion must have at most %d bytes, got %d", MaxLine, len(line))
	}
	if at := strings.IndexAny(line, "\n\r"); at >= 0 {
		s := scanner{line: line, at: at}
		return Assertion{}, s.wrong("an assertion must be one line")
	}
	s := &scanner{line: line}
	for i := range forms {
		f := &forms[i]
		if !s.words(f.words) {
			continue
		}
		a := Assertion{form: f}
		if err := f.parse(s, &a); err != nil {
			return Assertion{}, err
		}
		if s.skip(); !s.done() {
			return Assertion{}, s.wrong("the assertion must end here")
		}
		return a, nil
	}
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = f.words
	}
	s.skip()
	return Assertion{}, s.wrong("an assertion must start with one of: " + strings.Join(names, ", "))
}

// String returns the assertion as Parse reads it, in its usual form.
func (a Assertion) String() string {
	switch {
	case a.form == nil:
		return ""
	case a.form.write == nil:
		return a.form.words
	}
	return a.form.words + " " + a.form.write(&a)
}

// Form returns the words that the line starts with, such as "does not call".
func (a Assertion) Form() string {
	if a.form == nil {
		return ""
	}
	return a.form.words
}

// Name returns the score or the rubric that the assertion is about, "" for other assertions.
func (a Assertion) Name() string { return a.name }

// Tools returns the names of the tools that the assertion is about.
func (a Assertion) Tools() (names []string) {
	for _, s := range a.steps {
		if s.name != "*" {
			names = append(names, s.name)
		}
	}
	return names
}

func nothing(*scanner, *Assertion) error { return nil }

func parseStep(s *scanner, a *Assertion) error {
	name, err := s.name("the name of a tool")
	if err != nil {
		return err
	}
	one := step{name: name}
	if s.words("with") {
		if one.arguments, one.given, err = s.object(); err != nil {
			return err
		}
	}
	a.steps = append(a.steps, one)
	return nil
}

func parseSteps(s *scanner, a *Assertion) error {
	for {
		if err := parseStep(s, a); err != nil {
			return err
		}
		if !s.words("then") {
			return nil
		}
	}
}

func writeSteps(a *Assertion) string {
	parts := make([]string, len(a.steps))
	for i, one := range a.steps {
		parts[i] = writeName(one.name)
		if one.given != "" {
			parts[i] += " with " + one.given
		}
	}
	return strings.Join(parts, " then ")
}

func parseText(s *scanner, a *Assertion) (err error) {
	a.text, err = s.text()
	return err
}

func writeText(a *Assertion) string { return quote(a.text) }

func parsePattern(s *scanner, a *Assertion) (err error) {
	a.pattern, err = s.pattern()
	return err
}

func writePattern(a *Assertion) string {
	source, flag := a.pattern.String(), ""
	if rest, folded := strings.CutPrefix(source, foldCase); folded {
		source, flag = rest, "i"
	}
	return "/" + escapeSlashes(source) + "/" + flag
}

func parseRange(s *scanner, a *Assertion) (err error) {
	if a.from, err = s.number("a number"); err != nil {
		return err
	}
	if !s.words("and") {
		return s.wrong("two numbers must be joined by: and")
	}
	s.skip()
	at := s.at
	if a.to, err = s.number("a number"); err != nil {
		return err
	}
	if a.to < a.from {
		s.at = at
		return s.wrong(fmt.Sprintf("the second number must not be below the first (%s)", plain(a.from)))
	}
	return nil
}

func writeRange(a *Assertion) string { return plain(a.from) + " and " + plain(a.to) }

func parseLanguage(s *scanner, a *Assertion) error {
	s.skip()
	at := s.at
	word := s.word()
	if a.language = languageOf(word); a.language == language.Unknown {
		s.at = at
		return s.wrong("a language must be one of " + strings.Join(languageCodes(), ", "))
	}
	a.text = word
	return nil
}

func writeLanguage(a *Assertion) string { return a.text }

func parseCount(s *scanner, a *Assertion) error {
	return s.bound(a, "a whole number of characters", func(word string) (float64, bool) {
		n, err := strconv.ParseUint(word, 10, 31)
		return float64(n), err == nil
	})
}

func parseAmount(s *scanner, a *Assertion) error {
	return s.bound(a, "an amount in US dollars, such as 0.02", func(word string) (float64, bool) {
		n, ok := finite(strings.TrimPrefix(word, "$"))
		return n, ok && n >= 0
	})
}

func parseDuration(s *scanner, a *Assertion) error {
	err := s.bound(a, "a duration, such as 3s or 800ms", func(word string) (float64, bool) {
		d, err := time.ParseDuration(word)
		return d.Seconds(), err == nil && d >= 0
	})
	if err == nil {
		d, _ := time.ParseDuration(a.bound.written)
		a.bound.written = shortDuration(d)
	}
	return err
}

// shortDuration writes 2m0s as 2m.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func parseNamed(s *scanner, a *Assertion) (err error) {
	if a.name, err = s.name("the name of a " + a.form.words); err != nil {
		return err
	}
	return s.bound(a, "a number between 0 and 1", func(word string) (float64, bool) {
		n, ok := finite(word)
		return n, ok && n >= 0 && n <= 1
	})
}

func writeBound(a *Assertion) string { return a.bound.String() }

func writeNamed(a *Assertion) string { return writeName(a.name) + " " + a.bound.String() }

func (b bound) String() string { return b.operator + " " + b.written }

// holds reports whether a number keeps to the bound.
func (b bound) holds(value float64) bool {
	switch b.operator {
	case "<":
		return value < b.value
	case "<=":
		return value <= b.value
	case ">":
		return value > b.value
	}
	return value >= b.value
}

// plain writes a number without an exponent where it is short that way.
func plain(f float64) string {
	if s := strconv.FormatFloat(f, 'f', -1, 64); len(s) < 24 {
		return s
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// quote writes a text as a JSON string that keeps its letters.
func quote(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string can always be written
	return strings.TrimSuffix(b.String(), "\n")
}
