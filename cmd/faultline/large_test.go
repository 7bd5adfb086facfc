package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// TestRunOfARowOf5MB: the input of a row has 5 MB, and then the answer. Both are recorded, continued, read and judged
// whole.
func TestRunOfARowOf5MB(t *testing.T) {
	dir := t.TempDir()
	const large = 5 << 20
	prose := "The customer sent the shoes of order 4471 back, and asks when the money arrives. "
	tools := `[{"name":"issue_refund","parameters":{"type":"object","properties":{"amount":{"type":"number"}}}}]`
	parsed, err := genai.ParseTools(tools)
	require.NoError(t, err)
	call := &genai.Call{Operation: genai.OpChat, ServiceName: "shop", RequestModel: "m"}
	call.SetContent(genai.Content{
		Input: []genai.Message{{Role: genai.RoleUser, Text: strings.Repeat(prose, large/len(prose))}},
		Output: []genai.Message{{Role: genai.RoleAssistant, ToolCalls: []genai.ToolCall{
			{Name: "issue_refund", Arguments: genai.Value{Text: `{"amount":"19,99"}`}},
		}}}, Tools: parsed, ToolDefinitions: tools,
	})
	rows := filepath.Join(dir, "rows.jsonl")
	require.NoError(t, dataset.WriteFile(rows, []dataset.Row{{
		ID: "large", Version: dataset.Version, Class: failure.ToolCallMalformed, Detail: failure.TypeMismatch,
		Decision: review.Confirmed, Call: call, Assertions: []string{`contains "the very end"`},
	}}))
	// The answers have 5 MB too, without a repetition.
	var b strings.Builder
	for i := 0; b.Len() < large; i++ {
		b.WriteString("Order ")
		for n := i; n > 0; n /= 26 {
			b.WriteByte(byte('a' + n%26))
		}
		b.WriteString(" arrived. ")
	}
	b.WriteString("This is the very end.")
	answer := filepath.Join(dir, "answer.txt")
	require.NoError(t, os.WriteFile(answer, []byte(b.String()), 0o600))
	for command, code := range map[string]int{
		"cat >/dev/null; echo 'The money of order 4471 arrives in five days, at the very end.'": exitOK,
		"cat >/dev/null; cat " + answer: exitOK,
		`cat >/dev/null; echo '{"content": "the very end", "tool_calls": [{"name": "issue_refund", "arguments": {"amount": "19,99"}}]}'`: exitFailure,
	} {
		out := filepath.Join(dir, "out.jsonl")
		cli(t, exitOK, "run", "--dataset", rows, "-o", out, "--overwrite", "--exec", command)
		_, stderr := cli(t, exitOK, "run", "--dataset", rows, "-o", out, "--exec", command)
		require.Contains(t, stderr, "beside 1 that the output had", "it is continued")
		stdout, _ := cli(t, code, "gate", "--dataset", rows, "--candidate", out)
		require.NotContains(t, stdout, "was cut")
	}
}
