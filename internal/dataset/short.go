package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// shortFile is a dataset in the short form, which people write by hand: see docs/guides/datasets.md.
type shortFile struct {
	Version int    `yaml:"version"`
	Name    string `yaml:"name"`
	// What rows have in common. A row may say something else.
	Service string     `yaml:"service"`
	Prompt  string     `yaml:"prompt"`
	System  string     `yaml:"system"`
	Tools   any        `yaml:"tools"`
	Schema  any        `yaml:"schema"`
	Rows    []shortRow `yaml:"rows"`
}

type shortRow struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
	// Ask is the message of a user, Messages are a whole conversation.
	Ask      string         `yaml:"ask"`
	Messages []shortMessage `yaml:"messages"`
	System   string         `yaml:"system"`
	Context  []string       `yaml:"context"`
	Tools    any            `yaml:"tools"`
	Schema   any            `yaml:"schema"`
	Media    []shortMedium  `yaml:"media"`
	// Class and Failing say what went wrong, as class or class/detail. Sound says that Failing is no failure.
	Class     string   `yaml:"class"`
	Failing   string   `yaml:"failing"`
	Sound     string   `yaml:"sound"`
	Expect    lines    `yaml:"expect"`
	Corrected string   `yaml:"corrected"`
	Known     string   `yaml:"known"`
	Severity  string   `yaml:"severity"`
	Note      string   `yaml:"note"`
	Service   string   `yaml:"service"`
	Prompt    string   `yaml:"prompt"`
	Session   string   `yaml:"session"`
	Split     string   `yaml:"split"`
	Tags      []string `yaml:"tags"`
}

// lines are assertions: a list, or a text with one a line.
type lines []string

// UnmarshalValue reads both forms.
func (l *lines) UnmarshalValue(value any) error {
	switch v := value.(type) {
	case string:
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); line != "" {
				*l = append(*l, line)
			}
		}
		return nil
	case []any:
		for i, one := range v {
			line, ok := one.(string)
			if !ok { // {"amount": 20} is a mapping where it is not quoted
				return fmt.Errorf("must be assertions, one a line after | or each in single quotes, got %s at [%d]",
					strictyaml.Show(one), i)
			}
			*l = append(*l, line)
		}
		return nil
	}
	return fmt.Errorf("must be assertions: a text with one a line, or a list, got %s", strictyaml.Show(value))
}

type shortMessage struct {
	Role string `yaml:"role"`
	Text string `yaml:"text"`
}

type shortMedium struct {
	Message int    `yaml:"message"`
	URI     string `yaml:"uri"`
	Type    string `yaml:"type"`
}

// SourceHand is the source of rows that were written by hand.
const SourceHand = "hand"

// ReadShort reads a dataset in the short form. Errors are as those of Read.
func ReadShort(name string, r io.Reader) ([]Row, error) {
	text, err := io.ReadAll(io.LimitReader(r, strictyaml.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var f shortFile
	if err := strictyaml.Unmarshal(text, &f); err != nil {
		return nil, errline.Prefix(name, err)
	}
	var errs []error
	if f.Version != 1 {
		errs = append(errs, fmt.Errorf("%s: version must be 1, got %d", name, f.Version))
	}
	if len(f.Rows) == 0 {
		errs = append(errs, fmt.Errorf("%s: rows must not be empty", name))
	}
	var rows []Row
	seen := map[string]int{}
	for i := range f.Rows {
		short := &f.Rows[i]
		row, bad := f.row(short)
		if len(bad) == 0 {
			bad = row.Validate()
		}
		if first, again := seen[row.ID]; again && row.ID != "" {
			bad = append(bad, fmt.Errorf("id must be unique, got %q again, first in row %d", row.ID, first))
		} else {
			seen[row.ID] = i + 1
		}
		for _, err := range bad {
			errs = append(errs, fmt.Errorf("%s: row %d: %w", name, i+1, err))
		}
		rows = append(rows, row)
	}
	if err := few(name, errs); err != nil {
		return nil, err
	}
	return rows, nil
}

// row makes a row of its short form.
func (f *shortFile) row(s *shortRow) (row Row, errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	content := genai.Content{System: or(s.System, f.System)}
	switch {
	case s.Ask != "" && len(s.Messages) > 0:
		wrong("ask or messages must be given, not both")
	case s.Ask != "":
		content.Input = []genai.Message{{Role: genai.RoleUser, Text: s.Ask}}
	case len(s.Messages) == 0:
		wrong("ask must be given: the message of the user; or messages, a conversation")
	}
	for i, m := range s.Messages {
		switch m.Role {
		case genai.RoleSystem, genai.RoleUser, genai.RoleAssistant, genai.RoleTool:
		default:
			wrong("messages[%d].role must be system, user, assistant or tool, got %q", i, m.Role)
		}
		content.Input = append(content.Input, genai.Message{Role: m.Role, Text: m.Text})
	}
	for i, text := range s.Context {
		content.Retrieval.Documents = append(content.Retrieval.Documents,
			genai.Document{ID: fmt.Sprint("context ", i+1), Content: text})
	}
	var err error
	if content.ToolDefinitions, err = jsonOf(s.Tools, f.Tools); err != nil {
		wrong("tools must be a list of tool definitions, or their JSON: %w", err)
	} else if content.Tools, err = genai.ParseTools(content.ToolDefinitions); err != nil ||
		content.ToolDefinitions != "" && len(content.Tools) == 0 {
		wrong("tools must be a list of tool definitions, each with a name, got %.60s", content.ToolDefinitions)
	}
	if content.OutputSchema, err = jsonOf(s.Schema, f.Schema); err != nil {
		wrong("schema must be a JSON Schema: %w", err)
	}
	row = Row{
		ID: s.ID, Name: s.Name, Version: Version, Assertions: s.Expect, CorrectedOutput: s.Corrected, Known: s.Known,
		Severity: s.Severity, Note: s.Note, Service: or(s.Service, f.Service), PromptName: or(s.Prompt, f.Prompt),
		Session: s.Session, Split: s.Split, Tags: s.Tags, Source: SourceHand,
	}
	answer := s.Failing
	switch {
	case s.Sound != "" && (s.Class != "" || s.Failing != ""):
		wrong("sound must be given alone: it is an answer that is no failure, and class and failing say what failed")
	case s.Sound != "":
		row.Decision, answer = review.Rejected, s.Sound
	case s.Class != "":
		class, detail, _ := strings.Cut(s.Class, "/")
		row.Decision, row.Class, row.Detail = review.Confirmed, failure.Class(class), detail
	case s.Failing != "":
		wrong("class must be given with failing: what failed, such as bad_answer/off_topic")
	case len(s.Expect) == 0 && s.Corrected == "":
		wrong("expect must be given, or corrected, class or sound: nothing says what must hold")
	}
	if answer != "" {
		content.Output = []genai.Message{{Role: genai.RoleAssistant, Text: answer}}
	}
	for _, m := range s.Media {
		row.Media = append(row.Media, Medium(m))
	}
	row.Call = &genai.Call{Operation: genai.OpChat, ServiceName: row.Service, PromptName: row.PromptName}
	row.Call.SetContent(content)
	if row.ID == "" {
		row.ID = ID(row.Class, row.Call, "", s.Name)
	}
	return row, errs
}

// or returns the first text that is not empty.
func or(own, common string) string {
	if own != "" {
		return own
	}
	return common
}

// jsonOf returns a value of YAML as JSON text. A text is taken for JSON.
func jsonOf(own, common any) (string, error) {
	value := own
	if value == nil {
		value = common
	}
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		if !json.Valid([]byte(v)) {
			return "", fmt.Errorf("got %.60q, which is no JSON", v)
		}
		return v, nil
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return "", errors.New("keys must be texts")
		}
		return string(b), nil
	}
}

// few joins errors, the first maxMistakes of them.
func few(name string, errs []error) error {
	if more := len(errs) - maxMistakes; more > 0 {
		errs = append(errs[:maxMistakes], fmt.Errorf("%s: %d more mistakes", name, more))
	}
	return errors.Join(errs...)
}
