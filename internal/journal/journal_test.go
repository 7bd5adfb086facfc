package journal

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// memory is a store that can fail.
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
	maps.Copy(m.values, set)
	for _, key := range remove {
		delete(m.values, key)
	}
	return nil
}

func (m *memory) Walk(each func(string, []byte)) error {
	for key, value := range m.values {
		each(key, value)
	}
	return m.err
}

// clock is a clock that a test turns.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

const resendAfter = time.Minute

// decode reads a value of draft.
func decode(value []byte) ([]Span, error) {
	if len(value) < 2 {
		return nil, errors.New("too short")
	}
	var spans []Span
	for _, id := range value[1:] {
		spans = append(spans, span(value[0], id))
	}
	return spans, nil
}

func span(trace, id byte) Span { return Span{Trace: [16]byte{trace}, ID: [8]byte{id}} }

func draft(trace byte, ids ...byte) Draft {
	value := append([]byte{trace}, ids...)
	spans, _ := decode(value)
	return Draft{spans, value}
}

func open(t *testing.T, m *memory, c *clock) *Journal {
	t.Helper()
	j, unreadable, err := Open(m, Limits{Spans: 10, Bytes: 100, ResendAfter: resendAfter}, c.now, decode)
	require.NoError(t, err)
	require.Zero(t, unreadable)
	return j
}

func newMemory() (*memory, *clock) {
	return &memory{values: map[string][]byte{}}, &clock{time.Unix(1_790_000_000, 0)}
}

func TestASpanIsOnDiskUntilItIsDelivered(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	require.NoError(t, j.Append([]Draft{draft(1, 1, 2), draft(2, 1)}))
	require.Len(t, m.values, 2)
	require.Equal(t, Waiting, j.State(span(1, 1)))
	require.Equal(t, Unknown, j.State(span(3, 1)))

	d := j.Deliver([]Span{span(1, 1), span(3, 1)})
	require.Equal(t, []Span{span(1, 1)}, d.Spans)
	require.Empty(t, d.Repeated)
	d.Done()
	require.NoError(t, j.Clean())
	require.Len(t, m.values, 2, "the other span of the entry has not left")
	require.Equal(t, Delivered, j.State(span(1, 1)))

	d = j.Deliver([]Span{span(1, 1), span(1, 2)})
	require.Equal(t, []Span{span(1, 2)}, d.Spans)
	require.Equal(t, []Span{span(1, 1)}, d.Repeated)
	d.Done()
	<-j.Delivered()
	require.NoError(t, j.Clean())
	require.Len(t, m.values, 1)
	spans, bytes := j.Size()
	require.Equal(t, 1, spans)
	require.EqualValues(t, 2, bytes)
}

func TestAFailedDeliveryWaitsAgain(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	require.NoError(t, j.Append([]Draft{draft(1, 1), draft(2, 1)}))
	c.at = c.at.Add(resendAfter / 2)
	j.Deliver([]Span{span(1, 1)}).Failed()
	require.Equal(t, Waiting, j.State(span(1, 1)))
	c.at = c.at.Add(resendAfter / 2)
	overdue := j.Overdue(10)
	require.Len(t, overdue, 1)
	require.Equal(t, []Span{span(2, 1)}, overdue[0].Spans)
	c.at = c.at.Add(resendAfter / 2)
	require.Len(t, j.Overdue(10), 2)
	require.Len(t, j.Overdue(1), 1)
	value, err := j.Value(j.Overdue(2)[1])
	require.NoError(t, err)
	require.Equal(t, []byte{1, 1}, value)
}

// TestADeliveryThatHangsHoldsNobodyUp: entries on their way out are not overdue, so the next ones are found.
func TestADeliveryThatHangsHoldsNobodyUp(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	require.NoError(t, j.Append([]Draft{draft(1, 1), draft(2, 1), draft(3, 1)}))
	c.at = c.at.Add(resendAfter)
	hanging := j.Deliver([]Span{span(1, 1), span(2, 1)})
	overdue := j.Overdue(2)
	require.Len(t, overdue, 1)
	require.Equal(t, []Span{span(3, 1)}, overdue[0].Spans)
	hanging.Failed()
	c.at = c.at.Add(resendAfter)
	require.Len(t, j.Overdue(10), 3)
}

func TestARestartFindsWhatWaits(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	for id := byte(1); id <= 4; id++ {
		require.NoError(t, j.Append([]Draft{draft(9-id, id)}))
	}
	j.Deliver([]Span{span(7, 2)}).Done()
	require.NoError(t, j.Clean())

	again := open(t, m, c)
	var order []byte
	for _, e := range again.Entries() {
		order = append(order, e.Spans[0].ID[0])
	}
	require.Equal(t, []byte{1, 3, 4}, order)
	require.Equal(t, Waiting, again.State(span(8, 1)))
	require.NoError(t, again.Append([]Draft{draft(8, 5)}))
	require.Len(t, m.values, 4, "a new entry replaces none of the old ones")
}

func TestUnreadableEntriesAreRemoved(t *testing.T) {
	m, c := newMemory()
	m.values = map[string][]byte{"x": {1}, "": nil, "00/0000000000000001": {1, 1}, "00/0000000000000002": {1, 1}}
	j, unreadable, err := Open(m, Limits{}, c.now, decode)
	require.NoError(t, err)
	require.Equal(t, 2, unreadable)
	require.Equal(t, []string{"00/0000000000000001"}, slices.Collect(maps.Keys(m.values)), "an entry twice is one")
	j.Discard(j.Entries()[0])
	require.NoError(t, j.Clean())
	require.Empty(t, m.values)
	require.Empty(t, j.Entries())
	m.err = errors.New("no disk")
	_, _, err = Open(m, Limits{}, c.now, decode)
	require.EqualError(t, err, "read the journal: no disk")
}

func TestTheJournalIsBounded(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	require.NoError(t, j.Append([]Draft{draft(1, 1, 2, 3, 4, 5, 6)}))
	require.ErrorIs(t, j.Append([]Draft{draft(2, 1, 2, 3), draft(3, 1, 2)}), ErrFull)
	require.Equal(t, Unknown, j.State(span(2, 1)))
	require.NoError(t, j.Append([]Draft{draft(2, 1, 2, 3)}))
	require.ErrorIs(t, j.Append([]Draft{{[]Span{span(4, 1)}, make([]byte, 100)}}), ErrFull)
	require.Len(t, m.values, 2)
}

// TestAConcurrentRepetitionIsNotWritten: two requests with the same spans can both find them unknown.
func TestAConcurrentRepetitionIsNotWritten(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	require.NoError(t, j.Append([]Draft{draft(1, 1), draft(1, 1)}))
	require.NoError(t, j.Append([]Draft{draft(1, 1), draft(2, 1)}))
	require.Len(t, m.values, 2)
	require.Len(t, j.Entries(), 2)
	_, bytes := j.Size()
	require.EqualValues(t, 4, bytes)
}

func TestASpanThatIsListedTwiceIsNotRepeated(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	require.NoError(t, j.Append([]Draft{draft(1, 1, 1)}))
	twice := []Span{span(1, 1), span(1, 1)}
	d := j.Deliver(twice)
	require.Equal(t, twice[:1], d.Spans)
	require.Empty(t, d.Repeated)
	d.Done()
	require.NoError(t, j.Clean())
	require.Empty(t, m.values)
	require.Equal(t, twice[:1], j.Deliver(twice).Repeated)
}

// TestADiscardedEntryDoesNotWaitAgain discards an entry while its span is on its way, and fails the delivery.
func TestADiscardedEntryDoesNotWaitAgain(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	require.NoError(t, j.Append([]Draft{draft(1, 1)}))
	d := j.Deliver([]Span{span(1, 1)})
	j.Discard(j.Entries()[0])
	d.Failed()
	require.Equal(t, Unknown, j.State(span(1, 1)))
	spans, _ := j.Size()
	require.Zero(t, spans)
}

func TestAFailedWriteLeavesNothing(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	m.err = errors.New("no disk")
	require.EqualError(t, j.Append([]Draft{draft(1, 1)}), "no disk")
	spans, bytes := j.Size()
	require.Zero(t, spans)
	require.Zero(t, bytes)
	require.Empty(t, j.Entries())
	m.err = nil
	require.NoError(t, j.Append([]Draft{draft(1, 1)}))

	m.err = errors.New("no disk")
	j.Deliver([]Span{span(1, 1)}).Done()
	require.Error(t, j.Clean())
	m.err = nil
	require.NoError(t, j.Clean(), "it is tried again")
	require.Empty(t, m.values)
}

func TestCompanions(t *testing.T) {
	m, c := newMemory()
	j := open(t, m, c)
	require.Equal(t, []bool{false, false}, j.Accompanied([]Span{span(1, 1), span(1, 2)}))
	require.Equal(t, []bool{true, false}, j.Accompanied([]Span{span(1, 2), span(2, 2)}))
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r := newRecent[int](10)
	for i := range 1000 {
		r.add(i)
		require.True(t, r.has(max(0, i-9)))
		require.LessOrEqual(t, len(r.now)+len(r.old), 20)
	}
	require.False(t, r.has(900))
	r.remove(995)
	require.False(t, r.has(995))
}

// TestEverySpanLeavesOnce delivers the same spans from several goroutines, of which some fail.
func TestEverySpanLeavesOnce(t *testing.T) {
	m, c := newMemory()
	j, _, err := Open(m, Limits{Spans: 1000, Bytes: 1 << 20, ResendAfter: resendAfter}, c.now, decode)
	require.NoError(t, err)
	var spans []Span
	for trace := range byte(100) {
		require.NoError(t, j.Append([]Draft{draft(trace, 1, 2)}))
		spans = append(spans, span(trace, 1), span(trace, 2))
	}
	var mu sync.Mutex
	left := map[Span]int{}
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range spans {
				d := j.Deliver(spans[i : i+1])
				if (i+g)%3 == 0 {
					d.Failed()
					continue
				}
				mu.Lock()
				for _, s := range d.Spans {
					left[s]++
				}
				mu.Unlock()
				d.Done()
			}
		})
	}
	group.Wait()
	d := j.Deliver(spans)
	for _, s := range d.Spans {
		left[s]++
	}
	d.Done()
	require.Len(t, left, len(spans))
	for _, n := range left {
		require.Equal(t, 1, n)
	}
	require.NoError(t, j.Clean())
	require.Empty(t, m.values)
}

func TestCounts(t *testing.T) {
	c := NewCounts(1000)
	require.Len(t, c.sets, 256)
	require.Equal(t, 3, c.Add([16]byte{1}, 3))
	require.Equal(t, 5, c.Add([16]byte{1}, 2))
	require.Equal(t, 1, c.Add([16]byte{2}, 1))
	require.Equal(t, 1<<31, c.Add([16]byte{3}, 1<<40), "it does not wrap")
	require.Equal(t, 1<<31, c.Add([16]byte{3}, 1))
	for i := range 100_000 { // others come, and the large one goes on
		c.Add([16]byte{4, byte(i), byte(i >> 8), byte(i >> 16)}, 1)
		if i%10 == 0 {
			require.Equal(t, 6+i/10, c.Add([16]byte{1}, 1))
		}
	}
	trace := [16]byte{7}
	require.Zero(t, testing.AllocsPerRun(100, func() { c.Add(trace, 1) }))
}
