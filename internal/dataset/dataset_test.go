package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/genai/genaitest"
	"github.com/faultline-otel/faultline/internal/review"
)

const refundTool = `[{"type":"function","name":"issue_refund","parameters":{"type":"object","properties":{"amount":{"type":"number"}}}}]`

func refund(question string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat, PromptName: "returns", PromptVersion: "7", RequestModel: "gpt-4.1"}
	c.SetContent(genai.Content{
		System: "You handle returns.",
		Input:  []genai.Message{{Role: "user", Text: question}},
		Output: []genai.Message{{Role: "assistant", ToolCalls: []genai.ToolCall{{
			ID: "call_1", Name: "issue_refund", Arguments: genai.Value{Text: `{"amount":"20 EUR"}`, Structured: true},
		}}}},
		ToolDefinitions: refundTool,
		Tools:           []genai.Tool{{Name: "issue_refund", Parameters: `{"type":"object"}`}},
	})
	return c
}

func item() review.Item {
	return review.Item{
		TraceID: "5b8efff798038103d269b633813fc60c", Service: "returns-bot", PrimarySpanID: "bb9b7ec3c1b17400",
		Spans: []review.Span{
			{ID: "aa9b7ec3c1b17400", Name: "POST /chat"},
			{
				ID: "bb9b7ec3c1b17400", Name: "chat gpt-4.1",
				Verdict: failure.Verdict{
					Class: failure.ToolCallMalformed, Bucket: failure.Structure, Detail: "type_mismatch", Fingerprint: "00112233aabbccdd",
				},
				Call: refund("where is my money?"),
			},
		},
		Label: &review.Label{
			Decision: review.Confirmed, Class: failure.ToolCallMalformed, Detail: "type_mismatch", Note: "amount must be a number", Reviewer: "ada",
			Created: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
		},
	}
}

func TestRowOfAReviewedItem(t *testing.T) {
	row, err := FromItem(item())
	require.NoError(t, err)
	require.Empty(t, row.Validate())
	require.Equal(t, "bb9b7ec3c1b17400", row.SpanID, "of the primary span")
	require.Equal(t, "returns-bot", row.Service)
	require.Equal(t, "returns", row.PromptName)
	require.Equal(t, "00112233aabbccdd", row.Fingerprint)
	require.Equal(t, "ada", row.Reviewer)

	unjudged := item()
	unjudged.Label = nil
	_, err = FromItem(unjudged)
	require.ErrorIs(t, err, ErrNotJudged)

	noCall := item()
	noCall.Label.SpanID = "aa9b7ec3c1b17400"
	_, err = FromItem(noCall)
	require.ErrorIs(t, err, ErrNotJudged)

	unsure := item()
	unsure.Label.Decision = review.Unsure
	_, err = FromItem(unsure)
	require.ErrorIs(t, err, ErrNotJudged, "neither a failure nor none")

	remarked := item()
	remarked.Label.Remarks = review.Remarks{
		Severity: review.High, Tags: []string{"billing"}, CorrectedOutput: "I refunded.", Assertions: []string{"calls x"},
	}
	row, err = FromItem(remarked)
	require.NoError(t, err)
	require.Equal(t, "high", row.Severity)
	require.Equal(t, []string{"billing"}, row.Tags)
	require.Equal(t, "I refunded.", row.CorrectedOutput)
	require.Equal(t, []string{"calls x"}, row.Assertions)

	asFound := item()
	asFound.Label.Class, asFound.Label.Detail = "", ""
	row, err = FromItem(asFound)
	require.NoError(t, err)
	require.Equal(t, failure.ToolCallMalformed, row.Class, "confirmed as found")
	require.Equal(t, "type_mismatch", row.Detail)
}

func TestRowsSurviveTheFile(t *testing.T) {
	row, err := FromItem(item())
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("what was there before"), 0o600))
	require.NoError(t, WriteFile(path, []Row{row}))
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	rows, err := Read(path, bytes.NewReader(written))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, row.ID, ID(rows[0].Class, rows[0].Call, rows[0].TraceID, rows[0].SpanID), "the id follows from the content that was read")
	require.Len(t, rows[0].Call.Tools(), 1)
	require.JSONEq(t, refundTool, rows[0].Call.ToolDefinitions())
	require.Equal(t, row.Call.Output(), rows[0].Call.Output())

	var again bytes.Buffer
	require.NoError(t, Write(&again, rows))
	require.Equal(t, string(written), again.String())

	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

func TestCallsSurviveTheFileWhole(t *testing.T) {
	row, err := FromItem(item())
	require.NoError(t, err)
	row.Call = genaitest.Full(t)
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	require.NoError(t, WriteFile(path, []Row{row}))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	rows, err := Read(path, f)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, row.Call, rows[0].Call)
}

func TestMistakesAreNamed(t *testing.T) {
	good := `{"id":"a","version":2,"decision":"confirmed","error_class":"truncation","call":{"operation":"chat"}}`
	for name, c := range map[string]struct{ line, want string }{
		"id":             {`{"version":1,"decision":"rejected","call":{}}`, `row 2: id must be 1 to 128 letters, digits or any of ._:-, got ""`},
		"version":        {`{"id":"b","version":3,"decision":"rejected","call":{}}`, `row 2: version must be 1 or 2, got 3`},
		"decision":       {`{"id":"b","version":1,"decision":"maybe","call":{}}`, `row 2: decision must be "confirmed" or "rejected", got "maybe"`},
		"no class":       {`{"id":"b","version":1,"decision":"confirmed","call":{}}`, `row 2: error_class must be given where decision is "confirmed"`},
		"unknown class":  {`{"id":"b","version":2,"decision":"confirmed","error_class":"oops","call":{}}`, `row 2: error_class must be one of the taxonomy (see faultline taxonomy), got "oops"`},
		"unknown detail": {`{"id":"b","version":2,"decision":"confirmed","error_class":"truncation","error_detail":"oops","call":{}}`, `row 2: error_detail must be one of those of truncation (see faultline taxonomy), got "oops"`},
		"no call":        {`{"id":"b","version":1,"decision":"rejected"}`, `row 2: call must be an object, got null`},
		"same id":        {good, `row 2: id must be unique, got "a" again, first in row 1`},
		"unknown key":    {`{"id":"b","version":1,"verdict":"x"}`, `row 2: a row must be a JSON object of the keys in docs/guides/datasets.md, got "verdict"`},
		"type":           {`{"id":7}`, `row 2: id must be string, got number`},
		"no JSON":        {`hello`, `row 2: a row must be a JSON object of known keys: invalid character 'h' looking for beginning of value`},
		"keys of version 1": {
			`{"id":"b","version":2,"decision":"confirmed","class":"truncation","call":{}}`,
			`row 2: a row of version 2 must say error_class and error_detail, got class or detail`,
		},
		"keys of version 2": {
			`{"id":"b","version":1,"decision":"confirmed","error_class":"truncation","call":{}}`,
			`row 2: a row of version 1 must say class and detail, got error_class or error_detail`,
		},
		"two objects": {good + good, `row 2: a row must be one JSON object, got more after it`},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := Read("d.jsonl", strings.NewReader(good+"\n"+c.line+"\n"))
			require.EqualError(t, err, "d.jsonl: "+c.want)
			require.Len(t, rows, 1, "what is right is read")
		})
	}
}

func TestVersion1IsRead(t *testing.T) {
	rows, err := Read("d.jsonl", strings.NewReader(
		`{"id":"a","version":1,"decision":"confirmed","class":"truncation","detail":"output_limit","call":{"operation":"chat"}}`))
	require.NoError(t, err)
	require.Equal(t, failure.Truncation, rows[0].Class)
	require.Equal(t, failure.OutputLimit, rows[0].Detail)
	var again bytes.Buffer
	require.NoError(t, Write(&again, rows))
	require.JSONEq(t, `{"id":"a","version":2,"decision":"confirmed","error_class":"truncation","error_detail":"output_limit","call":{"operation":"chat"}}`,
		again.String())
}

func TestDedupeKeepsTheNewestLabel(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC) }
	rows := Dedupe([]Row{
		{ID: "a", LabelledAt: at(1)}, {ID: "b", LabelledAt: at(2)}, {ID: "a", LabelledAt: at(3), Note: "newest"}, {ID: "a", LabelledAt: at(2)},
	})
	require.Equal(t, []Row{{ID: "a", LabelledAt: at(3), Note: "newest"}, {ID: "b", LabelledAt: at(2)}}, rows)
}

func TestInputAndQuestion(t *testing.T) {
	call := func(change func(*genai.Content)) *genai.Call {
		content := genai.Content{System: "Be brief.", Input: []genai.Message{
			{Role: "user", Text: "Where is my order?"},
			{Role: "assistant", ToolCalls: []genai.ToolCall{{ID: "1", Name: "lookup", Arguments: genai.Value{Text: `{"id":1}`, Structured: true}}}},
			{Role: "tool", ToolResults: []genai.ToolResult{{ID: "1", Result: genai.Value{Text: `{"state":"lost"}`}}}},
		}}
		if change != nil {
			change(&content)
		}
		c := &genai.Call{Operation: genai.OpChat}
		c.SetContent(content)
		return c
	}
	base := call(nil)
	for name, c := range map[string]struct {
		change                  func(*genai.Content)
		sameInput, sameQuestion bool
	}{
		"nothing":          {nil, true, true},
		"ids of calls":     {func(c *genai.Content) { c.Input[1].ToolCalls[0].ID = "2" }, true, true},
		"space in JSON":    {func(c *genai.Content) { c.Input[1].ToolCalls[0].Arguments.Text = `{ "id": 1 }` }, true, true},
		"JSON in a string": {func(c *genai.Content) { c.Input[2].ToolResults[0].Result.Structured = true }, true, true},
		"system as a message": {func(c *genai.Content) {
			c.Input, c.System = append([]genai.Message{{Role: "system", Text: c.System}}, c.Input...), ""
		}, true, true},
		"system instructions":  {func(c *genai.Content) { c.System = "Be polite." }, false, true},
		"what the tool said":   {func(c *genai.Content) { c.Input[2].ToolResults[0].Result.Text = `{"state":"found"}` }, false, true},
		"what the user said":   {func(c *genai.Content) { c.Input[0].Text = "Where is my parcel?" }, false, false},
		"before the tool call": {func(c *genai.Content) { c.Input = c.Input[:1] }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			other := call(c.change)
			require.Equal(t, c.sameInput, Input(base) == Input(other), "input")
			require.Equal(t, c.sameQuestion, Question(base) == Question(other), "question")
		})
	}
	require.Empty(t, Input(&genai.Call{Operation: genai.OpChat}))
	require.Empty(t, Question(&genai.Call{Operation: genai.OpChat}))
	require.Empty(t, Input(nil))
}
