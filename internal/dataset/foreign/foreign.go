// Package foreign reads the test cases of other tools as dataset rows: lists of questions and answers in JSON lines and
// CSV, configurations of promptfoo, and samples of OpenAI Evals.
package foreign

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// The formats.
const (
	JSONL     = "jsonl"
	CSV       = "csv"
	Promptfoo = "promptfoo"
	Evals     = "openai-evals"
)

// Formats lists them.
var Formats = []string{JSONL, CSV, Promptfoo, Evals}

// Import is what was read of a file.
type Import struct {
	Rows []dataset.Row
	// Left counts what has no counterpart here, by what it is.
	Left map[string]int

	defaults test // of a configuration of promptfoo
}

func (m *Import) leave(what string) {
	if m.Left == nil {
		m.Left = map[string]int{}
	}
	m.Left[what]++
}

// Strings returns a line for each thing that was left out.
func (m *Import) Strings() (lines []string) {
	for _, what := range slices.Sorted(maps.Keys(m.Left)) {
		lines = append(lines, fmt.Sprintf("%d left out: %s", m.Left[what], what))
	}
	return lines
}

// Detect returns the format of a file by its name and its beginning.
func Detect(name string, content []byte) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv":
		return CSV
	case ".yaml", ".yml":
		return Promptfoo
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(content), []byte("\n"))
	if bytes.Contains(line, []byte(`"ideal"`)) {
		return Evals
	}
	return JSONL
}

// Read reads the content of a file in a format. Files that it refers to are looked for beside it. An error has a line
// for each mistake, with the place.
func Read(format, name string, content []byte) (*Import, error) {
	var m Import
	var err error
	switch format {
	case CSV:
		err = m.csv(name, content, nil)
	case Promptfoo:
		err = m.promptfoo(name, content)
	case JSONL, Evals:
		err = m.lines(name, content)
	default:
		err = fmt.Errorf("format must be one of %s, got %q", strings.Join(Formats, ", "), format)
	}
	if err != nil {
		return nil, err
	}
	m.number()
	return &m, nil
}

// draft is a row in the making.
type draft struct {
	id, name, system, ask, failing, corrected, class, service, prompt, session, note, split string

	messages   []genai.Message
	context    []string
	assertions []string
	tags       []string
	schema     string
}

// add makes a row of a draft.
func (m *Import) add(name, place string, d *draft) error {
	wrong := func(err error) error { return fmt.Errorf("%s: %s: %w", name, place, err) }
	content := genai.Content{System: d.system, Input: d.messages, OutputSchema: d.schema}
	if d.ask != "" {
		content.Input = append(content.Input, genai.Message{Role: genai.RoleUser, Text: d.ask})
	}
	if len(content.Input) == 0 {
		return wrong(fmt.Errorf("there must be an input: one of %s", strings.Join(inputKeys, ", ")))
	}
	for i, text := range d.context {
		content.Retrieval.Documents = append(content.Retrieval.Documents,
			genai.Document{ID: fmt.Sprint("context ", i+1), Content: text})
	}
	row := dataset.Row{
		ID: d.id, Name: d.name, Version: dataset.Version, Assertions: d.assertions, CorrectedOutput: d.corrected,
		Note: d.note, Service: d.service, PromptName: d.prompt, Session: d.session, Split: d.split, Tags: d.tags,
		Source: filepath.Base(name),
	}
	if d.class != "" {
		class, detail, _ := strings.Cut(d.class, "/")
		row.Decision, row.Class, row.Detail = review.Confirmed, failure.Class(class), detail
	}
	if d.failing != "" {
		content.Output = []genai.Message{{Role: genai.RoleAssistant, Text: d.failing}}
		if row.Decision == "" {
			row.Decision = review.Rejected
		}
	}
	row.Call = &genai.Call{Operation: genai.OpChat, ServiceName: d.service, PromptName: d.prompt}
	row.Call.SetContent(content)
	if row.Decision == "" && len(row.Assertions) == 0 && row.CorrectedOutput == "" {
		m.leave("cases that say nothing of the answer")
		return nil
	}
	checked := row
	if checked.ID == "" {
		checked.ID = "unnamed"
	}
	if errs := checked.Validate(); len(errs) > 0 {
		return wrong(errs[0])
	}
	m.Rows = append(m.Rows, row)
	return nil
}

// number gives ids to rows without one. Rows with one input and different assertions differ in them.
func (m *Import) number() {
	seen := map[string]int{}
	for i := range m.Rows {
		row := &m.Rows[i]
		if row.ID == "" {
			row.ID = dataset.ID(row.Class, row.Call, "", "")
		}
		if seen[row.ID]++; seen[row.ID] > 1 {
			row.ID = fmt.Sprintf("%s-%d", row.ID, seen[row.ID])
		}
	}
}

// Lines of assertions.

func says(words, text string) string { return words + " " + quoted(text) }

// quoted writes a text as an assertion has it.
func quoted(text string) string {
	a, err := assertion.Parse(`contains ` + jsonString(text))
	if err != nil {
		return `""`
	}
	return strings.TrimPrefix(a.String(), "contains ")
}

// anyOf matches one of several texts.
func anyOf(texts []string) string {
	parts := make([]string, len(texts))
	for i, t := range texts {
		parts[i] = pattern(t)
	}
	return "matches /" + strings.Join(parts, "|") + "/i"
}
