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

// Entry is what the pipeline knows of one span. GenAI is false for a span of another kind, and then the rest is empty.
// Its texts are those of the span.
type Entry struct {
	GenAI bool
	// Facts are scalars of the call that later stages need, so that the call itself need not be kept.
	Facts
	Record spanattr.Record

	trace pcommon.TraceID
	seal  uint64 // of the attributes that the span had when the entry was settled
}

// Facts are the scalars of a call that are counted, followed and compared.
type Facts struct {
	Operation, Provider       string
	Model                     string // that was asked for, else the one that answered
	PromptName, PromptVersion string
	IsInference               bool // a model call, counted and priced once
	Tokens                    genai.Tokens
	TTFTMillis                genai.Opt[float64]
	ReportedCostUSD           genai.Opt[float64]
	// Session is what the session sees of the call. Its digest is set where the content of the call was read.
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

// place fills what the session sees of the span around the call.
func (f *Facts) place(span ptrace.Span) {
	f.Session.Trace, f.Session.ID = span.TraceID(), span.SpanID()
	f.Session.Start = nanos(span.StartTimestamp())
}

// Batch holds the entries of the spans of one request, in the order of the data. A stage that changes a span updates its
// entry. One goroutine uses a batch at a time: the components of a pipeline pass a request on synchronously.
type Batch struct {
	places  []place
	entries []Entry       // of the GenAI spans
	scores  []score.Score // of all entries
	spans   int           // of the request

	releases atomic.Uint64 // so far
}

// place is where the entry of a span is.
type place struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
	entry int // in Batch.entries, -1 for a span that is not a GenAI operation
}

// notGenAI is the entry of every span of another kind.
var notGenAI = &Entry{}

// batchKey is the key of a loan in a context.
type batchKey struct{}

// loan is a batch for one request: the batch is used again for others.
type loan struct {
	batch    *Batch
	releases uint64 // before
}

// batches are used again: an entry is large, and a request has many.
var batches = sync.Pool{New: func() any { return new(Batch) }}

// NewBatch is an empty batch for one request. Release it once the request was passed on.
func NewBatch() *Batch { return batches.Get().(*Batch) }

// Context is a context in which BatchOf finds the batch until its release.
func (b *Batch) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, batchKey{}, loan{b, b.releases.Load()})
}

// Release gives the memory of a batch back. A context that outlives the request holds no batch any more.
func (b *Batch) Release() {
	b.releases.Add(1)
	b.reset()
	batches.Put(b)
}

// BatchOf is the batch of a context, nil where there is none.
func BatchOf(ctx context.Context) *Batch {
	l, _ := ctx.Value(batchKey{}).(loan)
	if l.batch == nil || l.batch.releases.Load() != l.releases {
		return nil
	}
	return l.batch
}

// begin makes room for the spans of a request. Room for entries is made with the first of them.
func (b *Batch) begin(spans int) {
	b.spans = spans
	b.places, b.entries, b.scores = slices.Grow(b.places[:0], spans), b.entries[:0], b.scores[:0]
}

// scoresASpan is about how many scores a span gets: most scorers apply to model calls only.
const scoresASpan = 6

// add adds a GenAI span and returns its empty entry, which stays where it is.
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

// reset empties a batch that is used again. It keeps the memory of a request of usual size.
func (b *Batch) reset() {
	if cap(b.places) > maxReused {
		b.places, b.entries, b.scores = nil, nil, nil
		return
	}
	clear(b.entries)
	clear(b.scores)
	b.places, b.entries, b.scores = b.places[:0], b.entries[:0], b.scores[:0]
}

// maxReused is how many spans a worker keeps room for.
const maxReused = 1024

// settle notes that the entry says what stands on the span now.
func (e *Entry) settle(span ptrace.Span) { e.seal = sealOf(span.Attributes()) }

// describes reports whether the attributes of the span are those of when the entry was settled. A processor in between
// may have changed them, and spans without an id, or with the same one, are told apart.
func (e *Entry) describes(span ptrace.Span) bool { return e.seal == sealOf(span.Attributes()) }

// sealOf is a hash of attributes: of the scalars, of where texts are, and of the size of the rest. A text of pdata is
// replaced and never changed in place, and an entry keeps those that it is made of: so another text is elsewhere. Where a
// text is says as much as what it is, and costs a tenth.
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

// Spans gives the entries of the spans of one request, one after the other: from its batch, or else read from the span.
// The zero value without a batch reads every span.
type Spans struct {
	batch   *Batch
	next    int
	missing int // spans that the batch does not have
	reader  *dialect.Reader
	own     Entry // of a span that the batch does not have
	digests digesting
}

// digesting says for which spans the content of the call is read and digested, where their attributes hold no digest.
type digesting uint8

const (
	digestNone      digesting = iota
	digestUnknown             // those without a call hash
	digestEverySpan           // all: sessions compare more than the hash
)

// NewSpans makes one that reads no content. It keeps scratch memory and is used by one goroutine at a time.
func NewSpans() *Spans { return &Spans{reader: dialect.NewReader(nil)} }

// Begin starts with the first span of a request, whose batch may be nil.
func (s *Spans) Begin(b *Batch) { s.batch, s.next, s.missing = b, 0, 0 }

// maxMissing is how many spans may be missing in a batch before it is left alone: for each it is read to its end.
const maxMissing = 64

// End lets go of the request.
func (s *Spans) End() {
	s.batch = nil
	s.own = Entry{}
}

// Entry is what is known of a span. The spans must come in the order of the data, with none asked for twice. The entry
// is valid until the next call.
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

// find finds the place of a span. A processor in between may have removed spans.
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

// read makes an entry of what stands on the span.
func (s *Spans) read(resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span) {
	e := &s.own
	e.GenAI, e.Facts = false, Facts{}
	e.Record.Read(span)
	call, ok := s.reader.Read(resource, scope, span)
	if !ok {
		return
	}
	e.GenAI, e.trace = true, span.TraceID()
	e.take(call)
	e.place(span)
	e.Session.Digest = e.Record.Digest
	unknown := !e.Record.HasDigest && (s.digests == digestEverySpan || s.digests == digestUnknown && e.Record.CallHash == 0)
	if unknown && e.Session.Kind != session.Other {
		e.Session.Digest = session.NewDigest(call, nil)
	}
	e.complete()
}

// complete takes into the facts what the record adds to them.
func (e *Entry) complete() {
	e.Session.Failed = e.Record.ToolOutcome == score.OutcomeFailed
	e.Session.CostUSD = e.Record.Cost.USD.Value
}
