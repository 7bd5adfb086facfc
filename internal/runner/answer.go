package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Runner gives a case to a system and returns what it answered. It is used by several goroutines.
type Runner interface {
	Run(ctx context.Context, c *Case) (Answer, error)
	// Key identifies the system as far as the runner knows it: the command, the model, the prompt.
	Key() string
}

// Answer is what a system answered: a text, calls of tools, or traces of its own.
type Answer struct {
	Text         string
	ToolCalls    []Function
	FinishReason string
	Model        string
	InputTokens  int64
	OutputTokens int64
	CostUSD      float64
	// OTLP is what the system recorded itself, instead of the fields above: JSON or protobuf.
	OTLP []byte

	Began, Ended time.Time
}

// ErrRefused is returned for an answer that says itself that it is none: {"error": …}.
var ErrRefused = errors.New("the system reports")

// reply is the JSON of an answer: the short form of commands, or a response of a chat API.
type reply struct {
	Content      *string         `json:"content"`
	ToolCalls    []replyCall     `json:"tool_calls"`
	FinishReason string          `json:"finish_reason"`
	Model        string          `json:"model"`
	CostUSD      float64         `json:"cost_usd"`
	Usage        replyUsage      `json:"usage"`
	Error        json.RawMessage `json:"error"`
	Choices      []struct {
		FinishReason string `json:"finish_reason"`
		Message      struct {
			Content   *string     `json:"content"`
			Refusal   string      `json:"refusal"`
			ToolCalls []replyCall `json:"tool_calls"`
		} `json:"message"`
	} `json:"choices"`
	Spans json.RawMessage `json:"resourceSpans"`
}

type replyUsage struct {
	Prompt     int64 `json:"prompt_tokens"`
	Completion int64 `json:"completion_tokens"`
	Input      int64 `json:"input_tokens"`
	Output     int64 `json:"output_tokens"`
}

// replyCall is {"name", "arguments"}, or the same inside "function". Arguments are an object, or JSON in a text.
type replyCall struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
	Function  *replyCall      `json:"function"`
}

// ParseAnswer reads an answer: OTLP (JSON or protobuf, compressed or not), a JSON object of the short form, a response
// of a chat API, and else text. A JSON value of any other kind is the text of the answer.
func ParseAnswer(out []byte) (Answer, error) {
	if isOTLP(out) {
		return Answer{OTLP: out}, nil
	}
	text := strings.TrimRight(string(out), "\r\n")
	var r reply
	if trimmed := bytes.TrimSpace(out); len(trimmed) == 0 || trimmed[0] != '{' || json.Unmarshal(trimmed, &r) != nil {
		return Answer{Text: text}, nil
	}
	a := Answer{
		FinishReason: r.FinishReason, Model: r.Model, CostUSD: r.CostUSD,
		InputTokens: r.Usage.Prompt + r.Usage.Input, OutputTokens: r.Usage.Completion + r.Usage.Output,
	}
	content, calls := r.Content, r.ToolCalls
	switch {
	case len(r.Spans) > 0:
		return Answer{OTLP: out}, nil
	case len(r.Error) > 0 && string(r.Error) != "null" && content == nil && len(calls) == 0:
		return Answer{}, errors.Join(ErrRefused, errors.New(message(r.Error)))
	case len(r.Choices) > 0:
		choice := r.Choices[0]
		content, calls, a.FinishReason = choice.Message.Content, choice.Message.ToolCalls, choice.FinishReason
		if content == nil && choice.Message.Refusal != "" {
			content, a.FinishReason = &choice.Message.Refusal, "refusal"
		}
	case content == nil && len(calls) == 0:
		return Answer{Text: text}, nil // a structured answer
	}
	if content != nil {
		a.Text = *content
	}
	for _, call := range calls {
		if call.Function != nil {
			call = *call.Function
		}
		f := Function{Name: call.Name, Arguments: string(call.Arguments)}
		var inText string
		if json.Unmarshal(call.Arguments, &inText) == nil {
			f.Arguments = inText
		}
		a.ToolCalls = append(a.ToolCalls, f)
	}
	return a, nil
}

// isOTLP recognizes compressed and protobuf requests, and JSON ones over several lines.
func isOTLP(out []byte) bool {
	if bytes.HasPrefix(out, []byte{0x1f, 0x8b}) {
		return true
	}
	head := bytes.TrimLeft(out, " \t\r\n")
	if len(head) > 0 && head[0] == '{' {
		head = bytes.TrimLeft(head[1:], " \t\r\n")
		return bytes.HasPrefix(head, []byte(`"resourceSpans"`)) || bytes.HasPrefix(head, []byte(`"resourceLogs"`))
	}
	if len(out) < 8 || out[0] != '\n' { // field 1 with a length; then the resource, field 1 again
		return false
	}
	for _, c := range out[1:min(len(out), 8)] {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return true
		}
	}
	return false
}

// message returns the text of an error in a response: a text, or the member message of an object.
func message(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &object) == nil && object.Message != "" {
		return object.Message
	}
	return string(raw)
}
