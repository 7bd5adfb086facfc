// Package assess has a judge give runs of an application a score by a rubric, for the assertion "rubric NAME >= N".
package assess

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
)

// Assessor judges runs. The same run is judged once, however often it is asked for.
type Assessor struct {
	desk     *docket.Desk
	rubrics  []*judge.Rubric
	maxBytes int

	mu    sync.Mutex
	known map[[sha256.Size]byte]judgement
	calls int
}

var _ assertion.Judge = (*Assessor)(nil)

type judgement struct {
	value       float64
	explanation string
	err         error
}

// New returns an assessor with rubrics. Cases have at most maxBytes of text.
func New(desk *docket.Desk, rubrics []*judge.Rubric, maxBytes int) *Assessor {
	return &Assessor{desk: desk, rubrics: rubrics, maxBytes: maxBytes, known: map[[sha256.Size]byte]judgement{}}
}

// Calls is the number of judgements that were made.
func (a *Assessor) Calls() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls
}

// Versions returns the versions of the rubrics.
func (a *Assessor) Versions() map[string]string {
	versions := make(map[string]string, len(a.rubrics))
	for _, r := range a.rubrics {
		versions[r.Name] = a.desk.Judge.Version(r)
	}
	return versions
}

// Find returns a rubric.
func (a *Assessor) Find(name string) (*judge.Rubric, error) {
	var names []string
	for _, r := range a.rubrics {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return nil, fmt.Errorf("unknown rubric %q, expected one of %s", name, strings.Join(names, ", "))
}

// Judge implements assertion.Judge.
func (a *Assessor) Judge(ctx context.Context, name string, run *assertion.Run) (float64, string, error) {
	r, err := a.Find(name)
	if err != nil {
		return 0, "", err
	}
	k := caseOf(run, r.Of, a.maxBytes)
	if k == nil {
		return 0, "", errors.New("the run has no answer of a model")
	}
	if !r.Applies(k) {
		return 0, "", fmt.Errorf("the rubric does not apply: it needs %s", needs(r))
	}
	text, err := json.Marshal(k)
	if err != nil {
		return 0, "", err
	}
	key := sha256.Sum256(append([]byte(a.desk.Judge.Version(r)+"\n"), text...))
	a.mu.Lock()
	defer a.mu.Unlock()
	if j, ok := a.known[key]; ok {
		return j.value, j.explanation, j.err
	}
	a.calls++
	result, err := a.desk.Rate(ctx, k, r)
	j := judgement{result.Evaluation.Value.Value, result.Evaluation.Explanation, err}
	if ctx.Err() == nil {
		a.known[key] = j
	}
	return j.value, j.explanation, j.err
}

// needs says what a rubric needs.
func needs(r *judge.Rubric) string {
	var list []string
	for _, p := range r.Needs {
		list = append(list, string(p))
	}
	words := "an answer"
	if r.Of == judge.Session {
		words = "a session"
	}
	if len(list) > 0 {
		words += " with " + strings.Join(list, ", ")
	}
	if r.MinTurns > 0 {
		words += fmt.Sprintf(" of at least %d turns", r.MinTurns)
	}
	return words
}

// caseOf makes a case of a run: of its last answer, or of its session. What the run did not record of the input is that
// of the row. It returns nil without an answer.
func caseOf(run *assertion.Run, of judge.Scope, maxBytes int) *judge.Case {
	var models []*genai.Call
	var found []string
	for _, c := range run.Calls {
		switch {
		case c.Operation == genai.OpExecuteTool:
			found = append(found, c.ToolResult().Text)
		case c.Operation == genai.OpRetrieval:
			documents := c.Retrieval().Documents
			for i := range documents {
				found = append(found, documents[i].Content)
			}
		case c.IsLLMCall() && c.Operation != genai.OpEmbeddings:
			models = append(models, whole(c, run.Row))
		}
	}
	if len(models) == 0 {
		return nil
	}
	if of == judge.Session {
		var v judge.Conversation
		for _, c := range models {
			v.Add(c)
		}
		return v.Case(0, maxBytes)
	}
	last := models[len(models)-1]
	for _, c := range slices.Backward(models) {
		if slices.ContainsFunc(c.Output(), func(m genai.Message) bool { return m.Text != "" }) {
			last = c
			break
		}
	}
	return judge.CaseOf(last, found, maxBytes)
}

// whole completes a call by the input of the row.
func whole(c, row *genai.Call) *genai.Call {
	if row == nil || len(c.Input()) > 0 {
		return c
	}
	copied := *c
	tools, definitions := c.Tools(), c.ToolDefinitions()
	if len(tools) == 0 {
		tools, definitions = row.Tools(), row.ToolDefinitions()
	}
	copied.SetContent(genai.Content{
		Input: row.Input(), System: row.System(), Retrieval: *row.Retrieval(), PromptVariables: row.PromptVariables(),
		Output: c.Output(), Refusal: c.Refusal(), Tools: tools, ToolDefinitions: definitions,
		OutputSchema: c.OutputSchema(),
	})
	return &copied
}
