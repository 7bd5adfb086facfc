package foreign

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/genai"
)

// The names that tools give to the columns of a list of cases.
var (
	inputKeys     = []string{"input", "question", "prompt", "query", "ask", "user_input", "messages"}
	correctedKeys = []string{
		"expected", "expected_output", "corrected", "corrected_output", "reference", "ground_truth", "answer", "output",
		"target",
	}
	contextKeys = []string{"context", "contexts", "retrieved_contexts", "documents", "retrieval_context"}
)

// maxMistakes bounds the reported mistakes of one file.
const maxMistakes = 20

// lines reads JSON lines: samples of OpenAI Evals ("input" and "ideal"), and objects with the usual keys.
func (m *Import) lines(name string, content []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, dataset.MaxRow)
	var errs []error
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := m.object(name, fmt.Sprint("line ", number), line); err != nil {
			if errs = append(errs, err); len(errs) == maxMistakes {
				break
			}
		}
	}
	if err := lines.Err(); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", name, err))
	}
	return errors.Join(errs...)
}

// object reads one case.
func (m *Import) object(name, place string, text []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("%s: %s: must be a JSON object: %w", name, place, err)
	}
	if item, ok := fields["item"]; ok { // of an eval over the API
		if err := json.Unmarshal(item, &fields); err != nil {
			return fmt.Errorf("%s: %s: item must be a JSON object: %w", name, place, err)
		}
	}
	var d draft
	for _, key := range inputKeys {
		if raw, ok := fields[key]; ok {
			d.input(raw)
			break
		}
	}
	ideals, given := fields["ideal"]
	if given {
		texts := textsOf(ideals)
		switch len(texts) {
		case 0:
			m.leave("ideal answers that are no texts")
		case 1:
			d.assertions = append(d.assertions, says("contains", texts[0]))
		default:
			d.assertions = append(d.assertions, anyOf(texts))
		}
	}
	for key, to := range map[string]*string{
		"id": &d.id, "name": &d.name, "system": &d.system, "class": &d.class, "error_class": &d.class, "failing": &d.failing,
		"service": &d.service, "prompt_name": &d.prompt, "session": &d.session, "note": &d.note, "split": &d.split,
	} {
		if texts := textsOf(fields[key]); len(texts) == 1 {
			*to = texts[0]
		}
	}
	d.corrected = firstOf(fields, correctedKeys)
	for _, key := range contextKeys {
		d.context = append(d.context, textsOf(fields[key])...)
	}
	for _, key := range []string{"expect", "assertions"} {
		d.assertions = append(d.assertions, textsOf(fields[key])...)
	}
	d.tags = textsOf(fields["tags"])
	return m.add(name, place, &d)
}

// input reads a text, or a list of messages.
func (d *draft) input(raw json.RawMessage) {
	var messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(raw, &messages) != nil {
		d.ask = strings.Join(textsOf(raw), "\n")
		return
	}
	for _, one := range messages {
		if one.Role == "" {
			one.Role = genai.RoleUser
		}
		text := strings.Join(textsOf(one.Content), "\n")
		if one.Role == genai.RoleSystem && d.system == "" && len(d.messages) == 0 {
			d.system = text
			continue
		}
		d.messages = append(d.messages, genai.Message{Role: one.Role, Text: text})
	}
}

// textsOf returns a text, the texts of a list, or the texts of the parts of a message. Other values are their JSON.
func textsOf(raw json.RawMessage) (texts []string) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []string{text}
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for _, one := range list {
			texts = append(texts, textsOf(one)...)
		}
		return texts
	}
	var part struct {
		Type string  `json:"type"`
		Text *string `json:"text"`
	}
	if json.Unmarshal(raw, &part) == nil && part.Text != nil {
		return []string{*part.Text}
	}
	return []string{string(raw)}
}

func firstOf(fields map[string]json.RawMessage, keys []string) string {
	for _, key := range keys {
		if texts := textsOf(fields[key]); len(texts) > 0 {
			return strings.Join(texts, "\n")
		}
	}
	return ""
}

// csv reads a table with a header: the usual columns, or those of promptfoo where one begins with __ or prompts are
// given.
func (m *Import) csv(name string, content []byte, prompts []string) error {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	if strings.EqualFold(filepath.Ext(name), ".tsv") {
		r.Comma = '\t'
	}
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: line 1: must name the columns: %w", name, err)
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	special := func(column string) bool { return strings.HasPrefix(column, "__") }
	foreign := len(prompts) > 0 || slices.ContainsFunc(header, special)
	if !foreign && !slices.ContainsFunc(header, func(column string) bool {
		return slices.Contains(inputKeys, strings.ToLower(column))
	}) {
		return fmt.Errorf("%s: line 1: a column must be one of %s, got %s", name, strings.Join(inputKeys, ", "),
			strings.Join(header, ", "))
	}
	var errs []error
	for len(errs) < maxMistakes {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		place := fmt.Sprint("line ", line)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("%s: %w", name, err))...)
		}
		if len(record) != len(header) {
			errs = append(errs, fmt.Errorf("%s: %s: must have %d columns, got %d", name, place, len(header), len(record)))
			continue
		}
		cells := map[string]string{}
		for i, column := range header {
			cells[column] = record[i]
		}
		if foreign {
			err = m.caseOf(name, place, testOf(cells), prompts)
		} else {
			err = m.record(name, place, cells)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// record reads one line of a table with the usual columns, as an object of texts. Assertions stand one a line in their
// cell.
func (m *Import) record(name, place string, cells map[string]string) error {
	object := map[string]any{}
	for column, cell := range cells {
		if cell == "" {
			continue
		}
		switch column = strings.ToLower(column); column {
		case "expect", "assertions":
			object[column] = strings.FieldsFunc(cell, func(r rune) bool { return r == '\n' || r == '\r' })
		case "tags":
			object[column] = strings.FieldsFunc(cell, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
		default:
			object[column] = cell
		}
	}
	text, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", name, place, err)
	}
	return m.object(name, place, text)
}

func jsonString(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(b)
}

// pattern is an expression for a text, as it stands between slashes.
func pattern(text string) string { return strings.ReplaceAll(regexp.QuoteMeta(text), "/", `\/`) }
