package session

import (
	"math"
	"time"

	"github.com/faultline-otel/faultline/internal/toolrun"
)

// Times that tell an agent that waits from one that loops.
const (
	silence     = 2 * time.Minute  // after it, the user has come back
	wait        = 10 * time.Second // idle time between two equal calls: the agent waited for something to change
	waitPending = 2 * time.Second  // the same, if the result says that something is under way
)

// timeline holds what the order and the times of the calls in the window tell.
type timeline struct {
	begin [maxWindow]uint8 // index of the call with which the turn of the user began
	idle  [maxWindow]int64 // nanoseconds in which no call ran, since the first call
}

// timeline finds the turns of the user and the idle times. A turn begins with a trace or a question that the window has
// not had before, and after a silence.
func (s *State) timeline() (t timeline) {
	var idle, busy int64
	begin := 0
	for i := range s.window {
		x := &s.window[i]
		if i > 0 {
			gap := since(x.Start, busy)
			idle = addCapped(idle, gap)
			if gap >= int64(silence) || s.news(i) {
				begin = i
			}
		}
		busy = max(busy, x.end())
		if i == 0 {
			busy = x.end()
		}
		t.begin[i], t.idle[i] = uint8(begin), idle
	}
	return t
}

// news reports whether a call has a trace or a question that no earlier call of the window has. Some agents give the
// result of a tool to the model in the words of the user, so a question right after a tool call is none.
func (s *State) news(i int) bool {
	x := &s.window[i]
	asks := x.Kind == ModelCall && x.ResultHash != 0 && s.window[i-1].Kind == ModelCall
	trace := true
	for k := i - 1; k >= 0; k-- {
		e := &s.window[k]
		trace = trace && e.Trace != x.Trace
		if asks && e.Kind == ModelCall && e.ResultHash == x.ResultHash {
			asks = false
		}
		if !trace && !asks {
			return false
		}
	}
	return true
}

// since returns the time from one time to a later one, or 0.
func since(later, earlier int64) int64 {
	if later <= earlier {
		return 0
	}
	return int64(min(uint64(later)-uint64(earlier), math.MaxInt64))
}

// end returns when the call ended.
func (x *Event) end() int64 { return addCapped(x.Start, int64(x.Millis)*int64(time.Millisecond)) }

// parallel reports whether a call started while an earlier one ran.
func (x *Event) parallel(later *Event) bool { return later.Start < x.end() || later.Start == x.Start }

// repeats looks for a call that is made again and again with the same result, although nothing else changed in
// between: neither the user nor another call that worked, and the agent did not wait either.
func (s *State) repeats(t *timeline) bool {
	var seen attempts
	changed, waited := 0, -1 // index of the latest call that did so
	for i := range s.window {
		x := &s.window[i]
		if x.Kind != ToolCall || x.Polls {
			continue
		}
		if x.Effect == toolrun.Waits && !x.Failed {
			waited = i
			continue
		}
		if x.ArgsHash == 0 { // unknown: it may have changed something
			if !x.Failed && x.Effect.Changing() {
				changed = i
			}
			continue
		}
		a := seen.of(x)
		first := a.count == 0
		switch {
		case first || int(a.last) < max(changed, int(t.begin[i])):
			a.count = 1
		case s.window[a.last].parallel(x): // one attempt
		case !x.Failed && x.ResultHash == 0, !x.Failed && x.Effect == toolrun.Steps:
		case !x.Failed && x.Effect != toolrun.Changes && (waited > int(a.last) || t.waits(int(a.last), i, x.Pending)),
			x.Transient && waited > int(a.last):
			a.count = 1
		default:
			a.count++
		}
		a.last = uint8(i)
		if a.count >= x.patience() {
			return true
		}
		if first && !x.Failed && x.Effect.Changing() {
			changed = i
		}
	}
	return false
}

// times counts the calls of the window that are the same as one of them and returned the same.
func (s *State) times(x *Event) (n int) {
	for i := range s.window {
		if e := &s.window[i]; e.ArgsHash == x.ArgsHash && e.ResultHash == x.ResultHash {
			n++
		}
	}
	return n
}

// patience returns how many attempts with the same result are too many.
func (x *Event) patience() uint8 {
	switch {
	case x.Transient:
		return repeatsTransient
	case x.Effect == toolrun.Looks && !x.Failed:
		return repeatsLooking
	}
	return repeats
}

// waits reports whether the agent let time pass between two calls.
func (t *timeline) waits(from, to int, pending bool) bool {
	idle := time.Duration(t.idle[to] - t.idle[from])
	return idle >= wait || pending && idle >= waitPending
}

// attempts counts the calls of a window by what was called and what came back.
type attempts struct {
	slots [2 * maxWindow]attempt
}

// attempt is one entry. last is the index of the latest.
type attempt struct {
	args, result uint32
	failed       bool
	count, last  uint8
}

// of returns the entry of a call.
func (a *attempts) of(x *Event) *attempt {
	for at := (x.ArgsHash*0x9e3779b1 ^ x.ResultHash) % uint32(len(a.slots)); ; at = (at + 1) % uint32(len(a.slots)) {
		e := &a.slots[at]
		if e.count == 0 {
			e.args, e.result, e.failed = x.ArgsHash, x.ResultHash, x.Failed
			return e
		}
		if e.args == x.ArgsHash && e.result == x.ResultHash && e.failed == x.Failed {
			return e
		}
	}
}

// nears looks for a run of calls of one tool by one agent in which the arguments hardly change, and each call failed or
// found nothing.
func (s *State) nears(t *timeline) bool {
	for i := range s.window {
		first := &s.window[i]
		if !first.inVain() || first.Polls {
			continue
		}
		run, last := 1, first
		for k := i + 1; k < len(s.window); k++ {
			x := &s.window[k]
			if x.Kind != ToolCall || x.Agent != first.Agent {
				continue
			}
			if x.Tool != first.Tool || !x.inVain() || int(t.begin[k]) > i || x.ArgsHash == last.ArgsHash ||
				jaccard(&last.Sketch, &x.Sketch) < nearJaccard {
				break
			}
			if !x.Failed && otherThing(&last.Sketch, &x.Sketch) { // looks up one thing after another
				break
			}
			if !last.parallel(x) {
				run++
			}
			if last = x; run >= nearRun {
				return true
			}
		}
	}
	return false
}

// inVain reports whether a tool call gave the agent nothing.
func (x *Event) inVain() bool { return x.Kind == ToolCall && (x.Failed || x.Empty) }
