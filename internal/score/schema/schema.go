// Package schema checks the answer of a model against the JSON Schema that the request asked for, or that the scorer
// file names for its prompt or model.
package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/glob"
	"github.com/faultline-otel/faultline/internal/jsonschema"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/score"
)

// Name is the key of the scorer in the scorer file.
const Name = "json_schema"

// Config names schemas for calls that do not carry one.
type Config struct {
	Schemas []Source `yaml:"schemas"`
	// RequireZone refuses times without a zone or without seconds where a schema declares date-time or time.
	RequireZone bool `yaml:"require_zone"`
}

// Source is a schema file and the calls it applies to: those of a prompt, of a model, or both. Model is a pattern of
// package glob, such as gpt-4*.
type Source struct {
	Prompt string `yaml:"prompt"`
	Model  string `yaml:"model"`
	File   string `yaml:"file"`
}

// Scorer is the scorer. It caches compiled schemas by a hash of their content.
type Scorer struct {
	version  string
	named    []named
	compiled *jsonschema.Cache[compiled]
}

type named struct {
	prompt, model string
	schema        *jsonschema.Schema
}

type compiled struct {
	schema *jsonschema.Schema
	err    error
}

// New reads and compiles the schema files, relative to a folder. It reports all mistakes at once.
func New(config Config, dir string) (*Scorer, error) {
	options := jsonschema.Options{RequireZone: config.RequireZone}
	s := &Scorer{version: "2", compiled: jsonschema.NewCache(func(text string) (compiled, int) {
		schema, err := options.Compile(text)
		return compiled{schema, err}, schema.Size()
	})}
	if config.RequireZone {
		s.version += "-zone"
	}
	var errs []error
	for i, source := range config.Schemas {
		n, err := load(source, dir, options)
		if err != nil {
			errs = append(errs, fmt.Errorf("schemas[%d].%w", i, err))
			continue
		}
		s.named = append(s.named, n)
	}
	return s, errors.Join(errs...)
}

func load(source Source, dir string, options jsonschema.Options) (named, error) {
	n := named{prompt: source.Prompt}
	if source.Prompt == "" && source.Model == "" {
		return n, errors.New("prompt must be given if model is not: they select the calls for the schema")
	}
	if source.Model != "" {
		if err := glob.Check(source.Model); err != nil {
			return n, fmt.Errorf("model %w", err)
		}
		n.model = glob.Fold(source.Model)
	}
	if source.File == "" {
		return n, errors.New("file must not be empty")
	}
	name := source.File
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return n, fmt.Errorf("file must be readable: %w", err)
	}
	if n.schema, err = options.Compile(string(text)); err != nil {
		return n, fmt.Errorf("file must hold a JSON Schema, got %q: %w", source.File, err)
	}
	return n, nil
}

// Name returns the scorer's name.
func (*Scorer) Name() string { return Name }

// Version changes whenever the same call could get another score.
func (s *Scorer) Version() string { return s.version }

// Score checks the answer if a schema applies, or if the request asked for JSON. It does not judge an answer that only
// calls tools, that was refused or filtered, or that never came. Of several choices, the worst is the score.
func (s *Scorer) Score(c *genai.Call, r *score.Result) {
	if !c.IsLLMCall() || c.Error.IsError && c.Error.Type != "AI_NoObjectGeneratedError" {
		return
	}
	schema, err := s.schema(c)
	if err != nil {
		r.Fail(s, reasonOf(err), err.Error())
		return
	}
	if schema == nil && !asksForJSON(c) || c.ContentTruncated || c.Refusal() != "" || declined(c) {
		return
	}
	judged, findings := 0, len(r.Findings)
	for i := range c.Output() {
		m := &c.Output()[i]
		if text := strings.TrimSpace(m.Text); text != "" && !m.CallsTools() && s.answer(schema, text, r) {
			judged++
		}
	}
	switch {
	case len(r.Findings) > findings:
		r.Add(s, 0, true)
	case judged > 0:
		r.Add(s, 1, false)
	}
}

// asksForJSON reports whether the request asked for JSON. Its schema was not recorded, or it has none.
func asksForJSON(c *genai.Call) bool {
	return c.ResponseFormat == "json_object" || c.ResponseFormat == "json_schema" || c.OutputType == "json"
}

// schema returns that of the request, else the first in the configuration that applies, else nil.
func (s *Scorer) schema(c *genai.Call) (*jsonschema.Schema, error) {
	if text := c.OutputSchema(); text != "" {
		made := s.compiled.Get(text)
		return made.schema, made.err
	}
	for _, n := range s.named {
		if n.prompt != "" && n.prompt != c.PromptName {
			continue
		}
		if model := c.AnyModel(); n.model != "" && (len(model) > glob.MaxLength || !glob.Match(n.model, glob.Fold(model))) {
			continue
		}
		return n.schema, nil
	}
	return nil, nil //nolint:nilnil // no schema applies, which is not an error
}

func declined(c *genai.Call) bool {
	return slices.ContainsFunc(c.FinishReasonsCanonical, func(reason string) bool {
		return reason == provider.FinishContentFilter || reason == provider.FinishRefusal
	})
}

// answer judges one choice, and reports whether it could. Without a schema, any JSON is valid.
func (s *Scorer) answer(schema *jsonschema.Schema, text string, r *score.Result) bool {
	value, err := jsonschema.Decode(text)
	switch {
	case errors.Is(err, jsonschema.ErrTooLarge), errors.Is(err, jsonschema.ErrTooDeep):
		r.Fail(s, reasonOf(err), err.Error())
		return false
	case err != nil:
		r.Find(finding(failure.NotJSON, failure.NotJSON, notJSON(text, err), text))
		return true
	case schema == nil:
		return true
	}
	violations, err := schema.Validate(value)
	if err != nil {
		r.Fail(s, reasonOf(err), err.Error())
		return false
	}
	if len(violations) > 0 {
		v := &violations[0]
		r.Find(finding(v.Keyword, v.Where(), evidence(v, len(violations)), text))
	}
	return true
}

func finding(detail, where, evidence, text string) failure.Finding {
	return failure.Finding{
		Class: failure.SchemaViolation, Detail: detail, Scorer: Name, Where: where, Evidence: evidence,
		Excerpt: failure.Excerpt(text),
	}
}

func notJSON(text string, err error) string {
	switch {
	case strings.HasPrefix(text, "```"):
		return "the answer is wrapped in a code fence: a parser of JSON fails on it"
	case text[0] != '{' && text[0] != '[' && text[0] != '"':
		return "the answer is text, a JSON value was asked for"
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("the answer is not JSON: it breaks at byte %d of %d", e.Offset, len(text))
	}
	return fmt.Sprintf("the answer is not JSON: it ends in the middle, after %d bytes", len(text))
}

func evidence(v *jsonschema.Violation, n int) string {
	place := v.Path
	if place == "" {
		place = "the answer"
	}
	text := place + " breaks " + v.Keyword
	if v.Want != "" {
		text += ": the schema wants " + v.Want
	}
	if v.Keyword == "additionalProperties" && len(v.Names) > 0 {
		text = place + " has properties that the schema forbids: " + strings.Join(v.Names, ", ")
	}
	if v.Keyword == "required" {
		text = place + " lacks " + v.Want
	}
	if n > 1 {
		text += fmt.Sprintf(" (and %d more)", n-1)
	}
	return text
}

// reasonOf returns the reason for an error of package jsonschema.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, jsonschema.ErrTooLarge):
		return score.TooLarge
	case errors.Is(err, jsonschema.ErrTooDeep):
		return score.TooDeep
	case errors.Is(err, jsonschema.ErrTooComplex):
		return score.TooComplex
	}
	return score.InvalidSchema
}
