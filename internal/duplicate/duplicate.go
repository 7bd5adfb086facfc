// Package duplicate finds spans that record the same model call: a framework's span around an SDK's, two
// instrumentations on one client, a client and its inference server. One of them is the call. The others are steps: a
// request must be counted, priced and judged once.
//
// The state is bounded and holds no content. It compares spans of one trace only, also if they arrive in different
// batches.
package duplicate

import (
	"slices"
	"sync"
)

// Kind is the kind of a model call. Calls of different kinds are never the same.
type Kind uint8

// The kinds.
const (
	Generation Kind = iota
	Embedding
	Other
)

// SpanID identifies a span in its trace.
type SpanID [8]byte

// Call is a model call as one span records it.
type Call struct {
	Facts
	Models     [2]string // as requested and as answered, "" if unknown
	ResponseID string
	Finish     string // canonical finish reason
}

// Facts are what of a call has no text.
type Facts struct {
	Trace        [16]byte
	Span, Parent SpanID
	Start, End   int64 // unix nanoseconds
	Kind         Kind
	Service      uint64 // hash of its name
	Emitter      uint64 // hash of the service and the instrumentation scope
	// Input and Output are tokens, cached and reasoning ones included. They are -1 if unknown. Cached is set if some
	// input tokens were cached: emitters disagree on whether the input includes them.
	Input, Output int64
	Cached        bool
	Content       bool // the span has the answer
	Tools         bool // the span has the tools that were offered, or the format that was asked for
	Failed        bool // the span reports an error
	Words         int  // length of the error message
}

// Role is what a span is to its call.
type Role struct {
	// Of is the span that is the call, if this span is not.
	Of        SpanID
	Duplicate bool
	// Judge is set on a duplicate whose answer must be judged, because the call itself was recorded without content.
	Judge bool
	// Failed and Finish are those of the call. What they show is a failure of the call, not a second one.
	Failed bool
	Finish string
}

// DefaultCalls is how many calls a finder of a Collector keeps. They take 20 MB.
const DefaultCalls = 100_000

// maxCalls bounds the calls of one trace that are compared. Duplicates arrive close together.
const maxCalls = 64

// Finder keeps the latest model calls. It is safe for concurrent use. Its memory has no pointers, because the garbage
// collector would follow each of them again and again.
type Finder struct {
	limit int

	mu    sync.Mutex
	names names
	calls []known          // the call with number n is at n % limit
	next  int              // the number of the next call
	last  map[[16]byte]int // the number of the last call of a trace
	found []*known         // reused by trace
}

// known is a call that a role was given to.
type known struct {
	Facts
	models    [2]name
	finish    name
	response  responseID
	role      role
	settled   bool // the role was told, and stays
	before    int  // the number of the call before it in its trace, if that is still kept
	hasBefore bool
}

// role is Role without text.
type role struct {
	of                       SpanID
	duplicate, judge, failed bool
	finish                   name
}

// NewFinder returns an empty finder that keeps so many calls. Newer ones replace the oldest.
func NewFinder(calls int) *Finder {
	return &Finder{limit: max(calls, 1), last: map[[16]byte]int{}}
}

// Plan gives roles to calls that will be asked for together, so that the best of them is the call whatever their order.
func (f *Finder) Plan(calls []Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range calls {
		if c := &calls[i]; c.traced() && f.find(c.Trace, c.Span) == nil {
			f.add(c)
		}
	}
}

// Role returns what the span is to its call. A span that is asked for again, because it was delivered twice, keeps its
// role.
func (f *Finder) Role(c *Call) Role {
	if !c.traced() {
		return Role{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.find(c.Trace, c.Span)
	if k == nil {
		k = f.add(c)
	}
	k.settled = true
	r := &k.role
	return Role{
		Of: r.of, Duplicate: r.duplicate, Judge: r.judge, Failed: r.failed, Finish: f.names.text(r.finish),
	}
}

// traced reports whether the span belongs to a trace.
func (f *Facts) traced() bool { return f.Trace != [16]byte{} && f.Span != SpanID{} }

// add gives a role to a new call.
func (f *Finder) add(c *Call) *known {
	if f.names.full() { // hardly ever: there are fewer models in the world
		f.names, f.calls, f.next = names{}, nil, 0
		clear(f.last)
	}
	k := known{
		Facts: c.Facts, models: [2]name{f.names.of(c.Models[0]), f.names.of(c.Models[1])}, finish: f.names.of(c.Finish),
		response: responseIDOf(c.ResponseID),
	}
	k.before, k.hasBefore = f.last[c.Trace]
	at := f.next % f.limit
	if at == len(f.calls) {
		f.calls = append(f.calls, k)
	} else {
		if old := f.calls[at].Trace; f.last[old] == f.next-f.limit {
			delete(f.last, old)
		}
		f.calls[at] = k
	}
	f.last[c.Trace] = f.next
	f.next++
	f.trace(c.Trace).place(&f.calls[at], &f.names)
	return &f.calls[at]
}

// each calls visit with the calls of a trace, the last one first, until it returns false.
func (f *Finder) each(id [16]byte, visit func(*known) bool) {
	n, ok := f.last[id]
	for i := 0; ok && n >= f.next-f.limit && i < maxCalls; i++ {
		k := &f.calls[n%f.limit]
		if !visit(k) {
			return
		}
		n, ok = k.before, k.hasBefore
	}
}

func (f *Finder) find(id [16]byte, span SpanID) (found *known) {
	f.each(id, func(k *known) bool {
		if k.Span == span {
			found = k
		}
		return found == nil
	})
	return found
}

// trace returns the calls of a trace, the first one first. They are valid until the next call is added.
func (f *Finder) trace(id [16]byte) trace {
	f.found = f.found[:0]
	f.each(id, func(k *known) bool {
		f.found = append(f.found, k)
		return true
	})
	slices.Reverse(f.found)
	return f.found
}

// trace are the calls of one trace.
type trace []*known

func (t trace) find(id SpanID) *known {
	for _, k := range t {
		if k.Span == id {
			return k
		}
	}
	return nil
}

// place finds the call that the new one repeats. Of two spans that nobody has asked for yet, the better one is the
// call. Otherwise it is the one that was counted already.
func (t trace) place(added *known, n *names) {
	for _, call := range t {
		if call == added || !n.same(added, call) || t.apart(added, call) {
			continue
		}
		if call.role.duplicate {
			if call = t.find(call.role.of); call == nil || call == added || !n.through(added, call) {
				continue
			}
		}
		if call.settled || !better(&added.Facts, &call.Facts) {
			added.repeats(call)
			return
		}
		call.repeats(added)
		for _, k := range t {
			switch {
			case !k.role.duplicate || k.role.of != call.Span:
			case n.through(k, added):
				k.role.of = added.Span
			case !k.settled:
				k.role = role{} // another attempt inside the same step
			}
		}
	}
	t.sumUp(added)
}

// apart reports whether two spans of one service that are not parent and child each belong to a pair of their own, or
// will: consecutive calls with the same tokens may overlap a little.
func (t trace) apart(a, b *known) bool {
	nested := a.Parent == b.Span || b.Parent == a.Span
	return !nested && a.Service == b.Service && a.response.compare(b.response) != equal &&
		(t.paired(a) || t.paired(b))
}

// paired reports whether a span is the parent or the child of another model call.
func (t trace) paired(k *known) bool {
	for _, c := range t {
		if c.Span == k.Parent || c.Parent == k.Span {
			return true
		}
	}
	return false
}

// repeats makes a span a duplicate. Its answer is judged if it is the first one with an answer.
func (k *known) repeats(call *known) {
	k.role = role{
		of: call.Span, duplicate: true, judge: k.Content && !call.Content, failed: call.Failed, finish: call.finish,
	}
	call.Content = call.Content || k.Content
}

// sumUp looks for a span around several calls that carries their usage in total: the new one, or the parent of it.
func (t trace) sumUp(added *known) {
	for _, outer := range [...]*known{added, t.find(added.Parent)} {
		if outer == nil || outer.settled && outer != added || outer.role.duplicate || outer.Output < 0 {
			continue
		}
		inner, output, last := 0, int64(0), SpanID{}
		for _, c := range t {
			if c.Parent == outer.Span && c.Kind == outer.Kind && !c.role.duplicate && c.Output >= 0 {
				inner, output, last = inner+1, output+c.Output, c.Span
			}
		}
		if inner > 1 && output == outer.Output {
			outer.role = role{of: last, duplicate: true}
		}
	}
}

// better reports whether the first of two spans is the one to count: the one with usage, else with the answer and the
// tools, else the one that says more about an error, else the inner one.
func better(a, b *Facts) bool {
	if usage := a.Output >= 0; usage != (b.Output >= 0) {
		return usage
	}
	if a.Content != b.Content {
		return a.Content
	}
	if a.Tools != b.Tools {
		return a.Tools
	}
	if a.Failed && b.Failed && a.Words != b.Words {
		return a.Words > b.Words
	}
	return a.Parent == b.Span || b.Parent != a.Span && a.End-a.Start < b.End-b.Start
}
