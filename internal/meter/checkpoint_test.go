package meter

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/checkpoint"
)

// memory is a store in memory.
type memory struct {
	values  map[string][]byte
	refuses bool
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

func (m *memory) Get(key string) ([]byte, error) { return m.values[key], nil }

func (m *memory) Write(set map[string][]byte, remove []string) error {
	if m.refuses {
		return errors.New("full")
	}
	maps.Copy(m.values, set)
	for _, key := range remove {
		delete(m.values, key)
	}
	return nil
}

// restart returns a meter that continues from the last checkpoint of another.
func restart(t *testing.T, store checkpoint.Store, now time.Time) *Meter {
	t.Helper()
	m := New(defaults())
	require.NoError(t, m.Load(store, now))
	return m
}

func TestRestartContinuesFromTheCheckpoint(t *testing.T) {
	store := newMemory()
	m := New(defaults())
	now, before := traffic(t, m, rand.New(rand.NewPCG(1, 2)), noon, 9*24*time.Hour, 20, 0.9, nil)
	m.Count(turn("goes on", 4, 0.25, now))
	require.Len(t, firstSeen(t, m, now), 1)
	require.NoError(t, m.Save(store, now))

	m = restart(t, store, now)
	require.Equal(t, 1, m.Sessions())
	span := chat()
	span.Seen = now
	span.Scores = []Score{{Name: "refusal", Version: "1-a", Value: 1}}
	m.Count(&span)
	require.Empty(t, firstSeen(t, m, now), "it was reported before")
	after := collect(t, m, now, false)
	require.InDelta(t, before[detectable], after[detectable], 1e-3)
	require.InDelta(t, before[slowDrift], after[slowDrift], 0.1)
	require.InDelta(t, before["llm.cost.baseline_ratio shop prod 24h"], after["llm.cost.baseline_ratio shop "+
		"prod 24h"], 0.05, "a new hour has begun")
	require.InDelta(t, 1, after["llm.requests shop prod openai chat gpt-x ok"], 0, "sums start again at 0")
	m.Count(turn("goes on", 5, 0.5, now))
	require.Equal(t, 1, m.Sessions(), "the same session")
	end := now.Add(time.Hour)
	var sum float64
	require.NoError(t, m.Collect(end, true, func(p Point) {
		if spell(p) == turnsSeries {
			sum = p.Buckets.Sum
		}
	}, func() error { return nil }))
	require.InDelta(t, 5, sum, 0)
}

func TestUnclaimedRecordsAreKeptForTwoWeeks(t *testing.T) {
	store := newMemory()
	m := New(defaults())
	span := chat()
	m.Count(&span)
	firstSeen(t, m, noon)
	require.NoError(t, m.Save(store, noon))
	records := len(store.values)
	require.Equal(t, 2, keysOf(store, trendPrefix), "a trend and its parent")
	require.Equal(t, 1, keysOf(store, spendPrefix))

	idle := restart(t, store, noon.Add(24*time.Hour))
	require.NoError(t, idle.Save(store, noon.Add(24*time.Hour)))
	require.Len(t, store.values, records)
	idle = restart(t, store, noon.Add(48*time.Hour))
	require.NoError(t, idle.Save(store, noon.Add(48*time.Hour)))
	require.Len(t, store.values, records)
	idle = restart(t, store, noon.Add(15*24*time.Hour))
	require.NoError(t, idle.Save(store, noon.Add(15*24*time.Hour)))
	require.Zero(t, keysOf(store, trendPrefix)+keysOf(store, spendPrefix))
	require.Contains(t, store.values, versionsKey)
}

// keysOf counts the keys with a prefix.
func keysOf(m *memory, prefix string) (n int) {
	for key := range m.values {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n
}

func TestSaveWritesOnlyChanges(t *testing.T) {
	store := newMemory()
	m := New(defaults())
	m.Count(turn("a", 1, 0.1, noon))
	firstSeen(t, m, noon)
	require.NoError(t, m.Save(store, noon))
	clear(store.values)
	require.NoError(t, m.Save(store, noon))
	require.Empty(t, store.values)
}

func TestSaveRetriesAfterAFailedWrite(t *testing.T) {
	store := newMemory()
	store.refuses = true
	m := New(defaults())
	m.Count(turn("a", 1, 0.1, noon))
	firstSeen(t, m, noon)
	require.ErrorContains(t, m.Save(store, noon), "full")
	store.refuses = false
	require.NoError(t, m.Save(store, noon))
	require.Subset(t, slices.Collect(maps.Keys(store.values)), []string{versionsKey, sessionsKey, recordsKey})
	require.Equal(t, 2, keysOf(store, trendPrefix))
}

func TestUnreportedVersionsAreNotSaved(t *testing.T) {
	store := newMemory()
	m := New(defaults())
	m.Count(deployed("gpt-x", "support", "7", noon))
	collect(t, m, noon, false)
	require.NoError(t, m.Save(store, noon))
	m = restart(t, store, noon)
	m.Count(deployed("gpt-x", "support", "7", noon))
	require.Len(t, firstSeen(t, m, noon), 1, "the restart came before it was reported")
}

// TestCheckpointFromTheFutureCountsAsNow loads a checkpoint that was saved while the clock was a year ahead.
func TestCheckpointFromTheFutureCountsAsNow(t *testing.T) {
	store := newMemory()
	m := New(defaults())
	ahead := noon.Add(365 * 24 * time.Hour)
	m.Count(turn("a", 1, 0.1, ahead))
	firstSeen(t, m, ahead)
	require.NoError(t, m.Save(store, ahead))
	m = restart(t, store, noon)
	require.Equal(t, 1, m.Sessions())
	collect(t, m, noon.Add(29*time.Minute), false)
	require.Equal(t, 1, m.Sessions())
	collect(t, m, noon.Add(30*time.Minute), false)
	require.Zero(t, m.Sessions(), "idle since it was loaded")
}

func TestLoadNamesUnreadablePartsAndLoadsTheRest(t *testing.T) {
	store := newMemory()
	m := New(defaults())
	m.Count(turn("a", 1, 0.1, noon))
	firstSeen(t, m, noon)
	require.NoError(t, m.Save(store, noon))
	store.values[sessionsKey] = []byte("?")
	var spoilt string
	for key := range store.values {
		if strings.HasPrefix(key, spendPrefix) {
			store.values[key] = []byte{0xff}
			spoilt = key
		}
	}
	m = New(defaults())
	err := m.Load(store, noon)
	require.ErrorIs(t, err, errCheckpoint)
	require.ErrorContains(t, err, "sessions: not a checkpoint of this version")
	require.ErrorContains(t, err, spoilt)
	require.Len(t, m.saved.unclaimed, 2)
	require.Equal(t, 1, m.seen.known.Len())
	require.NoError(t, m.Save(store, noon))
	require.NotContains(t, store.values, spoilt, "it is removed")
}

// FuzzLoad loads arbitrary bytes from a store.
func FuzzLoad(f *testing.F) {
	store := newMemory()
	m := New(defaults())
	m.Count(turn("a", 1, 0.1, noon))
	_ = m.Collect(noon, false, func(Point) {}, func() error { return nil })
	_ = m.FirstSeen(func([]FirstSeen) error { return nil })
	if err := m.Save(store, noon); err != nil {
		f.Fatal(err)
	}
	var record []byte
	for key, value := range store.values {
		if strings.HasPrefix(key, trendPrefix) {
			record = value
		}
	}
	f.Add(store.values[sessionsKey], store.values[versionsKey], record)
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f}, []byte("[]"), []byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, sessions, versions, record []byte) {
		keys := []string{trendPrefix + "0", spendPrefix + "0"}
		list, err := json.Marshal(keys)
		require.NoError(t, err)
		store := &memory{values: map[string][]byte{sessionsKey: sessions, versionsKey: versions, recordsKey: list}}
		for _, key := range keys {
			store.values[key] = record
		}
		m := New(defaults())
		err = m.Load(store, noon) // it may return an error, but must not panic
		span := chat()
		m.Count(&span)
		_ = m.Collect(noon, false, func(p Point) {
			if p.Buckets != nil && len(p.Buckets.Counts) > maxBuckets {
				t.Fatal("too many buckets")
			}
		}, func() error { return nil })
		require.LessOrEqual(t, m.Sessions(), defaults().MaxSessions, fmt.Sprint(err))
		require.NoError(t, m.Save(store, noon))
	})
}
