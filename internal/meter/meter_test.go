package meter

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// spell formats the identity of a point: the metric's name and its attributes.
func spell(p Point) string {
	var b strings.Builder
	b.WriteString(p.Metric.Name)
	for _, a := range p.Attributes {
		if a.Key != catalog.Instance {
			fmt.Fprintf(&b, " %s", a.Value)
		}
	}
	return b.String()
}

// collect returns the value of every series by its identity: counts of counters and histograms, sums of the others.
func collect(tb testing.TB, m *Meter, now time.Time, final bool) map[string]float64 {
	tb.Helper()
	got := map[string]float64{}
	err := m.Collect(now, final, func(p Point) {
		id := spell(p)
		_, twice := got[id]
		require.False(tb, twice, "series %s is there twice", id)
		switch p.Metric.Instrument {
		case catalog.Counter:
			got[id] = float64(p.Count)
		case catalog.Histogram:
			got[id] = float64(p.Buckets.Count)
		default:
			got[id] = p.Sum
		}
	}, func() error { return nil })
	require.NoError(tb, err)
	return got
}

func chat() Span {
	return Span{
		Service: "shop", Environment: "prod", Coverage: "scored", GenAI: true, Request: true,
		Breakdown: Breakdown{Provider: "openai", Operation: "chat", Model: "gpt-x"},
		Tokens:    genai.Tokens{UncachedInput: genai.Some[int64](100), Output: genai.Some[int64](20)},
		Duration:  genai.Some(1.5), TTFT: genai.Some(0.2), Cost: genai.Some(0.01), CostSource: "reported",
		Scores:  []Score{{Name: "refusal", Value: 0.5}},
		TraceID: [16]byte{1}, SpanID: [8]byte{2}, Seen: noon,
	}
}

func defaults() Settings {
	return Settings{
		Instance:            "i",
		MaxSeries:           50000,
		MaxSeriesPerService: 2000,
		SessionIdle:         30 * time.Minute,
		MaxSessions:         1000,
		MaxDrift:            1000,
	}
}

func TestSeriesStartAtZero(t *testing.T) {
	m := New(defaults())
	span := chat()
	span.Class, span.Outcome = failure.Truncation, Failed
	m.Count(&span)
	first := collect(t, m, noon, false)
	for id, v := range first {
		if !strings.HasPrefix(id, "llm.version.info") { // a gauge does not start at 0
			require.Zero(t, v, id)
		}
	}
	require.Contains(t, first, "llm.failures shop prod openai chat gpt-x unsafe safety", "classes without a failure "+
		"have a series too")
	second := collect(t, m, noon, false)
	require.Len(t, second, len(first))
	require.InDelta(t, 1, second["llm.failures shop prod openai chat gpt-x truncation structure"], 0)
	require.InDelta(t, 1, second["llm.requests shop prod openai chat gpt-x failed"], 0)
	require.InDelta(t, 1, second["gen_ai.client.token.usage shop prod openai chat gpt-x output"], 0)
	require.InDelta(t, 0.01, second["llm.cost.usd shop prod openai chat gpt-x failed reported"], 1e-12)
	require.InDelta(t, 0.25, second["llm.score.sumsq shop prod openai chat gpt-x refusal"], 1e-12)
}

func TestFinalCollectionEmitsActualValues(t *testing.T) {
	m := New(defaults())
	span := chat()
	m.Count(&span)
	require.InDelta(t, 1, collect(t, m, noon, true)["llm.requests shop prod openai chat gpt-x ok"], 0)
}

func TestSafetyIsCountedOnceInAdditionToTheFirstClass(t *testing.T) {
	m := New(defaults())
	for _, c := range []failure.Class{failure.Truncation, failure.Unsafe} {
		span := chat()
		span.Class, span.Unsafe, span.Outcome = c, true, Failed
		m.Count(&span)
	}
	got := collect(t, m, noon, true)
	require.InDelta(t, 2, got["llm.failures shop prod openai chat gpt-x unsafe safety"], 0)
	require.InDelta(t, 1, got["llm.failures shop prod openai chat gpt-x truncation structure"], 0)
	require.InDelta(t, 2, got["llm.requests shop prod openai chat gpt-x failed"], 0)
}

// TestCertainSafetyIsCountedApart: alerts page on it at once. Both series exist from the start.
func TestCertainSafetyIsCountedApart(t *testing.T) {
	m := New(defaults())
	for _, certain := range []bool{true, false, false} {
		span := chat()
		span.Class, span.Unsafe, span.Certain, span.Outcome = failure.Unsafe, true, certain, Failed
		m.Count(&span)
	}
	const unsafe = "llm.failures shop prod openai chat gpt-x unsafe safety"
	first := collect(t, m, noon, false)
	require.Contains(t, first, unsafe+" true")
	require.Contains(t, first, unsafe)
	got := collect(t, m, noon, true)
	require.InDelta(t, 1, got[unsafe+" true"], 0)
	require.InDelta(t, 2, got[unsafe], 0)
}

func TestSuspicionsAreCountedByScorer(t *testing.T) {
	m := New(defaults())
	for range 3 {
		span := chat()
		span.Scores = []Score{
			{Name: "jailbreak", Version: "2", Value: 0.6, Suspected: true}, {Name: "refusal", Version: "1", Value: 0.9},
		}
		m.Count(&span)
	}
	got := collect(t, m, noon, true)
	require.InDelta(t, 3, got["llm.score.suspects shop prod jailbreak 2"], 0)
	require.NotContains(t, got, "llm.score.suspects shop prod refusal 1")
	for id, n := range got {
		if strings.HasPrefix(id, "llm.failures") || strings.HasPrefix(id, "llm.score.failures") {
			require.Zero(t, n, "%s: a suspicion is no failure", id)
		}
	}
}

// TestFindingsOfJudgesAreCountedByClass: a finding counts beside its score, and is no failure of the traffic.
func TestFindingsOfJudgesAreCountedByClass(t *testing.T) {
	m, now := clocked(defaults())
	judged := func(class failure.Class, detail string, untrusted bool) {
		m.Evaluate(&Span{
			Service: "shop", Environment: "prod", Seen: *now, Breakdown: Breakdown{Model: "m"},
			Scores: []Score{{
				Name: "drift", Version: "j@1", Stratum: "random", Failed: class != "", Untrusted: untrusted, Class: class,
				Detail: detail,
			}},
		})
	}
	judged("", "", false)
	observe(m, *now)
	for range 2 {
		judged(failure.GoalDrift, "context_loss", false)
	}
	judged(failure.GoalDrift, "goal_drift", true)
	first := observe(m, *now)
	got := observe(m, *now)
	id := "llm.judge.findings shop prod m drift j@1 random goal_drift quality context_loss"
	require.Contains(t, first.values, id)
	require.Zero(t, first.values[id], "an alert sees the first one as an increase")
	require.InDelta(t, 2, got.values[id], 0)
	require.InDelta(t, 1, got.values["llm.judge.findings shop prod m drift j@1 random false goal_drift quality goal_drift"], 0)
	require.InDelta(t, 3, got.values["llm.score.count shop prod m drift j@1 random"], 0)
	for id := range got.values {
		require.NotContains(t, id, "llm.failures shop prod m goal_drift")
		require.NotContains(t, id, "llm.incidents shop prod m goal_drift")
	}
}

// TestFindingsWithoutRoomLoseNothing: they count without their class.
func TestFindingsWithoutRoomLoseNothing(t *testing.T) {
	settings := defaults()
	settings.MaxSeriesPerService = fixedSlots + scoreSlots + 2 // of a breakdown, of a score, and of one finding
	m, now := clocked(settings)
	for _, detail := range []string{"off_topic", "judge", "rule"} {
		m.Evaluate(&Span{Service: "shop", Seen: *now, Scores: []Score{{
			Name: "helpful", Failed: true, Class: failure.BadAnswer, Detail: detail,
		}}})
	}
	observe(m, *now)
	got := observe(m, *now)
	require.InDelta(t, 1, got.values["llm.judge.findings shop helpful bad_answer quality off_topic"], 0)
	require.InDelta(t, 2, got.values["llm.judge.findings shop true"], 0)
	require.EqualValues(t, 2, m.Overflow())
}

func TestOnlyRequestsHaveTokensTimesAndCost(t *testing.T) {
	m := New(defaults())
	span := chat()
	span.Request, span.Operation = false, "invoke_agent"
	m.Count(&span)
	for id := range collect(t, m, noon, true) {
		require.Regexp(t, `^llm\.(spans|failures|score\.|version\.info)`, id)
	}
}

// TestLimitsLoseNothing sends random spans through a meter with narrow limits. The number of series stays within them,
// and sums over all series are exact.
func TestLimitsLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := Settings{
			Instance:            "i",
			MaxSeries:           rapid.IntRange(0, 400).Draw(t, "max"),
			MaxSeriesPerService: rapid.IntRange(0, 100).Draw(t, "service"),
		}
		m := New(settings)
		want := map[string]float64{}
		for range rapid.IntRange(1, 200).Draw(t, "spans") {
			span := chat()
			span.Service = fmt.Sprint("s", rapid.IntRange(0, 5).Draw(t, "service"))
			span.Model = fmt.Sprint("m", rapid.IntRange(0, 5).Draw(t, "model"))
			span.GenAI = rapid.IntRange(0, 3).Draw(t, "genai") > 0
			span.Scores[0].Name = fmt.Sprint("scorer", rapid.IntRange(0, 3).Draw(t, "scorer"))
			span.Skips = []Skip{{fmt.Sprint("scorer", rapid.IntRange(0, 9).Draw(t, "skipped")), "no_sources"}}
			if rapid.Bool().Draw(t, "fails") {
				span.Class, span.Outcome = rapid.SampledFrom(failure.Classes()).Draw(t, "class").Class, Failed
			}
			m.Count(&span)
			want["llm.spans"]++
			if span.GenAI {
				want["llm.requests"]++
				want["gen_ai.client.operation.duration"]++
				want["llm.score.count"]++
				want["llm.score.skips"]++
				want["gen_ai.client.token.usage"] += 2
				if span.Class != "" {
					want["llm.failures "+string(span.Class)]++
				}
			}
		}
		got := map[string]float64{}
		seen := map[string]bool{}
		n := 0
		_ = m.Collect(noon, true, func(p Point) {
			n++
			id := fmt.Sprint(p.Metric.Name, p.Attributes)
			if seen[id] {
				t.Fatalf("series %s is there twice", id)
			}
			seen[id] = true
			name := p.Metric.Name
			if p.Metric == catalog.Failures {
				for _, a := range p.Attributes {
					if a.Key == catalog.ErrorClass {
						name += " " + a.Value
					}
				}
			}
			if v := p.Count; p.Buckets != nil {
				got[name] += float64(p.Buckets.Count)
			} else {
				got[name] += float64(v)
			}
		}, func() error { return nil })
		for name, v := range want {
			if got[name] != v {
				t.Fatalf("%s: counted %g, want %g", name, got[name], v)
			}
		}
		if most := settings.MaxSeries + fixedSlots; n > most || m.Series() > int64(most) {
			t.Fatalf("%d series, the limit allows %d", n, most)
		}
	})
}

func TestSkipsAreCountedByScorerAndReason(t *testing.T) {
	m := New(defaults())
	span := chat()
	span.Skips = []Skip{{"groundedness", "no_sources"}, {"tool_arguments", "too_large"}}
	m.Count(&span)
	m.Count(&span)
	got := collect(t, m, noon, true)
	require.InDelta(t, 2, got["llm.score.skips shop prod groundedness no_sources"], 0)
	require.InDelta(t, 2, got["llm.score.skips shop prod tool_arguments too_large"], 0)
}

func TestOverflowKeepsTheClassOfAFailure(t *testing.T) {
	m := New(Settings{Instance: "i", MaxSeries: 1000, MaxSeriesPerService: 0})
	span := chat()
	span.Class, span.Outcome = failure.Unsafe, Failed
	m.Count(&span)
	require.InDelta(t, 1, collect(t, m, noon, true)["llm.failures shop prod true unsafe safety"], 0)
	require.Equal(t, int64(1), m.Overflow())
}

func TestAbsurdValuesAreIgnoredAndCounted(t *testing.T) {
	m := New(defaults())
	span := chat()
	span.Tokens = genai.Tokens{Output: genai.Some[int64](-1), UncachedInput: genai.Some[int64](math.MaxInt64)}
	span.Duration, span.TTFT, span.Cost = genai.Some(math.NaN()), genai.Some(math.Inf(1)), genai.Some(-1.0)
	span.Scores = []Score{{Name: "refusal", Value: math.NaN()}, {Name: "refusal", Value: 1.5}}
	m.Count(&span)
	got := collect(t, m, noon, true)
	require.InDelta(t, 1, got["llm.requests shop prod openai chat gpt-x ok"], 0)
	for id := range got {
		require.Regexp(t, `^llm\.(spans|failures|requests|version\.info)`, id)
	}
	ignored := map[int]int64{IgnoredTokens: 2, IgnoredDuration: 1, IgnoredTTFT: 1, IgnoredCost: 1, IgnoredScore: 2}
	for field, want := range ignored {
		require.Equal(t, want, m.Ignored(field), IgnoredNames[field])
	}
}

func TestExemplarsPreferFailingSpans(t *testing.T) {
	m := New(defaults())
	at := func(now time.Time) *Exemplar {
		var got *Exemplar
		_ = m.Collect(now, false, func(p Point) {
			if p.Metric == catalog.TimeToFirstChunk && p.Exemplar != nil {
				e := *p.Exemplar
				got = &e
			}
		}, func() error { return nil })
		return got
	}
	count := func(id byte, class failure.Class) {
		span := chat()
		span.TraceID, span.Class = [16]byte{id}, class
		m.Count(&span)
	}
	count(1, "")
	require.Nil(t, at(noon), "the first point is 0 and has no exemplar")
	count(2, failure.Refusal)
	count(3, failure.Refusal)
	count(4, "")
	require.Equal(t, &Exemplar{TraceID: [16]byte{2}, SpanID: [8]byte{2}, Value: 0.2, Time: noon}, at(noon))
	require.NotNil(t, at(noon.Add(exemplarLife-1)), "a late scrape sees it")
	require.Nil(t, at(noon.Add(exemplarLife)))
	count(5, "")
	require.Equal(t, byte(5), at(noon).TraceID[0], "the next span replaces a collected exemplar")
}

func TestTextsAreMadeValidAttributes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes"))
		got := bound(s)
		if !utf8.ValidString(got) || len(got) > maxText {
			t.Fatalf("%q", got)
		}
		if len(s) <= maxText && utf8.ValidString(s) && got != s {
			t.Fatalf("%q became %q", s, got)
		}
	})
	require.Equal(t, strings.Repeat("é", 64), bound(strings.Repeat("é", 65)))
	require.Equal(t, "x"+strings.Repeat("é", 63), bound("x"+strings.Repeat("é", 64)), "a character is not cut in two")
}

func TestUnknownServiceHasAName(t *testing.T) {
	m := New(defaults())
	m.Count(&Span{Coverage: "not_llm"})
	require.InDelta(t, 1, collect(t, m, noon, true)["llm.spans unknown_service not_llm"], 0)
}

func BenchmarkCount(b *testing.B) {
	m := New(defaults())
	span := chat()
	m.Count(&span)
	b.ReportAllocs()
	for b.Loop() {
		m.Count(&span)
	}
}

func BenchmarkCountNotLLM(b *testing.B) {
	m := New(defaults())
	span := Span{Service: "shop", Environment: "prod", Coverage: "not_llm", Seen: noon}
	b.ReportAllocs()
	for b.Loop() {
		m.Count(&span)
	}
}

// TestManyGoroutinesLoseNothing counts from several goroutines while points are collected.
func TestManyGoroutinesLoseNothing(t *testing.T) {
	settings := defaults()
	settings.MaxSeries, settings.MaxSeriesPerService, settings.MaxSessions = 500, 150, 10
	m := New(settings)
	store := newMemory()
	const workers, each = 8, 500
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				span := chat()
				span.Service = fmt.Sprint("s", (w+i)%4)
				span.Model = fmt.Sprint("m", i%7)
				span.Session = Session{ID: fmt.Sprint("s", i%30), Turns: 1, Calls: 2}
				m.Count(&span)
				span.Scores[0].Name = "judge"
				m.Evaluate(&span)
			}
		})
	}
	wg.Go(func() {
		for i := range 50 {
			now := noon.Add(time.Duration(i) * time.Minute)
			_ = m.Collect(now, false, func(Point) {}, func() error { return nil })
			_ = m.FirstSeen(func([]FirstSeen) error { return nil })
			_ = m.Save(store, now)
		}
	})
	wg.Wait()
	sums := map[string]float64{}
	for id, v := range collect(t, m, noon, true) {
		name, _, _ := strings.Cut(id, " ")
		sums[name] += v
	}
	require.InDelta(t, workers*each, sums["llm.spans"], 0)
	require.InDelta(t, workers*each, sums["llm.requests"], 0)
	require.InDelta(t, workers*each, sums["gen_ai.client.operation.duration"], 0)
	require.InDelta(t, workers*each, sums["llm.score.sum"], 1e-6, "half a point each, from a span and from an "+
		"evaluation")
	m.EndSessions(noon)
	sessions := 0.0
	for id, v := range collect(t, m, noon, true) {
		if strings.HasPrefix(id, "llm.session.turns") {
			sessions += v
		}
	}
	require.GreaterOrEqual(t, sessions, 30.0)
}

// TestMemoryAtTheLimitIsBounded fills a meter with more services, models and widely spread values than it has room for.
func TestMemoryAtTheLimitIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := New(defaults())
	for i := range 100_000 {
		span := chat()
		span.Service, span.Model = fmt.Sprint("s", i%700), fmt.Sprint("m", i%11)
		span.Duration = genai.Some(math.Ldexp(1, i%40-20))
		m.Count(&span)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d series, %d MB", m.Series(), (after.HeapAlloc-before.HeapAlloc)>>20)
	require.LessOrEqual(t, m.Series(), int64(defaults().MaxSeries+fixedSlots))
	require.Less(t, after.HeapAlloc-before.HeapAlloc, uint64(100<<20))
	runtime.KeepAlive(m)
}
