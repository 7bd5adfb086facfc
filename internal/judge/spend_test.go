package judge

import (
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// memory is a store.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	err    error
}

func (m *memory) Get(key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key], m.err
}

func (m *memory) Write(set map[string][]byte, remove []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	maps.Copy(m.values, set)
	for _, key := range remove {
		delete(m.values, key)
	}
	return nil
}

func TestTheDayHasALimit(t *testing.T) {
	now := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := &memory{}
	fail := func(err error) { require.NoError(t, err) }
	s := NewSpend(1, store, clock, fail)
	require.True(t, s.Reserve(0.6))
	require.False(t, s.Reserve(0.6), "what is reserved counts")
	require.True(t, s.Reserve(0.4))
	s.Settle(0.6, 0.1)
	require.InDelta(t, 0.5, s.Spent(), 1e-9)

	restarted := NewSpend(1, store, clock, fail)
	require.InDelta(t, 0.5, restarted.Spent(), 1e-9, "what was on its way counts as spent after a crash")
	require.False(t, restarted.Reserve(0.6))

	now = now.Add(2 * time.Hour)
	require.True(t, restarted.Reserve(1), "a new day")
	require.True(t, NewSpend(0, nil, clock, fail).Reserve(1e6), "no limit")
}

// TestWhatWasSettledStaysSpent: a batch that goes on after a kill reserves its amounts again, also those that the killed
// process had settled already. That gives nothing back.
func TestWhatWasSettledStaysSpent(t *testing.T) {
	store := &memory{}
	fail := func(err error) { require.NoError(t, err) }
	s := NewSpend(10, store, time.Now, fail)
	for range 3 {
		require.True(t, s.Reserve(1))
	}
	s.Settle(1, 0.4)

	s = NewSpend(10, store, time.Now, fail)
	require.InDelta(t, 2.4, s.Spent(), 1e-9)
	require.False(t, s.Busy())
	for range 3 {
		s.Resume(1)
	}
	require.True(t, s.Busy())
	s.Settle(1, 0) // the one that was settled before
	require.InDelta(t, 2.4, s.Spent(), 1e-9)
	s.Settle(1, 0.4)
	s.Settle(1, 0.4)
	require.InDelta(t, 1.2, s.Spent(), 1e-9)
	require.InDelta(t, 1.2, NewSpend(10, store, time.Now, fail).Spent(), 1e-9)
}

func TestAStoreThatFailsIsTold(t *testing.T) {
	store := &memory{err: errors.New("disk")}
	told := 0
	s := NewSpend(1, store, time.Now, func(error) { told++ })
	require.True(t, s.Reserve(0.1))
	require.Equal(t, 2, told)
	store.err, store.values = nil, map[string][]byte{spendKey: []byte("{")}
	require.Zero(t, NewSpend(1, store, time.Now, func(error) { told++ }).Spent())
	require.Equal(t, 3, told)
}

// With estimates that are too low by a half, the day is exceeded by no more than the calls that were on their way.
func TestTheLimitIsExceededByCallsInFlightAtMost(t *testing.T) {
	const limit, estimate, cost, workers = 10.0, 0.5, 1.0, 8
	s := NewSpend(limit, nil, time.Now, nil)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for s.Reserve(estimate) {
				s.Settle(estimate, cost)
			}
		})
	}
	group.Wait()
	require.GreaterOrEqual(t, s.Spent(), limit-estimate)
	require.LessOrEqual(t, s.Spent(), limit+workers*cost)
}
