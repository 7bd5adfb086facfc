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

// json splits the stream into top-level JSON values and decodes each. A value may span many lines. Each broken part is
// reported once, and reading continues with the next line that can start a request.
func (f *file) json(in *bufio.Reader) error {
	var (
		scan  scanner
		value []byte // the part of the current value that was read so far
		start int    // the line where the value starts
		skip  bool   // skip lines after a broken part, until a request starts
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
					broken(number, fmt.Sprintf(
						"neither OTLP/JSON nor OTLP protobuf: a request must start with {, got %q", short(rest)))
					break
				}
				value, start = nil, number
			}
			n, state := scan.next(rest)
			if len(value) == 0 && state == complete {
				value = rest[:n:n] // a request on one line, the usual case, is not copied
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

// line reads through the next newline. It discards the rest of a line that is longer than the limit.
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

// starts reports whether the line starts a request. These keys occur only at the top level of a request.
func starts(line []byte) bool {
	line = bytes.TrimLeft(line, " \t")
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	line = bytes.TrimLeft(line[1:], " \t")
	for _, key := range []string{
		`"resourceSpans"`, `"resourceLogs"`, `"resourceMetrics"`, `"resource_spans"`, `"resource_logs"`,
	} {
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

// request decodes one JSON request and passes it to the sink.
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
		return nil // file exporters write this telemetry beside traces; it holds nothing to score
	case "":
		return nil // an empty request is valid
	}
	f.bad(line, fmt.Sprintf(
		"not an export request: its keys must be resourceSpans or resourceLogs, got %q", short([]byte(kind))))
	return nil
}

// decode runs a decoder that may panic on hostile input, and returns the panic as an error.
func decode[T any](value []byte, unmarshal func([]byte) (T, error)) (t T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder failed: %v", p)
		}
	}()
	return unmarshal(value)
}

// undecodable reports a value that the OTLP decoder refused. If the value is broken JSON, it reports the syntax error
// and its line.
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

// reason returns the syntax error of a broken value, or the given text if there is no syntax error.
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

// reader returns a decoder that accepts what OTLP decoders accept: duplicate keys and invalid UTF-8.
func reader(value []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(value), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// kindOf returns the first key of the object that names a signal. If there is no such key, it returns the first key, or
// "" for an empty object.
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

// at returns the line of a syntax error in a value that starts on the given line.
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

// short returns the start of a text, safe to print in one line of an error message on a terminal.
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
