package pipeline

import (
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/duplicate"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// LogCalls scores the model calls that log records describe without a span, writes the result on the records, and
// passes each on. It skips a call that a span or another record describes too. The logs must be mutable.
func (s *Scorer) LogCalls(ld plog.Logs, each func(*Scored)) {
	var w *worker
	running := s.running.Load()
	for _, rl := range ld.ResourceLogs().All() {
		scorers := running.versionsOf(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				span := ptrace.NewSpan()
				if !dialect.SpanOfRecord(sl.Scope(), record, span) {
					continue
				}
				if w == nil {
					w = s.workers.Get().(*worker)
					w.running = running
				}
				call, ok := w.reader.Read(rl.Resource(), sl.Scope(), span)
				if !ok {
					continue
				}
				c := comparison(w.reader, rl.Resource(), sl.Scope(), span, call)
				if !s.logged.first(record, call, &c) {
					continue
				}
				w.batch.begin(1)
				out := &Scored{Span: span, Resource: rl.Resource(), Entry: notGenAI, Scorers: scorers}
				s.span(w, &w.batch, out, sl.Scope())
				if out.Call == nil {
					continue
				}
				record.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool { return strings.HasPrefix(key, ours) })
				for key, value := range span.Attributes().All() {
					if strings.HasPrefix(key, ours) {
						value.CopyTo(record.Attributes().PutEmpty(key))
					}
				}
				each(out)
			}
		}
	}
	if w != nil {
		w.result.Reset()
		w.batch.reset()
		w.running = nil
		s.workers.Put(w)
	}
}

// ours is the prefix of every attribute that we write.
const ours = "app.llm."

// SpanOfLog returns the model call that a scored log record describes, as a span. ok is false for other records.
func SpanOfLog(scope pcommon.InstrumentationScope, record plog.LogRecord) (span ptrace.Span, ok bool) {
	if _, scored := record.Attributes().Get(spanattr.AttrCoverage); !scored {
		return ptrace.Span{}, false
	}
	span = ptrace.NewSpan()
	return span, dialect.SpanOfRecord(scope, record, span)
}

// loggedCalls remembers which requests were counted, and which sessions send spans, so that a call which an agent
// describes in a log record and in a span counts once. The oldest entry is forgotten first.
type loggedCalls struct {
	mu       sync.Mutex
	requests *simplelru.LRU[string, bool] // by id; true if a log record was counted
	sessions *simplelru.LRU[string, struct{}]
	usages   *simplelru.LRU[usage, sighting] // the latest with a usage
}

// usage is what a record and a span of one call have in common if the agent gives neither a request id.
type usage struct {
	service       uint64
	input, output int64
}

// sighting is a record or a span that was counted.
type sighting struct {
	byLog      bool
	start, end int64 // unix nanoseconds
	id         bool  // it has a request id
	session    string
}

// Bounds of loggedCalls, which take about 25 MB with ids of usual length.
const (
	maxLoggedRequests = 1 << 16
	maxLoggedSessions = 1 << 14
	maxLoggedUsages   = 1 << 14
	maxLoggedID       = 256 // bytes; a longer text is no id

	// logSlack is how far from its span an agent may write the record of a call, in nanoseconds.
	logSlack = int64(2e9)
)

func newLoggedCalls() *loggedCalls {
	l := &loggedCalls{}
	l.requests, _ = simplelru.NewLRU[string, bool](maxLoggedRequests, nil) // the sizes are positive: no error
	l.sessions, _ = simplelru.NewLRU[string, struct{}](maxLoggedSessions, nil)
	l.usages, _ = simplelru.NewLRU[usage, sighting](maxLoggedUsages, nil)
	return l
}

// first reports whether a record is the first that describes its call. An earlier pass has decided that already.
func (l *loggedCalls) first(record plog.LogRecord, call *genai.Call, c *duplicate.Call) bool {
	_, scored := record.Attributes().Get(spanattr.AttrCoverage)
	id, session := bounded(call.ResponseID), bounded(call.SessionID)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.requests.Get(id)
	known = known && id != ""
	if _, sends := l.sessions.Get(session); sends && session != "" && !dialect.OnlyInRecords(record) {
		known = true
	}
	if known = known || l.sighted(c, id, session, true); known && !scored {
		return false
	}
	if id != "" {
		l.requests.Add(strings.Clone(id), true)
	}
	return true
}

// counted notes the span of a call, and reports whether a log record of the same call was counted.
func (l *loggedCalls) counted(call *genai.Call, c *duplicate.Call) bool {
	id, session := bounded(call.ResponseID), bounded(call.SessionID)
	l.mu.Lock()
	defer l.mu.Unlock()
	if session != "" {
		if _, ok := l.sessions.Get(session); !ok {
			l.sessions.Add(strings.Clone(session), struct{}{})
		}
	}
	byLog := l.sighted(c, id, session, false)
	if id == "" {
		return byLog
	}
	of, known := l.requests.Get(id)
	if !known {
		l.requests.Add(strings.Clone(id), byLog)
	}
	return byLog || of
}

// sighted reports whether a record or a span describes a call that the other one described before, or whether a record
// arrives twice. Otherwise it notes the call. The counts of tokens stand for a missing request id: it is rare that two
// calls of a service agree in both and end together, one of them only in a record and the other only in a span.
func (l *loggedCalls) sighted(c *duplicate.Call, id, session string, byLog bool) bool {
	if c.Input <= 0 || c.Output <= 0 || c.End == 0 {
		return false
	}
	of := usage{c.Service, c.Input, c.Output}
	now := sighting{byLog: byLog, start: c.Start, end: c.End, id: id != "", session: session}
	if before, ok := l.usages.Get(of); ok && now.repeats(&before) {
		return true
	}
	now.session = strings.Clone(session)
	l.usages.Add(of, now)
	return false
}

// repeats reports whether two sightings with the same usage are of one call.
func (s *sighting) repeats(before *sighting) bool {
	switch {
	case s.id && before.id: // the ids decide
		return false
	case s.session != before.session && s.session != "" && before.session != "":
		return false
	case s.byLog == before.byLog:
		return s.byLog && s.end == before.end && s.session == before.session
	}
	record, span := s, before
	if before.byLog {
		record, span = before, s
	}
	return record.end >= span.start-logSlack && record.end <= span.end+logSlack
}

func bounded(id string) string {
	if len(id) > maxLoggedID {
		return ""
	}
	return id
}

// isLogged reports whether a span was made of a log record.
func isLogged(span ptrace.Span) bool { return span.SpanID().IsEmpty() }

// ofLog is the role of a span whose call was counted from a log record. The record has no content, so the span is
// judged.
var ofLog = duplicate.Role{Duplicate: true, Judge: true}
