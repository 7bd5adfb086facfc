// Package duplicate finds spans that record the same model call: a framework's span around an SDK's, two
// instrumentations on one client, a client and its inference server. One of them is the call. The others are steps: a
// request must be counted, priced and judged once.
//
// The state is bounded and holds no content. It compares spans of one trace only, also if they arrive in different
// batches.
package duplicate

import (
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
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
	Trace        [16]byte
	Span, Parent SpanID
	Start, End   int64 // unix nanoseconds
	Kind         Kind
	Models       [2]string // as requested and as answered, "" if unknown
	ResponseID   string
	Service      uint64 // hash of its name
	Emitter      uint64 // hash of the service and the instrumentation scope
	// Input and Output are tokens, cached and reasoning ones included. They are -1 if unknown. Cached is set if some
	// input tokens were cached: emitters disagree on whether the input includes them.
	Input, Output int64
	Cached        bool
	Content       bool   // the span has the answer
	Tools         bool   // the span has the tools that were offered, or the format that was asked for
	Failed        bool   // the span reports an error
	Words         int    // length of the error message
	Finish        string // canonical finish reason
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

// Limits bound the state.
type Limits struct {
	Traces, Calls int // in total; the traces that were silent longest are dropped
}

// DefaultLimits need about 30 MB.
func DefaultLimits() Limits { return Limits{Traces: 20_000, Calls: 100_000} }

// maxCalls bounds the calls of one trace that are compared. Duplicates arrive close together.
const maxCalls = 64

// Finder keeps the model calls of recent traces. It is safe for concurrent use.
type Finder struct {
	limits Limits

	mu     sync.Mutex
	traces *simplelru.LRU[[16]byte, *trace]
	calls  int // in traces
}

type trace struct{ calls []known }

// known is a call that a role was given to.
type known struct {
	Call
	role    Role
	settled bool // the role was told, and stays
}

// NewFinder returns an empty finder.
func NewFinder(limits Limits) *Finder {
	f := &Finder{limits: limits}
	// The size is positive, so there is no error.
	f.traces, _ = simplelru.NewLRU(max(limits.Traces, 1), func(_ [16]byte, t *trace) { f.calls -= len(t.calls) })
	return f
}

// Plan gives roles to calls that will be asked for together, so that the best of them is the call whatever their order.
func (f *Finder) Plan(calls []Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range calls {
		if t := f.trace(&calls[i]); t != nil && t.find(calls[i].Span) == nil {
			f.add(t, &calls[i])
		}
	}
}

// Role returns what the span is to its call. A span that is asked for again, because it was delivered twice, keeps its
// role.
func (f *Finder) Role(c *Call) Role {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.trace(c)
	if t == nil {
		return Role{}
	}
	k := t.find(c.Span)
	if k == nil {
		k = f.add(t, c)
	}
	k.settled = true
	return k.role
}

// trace returns the calls of a trace, nil for a span that belongs to none.
func (f *Finder) trace(c *Call) *trace {
	if c.Trace == ([16]byte{}) || c.Span == (SpanID{}) {
		return nil
	}
	t, ok := f.traces.Get(c.Trace)
	if !ok {
		t = &trace{}
		f.traces.Add(c.Trace, t)
	}
	return t
}

// add gives a role to a new call.
func (f *Finder) add(t *trace, c *Call) *known {
	if len(t.calls) >= maxCalls {
		t.calls = append(t.calls[:0], t.calls[1:]...)
		f.calls--
	}
	k := known{Call: *c}
	k.ResponseID = strings.Clone(c.ResponseID) // a kept string must not keep its request
	for i, model := range c.Models {
		k.Models[i] = strings.Clone(model)
	}
	t.calls = append(t.calls, k)
	f.calls++
	for f.calls > f.limits.Calls && f.traces.Len() > 1 {
		f.traces.RemoveOldest()
	}
	added := &t.calls[len(t.calls)-1]
	t.place(added)
	return added
}

func (t *trace) find(id SpanID) *known {
	for i := range t.calls {
		if t.calls[i].Span == id {
			return &t.calls[i]
		}
	}
	return nil
}

// place finds the call that the new one repeats. Of two spans that nobody has asked for yet, the better one is the
// call. Otherwise it is the one that was counted already.
func (t *trace) place(added *known) {
	for i := range t.calls {
		call := &t.calls[i]
		if call == added || !same(&added.Call, &call.Call) || t.apart(added, call) {
			continue
		}
		if call.role.Duplicate {
			if call = t.find(call.role.Of); call == nil || call == added || !through(&added.Call, &call.Call) {
				continue
			}
		}
		if call.settled || !better(&added.Call, &call.Call) {
			added.repeats(call)
			return
		}
		call.repeats(added)
		for j := range t.calls {
			switch k := &t.calls[j]; {
			case !k.role.Duplicate || k.role.Of != call.Span:
			case through(&k.Call, &added.Call):
				k.role.Of = added.Span
			case !k.settled:
				k.role = Role{} // another attempt inside the same step
			}
		}
	}
	t.sumUp(added)
}

// apart reports whether two spans of one service that are not parent and child each belong to a pair of their own, or
// will: consecutive calls with the same tokens may overlap a little.
func (t *trace) apart(a, b *known) bool {
	nested := a.Parent == b.Span || b.Parent == a.Span
	return !nested && a.Service == b.Service && responseIDs(a.ResponseID, b.ResponseID) != equal &&
		(t.paired(a) || t.paired(b))
}

// paired reports whether a span is the parent or the child of another model call.
func (t *trace) paired(k *known) bool {
	for i := range t.calls {
		if c := &t.calls[i]; c.Span == k.Parent || c.Parent == k.Span {
			return true
		}
	}
	return false
}

// repeats makes a span a duplicate. Its answer is judged if it is the first one with an answer.
func (k *known) repeats(call *known) {
	k.role = Role{
		Of: call.Span, Duplicate: true, Judge: k.Content && !call.Content, Failed: call.Failed, Finish: call.Finish,
	}
	call.Content = call.Content || k.Content
}

// sumUp looks for a span around several calls that carries their usage in total: the new one, or the parent of it.
func (t *trace) sumUp(added *known) {
	for _, outer := range [...]*known{added, t.find(added.Parent)} {
		if outer == nil || outer.settled && outer != added || outer.role.Duplicate || outer.Output < 0 {
			continue
		}
		inner, output, last := 0, int64(0), SpanID{}
		for i := range t.calls {
			if c := &t.calls[i]; c.Parent == outer.Span && c.Kind == outer.Kind && !c.role.Duplicate && c.Output >= 0 {
				inner, output, last = inner+1, output+c.Output, c.Span
			}
		}
		if inner > 1 && output == outer.Output {
			outer.role = Role{Of: last, Duplicate: true}
		}
	}
}

// better reports whether the first of two spans is the one to count: the one with usage, else with the answer and the
// tools, else the one that says more about an error, else the inner one.
func better(a, b *Call) bool {
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
