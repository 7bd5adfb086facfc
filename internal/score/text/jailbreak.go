package text

import (
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// JailbreakName is the key of the scorer in the scorer file.
const JailbreakName = "jailbreak"

// Jailbreak finds prompts that try to talk the model out of its rules: personas without limits, overrides, and
// suffixes from an optimiser. A harmful request alone is not a jailbreak.
type Jailbreak struct{ judge }

// NewJailbreak makes the scorer.
func NewJailbreak(config Config) (*Jailbreak, error) {
	j, err := newJudge(&JailbreakProfile, config)
	return &Jailbreak{j}, err
}

// Score reads the user's new messages in this call, whether or not the call was answered.
func (s *Jailbreak) Score(c *genai.Call, r *score.Result) {
	if !c.IsLLMCall() {
		return
	}
	var v verdict
	input, first := c.NewInput(), c.NewInputFrom()
	for i := range input {
		m := &input[i]
		v.reading = promptPlace(first + i + 1)
		switch m.Role {
		case genai.RoleSystem, genai.RoleTool, "developer":
			continue
		}
		s.lookAgain(&v, m.Text, r, failure.Finding{
			Class: failure.Unsafe, Detail: failure.Jailbreak,
			Evidence: "the prompt tries to talk the model out of its rules",
		})
	}
	s.conclude(s, v, r)
}
