package session

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMemoryOfManySessions measures the default bound: 50,000 sessions of 60 spans, with the index that finds them.
func TestMemoryOfManySessions(t *testing.T) {
	if testing.Short() {
		t.Skip("a measurement that takes seconds")
	}
	const spans = 60
	steps := random(rand.New(rand.NewPCG(6, 6)), spans)
	settings := DefaultSettings()
	before := heap()
	tr, _ := tracker(t, settings)
	for k := range settings.MaxSessions {
		id := ID(fmt.Sprintf("conversation-%024d", k))
		tr.Name([16]byte{byte(k), byte(k >> 8), byte(k >> 16)}, string(id))
		s := tr.get(id)
		for i := range steps {
			s.state.Add(&steps[i])
		}
	}
	used := float64(heap() - before)
	t.Logf("%.0f MB for %d sessions of %d spans", used/1e6, settings.MaxSessions, spans)
	require.Less(t, used, 250e6)
	require.Equal(t, settings.MaxSessions, tr.Counts().Sessions)
}

// BenchmarkObserve measures a new span of one of many concurrent sessions with 60 spans each, a quarter of them tool
// calls.
func BenchmarkObserve(b *testing.B) {
	const sessions, spans = 1000, 60
	tr, _ := tracker(b, DefaultSettings())
	list := make([]*Span, spans)
	for i := range list {
		list[i] = modelCall("", i, 0.01)
		if i%4 == 0 {
			list[i] = toolCall("", i, `{"order_id":"ord_123","limit":5}`, fmt.Sprint("result ", i))
		}
	}
	ids := make([]string, 0, 1<<16) // more sessions than are kept
	for i := range cap(ids) {
		ids = append(ids, fmt.Sprint("conversation-", i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		round := i / sessions // one span per session
		o := list[round%spans]
		o.Conversation = ids[(round/spans*sessions+i%sessions)%len(ids)]
		binary.LittleEndian.PutUint64(o.Trace[8:], uint64(i%sessions))
		tr.Observe(o)
	}
}

// TestNoTraceIsNoSession: spans without a trace id do not follow the one among them that names a conversation.
func TestNoTraceIsNoSession(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	tr.Name([16]byte{}, "c")
	require.NotEqual(t, ID("c"), tr.Observe(&Span{ID: [8]byte{1}, Kind: ToolCall}).ID)
	require.Equal(t, ID("c"), tr.Observe(&Span{ID: [8]byte{2}, Kind: ToolCall, Conversation: "c"}).ID)
}
