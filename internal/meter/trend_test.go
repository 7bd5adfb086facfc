package meter

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/drift"
	"github.com/faultline-otel/faultline/internal/genai"
)

// traffic counts a number of scores per bin, of which a share passes, for a duration. It collects at the end of every
// bin.
func traffic(
	t *testing.T,
	m *Meter,
	r *rand.Rand,
	from time.Time,
	lasts time.Duration,
	each int,
	share float64,
	change func(*Span),
) (now time.Time, got map[string]float64) {
	t.Helper()
	for now = from; now.Before(from.Add(lasts)); now = now.Add(drift.Bin) {
		for range each {
			span := chat()
			span.Scores = []Score{{Name: "refusal", Version: "1-a", Value: 0}}
			if r.Float64() < share {
				span.Scores[0].Value = 1
			}
			span.Cost, span.Seen = genai.Some(0.1), now
			if change != nil {
				change(&span)
			}
			m.Count(&span)
		}
		got = collect(t, m, now, false)
	}
	return now, got
}

const (
	slowDrift  = "llm.score.drift shop prod refusal 1-a slow"
	fastDrift  = "llm.score.drift shop prod refusal 1-a fast"
	detectable = "llm.score.detectable_drop shop prod refusal 1-a"
)

func TestDropOfScoresIsShownAndNewVersionIsComparedWithTheOthers(t *testing.T) {
	m := New(defaults())
	r := rand.New(rand.NewPCG(1, 2))
	version := func(n string) func(*Span) {
		return func(s *Span) { s.PromptName, s.PromptVersion = "support", n }
	}
	const (
		oldSlow = "llm.score.drift shop prod refusal 1-a support 7 slow"
		oldFast = "llm.score.drift shop prod refusal 1-a support 7 fast"
		newSlow = "llm.score.drift shop prod refusal 1-a support 8 slow"
	)
	now, got := traffic(t, m, r, noon, 8*24*time.Hour, 50, 0.9, version("7"))
	require.Less(t, got[oldSlow], 1.0)
	require.Less(t, got[oldFast], 1.0)
	require.InDelta(t, 0.05, got["llm.score.detectable_drop shop prod refusal 1-a support 7"], 0.03,
		"6 000 scores would show 1.9 points; 600 show 3 times as much")

	now, got = traffic(t, m, r, now, 6*time.Hour, 50, 0.9, version("8"))
	require.Less(t, got[newSlow], 1.0, "as good as the last")
	_, got = traffic(t, m, r, now, 6*time.Hour, 50, 0.7, version("8"))
	require.GreaterOrEqual(t, got[newSlow], 1.0)
	require.Less(t, got[oldSlow], 1.0, "the old version, whose scores did not change")
}

func TestPromptsAreNotComparedWithEachOther(t *testing.T) {
	m := New(defaults())
	r := rand.New(rand.NewPCG(1, 2))
	now, _ := traffic(
		t,
		m,
		r,
		noon,
		8*24*time.Hour,
		50,
		0.9,
		func(s *Span) { s.PromptName, s.PromptVersion = "support", "7" },
	)
	_, got := traffic(
		t,
		m,
		r,
		now,
		6*time.Hour,
		50,
		0.7,
		func(s *Span) { s.PromptName, s.PromptVersion = "triage", "1" },
	)
	require.Contains(t, got, "llm.score.drift shop prod refusal 1-a triage 1 slow")
	require.Zero(t, got["llm.score.drift shop prod refusal 1-a triage 1 slow"], "another task has another mean, and "+
		"no baseline yet")
}

func TestScoresOfFlaggedTrafficHaveNoTrend(t *testing.T) {
	m := New(defaults())
	span := chat()
	span.Scores = []Score{
		{Name: "judge", Value: 1, Stratum: "flagged"},
		{Name: "judge", Value: 1, Stratum: "suspect"},
		{Name: "judge", Value: 1, Stratum: "random"},
		{Name: "judge", Value: 1, Stratum: "random", Untrusted: true},
	}
	m.Count(&span)
	got := collect(t, m, noon, true)
	require.Contains(t, got, "llm.score.count shop prod openai chat gpt-x judge flagged")
	require.Contains(t, got, "llm.score.drift shop prod judge random slow")
	require.NotContains(t, got, "llm.score.drift shop prod judge flagged slow")
	require.NotContains(t, got, "llm.score.drift shop prod judge suspect slow")
	require.Contains(t, got, "llm.score.count shop prod openai chat gpt-x judge random false", "a series apart")
	require.Contains(t, got, "llm.score.drift shop prod judge random false slow")
}

func TestTrendsAreBoundedAndQuietOnesMakeRoom(t *testing.T) {
	settings := defaults()
	settings.MaxDrift = 3 // a parent and two children
	m := New(settings)
	m.now = func() time.Time { return noon.Add(25 * time.Hour) }
	version := func(v string, seen time.Time) {
		span := deployed("gpt-x", "support", v, seen)
		span.Scores = []Score{{Name: "refusal", Value: 1}}
		m.Count(span)
	}
	drifts := func(now time.Time) (n int) {
		for id := range collect(t, m, now, false) {
			if strings.HasPrefix(id, "llm.score.drift") {
				n++
			}
		}
		return n
	}
	version("1", noon)
	require.Equal(t, 2, drifts(noon))
	later := noon.Add(25 * time.Hour)
	version("2", later)
	require.Equal(t, 2, drifts(later), "version 1 is quiet")
	version("3", later) // replaces version 1
	require.Equal(t, 4, drifts(later))
	require.Zero(t, m.Untracked())
	version("4", later)
	require.Equal(t, 4, drifts(later))
	require.Equal(t, int64(1), m.Untracked())
	series := m.Series()
	n := int64(0)
	require.NoError(t, m.Collect(later, false, func(Point) { n++ }, func() error { return nil }))
	require.LessOrEqual(t, n, series)
}

func TestSilentScorerMakesRoomAndGetsATrendAgainWhenItReturns(t *testing.T) {
	settings := defaults()
	settings.MaxDrift = 2
	m := New(settings)
	score := func(scorer string, seen time.Time) map[string]float64 {
		m.now = func() time.Time { return seen }
		span := chat()
		span.Seen, span.Scores = seen, []Score{{Name: scorer, Value: 1}}
		m.Count(&span)
		return collect(t, m, seen, false)
	}
	const refusal, toxicity = "llm.score.drift shop prod refusal slow", "llm.score.drift shop prod toxicity slow"
	require.Contains(t, score("refusal", noon), refusal)
	require.NotContains(t, score("toxicity", noon.Add(time.Hour)), toxicity, "no room")
	later := noon.Add(26 * time.Hour)
	// The parent's place is not enough: a child needs one too. It is free once the parent of refusal is gone.
	got := score("pii", later)
	require.Contains(t, got, "llm.score.drift shop prod pii slow")
	require.NotContains(t, got, refusal)
	require.Equal(t, int64(2), m.trends.Load())
	got = score("refusal", later.Add(26*time.Hour))
	require.Contains(t, got, refusal)
	require.NotContains(t, got, "llm.score.drift shop prod pii slow")
	require.Equal(t, int64(2), m.trends.Load())
}

func TestScoresWithoutRoomGetATrendOnceThereIsRoom(t *testing.T) {
	settings := defaults()
	settings.MaxDrift = 2
	m := New(settings)
	r := rand.New(rand.NewPCG(1, 2))
	const oldSlow, newSlow = "llm.score.drift shop prod refusal 1-a support 7 slow", "llm.score.drift shop prod " +
		"refusal 1-a support 8 slow"
	version := func(n string) func(*Span) {
		return func(s *Span) {
			s.PromptName, s.PromptVersion = "support", n
			m.now = func() time.Time { return s.Seen }
		}
	}
	now, got := traffic(t, m, r, noon, time.Hour, 1, 0.9, version("7"))
	require.Contains(t, got, oldSlow)
	now, got = traffic(t, m, r, now, 12*time.Hour, 1, 0.9, version("8"))
	require.NotContains(t, got, newSlow, "no room while version 7 may return")
	require.Equal(t, int64(1), m.Untracked(), "counted once")
	_, got = traffic(t, m, r, now, 13*time.Hour, 1, 0.9, version("8"))
	require.Contains(t, got, newSlow)
	require.NotContains(t, got, oldSlow)
}

func TestParentIsNotKeptForAChildWithoutRoom(t *testing.T) {
	settings := defaults()
	settings.MaxDrift = 3
	m := New(settings)
	m.now = func() time.Time { return noon }
	for _, scorer := range []string{"refusal", "toxicity", "pii"} {
		span := chat()
		span.Seen, span.Scores = noon, []Score{{Name: scorer, Value: 1}}
		m.Count(&span)
		collect(t, m, noon, false)
	}
	require.Equal(t, int64(2), m.trends.Load(), "refusal and its parent")
	require.Equal(t, int64(2), m.Untracked())
}

func TestWithoutDriftThereAreNoTrends(t *testing.T) {
	settings := defaults()
	settings.MaxDrift = 0
	m := New(settings)
	span := chat()
	m.Count(&span)
	for id := range collect(t, m, noon, true) {
		require.False(t, strings.HasPrefix(id, "llm.score.drift") || strings.HasPrefix(id, "llm.cost.baseline"), id)
	}
}

func TestCostIsComparedWithUsualCost(t *testing.T) {
	m := New(defaults())
	r := rand.New(rand.NewPCG(3, 4))
	now, got := traffic(t, m, r, noon, 9*24*time.Hour, 5, 1, nil)
	require.InDelta(t, 1, got["llm.cost.baseline_ratio shop prod 24h"], 0.05)
	require.InDelta(t, 0, got["llm.cost.baseline_ratio shop prod 6h"], 0.05)
	_, got = traffic(t, m, r, now, 24*time.Hour, 15, 1, nil)
	require.InDelta(t, 3, got["llm.cost.baseline_ratio shop prod 24h"], 0.2)
	require.InDelta(t, 0.5, got["llm.cost.baseline_ratio shop prod 6h"], 0.1, "six hours at three times are half a "+
		"day more")
}

// TestMemoryOfTrendsIsBounded fills the trends up to their limit.
func TestMemoryOfTrendsIsBounded(t *testing.T) {
	settings := defaults()
	settings.MaxSeriesPerService = 50_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := New(settings)
	for i := range 3 * settings.MaxDrift {
		span := deployed("gpt-x", "support", fmt.Sprint(i), noon)
		m.Count(span)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.LessOrEqual(t, m.trends.Load(), int64(settings.MaxDrift))
	t.Logf("%d trends and their series, %d MB", m.trends.Load(), (after.HeapAlloc-before.HeapAlloc)>>20)
	require.Less(t, after.HeapAlloc-before.HeapAlloc, uint64(60<<20))
	runtime.KeepAlive(m)
}
