package pipeline

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/duplicate"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Files runs whole files through the stages, as `faultline score` and `faultline gate` do. It indexes all input before
// scoring, because data that belongs to a span may come after it. Only one goroutine may use it at a time.
type Files struct {
	scorer   *Scorer
	tracker  *session.Tracker
	sessions *Sessions // nil if sessions are not followed
	reader   *dialect.Reader
	errors   lateErrors
	judged   map[spanKey][]failure.Finding // findings from log records
	runs     map[pcommon.TraceID]bool      // traces that are runs of a dataset row
}

type spanKey struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// allCalls is for input that is complete and fits on a disk.
const allCalls = math.MaxInt32

// NewFiles returns the stages with the given scorers and prices, which may be nil. It follows sessions if asked to. The
// clock of the tracker does not move, so no session of a file becomes idle.
func NewFiles(set *score.Set, prices *price.Book, sessions bool) (*Files, error) {
	f := &Files{
		scorer: NewScorer(set, ScorerOptions{Prices: prices, Duplicates: allCalls}), reader: dialect.NewReader(nil),
		judged: map[spanKey][]failure.Finding{}, runs: map[pcommon.TraceID]bool{},
	}
	if !sessions {
		return f, nil
	}
	began := time.Now()
	var err error
	f.tracker, err = session.New(session.DefaultSettings(), func() time.Time { return began })
	f.sessions = NewSessions(f.tracker)
	return f, err
}

// ReadUpTo makes the stages read texts of so many bytes, instead of 1 MiB as the Collector. It is for runs of datasets,
// whose rows may be larger, and must be called first.
func (f *Files) ReadUpTo(bytes int) {
	f.scorer.options.LongestText = bytes
	f.reader.ReadUpTo(bytes)
}

// IndexLogs keeps log records that hold the content of spans or evaluations of them.
func (f *Files) IndexLogs(ld plog.Logs) {
	f.scorer.Logs(ld)
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				e, ok := spanattr.EvaluationOf(record)
				if !ok || e.Class == "" || record.SpanID().IsEmpty() {
					continue
				}
				key := spanKey{record.TraceID(), record.SpanID()}
				f.judged[key] = append(f.judged[key], failure.Finding{
					Class: e.Class, Detail: e.Detail, Scorer: e.Name, Evidence: e.Explanation, What: e.Explanation,
				})
			}
		}
	}
}

// IndexTraces records which traces are runs of dataset rows, which session each other trace belongs to, which spans
// record the same model call, and which errors come after the step around them.
func (f *Files) IndexTraces(td ptrace.Traces) {
	f.errors.index(td, f.scorer.logs, &f.scorer.repeats)
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if DatasetRow(rs.Resource(), span) != "" {
					f.runs[span.TraceID()] = true
				}
			}
		}
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				call, ok := f.reader.Read(rs.Resource(), ss.Scope(), span)
				if !ok {
					continue
				}
				if f.sessions != nil && !f.runs[span.TraceID()] {
					f.tracker.Name(span.TraceID(), call.SessionID)
				}
				if call.IsLLMCall() && !spanattr.IsDuplicate(span) {
					f.scorer.calls.Plan([]duplicate.Call{comparison(f.reader, rs.Resource(), ss.Scope(), span, call)})
				}
			}
		}
	}
}

// Traces runs the stages on the spans and passes each span on, in the order of the data.
func (f *Files) Traces(td ptrace.Traces, each func(*Scored)) {
	f.scorer.Traces(td, nil, func(s *Scored) {
		e := s.Entry
		if e.GenAI {
			if judged := f.judged[spanKey{s.Span.TraceID(), s.Span.SpanID()}]; len(judged) > 0 {
				e.Record.AddFindings(judged...)
			}
			if f.sessions != nil {
				if f.runs[e.trace] {
					// Runs of one row may all have the same conversation. A run is a trace, even where an earlier request
					// gave the trace to a conversation.
					e.Session.Conversation = string(session.IDOf("", e.trace))
				}
				f.sessions.Observe(e)
			}
		}
		each(s)
	})
}

// DatasetRow returns the dataset row that a span, or else its resource, names as its own, or "".
func DatasetRow(resource pcommon.Resource, span ptrace.Span) string {
	for _, attributes := range []pcommon.Map{span.Attributes(), resource.Attributes()} {
		if v, ok := attributes.Get(spanattr.AttrDatasetRow); ok {
			return v.AsString()
		}
	}
	return ""
}
