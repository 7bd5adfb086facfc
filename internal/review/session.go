package review

import "context"

// Bounds of the turns that are kept with a session: for each of its items, the traces that are none and their size as
// JSON. Those go when the item goes.
const (
	MaxTurns     = 100
	MaxTurnBytes = 4 << 20
)

// Turn is a trace of a session. Item is nil for one that is none. Its Spans are those of the turn, ordered by start.
type Turn struct {
	TraceID string
	Item    *Item // without its spans and labels
	Spans   []Span
}

// Session is the turns of one conversation, by start. More counts those that were left out for their size.
type Session struct {
	Turns []Turn
	More  int
}

// Hide takes away what was found, as Item.Hide does.
func (s *Session) Hide() {
	for i := range s.Turns {
		s.Turns[i].Hide()
	}
}

// Hide takes away what was found in a turn.
func (t *Turn) Hide() {
	if t.Item != nil {
		item := *t.Item
		item.Hide()
		t.Item = &item
	}
	t.Spans = hidden(t.Spans)
}

// Sessions keep the turns of a conversation around its failures.
type Sessions interface {
	// KnownSessions returns which of the sessions have an item: Put keeps their other turns too. It is called for every
	// kept trace of a session, and so must be cheap.
	KnownSessions(ctx context.Context, sessionIDs []string) (map[string]bool, error)
	// Session returns the turns of a session, those that began nearest to an item first where they are too many or too
	// large for one page. The item itself is among them, without its spans.
	Session(ctx context.Context, sessionID, traceID string) (Session, error)
}
