package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// cutAnswers are traces of one model call each, whose answer was cut.
func cutAnswers(from, n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := from; i < from+n; i++ {
		span := spans.AppendEmpty()
		span.SetTraceID(traceID(uint64(i + 1)))
		span.SetSpanID(pcommon.SpanID{byte(i), byte(i >> 8), 7})
		span.SetName("chat")
		now := time.Now()
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		at := span.Attributes()
		at.PutStr("gen_ai.operation.name", "chat")
		at.PutStr("gen_ai.provider.name", "openai")
		at.PutStr("gen_ai.request.model", "gpt-4.1-mini")
		at.PutStr("gen_ai.input.messages",
			fmt.Sprintf(`[{"role":"user","parts":[{"type":"text","content":"What is the state of order %d?"}]}]`, i))
		at.PutStr("gen_ai.output.messages",
			`[{"role":"assistant","finish_reason":"length","parts":[{"type":"text","content":"The order is on its"}]}]`)
		at.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr("length")
	}
	return td
}

// judgements reads what the judge said, by trace and rubric: how often it judged, and why it did not.
func judgements(t *testing.T, dir string) (judged map[string]int, lost map[string]string) {
	t.Helper()
	judged, lost = map[string]int{}, map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "data", "judgements*.jsonl"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			ld, err := new(plog.JSONUnmarshaler).UnmarshalLogs([]byte(line))
			if err != nil {
				continue // cut by a kill
			}
			record := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
			name, _ := record.Attributes().Get(spanattr.AttrEvaluationName)
			key := record.TraceID().String() + " " + name.Str()
			if _, ok := spanattr.EvaluationOf(record); ok {
				judged[key]++
			} else if why, ok := record.Attributes().Get(spanattr.AttrNotJudged); ok {
				lost[key] = why.Str()
			}
		}
	}
	return judged, lost
}

// TestJudgementsOutliveKills kills the Collector with 1,000 judgements queued, and again. Each is made once, or told to
// be lost. What is lost was on its way, four at a time.
func TestJudgementsOutliveKills(t *testing.T) {
	const traces, rubrics, atOnce = 500, 2, 4
	reply := func(delay time.Duration) func(r *judgetest.Request) judgetest.Answer {
		return func(r *judgetest.Request) judgetest.Answer {
			reason := map[string]string{"toxicity": "civil", "relevance": "answers"}[r.SchemaName]
			return judgetest.Answer{Text: `{"explanation":"","reason":"` + reason + `","score":1}`, Delay: delay}
		}
	}
	server := judgetest.New(t, reply(time.Second))
	overlay, err := filepath.Abs(filepath.Join("..", "deploy", "config", "overlays", "judge.yaml"))
	require.NoError(t, err)
	more := fmt.Sprintf("yaml:connectors: {llm_judge: {endpoint: %q, concurrency: %d, rubrics: [toxicity, relevance]}}",
		server.Endpoint(), atOnce)
	dir, ports := t.TempDir(), freePorts(t, 6)
	run := func() *collector {
		return startOn(t, ports, dir, "default.yaml", "--config", overlay, "--config", more)
	}
	c := run()
	for from := 0; from < traces; from += 50 {
		require.NoError(t, exportTo("http://"+c.http, cutAnswers(from, 50)))
	}
	await(t, 60*time.Second, func() error {
		if n := c.own(t).sum("otelcol_llm_judge_selected"); n != traces {
			return fmt.Errorf("%v of %d traces were selected", n, traces)
		}
		return nil
	})
	require.Greater(t, c.own(t).sum("otelcol_llm_judge_waiting"), float64(traces*rubrics*9/10))
	c.kill(t)
	server.Set(reply(10 * time.Millisecond))
	c = run()
	time.Sleep(time.Second)
	c.kill(t)
	c = run()
	var judged map[string]int
	var lost map[string]string
	await(t, 60*time.Second, func() error {
		judged, lost = judgements(t, dir)
		for i := range traces {
			for _, rubric := range []string{"toxicity", "relevance"} {
				key := traceID(uint64(i+1)).String() + " " + rubric
				if judged[key] == 0 && lost[key] == "" {
					return fmt.Errorf("%d judged and %d lost of %d", len(judged), len(lost), traces*rubrics)
				}
			}
		}
		return nil
	})
	for key, times := range judged {
		require.Equal(t, 1, times, "%s is counted twice", key)
	}
	for _, why := range lost {
		require.Equal(t, "interrupted", why)
	}
	require.LessOrEqual(t, len(lost), 2*atOnce)
	require.Len(t, judged, traces*rubrics-len(lost)+both(judged, lost))
	t.Logf("%d judged once, %d told to be interrupted, of %d", len(judged), len(lost), traces*rubrics)
	c.stop(t)
}

// both counts the judgements whose result was written just before a kill, and that were told to be lost after it.
func both(judged map[string]int, lost map[string]string) (n int) {
	for key := range lost {
		n += judged[key]
	}
	return n
}
