package llmreviewexporter

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Bounds of the turns that wait for an item of their session. They live in memory: a restart forgets them.
const (
	maxWindow        = 16 << 20 // bytes of all
	maxSessionWindow = 2 << 20  // and of one session
	maxSessions      = 1 << 14
	maxEarlier       = 50 // turns of one session
	windowAge        = time.Hour
)

// window holds the latest turns of sessions without an item.
type window struct {
	now func() time.Time

	mu       sync.Mutex
	sessions *simplelru.LRU[string, *earlier] // by session id
	bytes    int
}

// earlier is the turns of one session, oldest first.
type earlier struct {
	turns []heldTurn
	bytes int
}

type heldTurn struct {
	spans ptrace.Traces
	bytes int
	at    time.Time
}

func newWindow() *window {
	w := &window{now: time.Now}
	// The size is a constant, and an error of it alone.
	w.sessions, _ = simplelru.NewLRU(maxSessions, func(_ string, e *earlier) { w.bytes -= e.bytes })
	return w
}

// hold keeps a turn.
func (w *window) hold(session string, spans ptrace.Traces) {
	sizer := ptrace.ProtoMarshaler{}
	t := heldTurn{spans: spans, bytes: sizer.TracesSize(spans), at: w.now()}
	if t.bytes > maxSessionWindow {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.sessions.Get(session)
	if !ok {
		e = &earlier{}
		w.sessions.Add(session, e)
	}
	e.turns = append(e.turns, t)
	e.bytes += t.bytes
	w.bytes += t.bytes
	for len(e.turns) > maxEarlier || e.bytes > maxSessionWindow || w.now().Sub(e.turns[0].at) > windowAge {
		e.bytes -= e.turns[0].bytes
		w.bytes -= e.turns[0].bytes
		e.turns = append(e.turns[:0], e.turns[1:]...)
	}
	for w.bytes > maxWindow {
		w.sessions.RemoveOldest()
	}
}

// take returns the turns of a session, which are no longer held.
func (w *window) take(session string) []ptrace.Traces {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.sessions.Peek(session)
	if !ok {
		return nil
	}
	w.sessions.Remove(session)
	var turns []ptrace.Traces
	for _, t := range e.turns {
		if w.now().Sub(t.at) <= windowAge {
			turns = append(turns, t.spans)
		}
	}
	return turns
}
