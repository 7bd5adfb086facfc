package e2e

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// The services of the incident: one has the incident, the other only its usual noise.
const (
	broken  = "checkout"
	healthy = "search"
)

// requestsPerTick is the number of requests per service in a tick.
const requestsPerTick = 20

// traffic generates the requests of two services from a seed.
type traffic struct {
	r    *rand.Rand
	made int
}

func (g *traffic) bytes(n int) []byte {
	b := make([]byte, 16)
	binary.BigEndian.PutUint64(b, g.r.Uint64())
	binary.BigEndian.PutUint64(b[8:], g.r.Uint64()|1)
	return b[16-n:]
}

// tick returns the requests of the two services in one moment.
func (g *traffic) tick(incident bool) ptrace.Traces {
	td := ptrace.NewTraces()
	for _, service := range []string{broken, healthy} {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", service)
		rs.Resource().Attributes().PutStr("deployment.environment.name", "prod")
		ss := rs.ScopeSpans().AppendEmpty()
		for range requestsPerTick {
			g.request(ss.Spans(), incident && service == broken)
		}
	}
	return td
}

// request is a retrieval and the model call that uses it.
func (g *traffic) request(to ptrace.SpanSlice, incident bool) {
	g.made++
	id := pcommon.TraceID(g.bytes(16))
	now := time.Now()
	span := func(name, operation string, took time.Duration) ptrace.Span {
		s := to.AppendEmpty()
		s.SetTraceID(id)
		s.SetSpanID(pcommon.SpanID(g.bytes(8)))
		s.SetName(name)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-took)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		s.Attributes().PutStr("gen_ai.operation.name", operation)
		s.Attributes().PutStr("gen_ai.provider.name", "openai")
		return s
	}
	const passage = "Orders placed before noon leave the warehouse on the same day. Parcels within the country " +
		"arrive after two working days, parcels abroad after five."
	found := span("retrieval", "retrieval", 20*time.Millisecond)
	found.Attributes().
		PutStr("gen_ai.retrieval.documents", compact([]any{map[string]any{
			"id": "shipping", "score": 0.9,
			"content": passage,
		}}))

	first := 0.1 + 0.2*g.r.Float64() // seconds to the first chunk
	conversation := fmt.Sprintf("conversation-%d", g.made/4)
	answer := "Parcels within the country arrive after two working days, and parcels abroad after five."
	finish, errorType := "stop", ""
	dice := g.r.Float64()
	switch {
	case !incident && dice < 0.003:
		errorType = "timeout"
	case !incident:
	case dice < 0.2:
		errorType = "rate_limit_exceeded"
	case dice < 0.4:
		answer = "I'm sorry, but I can't help with that request."
	case dice < 0.5:
		answer, finish = "Parcels within the country arrive after two", "length"
	case dice < 0.9:
		answer = "Our museum opens at nine and shows 340 paintings by Rembrandt, Vermeer and their pupils, which " +
			"Willem Drucker left to the city in 1912."
	case dice < 0.92:
		answer = fmt.Sprintf("The customer's social security number is %d-%d-%d.", 512, 44, 7301)
	}
	if incident {
		first = 6 + 3*g.r.Float64()
		if dice > 0.9 {
			conversation = "conversation that never ends"
		}
	}
	chat := span("chat", "chat", time.Duration((first+1)*float64(time.Second)))
	attrs := chat.Attributes()
	attrs.PutStr("gen_ai.request.model", "gpt-4o-mini")
	attrs.PutStr("gen_ai.prompt.name", "shipping")
	attrs.PutStr("gen_ai.prompt.version", map[bool]string{false: "7", true: "8"}[incident])
	attrs.PutStr("gen_ai.conversation.id", conversation)
	attrs.PutDouble("gen_ai.response.time_to_first_chunk", first)
	attrs.PutStr("gen_ai.input.messages", compact([]any{
		message("user", "When will my parcel arrive if I order this morning?"),
		map[string]any{
			"role":  "tool",
			"parts": []any{map[string]any{"type": "tool_call_response", "id": "search-1", "response": passage}},
		},
	}))
	if errorType != "" {
		attrs.PutStr("error.type", errorType)
		chat.Status().SetCode(ptrace.StatusCodeError)
		return
	}
	attrs.PutStr("gen_ai.output.messages", compact([]any{message("assistant", answer)}))
	attrs.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr(finish)
	attrs.PutInt("gen_ai.usage.input_tokens", 900)
	attrs.PutInt("gen_ai.usage.output_tokens", 20+g.r.Int64N(10))
}

func message(role, content string) any {
	return map[string]any{"role": role, "parts": []any{map[string]any{"type": "text", "content": content}}}
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // cannot happen for plain values
	}
	return string(b)
}

// send exports the spans to the Collector.
func (c *collector) send(t *testing.T, td ptrace.Traces) {
	t.Helper()
	b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	require.NoError(t, err)
	resp, err := http.Post("http://"+c.http+"/v1/traces", "application/x-protobuf", bytes.NewReader(b))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// expected are the alerts that the incident must trigger.
var expected = []string{
	"LLMContentFailureSustained",
	"LLMErrorRateHigh",
	"LLMErrorRateSustained",
	"LLMFailureSliceRegressed",
	"LLMGroundednessLow",
	"LLMSafetyFailure",
	"LLMSessionLimitHit",
	"LLMTimeToFirstTokenP50High",
	"LLMTimeToFirstTokenP99High",
}

// needMore are the panels that need more than a minute of traffic.
var needMore = []string{
	"Against the usual day", "Cost against the usual", "Spend an hour", // a week, and yesterday
	"Detectable drop", // a day
}

// judgement is what a judge says of an ordinary answer, as OTLP/JSON. Nobody compared it with people, so that it wakes
// nobody.
func judgement(t *testing.T) string {
	t.Helper()
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", broken)
	record := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.SetTraceID(pcommon.TraceID{15: 1})
	e := spanattr.Evaluation{
		Name: "helpfulness", By: spanattr.EvaluatorJudge, Version: "h-1", Value: genai.Some(0.2), Failed: true,
		Class: failure.BadAnswer, Detail: "judge", Stratum: "random", Probability: genai.Some(0.01), Untrusted: true,
	}
	e.Write(record)
	text, err := new(plog.JSONMarshaler).MarshalLogs(ld)
	require.NoError(t, err)
	return string(text)
}

// TestAnIncidentOnARealPrometheus runs the built Collector and two Prometheus servers: one receives its metrics over
// OTLP, the other scrapes them. One service has an incident, the other its usual noise. On both servers exactly the
// expected alerts fire, native histograms and exemplars arrive, and every query of every dashboard runs.
func TestAnIncidentOnARealPrometheus(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	ports := freePorts(t, 2)
	budget, self := ports[0], ports[1]
	host, port, _ := net.SplitHostPort(self)
	// Both servers scrape the Collector's own metrics, including the review queue.
	pushed := startPrometheus(t, "by OTLP", map[string]string{"collector": self})
	dir := t.TempDir()
	override := filepath.Join(dir, "incident.yaml")
	require.NoError(t, os.WriteFile(override, fmt.Appendf(nil, `
extensions: {llm_budget: {http: {endpoint: %q}, limits: {model_calls: 40}}}
processors: {llm_session: {budget: llm_budget}}
connectors:
  llm_metrics: {flush_interval: 250ms, session_idle: 5s}
  llm_metrics/incidents: {flush_interval: 250ms}
exporters: {otlp_http/prometheus: {endpoint: "http://%s/api/v1/otlp", tls: {insecure: true}}}
service:
  extensions: [health_check, llm_storage, llm_review, llm_budget]
  pipelines: {metrics: {exporters: [prometheus, otlp_http/prometheus]}}
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: %s, port: %s}}}}]}}
`, budget, pushed.address, host, port), 0o600))
	c := startIn(t, dir, "default.yaml", "--config", override)
	scraped := startPrometheus(t, "by scrape", map[string]string{"faultline": c.prom, "collector": self})
	servers := []*prometheus{pushed, scraped}

	traffic := traffic{r: rand.New(rand.NewPCG(1, 2))}
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	run := func(incident bool, limit time.Duration, until func() bool) bool {
		for deadline := time.Now().Add(limit); time.Now().Before(deadline); <-ticker.C {
			c.send(t, traffic.tick(incident))
			c.post(t, "/v1/logs", judgement(t))
			for _, p := range servers {
				require.Empty(t, p.firing(t, healthy), "%s: nothing is wrong with %s", p.name, healthy)
				if !incident {
					require.Empty(t, p.firing(t, broken), "%s: nothing is wrong with %s yet", p.name, broken)
				}
			}
			if until() {
				return true
			}
		}
		return false
	}
	run(false, 15*time.Second, func() bool { return false })
	ended := run(true, 2*time.Minute, func() bool {
		return !slices.ContainsFunc(
			servers,
			func(p *prometheus) bool { return len(without(expected, p.firing(t, broken))) > 0 },
		)
	})
	for _, p := range servers {
		firing := p.firing(t, broken)
		t.Logf("incident, %s: %v fire", p.name, firing)
		require.True(t, ended, "%s: %v should fire", p.name, without(expected, firing))
		require.Empty(t, without(firing, expected), "%s: these should not fire", p.name)
	}

	for _, p := range servers {
		t.Run(p.name, func(t *testing.T) {
			t.Run("native histograms", func(t *testing.T) {
				got, err := p.query(`histogram_quantile(0.5, sum(rate(` +
					`gen_ai_client_operation_time_to_first_chunk_seconds{service_name="` + healthy + `"}[30s])))`)
				require.NoError(t, err)
				require.Len(t, got, 1)
				require.InDelta(t, 0.2, got[0].float(t), 0.05)
			})
			t.Run("exemplars", func(t *testing.T) {
				var series []struct {
					Exemplars []struct {
						Labels map[string]string `json:"labels"`
					} `json:"exemplars"`
				}
				now := time.Now()
				require.NoError(t, p.ask(&series, "query_exemplars", url.Values{
					"query": {
						"llm_failures_total",
					},
					"start": {fmt.Sprint(now.Add(-time.Hour).Unix())},
					"end":   {fmt.Sprint(now.Unix() + 1)},
				}))
				require.NotEmpty(t, series)
				require.Len(t, series[0].Exemplars[0].Labels["trace_id"], 32)
			})
			t.Run("panels", func(t *testing.T) {
				for _, panel := range panels(t) {
					got, err := p.query(filled(panel.expr))
					require.NoError(t, err, "%s, %s", panel.dashboard, panel.title)
					if len(got) == 0 && !slices.Contains(needMore, panel.title) {
						t.Errorf("%s, %s shows nothing: %s", panel.dashboard, panel.title, panel.expr)
					}
				}
			})
		})
	}
	c.stop(t)
}
