package llmreviewexporter

import (
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata/pref"
)

// Bounds of the earlier turns that a session gets with its first item.
const (
	maxEarlierBytes = 2 << 20
	maxEarlier      = 50
	earlierAge      = time.Hour
)

// recent remembers the latest traces that are no items: in case somebody asks for one, and in case its session gets an
// item. It lives in memory, and a restart forgets it. It keeps the spans as they came, because few are ever asked for:
// encoding or copying each of them would cost more than all that is done with those. It is safe for concurrent use.
type recent struct {
	now func() time.Time

	mu       sync.Mutex // guards the fields below
	max      int        // bytes
	size     int
	all      []portion // the oldest first; from first on, the ones before are forgotten
	first    int
	gone     int                     // number of the portion at first
	traces   map[pcommon.TraceID]int // number of the latest portion of a trace
	sessions map[string]int          // and of a session
}

// portion is a part of a trace.
type portion struct {
	trace   pcommon.TraceID
	session string // "" where nothing is to come with an item of the session
	groups  []group
	size    int // bytes, roughly
	at      time.Time

	ofTrace, ofSession int // numbers of the portions before, or none
}

// group is spans under one scope. They belong to the batch that they came in, and nobody changes them. A span is
// memory of its own, so that the rest of the batch can go.
type group struct {
	origin *origin
	spans  []ptrace.Span
}

// origin is a copy of a resource and a scope.
type origin struct {
	td   ptrace.Traces // without spans
	size int
}

const none = -1

// Bytes in memory beside the texts, roughly.
const (
	portionBytes = 256
	spanBytes    = 512
	valueBytes   = 64 // of an attribute or of an element of a list; also of an event or a link
)

func newRecent(bytes int) *recent {
	return &recent{max: bytes, now: time.Now, traces: map[pcommon.TraceID]int{}, sessions: map[string]int{}}
}

// grow makes room for so many bytes.
func (r *recent) grow(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.max = max(r.max, bytes)
}

// limit is how many bytes there is room for.
func (r *recent) limit() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.max
}

// add remembers the traces of a batch that are wanted. wanted holds the session of which a trace is a turn, or "".
func (r *recent) add(td ptrace.Traces, wanted map[pcommon.TraceID]string) {
	limit := r.limit()
	if len(wanted) == 0 || limit == 0 {
		return
	}
	if pref.UseProtoPooling.IsEnabled() { // the spans of the batch are used again
		own := ptrace.NewTraces()
		td.CopyTo(own)
		td = own
	}
	for _, p := range portionsOf(td, wanted) {
		if p.at = r.now(); p.size <= limit {
			r.push(p)
		}
	}
}

// portionsOf groups the wanted spans of a batch by trace, in the order in which the traces came.
func portionsOf(td ptrace.Traces, wanted map[pcommon.TraceID]string) (all []*portion) {
	index := make(map[pcommon.TraceID]*portion, len(wanted))
	var p *portion // of the span before
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			var from *origin
			for _, span := range ss.Spans().All() {
				if id := span.TraceID(); p == nil || p.trace != id {
					session, ok := wanted[id]
					if !ok {
						continue
					}
					if p = index[id]; p == nil {
						p = &portion{trace: id, session: session, size: len(session) + portionBytes}
						index[id] = p
						all = append(all, p)
					}
				}
				if from == nil {
					from = originOf(rs, ss)
				}
				if n := len(p.groups); n == 0 || p.groups[n-1].origin != from {
					p.groups = append(p.groups, group{origin: from})
					p.size += from.size
				}
				g := &p.groups[len(p.groups)-1]
				g.spans = append(g.spans, span)
				p.size += sizeOf(span)
			}
		}
	}
	return all
}

func originOf(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans) *origin {
	td := ptrace.NewTraces()
	to := td.ResourceSpans().AppendEmpty()
	rs.Resource().CopyTo(to.Resource())
	to.SetSchemaUrl(rs.SchemaUrl())
	scope := to.ScopeSpans().AppendEmpty()
	ss.Scope().CopyTo(scope.Scope())
	scope.SetSchemaUrl(ss.SchemaUrl())
	return &origin{td, sizeOfMap(rs.Resource().Attributes()) + sizeOfMap(ss.Scope().Attributes()) + portionBytes}
}

func sizeOf(span ptrace.Span) int {
	size := spanBytes + len(span.Name()) + sizeOfMap(span.Attributes())
	for _, event := range span.Events().All() {
		size += valueBytes + len(event.Name()) + sizeOfMap(event.Attributes())
	}
	for _, link := range span.Links().All() {
		size += valueBytes + sizeOfMap(link.Attributes())
	}
	return size
}

func sizeOfMap(m pcommon.Map) (size int) {
	for key, value := range m.All() {
		size += len(key) + sizeOfValue(value)
	}
	return size
}

func sizeOfValue(value pcommon.Value) int {
	size := valueBytes
	switch value.Type() {
	case pcommon.ValueTypeStr:
		size += len(value.Str())
	case pcommon.ValueTypeBytes:
		size += value.Bytes().Len()
	case pcommon.ValueTypeMap:
		size += sizeOfMap(value.Map())
	case pcommon.ValueTypeSlice:
		for _, element := range value.Slice().All() {
			size += sizeOfValue(element)
		}
	}
	return size
}

func (r *recent) push(p *portion) {
	r.mu.Lock()
	defer r.mu.Unlock()
	number := r.gone + len(r.all) - r.first
	p.ofTrace, p.ofSession = latest(r.traces, p.trace, number), none
	if p.session != "" {
		p.ofSession = latest(r.sessions, p.session, number)
	}
	r.all = append(r.all, *p)
	for r.size += p.size; r.size > r.max; r.first++ {
		old := &r.all[r.first]
		r.size -= old.size
		if r.traces[old.trace] == r.gone {
			delete(r.traces, old.trace)
		}
		if at, ok := r.sessions[old.session]; ok && at == r.gone {
			delete(r.sessions, old.session)
		}
		*old = portion{}
		r.gone++
	}
	if r.first > len(r.all)/2 {
		r.all, r.first = append([]portion(nil), r.all[r.first:]...), 0
	}
}

// latest replaces the number of the latest portion, and returns the one before.
func latest[K comparable](of map[K]int, key K, number int) (before int) {
	before, ok := of[key]
	if !ok {
		before = none
	}
	of[key] = number
	return before
}

// at returns a portion by its number, or nil if it is forgotten.
func (r *recent) at(number int) *portion {
	if number < r.gone {
		return nil
	}
	return &r.all[r.first+number-r.gone]
}

// find returns what is remembered of a trace.
func (r *recent) find(trace pcommon.TraceID) []ptrace.Traces {
	r.mu.Lock()
	defer r.mu.Unlock()
	number, ok := r.traces[trace]
	if !ok {
		return nil
	}
	var found []ptrace.Traces
	for p := r.at(number); p != nil; p = r.at(p.ofTrace) {
		found = append(found, p.copy())
	}
	slices.Reverse(found)
	return found
}

// take returns the latest turns of a session, the oldest first. It returns each turn once.
func (r *recent) take(session string) []ptrace.Traces {
	r.mu.Lock()
	defer r.mu.Unlock()
	number, ok := r.sessions[session]
	if !ok {
		return nil
	}
	delete(r.sessions, session)
	var found []ptrace.Traces
	size := 0
	for p := r.at(number); p != nil && len(found) < maxEarlier && r.now().Sub(p.at) <= earlierAge; p = r.at(p.ofSession) {
		if size += p.size; size > maxEarlierBytes {
			break
		}
		found = append(found, p.copy())
	}
	slices.Reverse(found)
	return found
}

// copy returns spans that may be changed.
func (p *portion) copy() ptrace.Traces {
	all := ptrace.NewTraces()
	for _, g := range p.groups {
		td := ptrace.NewTraces()
		g.origin.td.CopyTo(td)
		to := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
		for _, span := range g.spans {
			span.CopyTo(to.AppendEmpty())
		}
		td.ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
	}
	return all
}
