package wire

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// What a reader keeps of log records that were lent to it: records, and bytes of text in them.
const (
	maxLentRecords = 1 << 16
	maxLentBytes   = 64 << 20
	maxLentASpan   = 1000
)

type spanKey struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// lentPart is one log record that carries content of a span.
type lentPart struct {
	name   string
	record plog.LogRecord
}

// lending keeps log records by the span that they belong to. The spans whose records came first are forgotten first.
type lending struct {
	limit   int // bytes; 0 is maxLentBytes
	spans   map[spanKey]*lentSpan
	queue   []spanKey
	records int
	bytes   int
}

type lentSpan struct {
	parts []lentPart
	bytes int
}

func (l *lending) add(logs plog.Logs) {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				l.addRecord(record)
			}
		}
	}
}

func (l *lending) addRecord(record plog.LogRecord) {
	if record.SpanID().IsEmpty() {
		return
	}
	name := record.EventName()
	if name == "" {
		name = attributeText(record.Attributes(), "event.name")
	}
	if !isContentEvent(name) && !hasContentBody(record.Body()) {
		return
	}
	size := 0
	addSize(record.Body(), &size, 0)
	for _, v := range record.Attributes().All() {
		addSize(v, &size, 0)
	}
	limit := cmp.Or(l.limit, maxLentBytes)
	if size > limit/4 {
		return
	}
	key := spanKey{trace: record.TraceID(), span: record.SpanID()}
	if l.spans == nil {
		l.spans = make(map[spanKey]*lentSpan)
	}
	of := l.spans[key]
	if of == nil {
		of = &lentSpan{}
		l.spans[key] = of
		l.queue = append(l.queue, key)
	}
	if len(of.parts) >= maxLentASpan {
		return
	}
	kept := plog.NewLogRecord()
	record.CopyTo(kept)
	of.parts = append(of.parts, lentPart{name: strings.Clone(name), record: kept})
	of.bytes += size
	l.records, l.bytes = l.records+1, l.bytes+size
	for (l.records > maxLentRecords || l.bytes > limit) && len(l.queue) > 1 {
		oldest := l.spans[l.queue[0]]
		delete(l.spans, l.queue[0])
		l.queue = l.queue[1:]
		l.records, l.bytes = l.records-len(oldest.parts), l.bytes-oldest.bytes
	}
}

// hasContentBody reports whether a log record's body is a message, or input and output of an operation.
func hasContentBody(body pcommon.Value) bool {
	if body.Type() != pcommon.ValueTypeMap {
		return false
	}
	for _, name := range [...]string{"input", "output"} {
		if v, ok := body.Map().Get(name); ok && v.Type() == pcommon.ValueTypeMap {
			return true
		}
	}
	return false
}

func addSize(v pcommon.Value, size *int, depth int) {
	if depth > maxValueDepth {
		return
	}
	*size += 16
	switch v.Type() {
	case pcommon.ValueTypeStr:
		*size += len(v.Str())
	case pcommon.ValueTypeMap:
		for name, item := range v.Map().All() {
			*size += len(name)
			addSize(item, size, depth+1)
		}
	case pcommon.ValueTypeSlice:
		for _, item := range v.Slice().All() {
			addSize(item, size, depth+1)
		}
	}
}

// of is the records of a span in order of time.
func (l *lending) of(trace pcommon.TraceID, span pcommon.SpanID) []lentPart {
	if len(l.spans) == 0 {
		return nil
	}
	of := l.spans[spanKey{trace: trace, span: span}]
	if of == nil {
		return nil
	}
	slices.SortStableFunc(of.parts, func(a, b lentPart) int {
		return cmp.Compare(a.record.Timestamp(), b.record.Timestamp())
	})
	return of.parts
}
