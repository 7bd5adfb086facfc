package pipeline

import (
	"context"
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Entry holds what the pipeline knows about one span. If GenAI is false, the span is of another kind and the rest is
// empty. Its texts share memory with the span.
type Entry struct {
	GenAI bool
	// Facts are scalars of the call that later stages need, so that the call itself can be dropped.
	Facts
	Record spanattr.Record

	trace pcommon.TraceID
	seal  uint64 // of the attributes of the span when the entry was last updated
}

// Facts are the scalars of a call that later stages count, follow or compare.
type Facts struct {
	Operation, Provider       string
	Model                     string // the requested model, or else the one that answered
	PromptName, PromptVersion string
	IsInference               bool // a model call, counted and priced once
	Tokens                    genai.Tokens
	TTFTMillis                genai.Opt[float64]
	ReportedCostUSD           genai.Opt[float64]
	// Session is the call as its session sees it. Its digest is set if the content of the call was read.
	Session session.Span
}

// take fills the facts from a call.
func (f *Facts) take(c *genai.Call) {
	f.Operation, f.Provider, f.Model = c.Operation, c.Provider, c.RequestModel
	if f.Model == "" {
		f.Model = c.AnyModel()
	}
	f.PromptName, f.PromptVersion = c.PromptName, c.PromptVersion
	f.IsInference, f.Tokens, f.TTFTMillis, f.ReportedCostUSD = c.IsLLMCall(), c.Tokens, c.TTFT, c.CostUSD
	f.Session = session.NewSpan(c)
}

// place fills the ids and the times of the span, which the session needs.
func (f *Facts) place(span ptrace.Span) {
	f.Session.Trace, f.Session.ID = span.TraceID(), span.SpanID()
	f.Session.Start, f.Session.End = nanos(span.StartTimestamp()), nanos(span.EndTimestamp())
}

// Batch holds the entries of the spans of one request, in the order of the data. A stage that changes a span updates
// its entry. Only one goroutine uses a batch at a time, because the components of a pipeline pass a request on
// synchronously.
type Batch struct {
	places  []place
	entries []Entry       // of the GenAI spans
	scores  []score.Score // of all entries
	skips   []score.Skip  // of all entries
	spans   int           // of the request

	releases atomic.Uint64 // so far
}

// place locates the entry of a span.
type place struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
	entry int // index in Batch.entries, or -1 for a span that is not a GenAI operation
}

// notGenAI is the entry of every span of another kind.
var notGenAI = &Entry{}

// batchKey is the key of a loan in a context.
type batchKey struct{}

// loan is a batch as one request holds it. The pool gives the batch to other requests later.
type loan struct {
	batch    *Batch
	releases uint64 // of the batch so far
}

// batches are pooled, because an entry is large and a request has many.
var batches = sync.Pool{New: func() any { return new(Batch) }}

// NewBatch returns an empty batch for one request. The caller must release it after passing the request on.
func NewBatch() *Batch { return batches.Get().(*Batch) }

// Context returns a context in which BatchOf finds the batch until its release.
func (b *Batch) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, batchKey{}, loan{b, b.releases.Load()})
}

// Release returns the memory of a batch to the pool. BatchOf no longer finds the batch in contexts that outlive the
// request.
func (b *Batch) Release() {
	b.releases.Add(1)
	b.reset()
	batches.Put(b)
}

// BatchOf returns the batch of a context, or nil.
func BatchOf(ctx context.Context) *Batch {
	l, _ := ctx.Value(batchKey{}).(loan)
	if l.batch == nil || l.batch.releases.Load() != l.releases {
		return nil
	}
	return l.batch
}

// begin makes room for the spans of a request. Room for entries is made with the first entry.
func (b *Batch) begin(spans int) {
	b.spans = spans
	b.places, b.entries, b.scores = slices.Grow(b.places[:0], spans), b.entries[:0], b.scores[:0]
	b.skips = b.skips[:0]
}

// scoresASpan is the usual number of scores per span. Most scorers apply only to model calls.
const scoresASpan = 6

// add adds a GenAI span and returns its empty entry, which does not move.
func (b *Batch) add(span ptrace.Span) *Entry {
	if cap(b.entries) < b.spans {
		b.entries, b.scores = make([]Entry, 0, b.spans), make([]score.Score, 0, scoresASpan*b.spans)
	}
	b.places = append(b.places, place{span.TraceID(), span.SpanID(), len(b.entries)})
	b.entries = append(b.entries, Entry{trace: span.TraceID()})
	return &b.entries[len(b.entries)-1]
}

// addOther adds a span of another kind.
func (b *Batch) addOther(span ptrace.Span) {
	b.places = append(b.places, place{span.TraceID(), span.SpanID(), -1})
}

// reset empties a batch for reuse. It keeps the memory of a request of usual size.
func (b *Batch) reset() {
	if cap(b.places) > maxReused {
		b.places, b.entries, b.scores, b.skips = nil, nil, nil, nil
		return
	}
	clear(b.entries)
	clear(b.scores)
	clear(b.skips)
	b.places, b.entries, b.scores, b.skips = b.places[:0], b.entries[:0], b.scores[:0], b.skips[:0]
}

// maxReused is the number of spans that a reused batch keeps room for.
const maxReused = 1024

// settle records that the entry matches the span now.
func (e *Entry) settle(span ptrace.Span) { e.seal = sealOf(span.Attributes()) }

// describes reports whether the attributes of the span are still those of settle. A processor in between may have
// changed them. It also tells spans apart that have no id, or the same id.
func (e *Entry) describes(span ptrace.Span) bool { return e.seal == sealOf(span.Attributes()) }

// sealOf hashes attributes: scalars by value, texts by where they are in memory, lists and maps by their size. Pdata
// replaces a text and never changes it in place, and the entry keeps its texts alive, so another text has another
// address. The address says as much as the content and costs a tenth.
func sealOf(attributes pcommon.Map) uint64 {
	seal := uint64(attributes.Len())
	mix := func(n uint64) { seal = bits.RotateLeft64((seal^n)*0x9e3779b97f4a7c15, 29) }
	text := func(s string) {
		mix(uint64(uintptr(unsafe.Pointer(unsafe.StringData(s)))) ^ uint64(len(s))<<48) //nolint:gosec // only compared
	}
	for name, v := range attributes.All() {
		text(name)
		switch v.Type() {
		case pcommon.ValueTypeStr:
			text(v.Str())
		case pcommon.ValueTypeInt:
			mix(uint64(v.Int()))
		case pcommon.ValueTypeDouble:
			mix(math.Float64bits(v.Double()))
		case pcommon.ValueTypeBool:
			if v.Bool() {
				mix(1)
			}
		case pcommon.ValueTypeMap:
			mix(uint64(v.Map().Len()))
		case pcommon.ValueTypeSlice:
			mix(uint64(v.Slice().Len()))
		case pcommon.ValueTypeBytes:
			mix(uint64(v.Bytes().Len()))
		case pcommon.ValueTypeEmpty:
		}
	}
	return seal
}

// Spans returns the entries of the spans of one request in order. It takes an entry from the batch or else reads it
// from the span. Without a batch it reads every span.
type Spans struct {
	batch   *Batch
	next    int
	missing int // spans that the batch does not have
	reader  *dialect.Reader
	own     Entry // used for spans that the batch does not have
	digests digesting
}

// digesting says for which spans the content of the call is read and digested, if their attributes hold no digest.
type digesting uint8

const (
	digestNone      digesting = iota
	digestUnknown             // spans without a call hash
	digestEverySpan           // all spans, because sessions compare more than the hash
)

// NewSpans returns a Spans that reads no content. It keeps scratch memory, so only one goroutine may use it at a time.
func NewSpans() *Spans { return &Spans{reader: dialect.NewReader(nil)} }

// Begin starts at the first span of a request. The batch may be nil.
func (s *Spans) Begin(b *Batch) { s.batch, s.next, s.missing = b, 0, 0 }

// maxMissing bounds the spans that a batch may lack before it is no longer used: each costs a search to its end.
const maxMissing = 64

// End drops the references to the request.
func (s *Spans) End() {
	s.batch = nil
	s.own = Entry{}
}

// Entry returns the entry of a span. The caller must ask for spans in the order of the data, and for each span once.
// The entry is valid until the next call.
func (s *Spans) Entry(resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span) *Entry {
	if at, ok := s.find(span); ok {
		s.next = at + 1
		if entry := s.batch.places[at].entry; entry >= 0 {
			if e := &s.batch.entries[entry]; e.describes(span) {
				return e
			}
		} else if _, ok := s.reader.Read(resource, scope, span); !ok { // else it has become a GenAI span
			return notGenAI
		}
	}
	s.read(resource, scope, span)
	return &s.own
}

// find returns the place of a span. A processor in between may have removed spans.
func (s *Spans) find(span ptrace.Span) (at int, ok bool) {
	if s.batch == nil {
		return 0, false
	}
	trace, id := span.TraceID(), span.SpanID()
	for at := s.next; at < len(s.batch.places); at++ {
		if p := &s.batch.places[at]; p.span == id && p.trace == trace {
			return at, true
		}
	}
	if s.missing++; s.missing > maxMissing {
		s.batch = nil
	}
	return 0, false
}

// read makes an entry from the attributes of the span.
func (s *Spans) read(resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span) {
	e := &s.own
	e.GenAI, e.Facts = false, Facts{}
	e.Record.Read(span)
	call, ok := s.reader.Read(resource, scope, span)
	if !ok {
		return
	}
	e.GenAI, e.trace = true, span.TraceID()
	step(call, &e.Record)
	e.take(call)
	e.place(span)
	e.Session.Digest = e.Record.Digest
	unknown := !e.Record.HasDigest && (s.digests == digestEverySpan ||
		s.digests == digestUnknown && e.Record.CallHash == 0)
	if unknown && e.Session.Kind != session.Other {
		e.Session.Digest = session.NewDigest(call, nil)
	}
	e.complete()
}

// complete copies into the facts what only the record knows.
func (e *Entry) complete() {
	e.Session.Failed = e.Record.ToolOutcome == score.OutcomeFailed
	e.Session.Empty = e.Record.ToolOutcome == score.OutcomeEmpty
	e.Session.CostUSD = e.Record.Cost.USD.Value
}
