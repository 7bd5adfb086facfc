package toolrun

import (
	"strings"
)

// Verdict is what a result says of the run.
type Verdict uint8

// The verdicts.
const (
	Silent  Verdict = iota // the result says nothing of success or failure
	OK                     // the tool says that it succeeded
	Failed                 // the tool says that it failed
	Empty                  // the tool found nothing
	Stopped                // control flow, such as waiting for an approval: neither success nor failure
)

// Result is what a tool returned.
type Result struct {
	// Content is the result without the envelopes of frameworks. It is what two runs are compared by.
	Content string
	Verdict Verdict
	By      string // what decided, for a person to read
	Message string // what went wrong, as the tool words it

	text string // of the first block
}

// maxEnvelopes bounds how deep envelopes are opened.
const maxEnvelopes = 8

// Unwrap removes the envelopes of frameworks from a result.
func Unwrap(text string) string {
	var r Result
	r.open(text)
	return r.Content
}

// Read reads the result of a tool. vouched is set if the span itself reports success: then only words that leave no
// doubt count as a failure.
func Read(tool Tool, text string, vouched bool) Result {
	var r Result
	own := r.open(text)
	if r.Verdict == Failed { // a flag of an envelope
		if r.Message = own.message(); r.Message == "" {
			r.Message = r.text
		}
		if isControl(r.Message) {
			r.Verdict = Stopped
		}
		return r
	}
	if r.Verdict == Silent {
		r.judge(tool, own)
	}
	if r.Verdict == Silent && !own.is {
		r.say(tool, vouched)
	}
	if r.Verdict == Failed && isControl(r.Message) {
		r.Verdict = Stopped
	}
	if (r.Verdict == Silent || r.Verdict == OK) && isEmpty(r.Content) {
		r.Verdict = Empty
	}
	return r
}

// open removes envelopes, and returns the object inside them, if there is one.
func (r *Result) open(text string) (own object) {
	r.Content = strings.TrimSpace(text)
	several := false // the result has several blocks, of which the first is read
	for range maxEnvelopes {
		inner := strings.TrimSpace(text)
		if !several {
			r.Content = inner
		}
		r.text, own = inner, object{}
		if inner == "" {
			return own
		}
		switch inner[0] {
		case '"', '\'':
			if value(inner, 0) != len(inner) || len(inner) < 2 || inner[len(inner)-1] != inner[0] {
				return own
			}
			text = unquote(inner)
		case '[':
			element, more := first(inner)
			if element == "" || element[0] != '{' || more && !scan(element).block() {
				return own
			}
			text, several = element, several || more
		case '{':
			own = scan(inner)
			next, ok := own.envelope(r)
			if !ok {
				return own
			}
			text = next
		case 'c': // the repr of a message of LangChain
			body, ok := reprContent(inner)
			if !ok {
				return own
			}
			if strings.Contains(inner, " status='error'") {
				r.fail("status: error", "")
			}
			text = body
		default:
			return own
		}
	}
	return own
}

// reprContent returns the content in the Python repr of a tool message: content='…' name='…' tool_call_id='…'.
func reprContent(text string) (string, bool) {
	body, ok := strings.CutPrefix(text, "content=")
	if !ok || !isText(body) || !strings.Contains(text, "tool_call_id=") {
		return "", false
	}
	return unquote(body[:quoted(body, 0)]), true
}

func (r *Result) fail(by, message string) { r.Verdict, r.By, r.Message = Failed, by, message }

// judge reads the flags of the object that the tool returned.
func (r *Result) judge(tool Tool, o object) {
	if !o.is {
		return
	}
	message := o.message()
	switch {
	case o.control && !tool.Ends && !o.identity:
		r.Verdict = Stopped
	case o.success == no && (tool.Effect != Checks || !isNothing(o.err)):
		r.fail(o.successKey+": false", message)
	case o.success == yes && (o.data || !o.failing(tool)):
		r.Verdict = OK
	case o.failing(tool):
		r.fail("an error", message)
	case o.kind == "error" && message != "" && !o.data && tool.Effect != Checks:
		r.fail("an object of the kind error", message)
	case o.errorSet && isNothing(o.err):
		r.Verdict = OK
	}
	if r.Verdict != Silent {
		return
	}
	switch status := strings.ToLower(unquote(o.status)); status {
	case "ok", "success", "succeeded", "successful", "completed", "complete", "done":
		r.Verdict = OK
	case "cancelled", "canceled", "approval_required", "requires_approval", "pending_approval", "awaiting_approval",
		"deferred", "interrupted", "input_required", "needs_approval", "handoff":
		if tool.Effect != Reads && !tool.Ends && !o.identity {
			r.Verdict = Stopped
		}
	case "error", "fail", "failed", "failure", "errored", "err":
		// The state of something that failed is an answer.
		about := tool.Effect == Reads || tool.Effect == Checks || tool.Tracks
		if !about || status == "error" && !o.identity && message != "" {
			r.fail("status: "+status, message)
		}
	default:
		code := o.httpStatus()
		bare := code >= 400 && code != 404 && !o.data && message != "" // nothing but the status and why
		if tool.Effect != Checks && (bare || code >= 500 || code == 401 || code == 403 || code == 429) {
			r.fail("HTTP status "+strings.Trim(o.http, `"'`), message)
		}
	}
}
