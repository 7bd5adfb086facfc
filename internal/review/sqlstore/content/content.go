// Package content is the stored copy of a span: bounded, as JSON, with the terms that it is found by.
package content

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
)

// Bounds of the stored copy of one span, in bytes. Prompts of the largest context windows fit. Longer texts are cut and
// marked.
const (
	maxText     = 1 << 20 // of one text: a message, an argument, a result, a document
	maxSpanData = 4 << 20 // of the span as JSON
	maxDepth    = 1000    // of a JSON value within a call: encoding/json gives up at 10,000
)

// Bound returns a copy of a span in which everything but the call fits into the store.
func Bound(s *review.Span) review.Span {
	b := *s
	b.Message = column.Cut(column.Clean(s.Message), 8*column.MaxShort)
	for _, text := range []*string{
		&b.ID, &b.ParentID, &b.Name, &b.Service, &b.Detail, &b.Evidence, &b.Fingerprint, &b.Outcome, &b.CallHash,
	} {
		*text = column.Short(*text)
	}
	b.Start, b.Duration = column.Instant(column.Nanos(s.Start)), max(s.Duration, 0)
	b.Scores, b.Skipped = finite(s.Scores), shortTexts(s.Skipped)
	b.Failing = slices.Clone(s.Failing[:min(len(s.Failing), MaxScores)])
	for i := range b.Failing {
		b.Failing[i] = column.Short(b.Failing[i])
	}
	b.Bucket, b.Finding = s.Class.Bucket(), failure.Finding{}
	b.Classes = slices.Clone(s.Classes[:min(len(s.Classes), maxClasses)])
	b.Others = slices.Clone(s.Others[:min(len(s.Others), maxClasses)])
	for i := range b.Others {
		f := &b.Others[i]
		for _, text := range []*string{&f.Detail, &f.Scorer, &f.Evidence, &f.Excerpt, &f.Tool, &f.Where, &f.What} {
			*text = column.Short(*text)
		}
	}
	return b
}

// Encode writes a bounded span as JSON. It always succeeds: a span that is too large, or that JSON cannot hold, loses
// text and at last its call, and is marked as cut.
func Encode(b review.Span) string {
	call, wasCut := b.Call, b.Cut
	if call == nil {
		return marshal(&b)
	}
	if size(call) <= maxText {
		if data := marshal(&b); data != "" && len(data) <= maxSpanData {
			return data
		}
	}
	for _, c := range []cutter{
		{text: maxText, list: math.MaxInt}, {text: 64 << 10, list: 1000}, {text: 4 << 10, list: 200},
	} {
		b.Call = c.call(call)
		b.Cut = wasCut || c.did
		if data := marshal(&b); data != "" && len(data) <= maxSpanData {
			return data
		}
	}
	b.Call, b.Cut = nil, true
	return marshal(&b)
}

// marshal returns "" where JSON cannot hold the span: a value is nested too deep, or a number is NaN or infinite.
func marshal(s *review.Span) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // structured values keep their characters
	if err := e.Encode(s); err != nil {
		return ""
	}
	return column.Clean(strings.TrimSuffix(b.String(), "\n"))
}

// Bounds of the lists of a span. Scorers and rules write fewer, but spans may come from anywhere.
const (
	MaxScores  = 256
	maxClasses = 32
)

// shortTexts bounds a map of texts.
func shortTexts(texts map[string]string) map[string]string {
	if len(texts) == 0 {
		return nil
	}
	kept := make(map[string]string, len(texts))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if len(kept) < MaxScores {
			kept[column.Short(name)] = column.Short(texts[name])
		}
	}
	return kept
}

// finite drops NaN and infinities, which JSON cannot hold.
func finite(scores map[string]float64) map[string]float64 {
	if len(scores) == 0 {
		return nil
	}
	kept := make(map[string]float64, len(scores))
	for name, v := range scores {
		if len(kept) < MaxScores && !math.IsNaN(v) && !math.IsInf(v, 0) {
			kept[column.Short(name)] = v
		}
	}
	return kept
}

// size estimates the bytes of a call's texts.
func size(c *genai.Call) int {
	n := len(c.System()) + len(c.ToolDefinitions()) + len(c.OutputSchema()) + len(c.Refusal()) + len(c.Error.Message) +
		len(c.ToolArguments().Text) + len(c.ToolResult().Text) + len(c.Retrieval().Query)
	for _, list := range [][]genai.Message{c.Input(), c.Output()} {
		for i := range list {
			m := &list[i]
			n += len(m.Text) + len(m.Reasoning) + len(m.Role)
			for j := range m.ToolCalls {
				n += len(m.ToolCalls[j].Name) + len(m.ToolCalls[j].Arguments.Text)
			}
			for j := range m.ToolResults {
				n += len(m.ToolResults[j].Result.Text)
			}
		}
	}
	for _, v := range c.PromptVariables() {
		n += len(v.Name) + len(v.Value)
	}
	for i := range c.Retrieval().Documents {
		n += len(c.Retrieval().Documents[i].Content)
	}
	return n
}

// cutter makes bounded copies of calls. It cuts long texts and keeps the ends of long lists, since the last messages
// of a conversation are the ones that failed. It remembers whether it left anything out.
type cutter struct {
	text, list int
	did        bool
}

func (k *cutter) call(c *genai.Call) *genai.Call {
	d := c.Clone()
	for _, text := range []*string{
		&d.Operation, &d.Provider, &d.ProviderRaw, &d.RequestModel, &d.ResponseModel, &d.Model, &d.ResponseID,
		&d.WorkflowName, &d.SessionID, &d.UserID, &d.AgentName, &d.AgentVersion, &d.ResponseFormat, &d.OutputType,
		&d.PromptName, &d.PromptVersion,
		&d.Error.Type, &d.ToolName, &d.ToolCallID, &d.ToolStatus, &d.ServiceName, &d.ServiceVersion, &d.DeploymentEnv,
	} {
		k.cutTo(text, column.MaxShort)
	}
	k.cutText(&d.Error.Message)
	d.FinishReasons, d.FinishReasonsCanonical = tail(k, d.FinishReasons), tail(k, d.FinishReasonsCanonical)
	for _, list := range [][]string{d.FinishReasons, d.FinishReasonsCanonical} {
		for i := range list {
			k.cutTo(&list[i], column.MaxShort)
		}
	}
	for _, number := range []*genai.Opt[float64]{&d.Temperature, &d.TopP, &d.TopK, &d.TTFT, &d.CostUSD} {
		number.Set = number.Set && !math.IsNaN(number.Value) && !math.IsInf(number.Value, 0)
	}
	content := genai.Content{
		Input: k.messages(d.Input()), Output: k.messages(d.Output()), System: d.System(), Refusal: d.Refusal(),
		Tools: tail(k, d.Tools()), PromptVariables: tail(k, d.PromptVariables()),
		ToolDefinitions: d.ToolDefinitions(), ToolArguments: d.ToolArguments(), ToolResult: d.ToolResult(),
		OutputSchema: d.OutputSchema(), Retrieval: *d.Retrieval(),
	}
	for _, text := range []*string{&content.System, &content.Refusal, &content.Retrieval.Query} {
		k.cutText(text)
	}
	for _, definition := range []*string{&content.ToolDefinitions, &content.OutputSchema} {
		v := genai.Value{Text: *definition}
		k.value(&v)
		*definition = v.Text
	}
	for i := range content.Tools {
		k.cutTo(&content.Tools[i].Name, column.MaxShort)
	}
	for i := range content.PromptVariables {
		k.cutTo(&content.PromptVariables[i].Name, column.MaxShort)
		k.cutText(&content.PromptVariables[i].Value)
	}
	k.value(&content.ToolArguments)
	k.value(&content.ToolResult)
	content.Retrieval.Documents = tail(k, content.Retrieval.Documents)
	for i := range content.Retrieval.Documents {
		document := &content.Retrieval.Documents[i]
		k.cutTo(&document.ID, column.MaxShort)
		k.cutText(&document.Content)
		document.Score.Set = document.Score.Set && !math.IsNaN(document.Score.Value) &&
			!math.IsInf(document.Score.Value, 0)
	}
	d.SetContent(content)
	return d
}

func (k *cutter) messages(messages []genai.Message) []genai.Message {
	messages = tail(k, messages)
	for i := range messages {
		m := &messages[i]
		k.cutTo(&m.Role, column.MaxShort)
		k.cutTo(&m.FinishReason, column.MaxShort)
		k.cutText(&m.Text)
		k.cutText(&m.Reasoning)
		m.ToolCalls, m.ToolResults = tail(k, m.ToolCalls), tail(k, m.ToolResults)
		for j := range m.ToolCalls {
			k.cutTo(&m.ToolCalls[j].ID, column.MaxShort)
			k.cutTo(&m.ToolCalls[j].Name, column.MaxShort)
			k.value(&m.ToolCalls[j].Arguments)
		}
		for j := range m.ToolResults {
			k.cutTo(&m.ToolResults[j].ID, column.MaxShort)
			k.value(&m.ToolResults[j].Result)
		}
	}
	return messages
}

func (k *cutter) cutText(text *string) { k.cutTo(text, k.text) }

func (k *cutter) cutTo(text *string, limit int) {
	if len(*text) > limit {
		k.did = true
		*text = column.Cut(*text, limit)
	}
}

// value cuts a value that is too long or nested too deep. A cut value is no longer JSON and is kept as text.
func (k *cutter) value(v *genai.Value) {
	limit := k.text
	if at := deeperThan(v.Text, maxDepth); at >= 0 {
		limit = min(limit, at)
	}
	k.cutTo(&v.Text, limit)
}

// deeperThan returns where a JSON text is first nested deeper than a limit, or -1. It counts brackets in strings too:
// cutting a text that would fit is the lesser harm.
func deeperThan(text string, limit int) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{', '[':
			if depth++; depth > limit {
				return i
			}
		case '}', ']':
			depth--
		}
	}
	return -1
}

func tail[T any](k *cutter, list []T) []T {
	if len(list) <= k.list {
		return list
	}
	k.did = true
	return list[len(list)-k.list:]
}
