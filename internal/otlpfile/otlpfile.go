// Package otlpfile reads trace files. It reads OTLP/JSON, with one export request over any number of lines or one
// request per line. It reads OTLP protobuf, with one request or the length-prefixed sequence that the Collector's file
// exporter writes. It recognizes gzip by its magic number. It reports each part that does not parse with its line, and
// continues after that part.
package otlpfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// MaxRequest bounds the size of one request in the file, in bytes after decompression.
const MaxRequest = 256 << 20

// maxNesting bounds how deep a request may nest. Decoders recurse, and the stack of a goroutine is finite.
const maxNesting = 10_000

// Sink receives the requests of a file in order. Signals with a nil function are not decoded. An error from Traces or
// Logs ends the reading.
type Sink struct {
	Traces func(ptrace.Traces) error
	Logs   func(plog.Logs) error
	// Bad receives every part that does not parse. It must not be nil.
	Bad func(*Error)
}

// Error is a part of a file that does not parse.
type Error struct {
	File   string
	Line   int // the first line of the part, counted from 1; 0 in binary files
	Reason string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// Read passes every request of the stream to the sink and holds one request in memory at a time. Errors call the stream
// by the name. Read returns only errors of the sink. Errors in the stream go to Sink.Bad.
func Read(name string, r io.Reader, sink Sink) error {
	return read(name, r, sink, MaxRequest)
}

func read(name string, r io.Reader, sink Sink, limit int) error {
	in := bufio.NewReaderSize(r, 64<<10)
	f := &file{name: name, sink: sink, limit: limit}
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			f.bad(0, err.Error())
			return nil
		}
		in = bufio.NewReaderSize(z, 64<<10)
	}
	head, err := in.Peek(512)
	if len(head) == 0 && !errors.Is(err, io.EOF) {
		f.bad(0, err.Error())
		return nil
	}
	switch sniff(head) {
	case empty:
		return nil
	case protobuf:
		return f.protobuf(in)
	case prefixed:
		return f.prefixed(in)
	default:
		return f.json(in)
	}
}

// file is the reading of one stream.
type file struct {
	name  string
	sink  Sink
	limit int
}

func (f *file) bad(line int, reason string) {
	f.sink.Bad(&Error{File: f.name, Line: line, Reason: reason})
}

func (f *file) tooLarge() string {
	return fmt.Sprintf("a request must not be larger than %d MiB; write one request per line and split the file",
		f.limit>>20)
}

type format int

const (
	empty    format = iota
	text            // OTLP/JSON, or input that is reported as broken JSON
	protobuf        // one message
	prefixed        // messages, each with a big-endian length of four bytes before it
)

// firstField is the tag of field 1 with a length. Every export request that is not empty starts with it. It is also a
// newline.
const firstField = 0x0a

// sniff recognizes the format by its first bytes. Protobuf starts with a newline, and its second byte is a length that
// can look like an opening brace. JSON continues with a key of printable characters, and protobuf continues with a tag,
// which is a control character.
func sniff(head []byte) format {
	switch {
	case len(head) == 0:
		return empty
	case looksLikeJSON(head):
		return text
	case head[0] == firstField && len(head) > 1 && !printable(head):
		return protobuf
	case len(head) > 4 && head[4] == firstField && !printable(head[:4]):
		return prefixed
	}
	return text
}

func looksLikeJSON(head []byte) bool {
	rest := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	if len(rest) == 0 || rest[0] != '{' {
		return false
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(rest) < 2 {
		return true
	}
	return rest[0] == '}' || rest[0] == '"' && rest[1] >= ' '
}

// printable reports whether the bytes could be text.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

var bom = []byte("\xef\xbb\xbf")
