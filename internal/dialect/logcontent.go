package dialect

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Default bounds of a LogContentCache.
const (
	maxLogRecords      = 1 << 16
	maxLogBytes        = 64 << 20
	maxLogRecordsASpan = 1000
)

// LogContentCache keeps log records that hold the content of spans until those spans are read. Some SDKs put messages
// into log records that name the span. The cache copies what it keeps and is safe for concurrent use.
//
// It has two generations. It drops the older one whole when the younger one reaches half of the allowed bytes or half
// of the allowed age. A record stays after its span was read, because spans may arrive twice.
type LogContentCache struct {
	maxBytes int           // of both generations; 0 means maxLogBytes per generation
	maxAge   time.Duration // 0 means no limit
	now      func() time.Time
	bytes    atomic.Int64 // read without the lock: most caches are empty

	mu         sync.Mutex // guards the fields below
	young, old generation
	youngSince time.Time
}

// NewLogContentCache returns a cache of at most maxBytes whose records live for at most maxAge. 0 means no such bound,
// for input that is complete, like a file.
func NewLogContentCache(maxBytes int64, maxAge time.Duration) *LogContentCache {
	return &LogContentCache{
		maxBytes: int(maxBytes), maxAge: maxAge, now: time.Now, young: generation{limit: int(maxBytes)},
	}
}

// Add keeps the records that hold the content of a span.
func (c *LogContentCache) Add(logs plog.Logs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rotate()
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				c.young.add(record)
				c.rotate()
			}
		}
	}
	c.count()
}

// Bytes returns roughly how much memory the records use.
func (c *LogContentCache) Bytes() int64 { return c.bytes.Load() }

// rotate replaces the older generation with the younger one when that is full or old enough.
func (c *LogContentCache) rotate() {
	if c.maxBytes == 0 && c.maxAge == 0 {
		return
	}
	now := c.now()
	if c.youngSince.IsZero() {
		c.youngSince = now
	}
	tooMuch := c.maxBytes > 0 && c.young.bytes > c.maxBytes/2
	if !tooMuch && (c.maxAge == 0 || now.Sub(c.youngSince) <= c.maxAge/2) {
		return
	}
	c.old, c.young, c.youngSince = c.young, generation{limit: c.maxBytes}, now
	c.count()
}

func (c *LogContentCache) count() { c.bytes.Store(int64(c.young.bytes + c.old.bytes)) }

// of returns the records of a span ordered by time, or nil. The caller owns the slice. A nil cache is empty.
func (c *LogContentCache) of(trace pcommon.TraceID, span pcommon.SpanID) []logContent {
	if c == nil || c.bytes.Load() == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rotate()
	key := spanKey{trace: trace, span: span}
	records := slices.Concat(c.old.of(key), c.young.of(key))
	slices.SortStableFunc(records, func(a, b logContent) int {
		return cmp.Compare(a.record.Timestamp(), b.record.Timestamp())
	})
	return records
}

// HoldsContent reports whether a log record holds the content of a GenAI operation.
func HoldsContent(record plog.LogRecord) bool {
	name := eventName(record)
	return strings.HasPrefix(name, "gen_ai.") || isContentEvent(name) || isAgentEvent(name) ||
		hasContentBody(record.Body())
}

// eventName returns the name of the event in a log record, from the field or the attribute. Claude Code writes a bare
// name there, and the full one as the body.
func eventName(record plog.LogRecord) string {
	name := record.EventName()
	if name == "" {
		name = attributeText(record.Attributes(), "event.name")
	}
	if body := record.Body(); body.Type() == pcommon.ValueTypeStr && isAgentEvent(body.Str()) &&
		strings.HasSuffix(body.Str(), "."+name) {
		return body.Str()
	}
	return name
}

type spanKey struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// logContent is one log record that holds content of a span.
type logContent struct {
	name   string
	record plog.LogRecord
}

// generation keeps log records by span. It drops the spans whose records arrived first.
type generation struct {
	limit   int // bytes; 0 means maxLogBytes
	spans   map[spanKey]*spanContent
	queue   []spanKey
	records int
	bytes   int
}

type spanContent struct {
	records []logContent
	bytes   int
}

func (g *generation) of(key spanKey) []logContent {
	if s := g.spans[key]; s != nil {
		return s.records
	}
	return nil
}

func (g *generation) add(record plog.LogRecord) {
	if record.SpanID().IsEmpty() {
		return
	}
	name := eventName(record)
	if !isContentEvent(name) && !isAgentEvent(name) && !hasContentBody(record.Body()) {
		return
	}
	size := 0
	addSize(record.Body(), &size, 0)
	for _, v := range record.Attributes().All() {
		addSize(v, &size, 0)
	}
	limit := cmp.Or(g.limit, maxLogBytes)
	if size > limit/4 {
		return
	}
	key := spanKey{trace: record.TraceID(), span: record.SpanID()}
	if g.spans == nil {
		g.spans = make(map[spanKey]*spanContent)
	}
	of := g.spans[key]
	if of == nil {
		of = &spanContent{}
		g.spans[key] = of
		g.queue = append(g.queue, key)
	}
	if len(of.records) >= maxLogRecordsASpan {
		return
	}
	kept := plog.NewLogRecord()
	record.CopyTo(kept)
	of.records = append(of.records, logContent{name: strings.Clone(name), record: kept})
	of.bytes += size
	g.records, g.bytes = g.records+1, g.bytes+size
	for (g.records > maxLogRecords || g.bytes > limit) && len(g.queue) > 1 {
		oldest := g.spans[g.queue[0]]
		delete(g.spans, g.queue[0])
		g.queue = g.queue[1:]
		g.records, g.bytes = g.records-len(oldest.records), g.bytes-oldest.bytes
	}
}

// hasContentBody reports whether the body of a log record holds the input or output of an operation.
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

// addSize adds roughly how much memory a value uses.
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
