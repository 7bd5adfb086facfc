package session

import (
	"math"
	"slices"
)

// Bounds of the state of one session.
const (
	maxSpans  = 4096 // a session with more is a runaway by definition
	maxWindow = 32   // ordered steps, for detectors that need the order
	maxTraces = 128
)

// State is the state of one session. The zero value is a session without spans. It depends on which spans were added
// but not on their order, as long as they fit its bounds.
type State struct {
	seen   idSet
	traces idSet

	Micros, Tokens        int64
	ModelCalls, ToolCalls int32

	window  []Event // the latest by start
	latched Flags
}

// Add adds a step. It returns false if the session already has the step, or is full and can no longer tell.
func (s *State) Add(x *Step) bool {
	if s.Full() || !s.seen.add(x.Span) {
		return false
	}
	if len(s.traces) < maxTraces {
		s.traces.add(x.Trace)
	}
	s.Micros = addCapped(s.Micros, x.Micros)
	s.Tokens = addCapped(s.Tokens, x.Tokens)
	switch x.Kind {
	case ModelCall:
		s.ModelCalls++
	case ToolCall:
		s.ToolCalls++
	case Other:
		return true
	}
	s.order(&x.Event)
	return true
}

// Full reports whether the session has had more spans than it can tell apart.
func (s *State) Full() bool { return len(s.seen) >= maxSpans }

// Turns returns how many traces the session has. One turn of a user is one trace.
func (s *State) Turns() int { return len(s.traces) }

func addCapped(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// join adds the spans of another state to this one. The states must have no span in common. The result is the same as
// adding all spans to one state.
func (s *State) join(o *State) {
	for _, id := range o.seen {
		if s.Full() {
			break
		}
		s.seen.add(id)
	}
	for _, id := range o.traces {
		if len(s.traces) < maxTraces {
			s.traces.add(id)
		}
	}
	s.Micros, s.Tokens = addCapped(s.Micros, o.Micros), addCapped(s.Tokens, o.Tokens)
	s.ModelCalls, s.ToolCalls = s.ModelCalls+o.ModelCalls, s.ToolCalls+o.ToolCalls
	for i := range o.window {
		s.order(&o.window[i])
	}
	s.latched |= o.latched
}

// order inserts a call into the window by its start.
func (s *State) order(x *Event) {
	i := len(s.window) // most calls arrive in order
	for i > 0 && before(&s.window[i-1], x) > 0 {
		i--
	}
	switch {
	case len(s.window) < maxWindow:
		if n := len(s.window); n == cap(s.window) { // append would double the capacity
			s.window = append(make([]Event, 0, min(n+n/2+4, maxWindow)), s.window...)
		}
		s.window = slices.Insert(s.window, i, *x)
	case i > 0: // otherwise it is older than the whole window
		copy(s.window, s.window[1:i])
		s.window[i-1] = *x
	}
}

// idSet is a set of ids in ascending order. It needs half the memory of a map and is as fast at this size.
type idSet []uint64

// add reports whether the id is new.
func (s *idSet) add(id uint64) bool {
	i, there := slices.BinarySearch(*s, id)
	if there {
		return false
	}
	if n := len(*s); n == cap(*s) { // append would double the capacity
		*s = append(make(idSet, 0, n+n/4+4), *s...)
	}
	*s = slices.Insert(*s, i, id)
	return true
}
