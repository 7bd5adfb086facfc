package llmreviewexporter

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadata"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// slow is a store that does not say in time what it has.
type slow struct {
	review.Store
	asked atomic.Int64
}

func (s *slow) Known(ctx context.Context, ids []string) (map[string]bool, error) {
	if until, hurried := ctx.Deadline(); hurried && time.Until(until) <= patience {
		s.asked.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.Store.Known(ctx, ids)
}

// watching starts an exporter before sampling over the same extension.
func watching(t *testing.T, h host) exporter.Traces {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Recent.Only = true
	return running(t, h, cfg)
}

// TestFeedbackFindsATraceThatSamplingDropped: it passed only the exporter that stands before sampling.
func TestFeedbackFindsATraceThatSamplingDropped(t *testing.T) {
	store, h := open(t)
	before := watching(t, h)
	running(t, h, noneAtRandom())
	require.NoError(t, before.ConsumeTraces(t.Context(), fine(1)))
	_, err := store.Item(t.Context(), id(1))
	require.ErrorIs(t, err, review.ErrNotFound, "nothing is a case by being remembered")
	require.NoError(t, listening(t, exportertest.NewNopSettings(metadata.Type), h, direct()).ConsumeLogs(t.Context(), feedback(1, thumbsDown())))
	require.Eventually(t, func() bool {
		item, err := store.Item(t.Context(), id(1))
		return err == nil && len(item.Spans) == 1
	}, 10*time.Second, 10*time.Millisecond)
}

// TestTurnsThatSamplingDropsAreKept: earlier and later turns of a session that has a case.
func TestTurnsThatSamplingDropsAreKept(t *testing.T) {
	store, h := open(t)
	before := watching(t, h)
	behind := running(t, h, direct()) // which draws what sampling keeps
	logs := listening(t, exportertest.NewNopSettings(metadata.Type), h, direct())
	turns := func(session string, n int) (ids []string) {
		found, err := store.Session(t.Context(), session, id(n))
		require.NoError(t, err)
		for _, turn := range found.Turns {
			ids = append(ids, strings.TrimLeft(turn.TraceID, "0"))
		}
		return ids
	}
	suspicion := spoken(3, "s-1")
	spanOf(suspicion).Attributes().PutEmptySlice(spanattr.AttrSuspects).AppendEmpty().SetStr("groundedness")
	for _, td := range []ptrace.Traces{spoken(1, "s-1"), spoken(2, "s-1"), suspicion, spoken(4, "s-1"), spoken(6, "s-2")} {
		require.NoError(t, before.ConsumeTraces(t.Context(), td))
	}
	require.NoError(t, behind.ConsumeTraces(t.Context(), suspicion))
	require.NoError(t, before.ConsumeTraces(t.Context(), spoken(5, "s-1")))
	require.Equal(t, []string{"1", "2", "3", "4", "5"}, turns("s-1", 3))

	require.NoError(t, before.ConsumeTraces(t.Context(), spoken(7, "s-2")))
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(7, thumbsDown())))
	require.Eventually(t, func() bool { return len(turns("s-2", 7)) == 2 }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, before.ConsumeTraces(t.Context(), spoken(8, "s-2")))
	require.Equal(t, []string{"6", "7", "8"}, turns("s-2", 7))
	page, err := store.Items(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Items, 2, "turns are no cases")
}

// TestFeedbackFindsATraceThatASlowStoreDidNotWant: the queue asks again, and what is not wanted then can be later.
func TestFeedbackFindsATraceThatASlowStoreDidNotWant(t *testing.T) {
	store, _ := open(t)
	hesitant := &slow{Store: store}
	h := host{reviewID: &owner{store: hesitant}}
	traces := running(t, h, noneAtRandom())
	logs := listening(t, exportertest.NewNopSettings(metadata.Type), h, direct())
	require.NoError(t, traces.ConsumeTraces(t.Context(), fine(1)))
	require.EqualValues(t, 1, hesitant.asked.Load())
	_, err := store.Item(t.Context(), id(1))
	require.ErrorIs(t, err, review.ErrNotFound)
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(1, thumbsDown())))
	require.Eventually(t, func() bool {
		item, err := store.Item(t.Context(), id(1))
		return err == nil && len(item.Spans) == 1
	}, time.Minute, 10*time.Millisecond)
}

// TestASlowStoreCountsTrafficOnce: what is queued undecided was drawn from already.
func TestASlowStoreCountsTrafficOnce(t *testing.T) {
	store, _ := open(t)
	cfg := direct()
	cfg.Random = RandomConfig{Rate: 1e-9, Probability: 1}
	e := running(t, host{reviewID: &owner{store: &slow{Store: store}}}, cfg)
	for n := range 10 {
		require.NoError(t, e.ConsumeTraces(t.Context(), fine(n+1)))
	}
	require.NoError(t, e.(*selecting).sample.Exchange(t.Context(), store))
	week, err := store.AddVolumes(t.Context(), nil)
	require.NoError(t, err)
	require.InDelta(t, 10, week[0].N, 0)
}
