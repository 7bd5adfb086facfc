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
	for _, rl := range ld.ResourceLogs().All() {
		scorers := s.scorersOf(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				span := ptrace.NewSpan()
				if !dialect.SpanOfRecord(sl.Scope(), record, span) || !s.logged.first(record, span) {
					continue
				}
				if w == nil {
					w = s.workers.Get().(*worker)
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
}

// Bounds of loggedCalls, which take about 20 MB of ids of usual length.
const (
	maxLoggedRequests = 1 << 16
	maxLoggedSessions = 1 << 14
	maxLoggedID       = 256 // bytes; a longer text is no id
)

func newLoggedCalls() *loggedCalls {
	l := &loggedCalls{}
	l.requests, _ = simplelru.NewLRU[string, bool](maxLoggedRequests, nil) // the sizes are positive: no error
	l.sessions, _ = simplelru.NewLRU[string, struct{}](maxLoggedSessions, nil)
	return l
}

// first reports whether a record is the first that describes its call. An earlier pass has decided that already.
func (l *loggedCalls) first(record plog.LogRecord, span ptrace.Span) bool {
	_, scored := record.Attributes().Get(spanattr.AttrCoverage)
	id, session := idIn(span, "gen_ai.response.id"), idIn(span, spanattr.AttrConversation)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.requests.Get(id)
	known = known && id != ""
	if _, sends := l.sessions.Get(session); sends && session != "" {
		known = true
	}
	if known && !scored {
		return false
	}
	if id != "" {
		l.requests.Add(strings.Clone(id), true)
	}
	return true
}

// counted notes the span of a call, and reports whether a log record of the same call was counted.
func (l *loggedCalls) counted(call *genai.Call) bool {
	id, session := bounded(call.ResponseID), bounded(call.SessionID)
	l.mu.Lock()
	defer l.mu.Unlock()
	if session != "" {
		if _, ok := l.sessions.Get(session); !ok {
			l.sessions.Add(strings.Clone(session), struct{}{})
		}
	}
	if id == "" {
		return false
	}
	byLog, known := l.requests.Get(id)
	if !known {
		l.requests.Add(strings.Clone(id), false)
	}
	return byLog
}

func idIn(span ptrace.Span, name string) string {
	if v, ok := span.Attributes().Get(name); ok {
		return bounded(v.AsString())
	}
	return ""
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
