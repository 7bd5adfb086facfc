package webhook

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// filled returns an outbox with subjects that the receiver knows, and some that wait.
func filled(tb testing.TB, store *memory, parts uint32, known, waiting int) *Outbox {
	tb.Helper()
	o, err := New(Settings{Store: store, Parts: parts, MaxSubjects: known + waiting, MaxWaiting: waiting + 1})
	require.NoError(tb, err)
	for n := range known + waiting {
		o.Tell("session-"+strconv.Itoa(n), "open", json.RawMessage(`"open"`))
		if n < known {
			m, _, _ := o.next(time.Now())
			o.finish(m, Result{})
		}
	}
	for range waiting {
		m, _, _ := o.next(time.Now())
		o.finish(m, Result{Again: true, After: time.Hour})
	}
	o.save()
	return o
}

// TestFirstChangedFirstSent: messages leave in the order of their changes, a newer state of a subject puts it behind the
// others, and one that waits for another attempt comes when it is due.
func TestFirstChangedFirstSent(t *testing.T) {
	o, err := New(Settings{MaxSubjects: 10, MaxWaiting: 10})
	require.NoError(t, err)
	for _, id := range []string{"a", "b", "c", "d"} {
		o.Tell(id, "open", json.RawMessage(`1`))
	}
	o.Tell("a", "closed", json.RawMessage(`2`))
	take := func(now time.Time) string {
		m, _, _ := o.next(now)
		if m == nil {
			return ""
		}
		return m.Subject
	}
	now := time.Now()
	m, _, left := o.next(now)
	require.Equal(t, "b", m.Subject)
	require.Equal(t, 4, left)
	o.finish(m, Result{Again: true, After: time.Minute})
	require.Equal(t, []string{"c", "d", "a", ""}, []string{take(now), take(now), take(now), take(now)})
	_, wait, left := o.next(now)
	require.InDelta(t, time.Minute, wait, float64(time.Second))
	require.Equal(t, 4, left)
	require.Equal(t, "b", take(now.Add(2*time.Minute)))
	_, wait, _ = o.next(now)
	require.Equal(t, idle, wait, "all are on their way")
}

// TestAnEventWritesLittle: a change writes a small part of what is known.
func TestAnEventWritesLittle(t *testing.T) {
	store := &memory{values: map[string][]byte{}}
	o := filled(t, store, 0, 20_000, 0)
	require.Len(t, store.values, defaultParts)
	all := 0
	for _, value := range store.values {
		all += len(value)
	}
	clear(store.values)
	o.Tell("session-7", "closed", json.RawMessage(`"closed"`))
	o.save()
	require.Len(t, store.values, 1)
	for _, value := range store.values {
		require.Less(t, len(value), all/100)
	}
}

// TestAnotherNumberOfParts: an outbox reads what one with fewer parts wrote, and moves it.
func TestAnotherNumberOfParts(t *testing.T) {
	few, many := Outbox{settings: Settings{Parts: 64}}, Outbox{settings: Settings{Parts: 4096}}
	old := map[uint32]map[string]*subject{}
	for n := range 100 {
		id := "session-" + strconv.Itoa(n)
		part := few.partOf(id)
		if old[part] == nil {
			old[part] = map[string]*subject{}
		}
		old[part][hex.EncodeToString([]byte(id))] = &subject{Told: "open", Entered: map[string]int64{"open": 1}}
	}
	store := &memory{values: map[string][]byte{}}
	for part, list := range old {
		data, err := json.Marshal(list)
		require.NoError(t, err)
		store.values[keyOf(part)] = data
	}
	for range 2 {
		o, err := New(Settings{Store: store, Parts: 4096, MaxSubjects: 1000, MaxWaiting: 10})
		require.NoError(t, err)
		require.Len(t, o.subjects, 100)
		o.Tell("session-7", "open", json.RawMessage(`"no news"`))
		require.Zero(t, o.Waiting())
		o.save()
	}
	for key, value := range store.values {
		var list map[string]*subject
		require.NoError(t, json.Unmarshal(value, &list))
		for text := range list {
			id, err := hex.DecodeString(text)
			require.NoError(t, err)
			require.Equal(t, key, keyOf(many.partOf(string(id))))
		}
	}
}

// BenchmarkEvent is one change of a subject, its delivery and its writing, beside subjects that are known or wait.
func BenchmarkEvent(b *testing.B) {
	for _, size := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("subjects=%d", size), func(b *testing.B) {
			o := filled(b, &memory{values: map[string][]byte{}}, 4096, size, size/10)
			states := []string{"closed", "open"}
			for n := 0; b.Loop(); n++ {
				o.Tell("session-"+strconv.Itoa(n/2%size), states[n%2], json.RawMessage(`"body"`))
				m, _, _ := o.next(time.Now())
				o.save()
				o.finish(m, Result{})
				o.save()
			}
		})
	}
}
