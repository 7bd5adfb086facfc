package session

import (
	"math"
	"slices"
)

// Bounds of the state of one session.
const (
	maxSpans  = 4096 // after which a session is a runaway by definition
	maxWindow = 32   // steps in order, for what depends on order
	maxPairs  = 128  // calls with their result that are counted
	maxTraces = 128
)

// State is what is kept of one session. The zero value is a session without spans. It depends on which spans were added, not on
// their order, as long as no more than its bounds were.
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

// repeated is when a call failed. Times are in ticks: what is counted is how many failures came after another, and which those are
// does not depend on the order in which they are told. A call that succeeded in the end was not made in vain: what stood in its way was
// put right in between.
type repeated struct {
	call    uint64
	failed  uint32 // the earliest that failed, noTick where none did
	lasting uint32 // the earliest that failed for a reason that does not go away by itself
	latest  [maxTransientRetries + 1]uint32
}

// maxTransientRetries is how often a call may be made again after a failure that may go away by itself.
const maxTransientRetries = 3

const noTick = math.MaxUint32

// tick is a time in about milliseconds. It wraps after seven weeks; no session is that long.
func tick(nanos int64) uint32 { return min(uint32(uint64(nanos)>>20), noTick-1) }

// Add adds a step. It reports false where the session had it already, or is full: then nobody can tell any more.
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

// Full reports whether the session has had more spans than are told apart.
func (s *State) Full() bool { return len(s.seen) >= maxSpans }

// Turns is how many traces the session has: a user's turn is one.
func (s *State) Turns() int { return len(s.traces) }

func addCapped(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// count counts a tool call that can be told from others.
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

// add notes a failure.
func (r *repeated) add(t uint32) {
	for k := range r.latest { // descending
		if t > r.latest[k] {
			copy(r.latest[k+1:], r.latest[k:len(r.latest)-1])
			r.latest[k] = t
			return
		}
	}
}

// join takes in the spans of another state, of which this one has none: it is then what it would be, had they all been added to it.
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

// order puts a call where it belongs among the latest.
func (s *State) order(x *Event) {
	i := len(s.window) // most come in order
	for i > 0 && before(&s.window[i-1], x) > 0 {
		i--
	}
	switch {
	case len(s.window) < maxWindow:
		s.window = slices.Insert(s.window, i, *x)
	case i > 0: // or it is older than all of them
		copy(s.window, s.window[1:i])
		s.window[i-1] = *x
	}
}

// idSet is a set of ids, ascending: half the memory of a table, and as fast at its size.
type idSet []uint64

// add reports whether the id is new.
func (s *idSet) add(id uint64) bool {
	i, there := slices.BinarySearch(*s, id)
	if there {
		return false
	}
	if n := len(*s); n == cap(*s) { // append would double it
		*s = append(make(idSet, 0, n+n/4+4), *s...)
	}
	*s = slices.Insert(*s, i, id)
	return true
}
