package wire

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Lend keeps the content that log records hold for spans, until those are annotated: some SDKs put messages into log
// records that name the span. The logs are only read; what is kept is copied.
func (a *Annotator) Lend(logs plog.Logs) { a.lent.add(logs) }

// LentBytes is the memory that lent content takes, about.
func (a *Annotator) LentBytes() int64 { return a.lent.bytes.Load() }

// sharedLending keeps lent records for all workers of an annotator, in two generations: the older one goes as a whole when
// the younger is half as large, or as old, as all may be. A record outlives the reading of its span, since spans come twice.
type sharedLending struct {
	maxBytes int           // of both generations; 0 is the bound of lending
	maxAge   time.Duration // 0 is for ever
	now      func() time.Time
	bytes    atomic.Int64 // read without the lock, to see that nothing is there

	mu         sync.Mutex // guards the rest
	young, old lending
	youngSince time.Time
}

func newSharedLending(maxBytes int64, maxAge time.Duration) *sharedLending {
	return &sharedLending{maxBytes: int(maxBytes), maxAge: maxAge, now: time.Now, young: lending{limit: int(maxBytes)}}
}

func (s *sharedLending) add(logs plog.Logs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				s.young.addRecord(record)
				s.turn()
			}
		}
	}
	s.count()
}

// turn lets the younger generation become the older one when its time has come.
func (s *sharedLending) turn() {
	if s.maxBytes == 0 && s.maxAge == 0 {
		return
	}
	now := s.now()
	if s.youngSince.IsZero() {
		s.youngSince = now
	}
	tooMuch := s.maxBytes > 0 && s.young.bytes > s.maxBytes/2
	if !tooMuch && (s.maxAge == 0 || now.Sub(s.youngSince) <= s.maxAge/2) {
		return
	}
	s.old, s.young, s.youngSince = s.young, lending{limit: s.maxBytes}, now
	s.count()
}

func (s *sharedLending) count() { s.bytes.Store(int64(s.young.bytes + s.old.bytes)) }

// of is the records of a span, nil where there are none. The slice is the caller's.
func (s *sharedLending) of(trace pcommon.TraceID, span pcommon.SpanID) []lentPart {
	if s.bytes.Load() == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	old, young := s.old.of(trace, span), s.young.of(trace, span)
	if len(old)+len(young) == 0 {
		return nil
	}
	return slices.Concat(old, young)
}

// borrow gives the reader the records of the one span that it reads next.
func (r *Reader) borrow(trace pcommon.TraceID, span pcommon.SpanID, parts []lentPart) {
	if len(parts) == 0 {
		if r.lending.spans != nil {
			r.lending = lending{}
		}
		return
	}
	r.lending = lending{spans: map[spanKey]*lentSpan{{trace: trace, span: span}: {parts: parts}}}
}
