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

// Config is the settings of the scorer.
type Config struct {
	// RequireZone refuses times without a zone or without seconds where a definition declares date-time or time.
	RequireZone bool `yaml:"require_zone"`
}

// Scorer is the scorer. It caches compiled definitions by a hash of their content, because an agent sends the same ones
// with every call.
type Scorer struct {
	version  string
	options  jsonschema.Options
	compiled *jsonschema.Cache[*toolset]
}

// New makes the scorer.
func New(config Config) (*Scorer, error) {
	s := &Scorer{version: "2", options: jsonschema.Options{RequireZone: config.RequireZone}}
	if config.RequireZone {
		s.version += "-zone"
	}
	s.compiled = jsonschema.NewCache(func(text string) (*toolset, int) { return compileTools(text, s.options) })
	return s, nil
}

// Name returns the scorer's name.
func (*Scorer) Name() string { return Name }

// Version changes whenever the same call could get another score.
func (s *Scorer) Version() string { return s.version }

// Score checks the calls of a model's answer, or the arguments of an execute_tool span. Without tool definitions it
// finds only arguments that are not JSON, and gives no score to those that are.
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
	load := func() *toolset {
		if tools == nil {
			tools = s.tools(c)
			if tools.problem != "" {
				r.Fail(s, score.InvalidSchema, tools.problem)
			}
		}
		return tools
	}
	calls, before := 0, begin(r)
	for i := range output {
		m := &output[i]
		for j := range m.ToolCalls {
			if m.ToolCalls[j].Kind != genai.ToolProvider {
				calls++
				s.check(c, load(), &m.ToolCalls[j], r)
			}
		}
		// A model that makes native calls may also explain in text what it does.
		if len(m.ToolCalls) == 0 && suspicious(m.Text) && load().size() > 0 {
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
		s.conclude(r, before)
	}
}

// execution checks the arguments of a tool that ran, if the span has its definition.
func (s *Scorer) execution(c *genai.Call, r *score.Result) {
	tools := s.tools(c)
	arguments := c.ToolArguments()
	if tools.tool(c.ToolName) == nil || arguments.IsZero() {
		return
	}
	before := begin(r)
	s.check(c, tools, &genai.ToolCall{Name: c.ToolName, Arguments: arguments}, r)
	s.conclude(r, before)
}

// marks are the lengths of the lists of a result, where the work of this scorer begins.
type marks struct{ findings, problems, skips int }

func begin(r *score.Result) marks { return marks{len(r.Findings), len(r.Problems), len(r.Skips)} }

// conclude scores a call. What could not be checked gets no score.
func (s *Scorer) conclude(r *score.Result, before marks) {
	switch {
	case len(r.Findings) > before.findings:
		r.Add(s, 0, true)
	case begin(r) == before:
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
	set, _ := newToolset(definitions, s.options)
	return set
}

// noTools stands for a call without definitions, as most tool spans are.
var noTools toolset

// check adds a finding for each kind of violation in one call.
func (s *Scorer) check(c *genai.Call, tools *toolset, call *genai.ToolCall, r *score.Result) {
	t := tools.tool(call.Name)
	if t == nil && tools.complete() && !c.ContentTruncated {
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
	if t != nil && t.problem != "" {
		r.Fail(s, score.InvalidSchema, clip.Text(call.Name, maxName)+": "+t.problem)
	}
	if call.Kind == genai.ToolCustom || t != nil && t.kind != genai.ToolFunction {
		return // free text, or arguments that the provider defines
	}
	before := len(r.Findings)
	s.arguments(c, t, call, r)
	switch {
	case t != nil || len(r.Findings) > before:
	case c.ContentTruncated:
		r.Skip(s, score.Truncated, "the record may have been cut: no definition of the tool is left")
	default:
		r.Skip(s, score.NoDefinitions, "no definition of the tool was recorded")
	}
}

// arguments checks the arguments of one call. Without a definition, it only finds an object that does not parse.
func (s *Scorer) arguments(c *genai.Call, t *tool, call *genai.ToolCall, r *score.Result) {
	text := strings.TrimSpace(call.Arguments.Text)
	if text == "" || text == "null" && call.Arguments.Structured {
		text = "{}" // several providers write "no arguments" this way
	}
	if t == nil && text[0] != '{' {
		return // it may be a tool with free text as its input
	}
	value := tapes.Get().(*tape) //nolint:forcetypeassert // the pool holds nothing else
	defer value.release()
	err := value.read(text)
	switch {
	case errors.Is(err, jsonschema.ErrTooLarge):
		r.Fail(s, score.TooLarge, err.Error())
		return
	case errors.Is(err, jsonschema.ErrTooDeep):
		r.Fail(s, score.TooDeep, err.Error())
		return
	case err != nil && c.ContentTruncated:
		r.Skip(s, score.Truncated, "the record of the arguments was cut, or is longer than what is read: "+syntax(err))
		return
	case err != nil:
		r.Find(unparsable(c, call.Name, text, err))
		return
	case t == nil:
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
		r.Fail(s, score.TooComplex, checker.err.Error())
	}
	for i := range checker.found {
		r.Find(checker.found[i])
	}
}

// unparsable is the finding for arguments that are not JSON. If they end in the middle and the answer used up its
// tokens, the limit cut them, whatever the finish reason says.
func unparsable(c *genai.Call, tool, text string, err error) failure.Finding {
	f := finding(
		failure.UnparsableArguments,
		tool,
		"unparsable",
		"the arguments of "+clip.Text(tool, maxName)+" are not JSON: "+syntax(err),
		failure.Excerpt(text),
	)
	limit, used := c.MaxTokens.Value, max(c.Usage.Output.Value, c.Tokens.Output.Value+c.Tokens.Reasoning.Value)
	if cut(err) && limit > 0 && used >= limit {
		f.Class, f.Detail, f.Where = failure.Truncation, failure.OutputLimit, "tool_arguments"
		f.Evidence = fmt.Sprintf(
			"the arguments of %s end in the middle, at max_tokens %d", clip.Text(tool, maxName), limit,
		)
	}
	return f
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
	if cut(err) {
		return "cut off"
	}
	return "more follows the value"
}

// cut reports whether the error is that the text ends too early.
func cut(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) }
