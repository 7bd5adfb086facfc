package provider

import (
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// maxMessage is how much of a message is read: SDKs put parts of the conversation into what follows.
const maxMessage = 512

// Classify says what an error means. The first of these that knows decides: exception type, code (in the type, or in the
// message where it is a body), message, HTTP status, and at last that there was an error at all. A message is asked only
// where type and code are ambiguous: it never overrules a specific one. The zero Outcome says that there is no error.
func Classify(e genai.Error) Outcome {
	if !e.IsError {
		return Outcome{}
	}
	text := head(e.Message)
	lower := strings.ToLower(text)
	status := e.HTTPStatus
	if status == 0 {
		status = statusIn(e.Type, text)
	}
	first := Outcome{}
	if f, where, by := typed(e.Type); f.known() || f.refine {
		first = f.outcome(by, where)
		if !f.refine {
			return first
		}
	}
	if f, code := codeIn(text); f.known() && (first.Class == "" || specific(f)) {
		first = f.outcome("code", code)
		if !f.refine {
			return first
		}
	}
	// Gateways and SDKs wrap: "litellm.InternalServerError: … - Error code: 429 …". A status that is more precise than a
	// generic server error wins over it.
	if f := byHTTP(status); f.known() && (first.Class == "" || first.Detail == failure.ServerError || first.Detail == failure.Connection && first.By == "type") {
		if !f.refine || first.Class == "" {
			first = f.outcome("http", strconv.Itoa(status))
			if !f.refine {
				return first
			}
		}
	}
	if f, part := match(lower); f.known() {
		return f.outcome("message", part)
	}
	if first.Class != "" {
		return first
	}
	return serverError.outcome("status", "")
}

// typed looks an error type up: an exception with or without its package, a code, or an HTTP status.
func typed(name string) (f fine, where, by string) {
	if name == "" || name == "_OTHER" {
		return fine{}, "", ""
	}
	if status, err := strconv.Atoi(name); err == nil {
		f := byHTTP(status)
		f.refine = f.refine || status == 400 || status >= 500
		return f, name, "http"
	}
	lower := strings.ToLower(name)
	if f, ok := exceptions[lower]; ok {
		return f, name, "type"
	}
	last := lower[strings.LastIndexAny(lower, ".:/$")+1:]
	if f, ok := exceptions[last]; ok {
		return f, last, "type"
	}
	if f, ok := codes[last]; ok {
		return f, last, "code"
	}
	if f, ok := exceptions[strings.TrimSuffix(last, "exception")]; ok {
		return f, last, "type"
	}
	return fine{}, "", ""
}

// codeKeys introduce a code in a body that was printed into a message, as JSON or as a Python dict.
var codeKeys = []string{`"code"`, `'code'`, `"type"`, `'type'`, `"status"`, `'status'`, `"__type"`}

// codeIn finds a code in a message: in a body, or in the form of botocore, "An error occurred (ThrottlingException) when …".
func codeIn(text string) (fine, string) {
	if _, rest, ok := strings.Cut(text, "An error occurred ("); ok {
		if code, _, ok := strings.Cut(rest, ")"); ok {
			if f, ok := codes[strings.ToLower(code)]; ok {
				return f, code
			}
		}
	}
	var found fine
	var name string
	for _, key := range codeKeys {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, key)
			if !ok {
				break
			}
			rest = after
			value := strings.TrimLeft(after, ": ")
			if value == "" || value[0] != '"' && value[0] != '\'' {
				continue
			}
			code, _, ok := strings.Cut(value[1:], value[:1])
			if !ok {
				continue
			}
			if f, ok := codes[strings.ToLower(code)]; ok && (!found.known() || specific(f) && !specific(found)) {
				found, name = f, code
			}
		}
	}
	return found, name
}

// specific reports whether a fine class needs no refinement: of several codes in one body the specific one counts.
func specific(f fine) bool { return !f.refine }

func match(lower string) (fine, string) {
next:
	for i := range patterns {
		for _, part := range patterns[i].parts {
			if !strings.Contains(lower, part) {
				continue next
			}
		}
		return patterns[i].fine, patterns[i].parts[0]
	}
	return fine{}, ""
}

// head is the part of a message that is the error's own: its first line, bounded.
func head(message string) string {
	message = strings.TrimSpace(message)
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	if i := strings.IndexByte(message, '\n'); i > 0 {
		message = message[:i]
	}
	return message
}

// statusPrefixes introduce an HTTP status in a message. A bare number in a text is none: it may be an id or a price.
var statusPrefixes = []string{"error code: ", "status code: ", "status code ", "status_code=", "status_code: ", "status: ", "http status ", "http ", "httperror: ", "error: ", "statuscode: "}

func statusIn(kind, text string) int {
	if status, ok := leadingStatus(kind); ok {
		return status
	}
	if status, ok := leadingStatus(text); ok {
		return status
	}
	lower := strings.ToLower(text)
	for _, prefix := range statusPrefixes {
		if _, rest, ok := strings.Cut(lower, prefix); ok {
			if status, ok := leadingStatus(rest); ok {
				return status
			}
		}
	}
	return 0
}

// leadingStatus reads a status of three digits at the start, followed by an end or a separator.
func leadingStatus(s string) (int, bool) {
	if len(s) < 3 || len(s) > 3 && s[3] >= '0' && s[3] <= '9' || len(s) > 3 && s[3] != ' ' && s[3] != ':' && s[3] != ',' && s[3] != '-' && s[3] != '.' && s[3] != ')' {
		return 0, false
	}
	status, err := strconv.Atoi(s[:3])
	return status, err == nil && status >= 400 && status < 600
}

// Stop says what the finish reasons of a call mean: the worst over its choices. Reasons are raw: what a gateway made of
// them has lost evidence.
func Stop(provider string, raw []string) Outcome {
	worst := Outcome{}
	for _, r := range raw {
		folded := r
		f, ok := reasons[folded]
		if !ok {
			folded = foldReason(r)
			f, ok = reasons[folded]
		}
		if !ok && (provider == Gemini || provider == VertexAI || provider == GoogleGenAI) {
			f, ok = geminiReasons[folded]
		}
		if !ok {
			continue
		}
		o := f.outcome("finish", folded)
		if severity(o) > severity(worst) {
			worst = o
		}
	}
	return worst
}

// severity orders the outcomes of several choices.
func severity(o Outcome) int {
	switch {
	case o.Class == failure.ProviderError || o.Class == failure.Timeout:
		return 5
	case o.Class == failure.Refusal:
		return 4
	case o.Class == failure.Truncation:
		return 3
	case o.Class != "":
		return 2
	case o.Cancelled:
		return 1
	}
	return 0
}
