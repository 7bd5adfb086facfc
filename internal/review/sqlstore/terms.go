package sqlstore

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// terms are the texts that a span is found by.
type terms struct {
	names   []string // names, ids and evidence
	content []string // messages and other content, newest first
	left    int      // room for content, in bytes
}

// suspectTerm begins the search term of a suspicion: suspect:jailbreak.
const suspectTerm = "suspect:"

// termsOf returns the terms of a span.
func termsOf(s *review.Span) terms {
	t := terms{left: maxContent}
	t.name(s.Evidence, string(s.Class), s.Detail, s.Name, s.Service, s.ID, s.Fingerprint)
	for _, scorer := range s.Suspects {
		t.name(suspectTerm + scorer)
	}
	t.text(s.Message)
	c := s.Call
	if c == nil {
		return t
	}
	t.name(c.RequestModel, c.ResponseModel, c.Model, c.Provider, c.AgentName, c.ToolName, c.PromptName, c.WorkflowName,
		c.SessionID, c.UserID, c.ResponseID, c.ToolCallID, c.Error.Type)
	t.text(c.Error.Message, c.Refusal(), c.ToolArguments().Text, c.ToolResult().Text, c.Retrieval().Query)
	t.messages(c.Output())
	t.messages(c.Input())
	for i := range c.Retrieval().Documents {
		t.text(c.Retrieval().Documents[i].ID, c.Retrieval().Documents[i].Content)
	}
	t.text(c.System())
	return t
}

func (t *terms) name(names ...string) {
	for _, text := range names {
		if text != "" {
			t.names = append(t.names, strings.ReplaceAll(short(text), separator, " "))
		}
	}
}

func (t *terms) text(texts ...string) {
	for _, text := range texts {
		text = text[:min(len(text), t.left)]
		if text != "" {
			t.left -= len(text)
			t.content = append(t.content, strings.ReplaceAll(clean(text), separator, " "))
		}
	}
}

func (t *terms) messages(messages []genai.Message) {
	for i := range slices.Backward(messages) {
		m := &messages[i]
		t.text(m.Text, m.Reasoning)
		for j := range m.ToolCalls {
			t.text(m.ToolCalls[j].Name, m.ToolCalls[j].ID, m.ToolCalls[j].Arguments.Text)
		}
		for j := range m.ToolResults {
			t.text(m.ToolResults[j].Result.Text)
		}
	}
}
