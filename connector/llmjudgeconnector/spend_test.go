//go:build unix

package llmjudgeconnector

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/connector/llmjudgeconnector/internal/metadata"
	"github.com/faultline-otel/faultline/extension/llmstorageextension"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
)

// Variables of the process that TestTheLimitHoldsOverKills kills: the judge, and a number for its traces.
const (
	spenderURL   = "LLM_JUDGE_TEST_URL"
	spenderRound = "LLM_JUDGE_TEST_ROUND"
)

const (
	spenderLimit  = 2.0   // US dollars
	spenderCall   = 0.012 // 1,000 tokens in, 100 out
	spenderAtOnce = 4
)

// TestSpender is that process. It ends when nothing waits any more.
func TestSpender(t *testing.T) {
	at := os.Getenv(spenderURL)
	if at == "" {
		t.Skip("a part of TestTheLimitHoldsOverKills")
	}
	round, err := strconv.Atoi(os.Getenv(spenderRound))
	require.NoError(t, err)
	factory := llmstorageextension.NewFactory()
	settings := factory.CreateDefaultConfig().(*llmstorageextension.Config)
	settings.Directory = "storage"
	store, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), settings)
	require.NoError(t, err)
	require.NoError(t, store.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, store.Shutdown(context.Background())) }()

	cfg := inBatches(&judgetest.Server{Server: &httptest.Server{URL: at}})
	cfg.Batch = configoptional.Default(BatchConfig{})
	cfg.Concurrency, cfg.SpendLimitUSD, cfg.Storage = spenderAtOnce, spenderLimit, &storageID
	cfg.DisableKeepAlives = true // the leak check of this process would find connections
	set := connectortest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type) // the storage is of this id
	b, err := newBench(t.Context(), set, cfg, new(consumertest.LogsSink))
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context(), extensions{storageID: store}))
	for i := range 60 {
		td := grounded(byte(i)).traces()
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetTraceID(pcommon.TraceID{byte(i), byte(round), 1})
		require.NoError(t, b.ConsumeTraces(t.Context(), td))
	}
	require.Eventually(t, func() bool { return b.queue.Len() == 0 }, 5*time.Minute, 5*time.Millisecond)
	require.NoError(t, b.Shutdown(context.Background()))
}

// TestTheLimitHoldsOverKills kills a judging process with SIGKILL again and again on one day. All of them together cost
// no more than the limit and the calls of one process that are on their way.
func TestTheLimitHoldsOverKills(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer {
		return judgetest.Answer{Text: supported, Input: 1000, Output: 100, Delay: 20 * time.Millisecond}
	})
	now := time.Now().UTC()
	if now.Add(10*time.Minute).Day() != now.Day() {
		t.Skip("the limit is that of a day, which ends soon")
	}
	dir := t.TempDir()
	const kills = 6
	for round := range kills + 1 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSpender$")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), spenderURL+"="+server.URL, spenderRound+"="+strconv.Itoa(round))
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		before := len(server.Requests())
		require.NoError(t, cmd.Start())
		if round == kills {
			require.NoError(t, cmd.Wait(), "%s", &out)
			break
		}
		ended := make(chan bool, 1)
		go func() { ended <- cmd.Wait() == nil }()
		require.Eventually(t, func() bool { return len(server.Requests()) > before+round || len(ended) > 0 },
			5*time.Minute, time.Millisecond)
		_ = cmd.Process.Kill() // it may have ended, with nothing left to spend
		<-ended
	}
	calls := len(server.Requests())
	t.Logf("%d calls for %.3f USD after %d kills, with a limit of %g", calls, float64(calls)*spenderCall, kills, spenderLimit)
	require.LessOrEqual(t, float64(calls)*spenderCall, spenderLimit+spenderAtOnce*spenderCall)
	require.Greater(t, float64(calls)*spenderCall, spenderLimit/4, "kills do not use up the day")
}
