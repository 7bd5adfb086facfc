package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCircle runs the whole loop with the built binaries: a failing trace is flagged, a person confirms it, it is
// exported as a dataset row, and the gate blocks a candidate that repeats the failure and passes one that does not.
func TestCircle(t *testing.T) {
	c := start(t, "default.yaml")
	dir := t.TempDir()
	failing, repeats, mended := filepath.Join(
		dir,
		"failing.json",
	), filepath.Join(
		dir,
		"repeats.json",
	), filepath.Join(
		dir,
		"mended.json",
	)
	write(t, failing, refundCall("5b8efff798038103d269b633813fc60c", `{"order_id": "4471", "amount": "19,99 EUR"}`))
	write(t, repeats, refundCall("6b8efff798038103d269b633813fc60d", `{"order_id": "4471", "amount": "about 20"}`))
	write(t, mended, refundCall("7b8efff798038103d269b633813fc60e", `{"order_id": "4471", "amount": 19.99}`))

	_, msg, code := cli(t, dir, "replay", "--endpoint", c.grpc, "--now", failing)
	require.Zero(t, code, msg)
	await(t, 20*time.Second, func() error {
		if n := len(c.queue(t)); n != 1 {
			return fmt.Errorf("%d items in the queue, want the failing trace", n)
		}
		return nil
	})
	id := c.queue(t)[0]
	t.Logf("flagged: trace %s", id)

	label := `{"decision": "confirmed", "class": "tool_call_malformed", "detail": "type_mismatch", "note": "amount ` +
		`must be a number", "reviewer": "ada"}`
	resp, err := http.Post(
		"http://"+c.review+"/api/v1/items/"+id+"/labels",
		"application/json",
		bytes.NewReader([]byte(label)),
	)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Less(t, resp.StatusCode, 300)
	t.Log("confirmed: by ada, through the API of the review page")

	dataset := filepath.Join(dir, "refunds.jsonl")
	_, msg, code = cli(t, dir, "dataset", "export", "--from", "http://"+c.review, "-o", dataset)
	require.Zero(t, code, msg)
	rows, err := os.ReadFile(dataset)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(rows, []byte("\n")), "one row")
	_, msg, code = cli(t, dir, "dataset", "validate", dataset)
	require.Zero(t, code, msg)
	t.Log("exported: one valid row")

	out, msg, code := cli(t, dir, "gate", "--dataset", dataset, "--candidate", repeats)
	require.Equal(t, 1, code, "the gate blocks the candidate that repeats the failure\n%s%s", out, msg)
	t.Logf("gate, failure repeated: exit %d", code)
	out, msg, code = cli(t, dir, "gate", "--dataset", dataset, "--candidate", mended)
	require.Zero(t, code, "the gate passes the fixed candidate\n%s%s", out, msg)
	t.Logf("gate, failure fixed: exit %d", code)
	c.stop(t)
}

// refundCall is one chat span in which the model calls issue_refund with the given arguments.
func refundCall(trace, arguments string) string {
	return fmt.Sprintf(
		`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"returns-bot"}}]},
"scopeSpans":[{"scope":{"name":"returns"},"spans":[{"traceId":%q,"spanId":"eee19b7ec3c1b174","name":"chat gpt-4.1","kind":3,
"startTimeUnixNano":"1763451824000000000","endTimeUnixNano":"1763451825000000000","attributes":[
{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},
{"key":"gen_ai.request.model","value":{"stringValue":"gpt-4.1"}},
{"key":"gen_ai.tool.definitions","value":{"stringValue":"[{\"type\":\"function\",\"name\":\"issue_refund\",\"parameters\":{\"type\":\"object\",\"properties\":{\"order_id\":{\"type\":\"string\"},\"amount\":{\"type\":\"number\",\"minimum\":0}},\"required\":[\"order_id\",\"amount\"]}}]"}},
{"key":"gen_ai.input.messages","value":{"stringValue":"[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"I sent the shoes back, order 4471. Can I have my money back?\"}]}]"}},
{"key":"gen_ai.output.messages","value":{"stringValue":%q}}]}]}]}]}`,
		trace,
		fmt.Sprintf(
			`[{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"issue_refund","arguments":%s}],"finish_reason":"tool_call"}]`,
			arguments,
		),
	)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}
