package outcome

import (
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/score"
)

// tool decides whether a tool succeeded. An empty result is not a failure.
func tool(c *genai.Call, r *score.Result) {
	if c.Error.IsError {
		if provider.Classify(c.Error).Cancelled {
			r.Cancelled = true
			return
		}
		failed(c, r, toolError(c), c.Error.Message)
		return
	}
	if saysFailed(c.ToolStatus) {
		failed(c, r, "the tool reported status "+quote(c.ToolStatus), c.ToolResult().Text)
		return
	}
	result := strings.TrimSpace(c.ToolResult().Text)
	switch {
	case result == "" && c.ToolResult().IsZero() && c.ContentMissing:
		r.ToolOutcome = score.OutcomeOK // the span reports success without the result
	case saysError(result):
		failed(c, r, "the tool's result begins with an error", result)
	case isErrorSet(result):
		failed(c, r, "the tool's result has isError: true", result)
	case isEmpty(result):
		r.ToolOutcome = score.OutcomeEmpty
		if c.ToolResult().IsZero() {
			r.ToolOutcome = score.OutcomeOK
		}
	default:
		r.ToolOutcome = score.OutcomeOK
	}
}

// saysFailed knows the statuses with which emitters report a failed tool.
func saysFailed(status string) bool {
	for _, word := range [...]string{"error", "failed", "failure", "errored"} {
		if strings.EqualFold(status, word) {
			return true
		}
	}
	return false
}

func toolError(c *genai.Call) string {
	if c.Error.Type == "" || c.Error.Type == "_OTHER" {
		return "the tool's span has status ERROR"
	}
	return "the tool raised " + quote(c.Error.Type)
}

func failed(c *genai.Call, r *score.Result, evidence, message string) {
	r.ToolOutcome = score.OutcomeFailed
	if c.ToolName != "" {
		evidence = clip.Text(c.ToolName, maxName) + ": " + evidence
	}
	r.Find(failure.Finding{
		Class: failure.ToolError, Detail: failure.ToolFailed, Tool: c.ToolName, Where: clip.Text(c.Error.Type, maxName),
		What: firstLine(message), Evidence: evidence, Excerpt: firstLine(message),
	})
}

// errorWords begin results that report an error. A separator follows.
var errorWords = []string{
	"error", "exception", "traceback (most recent call last)", "fatal error", "unhandled exception", "runtimeerror",
	"valueerror", "typeerror", "keyerror",
}

// saysError reports whether a result's text reports an error. A text about errors ("Error handling is described in …")
// does not.
func saysError(result string) bool {
	head := inner(result)
	if len(head) > 64 {
		head = head[:64]
	}
	head = strings.ToLower(strings.TrimLeft(head, `"'[({ `))
	if strings.HasPrefix(head, `error"`) { // an object whose first key is error
		rest := strings.TrimLeft(head[len(`error"`):], " :")
		return rest != "" && !strings.HasPrefix(rest, "null") && !strings.HasPrefix(rest, "false") &&
			!strings.HasPrefix(rest, `""`) &&
			!strings.HasPrefix(rest, "0") && !strings.HasPrefix(rest, "[]") &&
			!strings.HasPrefix(rest, "{}")
	}
	for _, word := range errorWords {
		if rest, ok := strings.CutPrefix(head, word); ok {
			return rest == "" || rest[0] == ':' || strings.HasPrefix(rest, " -") || strings.HasPrefix(rest, " executing") ||
				strings.HasPrefix(rest, " while") ||
				strings.HasPrefix(rest, " code") || strings.HasPrefix(rest, " calling") || strings.HasPrefix(rest, "!") ||
				rest[0] == '\n'
		}
	}
	// "SomethingError: …", as an interpreter prints it.
	if name, _, ok := strings.Cut(head, ":"); ok && !strings.ContainsAny(name, " \t\n") {
		return strings.HasSuffix(name, "error") || strings.HasSuffix(name, "exception")
	}
	return false
}

// inner returns the text in a content block, [{"type":"text","text":"…"}], in which MCP and the APIs of models wrap the
// result of a tool. Any other result is returned unchanged.
func inner(result string) string {
	if result == "" || result[0] != '[' && result[0] != '{' {
		return result
	}
	head := result[:min(len(result), 96)]
	i := strings.Index(head, `"text":`)
	if i < 0 || !strings.Contains(head[:i], `"type"`) {
		return result
	}
	return result[i+len(`"text":`):]
}

// isErrorSet reports whether a result is a Model Context Protocol object with isError: true. The key is first or last
// in it.
func isErrorSet(result string) bool {
	if result == "" || result[0] != '{' {
		return false
	}
	const window, mark = 64, `"isError"`
	head, tail := result[:min(len(result), window)], result[max(0, len(result)-window):]
	if !strings.Contains(head, mark) && !strings.Contains(tail, mark) {
		return false
	}
	return strings.HasPrefix(packed(head), `{"isError":true`) || strings.HasSuffix(packed(tail), `"isError":true}`)
}

// packed returns a short text without its white space.
func packed(s string) string { return strings.Join(strings.Fields(s), "") }

// isEmpty knows how tools report that they found nothing.
func isEmpty(result string) bool {
	if len(result) >= 64 { // too long to mean nothing
		return false
	}
	switch strings.ToLower(strings.Trim(result, `"' `)) {
	case "",
		"[]", "{}", "null", "none", "no results", "no results found", "no results.", "no results found.", "not found",
		"nothing found":
		return true
	}
	// An object whose only value is an empty list.
	if strings.HasPrefix(result, "{") && strings.Count(result, ":") == 1 {
		return strings.HasSuffix(strings.Join(strings.Fields(result), ""), ":[]}")
	}
	return false
}

// maxName bounds names and codes in evidence, in bytes.
const maxName = 80

func quote(s string) string { return strconv.Quote(clip.Text(s, maxName)) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// firstLine returns the first line of a message, which says what went wrong.
func firstLine(s string) string {
	const limit = 512
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return clip.Text(line, limit)
}
