package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// The values that a prompt template was filled with stand in attributes of their own, or in one JSON object.
const (
	prefixVariable   = "gen_ai.prompt.variable."
	prefixTLVariable = "traceloop.prompt.template_variables."
)

// variableKeys hold a JSON object of variables.
var variableKeys = []key{
	intern(inOpenInference, "llm.prompt_template.variables"),
	intern(0, "langwatch.prompt.variables"),
	intern(inOTel, "gen_ai.prompt.variables"),
}

// maxVariables bounds the variables of one prompt.
const maxVariables = 64

// promptVariables reads the variables of the prompt. They are content: users' words fill them.
func (r *Reader) promptVariables(content *genai.Content) {
	content.PromptVariables = nil
	if r.families&flatVariables != 0 {
		for name, value := range r.span.Attributes().All() {
			for _, prefix := range [...]string{prefixVariable, prefixTLVariable} {
				if of, ok := strings.CutPrefix(name, prefix); ok && of != "" && len(content.PromptVariables) < maxVariables {
					content.PromptVariables = append(content.PromptVariables, genai.Variable{Name: of, Value: r.text(value)})
				}
			}
		}
	}
	for _, k := range variableKeys {
		if len(content.PromptVariables) > 0 || !r.has(k) {
			continue
		}
		c := cursor{s: contentText(r, k)}
		if !c.open('{') {
			continue
		}
		for name := ""; c.member(&name) && len(content.PromptVariables) < maxVariables; {
			content.PromptVariables = append(content.PromptVariables, genai.Variable{Name: name, Value: valueOf(c.raw()).Text})
		}
	}
}
