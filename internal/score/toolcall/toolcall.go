// Package toolcall checks the tool calls of an answer against the tool definitions that the model was given. It finds
// unknown tools, arguments that do not parse or do not fit, and calls written into the text, which no server executes.
package toolcall

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/jsonschema"
	"github.com/faultline-otel/faultline/internal/score"
)

// Name is the key of the scorer in the scorer file.
const Name = "tool_arguments"

// Config has no settings yet.
type Config struct{}

// Scorer is the scorer. It caches compiled definitions by a hash of their content, because an agent sends the same ones
// with every call.
type Scorer struct {
	compiled *jsonschema.Cache[*toolset]
}

// New makes the scorer.
func New(Config) (*Scorer, error) {
	return &Scorer{compiled: jsonschema.NewCache(compileTools)}, nil
}

// Name returns the scorer's name.
func (*Scorer) Name() string { return Name }

// Version changes whenever the same call could get another score.
func (*Scorer) Version() string { return "1" }

// Score checks the calls of a model's answer, or the arguments of an execute_tool span. It gives no score without tool
// definitions, and none without a call, unless the text holds one.
func (s *Scorer) Score(c *genai.Call, r *score.Result) {
	if c.Error.IsError {
		return
	}
	switch {
	case c.IsLLMCall():
		s.answer(c, r)
	case c.Operation == genai.OpExecuteTool && c.ToolName != "":
		s.execution(c, r)
	}
}

func (s *Scorer) answer(c *genai.Call, r *score.Result) {
	output := c.Output()
	if len(output) == 0 {
		return
	}
	var tools *toolset // loaded when needed: definitions are large, and most answers call nothing
	load := func() bool {
		if tools == nil {
			tools = s.tools(c)
			if tools.problem != "" {
				r.Fail(s, "invalid_schema", tools.problem)
			}
		}
		return tools.size() > 0
	}
	calls, before, problems := 0, len(r.Findings), len(r.Problems)
	for i := range output {
		m := &output[i]
		for j := range m.ToolCalls {
			if !load() {
				return
			}
			calls++
			s.check(c, tools, &m.ToolCalls[j], r)
		}
		// A model that makes native calls may also explain in text what it does.
		if len(m.ToolCalls) == 0 && suspicious(m.Text) && load() {
			if name, ok := callIn(m.Text, tools); ok {
				calls++
				r.Find(
					finding(
						failure.CallInText,
						name,
						"call_in_text",
						"a call of "+clip.Text(name, maxName)+" is written into the text of the answer",
						failure.Excerpt(m.Text),
					),
				)
			}
		}
	}
	if calls > 0 {
		s.conclude(r, before, problems)
	}
}

// execution checks the arguments of a tool that ran, if the span has its definition.
func (s *Scorer) execution(c *genai.Call, r *score.Result) {
	tools := s.tools(c)
	arguments := c.ToolArguments()
	if tools.tool(c.ToolName) == nil || arguments.IsZero() {
		return
	}
	before, problems := len(r.Findings), len(r.Problems)
	s.check(c, tools, &genai.ToolCall{Name: c.ToolName, Arguments: arguments}, r)
	s.conclude(r, before, problems)
}

// conclude scores a call whose findings and problems began at the given indices.
func (s *Scorer) conclude(r *score.Result, findings, problems int) {
	switch {
	case len(r.Findings) > findings:
		r.Add(s, 0, true)
	case len(r.Problems) == problems: // a call that could not be checked gets no score
		r.Add(s, 1, false)
	}
}

func (s *Scorer) tools(c *genai.Call) *toolset {
	if text := c.ToolDefinitions(); text != "" {
		return s.compiled.Get(text)
	}
	definitions := c.Tools()
	if len(definitions) == 0 {
		return &noTools
	}
	// The definitions were not recorded as one JSON text: they are flattened, or only names.
	set, _ := newToolset(definitions)
	return set
}

// noTools stands for a call without definitions, as most tool spans are.
var noTools toolset

// check adds a finding for each kind of violation in one call.
func (s *Scorer) check(c *genai.Call, tools *toolset, call *genai.ToolCall, r *score.Result) {
	t := tools.tool(call.Name)
	if t == nil && c.ContentTruncated {
		r.Fail(
			s,
			"truncated",
			"the record of the tool definitions may have been cut: "+clip.Text(call.Name, maxName)+" is not among what is left",
		)
		return
	}
	if t == nil {
		r.Find(
			finding(
				failure.UnknownTool,
				call.Name,
				"unknown_tool",
				clip.Text(call.Name, maxName)+" is not among the offered tools",
				call.Name,
			),
		)
		return
	}
	if t.problem != "" {
		r.Fail(s, "invalid_schema", clip.Text(call.Name, maxName)+": "+t.problem)
	}
	text := strings.TrimSpace(call.Arguments.Text)
	if text == "" || text == "null" && call.Arguments.Structured {
		text = "{}" // several providers write "no arguments" this way
	}
	value := tapes.Get().(*tape) //nolint:forcetypeassert // the pool holds nothing else
	defer value.release()
	err := value.read(text)
	switch {
	case errors.Is(err, jsonschema.ErrTooLarge):
		r.Fail(s, "too_large", err.Error())
		return
	case errors.Is(err, jsonschema.ErrTooDeep):
		r.Fail(s, "too_deep", err.Error())
		return
	case err != nil && c.ContentTruncated:
		r.Fail(s, "truncated", "the record of the arguments was cut: "+syntax(err))
		return
	case err != nil:
		r.Find(
			finding(
				failure.UnparsableArguments,
				call.Name,
				"unparsable",
				"the arguments of "+clip.Text(call.Name, maxName)+" are not JSON: "+syntax(err),
				failure.Excerpt(text),
			),
		)
		return
	}
	// Arguments that are a string of JSON were encoded twice: the tool's runtime decodes once and gets a string.
	if kind := value.typeOf(0); kind != typeObject {
		r.Find(
			finding(
				failure.ArgumentsNotObject,
				call.Name,
				"not_object",
				"the arguments of "+clip.Text(call.Name, maxName)+" are "+kind.String()+", not an object",
				failure.Excerpt(text),
			),
		)
		return
	}
	checker := checker{tape: value, tool: call.Name}
	checker.check(t.parameters, 0, false, 0)
	if checker.err != nil {
		r.Fail(s, "too_complex", checker.err.Error())
	}
	for i := range checker.found {
		r.Find(checker.found[i])
	}
}

func finding(detail, tool, where, evidence, quoted string) failure.Finding {
	return failure.Finding{
		Class: failure.ToolCallMalformed, Detail: detail, Scorer: Name, Tool: tool, Where: where, Evidence: evidence,
		Excerpt: quoted,
	}
}

// maxName bounds names in evidence, in bytes.
const maxName = 64

// syntax describes a syntax error without quoting the text.
func syntax(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("byte %d", e.Offset)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "cut off"
	}
	return "more follows the value"
}
