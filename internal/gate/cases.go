package gate

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/likeness"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
)

// Cases are the rows of a dataset, prepared so that runs can be judged on them. Both sides share them.
type Cases struct {
	rows    []dataset.Row
	version string // dataset.Hash
	facts   []facts
	byID    map[string]int
	byInput map[string][]int
	byAsked map[string][]int
	set     *score.Set
	judge   assertion.Judge
}

// facts are what is known of one row.
type facts struct {
	assertions []assertion.Assertion
	// found are the findings in the row's own call, finders the scorers of those that name its class.
	found   []failure.Finding
	finders []string
	failing string // the answer that failed, as text
	attack  bool   // what fails in the row is its input
}

// NewCases prepares rows. set is what runs are scored with, or nil without scorers. judge is for rubrics, or nil.
// Assertions that do not parse are left out: dataset.Read refuses them.
func NewCases(rows []dataset.Row, set *score.Set, judge assertion.Judge) *Cases {
	c := &Cases{
		rows: rows, version: dataset.Hash(rows), facts: make([]facts, len(rows)), set: set, judge: judge,
		byID: make(map[string]int, len(rows)), byInput: map[string][]int{}, byAsked: map[string][]int{},
	}
	var result score.Result
	for i := range rows {
		row, f := &rows[i], &c.facts[i]
		c.byID[row.ID] = i
		if input := dataset.Input(row.Call); input != "" {
			c.byInput[input] = append(c.byInput[input], i)
		}
		if asked := dataset.Question(row.Call); asked != "" {
			c.byAsked[asked] = append(c.byAsked[asked], i)
		}
		for _, line := range row.Assertions {
			if a, err := assertion.Parse(line); err == nil {
				f.assertions = append(f.assertions, a)
			}
		}
		f.failing = answerOf(row.Call)
		if set == nil {
			continue
		}
		result.Reset()
		set.Score(row.Call, &result)
		for _, found := range result.Findings {
			f.found = append(f.found, failure.Finding{Class: found.Class, Detail: found.Detail, Scorer: found.Scorer})
			if found.Class == row.Class {
				f.attack = f.attack || ofInput(found.Class, found.Detail)
				if found.Scorer != "" && !slices.Contains(f.finders, found.Scorer) {
					f.finders = append(f.finders, found.Scorer)
				}
			}
		}
	}
	return c
}

// Rows returns the rows, in their order.
func (c *Cases) Rows() []dataset.Row { return c.rows }

// ofInput reports whether a failure is one of what came in, which no answer can mend.
func ofInput(class failure.Class, detail string) bool {
	return class == failure.Unsafe && (detail == failure.Jailbreak || detail == failure.PromptInjection)
}

// unseen reports whether no scorer finds the row's failure in the row's own call.
func (c *Cases) unseen(i int) bool {
	row := &c.rows[i]
	if c.set == nil || row.Decision != review.Confirmed || row.Class == failure.RetryLoop { // a loop shows in the session
		return false
	}
	return !slices.ContainsFunc(c.facts[i].found, func(f failure.Finding) bool { return f.Class == row.Class })
}

// excused reports whether the scorers find a class in a call that a person found sound.
func (c *Cases) excused(i int, class failure.Class) bool {
	return c.rows[i].Decision == review.Rejected &&
		slices.ContainsFunc(c.facts[i].found, func(f failure.Finding) bool { return f.Class == class })
}

// answerOf spells the answer of a call with its calls of tools, so that equal answers are equal texts.
func answerOf(c *genai.Call) string {
	if c.Operation == genai.OpExecuteTool {
		return compact(c.ToolResult())
	}
	var b strings.Builder
	output := c.Output()
	for i := range output {
		if text := strings.TrimSpace(output[i].Text); text != "" {
			b.WriteString(text)
			b.WriteByte('\n')
		}
		for _, t := range output[i].ToolCalls {
			b.WriteString("→ " + t.Name + " " + compact(t.Arguments) + "\n")
		}
	}
	if refusal := c.Refusal(); refusal != "" && b.Len() == 0 {
		b.WriteString(refusal)
	}
	return strings.TrimSpace(b.String())
}

// compact spells a value so that equal JSON is equal text: keys in order, no space.
func compact(v genai.Value) string {
	var value any
	if json.Unmarshal([]byte(v.Text), &value) != nil {
		return strings.TrimSpace(v.Text)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return strings.TrimSpace(v.Text)
	}
	return string(text)
}

// question is what answers to a row are compared with.
func (c *Cases) question(i int, accepted []string) likeness.Question {
	row, call := &c.rows[i], c.rows[i].Call
	q := likeness.Question{Text: call.Question(), Accepted: accepted}
	if row.CorrectedOutput != "" {
		q.Accepted = append(slices.Clip(q.Accepted), row.CorrectedOutput)
	}
	if row.Decision == review.Rejected {
		q.Accepted = append(slices.Clip(q.Accepted), c.facts[i].failing)
	} else if row.Class == failure.BadAnswer || row.Class == failure.Hallucination {
		q.Wrong = c.facts[i].failing
	}
	around := []string{call.System(), call.OutputSchema(), call.ToolArguments().Text, call.ToolResult().Text}
	if row.Class != failure.BadAnswer { // an answer to another question has no words to share
		around = append(around, c.facts[i].failing)
	}
	input := call.Input()
	for j := range input {
		around = append(around, input[j].Text)
		for _, result := range input[j].ToolResults {
			around = append(around, result.Result.Text)
		}
	}
	for _, document := range call.Retrieval().Documents {
		around = append(around, document.Content)
	}
	around = append(around, call.Retrieval().Query)
	q.Around = around
	return q
}

// Bounds of the texts in a report, in bytes.
const (
	maxName = 80
	maxText = 2000
)

// name returns what a row is called in reports.
func name(row *dataset.Row) string {
	if row.Name != "" {
		return row.Name
	}
	var parts []string
	switch {
	case row.Detail != "":
		parts = append(parts, string(row.Class)+"/"+row.Detail)
	case row.Class != "":
		parts = append(parts, string(row.Class))
	case row.Decision == review.Rejected:
		parts = append(parts, "sound")
	}
	if row.Service != "" {
		parts = append(parts, row.Service)
	}
	about := row.Call.Question()
	if about == "" {
		about = row.Call.ToolName
	}
	if about = strings.Join(strings.Fields(about), " "); about != "" {
		parts = append(parts, clip.Text(about, maxName))
	}
	if len(parts) == 0 {
		return row.ID
	}
	return strings.Join(parts, " · ")
}
