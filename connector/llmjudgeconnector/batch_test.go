package llmjudgeconnector

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// inBatches judges with a model of which 1,000 tokens of input cost a cent, and of output two.
func inBatches(s *judgetest.Server) *Config {
	cfg := configFor(s)
	cfg.Free, cfg.SpendLimitUSD = false, 1000
	cfg.Prices = map[string]any{"version": 1, "prices": []any{map[string]any{
		"model": "stand-in", "input": 10, "output": 20, "cache_read": 2,
	}}}
	cfg.Batch = configoptional.Some(BatchConfig{
		Every: time.Second, Poll: time.Second, MaxRequests: 100, Discount: 0.5,
	})
	cfg.Retry.Attempts = 2
	return cfg
}

func supports(*judgetest.Request) judgetest.Answer {
	return judgetest.Answer{Text: supported, Input: 1000, Output: 100, Cached: 400}
}

func (b *bench) judgeMany(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		require.NoError(t, b.ConsumeTraces(t.Context(), grounded(byte(i+1)).traces()))
	}
}

// outcomes counts what became of each trace.
func outcomes(sink *consumertest.LogsSink) (judged map[byte]int, lost map[string]int) {
	judged, lost = map[byte]int{}, map[string]int{}
	for _, ld := range sink.AllLogs() {
		record := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		if _, ok := spanattr.EvaluationOf(record); ok {
			judged[record.TraceID()[0]]++
		} else {
			lost[reason(record)]++
		}
	}
	return judged, lost
}

func TestBatches(t *testing.T) {
	t.Run("half the price", func(t *testing.T) {
		t.Parallel()
		server := judgetest.New(t, supports)
		server.SetBatches(func(n int) string { return []string{"in_progress", "completed"}[min(n, 2)-1] })
		b, sink, _ := on(t, newDisk(), inBatches(server))
		b.judgeMany(t, 0, 5)
		for _, record := range records(t, sink, 5) {
			e, ok := spanattr.EvaluationOf(record)
			require.True(t, ok)
			require.Equal(t, "pass", e.Label)
			// 600 tokens for 0.006, 400 cached ones for 0.0008 and 100 of output for 0.002; half of it
			require.InDelta(t, 0.0044, e.CostUSD.Value, 1e-9)
		}
		require.NotEmpty(t, server.MadeBatches())
		require.Eventually(t, func() bool { return len(server.Files()) == 0 }, 10*time.Second, 10*time.Millisecond,
			"what users wrote does not stay at the provider")
		require.InDelta(t, 5*0.0044, b.purse.Spent(), 1e-9)
		require.Empty(t, server.Requests()[0].CacheKey, "the provider is not OpenAI")
	})
	t.Run("what a batch leaves is asked again, then lost", func(t *testing.T) {
		t.Parallel()
		server := judgetest.New(t, supports)
		server.SetBatches(func(int) string { return "expired" })
		b, sink, _ := on(t, newDisk(), inBatches(server))
		b.judgeMany(t, 0, 8)
		records(t, sink, 8)
		judged, lost := outcomes(sink)
		require.NotEmpty(t, judged, "those that the batch had answered")
		for trace, n := range judged {
			require.Equal(t, 1, n, "trace %d", trace)
		}
		require.Equal(t, 8, len(judged)+lost[string(judge.BatchEnded)])
		require.NotZero(t, lost[string(judge.BatchEnded)])
		require.Greater(t, len(server.MadeBatches()), 1)
		require.InDelta(t, float64(len(judged))*0.0044, b.purse.Spent(), 1e-9, "nothing else was paid")
	})
	t.Run("an error of a request", func(t *testing.T) {
		t.Parallel()
		server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer {
			return judgetest.Answer{Status: 400, Body: `{"error":{"message":"no"}}`}
		})
		b, sink, _ := on(t, newDisk(), inBatches(server))
		b.judgeMany(t, 0, 1)
		require.Equal(t, string(judge.Rejected), reason(records(t, sink, 1)[0]))
	})
	t.Run("a limit of the day", func(t *testing.T) {
		t.Parallel()
		server := judgetest.New(t, supports)
		cfg := inBatches(server)
		b, _, _ := on(t, newDisk(), cfg)
		_, usd := b.raters["groundedness"].(judge.Deferred).Request(&judge.Case{Scope: judge.Answer, Answer: "a"}, 0)
		limited := inBatches(server)
		limited.SpendLimitUSD = 2.5 * usd // of the longest replies; two at a time
		b, sink, _ := on(t, newDisk(), limited)
		b.judgeMany(t, 0, 4)
		records(t, sink, 4)
		judged, lost := outcomes(sink)
		require.LessOrEqual(t, b.purse.Spent(), limited.SpendLimitUSD)
		require.Greater(t, len(judged), 2, "the replies were short, so there was room for more")
		require.Equal(t, 4, len(judged)+lost[string(judge.SpendLimit)])
	})
	t.Run("a cascade", func(t *testing.T) {
		t.Parallel()
		server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
			a := supports(r)
			if r.Model == "small-b" && strings.Contains(r.User, "disputed") || r.Model == "stand-in" {
				a.Text = contradicted
			}
			return a
		})
		cfg := inBatches(server)
		cfg.Cascade = []ModelConfig{cfg.ModelConfig, cfg.ModelConfig}
		cfg.Cascade[0].Model, cfg.Cascade[1].Model = "small-a", "small-b"
		cfg.Cascade[0].Free, cfg.Cascade[1].Free = true, true
		b, sink, _ := on(t, newDisk(), cfg)
		b.judgeMany(t, 0, 3)
		disputed := grounded(9)
		disputed.answer += " That is disputed."
		require.NoError(t, b.ConsumeTraces(t.Context(), disputed.traces()))
		models := map[byte]string{}
		for _, record := range records(t, sink, 4) {
			e, ok := spanattr.EvaluationOf(record)
			require.True(t, ok)
			require.True(t, strings.HasPrefix(e.Version, "cascade@"), e.Version)
			models[record.TraceID()[0]] = e.JudgeModel
		}
		require.Equal(t, map[byte]string{1: "small-a", 2: "small-a", 3: "small-a", 9: "stand-in"}, models)
		require.InDelta(t, 0.0044, b.purse.Spent(), 1e-9, "the dear judge was asked once")
		asked := map[string]int{}
		for _, r := range server.Requests() {
			asked[r.Model]++
		}
		require.Equal(t, map[string]int{"small-a": 4, "small-b": 4, "stand-in": 1}, asked)
	})
	t.Run("the answer of the provider is lost", func(t *testing.T) {
		t.Parallel()
		server := judgetest.New(t, supports)
		server.SetCreate(func(n int) int { return []int{0, 200}[min(n, 2)-1] })
		b, sink, _ := on(t, newDisk(), inBatches(server))
		b.judgeMany(t, 0, 3)
		records(t, sink, 3)
		sum := 0
		for _, n := range server.MadeBatches() {
			sum += n
		}
		require.Equal(t, 3, sum, "it is found by its name and not made again")
		require.Len(t, server.Requests(), 3)
	})
}

// TestBatchesOutliveAKill: each judgement of a batch is made once, wherever a kill comes.
func TestBatchesOutliveAKill(t *testing.T) {
	for name, c := range map[string]struct {
		create func(n int) int
		status func(n int) string
	}{
		"while the provider works": {nil, func(n int) string { return []string{"in_progress", "completed"}[min(n, 5)/5] }},
		"before it said it has it": {func(n int) int { return []int{0, 200}[min(n, 2)-1] }, nil},
		"before it has it":         {func(n int) int { return []int{503, 200}[min(n, 2)-1] }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, d := judgetest.New(t, supports), newDisk()
			server.SetBatches(c.status)
			server.SetCreate(c.create)
			b, first, kill := on(t, d, inBatches(server))
			b.judgeMany(t, 0, 20)
			require.Eventually(t, func() bool { return len(d.keys("batch/")) > 0 }, 20*time.Second, time.Millisecond)
			kill()
			b, sink, _ := on(t, d, inBatches(server))
			told := func() int {
				traces := map[byte]bool{}
				for _, ld := range append(first.AllLogs(), sink.AllLogs()...) {
					traces[ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).TraceID()[0]] = true
				}
				return len(traces)
			}
			require.Eventually(t, func() bool { return told() == 20 && len(d.keys("batch/")) == 0 }, time.Minute,
				time.Millisecond)
			judged, lost := outcomes(sink)
			before, _ := outcomes(first)
			for trace := range before {
				judged[trace]++
			}
			for trace, n := range judged {
				require.Equal(t, 1, n, "trace %d", trace)
			}
			// One was under way: if its judgement was told at the last moment, nothing on disk says so.
			require.LessOrEqual(t, lost[string(judge.Interrupted)], 1)
			require.LessOrEqual(t, len(server.Requests()), 20, "none is asked twice")
			paid := float64(len(server.Requests())) * 0.0044
			// What is interrupted stays reserved: whether it was paid is not known.
			most := paid + 0.001 + 0.05*float64(lost[string(judge.Interrupted)])
			require.LessOrEqual(t, b.purse.Spent(), most, "none is paid twice")
			require.GreaterOrEqual(t, b.purse.Spent(), paid-1e-6, "none is forgotten")
		})
	}
}

func TestBatchConfig(t *testing.T) {
	server := judgetest.New(t, supports)
	for want, change := range map[string]func(*Config){
		"batch needs storage":            func(c *Config) { c.Storage = nil },
		"batch needs model and endpoint": func(c *Config) { c.Model, c.Endpoint = "", "" },
	} {
		cfg := inBatches(server)
		cfg.Storage = &storageID
		require.NoError(t, cfg.Validate())
		change(cfg)
		require.ErrorContains(t, cfg.Validate(), want)
	}
	cfg := BatchConfig{Every: time.Millisecond, Poll: time.Second, Discount: 1}
	for _, want := range []string{"every and poll", "max_requests must be 1 to 50000", "discount must be"} {
		require.ErrorContains(t, cfg.Validate(), want)
	}
}

// TestTheProvidersCache: requests of a rubric begin alike and say so, and cached tokens cost what the price book says.
func TestTheProvidersCache(t *testing.T) {
	server := judgetest.New(t, supports)
	cfg := inBatches(server)
	cfg.Batch = configoptional.Default(BatchConfig{})
	cfg.Provider = "openai"
	cfg.Prices["prices"].([]any)[0].(map[string]any)["provider"] = "openai"
	b, sink, _ := on(t, newDisk(), cfg)
	b.judgeMany(t, 0, 2)
	for _, record := range records(t, sink, 2) {
		e, _ := spanattr.EvaluationOf(record)
		require.InDelta(t, 0.0088, e.CostUSD.Value, 1e-9)
	}
	requests := server.Requests()
	require.Equal(t, b.raters["groundedness"].Version(), requests[0].CacheKey)
	require.Equal(t, requests[0].CacheKey, requests[1].CacheKey)
	require.Equal(t, requests[0].System, requests[1].System, "the rubric stands first")
	var body struct{ Messages []struct{ Role string } }
	require.NoError(t, json.Unmarshal(requests[0].Raw, &body))
	require.Equal(t, "system", body.Messages[0].Role)
	result, err := b.raters["groundedness"].Rate(t.Context(), &judge.Case{
		Scope: judge.Answer, Answer: "a", Question: "q", Sources: []string{"s"},
	})
	require.NoError(t, err)
	require.InDelta(t, 0.0032, result.CachedUSD, 1e-9, "400 tokens for 2 in place of 10 a million")
	require.Equal(t, genai.Some[int64](400), result.Tokens.CacheRead)
}
