package otlpfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// json cuts the stream into top-level JSON values and decodes each. A value may go over many lines. What is broken is
// reported once, and reading goes on with the next line that can be the start of a request.
func (f *file) json(in *bufio.Reader) error {
	var (
		scan  scanner
		value []byte // what of the current value was read so far
		start int    // the line that it began in
		skip  bool   // after something broken, until a request begins
	)
	broken := func(line int, reason string) {
		f.bad(line, reason)
		value, skip = nil, true
		scan.reset()
	}
	for number := 1; ; number++ {
		line, err := f.line(in)
		if number == 1 {
			line = bytes.TrimPrefix(line, bom)
		}
		if starts(line) && (skip || scan.open()) || skip && len(line) > 0 && line[0] == '{' && balanced(line) {
			if scan.open() {
				broken(start, "the request ends in the middle")
			}
			skip = false
		}
		for rest := line; len(rest) > 0 && !skip; {
			if !scan.open() {
				if rest = bytes.TrimLeft(rest, " \t\r\n"); len(rest) == 0 {
					break
				}
				if rest[0] != '{' {
					broken(number, fmt.Sprintf("neither OTLP/JSON nor OTLP protobuf: a request must start with {, got %q", short(rest)))
					break
				}
				value, start = nil, number
			}
			n, state := scan.next(rest)
			if len(value) == 0 && state == complete {
				value = rest[:n:n] // the usual case, a request on one line, is not copied
			} else {
				value = append(value, rest[:n]...)
			}
			rest = rest[n:]
			switch {
			case state == mismatched:
				broken(start, f.reason(value, "brackets do not match"))
			case state == cutString:
				broken(start, "the request is cut: line "+strconv.Itoa(number)+" ends inside a string")
			case state == tooDeep:
				broken(start, fmt.Sprintf("a request must not nest deeper than %d levels", maxNesting))
			case len(value) > f.limit:
				broken(start, f.tooLarge())
			case state == complete:
				if err := f.request(value, start); err != nil {
					return err
				}
				value = nil
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, errTooLong):
			broken(number, f.tooLarge())
		default:
			if !errors.Is(err, io.EOF) {
				f.bad(number, err.Error())
			} else if scan.open() {
				f.bad(start, "the request ends in the middle: the file was cut")
			}
			return nil
		}
	}
}

var errTooLong = errors.New("line too long")

// line reads up to and with the next newline. The rest of a line that is longer than the limit is thrown away.
func (f *file) line(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	long := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = in.ReadSlice('\n')
		if len(long) <= f.limit {
			long = append(long, line...)
		}
	}
	if len(long) > f.limit && (err == nil || errors.Is(err, io.EOF)) {
		return nil, errTooLong
	}
	return long, err
}

// starts reports whether the line begins a request: these keys stand at the top of a request and nowhere else.
func starts(line []byte) bool {
	line = bytes.TrimLeft(line, " \t")
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	line = bytes.TrimLeft(line[1:], " \t")
	for _, key := range []string{`"resourceSpans"`, `"resourceLogs"`, `"resourceMetrics"`, `"resource_spans"`, `"resource_logs"`} {
		if bytes.HasPrefix(line, []byte(key)) {
			return true
		}
	}
	return false
}

func balanced(line []byte) bool {
	var s scanner
	_, state := s.next(line)
	return state == complete
}

// request decodes one request, in JSON, and gives it to the sink.
func (f *file) request(value []byte, line int) error {
	kind, err := kindOf(value)
	if err != nil {
		f.bad(f.at(value, line, err), "not JSON: "+plain(err))
		return nil
	}
	switch kind {
	case "resourceSpans", "resource_spans":
		if f.sink.Traces == nil {
			return nil
		}
		td, err := decode(value, (&ptrace.JSONUnmarshaler{}).UnmarshalTraces)
		if err != nil {
			f.undecodable(value, line, err)
			return nil
		}
		return f.sink.Traces(td)
	case "resourceLogs", "resource_logs":
		if f.sink.Logs == nil {
			return nil
		}
		ld, err := decode(value, (&plog.JSONUnmarshaler{}).UnmarshalLogs)
		if err != nil {
			f.undecodable(value, line, err)
			return nil
		}
		return f.sink.Logs(ld)
	case "resourceMetrics", "resource_metrics", "resourceProfiles", "resource_profiles":
		return nil // telemetry that file exporters write side by side with traces; nothing to score in it
	case "":
		return nil // an empty request is a request
	}
	f.bad(line, fmt.Sprintf("not an export request: its keys must be resourceSpans or resourceLogs, got %q", short([]byte(kind))))
	return nil
}

// decode runs a decoder that was not made for hostile input.
func decode[T any](value []byte, unmarshal func([]byte) (T, error)) (t T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder failed: %v", p)
		}
	}()
	return unmarshal(value)
}

// undecodable reports a value that the OTLP decoder refused: as broken JSON, with the line of the break, where it is.
func (f *file) undecodable(value []byte, line int, cause error) {
	var syntax error
	for d := reader(value); ; {
		if _, err := d.ReadToken(); err != nil {
			if !errors.Is(err, io.EOF) {
				syntax = err
			}
			break
		}
	}
	if syntax != nil {
		f.bad(f.at(value, line, syntax), "not JSON: "+plain(syntax))
		return
	}
	f.bad(line, "not OTLP/JSON: "+short([]byte(strings.ReplaceAll(cause.Error(), "\n", " "))))
}

// reason is the syntax error of a value that is broken, or the given words where it is none.
func (f *file) reason(value []byte, otherwise string) string {
	for d := reader(value); ; {
		if _, err := d.ReadToken(); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return otherwise
			}
			return "not JSON: " + plain(err)
		}
	}
}

// reader tolerates what OTLP decoders tolerate: the same key twice, bytes that are not UTF-8.
func reader(value []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(value), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// kindOf is the first key of the object that names a signal, or else its first key, or "" where it has none.
func kindOf(value []byte) (string, error) {
	d, first := reader(value), ""
	if _, err := d.ReadToken(); err != nil {
		return "", err
	}
	for {
		if d.PeekKind() == '}' {
			return first, nil
		}
		key, err := d.ReadToken()
		if err != nil {
			return "", err
		}
		name := key.String()
		if strings.HasPrefix(name, "resource") {
			return name, nil
		}
		if first == "" {
			first = name
		}
		if err := d.SkipValue(); err != nil {
			return "", err
		}
	}
}

// at is the line of a syntax error in a value that begins in the given line.
func (f *file) at(value []byte, line int, err error) int {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return line
	}
	return line + bytes.Count(value[:min(int(syntax.ByteOffset), len(value))], []byte{'\n'})
}

func plain(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) && syntax.Err != nil {
		return short([]byte(strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")))
	}
	return short([]byte(strings.TrimPrefix(err.Error(), "jsontext: ")))
}

// short is the beginning of a text, fit for one line of an error message on a terminal.
func short(b []byte) string {
	const limit = 120
	b, ellipsis := bytes.TrimSpace(b), ""
	if len(b) > limit {
		b, ellipsis = b[:limit], "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, string(b)) + ellipsis
}
