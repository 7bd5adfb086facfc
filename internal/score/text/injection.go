package text

import (
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// InjectionName is the key of the scorer in the scorer file.
const InjectionName = "prompt_injection"

// Injection finds instructions to the model in data: in retrieved documents and tool results. It recognises
// instructions about the model's task, rules or user. It cannot tell an ordinary request in a document from a document
// about requests.
type Injection struct{ judge }

// NewInjection makes the scorer.
func NewInjection(config Config) (*Injection, error) {
	j, err := newJudge(&InjectionProfile, config)
	return &Injection{j}, err
}

// Score reads the new tool results of a model call, the documents of a retrieval, and the result of a tool.
func (s *Injection) Score(c *genai.Call, r *score.Result) {
	var v verdict
	switch {
	case c.Operation == genai.OpExecuteTool:
		s.lookAgain(&v, c.ToolResult().Text, r, orderedTool)
	case c.IsLLMCall(), c.Operation == genai.OpRetrieval:
		documents := c.Retrieval().Documents
		for i := range documents {
			s.look(&v, documents[i].Content, r, orderedDocument)
		}
		if !c.IsLLMCall() {
			break
		}
		input, first := c.NewInput(), c.NewInputFrom()
		for i := range input {
			m := &input[i]
			v.reading = promptPlace(first + i + 1)
			for k := range m.ToolResults {
				s.lookAgain(&v, m.ToolResults[k].Result.Text, r, orderedTool)
			}
			if m.Role == genai.RoleTool {
				s.lookAgain(&v, m.Text, r, orderedTool)
			}
		}
	}
	s.conclude(s, v, r)
}

var (
	orderedTool = failure.Finding{
		Class: failure.Unsafe, Detail: failure.PromptInjection, Where: "tool_result",
		Evidence: "a tool result gives the model orders",
	}
	orderedDocument = failure.Finding{
		Class: failure.Unsafe, Detail: failure.PromptInjection, Where: "document",
		Evidence: "a retrieved document gives the model orders",
	}
)
