package provider

import (
	"strconv"
	"strings"
)

// body is an error body that was printed into a message, as JSON or as a Python dict.
type body struct {
	code   fine
	name   string // the code, folded
	status int    // a numeric HTTP status, 0 if there is none
}

// bodyKeys precede a code or a status. They match with either kind of quotes.
var bodyKeys = []string{"code", "type", "status", "__type", "reason", "statusCode", "status_code", "error_code"}

// read finds codes and statuses in the head of a message: in a body, in the format of botocore ("An error occurred
// (ThrottlingException) when …"), and in that of gRPC for Go ("rpc error: code = Unavailable desc = …"). Of several
// codes, the one with the smallest weight counts.
func read(text string) body {
	var b body
	if _, rest, ok := strings.Cut(text, "An error occurred ("); ok {
		code, _, _ := strings.Cut(rest, ")")
		b.consider(code)
	}
	if _, rest, ok := strings.Cut(text, "rpc error: code = "); ok {
		code, _, _ := strings.Cut(rest, " ")
		b.consider(code)
	}
	if strings.IndexByte(text, '{') < 0 {
		return b
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '"' && text[i] != '\'' {
			continue
		}
		for _, key := range bodyKeys {
			end := i + 1 + len(key)
			if end >= len(text) || text[end] != text[i] || text[i+1:end] != key {
				continue
			}
			b.value(strings.TrimLeft(text[end+1:], " "))
		}
	}
	return b
}

// value reads the value of a key.
func (b *body) value(text string) {
	if text == "" || text[0] != ':' {
		return
	}
	text = strings.TrimLeft(text[1:], " ")
	if text == "" {
		return
	}
	if quote := text[:1]; quote == `"` || quote == "'" {
		if value, _, closed := strings.Cut(text[1:], quote); closed {
			b.consider(value)
		}
		return
	}
	if status, ok := leadingStatus(strings.TrimRight(text[:min(4, len(text))], "}]")); ok && b.status == 0 {
		b.status = status
	}
}

// consider takes a code if it is better than the previous one.
func (b *body) consider(code string) {
	if len(code) > maxType {
		return
	}
	if status, err := strconv.Atoi(code); err == nil {
		if b.status == 0 && status >= 400 && status < 600 {
			b.status = status
		}
		return
	}
	folded := foldCode(code)
	f, ok := codes[folded]
	if !ok {
		if f, _, folded = byType(code); !f.known() { // vLLM's type is the name of an exception
			return
		}
	}
	if !b.code.known() || f.weight() < b.code.weight() {
		b.code, b.name = f, folded
	}
}

// foldCode makes codes comparable: "Internal Server Error" is internal_server_error.
func foldCode(code string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(code)), " ", "_")
}

// statusPrefixes precede an HTTP status in a message. A bare number is not a status: it may be an ID or a price.
var statusPrefixes = []string{
	"error code: ", "status code: ", "status code ", "status_code=", "status_code: ", "status: ", "http status ",
	"http error ",
	"http/1.1 ", "http/2 ", "http ", "httperror: ", "error: ", "statuscode: ", "api error: ", "failed with status ",
	"failed: ",
}

// statusIn finds an HTTP status in type and message. It is 0 if there is none.
func statusIn(kind, text, lower string, b body) int {
	if status, ok := leadingStatus(kind); ok {
		return status
	}
	if status, ok := leadingStatus(text); ok {
		return status
	}
	for _, prefix := range statusPrefixes {
		if _, rest, ok := strings.Cut(lower, prefix); ok {
			if status, ok := leadingStatus(rest); ok {
				return status
			}
		}
	}
	return b.status
}

// leadingStatus reads a three-digit status at the start, followed by the end or a separator.
func leadingStatus(s string) (int, bool) {
	if len(s) < 3 || len(s) > 3 && strings.IndexByte(" :,-.)]}\"'", s[3]) < 0 {
		return 0, false
	}
	status, err := strconv.Atoi(s[:3])
	return status, err == nil && status >= 400 && status < 600
}
