package assertion

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/jsonschema"
	"github.com/faultline-otel/faultline/internal/language"
	"github.com/faultline-otel/faultline/internal/words"
)

// Outcome says whether an assertion holds.
type Outcome string

// The outcomes.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	Inconclusive Outcome = "inconclusive" // what it is about was not recorded, or cannot be judged
)

// Result is the outcome with what shows it. The evidence quotes the answer, up to MaxEvidence bytes.
type Result struct {
	Outcome  Outcome `json:"outcome"`
	Evidence string  `json:"evidence,omitempty"`
}

// MaxEvidence bounds the quotation in the evidence of a result, in bytes.
const MaxEvidence = 200

// checking is a run in the course of a check.
type checking struct {
	*Run
	ctx context.Context //nolint:containedctx // of one call of Check
}

// Check checks the assertion on a run.
func (a Assertion) Check(ctx context.Context, run *Run) Result {
	if a.form == nil {
		return Result{Inconclusive, "there is no assertion"}
	}
	run.load()
	return a.form.check(&a, &checking{run, ctx})
}

func calls(a *Assertion, r *checking) Result {
	next := 0
	for i := range r.invoked {
		if next < len(a.steps) && a.steps[next].is(&r.invoked[i]) {
			next++
		}
	}
	switch {
	case next == len(a.steps):
		return Result{Pass, "called " + r.called()}
	case r.unknown || len(r.Calls) == 0:
		return Result{Inconclusive, "the calls of tools were not recorded"}
	}
	missing := a.steps[next]
	where := ""
	if next > 0 {
		where = " after " + a.steps[next-1].name
	}
	return Result{Fail, fmt.Sprintf("%s is not called%s%s; called were: %s", missing.name, missing.with(), where,
		r.called())}
}

func doesNotCall(a *Assertion, r *checking) Result {
	for i := range r.invoked {
		if a.steps[0].is(&r.invoked[i]) {
			return Result{Fail, "called " + show(&r.invoked[i])}
		}
	}
	if r.unknown || len(r.Calls) == 0 {
		return Result{Inconclusive, "the calls of tools were not recorded"}
	}
	return Result{Pass, "called were: " + r.called()}
}

// called lists the tools that were called.
func (r *checking) called() string {
	if len(r.invoked) == 0 {
		return "none"
	}
	var list []string
	for i := range r.invoked {
		list = append(list, show(&r.invoked[i]))
	}
	return excerpt(strings.Join(list, ", "))
}

func show(i *invocation) string { return excerpt(i.name + " " + i.arguments.Text) }

func (s step) with() string {
	if s.given == "" {
		return ""
	}
	return " with " + excerpt(s.given)
}

// is reports whether a call is the wanted one.
func (s step) is(i *invocation) bool {
	if s.name != "*" && s.name != i.name {
		return false
	}
	if s.arguments == nil {
		return true
	}
	got, err := jsonschema.Decode(i.arguments.Text)
	return err == nil && within(s.arguments, got)
}

// within reports whether a value has everything that is wanted of it. An object may have more keys than wanted.
func within(wanted, got any) bool {
	switch w := wanted.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for key, value := range w {
			if have, ok := g[key]; !ok || !within(value, have) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		return ok && slices.EqualFunc(w, g, within)
	}
	return sameScalar(wanted, got)
}

// sameScalar compares numbers by value: 20 is 20.0.
func sameScalar(a, b any) bool {
	if a == b {
		return true
	}
	x, okX := rational(a)
	y, okY := rational(b)
	return okX && okY && x.Cmp(y) == 0
}

// maxDigits bounds the spelling of a number that is compared: an exponent of millions has as many digits.
const maxDigits = 40

func rational(v any) (*big.Rat, bool) {
	n, ok := v.(fmt.Stringer) // json.Number
	if !ok {
		return nil, false
	}
	text := n.String()
	f, err := strconv.ParseFloat(text, 64)
	if len(text) > maxDigits || err != nil || f != 0 && f < 1e-300 && f > -1e-300 {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// silent returns a result where there is no answer to look at.
func (r *checking) silent() (Result, bool) {
	if !r.answer.recorded {
		return Result{Inconclusive, "no answer was recorded"}, true
	}
	return Result{}, false
}

// found is the result of looking for something in the answer. What is not in a cut answer may be in the rest.
func (r *checking) found(ok bool, evidence string) Result {
	switch {
	case ok:
		return Result{Pass, evidence}
	case r.answer.cut:
		return Result{Inconclusive, "the record of the answer was cut, or is too long to read"}
	}
	return Result{Fail, "the answer is " + quoted(r.answer.text)}
}

// not turns a check of the answer around.
func not(check func(*Assertion, *checking) Result) func(*Assertion, *checking) Result {
	return func(a *Assertion, r *checking) Result {
		switch result := check(a, r); result.Outcome {
		case Pass:
			return Result{Fail, result.Evidence}
		case Fail:
			return Result{Pass, result.Evidence}
		default:
			return result
		}
	}
}

func contains(a *Assertion, r *checking) Result {
	if result, silent := r.silent(); silent {
		return result
	}
	ok := strings.Contains(fold(r.answer.text), fold(a.text))
	return r.found(ok, "the answer contains "+quoted(a.text))
}

// fold makes texts comparable: case and runs of white space do not matter.
func fold(text string) string { return strings.Join(strings.Fields(strings.ToLower(text)), " ") }

func matches(a *Assertion, r *checking) Result {
	if result, silent := r.silent(); silent {
		return result
	}
	at := a.pattern.FindStringIndex(r.answer.text)
	if at == nil {
		return r.found(false, "")
	}
	return r.found(true, "the answer has "+quoted(r.answer.text[at[0]:at[1]]))
}

func equals(a *Assertion, r *checking) Result {
	if result, silent := r.silent(); silent {
		return result
	}
	same := strings.TrimSpace(a.text) == r.answer.text
	if !same {
		want, err := jsonschema.Decode(a.text)
		got, err2 := jsonschema.Decode(r.answer.text)
		same = err == nil && err2 == nil && within(want, got) && within(got, want)
	}
	return r.found(same, "the answer equals the text")
}

// numbers finds numbers as people write them, with signs, separators of thousands, and decimals.
var numbers = regexp.MustCompile(`[-−]?\d+(?:[.,'’ \x{a0}\x{202f}]\d{3})*(?:[.,]\d+)?(?:[eE][-+]?\d+)?`)

// maxNumbers bounds the numbers of an answer that are looked at.
const maxNumbers = 10_000

func number(a *Assertion, r *checking) Result {
	if result, silent := r.silent(); silent {
		return result
	}
	text := r.answer.text
	for _, at := range numbers.FindAllStringIndex(text, maxNumbers) {
		word := text[at[0]:at[1]]
		if word[0] == '-' && at[0] > 0 && text[at[0]-1] >= '0' && text[at[0]-1] <= '9' {
			word = word[1:] // 3-5 is a range
		}
		for _, n := range readings(word) {
			if n >= a.from && n <= a.to {
				return r.found(true, "the answer has the number "+word)
			}
		}
	}
	return r.found(false, "")
}

// readings returns the numbers that a spelling may stand for: 1,234 is 1234 in English and 1.234 in German.
func readings(word string) []float64 {
	word = strings.ReplaceAll(word, "−", "-")
	word = strings.NewReplacer("'", "", "’", "", " ", "", "\u00a0", "", "\u202f", "").Replace(word)
	var list []float64
	for _, text := range []string{
		strings.ReplaceAll(word, ",", ""),
		strings.ReplaceAll(strings.ReplaceAll(word, ".", ""), ",", "."),
	} {
		if n, ok := finite(text); ok && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

func followsSchema(_ *Assertion, r *checking) Result {
	if result, silent := r.silent(); silent {
		return result
	}
	text := r.answer.schema
	if text == "" {
		text = r.Schema
	}
	if text == "" {
		return Result{Inconclusive, "neither the run nor the row has a schema"}
	}
	schema, err := compiled.Get(text).get()
	if err != nil {
		return Result{Inconclusive, "the schema cannot be used: " + excerpt(err.Error())}
	}
	value, err := jsonschema.Decode(r.answer.text)
	if err != nil {
		return r.found(false, "")
	}
	violations, err := schema.Validate(value)
	switch {
	case err != nil:
		return Result{Inconclusive, excerpt(err.Error())}
	case len(violations) > 0:
		v := violations[0]
		return Result{Fail, excerpt(fmt.Sprintf("%s at %s: want %s", v.Keyword, jsonschema.Generic(v.Path), v.Want))}
	}
	return Result{Pass, "the answer follows the schema"}
}

type schema struct {
	*jsonschema.Schema
	err error
}

func (s schema) get() (*jsonschema.Schema, error) { return s.Schema, s.err }

// compiled keeps the schemas that were used last: rows of one prompt share theirs.
var compiled = jsonschema.NewCache(func(text string) (schema, int) {
	s, err := jsonschema.Compile(text)
	return schema{s, err}, s.Size()
})

func inLanguage(a *Assertion, r *checking) Result {
	if result, silent := r.silent(); silent {
		return result
	}
	var text words.Text
	text.Read(r.answer.text)
	votes := language.Count(&text)
	best := votes.Best(1)
	switch {
	case best == language.Unknown:
		return Result{Inconclusive, "the language of the answer is not clear"}
	case language.Related(best, a.language):
		return Result{Pass, "the answer is in " + best.String()}
	}
	return Result{Fail, "the answer is in " + best.String()}
}

func length(a *Assertion, r *checking) Result {
	if result, silent := r.silent(); silent {
		return result
	}
	n := utf8.RuneCountInString(r.answer.text)
	if r.answer.cut {
		return Result{Inconclusive, "the record of the answer was cut, or is too long to read"}
	}
	return measured(a, float64(n), fmt.Sprintf("the answer has %d characters", n))
}

func cost(a *Assertion, r *checking) Result {
	if !r.Cost.Set {
		return Result{Inconclusive, "the cost of the run is not known"}
	}
	return measured(a, r.Cost.Value, "the run costs "+strconv.FormatFloat(r.Cost.Value, 'g', 6, 64)+" USD")
}

func latency(a *Assertion, r *checking) Result {
	if !r.Latency.Set {
		return Result{Inconclusive, "the duration of the run is not known"}
	}
	return measured(a, r.Latency.Value, "the run takes "+strconv.FormatFloat(r.Latency.Value, 'g', 4, 64)+" s")
}

func scored(a *Assertion, r *checking) Result {
	value, ok := r.Scores[a.name]
	if !ok {
		names := "none"
		if len(r.Scores) > 0 {
			names = strings.Join(slices.Sorted(maps.Keys(r.Scores)), ", ")
		}
		return Result{Inconclusive, excerpt("the run has no score " + a.name + "; it has: " + names)}
	}
	return measured(a, value, a.name+" is "+strconv.FormatFloat(value, 'f', 3, 64))
}

func judged(a *Assertion, r *checking) Result {
	if r.Judge == nil {
		return Result{Inconclusive, "no judge is configured for rubrics"}
	}
	if result, silent := r.silent(); silent {
		return result
	}
	value, why, err := r.Judge.Judge(r.ctx, a.name, r.Run)
	if err != nil {
		return Result{Inconclusive, excerpt("the judge gave no score: " + err.Error())}
	}
	return measured(a, value, a.name+" is "+strconv.FormatFloat(value, 'f', 2, 64)+": "+excerpt(why))
}

func measured(a *Assertion, value float64, evidence string) Result {
	if a.bound.holds(value) {
		return Result{Pass, evidence}
	}
	return Result{Fail, evidence}
}

func quoted(text string) string {
	if text == "" {
		return "empty"
	}
	return quote(excerpt(text))
}

func excerpt(text string) string { return clip.Text(text, MaxEvidence) }
