package otlpfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/protobuf/encoding/protowire"
)

// protobuf reads a stream that holds one message.
func (f *file) protobuf(in io.Reader) error {
	message, err := io.ReadAll(io.LimitReader(in, int64(f.limit)+1))
	switch {
	case err != nil:
		f.bad(0, err.Error())
		return nil
	case len(message) > f.limit:
		f.bad(0, f.tooLarge())
		return nil
	}
	return f.message(message, "")
}

// prefixed reads length-prefixed messages. It stops at a wrong length, because nothing after it can be read.
func (f *file) prefixed(in *bufio.Reader) error {
	for number := 1; ; number++ {
		where := fmt.Sprintf("message %d: ", number)
		var head [4]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			if !errors.Is(err, io.EOF) {
				f.bad(0, where+"the file was cut")
			}
			return nil
		}
		size := binary.BigEndian.Uint32(head[:])
		if int64(size) > int64(f.limit) {
			f.bad(0, where+f.tooLarge())
			return nil
		}
		// The length is untrusted, so memory grows only with the bytes that are there.
		message, err := io.ReadAll(io.LimitReader(in, int64(size)))
		if err != nil || len(message) < int(size) {
			f.bad(0, where+"the file was cut")
			return nil
		}
		if err := f.message(message, where); err != nil {
			return err
		}
	}
}

// message decodes one request. A request does not state its signal. But a span has its ids where a log record has a
// number, so a request that is not empty decodes as at most one signal.
func (f *file) message(b []byte, where string) error {
	if nests(b) {
		f.bad(0, where+fmt.Sprintf("a request must not nest deeper than %d levels", maxNesting))
		return nil
	}
	td, traceErr := decode(b, (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces)
	if traceErr == nil && identified(td) {
		if f.sink.Traces == nil {
			return nil
		}
		return f.sink.Traces(td)
	}
	ld, err := decode(b, (&plog.ProtoUnmarshaler{}).UnmarshalLogs)
	switch {
	case err == nil && f.sink.Logs != nil:
		return f.sink.Logs(ld)
	case err == nil:
		return nil
	case traceErr == nil:
		f.bad(0, where+"not OTLP protobuf: spans must have a trace id and a span id")
	default:
		f.bad(0, where+"not OTLP protobuf: "+short([]byte(traceErr.Error())))
	}
	return nil
}

// identified reports whether every span has a trace id and a span id, as OTLP requires.
func identified(td ptrace.Traces) bool {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if span.TraceID().IsEmpty() || span.SpanID().IsEmpty() {
					return false
				}
			}
		}
	}
	return true
}

// messageType is an OTLP message in which values can nest. fields lists the fields that lead from one message to the
// next. Requests of traces and of logs have the same shape down to the span or log record, so those share a row.
type messageType uint8

const (
	request messageType = iota
	resourceItems
	resource
	scopeItems
	scope
	item // Span or LogRecord
	event
	link
	keyValue
	anyValue
	arrayValue
	listValue
)

var fields = map[messageType]map[protowire.Number]messageType{
	request:       {1: resourceItems},
	resourceItems: {1: resource, 2: scopeItems},
	resource:      {1: keyValue},
	scopeItems:    {1: scope, 2: item},
	scope:         {3: keyValue},
	item:          {5: anyValue, 6: keyValue, 9: keyValue, 11: event, 13: link},
	event:         {3: keyValue},
	link:          {4: keyValue},
	keyValue:      {2: anyValue},
	anyValue:      {5: arrayValue, 6: listValue},
	arrayValue:    {1: anyValue},
	listValue:     {1: keyValue},
}

// nests reports whether decoding the message would recurse deeper than maxNesting. It does not recurse itself.
func nests(b []byte) bool {
	type level struct {
		rest []byte
		kind messageType
	}
	stack := []level{{b, request}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.rest) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		number, wireType, n := protowire.ConsumeTag(top.rest)
		if n < 0 {
			top.rest = nil // broken: the decoder reports it and goes no deeper
			continue
		}
		top.rest = top.rest[n:]
		if wireType != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, wireType, top.rest); n < 0 {
				top.rest = nil
				continue
			}
			top.rest = top.rest[n:]
			continue
		}
		inner, n := protowire.ConsumeBytes(top.rest)
		if n < 0 {
			top.rest = nil
			continue
		}
		top.rest = top.rest[n:]
		if kind, ok := fields[top.kind][number]; ok {
			if len(stack) == maxNesting {
				return true
			}
			stack = append(stack, level{inner, kind})
		}
	}
	return false
}
