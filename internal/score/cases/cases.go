// Package cases tests a scorer file: calls with what has to be found in them, and what must not be.
package cases

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// Version is the version of the file format.
const Version = 1

// file is the content of a file of cases.
type file struct {
	Version int    `yaml:"version"`
	Cases   []Case `yaml:"cases"`
}

// Case is a call, and what has to be found in it.
type Case struct {
	Name string `yaml:"name"`
	// The call: as `faultline score --call` prints it, or in these words.
	Call      map[string]any `yaml:"call"`
	Operation string         `yaml:"operation"` // default chat
	Service   string         `yaml:"service"`
	Prompt    string         `yaml:"prompt"`
	Model     string         `yaml:"model"`
	System    string         `yaml:"system"`
	Ask       string         `yaml:"ask"`
	Answer    string         `yaml:"answer"`
	Calls     []Called       `yaml:"calls"`
	Tools     any            `yaml:"tools"`
	Schema    any            `yaml:"schema"`
	Context   []string       `yaml:"context"`
	// Found must be found: names of scorers or rules, classes, or class/detail. An empty list says that nothing may be.
	Found *[]string `yaml:"found"`
	// NotFound must not be found.
	NotFound []string `yaml:"not_found"`

	call *genai.Call
}

// Called is a call of a tool in the answer.
type Called struct {
	Name string         `yaml:"name"`
	Args map[string]any `yaml:"args"`
}

// Load reads a file of cases, which may name what a set of scorers can find. The error has a line for each mistake.
func Load(path string, set *score.Set) ([]Case, error) {
	text, err := strictyaml.ReadFile(path)
	if err != nil {
		return nil, errline.Prefix(path, err)
	}
	list, err := Parse(text, set)
	return list, errline.Prefix(path, err)
}

// Parse reads the text of a file of cases.
func Parse(text []byte, set *score.Set) ([]Case, error) {
	var f file
	if err := strictyaml.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	var errs []error
	if f.Version != Version {
		errs = append(errs, fmt.Errorf("version must be %d, got %d", Version, f.Version))
	}
	if len(f.Cases) == 0 {
		errs = append(errs, errors.New("cases must not be empty"))
	}
	seen := map[string]bool{}
	for i := range f.Cases {
		c := &f.Cases[i]
		place := fmt.Sprintf("cases[%d]", i)
		if c.Name != "" {
			place += fmt.Sprintf(" (%s)", c.Name)
		}
		if seen[c.Name] && c.Name != "" {
			errs = append(errs, fmt.Errorf("cases[%d].name must be unique, got %q twice", i, c.Name))
		}
		seen[c.Name] = true
		if c.Name == "" {
			c.Name = fmt.Sprintf("case %d", i+1)
		}
		errs = append(errs, errline.Prefix(place, c.build(set)))
	}
	return f.Cases, errors.Join(errs...)
}

// build makes the call, and returns every mistake.
func (c *Case) build(set *score.Set) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Found == nil && len(c.NotFound) == 0 {
		wrong("found must be given: what must be found, or [] where nothing may be; or not_found")
	}
	var found []string
	if c.Found != nil {
		found = *c.Found
	}
	for key, names := range map[string][]string{"found": found, "not_found": c.NotFound} {
		for j, name := range names {
			if !known(name, set) {
				wrong("%s[%d] must be a scorer or rule that is on, a class, or class/detail, got %q", key, j, name)
			}
		}
	}
	var err error
	if c.Call != nil {
		if c.Ask != "" || c.Answer != "" || len(c.Calls) > 0 {
			wrong("call must be given alone, without ask, answer and calls")
		}
		c.call, err = callOf(c.Call)
	} else {
		c.call, err = c.spelled()
	}
	return errors.Join(append(errs, err)...)
}

// known reports whether something of that name can be found.
func known(name string, set *score.Set) bool {
	if class, detail, ok := strings.Cut(name, "/"); ok {
		return failure.ValidDetail(failure.Class(class), detail)
	}
	if _, ok := failure.Info(failure.Class(name)); ok {
		return true
	}
	sets := []*score.Set{set}
	for _, service := range set.Services() {
		sets = append(sets, set.For(service))
	}
	return slices.ContainsFunc(sets, func(s *score.Set) bool {
		return slices.ContainsFunc(s.Scorers(), func(one score.Scorer) bool { return one.Name() == name })
	})
}

// callOf reads a call as `faultline score --call` prints it.
func callOf(value map[string]any) (*genai.Call, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, errors.New("call must have texts as keys")
	}
	call := new(genai.Call)
	if err := json.Unmarshal(text, call); err != nil {
		return nil, fmt.Errorf("call must be as faultline score --call prints it: %w", err)
	}
	return call, nil
}

// spelled makes the call of the words of the case.
func (c *Case) spelled() (*genai.Call, error) {
	content := genai.Content{System: c.System}
	if c.Ask != "" {
		content.Input = []genai.Message{{Role: genai.RoleUser, Text: c.Ask}}
	}
	answer := genai.Message{Role: genai.RoleAssistant, Text: c.Answer}
	var errs []error
	for i, called := range c.Calls {
		if called.Name == "" {
			errs = append(errs, fmt.Errorf("calls[%d].name must not be empty", i))
		}
		arguments, err := jsonOf(called.Args)
		if err != nil {
			errs = append(errs, fmt.Errorf("calls[%d].args: %w", i, err))
		}
		if called.Args == nil {
			arguments = "{}"
		}
		answer.ToolCalls = append(answer.ToolCalls,
			genai.ToolCall{Name: called.Name, Arguments: genai.Value{Text: arguments, Structured: true}})
	}
	if c.Answer != "" || len(c.Calls) > 0 {
		content.Output = []genai.Message{answer}
	}
	for i, text := range c.Context {
		content.Retrieval.Documents = append(content.Retrieval.Documents,
			genai.Document{ID: fmt.Sprint("context ", i+1), Content: text})
	}
	var err error
	if content.ToolDefinitions, err = jsonOf(c.Tools); err != nil {
		errs = append(errs, errline.Prefix("tools", err))
	} else if content.Tools, err = genai.ParseTools(content.ToolDefinitions); err != nil {
		errs = append(errs, errline.Prefix("tools", err))
	}
	if content.OutputSchema, err = jsonOf(c.Schema); err != nil {
		errs = append(errs, errline.Prefix("schema", err))
	}
	call := &genai.Call{Operation: c.Operation, ServiceName: c.Service, PromptName: c.Prompt, RequestModel: c.Model}
	if call.Operation == "" {
		call.Operation = genai.OpChat
	}
	if len(content.Output) > 0 {
		call.FinishReasons, call.FinishReasonsCanonical = []string{"stop"}, []string{"stop"}
	}
	call.SetContent(content)
	return call, errors.Join(errs...)
}

// jsonOf returns a value of YAML as JSON text. A text is taken for JSON.
func jsonOf(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		if !json.Valid([]byte(v)) {
			return "", fmt.Errorf("must be JSON, got %.60q", v)
		}
		return v, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", errors.New("must have texts as keys")
	}
	return string(text), nil
}

// Check scores the call and returns what differs from what the case says, nothing where it holds.
func (c *Case) Check(set *score.Set) (misses []string) {
	var r score.Result
	set.Score(c.call, &r)
	var all []string
	for i := range r.Findings {
		f := &r.Findings[i]
		all = append(all, fmt.Sprintf("%s by %s", strings.TrimSuffix(string(f.Class)+"/"+f.Detail, "/"), f.Scorer))
	}
	found := "nothing is found"
	if len(all) > 0 {
		found = "found is " + strings.Join(all, ", ")
	}
	is := func(name string) bool {
		return slices.ContainsFunc(r.Findings, func(f failure.Finding) bool {
			return name == f.Scorer || name == string(f.Class) || name == string(f.Class)+"/"+f.Detail
		})
	}
	if c.Found != nil {
		for _, name := range *c.Found {
			if !is(name) {
				misses = append(misses, name+" must be found; "+found)
			}
		}
		if len(*c.Found) == 0 && len(all) > 0 {
			misses = append(misses, "nothing must be found; "+found)
		}
	}
	for _, name := range c.NotFound {
		if is(name) {
			misses = append(misses, name+" must not be found; "+found)
		}
	}
	for _, p := range r.Problems {
		misses = append(misses, fmt.Sprintf("%s failed: %s: %s", p.Scorer, p.Reason, p.Detail))
	}
	return misses
}
