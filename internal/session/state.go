package session

import (
	"math"
	"slices"
)

// Bounds of the state of one session.
const (
	maxSpans  = 4096 // a session with more is a runaway by definition
	maxWindow = 32   // ordered steps, for detectors that need the order
	maxPairs  = 128  // counted pairs of call and result
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
	pairs   []pair
	calls   []repeated
	latched Flags
}

// pair counts a call together with its result.
type pair struct {
	key   uint64
	count uint32
}

// repeated records when a call failed, in ticks. It counts how many failures started after another one, so the result
// does not depend on the order in which failures arrive. An earlier failure of a call that succeeds in the end does not
// make a loop: the agent fixed the cause in between.
type repeated struct {
	call    uint64
	failed  uint32 // the earliest failure, or noTick
	lasting uint32 // the earliest failure that a retry cannot fix
	latest  [maxTransientRetries + 1]uint32
}

// maxTransientRetries is how often a call may be repeated after a failure that may go away by itself.
const maxTransientRetries = 3

const noTick = math.MaxUint32

// tick returns a time in units of about one millisecond. It wraps after seven weeks, which is longer than any session.
func tick(nanos int64) uint32 { return min(uint32(uint64(nanos)>>20), noTick-1) }

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
		s.count(x)
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

// count counts a tool call that can be compared with others.
func (s *State) count(x *Step) {
	if x.Polls || x.Call == 0 {
		return
	}
	key := x.Call*0x9e3779b97f4a7c15 ^ x.Result
	if i := slices.IndexFunc(s.pairs, func(p pair) bool { return p.key == key }); i >= 0 {
		s.pairs[i].count++
	} else if len(s.pairs) < maxPairs {
		s.pairs = append(s.pairs, pair{key, 1})
	}
	if !x.Failed {
		return
	}
	i := slices.IndexFunc(s.calls, func(r repeated) bool { return r.call == x.Call })
	if i < 0 {
		if len(s.calls) == maxPairs {
			return
		}
		i = len(s.calls)
		s.calls = append(s.calls, repeated{call: x.Call, failed: noTick, lasting: noTick})
	}
	r, t := &s.calls[i], tick(x.Start)
	r.failed = min(r.failed, t)
	if !x.Transient {
		r.lasting = min(r.lasting, t)
	}
	r.add(t)
}

// add records a failure.
func (r *repeated) add(t uint32) {
	for k := range r.latest { // descending
		if t > r.latest[k] {
			copy(r.latest[k+1:], r.latest[k:len(r.latest)-1])
			r.latest[k] = t
			return
		}
	}
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
	for _, p := range o.pairs {
		if i := slices.IndexFunc(s.pairs, func(q pair) bool { return q.key == p.key }); i >= 0 {
			s.pairs[i].count += p.count
		} else if len(s.pairs) < maxPairs {
			s.pairs = append(s.pairs, p)
		}
	}
	for _, c := range o.calls {
		i := slices.IndexFunc(s.calls, func(r repeated) bool { return r.call == c.call })
		switch {
		case i >= 0:
			r := &s.calls[i]
			r.failed, r.lasting = min(r.failed, c.failed), min(r.lasting, c.lasting)
			for _, t := range c.latest {
				r.add(t)
			}
		case len(s.calls) < maxPairs:
			s.calls = append(s.calls, c)
		}
	}
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
