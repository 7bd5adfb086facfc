package foreign

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// config is the part of a promptfoo configuration that says what is asked and what must hold.
type config struct {
	Description string `yaml:"description"`
	Prompts     any    `yaml:"prompts"`
	Default     test   `yaml:"defaultTest"`
	Tests       any    `yaml:"tests"`
}

type test struct {
	Description string         `yaml:"description"`
	Vars        map[string]any `yaml:"vars"`
	Assert      []check        `yaml:"assert"`
}

type check struct {
	Type      string   `yaml:"type"`
	Value     any      `yaml:"value"`
	Threshold *float64 `yaml:"threshold"`
	Assert    []check  `yaml:"assert"` // of an assert-set
}

// promptfoo reads a configuration: each prompt with each test is a row.
func (m *Import) promptfoo(name string, content []byte) error {
	var c config
	if err := decode(content, &c); err != nil {
		return fmt.Errorf("%s: must be a configuration of promptfoo: %w", name, err)
	}
	prompts, err := m.prompts(name, c.Prompts)
	if err != nil {
		return err
	}
	m.defaults = c.Default
	var tests []test
	var errs []error
	list, ok := c.Tests.([]any)
	if !ok {
		list = []any{c.Tests}
	}
	for i, one := range list {
		switch v := one.(type) {
		case string:
			errs = append(errs, m.tests(name, v, prompts))
		case map[string]any:
			var t test
			text, _ := yaml.Marshal(v) // it was just read
			if err := yaml.Unmarshal(text, &t); err != nil {
				errs = append(errs, fmt.Errorf("%s: tests[%d]: %w", name, i, err))
				continue
			}
			tests = append(tests, t)
		default:
			errs = append(errs, fmt.Errorf("%s: tests[%d] must be a test, or the name of a file, got %s", name, i,
				strictyaml.Show(one)))
		}
	}
	for i, t := range tests {
		errs = append(errs, m.caseOf(name, fmt.Sprintf("tests[%d]", i), t, prompts))
	}
	if len(m.Rows) == 0 && len(m.Left) == 0 && errors.Join(errs...) == nil {
		return fmt.Errorf("%s: tests must not be empty", name)
	}
	return errors.Join(errs...)
}

// prompts reads the prompts: texts, and files beside the configuration.
func (m *Import) prompts(name string, value any) (prompts []string, err error) {
	list, ok := value.([]any)
	if !ok && value != nil {
		list = []any{value}
	}
	for _, one := range list {
		text, ok := one.(string)
		if fields, isMap := one.(map[string]any); isMap {
			if text, ok = fields["raw"].(string); !ok {
				text, ok = fields["id"].(string)
			}
		}
		if !ok {
			m.leave("prompts that are no texts")
			continue
		}
		if path, isFile := strings.CutPrefix(text, "file://"); isFile {
			if !isText(path) {
				m.leave("prompts that a program makes (" + filepath.Ext(path) + ")")
				continue
			}
			content, err := os.ReadFile(filepath.Join(filepath.Dir(name), path))
			if err != nil {
				return nil, fmt.Errorf("%s: prompts: %w", name, err)
			}
			text = string(content)
		}
		prompts = append(prompts, text)
	}
	return prompts, nil
}

// tests reads the tests of another file.
func (m *Import) tests(name, file string, prompts []string) error {
	path, _ := strings.CutPrefix(file, "file://")
	readable := []string{".csv", ".yaml", ".yml"}
	if strings.ContainsAny(path, "*:") || !slices.Contains(readable, filepath.Ext(path)) {
		m.leave("tests in files of another kind, such as " + filepath.Ext(path))
		return nil
	}
	path = filepath.Join(filepath.Dir(name), path)
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: tests: %w", name, err)
	}
	if filepath.Ext(path) == ".csv" {
		return m.csv(path, content, prompts)
	}
	var tests []test
	if err := decode(content, &tests); err != nil {
		return fmt.Errorf("%s: must be a list of tests: %w", path, err)
	}
	var errs []error
	for i, t := range tests {
		errs = append(errs, m.caseOf(path, fmt.Sprintf("[%d]", i), t, prompts))
	}
	return errors.Join(errs...)
}

// testOf makes a test of a line of a table: columns are variables, but for those that begin with __.
func testOf(cells map[string]string) test {
	t := test{Vars: map[string]any{}, Description: cells["__description"]}
	var expected []string
	for column, cell := range cells {
		switch {
		case strings.HasPrefix(column, "__expected"):
			if cell != "" {
				expected = append(expected, column)
			}
		case !strings.HasPrefix(column, "__"):
			t.Vars[column] = cell
		}
	}
	slices.Sort(expected)
	for _, column := range expected {
		t.Assert = append(t.Assert, parseCheck(cells[column]))
	}
	return t
}

// prefixed is a check as a text: type, threshold, value.
var prefixed = regexp.MustCompile(`^(not-)?([a-z][a-z-]*)(?:\(([0-9.]+)\))?(?::(.*))?$`)

// parseCheck reads a check of a table: contains:text, similar(0.8):text, is-json, or a text that the answer equals.
func parseCheck(cell string) check {
	cell = strings.TrimSpace(cell)
	first, rest, _ := strings.Cut(cell, "\n")
	if at := prefixed.FindStringSubmatch(first); at != nil && (known(at[2]) || at[4] != "") && checkTypes[at[2]] {
		c := check{Type: at[1] + at[2]}
		value := at[4]
		if rest != "" {
			value += "\n" + rest
		}
		if value = strings.TrimSpace(value); value != "" {
			c.Value = value
		}
		if n, err := strconv.ParseFloat(at[3], 64); err == nil {
			c.Threshold = &n
		}
		return c
	}
	return check{Type: "equals", Value: cell}
}

// checkTypes are the types that a cell may begin with.
var checkTypes = func() map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq("contains icontains contains-any icontains-any contains-all icontains-all " +
		"equals regex starts-with is-json contains-json javascript python fn eval llm-rubric grade similar latency " +
		"cost model-graded-closedqa factuality answer-relevance context-faithfulness context-recall " +
		"context-relevance is-sql is-xml levenshtein rouge-n webhook") {
		set[name] = true
	}
	return set
}()

func known(name string) bool {
	return name == "is-json" || name == "contains-json" || name == "is-sql" || name == "is-xml"
}

// placeholders are the variables of a template.
var placeholders = regexp.MustCompile(`\{\{-?\s*([A-Za-z_][\w.]*)[^}]*\}\}`)

// maxCombinations bounds the rows that the lists of one test make.
const maxCombinations = 1000

// caseOf adds a row for each prompt and each combination of variables that are lists. Without a prompt, the variable
// that is named like an input is the message, or the only one, or all of them.
func (m *Import) caseOf(name, place string, t test, prompts []string) error {
	vars := maps.Clone(m.defaults.Vars)
	if vars == nil {
		vars = map[string]any{}
	}
	maps.Copy(vars, t.Vars)
	t.Assert = slices.Concat(m.defaults.Assert, t.Assert)
	combined, err := m.combinations(name, vars)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", name, place, err)
	}
	var errs []error
	for _, t.Vars = range combined {
		own := prompts
		if len(own) == 0 {
			own = []string{inputOf(t.Vars)}
		}
		for i, prompt := range own {
			d := draft{name: t.Description}
			if len(own) > 1 && d.name != "" {
				d.name += fmt.Sprintf(" (prompt %d)", i+1)
			}
			errs = append(errs, m.prompted(name, place, &d, prompt, t))
		}
	}
	return errors.Join(errs...)
}

// prompted adds the row of a test with one prompt.
func (m *Import) prompted(name, place string, d *draft, prompt string, t test) error {
	text, ok := fill(prompt, t.Vars).(string)
	switch {
	case !ok:
		m.leave("cases of templates with {% statements %}")
		return nil
	case strings.HasPrefix(strings.TrimSpace(text), "[") && json.Valid([]byte(text)):
		d.input(json.RawMessage(text))
	default:
		d.ask = text
	}
	for _, c := range t.Assert {
		if c.Value != nil {
			if c.Value = fill(c.Value, t.Vars); c.Value == nil {
				m.leave("checks of templates with {% statements %}")
				continue
			}
		}
		m.check(d, c)
	}
	return m.add(name, place, d)
}

// combinations returns the variables with one value of each list, and with the content of text files.
func (m *Import) combinations(name string, vars map[string]any) ([]map[string]any, error) {
	combined := []map[string]any{{}}
	for _, key := range sortedKeys(vars) {
		values, isList := vars[key].([]any)
		if !isList || !slices.ContainsFunc(values, isString) { // a list of objects, such as messages, is one value
			values = []any{vars[key]}
		}
		if len(values)*len(combined) > maxCombinations {
			m.leave(fmt.Sprintf("cases with more than %d combinations of variables", maxCombinations))
			return nil, nil
		}
		var next []map[string]any
		for _, value := range values {
			if path, isFile := strings.CutPrefix(textOf(value), "file://"); isFile {
				if !isText(path) {
					m.leave("cases with files that are no texts (" + filepath.Ext(path) + ")")
					return nil, nil
				}
				content, err := os.ReadFile(filepath.Join(filepath.Dir(name), path))
				if err != nil {
					return nil, fmt.Errorf("vars.%s: %w", key, err)
				}
				value = string(content)
			}
			for _, one := range combined {
				one = maps.Clone(one)
				one[key] = value
				next = append(next, one)
			}
		}
		combined = next
	}
	return combined, nil
}

func isString(value any) bool { _, ok := value.(string); return ok }

// isText reports whether a file is read as it is.
func isText(path string) bool {
	return slices.Contains([]string{".txt", ".json", ".md", ""}, filepath.Ext(path))
}

// fill replaces the variables in a text, or in the texts of a list. It returns nil where a text has statements, which
// are not understood.
func fill(template any, vars map[string]any) any {
	switch v := template.(type) {
	case string:
		if strings.Contains(v, "{%") {
			return nil
		}
		return placeholders.ReplaceAllStringFunc(v, func(one string) string {
			value, ok := vars[placeholders.FindStringSubmatch(one)[1]]
			if !ok {
				return one
			}
			return textOf(value)
		})
	case []any:
		list := make([]any, len(v))
		for i := range v {
			if list[i] = fill(v[i], vars); list[i] == nil && v[i] != nil {
				return nil
			}
		}
		return list
	}
	return template
}

func inputOf(vars map[string]any) string {
	for _, key := range inputKeys {
		if value, ok := vars[key]; ok {
			return textOf(value)
		}
	}
	var texts []string
	for _, key := range sortedKeys(vars) {
		if len(vars) == 1 {
			return textOf(vars[key])
		}
		texts = append(texts, key+": "+textOf(vars[key]))
	}
	return strings.Join(texts, "\n")
}

func sortedKeys(vars map[string]any) []string {
	var keys []string
	for key := range vars {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// textOf spells a value of YAML.
func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(b)
}

// listOf returns the texts of a list, of a text with commas, or of one value.
func listOf(value any) (texts []string) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			texts = append(texts, textOf(one))
		}
		return texts
	case string:
		for one := range strings.SplitSeq(v, ",") {
			texts = append(texts, strings.TrimSpace(one))
		}
		return texts
	}
	return []string{textOf(value)}
}

// check adds what a check asks for, as far as assertions can say it.
func (m *Import) check(d *draft, c check) {
	kind, negative := strings.CutPrefix(c.Type, "not-")
	value := textOf(c.Value)
	add := func(line string) { d.assertions = append(d.assertions, line) }
	does := func(positive, negated string) string {
		if negative {
			return negated
		}
		return positive
	}
	threshold := func(otherwise float64) string {
		if c.Threshold != nil {
			otherwise = *c.Threshold
		}
		return strconv.FormatFloat(otherwise, 'f', -1, 64)
	}
	switch kind {
	case "contains", "icontains":
		add(says(does("contains", "does not contain"), value))
		return
	case "contains-all", "icontains-all":
		for _, text := range listOf(c.Value) {
			add(says(does("contains", "does not contain"), text))
		}
		return
	case "contains-any", "icontains-any":
		if texts := listOf(c.Value); negative {
			for _, text := range texts {
				add(says("does not contain", text))
			}
		} else {
			add(anyOf(texts))
		}
		return
	case "regex":
		if _, err := regexp.Compile(value); err == nil {
			add(does("matches", "does not match") + " /" + strings.ReplaceAll(value, "/", `\/`) + "/")
			return
		}
	case "starts-with":
		add(does("matches", "does not match") + ` /^\s*` + pattern(value) + "/")
		return
	case "equals":
		if negative {
			add(`does not match /^\s*` + pattern(strings.TrimSpace(value)) + `\s*$/`)
		} else {
			add(says("equals", value))
		}
		return
	case "is-json":
		if !negative {
			if d.schema = "{}"; c.Value != nil && json.Valid([]byte(value)) {
				d.schema = value
			}
			add("follows schema")
			return
		}
	case "similar", "factuality", "levenshtein", "rouge-n":
		if !negative && d.corrected == "" {
			d.corrected = value
			return
		}
	case "latency":
		if c.Threshold != nil && !negative {
			add("latency <= " + threshold(0) + "ms")
			return
		}
	case "cost":
		if c.Threshold != nil && !negative {
			add("cost <= " + threshold(0))
			return
		}
	case "llm-rubric", "grade", "model-graded-closedqa":
		if !negative && c.Value != nil {
			add("rubric " + quoted(strings.Join(strings.Fields(value), " ")) + " >= " + threshold(0.5))
			return
		}
	case "answer-relevance":
		if !negative {
			add("score relevance >= " + threshold(0.5))
			return
		}
	case "context-faithfulness":
		if !negative {
			add("score groundedness >= " + threshold(0.5))
			return
		}
	case "assert-set":
		for _, one := range c.Assert {
			m.check(d, one)
		}
		return
	}
	m.leave("checks of the type " + c.Type)
}
