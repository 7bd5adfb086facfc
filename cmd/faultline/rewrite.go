package main

import (
	"crypto/sha256"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// changes are the changes that replay makes to telemetry before it sends it.
type changes struct {
	shift time.Duration
	salt  []byte // nil keeps the IDs
}

func (c changes) traces(td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				c.span(span)
			}
		}
	}
}

func (c changes) span(span ptrace.Span) {
	span.SetTraceID(c.traceID(span.TraceID()))
	span.SetSpanID(c.spanID(span.SpanID()))
	span.SetParentSpanID(c.spanID(span.ParentSpanID()))
	span.SetStartTimestamp(c.time(span.StartTimestamp()))
	span.SetEndTimestamp(c.time(span.EndTimestamp()))
	for _, e := range span.Events().All() {
		e.SetTimestamp(c.time(e.Timestamp()))
	}
	for _, l := range span.Links().All() {
		l.SetTraceID(c.traceID(l.TraceID()))
		l.SetSpanID(c.spanID(l.SpanID()))
	}
}

func (c changes) logs(ld plog.Logs) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				record.SetTraceID(c.traceID(record.TraceID()))
				record.SetSpanID(c.spanID(record.SpanID()))
				record.SetTimestamp(c.time(record.Timestamp()))
				record.SetObservedTimestamp(c.time(record.ObservedTimestamp()))
			}
		}
	}
}

// time shifts a time that is set.
func (c changes) time(t pcommon.Timestamp) pcommon.Timestamp {
	if t == 0 || c.shift == 0 {
		return t
	}
	return pcommon.NewTimestampFromTime(t.AsTime().Add(c.shift))
}

// traceID is the new ID. It is the same wherever the old one occurs.
func (c changes) traceID(id pcommon.TraceID) pcommon.TraceID {
	if c.salt == nil || id.IsEmpty() {
		return id
	}
	sum := c.hash(id[:])
	return pcommon.TraceID(sum[:len(id)])
}

func (c changes) spanID(id pcommon.SpanID) pcommon.SpanID {
	if c.salt == nil || id.IsEmpty() {
		return id
	}
	sum := c.hash(id[:])
	return pcommon.SpanID(sum[:len(id)])
}

func (c changes) hash(id []byte) [sha256.Size]byte {
	return sha256.Sum256(append(slices.Clip(c.salt), id...))
}

// maxRequest keeps requests below the default limit of gRPC servers, 4 MiB.
const maxRequest = 3 << 20

// split cuts a request that is too large into several, at span boundaries. A single span that is too large stays whole.
func split(td ptrace.Traces) []ptrace.Traces {
	sizer := &ptrace.ProtoMarshaler{}
	if sizer.TracesSize(td) <= maxRequest || td.SpanCount() < 2 {
		return []ptrace.Traces{td}
	}
	var (
		requests []ptrace.Traces
		size     = maxRequest + 1
	)
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for i, span := range ss.Spans().All() {
				n := sizer.SpanSize(span)
				fits := size+n <= maxRequest
				if !fits {
					requests = append(requests, ptrace.NewTraces())
					size = 0
				}
				request := requests[len(requests)-1]
				if i == 0 || !fits {
					to := request.ResourceSpans().AppendEmpty()
					rs.Resource().CopyTo(to.Resource())
					to.SetSchemaUrl(rs.SchemaUrl())
					scope := to.ScopeSpans().AppendEmpty()
					ss.Scope().CopyTo(scope.Scope())
					scope.SetSchemaUrl(ss.SchemaUrl())
				}
				last := request.ResourceSpans().At(request.ResourceSpans().Len() - 1)
				span.CopyTo(last.ScopeSpans().At(0).Spans().AppendEmpty())
				size += n
			}
		}
	}
	return requests
}
