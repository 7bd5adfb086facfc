package llmreviewexporter

import (
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/pipeline"
)

// Bounds of the earlier turns that a session gets with its first item.
const (
	maxEarlierBytes = 2 << 20
	maxEarlier      = 50
	earlierAge      = time.Hour
)

// recent remembers the latest traces that are no items, encoded: in case somebody asks for one, and in case its session
// gets an item. It lives in memory, and a restart forgets it. It is safe for concurrent use.
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
	data    []byte
	at      time.Time

	ofTrace, ofSession int // numbers of the portions before, or none
}

const none = -1

// overhead is roughly what a portion takes beside its data.
const overhead = 256

func (p *portion) size() int { return len(p.data) + len(p.session) + overhead }

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
// whole says that the batch is one trace.
func (r *recent) add(td ptrace.Traces, wanted map[pcommon.TraceID]string, whole bool) {
	if len(wanted) == 0 || r.limit() == 0 {
		return
	}
	if whole {
		for trace, session := range wanted {
			r.encode(trace, session, td)
		}
		return
	}
	for _, g := range pipeline.SelectByTrace(td, func(span ptrace.Span) (pcommon.TraceID, bool) {
		_, ok := wanted[span.TraceID()]
		return span.TraceID(), ok
	}) {
		r.encode(g.ID, wanted[g.ID], g.Traces)
	}
}

func (r *recent) encode(trace pcommon.TraceID, session string, td ptrace.Traces) {
	data, err := new(ptrace.ProtoMarshaler).MarshalTraces(td)
	p := portion{trace: trace, session: session, data: data, at: r.now()}
	if err == nil && p.size() <= r.limit() {
		r.push(&p)
	}
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
	for r.size += p.size(); r.size > r.max; r.first++ {
		old := &r.all[r.first]
		r.size -= old.size()
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
	var found [][]byte
	for p := r.at(number); p != nil; p = r.at(p.ofTrace) {
		found = append(found, p.data)
	}
	return decoded(found)
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
	var found [][]byte
	size := 0
	for p := r.at(number); p != nil && len(found) < maxEarlier && r.now().Sub(p.at) <= earlierAge; p = r.at(p.ofSession) {
		if size += len(p.data); size > maxEarlierBytes {
			break
		}
		found = append(found, p.data)
	}
	return decoded(found)
}

// decoded decodes portions in the opposite order.
func decoded(portions [][]byte) (all []ptrace.Traces) {
	for _, data := range slices.Backward(portions) {
		if td, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(data); err == nil {
			all = append(all, td)
		}
	}
	return all
}
