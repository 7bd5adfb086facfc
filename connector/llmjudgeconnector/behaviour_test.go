package llmjudgeconnector

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/connector/llmjudgeconnector/internal/metadata"
	ours "github.com/faultline-otel/faultline/internal/componenttest"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

func grounded(trace byte) answered {
	return answered{
		trace: trace, question: "How long do refunds take?", document: "Refunds take 14 days and are free.",
		answer: "Refunds take 5 days and are free.",
	}
}

const supported = `{"claims":[{"claim":"c","reason":"supported"}],"explanation":""}`

func reason(record plog.LogRecord) string {
	v, _ := record.Attributes().Get(spanattr.AttrNotJudged)
	return v.Str()
}

func TestRightRecordForWhateverTheServerDoes(t *testing.T) {
	for name, c := range map[string]struct {
		answers []judgetest.Answer // one after the other; the last one stays
		want    judge.Obstacle     // "" is an evaluation
		asked   int
	}{
		"valid":              {[]judgetest.Answer{{Text: supported}}, "", 1},
		"invalid JSON":       {[]judgetest.Answer{{Text: "{'claims': []}"}}, judge.InvalidReply, 1},
		"no claims":          {[]judgetest.Answer{{Text: `{"claims":[],"explanation":""}`}}, judge.Nothing, 1},
		"refusing":           {[]judgetest.Answer{{Refusal: "no"}}, judge.Refused, 1},
		"slow, then not":     {[]judgetest.Answer{{Text: supported, Delay: time.Minute}, {Text: supported}}, "", 2},
		"slow":               {[]judgetest.Answer{{Text: supported, Delay: time.Minute}}, judge.Timeout, 3},
		"429, then not":      {[]judgetest.Answer{{Status: 429, Header: map[string]string{"Retry-After": "0.2"}, Body: "{}"}, {Text: supported}}, "", 2},
		"429":                {[]judgetest.Answer{{Status: 429, Body: "{}"}}, judge.RateLimited, 3},
		"500, 500, then not": {[]judgetest.Answer{{Status: 500, Body: "{}"}, {Status: 500, Body: "{}"}, {Text: supported}}, "", 3},
		"500":                {[]judgetest.Answer{{Status: 500, Body: "{}"}}, judge.Unavailable, 3},
		"cut":                {[]judgetest.Answer{{Text: supported, Cut: 40}}, judge.CutReply, 3},
		"huge":               {[]judgetest.Answer{{Text: strings.Repeat("x", 2*judge.MaxReply)}}, judge.ReplyTooLong, 1},
		"not allowed":        {[]judgetest.Answer{{Status: 403, Body: "{}"}}, judge.Rejected, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer {
				return c.answers[min(int(n.Add(1)), len(c.answers))-1]
			})
			cfg := configFor(server)
			cfg.Retry.Attempts = 3
			if c.answers[0].Delay > 0 {
				cfg.Timeout = 2 * time.Second
			}
			traces, sink := started(t, cfg, componenttest.NewNopHost())
			require.NoError(t, traces.ConsumeTraces(t.Context(), grounded(1).traces()))
			record := records(t, sink, 1)[0]
			require.False(t, record.TraceID().IsEmpty())
			require.Equal(t, c.asked, len(server.Requests())) //nolint:testifylint // requests are long
			e, ok := spanattr.EvaluationOf(record)
			require.Equal(t, c.want == "", ok)
			if ok {
				require.Equal(t, "pass", e.Label)
				return
			}
			require.Equal(t, spanattr.EventNotJudged, record.EventName())
			require.Equal(t, string(c.want), reason(record))
			v, _ := record.Attributes().Get(spanattr.AttrEvaluationName)
			require.Equal(t, "groundedness", v.Str())
			v, _ = record.Attributes().Get(spanattr.AttrStratum)
			require.Equal(t, spanattr.StratumRandom, v.Str(), "the record says of which sample it is missing")
		})
	}
}

func TestStrata(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: supported} })
	cfg := configFor(server)
	cfg.Shares = SharesConfig{Flagged: 1, Suspect: 1}
	traces, sink := started(t, cfg, componenttest.NewNopHost())
	flagged, suspect, ordinary := grounded(1), grounded(2), grounded(3)
	flagged.class = failure.Hallucination
	suspect.suspects, suspect.tracestate = []string{"groundedness"}, "ot=th:c"
	td := ptrace.NewTraces()
	for _, a := range []answered{flagged, suspect, ordinary} {
		a.add(td)
	}
	require.NoError(t, traces.ConsumeTraces(t.Context(), td))
	require.NoError(t, traces.ConsumeTraces(t.Context(), td), "the same traces again")
	got := map[byte]spanattr.Evaluation{}
	for _, record := range records(t, sink, 2) {
		e, ok := spanattr.EvaluationOf(record)
		require.True(t, ok)
		got[record.TraceID()[0]] = e
	}
	require.Equal(t, spanattr.StratumFlagged, got[1].Stratum)
	require.InDelta(t, 1, got[1].Probability.Value, 0)
	require.Empty(t, got[1].Suspicion)
	require.Equal(t, spanattr.StratumSuspect, got[2].Stratum)
	require.InDelta(t, 0.25, got[2].Probability.Value, 0, "a sampler kept a quarter")
	require.Equal(t, spanattr.SuspicionWithdrawn, got[2].Suspicion)
}

func TestTheSameTraceGoesToEveryRubricThatApplies(t *testing.T) {
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		switch r.SchemaName {
		case "groundedness":
			return judgetest.Answer{Text: supported}
		case "toxicity":
			return judgetest.Answer{Text: `{"explanation":"","reason":"civil","score":1}`}
		}
		return judgetest.Answer{Text: `{"explanation":"","reason":"right","score":1}`}
	})
	cfg := configFor(server)
	cfg.Rubrics = []string{"groundedness", "toxicity", "tool_use", "goal_drift"}
	cfg.Trusted = []string{"toxicity"}
	traces, sink := started(t, cfg, componenttest.NewNopHost())
	require.NoError(t, traces.ConsumeTraces(t.Context(), grounded(1).traces()))
	got := map[string]bool{}
	for _, record := range records(t, sink, 3) {
		e, ok := spanattr.EvaluationOf(record)
		require.True(t, ok)
		require.Equal(t, "pass", e.Label)
		got[e.Name] = e.Untrusted
	}
	require.Equal(t, map[string]bool{"groundedness": true, "toxicity": false, "tool_use": true}, got)
}

func TestSessionsAreJudgedWhenTheyEnd(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer {
		return judgetest.Answer{Text: `{"explanation":"It asks again.","reason":"asks_again","score":0.2}`}
	})
	session := func(t *testing.T, every int) (connector.Traces, *consumertest.LogsSink) {
		t.Helper()
		cfg := configFor(server)
		cfg.Rubrics = []string{"context_loss"}
		cfg.Sessions.Idle, cfg.Sessions.EveryTurns = time.Second, every
		traces, sink := started(t, cfg, componenttest.NewNopHost())
		for i := range 12 {
			a := answered{trace: byte(i + 1), question: fmt.Sprintf("question %d", i), answer: "ok", thread: "c-9"}
			require.NoError(t, traces.ConsumeTraces(t.Context(), a.traces()))
		}
		return traces, sink
	}
	t.Run("once", func(t *testing.T) {
		_, sink := session(t, 0)
		record := records(t, sink, 1)[0]
		e, ok := spanattr.EvaluationOf(record)
		require.True(t, ok)
		require.Equal(t, failure.GoalDrift, e.Class)
		require.Equal(t, "context_loss", e.Detail)
		require.Equal(t, "c-9", e.Session)
		require.Equal(t, byte(12), record.TraceID()[0], "on the last trace")
		requests := server.Requests()
		require.Contains(t, requests[len(requests)-1].User, "question 0")
		require.Contains(t, requests[len(requests)-1].User, "question 11")
	})
	t.Run("every 11 turns", func(t *testing.T) {
		_, sink := session(t, 11)
		require.Equal(t, byte(11), records(t, sink, 1)[0].TraceID()[0])
		require.Equal(t, byte(12), records(t, sink, 2)[1].TraceID()[0], "and once more at the end")
	})
}

// stuck is a server that answers nobody until the test ends.
func stuck(t *testing.T) *judgetest.Server {
	t.Helper()
	release := make(chan struct{})
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer {
		<-release
		return judgetest.Answer{Text: supported}
	})
	t.Cleanup(func() { close(release) })
	return server
}

func TestAFullQueueIsToldAndHoldsNothingUp(t *testing.T) {
	cfg := configFor(stuck(t))
	cfg.Queue.Size, cfg.Timeout = 5, time.Minute
	traces, sink := started(t, cfg, componenttest.NewNopHost())
	began := time.Now()
	for i := range 50 {
		require.NoError(t, traces.ConsumeTraces(t.Context(), grounded(byte(i+1)).traces()))
	}
	require.Less(t, time.Since(began), 2*time.Second)
	for _, record := range records(t, sink, 45) {
		require.Equal(t, string(judge.QueueFull), reason(record))
	}
}

func TestTheSpendLimitOfADay(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: supported} })
	cfg := configFor(server)
	cfg.Free, cfg.Provider, cfg.Model = false, "openai", "gpt-4.1-mini"
	cfg.SpendLimitUSD, cfg.Concurrency = 0.004, 1
	traces, sink := started(t, cfg, componenttest.NewNopHost())
	for i := range 60 {
		require.NoError(t, traces.ConsumeTraces(t.Context(), grounded(byte(i+1)).traces()))
	}
	judged, spent := 0, 0.0
	for _, record := range records(t, sink, 60) {
		if e, ok := spanattr.EvaluationOf(record); ok {
			judged++
			spent += e.CostUSD.Value
		} else {
			require.Equal(t, string(judge.SpendLimit), reason(record))
		}
	}
	require.Positive(t, judged)
	require.Less(t, judged, 60)
	require.Len(t, server.Requests(), judged)
	require.LessOrEqual(t, spent, 0.004)
}

// extensions is a host with extensions.
type extensions map[component.ID]component.Component

func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

var storageID = component.MustNewID("file_storage")

func storageAt(t *testing.T, dir string) (component.Host, func()) {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return extensions{storageID: e}, func() { require.NoError(t, e.Shutdown(context.Background())) }
}

func TestARestartGoesOn(t *testing.T) {
	dir := t.TempDir()
	server := stuck(t)
	run := func(t *testing.T, server *judgetest.Server, n int, check func(*consumertest.LogsSink)) {
		t.Helper()
		host, stop := storageAt(t, dir)
		defer stop()
		cfg := configFor(server)
		cfg.Storage = &storageID
		sink := new(consumertest.LogsSink)
		set := connectortest.NewNopSettings(metadata.Type)
		set.ID = component.NewID(metadata.Type) // the storage is of this id
		c, err := NewFactory().CreateTracesToLogs(t.Context(), set, cfg, sink)
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context(), host))
		for i := range n {
			require.NoError(t, c.ConsumeTraces(t.Context(), grounded(byte(i+1)).traces()))
		}
		check(sink)
		require.NoError(t, c.Shutdown(context.Background()))
	}
	run(t, server, 10, func(sink *consumertest.LogsSink) {
		require.Eventually(t, func() bool { return len(server.Requests()) == 4 }, 5*time.Second, time.Millisecond)
		require.Zero(t, sink.LogRecordCount())
	})
	quick := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: supported} })
	run(t, quick, 0, func(sink *consumertest.LogsSink) {
		var ids []byte
		for _, record := range records(t, sink, 10) {
			_, ok := spanattr.EvaluationOf(record)
			require.True(t, ok)
			ids = append(ids, record.TraceID()[0])
		}
		slices.Sort(ids)
		require.Equal(t, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, ids)
	})
}

func TestWithoutStorageTheEndTellsWhatIsLost(t *testing.T) {
	cfg := configFor(stuck(t))
	sink := new(consumertest.LogsSink)
	c, err := NewFactory().CreateTracesToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	for i := range 8 {
		require.NoError(t, c.ConsumeTraces(t.Context(), grounded(byte(i+1)).traces()))
	}
	require.NoError(t, c.Shutdown(context.Background()))
	for _, record := range records(t, sink, 8) {
		require.Equal(t, string(judge.Stopped), reason(record))
	}
}

func TestScorersAndCascades(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: supported} })
	cfg := configFor(server)
	cfg.Cascade = []ModelConfig{cfg.ModelConfig, cfg.ModelConfig}
	cfg.Cascade[0].Model, cfg.Cascade[1].Model = "small-a", "small-b"
	guard := ScorerConfig{ClientConfig: cfg.ClientConfig, Reasons: []ReasonConfig{
		{Code: "safe"}, {Code: "bad", Class: "unsafe", Detail: "toxicity"},
	}}
	guard.Endpoint = server.URL + "/nowhere"
	cfg.HTTPScorers = map[string]ScorerConfig{"guard": guard}
	traces, sink := started(t, cfg, componenttest.NewNopHost())
	require.NoError(t, traces.ConsumeTraces(t.Context(), grounded(1).traces()))
	for _, record := range records(t, sink, 2) {
		if e, ok := spanattr.EvaluationOf(record); ok {
			require.Equal(t, "small-a", e.JudgeModel)
			require.True(t, strings.HasPrefix(e.Version, "cascade@"), e.Version)
			continue
		}
		require.Equal(t, string(judge.Rejected), reason(record), "the guard is not found")
	}
	var models []string
	for _, r := range server.Requests() {
		models = append(models, r.Model)
	}
	require.Equal(t, []string{"small-a", "small-b"}, models, "the dear judge was not asked")
}

// TestAScorerOverHTTP has what a judge has: attempts, the limit of the day, versions with that of its model, and trust.
func TestAScorerOverHTTP(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"score":0.1,"reason":"bad","version":"model-2"}`))
	}))
	defer server.Close()
	cfg := createDefaultConfig().(*Config)
	guard := ScorerConfig{ClientConfig: cfg.ClientConfig, USD: 0.4, Reasons: []ReasonConfig{
		{Code: "safe"}, {Code: "bad", Class: "unsafe", Detail: "toxicity"},
	}}
	guard.Endpoint, guard.DisableKeepAlives = server.URL, true
	cfg.HTTPScorers = map[string]ScorerConfig{"guard": guard}
	cfg.Shares.Random, cfg.Concurrency, cfg.Retry.Backoff = 1, 1, time.Millisecond
	plain, err := judge.NewScorer(judge.Transport{}, server.URL, guard.settings("guard"), nil, nil)
	require.NoError(t, err)
	version := plain.Version() + "-model-2"
	cfg.Trusted = []string{version}
	traces, sink := started(t, cfg, componenttest.NewNopHost())
	for i := range 4 {
		require.NoError(t, traces.ConsumeTraces(t.Context(), grounded(byte(i+1)).traces()))
	}
	judged := 0
	for _, record := range records(t, sink, 4) {
		e, ok := spanattr.EvaluationOf(record)
		if !ok {
			require.Equal(t, string(judge.SpendLimit), reason(record))
			continue
		}
		judged++
		require.Equal(t, spanattr.EvaluatorScorer, e.By)
		require.Equal(t, version, e.Version)
		require.False(t, e.Untrusted)
		require.Equal(t, failure.Unsafe, e.Class)
	}
	require.Equal(t, 2, judged, "a dollar is enough for two")
	require.Equal(t, int32(3), asked.Load())
}

// TestTrustIsInAVersion: a change of the rubric or the model ends it, and the log says so.
func TestTrustIsInAVersion(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: supported} })
	r, err := judge.Find("groundedness")
	require.NoError(t, err)
	for model, trusted := range map[string]bool{"stand-in": true, "another": false} {
		cfg := configFor(server)
		cfg.Trusted = []string{judge.New(nil, cfg.settings(), nil, nil, nil).Version(r)}
		cfg.Model = model
		require.NoError(t, cfg.Validate())
		set := connectortest.NewNopSettings(metadata.Type)
		core, logs := observer.New(zap.WarnLevel)
		set.Logger = zap.New(core)
		sink := new(consumertest.LogsSink)
		c, err := NewFactory().CreateTracesToLogs(t.Context(), set, cfg, sink)
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
		require.NoError(t, c.ConsumeTraces(t.Context(), grounded(1).traces()))
		e, ok := spanattr.EvaluationOf(records(t, sink, 1)[0])
		require.True(t, ok)
		require.Equal(t, trusted, !e.Untrusted)
		require.NoError(t, c.Shutdown(context.Background()))
		require.Equal(t, trusted, logs.FilterMessageSnippet("under trusted").Len() == 0)
	}
}

func TestConfigurationsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"nothing to ask":   {func(c *Config) { c.Endpoint, c.Model = "", "" }, "model and endpoint must be set, or http_scorers"},
		"no model":         {func(c *Config) { c.Model = "" }, "model must be set"},
		"endpoint":         {func(c *Config) { c.Endpoint = "localhost:11434" }, "endpoint must be an http or https URL"},
		"no price":         {func(c *Config) { c.Free = false }, `model "stand-in" of provider "" has no price, so spend_limit_usd cannot hold`},
		"unknown rubric":   {func(c *Config) { c.Rubrics = []string{"truth"} }, `rubrics: unknown rubric "truth"`},
		"rubric twice":     {func(c *Config) { c.Rubrics = []string{"toxicity", "toxicity"} }, `"toxicity" is configured twice`},
		"trust in nobody":  {func(c *Config) { c.Trusted = []string{"toxicity"} }, `trusted: "toxicity" is neither a rubric nor a scorer`},
		"one cheap judge":  {func(c *Config) { c.Cascade = make([]ModelConfig, 1) }, "cascade must have two judges, got 1"},
		"share":            {func(c *Config) { c.Shares.Random = 2 }, "shares.random must be between 0 and 1, got 2"},
		"format":           {func(c *Config) { c.Format = "xml" }, `format must be one of [json_schema json_object none], got "xml"`},
		"scorer's reasons": {func(c *Config) { c.HTTPScorers = map[string]ScorerConfig{"g": {}} }, "http_scorers::g"},
		"concurrency":      {func(c *Config) { c.Concurrency = 0 }, "concurrency must be between 1 and 256"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			cfg.Endpoint, cfg.Model, cfg.Free = "http://127.0.0.1:1/v1", "stand-in", true
			require.NoError(t, cfg.Validate())
			c.change(cfg)
			require.ErrorContains(t, cfg.Validate(), c.want)
		})
	}
}

func TestREADME(t *testing.T) {
	path, err := filepath.Abs("README.md")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	ours.README(t, NewFactory(), path)
}
