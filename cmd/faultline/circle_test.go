package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// refundCall is a chat span in which the model calls issue_refund with the given amount, in JSON.
func refundCall(traceID, amount string) string {
	const request = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"returns-bot"}}]},"scopeSpans":[{"spans":[
{"traceId":"TRACE","spanId":"eee19b7ec3c1b174","name":"chat gpt-4.1","kind":3,"startTimeUnixNano":"1763451824000000000","endTimeUnixNano":"1763451825000000000","attributes":[
{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.request.model","value":{"stringValue":"gpt-4.1"}},
{"key":"gen_ai.tool.definitions","value":{"stringValue":"[{\"type\":\"function\",\"name\":\"issue_refund\",\"parameters\":{\"type\":\"object\",\"properties\":{\"amount\":{\"type\":\"number\"}},\"required\":[\"amount\"]}}]"}},
{"key":"gen_ai.input.messages","value":{"stringValue":"[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"I sent the shoes back, order 4471. Can I have my money back?\"}]}]"}},
{"key":"gen_ai.output.messages","value":{"stringValue":"[{\"role\":\"assistant\",\"parts\":[{\"type\":\"tool_call\",\"id\":\"call_1\",\"name\":\"issue_refund\",\"arguments\":{\"amount\":AMOUNT}}],\"finish_reason\":\"tool_call\"}]"}}]}]}]}]}`
	escaped := strings.ReplaceAll(amount, `"`, `\"`)
	return strings.NewReplacer("TRACE", traceID, "AMOUNT", escaped).Replace(request)
}

// TestCircle runs the whole loop on the Collector's packages: a failing trace is flagged, a person confirms it, it is
// exported, and the gate blocks a candidate that repeats the failure and passes one that does not.
func TestCircle(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	const traceID = "5b8efff798038103d269b633813fc60c"

	// In, and flagged.
	set, err := loadScorers("")
	require.NoError(t, err)
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(refundCall(traceID, `"19,99 EUR"`)))
	require.NoError(t, err)
	pipeline.NewScorer(set, pipeline.ScorerOptions{}).Traces(td, nil, nil)
	path := filepath.Join(dir, "review.db")
	store, err := sqlstore.Open(t.Context(), path)
	require.NoError(t, err)
	defer store.Close() //nolint:errcheck // closed below, with a check
	require.NoError(t, store.Put(t.Context(), pipeline.ReviewTraces(td, nil)))
	page, err := store.Items(t.Context(), review.Filter{State: review.Open})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	flagged := page.Items[0]
	require.Equal(t, failure.ToolCallMalformed, flagged.Class)
	require.Equal(t, "type_mismatch", flagged.Detail)

	// Without a verdict there is nothing to export.
	dataset := filepath.Join(dir, "refunds.jsonl")
	_, stderr := cli(t, exitOK, "dataset", "export", "--store", path, "-o", dataset)
	require.Contains(t, stderr, "nothing is judged yet")

	// Confirmed, and exported while the store is open elsewhere, as in a running Collector.
	first, err := store.AddLabel(t.Context(), review.Label{
		TraceID:  traceID,
		Decision: review.Confirmed,
		Class:    flagged.Class,
		Detail:   flagged.Detail,
		Note:     "amount must be a number",
		Reviewer: "ada",
	})
	require.NoError(t, err)
	_, stderr = cli(t, exitOK, "dataset", "export", "--store", path, "-o", dataset)
	require.Contains(t, stderr, "1 row in "+dataset)
	stdout, _ := cli(t, exitOK, "dataset", "validate", dataset)
	require.Contains(t, stdout, "1 row, all right")
	stdout, _ = cli(t, exitOK, "dataset", "export", "--store", path, "--class", "refusal")
	require.Empty(t, stdout)

	// Gated.
	repeats := file("repeats.json", refundCall("6b8efff798038103d269b633813fc60d", `"about 20"`))
	mended := file("mended.json", refundCall("7b8efff798038103d269b633813fc60e", `19.99`))
	stdout, _ = cli(t, exitFailure, "gate", "--dataset", dataset, "--candidate", repeats)
	require.Contains(t, stdout, "1 row whose known failure repeats")
	stdout, _ = cli(t, exitOK, "gate", "--dataset", dataset, "--candidate", mended)
	require.Contains(t, stdout, "PASS")

	// The reviewer changes their mind: the newest label counts.
	_, err = store.AddLabel(t.Context(), review.Label{
		TraceID: traceID, Decision: review.Rejected, Reviewer: "bob", Replaces: first.ID,
	})
	require.NoError(t, err)
	_, stderr = cli(t, exitOK, "dataset", "export", "--store", path, "-o", dataset)
	require.Contains(t, stderr, "judged again since, and changed: ")
	stdout, _ = cli(t, exitOK, "dataset", "export", "--store", path)
	require.Contains(t, stdout, `"decision":"rejected"`, "it guards against the scorer that fired wrongly")
	stdout, _ = cli(t, exitOK, "gate", "--dataset", dataset, "--candidate", repeats)
	require.Contains(t, stdout, "false alarm online")
}

// cli runs the CLI in this process.
func cli(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, msg bytes.Buffer
	got := run(context.Background(), args, bytes.NewReader(nil), &out, &msg)
	require.Equal(t, code, got, "faultline %s\n%s%s", strings.Join(args, " "), out.String(), msg.String())
	return out.String(), msg.String()
}
