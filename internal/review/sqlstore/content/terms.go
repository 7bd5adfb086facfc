package content

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// MaxContent bounds the messages in a search body, so that names, ids and evidence of late spans find room.
const MaxContent = 192 << 10

// Terms are the texts that a span is found by.
type Terms struct {
	Names   []string // names, ids and evidence
	Content []string // messages and other content, newest first
	left    int      // room for content, in bytes
}

// suspectTerm begins the search term of a suspicion: suspect:jailbreak.
const suspectTerm = "suspect:"

// TermsOf returns the terms of a span.
func TermsOf(s *review.Span) Terms {
	t := Terms{left: MaxContent}
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

func (t *Terms) name(names ...string) {
	for _, text := range names {
		if text != "" {
			t.Names = append(t.Names, strings.ReplaceAll(column.Short(text), filter.Separator, " "))
		}
	}
}

func (t *Terms) text(texts ...string) {
	for _, text := range texts {
		text = text[:min(len(text), t.left)]
		if text != "" {
			t.left -= len(text)
			t.Content = append(t.Content, strings.ReplaceAll(column.Clean(text), filter.Separator, " "))
		}
	}
}

func (t *Terms) messages(messages []genai.Message) {
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
