package main

import (
	"bytes"
	"fmt"
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

// refunds are judged calls of a shop: refunds of more than 500 are failures of signal a1b2, and all others are sound.
// Signal c3d4 has two failures.
func refunds() []dataset.Row {
	var rows []dataset.Row
	for i := range 60 {
		amount, decision, signal := 20+8*i, review.Rejected, ""
		if i%2 == 0 {
			amount, decision, signal = 510+13*i, review.Confirmed, "a1b2"
		}
		if i%30 == 4 {
			signal = "c3d4"
		}
		call := &genai.Call{Operation: genai.OpChat, PromptName: "refunds", FinishReasonsCanonical: []string{"tool_call"}}
		call.SetContent(genai.Content{
			Input: []genai.Message{{Role: genai.RoleUser, Text: fmt.Sprintf("Refund order %d, please.", 1000+i)}},
			Output: []genai.Message{{Role: genai.RoleAssistant, ToolCalls: []genai.ToolCall{{
				Name:      "issue_refund",
				Arguments: genai.Value{Text: fmt.Sprintf(`{"order": "%d", "amount": %d}`, 1000+i, amount), Structured: true},
			}}}},
		})
		row := dataset.Row{
			Version: dataset.Version, Decision: decision, Fingerprint: signal, TraceID: fmt.Sprintf("%032x", i+1), Call: call,
		}
		if decision == review.Confirmed {
			row.Class, row.Detail = failure.Hallucination, "claimed_action"
		}
		row.ID = dataset.ID(row.Class, call, row.TraceID, "")
		rows = append(rows, row)
	}
	return rows
}

// TestScorersGuide: the rules and cases of the guide are right.
func TestScorersGuide(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "scorers.md"))
	require.NoError(t, err)
	var blocks []string
	for i, part := range strings.Split(string(guide), "```") {
		if i%2 == 1 && strings.HasPrefix(part, "yaml\n") {
			blocks = append(blocks, strings.TrimPrefix(part, "yaml\n"))
		}
	}
	require.GreaterOrEqual(t, len(blocks), 2)
	dir := t.TempDir()
	file := filepath.Join(dir, "scorers.yaml")
	require.NoError(t, os.WriteFile(file, []byte(blocks[0]), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "scorers.cases.yaml"), []byte(blocks[1]), 0o600))
	for _, args := range [][]string{{"scorers", "lint", file}, {"scorers", "test", file}} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
		require.Equal(t, exitOK, code, "%s\n%s", stdout.String(), stderr.String())
	}
}
