package toolrun

import (
	"bytes"
	"strconv"
	"strings"
)

// answer is a flag that may be absent.
type answer uint8

const (
	absent answer = iota
	yes
	no
)

// object holds the members of an object that say what it is. Values are unparsed.
type object struct {
	is                  bool // it is an object
	count               int  // members
	known               int  // members that only describe the run: ids, names, durations
	inner               string
	innerKey            string
	content, kwargs     string
	structured          string
	kind, status        string
	isError             answer
	success             answer
	successKey          string
	err, said           string
	errorSet, errorList bool
	http                string
	data                bool // it holds data besides an error
	noData              bool // data: null, as in GraphQL
	call                bool // it names the call that it answers
	serial              bool // LangChain's form of an object
	identity            bool // it describes a thing that has an id
	control             bool
}

// scan reads the members of the object that a text begins with.
func scan(text string) object {
	o := object{is: true}
	var room [40]byte
	members(text, func(key, value string) bool {
		o.count++
		o.add(squeeze(room[:0], key), key, value)
		return o.count < 256
	})
	return o
}

// squeeze returns a key in lower case without separators: isError and is_error are the same.
func squeeze(into []byte, key string) []byte {
	for i := 0; i < len(key) && len(into) < 40; i++ {
		switch b := key[i]; {
		case b == '_' || b == '-' || b == ' ' || b == '.':
		case 'A' <= b && b <= 'Z':
			into = append(into, b+'a'-'A')
		default:
			into = append(into, b)
		}
	}
	return into
}

// add notes a member.
func (o *object) add(name []byte, key, value string) {
	switch string(name) {
	case "toolcallid", "tooluseid", "callid":
		o.call, o.known = true, o.known+1
	case "lc":
		o.serial = true
	case "kwargs":
		o.kwargs, o.known = value, o.known+1
	case "type", "partkind", "role":
		o.known++
		if kind := unquote(value); o.kind == "" || string(name) != "type" {
			o.kind = kind
		}
	case "object": // {"object":"error"}
		if unquote(value) == "error" {
			o.kind = "error"
		}
		o.known++
	case "code", "documentationurl", "helpurl", "doc", "docurl":
		o.known++
	case "content":
		o.content = value
	case "structuredcontent":
		o.structured, o.known = value, o.known+1
	case "iserror":
		o.isError, o.known = answered(value), o.known+1
	case "output", "result", "response", "returnvalue",
		"toolresult", "functionresponse", "functionresult", "toolresponse",
		"text", "value", "body", "payload", "rawoutput":
		if o.inner == "" {
			o.inner, o.innerKey = value, key
		}
		o.data = o.data || !isNothing(value)
	case "data":
		if o.inner == "" {
			o.inner, o.innerKey = value, key
		}
		o.data, o.noData = o.data || !isNothing(value), isNothing(value)
	case "ok", "success", "successful", "succeeded", "issuccess":
		if a := answered(value); a != absent && o.success != no {
			o.success, o.successKey = a, key
		}
	case "status", "outcome":
		if o.status == "" || string(name) == "status" {
			o.status = value
		}
		if isNumber(strings.Trim(value, `"'`)) {
			o.http = value
		}
	case "statuscode", "httpstatus", "httpstatuscode", "httpcode":
		o.http = value
	case "error", "err", "exception", "errormessage", "errmsg":
		o.errorSet = true
		if isNothing(o.err) {
			o.err = value
		}
	case "errors":
		o.errorList = strings.HasPrefix(value, "[") && !isNothing(value)
		if o.errorList && isNothing(o.said) {
			o.said, _ = first(value)
		}
	case "message", "reason", "detail", "msg", "errorcode", "errortype", "hint":
		if isNothing(o.said) {
			o.said = value
		}
	case "approvalrequired", "requiresapproval", "needsapproval", "requiresconfirmation", "deferred", "interrupt",
		"cancelled", "canceled", "awaitingapproval", "requiresaction", "needsinput":
		o.control = o.control || !isNothing(value)
	case "id", "uuid", "name", "title", "createdat", "updatedat", "startedat", "finishedat", "key", "number",
		"state", "phase", "conclusion", "progress", "percent":
		o.identity = true
		if string(name) == "id" || string(name) == "name" {
			o.known++
		}
	case "meta", "metadata", "additionalkwargs", "responsemetadata",
		"annotations", "toolname", "requestid", "traceid",
		"duration", "durationms", "elapsed", "elapsedms", "took", "timestamp", "artifact", "args", "tool",
		"sanitizeinputsoutputs", "serverid", "logs", "latencyms", "providerexecuted", "dynamic", "input":
		o.known++
	default:
		if len(name) > 2 && bytes.HasSuffix(name, idSuffix) {
			o.identity = true
		}
		o.data = o.data || !isNothing(value)
	}
}

// envelope returns what the object wraps, if it is an envelope, and notes the flags of the envelope. A flag that says
// success says nothing: frameworks set it for every tool that did not raise an exception.
func (o *object) envelope(r *Result) (inner string, ok bool) {
	if o.serial && o.kwargs != "" {
		return o.kwargs, true
	}
	if o.isError == yes {
		r.fail("isError: true", "")
	}
	tool := o.call || isToolKind(o.kind)
	status := strings.ToLower(unquote(o.status))
	if tool && (status == "error" || status == "failed" || status == "denied") && r.Verdict == Silent {
		if r.fail("status: "+status, ""); status == "denied" {
			r.Verdict = Stopped
		}
	}
	switch o.kind {
	case "error-text", "error-json", "tool-error", "retry-prompt", "tool_result_error":
		r.fail("type: "+o.kind, "")
	case "execution-denied", "tool-approval-request":
		r.Verdict = Stopped
	}
	blocks := strings.HasPrefix(o.content, "[") && isBlocks(o.content)
	switch {
	case o.content != "" && (tool || o.isError != absent || blocks || o.count == 1 || o.alone(1)):
		if o.structured != "" && isNothing(o.content) {
			return o.structured, true
		}
		return o.content, true
	case o.inner != "" && (tool || o.block() || o.alone(1)):
		return o.inner, true
	case o.isError == yes:
		return "", false
	case o.count == 1 && o.said != "" && isText(o.said):
		return o.said, true
	}
	// A result within the result may have flags: {"tool":"x","result":{"success":false}}.
	if o.inner != "" && o.success == absent && !o.errorSet && o.inner[0] == '{' {
		switch n := scan(o.inner); {
		case n.isError == yes:
			r.fail("isError: true", n.message())
		case n.success == no:
			r.fail(n.successKey+": false", n.message())
		case n.success == absent && !n.identity && !isNothing(n.err) && n.failing(Tool{}):
			r.fail("an error", n.message())
		}
	}
	return "", false
}

// alone reports whether all but so many members only describe the run.
func (o *object) alone(others int) bool {
	return o.success == absent && !o.errorSet && o.status == "" && o.http == "" && o.count-o.known <= others
}

// block reports whether the object is a part of a message.
func (o object) block() bool {
	switch o.kind {
	case "text", "json", "content", "error-text", "error-json", "input_text", "output_text":
		return o.inner != ""
	}
	return isToolKind(o.kind)
}

func isBlocks(list string) bool {
	element, _ := first(list)
	if element == "" || element[0] != '{' {
		return false
	}
	o := scan(element)
	return o.block() || o.innerKey == "text" || o.innerKey == "json"
}

func isToolKind(kind string) bool {
	switch kind {
	case "tool", "tool_result", "tool-result",
		"function_call_output", "tool_call_response", "tool-return", "tool-error",
		"tool_call_output", "mcp_tool_result", "retry-prompt", "custom_tool_call_output":
		return true
	}
	return false
}

// failing reports whether the error in an object is a failure of the tool.
func (o *object) failing(tool Tool) bool {
	if o.errorList && (o.noData || !o.data) && tool.Effect != Checks && !tool.Reports {
		return true // as GraphQL answers
	}
	if isNothing(o.err) {
		return false
	}
	about := tool.Effect == Reads || tool.Effect == Checks || tool.Reports || tool.Tracks
	if about && o.identity { // a record of something else that failed
		return false
	}
	switch o.err[0] {
	case '{':
		inner := scan(o.err)
		code := inner.code(o.err)
		return code != "0" && code != "200" && !isFine(unquote(inner.said))
	case '"', '\'':
		return !isFine(unquote(o.err))
	case '[':
		return tool.Effect != Checks
	}
	return !isNumber(o.err) // true is a failure, and a number counts something
}

// code returns the code in an error.
func (*object) code(text string) (code string) {
	members(text, func(key, value string) bool {
		if strings.EqualFold(key, "code") {
			code = strings.Trim(value, `"'`)
			return false
		}
		return true
	})
	return code
}

// isFine reports whether the text of an error field means success, like "none" or "ok".
func isFine(text string) bool {
	switch strings.ToLower(strings.Trim(text, " .!")) {
	case "ok", "none", "no", "null", "nil", "success", "no error", "no errors", "n/a", "-", "0", "false", "undefined":
		return true
	}
	return false
}

// message returns what the object says went wrong.
func (o *object) message() string {
	text := o.err
	if isNothing(text) || text == "true" || text == "True" || isNumber(text) {
		text = o.said
	}
	if text != "" && (text[0] == '{' || text[0] == '[') {
		if inner := scan(text); inner.said != "" {
			text = inner.said
		}
	}
	return unquote(text)
}

func (o *object) httpStatus() int {
	text := strings.Trim(o.http, `"'`)
	if !isNumber(text) {
		return 0
	}
	code, _ := strconv.Atoi(text)
	if code < 100 || code > 599 {
		return 0
	}
	return code
}

func answered(value string) answer {
	switch strings.Trim(value, `"'`) {
	case "true", "True", "TRUE", "1", "yes":
		return yes
	case "false", "False", "FALSE", "0", "no":
		return no
	}
	return absent
}

var idSuffix = []byte("id")

func isNumber(value string) bool {
	if value == "" || !digit(value[0]) && value[0] != '-' {
		return false // without the error that a parser would make
	}
	_, err := strconv.ParseFloat(value, 64)
	return err == nil
}
