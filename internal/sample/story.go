package sample

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Expected is the verdict that Faultline must reach on one step.
type Expected struct {
	Class  failure.Class
	Detail string
}

// app is one application: its names, the prompt of its model and its tools.
type app struct {
	service, release, route string
	agent                   string
	prompt, promptVersion   string
	provider, model         string // as the provider names them
	system                  string
	tools                   []genai.Tool
	schema                  string // of the answer, "" for free text
	dialect                 dialect
	healthy, failing        []scenario
}

// scenario writes one conversation.
type scenario func(s *story)

// story is one request to an app: its steps, and the conversation so far.
type story struct {
	*app
	r        *rand.Rand
	steps    []*step
	messages []genai.Message
	session  string
	user     string
}

// step is one span of a story. Exactly one of chat, tool and search is set.
type step struct {
	chat    *chat
	tool    *toolRun
	search  *search
	fail    *apiError
	seconds float64
	want    Expected
}

type chat struct {
	input            []genai.Message
	output           genai.Message
	finish           string // as in OTel GenAI; each dialect has its own spelling
	in, cached, out  int    // tokens; in includes cached
	maxTokens        int
	firstChunk       float64 // seconds
	responseID       string
	structuredSchema string
}

type toolRun struct {
	name, id, arguments, result string
	table                       string // that the tool reads, for the span below it
}

type search struct {
	query     string
	documents []genai.Document
}

// apiError is an error that an SDK raised.
type apiError struct {
	kind, message string
	status        int
}

func (s *story) last() *step { return s.steps[len(s.steps)-1] }

// wants marks the last step as failed, with the expected verdict.
func (s *story) wants(class failure.Class, detail string) { s.last().want = Expected{class, detail} }

// asks adds a message of the user.
func (s *story) asks(text string) {
	s.messages = append(s.messages, genai.Message{Role: "user", Text: text})
}

// finds adds a search that the app makes before it asks the model.
func (s *story) finds(query string, documents ...genai.Document) {
	s.steps = append(s.steps, &step{search: &search{query: query, documents: documents}, seconds: between(s.r, 0.05, 0.4)})
	var context []string
	for _, d := range documents {
		context = append(context, "["+d.ID+"] "+d.Content)
	}
	last := &s.messages[len(s.messages)-1]
	last.Text += "\n\nContext:\n" + strings.Join(context, "\n")
}

// calls adds an answer of the model that calls a tool. The arguments are JSON, or the text that the model wrote
// instead.
func (s *story) calls(name, arguments string) {
	s.model(genai.Message{Role: "assistant", ToolCalls: []genai.ToolCall{{
		ID: s.id("call_", 24), Name: name, Arguments: genai.Value{Text: arguments, Structured: json.Valid([]byte(arguments))},
	}}}, "tool_call")
}

// runs adds the run of the tool that the model called last. The model gets its result.
func (s *story) runs(table, result string) {
	call := s.called()
	s.steps = append(s.steps, &step{
		tool:    &toolRun{name: call.Name, id: call.ID, arguments: call.Arguments.Text, result: result, table: table},
		seconds: between(s.r, 0.03, 0.6),
	})
	s.shown(result)
}

// breaks adds a run of the last call that raises an error.
func (s *story) breaks(table, kind, message string) {
	s.runs(table, "")
	s.last().fail = &apiError{kind: kind, message: message}
	s.messages[len(s.messages)-1].ToolResults[0].Result = genai.Value{Text: "Error: " + message}
	s.wants(failure.ToolError, "failed")
}

func (s *story) called() genai.ToolCall {
	return s.last().chat.output.ToolCalls[0]
}

func (s *story) shown(result string) {
	call := s.messages[len(s.messages)-1].ToolCalls[0]
	s.messages = append(s.messages, genai.Message{Role: "tool", ToolResults: []genai.ToolResult{{
		ID: call.ID, Result: genai.Value{Text: result, Structured: json.Valid([]byte(result))},
	}}})
}

// answers adds an answer of the model to the user.
func (s *story) answers(text string) { s.model(genai.Message{Role: "assistant", Text: text}, "stop") }

// ends adds an answer with another finish reason than a normal end.
func (s *story) ends(text, finish string) {
	s.model(genai.Message{Role: "assistant", Text: text}, finish)
}

// raises adds a request to the model that fails.
func (s *story) raises(status int, kind, message string, seconds float64) {
	s.model(genai.Message{}, "")
	last := s.last()
	last.fail, last.seconds = &apiError{kind: kind, message: message, status: status}, seconds
	last.chat.out, last.chat.firstChunk, last.chat.responseID = 0, 0, ""
	s.messages = s.messages[:len(s.messages)-1]
}

// model adds one request to the model, with the conversation so far.
func (s *story) model(output genai.Message, finish string) {
	c := &chat{
		input: slices.Clip(s.messages), output: output, finish: finish, maxTokens: 1024,
		responseID: s.id("chatcmpl-", 29), structuredSchema: s.schema,
	}
	c.in, c.out = s.tokens(c.input), 4+size(output)/4
	if len(s.steps) > 0 && s.r.IntN(2) == 0 {
		c.cached = c.in / 256 * 128
	}
	c.firstChunk = between(s.r, 0.25, 1.1)
	s.steps = append(s.steps, &step{chat: c, seconds: c.firstChunk + float64(c.out)/between(s.r, 60, 120)})
	s.messages = append(s.messages, output)
}

// tokens estimates the tokens of a request: four bytes a token, plus the tools.
func (s *story) tokens(messages []genai.Message) int {
	bytes := len(s.system) + len(s.schema)
	for _, t := range s.tools {
		bytes += len(t.Description) + len(t.Parameters)
	}
	for _, m := range messages {
		bytes += size(m)
	}
	return 8 + bytes/4
}

func size(m genai.Message) int {
	n := len(m.Text)
	for _, c := range m.ToolCalls {
		n += len(c.Name) + len(c.Arguments.Text)
	}
	for _, r := range m.ToolResults {
		n += len(r.Result.Text)
	}
	return n
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// id makes an identifier in the style of providers.
func (s *story) id(prefix string, n int) string {
	b := []byte(prefix)
	for range n {
		b = append(b, letters[s.r.IntN(len(letters))])
	}
	return string(b)
}

func between(r *rand.Rand, low, high float64) float64 { return low + r.Float64()*(high-low) }

func pick[T any](r *rand.Rand, options ...T) T { return options[r.IntN(len(options))] }

// compact encodes v as JSON.
func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the generator's own data
	}
	return string(b)
}
