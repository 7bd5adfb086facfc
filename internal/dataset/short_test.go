package dataset

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

const shortText = `version: 1
name: refunds
service: returns-bot
system: You are the bot of a shop.
tools:
  - {name: issue_refund, parameters: {type: object, properties: {amount: {type: number}}}}
rows:
  - id: refund-amount
    name: the amount is a number
    ask: Can I have my 20 EUR back?
    class: tool_call_malformed/type_mismatch
    failing: I called issue_refund with "20 EUR".
    expect: |
      calls issue_refund with {"amount": 20}
      does not contain "EUR EUR"
    tags: [money]
  - messages:
      - {role: user, text: Hello}
      - {role: assistant, text: "Hello! What can I do?"}
      - {role: user, text: "Where is my parcel?"}
    context: [Parcels take three days.]
    schema: {type: object, required: [days]}
    expect: [follows schema]
    media: [{uri: label.png, type: image/png, message: 2}]
  - ask: Are you open on Sunday?
    sound: No, on Sunday we are closed.
`

func TestShortForm(t *testing.T) {
	rows, err := Read("refunds.yaml", strings.NewReader(shortText))
	require.NoError(t, err)
	require.Len(t, rows, 3)

	first := rows[0]
	require.Equal(t, []string{"refund-amount", "returns-bot", SourceHand}, []string{first.ID, first.Service, first.Source})
	require.Equal(t, failure.ToolCallMalformed, first.Class)
	require.Equal(t, "type_mismatch", first.Detail)
	require.Equal(t, review.Confirmed, first.Decision)
	require.Equal(t, "issue_refund", first.Call.Tools()[0].Name)
	require.Equal(t, "You are the bot of a shop.", first.Call.System())
	require.Equal(t, `I called issue_refund with "20 EUR".`, first.Call.Output()[0].Text)
	require.Len(t, first.Assertions, 2)

	second := rows[1]
	require.Len(t, second.ID, 16)
	require.Empty(t, second.Decision)
	require.Len(t, second.Call.Input(), 3)
	require.Equal(t, "Parcels take three days.", second.Call.Retrieval().Documents[0].Content)
	require.JSONEq(t, `{"type":"object","required":["days"]}`, second.Call.OutputSchema())
	require.Equal(t, []Medium{{Message: 2, URI: "label.png", Type: "image/png"}}, second.Media)

	require.Equal(t, review.Rejected, rows[2].Decision)

	// It says the same as JSON lines.
	var lines bytes.Buffer
	require.NoError(t, Write(&lines, rows))
	again, err := Read("refunds.jsonl", &lines)
	require.NoError(t, err)
	require.Equal(t, Hash(rows), Hash(again))
}

func TestMistakesInTheShortForm(t *testing.T) {
	for text, want := range map[string]string{
		"version: 2\nrows: [{ask: a, corrected: b}]": "f.yaml: version must be 1, got 2",
		"version: 1": "f.yaml: rows must not be empty",
		"version: 1\nrows: [{ask: a, expct: [b]}]":                            "expct",
		"version: 1\nrows: [{ask: a}]":                                        "f.yaml: row 1: expect must be given, or corrected, class or sound: nothing says what must hold",
		"version: 1\nrows: [{expect: [follows schema]}]":                      "f.yaml: row 1: ask must be given",
		"version: 1\nrows: [{ask: a, messages: [{role: user}], sound: b}]":    "f.yaml: row 1: ask or messages must be given, not both",
		"version: 1\nrows: [{messages: [{role: bot, text: a}], sound: b}]":    `f.yaml: row 1: messages[0].role must be system, user, assistant or tool, got "bot"`,
		"version: 1\nrows: [{ask: a, failing: b}]":                            "f.yaml: row 1: class must be given with failing",
		"version: 1\nrows: [{ask: a, sound: b, class: refusal}]":              "f.yaml: row 1: sound must be given alone",
		"version: 1\nrows: [{ask: a, class: oops}]":                           `f.yaml: row 1: error_class must be one of the taxonomy (see faultline taxonomy), got "oops"`,
		"version: 1\nrows: [{ask: a, class: refusal/oops}]":                   `error_detail must be one of those of refusal`,
		"version: 1\nrows: [{ask: a, expect: ['say hi']}]":                    `f.yaml: row 1: assertions[0] "say hi": an assertion must start with one of`,
		"version: 1\nrows: [{ask: a, corrected: b, tools: [{a: b}]}]":         "f.yaml: row 1: tools must be a list of tool definitions, each with a name",
		"version: 1\nrows: [{ask: a, corrected: b, schema: 'x'}]":             "f.yaml: row 1: schema must be a JSON Schema",
		"version: 1\nrows: [{ask: a, corrected: b, severity: urgent}]":        `severity must be low, medium or high, got "urgent"`,
		"version: 1\nrows: [{ask: a, corrected: b, media: [{uri: ''}]}]":      "media[0].uri must be a URL or a path",
		"version: 1\nrows: [{ask: a, corrected: b}, {ask: a, corrected: c}]":  "f.yaml: row 2: id must be unique",
		"version: 1\nrows:\n- ask: a\n  expect:\n  - calls a with {\"b\": 1}": "must be assertions, one a line after | or each in single quotes",
		"version: 1\nrows: [{ask: a, expect: 5}]":                             "must be assertions: a text with one a line, or a list, got 5",
		"": "f.yaml: the file is empty",
	} {
		_, err := Read("f.yaml", strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

// TestTheGuideIsRight: the example of the guide is a dataset without faults.
func TestTheGuideIsRight(t *testing.T) {
	page, err := os.ReadFile("../../docs/guides/datasets.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(page), "```yaml\n")
	require.True(t, ok)
	example, _, _ := strings.Cut(rest, "```")
	rows, err := Read("guide.yaml", strings.NewReader(example))
	require.NoError(t, err)
	require.Len(t, rows, 3)
	for _, f := range Lint(rows, "") {
		require.Equal(t, LintUnchecked, f.Rule, f.String()) // the sound row
	}
	for _, rule := range []string{
		LintNoInput, LintUnchecked, LintOperational, LintVacuous, LintContradicted, LintUnchanged, LintSchema, LintTools,
		LintUnknownTool, LintSameInput, LintParted, LintMissingMedia,
	} {
		require.Contains(t, string(page), "`"+rule+"`")
	}
}
