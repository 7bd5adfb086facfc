package transcript

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/web/display"
)

func TestLayOut(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"b":[1,2]}`: `{"a": 1, "b": [1, 2]}`,
		`{"first":"a value of some length","second":{"x":1.50,"y":[]},"third":"another"}`: `{
  "first": "a value of some length",
  "second": {"x": 1.50, "y": []},
  "third": "another"
}`,
		`[{"quote":"she said \"{[,\" and left, then came back"},{"empty":{}},{"n":12345678901234567890}]`: `[
  {
    "quote": "she said \"{[,\" and left, then came back"
  },
  {"empty": {}},
  {"n": 12345678901234567890}
]`,
		`{"a":1,"a":2}`: `{"a": 1, "a": 2}`,
	} {
		got, isJSON := layOut(in, cardLine)
		require.True(t, isJSON)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"", "plain", "12", `"text"`, `{"a":`, "{'a': 1}", strings.Repeat("[", 100) + strings.Repeat("]", 100), "[" + strings.Repeat("1,", maxLaidOut) + "1]"} {
		got, isJSON := layOut(in, cardLine)
		require.False(t, isJSON)
		require.Equal(t, in, got)
	}
}

func TestLocate(t *testing.T) {
	text := "{\n  \"a\": {\"b\": [1, \"two, three\", {\"c\": null}]},\n  \"x/y\": true, \"a\": 5\n}"
	at := func(pointer string) []string {
		var found []string
		for _, r := range locate(text, []string{pointer}) {
			found = append(found, text[r.from:r.to])
		}
		return found
	}
	require.Equal(t, []string{`"two, three"`}, at("/a/b/1"))
	require.Equal(t, []string{`{"c": null}`}, at("/a/b/2"))
	require.Equal(t, []string{`null`}, at("/a/b/2/c"))
	require.Equal(t, []string{`true`}, at("/x~1y"))
	require.Equal(t, []string{`{"b": [1, "two, three", {"c": null}]}`, `5`}, at("/a"))
	require.Empty(t, at("/b"))
}

func TestEvidenceFindsWhatItSpeaksOf(t *testing.T) {
	marked := func(text string, regions []region) []string {
		var found []string
		for _, r := range regions {
			found = append(found, text[r.from:r.to])
		}
		return found
	}
	arguments := `{"order": {"lines": [{"sku": "A"}, {"sku": 7}]}, "amount": "19,99 €", "a.b": 1}`
	for evidence, want := range map[string][]string{
		"issue_refund.amount is a string; the tool's schema wants a number":               {`"19,99 €"`},
		"issue_refund.order.lines[1].sku is an integer; the tool's schema wants a string": {`7`},
		"issue_refund.order.lines breaks maxItems: the tool's schema wants at most 1":     {`[{"sku": "A"}, {"sku": 7}]`},
		"issue_refund.reason is required and missing":                                     nil,
		"lookup_order.amount is a string; the tool's schema wants a number":               nil,
		`issue_refund.gone is a string; the tool's schema wants a number: "19,99 €"`:      {`"19,99 €"`},
	} {
		e := readEvidence(failure.ToolCallMalformed, failure.TypeMismatch, evidence)
		require.Equal(t, want, marked(arguments, e.inArguments("issue_refund")(arguments, true)), evidence)
	}

	broken := `{"order_id": 44 71}`
	e := readEvidence(failure.ToolCallMalformed, failure.UnparsableArguments, "the arguments of issue_refund are not JSON: byte 17")
	require.Equal(t, []string{"7"}, marked(broken, e.inArguments("issue_refund")(broken, false)))

	answer := `{"total": "12", "extra": 1, "more": {"z": 1}}`
	for evidence, want := range map[string][]string{
		"/total breaks type: the schema wants number":                                 {`"12"`},
		"the answer has properties that the schema forbids: extra, more (and 1 more)": {`1`, `{"z": 1}`},
		"/more has properties that the schema forbids: z":                             {`1`},
		"the answer lacks currency":                                                   nil,
		"the answer breaks not":                                                       nil,
		"/nowhere breaks type: the schema wants number":                               nil,
	} {
		e := readEvidence(failure.SchemaViolation, "type", evidence)
		require.Equal(t, want, marked(answer, e.inAnswer(answer, true)), evidence)
	}
	fenced := "```json\n{}\n```"
	e = readEvidence(failure.SchemaViolation, failure.NotJSON, "the answer is wrapped in a code fence: a parser of JSON fails on it")
	require.Equal(t, []string{"```json"}, marked(fenced, e.inAnswer(fenced, false)))

	said := "Your order ships within 60 days. RATE LIMIT reached."
	for evidence, want := range map[string][]string{
		`“60 days” is in no retrieved document`:              {"60 days"},
		`the error message says "rate limit"`:                {"RATE LIMIT"},
		"the answer declines: Your order ships within 60 d…": {"Your order ships within 60 d"},
		`"it" is too short to be looked for`:                 nil,
	} {
		e := readEvidence(failure.Hallucination, "", evidence)
		require.Equal(t, want, marked(said, e.inText(said)), evidence)
	}
}

func TestLongTextsFold(t *testing.T) {
	join := func(pieces []Piece) string {
		var b strings.Builder
		for _, p := range pieces {
			b.WriteString(p.Text)
		}
		return b.String()
	}
	long := strings.Repeat("line of text\n", 1000)
	w := newWriter(nil)
	b := w.text(long, nil, false)
	require.Equal(t, long, join(b.Head)+join(b.Folded), "nothing is lost in the fold")
	require.LessOrEqual(t, len(join(b.Head)), headShown)
	require.True(t, strings.HasSuffix(join(b.Head), "\n"), "it folds at the end of a line")
	require.False(t, b.Open)
	require.Equal(t, maxPage-len(long), w.left)

	at := strings.LastIndex(long, "line")
	require.True(t, w.text(long, []region{{from: at, to: at + 4}}, false).Open, "what is marked is in sight")

	b = w.text(long, nil, true)
	require.Equal(t, long, join(b.Head)+join(b.Folded)+join(b.Tail))
	require.Len(t, join(b.Tail), tailShown, "the end of what was cut off is in sight")

	huge := strings.Repeat("x", 1<<20) + "THE END"
	b = w.text(huge, nil, true)
	require.True(t, strings.HasSuffix(join(b.Tail), "THE END"))
	require.Equal(t, "983.0 kB", b.Dropped)

	full := &writer{placed: map[int]bool{}}
	b = full.text(long, nil, false)
	require.LessOrEqual(t, len(join(b.Head)+join(b.Folded)), leastShown, "a full page shows little of each")
	require.NotEmpty(t, b.Dropped)
}

func TestMarksOverlapNothing(t *testing.T) {
	text := "0123456789"
	at := func(from, to int, numbers ...int) region { return region{from: from, to: to, numbers: numbers} }
	w := newWriter(nil)
	marks := within([]region{at(4, 6, 1), at(2, 5, 2), at(8, 99), at(-1, 3), at(7, 7), at(2, 5, 3), at(2, 5, 2)}, len(text))
	require.Equal(t, []Piece{
		{Text: "01"},
		{Text: "234", Marked: true, Numbers: []Number{{N: 2}, {N: 3}}, ID: "e3"},
		{Text: "5", Marked: true, Numbers: []Number{{N: 1}}, ID: "e1"},
		{Text: "67"},
		{Text: "89", Marked: true},
	}, w.pieces(text, marks, 0))
	require.Equal(t, []Piece{{Text: "56"}, {Text: "78", Marked: true}, {Text: "9"}}, w.pieces(text[5:], []region{at(7, 9)}, 5))
}

func FuzzBlock(f *testing.F) {
	f.Add(`{"a":[1,"two"],"b":{"c":null}}`, `tool.a[1] is a string; the tool's schema wants a number: "two"`)
	f.Add("plain \u202e text\xff", "/a/b breaks type: the schema wants number")
	f.Add("```json\n{}\n```", "it breaks at byte 7 of 9")
	f.Add(strings.Repeat(`[{"k":`, 40), `“quoted” and "quoted" and: a suffix of the evidence…`)
	f.Fuzz(func(t *testing.T, text, why string) {
		for _, class := range []failure.Class{failure.ToolCallMalformed, failure.SchemaViolation, failure.Refusal} {
			e := readEvidence(class, failure.UnparsableArguments, why)
			w := newWriter([]string{"te"})
			for _, b := range []*Block{
				w.value(genai.Value{Text: text}, e.inArguments("tool")), w.data(text, wideLine, e.inAnswer), w.text(text, e.inText(text), true),
			} {
				n := 0
				for _, list := range [][]Piece{b.Head, b.Folded, b.Tail} {
					for _, p := range list {
						n += len(p.Text)
						if !utf8.ValidString(p.Text) {
							t.Fatalf("piece %q is no UTF-8", p.Text)
						}
					}
				}
				if text != "" && n == 0 && display.Text(text) != "" {
					t.Fatal("nothing is shown")
				}
			}
		}
		if laid, isJSON := layOut(text, cardLine); isJSON {
			if !jsontext.Value(laid).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
				t.Fatalf("%q was laid out as %q", text, laid)
			}
		}
	})
}
