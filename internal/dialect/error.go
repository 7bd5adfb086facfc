package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

// readError finds out whether the operation failed, and reads the error's type, message and HTTP status. Dialects that
// hide errors behind an OK status have already set IsError.
func (r *Reader) readError(c *genai.Call) {
	e := &c.Error
	status := r.span.Status()
	c.StatusOK = c.Operation == genai.OpExecuteTool && status.Code() == ptrace.StatusCodeOk
	if status.Code() == ptrace.StatusCodeError {
		e.IsError = true
		fill(&e.Message, status.Message())
	}
	if typ := r.str(keyErrorType); typ != "" {
		e.IsError = true
		fill(&e.Type, typ)
	}
	code := r.count(keyStatusCode, keyStatusCode2).Value
	if code >= 400 && code < 600 {
		e.IsError = true
	}
	if r.marks&(inLangSmith|inLangfuse) != 0 || e.IsError {
		r.readException(e)
	}
	if !e.IsError {
		return
	}
	fill(&e.Message, r.str(keyErrorMessage))
	switch {
	case code >= 400 && code < 600:
		e.HTTPStatus = int(code)
	case e.HTTPStatus != 0: // a dialect has read it
	default:
		if e.HTTPStatus = leadingStatus(e.Type); e.HTTPStatus == 0 {
			e.HTTPStatus = leadingStatus(e.Message)
		}
		if e.HTTPStatus == 0 && code >= 200 && code < 300 {
			e.HTTPStatus = int(code)
		}
	}
}

// readException reads type and message from the last exception event. The event alone proves an error only for emitters
// that do not set the span status.
func (r *Reader) readException(e *genai.Error) {
	events := r.span.Events()
	for i := events.Len() - 1; i >= 0; i-- {
		if events.At(i).Name() != "exception" {
			continue
		}
		attributes := events.At(i).Attributes()
		fill(&e.Type, attributeText(attributes, "exception.type"))
		fill(&e.Message, attributeText(attributes, "exception.message"))
		fill(&e.Raiser, raiser(attributeText(attributes, "exception.stacktrace")))
		e.IsError = true
		return
	}
}

// maxStack bounds how much of a stack is read, at the end where the exception was raised.
const maxStack = 4 << 10

// raiser returns the function that raised an exception, from its stack in JavaScript or Python. It passes over parsers
// of JSON and functions without a name.
func raiser(stack string) string {
	const frame, file, in = "\n    at ", "\n  File \"", ", in "
	if _, frames, ok := strings.Cut(stack[:min(len(stack), maxStack)], frame); ok {
		for line := range strings.SplitSeq(frames, frame) {
			name, at, named := strings.Cut(strings.TrimPrefix(line, "async "), " (")
			if named && !strings.HasPrefix(at, "<anonymous>") {
				return name
			}
		}
		return ""
	}
	// Python has the innermost frame last.
	for stack = stack[max(0, len(stack)-maxStack):]; ; {
		i := strings.LastIndex(stack, file)
		if i < 0 {
			return ""
		}
		line, _, _ := strings.Cut(stack[i+len(file):], "\n")
		if path, name, ok := strings.Cut(line, in); ok && !strings.Contains(path, "/json/") {
			return strings.TrimSpace(name)
		}
		stack = stack[:i]
	}
}

func attributeText(attributes pcommon.Map, name string) string {
	if v, ok := attributes.Get(name); ok {
		return textOfValue(v)
	}
	return ""
}

// leadingStatus returns the HTTP status at the start of an error's type or message ("429", "404 The model …", "Error:
// 503 …", "Error code: 400 - {…}"), or 0.
func leadingStatus(text string) int {
	const maxPrefixes = 4
	for range maxPrefixes {
		trimmed := strings.TrimLeft(text, " :([")
		for _, prefix := range [...]string{
			"Error code", "error code", "Error", "error", "HTTP", "http", "status code", "Status code", "status", "code",
		} {
			if rest, ok := strings.CutPrefix(trimmed, prefix); ok {
				trimmed = rest
				break
			}
		}
		// An exception name, as in "NotFoundError: 404 …".
		if name, rest, ok := strings.Cut(trimmed, ":"); ok && len(name) < 80 && !strings.ContainsRune(name, ' ') &&
			(strings.HasSuffix(name, "Error") || strings.HasSuffix(name, "Exception")) {
			trimmed = rest
		}
		if trimmed == text {
			break
		}
		text = trimmed
	}
	if len(text) < 3 || text[0] != '4' && text[0] != '5' || len(text) > 3 && isWordByte(text[3]) {
		return 0
	}
	n := 0
	for i := range 3 {
		if text[i] < '0' || text[i] > '9' {
			return 0
		}
		n = n*10 + int(text[i]-'0')
	}
	return n
}

func isWordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '.'
}
