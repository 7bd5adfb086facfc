package text

import (
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// InjectionName is the key of the scorer in the scorer file.
const InjectionName = "prompt_injection"

// Injection finds orders to the model in what is data: retrieved documents and tool results. It knows orders that speak of the
// model's task, rules or user; an ordinary request in a document is no different from a document about requests.
type Injection struct{ judge }

// NewInjection makes the scorer.
func NewInjection(config Config) (*Injection, error) {
	j, err := newJudge(&InjectionProfile, config)
	return &Injection{j}, err
}

// Score reads the tool results that are new in the call, the documents that it retrieved, and what a tool returned.
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
		input := c.NewInput()
		for i := range input {
			m := &input[i]
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
	orderedTool     = failure.Finding{Class: failure.Unsafe, Detail: failure.PromptInjection, Where: "tool_result", Evidence: "the result of a tool gives the model orders"}
	orderedDocument = failure.Finding{Class: failure.Unsafe, Detail: failure.PromptInjection, Where: "document", Evidence: "a retrieved document gives the model orders"}
)
