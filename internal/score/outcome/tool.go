package outcome

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/toolrun"
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
	text := c.ToolResult().Text
	if c.ToolResult().IsZero() { // the span reports success without the result
		r.ToolOutcome = score.OutcomeOK
		return
	}
	of := toolrun.Of(c.ToolName, "")
	if of.Shell {
		of = toolrun.Of(c.ToolName, c.ToolArguments().Text)
	}
	switch result := toolrun.Read(of, text, c.StatusOK); result.Verdict {
	case toolrun.Failed:
		failed(c, r, "the tool's result says so: "+result.By, cmp.Or(result.Message, text))
	case toolrun.Stopped:
		r.Cancelled = true
	case toolrun.Empty:
		r.ToolOutcome = score.OutcomeEmpty
	case toolrun.OK, toolrun.Silent:
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
