package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// The trace that is answered well, slowly enough to be kept for sure, and one that never arrives.
const (
	answered = "8b8efff798038103d269b633813fc60c"
	unseen   = "9b8efff798038103d269b633813fc60d"
	answer   = "aaa19b7ec3c1b174"
)

// TestAThumbsDownIsACase runs feedback in and labels out: a user's thumbs-down, as OTLP logs, is a case in the queue
// within 10 s, whether its trace is known or not, and a person's label of it is a log record on the original span.
func TestAThumbsDownIsACase(t *testing.T) {
	dir, ports := t.TempDir(), freePorts(t, 6)
	c := startOn(t, ports, dir, "default.yaml")
	c.post(t, "/v1/traces", fmt.Sprintf(`{"resourceSpans": [{"resource": {"attributes": [
{"key": "service.name", "value": {"stringValue": "support-bot"}}]}, "scopeSpans": [{"spans": [
{"traceId": %q, "spanId": %q, "name": "chat gpt-4.1", "kind": 3, "startTimeUnixNano": "1763451824000000000",
"endTimeUnixNano": "1763451864000000000", "attributes": [
{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
{"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4.1"}},
{"key": "gen_ai.input.messages", "value": {"stringValue": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"When do you open?\"}]}]"}},
{"key": "gen_ai.output.messages", "value": {"stringValue": "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"We open at nine every day.\"}],\"finish_reason\":\"stop\"}]"}}
]}]}]}]}`, answered, answer))
	// A service of little traffic is drawn whole.
	await(t, 20*time.Second, func() error { return c.sources(t, map[string]int{"random": 1}) })

	sent := time.Now()
	for _, trace := range []string{answered, unseen} {
		c.post(t, "/v1/logs", fmt.Sprintf(`{"resourceLogs": [{"resource": {"attributes": [
{"key": "service.name", "value": {"stringValue": "support-bot"}}]}, "scopeLogs": [{"logRecords": [
{"eventName": "gen_ai.evaluation.result", "timeUnixNano": "1763451900000000000", "traceId": %q, "spanId": %q, "attributes": [
{"key": "gen_ai.evaluation.name", "value": {"stringValue": "thumbs"}},
{"key": "app.llm.evaluator", "value": {"stringValue": "user"}},
{"key": "gen_ai.evaluation.score.label", "value": {"stringValue": "thumbs_down"}}]}]}]}]}`, trace, answer))
	}
	await(t, 10*time.Second, func() error { return c.sources(t, map[string]int{"random": 1, "feedback": 2}) })
	t.Logf("a case %v after it was sent", time.Since(sent).Round(time.Millisecond))
	var item struct {
		Sources     []struct{ Source string }
		Evaluations []struct{ Label string }
		Spans       []json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(c.get(t, "/api/v1/items/"+answered)), &item))
	require.Len(t, item.Spans, 1)
	require.Equal(t, []struct{ Source string }{{"feedback"}, {"random"}}, item.Sources)
	require.Equal(t, "thumbs_down", item.Evaluations[0].Label)
	require.Empty(t, c.queue(t), "nothing failed")

	// A label, exactly once.
	last := c.label(t, answered, "once", 0)
	await(t, 20*time.Second, func() error { return labeled(t, dir, "once", 1) })
	last = c.label(t, answered, "later", last)
	await(t, 20*time.Second, func() error { return labeled(t, dir, "later", 1) })
	require.NoError(t, labeled(t, dir, "once", 1), "what comes later comes behind it")
	// At least once over kills, at the moment of the label and a little later.
	for i, wait := range []time.Duration{0, 900 * time.Millisecond} {
		name := fmt.Sprint("killed ", i)
		last = c.label(t, answered, name, last)
		time.Sleep(wait)
		c.kill(t)
		c = startOn(t, ports, dir, "default.yaml")
		await(t, 30*time.Second, func() error { return labeled(t, dir, name, 1) })
	}
	require.NoError(t, labeled(t, dir, "once", 1))
	c.stop(t)
}

func (c *collector) post(t *testing.T, path, data string) {
	t.Helper()
	resp, err := http.Post("http://"+c.http+path, "application/json", strings.NewReader(data))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// sources compares the number of items by source.
func (c *collector) sources(t *testing.T, want map[string]int) error {
	t.Helper()
	var facets struct {
		Sources []struct {
			Value string
			N     int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(c.get(t, "/api/v1/facets")), &facets))
	got := map[string]int{}
	for _, s := range facets.Sources {
		got[s.Value] = s.N
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("items by source: got %v, want %v", got, want)
	}
	return nil
}

// label judges a trace and returns the number of the label.
func (c *collector) label(t *testing.T, trace, reviewer string, replaces int64) int64 {
	t.Helper()
	resp, err := http.Post("http://"+c.review+"/api/v1/items/"+trace+"/labels", "application/json", strings.NewReader(
		fmt.Sprintf(`{"decision": "rejected", "reviewer": %q, "replaces": %d}`, reviewer, replaces)))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	var label struct{ ID int64 }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&label))
	return label.ID
}

// labeled counts the records of a reviewer on the original span.
func labeled(t *testing.T, dir, reviewer string, atLeast int) error {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "data", "labels.jsonl"))
	if err != nil {
		return err
	}
	n := 0
	for line := range bytes.Lines(data) {
		ld, err := new(plog.JSONUnmarshaler).UnmarshalLogs(line)
		if err != nil {
			return err // the last line is being written
		}
		for _, rl := range ld.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				e, ok := spanattr.EvaluationOf(record)
				require.True(t, ok)
				if e.Reviewer == reviewer {
					n++
					require.Equal(t, answered, record.TraceID().String())
					require.Equal(t, answer, record.SpanID().String())
					require.Equal(t, int64(1763451864), record.Timestamp().AsTime().Unix(), "the end of the span")
					require.Equal(t, spanattr.StratumRandom, e.Stratum)
				}
			}
		}
	}
	if n < atLeast || reviewer == "once" && n > 1 {
		return fmt.Errorf("%d records of %q, want %d", n, reviewer, atLeast)
	}
	return nil
}

// TestAThumbsDownHasItsConversation: also where sampling dropped the trace, which it does with most that look fine.
func TestAThumbsDownHasItsConversation(t *testing.T) {
	const traces = 20
	c := start(t, "default.yaml")
	trace := func(i int) string { return fmt.Sprintf("8b8efff798038103d269b633813f%04x", i+1) }
	for i := range traces {
		now := time.Now().UnixNano()
		c.post(t, "/v1/traces", fmt.Sprintf(`{"resourceSpans": [{"resource": {"attributes": [
{"key": "service.name", "value": {"stringValue": "support-bot"}}]}, "scopeSpans": [{"spans": [
{"traceId": %q, "spanId": %q, "name": "chat gpt-4.1", "kind": 3, "startTimeUnixNano": "%d", "endTimeUnixNano": "%d", "attributes": [
{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
{"key": "gen_ai.input.messages", "value": {"stringValue": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"When do you open?\"}]}]"}},
{"key": "gen_ai.output.messages", "value": {"stringValue": "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"We open at nine.\"}]}]"}}
]}]}]}]}`, trace(i), answer, now-1e9, now))
	}
	await(t, time.Minute, func() error {
		if n := c.own(t).sum("otelcol_processor_tail_sampling_global_count_traces_sampled"); n < traces {
			return fmt.Errorf("sampling has decided on %v traces, not on %d", n, traces)
		}
		return nil
	})
	for i := range traces {
		c.post(t, "/v1/logs", fmt.Sprintf(`{"resourceLogs": [{"scopeLogs": [{"logRecords": [
{"eventName": "gen_ai.evaluation.result", "timeUnixNano": "%d", "traceId": %q, "attributes": [
{"key": "gen_ai.evaluation.name", "value": {"stringValue": "thumbs"}},
{"key": "gen_ai.evaluation.score.label", "value": {"stringValue": "thumbs_down"}}]}]}]}]}`, time.Now().UnixNano(), trace(i)))
	}
	await(t, 10*time.Second, func() error {
		if page := c.get(t, "/api/v1/items?source=feedback"); !strings.Contains(page, fmt.Sprintf(`"total":%d,`, traces)) {
			return fmt.Errorf("%.300s", page)
		}
		for i := range traces {
			if item := c.get(t, "/api/v1/items/"+trace(i)); !strings.Contains(item, "We open at nine.") {
				return fmt.Errorf("%.300s", item)
			}
		}
		return nil
	})
	c.stop(t)
}
