package llmreviewexporter

import (
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/pipeline"
)

// recent remembers the latest traces that are no items, encoded. It is safe for concurrent use.
type recent struct {
	max int // bytes

	mu    sync.Mutex // guards the fields below
	size  int
	first int // index of the oldest one in all
	all   []portion
	of    map[string][]int // portions of a trace, by what their index was before forgotten ones
	gone  int              // portions forgotten so far
}

// portion is a part of a trace.
type portion struct {
	traceID string
	data    []byte
}

func newRecent(bytes int) *recent { return &recent{max: bytes, of: map[string][]int{}} }

// add remembers the traces of a batch that are wanted.
func (r *recent) add(td ptrace.Traces, wanted map[string]bool) {
	if r.max == 0 || len(wanted) == 0 {
		return
	}
	groups := pipeline.SelectByTrace(td, func(span ptrace.Span) (pcommon.TraceID, bool) {
		return span.TraceID(), wanted[span.TraceID().String()]
	})
	for _, g := range groups {
		data, err := new(ptrace.ProtoMarshaler).MarshalTraces(g.Traces)
		if err == nil && len(data) <= r.max {
			r.push(portion{g.ID.String(), data})
		}
	}
}

func (r *recent) push(p portion) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of[p.traceID] = append(r.of[p.traceID], r.gone+len(r.all)-r.first)
	r.all = append(r.all, p)
	for r.size += len(p.data); r.size > r.max; r.first++ {
		old := &r.all[r.first]
		r.size -= len(old.data)
		if at := r.of[old.traceID][1:]; len(at) > 0 {
			r.of[old.traceID] = at
		} else {
			delete(r.of, old.traceID)
		}
		*old = portion{}
		r.gone++
	}
	if r.first > len(r.all)/2 {
		r.all, r.first = append([]portion(nil), r.all[r.first:]...), 0
	}
}

// find returns what is remembered of a trace.
func (r *recent) find(traceID string) []ptrace.Traces {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []ptrace.Traces
	for _, at := range r.of[traceID] {
		td, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(r.all[r.first+at-r.gone].data)
		if err == nil {
			found = append(found, td)
		}
	}
	return found
}
