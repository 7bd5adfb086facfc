package meter

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/faultline-otel/faultline/internal/genai"
)

const (
	turnsSeries = "llm.session.turns shop prod"
	costSeries  = "llm.session.cost.usd shop prod"
)

// turn is a span of a conversation with this many turns and this cost so far.
func turn(id string, turns int64, usd float64, seen time.Time) *Span {
	span := chat()
	span.Session = Session{ID: id, Turns: turns, Calls: turns, Cost: genai.Some(usd)}
	span.Seen = seen
	return &span
}

func TestSessionsAreCountedOnceWhenTheyEnd(t *testing.T) {
	m := New(defaults())
	m.Count(turn("a", 1, 0.1, noon))
	m.Count(turn("a", 3, 0.5, noon.Add(time.Minute)))
	m.Count(turn("a", 2, 0.2, noon.Add(2*time.Minute))) // late: less than already known
	m.Count(turn("b", 1, 0.1, noon.Add(20*time.Minute)))
	require.Equal(t, 2, m.Sessions())
	require.NotContains(t, collect(t, m, noon.Add(31*time.Minute), true), turnsSeries, "both go on")
	end := noon.Add(32 * time.Minute)
	require.InDelta(t, 1, collect(t, m, end, true)[turnsSeries], 0)
	require.InDelta(t, 1, collect(t, m, end, true)[costSeries], 0, "once")
	m.EndSessions(end)
	sums := map[string]float64{}
	require.NoError(t, m.Collect(end, true, func(p Point) {
		if p.Buckets != nil {
			sums[spell(p)] = p.Buckets.Sum
		}
	}, func() error { return nil }))
	require.InDelta(t, 3+1, sums[turnsSeries], 0)
	require.InDelta(t, 0.5+0.1, sums[costSeries], 1e-12)
	require.Zero(t, m.Sessions())
}

func TestTraceWithOneCallIsNotASession(t *testing.T) {
	m := New(defaults())
	alone := turn("0102", 1, 0.1, noon)
	alone.Session.Trace, alone.Session.Calls = true, 1
	m.Count(alone)
	require.Zero(t, m.Sessions())
	alone.Session.Calls = 2
	m.Count(alone)
	require.Equal(t, 1, m.Sessions(), "an agent at work")
}

func TestSessionWithoutKnownCostHasOnlyTurns(t *testing.T) {
	m := New(defaults())
	span := turn("a", 2, 0, noon)
	span.Session.Cost = genai.Opt[float64]{}
	m.Count(span)
	m.EndSessions(noon)
	got := collect(t, m, noon, true)
	require.InDelta(t, 1, got[turnsSeries], 0)
	require.NotContains(t, got, costSeries)
}

func TestSessionsOfDifferentServicesAreSeparate(t *testing.T) {
	m := New(defaults())
	for _, service := range []string{"shop", "bank"} {
		span := turn("a", 1, 0.1, noon)
		span.Service = service
		m.Count(span)
	}
	require.Equal(t, 2, m.Sessions())
}

// TestSessionsAreBoundedAndNoneIsLost makes more sessions than there is room for, in random order.
func TestSessionsAreBoundedAndNoneIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := defaults()
		settings.MaxSessions = rapid.IntRange(1, 20).Draw(t, "max")
		m := New(settings)
		n := rapid.IntRange(1, 60).Draw(t, "sessions")
		for i := range n {
			m.Count(turn(fmt.Sprint("s", i), 1, 0.1, noon.Add(time.Duration(i)*time.Second)))
			if m.Sessions() > settings.MaxSessions {
				t.Fatalf("%d sessions", m.Sessions())
			}
		}
		m.EndSessions(noon)
		_ = m.Collect(noon, true, func(p Point) {
			if spell(p) == turnsSeries && p.Buckets.Count != uint64(n) {
				t.Fatalf("%d sessions were counted of %d", p.Buckets.Count, n)
			}
		}, func() error { return nil })
	})
}

func TestClockSetBackKeepsNoSessionForever(t *testing.T) {
	m := New(defaults())
	m.Count(turn("future", 1, 0.1, noon.Add(24*time.Hour)))
	m.Count(turn("now", 1, 0.1, noon))
	collect(t, m, noon, false)
	require.Equal(t, 1, m.Sessions(), "the session from the future has ended")
}

func TestAbsurdSessionsAreIgnoredAndCounted(t *testing.T) {
	m := New(defaults())
	for _, s := range []Session{
		{ID: "a", Turns: -1},
		{ID: "b", Turns: math.MaxInt64},
		{ID: "c", Cost: genai.Some(math.NaN())},
		{ID: "d", Cost: genai.Some(-1.0)},
		{ID: "e", Turns: 1, Limit: "made up"},
	} {
		span := chat()
		span.Session = s
		m.Count(&span)
	}
	require.Equal(t, int64(5), m.Ignored(IgnoredSession))
	require.Equal(t, 1, m.Sessions(), "an unknown limit does not spoil the session")
}

func TestLimitsStartAtZeroWithTheFirstSession(t *testing.T) {
	m := New(defaults())
	m.Count(turn("a", 1, 0.1, noon))
	first := collect(t, m, noon, false)
	for _, limit := range limits {
		require.Contains(t, first, "llm.session.limit_hits shop prod "+limit)
	}
	hit := turn("a", 2, 9, noon)
	hit.Session.Limit = "usd_per_10m"
	m.Count(hit)
	got := collect(t, m, noon, false)
	require.InDelta(t, 1, got["llm.session.limit_hits shop prod usd_per_10m"], 0)
	require.Zero(t, got["llm.session.limit_hits shop prod usd"])
}

func TestRetrievalsAreCountedByOutcome(t *testing.T) {
	m := New(defaults())
	for _, outcome := range []string{"ok", "empty", "empty", "failed", "made up"} {
		span := chat()
		span.Request, span.Operation, span.Retrieval = false, "retrieval", outcome
		m.Count(&span)
	}
	got := collect(t, m, noon, true)
	require.InDelta(t, 1, got["llm.retrieval.results shop prod ok"], 0)
	require.InDelta(t, 2, got["llm.retrieval.results shop prod empty"], 0)
	require.InDelta(t, 1, got["llm.retrieval.results shop prod failed"], 0)
	require.Equal(t, int64(1), m.Ignored(IgnoredRetrieval))
}

// TestMemoryOfSessionsIsBounded fills the sessions up to their limit and writes them to a checkpoint.
func TestMemoryOfSessionsIsBounded(t *testing.T) {
	settings := defaults()
	settings.MaxSessions = 50_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := New(settings)
	for i := range 4 * settings.MaxSessions {
		m.Count(turn(fmt.Sprint("a session with an id of usual length ", i), 1, 0.1, noon))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Equal(t, settings.MaxSessions, m.Sessions())
	used := after.HeapAlloc - before.HeapAlloc
	store := newMemory()
	require.NoError(t, m.Save(store, noon))
	t.Logf("%d sessions, %d MB, %d kB in a checkpoint", m.Sessions(), used>>20, len(store.values[sessionsKey])>>10)
	require.Less(t, used, uint64(25<<20))
	runtime.KeepAlive(m)
}

// BenchmarkSave measures a checkpoint of the maximum size in which everything changed.
func BenchmarkSave(b *testing.B) {
	settings := defaults()
	settings.MaxSessions, settings.MaxSeriesPerService = 50_000, 50_000
	m := New(settings)
	for i := range settings.MaxSessions {
		span := turn(fmt.Sprint(i), 1, 0.1, noon)
		span.PromptVersion = fmt.Sprint(i % 2000)
		m.Count(span)
	}
	size := 0
	for now := noon; b.Loop(); now = now.Add(time.Minute) {
		m.Count(turn("another", 1, 0.1, now))
		for _, t := range m.service("shop", "prod").trends {
			t.seen = now.Unix()
		}
		store := newMemory()
		if err := m.Save(store, now); err != nil {
			b.Fatal(err)
		}
		size = 0
		for _, value := range store.values {
			size += len(value)
		}
	}
	b.ReportMetric(float64(size)/1e6, "MB")
	b.ReportMetric(float64(m.trends.Load()), "trends")
}
