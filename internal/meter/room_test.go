package meter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// clocked returns a meter whose clock the test moves.
func clocked(s Settings) (m *Meter, now *time.Time) {
	m, now = New(s), new(time.Time)
	*now = noon
	m.now = func() time.Time { return *now }
	return m, now
}

// observed is one collection: values and start times by identity, and the identities that ended.
type observed struct {
	values map[string]float64
	starts map[string]time.Time
	ended  map[string]bool
}

func observe(m *Meter, now time.Time) observed {
	o := observed{map[string]float64{}, map[string]time.Time{}, map[string]bool{}}
	_ = m.Collect(now, false, func(p Point) {
		id := spell(p)
		switch {
		case p.Ended:
			o.ended[id] = true
			return
		case p.Metric.Instrument == catalog.Counter:
			o.values[id] = float64(p.Count)
		case p.Metric.Instrument == catalog.Histogram:
			o.values[id] = float64(p.Buckets.Count)
		default:
			o.values[id] = p.Sum
		}
		o.starts[id] = p.Start
	}, func() error { return nil })
	return o
}

func of(service, model string, now time.Time) Span {
	span := chat()
	span.Service, span.Model, span.Seen = service, model, now
	return span
}

func send(m *Meter, spans ...Span) {
	for i := range spans {
		m.Count(&spans[i])
	}
}

// TestIdleServicesMakeRoom fills a meter with services. A new one gets series of its own as soon as another had no
// traffic for SeriesIdle, and not before.
func TestIdleServicesMakeRoom(t *testing.T) {
	settings := defaults()
	settings.SeriesIdle = time.Hour
	settings.MaxSeries = 4 * fixedSlots // room for two services
	m, now := clocked(settings)
	send(m, of("a", "m", *now))
	*now = now.Add(time.Minute)
	send(m, of("b", "m", *now))
	observe(m, *now)
	require.Positive(t, observe(m, *now).values["llm.requests a prod openai chat m ok"])

	*now = noon.Add(59 * time.Minute)
	send(m, of("c", "m", *now), of("d", "m", *now))
	got := observe(m, *now)
	require.NotContains(t, got.values, "llm.requests d prod true ok", "nothing is idle for an hour")
	require.Empty(t, got.ended)
	require.Positive(t, m.Waiting())

	*now = noon.Add(time.Hour)
	send(m, of("d", "m", *now))
	got = observe(m, *now)
	require.True(t, got.ended["llm.requests a prod openai chat m ok"])
	require.True(t, got.ended["gen_ai.client.operation.duration a prod openai chat m ok"])
	for id := range got.values {
		require.NotContains(t, id, " a ", "the series of a have ended")
	}
	require.Contains(t, got.values, "llm.requests b prod openai chat m ok", "b was idle for less")
	send(m, of("d", "m", *now))
	require.Contains(t, observe(m, *now).values, "llm.requests d prod openai chat m ok")
	require.InDelta(t, 1, observe(m, *now).values["llm.requests d prod openai chat m ok"], 0)
	require.Zero(t, m.Waiting())
	require.Positive(t, m.Ended())
}

// TestAServiceThatComesBackStartsAnew checks that a lower value has a later start time, and that the usual cost is not
// forgotten.
func TestAServiceThatComesBackStartsAnew(t *testing.T) {
	settings := defaults()
	settings.SeriesIdle = time.Hour
	settings.MaxSeries = 2 * fixedSlots
	m, now := clocked(settings)
	for range 5 {
		send(m, of("a", "m", *now))
	}
	observe(m, *now)
	const id = "llm.requests a prod openai chat m ok"
	before := observe(m, *now)
	require.InDelta(t, 5, before.values[id], 0)
	owner := m.For("a", "prod")

	*now = noon.Add(2 * time.Hour)
	send(m, of("b", "m", *now))
	require.True(t, observe(m, *now).ended[id])
	send(m, of("b", "m", *now))
	require.NotEmpty(t, m.saved.unclaimed, "the usual cost and the drift wait for a return")

	*now = noon.Add(4 * time.Hour)
	back := of("a", "m", *now)
	m.CountFor(owner, &back) // makes b give way
	observe(m, *now)
	m.CountFor(owner, &back)
	require.Zero(t, observe(m, *now).values[id], "a new series begins at 0")
	after := observe(m, *now)
	require.InDelta(t, 1, after.values[id], 0)
	require.True(t, after.starts[id].After(before.starts[id].Add(time.Hour)))
	require.NotContains(t, m.saved.unclaimed, header{Service: "a", Environment: "prod"}.key(spendPrefix), "it is in use")
}

// TestIdleBreakdownsMakeRoom deploys prompt versions until a service has no room, then waits.
func TestIdleBreakdownsMakeRoom(t *testing.T) {
	settings := defaults()
	settings.SeriesIdle = time.Hour
	settings.MaxSeriesPerService = 3 * fixedSlots
	m, now := clocked(settings)
	deploy := func(version int) string {
		span := of("shop", "m", *now)
		span.PromptVersion = fmt.Sprint("v", version)
		span.Skips = []Skip{{"groundedness", fmt.Sprint("reason ", version)}}
		send(m, span)
		return fmt.Sprintf("llm.requests shop prod openai chat m v%d ok", version)
	}
	last := 0
	for ; m.Overflow() == 0; last++ {
		deploy(last)
	}
	require.Greater(t, last, 2)
	series := m.Series()
	observe(m, *now)
	require.Empty(t, observe(m, *now).ended)
	services, more := m.Overflowed()
	require.Equal(t, []Overflow{{"shop", "prod", ServiceSeries}}, services)
	require.False(t, more)

	*now = noon.Add(time.Hour)
	deploy(1) // stays in use
	for ; !m.services[serviceKey{"shop", "prod"}].short; last++ {
		deploy(last)
	}
	got := observe(m, *now)
	require.True(t, got.ended["llm.requests shop prod openai chat m v0 ok"])
	require.True(t, got.ended["llm.score.skips shop prod groundedness reason 0"])
	require.Contains(t, got.values, "llm.requests shop prod openai chat m v1 ok")
	id := deploy(last)
	require.Contains(t, observe(m, *now).values, id, "the new version has series of its own")
	require.LessOrEqual(t, m.Series(), series)
	services, _ = m.Overflowed()
	require.Empty(t, services, "named once")
}

// TestOverflowIsNamedOnceAndBounded sends services without room.
func TestOverflowIsNamedOnceAndBounded(t *testing.T) {
	settings := defaults()
	settings.MaxSeries, settings.SeriesIdle = 0, time.Hour
	m, now := clocked(settings)
	named, more := 0, 0
	for i := range 3 * maxNamed {
		send(m, of(fmt.Sprint("s", i%(2*maxNamed)), "m", *now))
		if i%50 == 49 {
			observe(m, *now)
			services, others := m.Overflowed()
			for _, s := range services {
				require.Equal(t, AllSeries, s.Limit)
			}
			named += len(services)
			if others {
				more++
			}
		}
	}
	require.Equal(t, maxNamed, named)
	require.Equal(t, 1, more)
}

// TestASessionOutlivesItsService ends a session whose service has given its series away.
func TestASessionOutlivesItsService(t *testing.T) {
	settings := defaults()
	settings.SeriesIdle, settings.SessionIdle = time.Hour, 3*time.Hour
	settings.MaxSeries = 2 * fixedSlots
	m, now := clocked(settings)
	span := of("a", "m", *now)
	span.Session = Session{ID: "c", Turns: 7, Calls: 9}
	send(m, span)
	observe(m, *now)
	*now = noon.Add(2 * time.Hour)
	send(m, of("b", "m", *now))
	observe(m, *now)
	*now = noon.Add(4 * time.Hour)
	observe(m, *now)
	total := 0.0
	for id, v := range collect(t, m, *now, true) {
		if strings.HasPrefix(id, "llm.session.turns") {
			total += v
		}
	}
	require.InDelta(t, 1, total, 0)
}

// TestRoomIsExact lets services and breakdowns come and go at random. What is reserved is what the series need, values
// under one start time never fall, and increases add up to the spans.
func TestRoomIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := defaults()
		settings.SeriesIdle = time.Hour
		settings.MaxSeries = rapid.IntRange(0, 600).Draw(t, "max")
		settings.MaxSeriesPerService = rapid.IntRange(0, 300).Draw(t, "service")
		m, now := clocked(settings)
		type stream struct {
			id    string
			start time.Time
		}
		last := map[stream]float64{}
		spans := 0.0
		for range rapid.IntRange(1, 30).Draw(t, "flushes") {
			for range rapid.IntRange(0, 10).Draw(t, "spans") {
				span := of(fmt.Sprint("s", rapid.IntRange(0, 6).Draw(t, "service")), fmt.Sprint("m",
					rapid.IntRange(0, 6).Draw(t, "model")), *now)
				span.Environment = rapid.SampledFrom([]string{"", "prod"}).Draw(t, "environment")
				span.GenAI = rapid.IntRange(0, 3).Draw(t, "genai") > 0
				span.Scores[0].Name = fmt.Sprint("scorer", rapid.IntRange(0, 3).Draw(t, "scorer"))
				span.Skips = []Skip{{fmt.Sprint("scorer", rapid.IntRange(0, 9).Draw(t, "skipped")), "no_sources"}}
				if rapid.IntRange(0, 4).Draw(t, "judged") == 0 {
					m.Evaluate(&span)
					continue
				}
				m.Count(&span)
				spans++
			}
			seen := map[string]bool{}
			_ = m.Collect(*now, false, func(p Point) {
				id := fmt.Sprint(p.Metric.Name, p.Attributes)
				if seen[id] {
					t.Fatalf("%s is in a collection twice", id)
				}
				seen[id] = true
				if p.Ended || p.Metric.Instrument != catalog.Counter {
					return
				}
				key := stream{id, p.Start}
				if float64(p.Count) < last[key] {
					t.Fatalf("%s fell from %g to %d under one start time", id, last[key], p.Count)
				}
				last[key] = float64(p.Count)
			}, func() error { return nil })
			*now = now.Add(time.Duration(rapid.IntRange(1, 50).Draw(t, "minutes")) * time.Minute)
		}
		_ = m.Collect(*now, true, func(p Point) {
			if p.Metric.Instrument == catalog.Counter {
				last[stream{fmt.Sprint(p.Metric.Name, p.Attributes), p.Start}] = float64(p.Count)
			}
		}, func() error { return nil })
		counted := 0.0
		for key, v := range last {
			if strings.HasPrefix(key.id, catalog.Spans.Name+"[") {
				counted += v
			}
		}
		if counted != spans {
			t.Fatalf("%g spans counted, %g sent", counted, spans)
		}
		reserved := int64(0)
		for _, s := range m.services {
			reserved += int64(s.taken + len(coverages))
			if s.rest != nil {
				reserved += int64(llmSlots)
			}
		}
		if free := m.room.Load(); free != int64(settings.MaxSeries)-reserved {
			t.Fatalf("%d series are free, %d reserved of %d", free, reserved, settings.MaxSeries)
		}
		for name, room := range m.rooms {
			used := 0
			for key, s := range m.services {
				if key.name == name {
					used += s.taken + s.charged
				}
			}
			if room.Load() != int64(settings.MaxSeriesPerService-used) {
				t.Fatalf("service %s has %d free, uses %d of %d", name, room.Load(), used, settings.MaxSeriesPerService)
			}
		}
	})
}
