package outcome

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// stopOf returns the outcome that the finish reasons of a model call report. It loads the answer only where a reason
// needs it.
func stopOf(c *genai.Call) provider.Outcome {
	if !c.IsLLMCall() {
		return provider.Outcome{}
	}
	stop := provider.Stop(c.Provider, c.FinishReasons)
	switch {
	case stop.Class == "" && !stop.Cancelled && unfinished(c):
		return provider.Outcome{Class: failure.Truncation, Detail: failure.StreamCut, By: "finish", Where: "none"}
	case stop.Where == "interrupted" && calls(c), stop.Where == "error" && invented(c):
		return provider.Outcome{}
	}
	return stop
}

// maxProbe is the limit of output tokens up to which a call only asks whether the model is there.
const maxProbe = 2

// isProbe reports whether a call that reached its limit of output tokens had asked for no answer to speak of, like a
// health check. Where the limit was not recorded, the length of the answer tells.
func isProbe(c *genai.Call, stop provider.Outcome) bool {
	if stop.Detail != failure.OutputLimit {
		return false
	}
	if c.MaxTokens.Set && c.MaxTokens.Value > 0 {
		return c.MaxTokens.Value <= maxProbe
	}
	billed := c.Tokens.Output.Value + c.Tokens.Reasoning.Value
	return c.Tokens.Output.Set && billed > 0 && billed <= maxProbe
}

// calls reports whether the answer calls a tool. Genkit ends such an answer with "interrupted" to ask a person.
func calls(c *genai.Call) bool {
	for _, m := range c.Output() {
		if len(m.ToolCalls) > 0 {
			return true
		}
	}
	return false
}

// invented reports whether the instrumentation wrote "error" only because the provider sent no finish reason: nothing
// else reports an error, tokens were billed, and the answer is there. Mistral and OpenRouter send "error" themselves,
// after half a text.
func invented(c *genai.Call) bool {
	if c.Error.IsError || c.Tokens.Output.Value <= 0 {
		return false
	}
	for _, reason := range c.FinishReasons {
		if reason != "error" {
			return false
		}
	}
	if calls(c) {
		return true
	}
	if c.Provider == provider.Mistral || c.Provider == "openrouter" {
		return false
	}
	output := c.Output()
	return len(output) > 0 && !output[0].IsEmpty()
}

// unfinished reports whether a stream ended without a finish reason. The emitter must say so: one that leaves the
// reason out may not know it. The last chunk has the token counts too, so a stream with counts is whole.
func unfinished(c *genai.Call) bool {
	if len(c.FinishReasons) == 0 || !c.TTFT.Set && !c.Streaming.Value || c.Tokens.Output.Value > 0 {
		return false
	}
	for _, reason := range c.FinishReasons {
		switch strings.ToLower(reason) {
		case "", "unknown", "other", "none", "null", "undefined", "unspecified", "finish_reason_unspecified":
		default:
			return false
		}
	}
	output := c.Output()
	return len(output) > 0 && strings.TrimSpace(output[0].Text) != "" && !calls(c)
}

// maxErrorBody bounds the answers that are read as an error body, in bytes.
const maxErrorBody = 4 << 10

// errorBody is the body of a failed response, as providers and gateways send it. vLLM has no envelope.
type errorBody struct {
	Object string          `json:"object"`
	Error  json.RawMessage `json:"error"`
}

// bodyMembers are all that the body of a failed response has if it has no error object.
var bodyMembers = map[string]bool{
	"error": true, "errors": true, "message": true, "messages": true, "msg": true, "detail": true, "details": true,
	"status": true, "statusCode": true, "status_code": true, "code": true, "type": true, "object": true, "param": true,
	"request_id": true, "requestId": true, "timestamp": true, "path": true, "success": true, "result": true,
	"user_id": true, "trace_id": true, "title": true,
}

// bareBody reports whether an object is the body of a failed response without an error object.
func bareBody(text string) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil || len(members) == 0 {
		return false
	}
	for name := range members {
		if !bodyMembers[name] {
			return false
		}
	}
	return true
}

// proxyWords begin what proxies send as plain text in place of an answer.
var proxyWords = []string{
	"upstream connect error", "upstream request timeout", "no healthy upstream", "internal server error",
	"service unavailable", "bad gateway", "gateway timeout", "gateway time-out", "error code: ",
}

// proxyPage returns what a page or a line of a proxy says, or "".
func proxyPage(text string) string {
	if begins(text, "<html") || begins(text, "<!doctype html") {
		_, title, _ := strings.Cut(strings.ToLower(text), "<title>")
		title, _, _ = strings.Cut(title, "</title>")
		return strings.TrimSpace(title)
	}
	if len(text) < 300 && !strings.Contains(text, "\n") &&
		slices.ContainsFunc(proxyWords, func(words string) bool { return begins(text, words) }) {
		return text
	}
	return ""
}

// begins reports whether a text begins with a prefix, in any case.
func begins(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// errorAnswer returns the outcome of an answer that is nothing but an error object: a gateway passed on the body of a
// failed response under status 200, or a proxy its own page. It must have a code, a status or words that are known,
// because answers may be objects of the application with an error in them. No tokens are billed for such an answer.
func errorAnswer(c *genai.Call, output []genai.Message) provider.Outcome {
	if len(output) != 1 || len(output[0].ToolCalls) > 0 || c.Tokens.Output.Value > 0 {
		return provider.Outcome{}
	}
	text := strings.TrimSpace(output[0].Text)
	if inner, ok := strings.CutPrefix(text, "["); ok { // Gemini wraps errors of streams in an array
		text = strings.TrimSpace(strings.TrimSuffix(inner, "]"))
	}
	if text == "" || len(text) > maxErrorBody {
		return provider.Outcome{}
	}
	bare := false
	if text[0] == '{' {
		var body errorBody
		if json.Unmarshal([]byte(text), &body) != nil {
			return provider.Outcome{}
		}
		if body.Object != "error" && !strings.HasPrefix(string(body.Error), "{") {
			if bare = bareBody(text); !bare {
				return provider.Outcome{}
			}
		}
	} else if text = proxyPage(text); text == "" {
		return provider.Outcome{}
	}
	switch o := provider.Classify(genai.Error{IsError: true, Message: text}); {
	case o.By == "code", o.By == "http", o.By == "message" && (bare || text[0] != '{'):
		return o
	}
	return provider.Outcome{}
}
