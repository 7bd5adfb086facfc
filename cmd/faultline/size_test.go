//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// TestGateOfManyRows: ten thousand rows, one of them of 5 MB, in a process of its own.
func TestGateOfManyRows(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	const n, large = 10_000, 5 << 20
	dir := t.TempDir()
	faultline := filepath.Join(dir, "faultline")
	require.NoError(t, os.Symlink(os.Args[0], faultline))
	rowsFile, tracesFile := filepath.Join(dir, "rows.jsonl"), filepath.Join(dir, "traces.jsonl")
	tools := `[{"name":"issue_refund","parameters":{"type":"object","properties":{"amount":{"type":"number"},"order":{"type":"string"}}}}]`
	prose := strings.Repeat("The customer sent the shoes back and asks when the money of the order arrives. ", 12)
	traces, err := os.Create(tracesFile)
	require.NoError(t, err)
	out := bufio.NewWriter(traces)
	var rows []dataset.Row
	for i := range n {
		question := fmt.Sprintf("Order %d: can I have my money back?\n%s", i, prose)
		if i == n/2 {
			question += strings.Repeat(prose, large/len(prose))
		}
		call := &genai.Call{Operation: genai.OpChat, ServiceName: "returns-bot", RequestModel: "gpt-4.1"}
		parsed, err := genai.ParseTools(tools)
		require.NoError(t, err)
		call.SetContent(genai.Content{
			System: "You are the bot of a shop.", Input: []genai.Message{{Role: genai.RoleUser, Text: question}},
			Output: []genai.Message{{Role: genai.RoleAssistant, ToolCalls: []genai.ToolCall{
				{Name: "issue_refund", Arguments: genai.Value{Text: `{"amount":"19,99"}`}},
			}}}, Tools: parsed, ToolDefinitions: tools,
		})
		row := dataset.Row{
			ID: fmt.Sprint("row-", i), Version: dataset.Version, Class: failure.ToolCallMalformed, Detail: "type_mismatch",
			Decision: review.Confirmed, Service: "returns-bot", Call: call,
		}
		if i%2 == 0 {
			row.Assertions = []string{`calls issue_refund with {"amount": 19.99}`, "length <= 400"}
		}
		rows = append(rows, row)
		input, err := json.Marshal([]any{map[string]any{"role": "user", "parts": []any{map[string]any{"type": "text", "content": question}}}})
		require.NoError(t, err)
		attribute := func(key, value string) map[string]any {
			return map[string]any{"key": key, "value": map[string]any{"stringValue": value}}
		}
		line, err := json.Marshal(map[string]any{"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": []any{map[string]any{
			"traceId": fmt.Sprintf("%032x", i+1), "spanId": fmt.Sprintf("%016x", i+1), "name": "chat",
			"startTimeUnixNano": "1763451824000000000", "endTimeUnixNano": "1763451825000000000",
			"attributes": []any{
				attribute("app.llm.dataset.row", row.ID), attribute("gen_ai.operation.name", "chat"),
				attribute("gen_ai.input.messages", string(input)),
				attribute("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"I send it."},`+
					`{"type":"tool_call","id":"1","name":"issue_refund","arguments":{"amount":19.99,"order":"4471"}}],"finish_reason":"tool_call"}]`),
			},
		}}}}}}})
		require.NoError(t, err)
		_, err = out.Write(append(line, '\n'))
		require.NoError(t, err)
	}
	require.NoError(t, out.Flush())
	require.NoError(t, traces.Close())
	require.NoError(t, dataset.WriteFile(rowsFile, rows))
	rows = nil

	c := exec.CommandContext(t.Context(), faultline, "gate", "--dataset", rowsFile, "--candidate", tracesFile, "--format", "json",
		"-o", filepath.Join(dir, "report.json"))
	began := time.Now()
	said, err := c.CombinedOutput()
	took := time.Since(began)
	require.NoError(t, err, string(said))
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	require.True(t, ok)
	t.Logf("%d rows: %v, %v of CPU, %d MB", n, took, c.ProcessState.UserTime(), usage.Maxrss>>10)
	require.Less(t, c.ProcessState.UserTime()+c.ProcessState.SystemTime(), 60*time.Second)
	require.Less(t, usage.Maxrss>>10, int64(500))
}
