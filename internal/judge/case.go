package judge

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Scope says what a rubric judges.
type Scope string

// The scopes.
const (
	Answer  Scope = "answer"  // one answer of a model
	Session Scope = "session" // a conversation from its start
)

// Case is what a judge reads: an answer with what led to it, or a session. It holds texts of bounded length and what
// the result needs to be written back, so that it can wait in a queue in place of the spans.
type Case struct {
	Scope Scope `json:"scope"`
	// System are the instructions of the application, Earlier the messages before the question, Steps the messages
	// between question and answer. A session has all its messages in Earlier, and neither question nor answer.
	System   string    `json:"system,omitempty"`
	Earlier  []Message `json:"earlier,omitempty"`
	Question string    `json:"question,omitempty"`
	Steps    []Message `json:"steps,omitempty"`
	Sources  []string  `json:"sources,omitempty"` // documents and tool results that should support the answer
	Tools    []Tool    `json:"tools,omitempty"`   // that the model was offered
	Answer   string    `json:"answer,omitempty"`
	Turns    int       `json:"turns,omitempty"` // messages of the user
	// Incomplete is true if the emitter cut or lost content before it reached us.
	Incomplete bool `json:"incomplete,omitempty"`

	// Suspects are the scorers with a suspicion.
	Suspects []string `json:"suspects,omitempty"`

	Provider      string `json:"provider,omitempty"`
	Operation     string `json:"operation,omitempty"`
	Model         string `json:"model,omitempty"`
	PromptName    string `json:"prompt_name,omitempty"`
	PromptVersion string `json:"prompt_version,omitempty"`

	// The sample that the case is of. Probability is 0 if it is not known.
	Stratum     string  `json:"stratum,omitempty"`
	Probability float64 `json:"probability,omitempty"`
}

// Message is a message of a conversation. A tool call and its result are messages of their own.
type Message struct {
	Role string `json:"role"` // of genai, or RoleCall for a call of a tool
	Tool string `json:"tool,omitempty"`
	Text string `json:"text"`
}

// RoleCall is the role of a message in which the model calls a tool.
const RoleCall = "tool_call"

// Tool is a tool that the model was offered.
type Tool struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Parameters  string `json:"parameters,omitempty"`
}

// Bounds of a case. DefaultBytes is some 12,000 tokens.
const (
	DefaultBytes = 48 << 10
	MinBytes     = 2 << 10
	MaxBytes     = 1 << 20
	maxMessages  = 200
	maxSources   = 50
	maxTools     = 100
)

// CaseOf makes a case of an answer, with texts of at most maxBytes together. The last of several answers is judged.
// found are documents that other calls of the trace retrieved for it.
func CaseOf(c *genai.Call, found []string, maxBytes int) *Case {
	k := &Case{Scope: Answer, Incomplete: c.ContentTruncated}
	k.describe(c)
	k.System = c.System()
	input := c.Input()
	asked := -1
	for i := range input {
		if input[i].Role == genai.RoleUser && input[i].Text != "" {
			asked = i
			k.Turns++
		}
	}
	if asked >= 0 {
		k.Question = input[asked].Text
		k.Earlier = messages(input[:asked])
		k.Steps = messages(input[asked+1:])
	} else {
		k.Earlier = messages(input)
	}
	k.answer(c)
	k.sources(c, found)
	k.cut(maxBytes)
	return k
}

// answer takes the texts and tool calls of the answer. Tool calls are the last steps.
func (k *Case) answer(c *genai.Call) {
	output := c.Output()
	for i := range output {
		m := &output[i]
		if m.Text != "" {
			k.Answer = m.Text
		}
		k.Steps = append(k.Steps, calls(m)...)
	}
	if k.Answer == "" {
		k.Answer = c.Refusal()
	}
}

// describe takes what a result says of the call.
func (k *Case) describe(c *genai.Call) {
	k.Provider, k.Operation, k.PromptName, k.PromptVersion = c.Provider, c.Operation, c.PromptName, c.PromptVersion
	if k.Model = c.RequestModel; k.Model == "" {
		k.Model = c.AnyModel()
	}
	for i, t := range c.Tools() {
		if i == maxTools {
			break
		}
		k.Tools = append(k.Tools, Tool{t.Name, t.Description, t.Parameters})
	}
}

// minPasted is the length from which the instructions or a question can be documents too, in bytes.
const minPasted = 400

// sources takes retrieved documents, tool results and values of the prompt template. Without any, a long prompt can
// hold the documents.
func (k *Case) sources(c *genai.Call, found []string) {
	add := func(text string) {
		if text = strings.TrimSpace(text); text != "" && len(k.Sources) < maxSources && !slices.Contains(k.Sources, text) {
			k.Sources = append(k.Sources, text)
		}
	}
	documents := c.Retrieval().Documents
	for i := range documents {
		add(documents[i].Content)
	}
	input := c.Input()
	for i := range input {
		for k := range input[i].ToolResults {
			add(input[i].ToolResults[k].Result.Text)
		}
		if input[i].Role == genai.RoleTool {
			add(input[i].Text)
		}
	}
	for _, v := range c.PromptVariables() {
		if len(v.Value) >= minPasted {
			add(v.Value)
		}
	}
	for _, document := range found {
		add(document)
	}
	if len(k.Sources) > 0 {
		return
	}
	for _, prompt := range []string{k.Question, k.System} {
		if len(prompt) >= minPasted && holdsDocuments(prompt) {
			add(prompt)
		}
	}
}

// documentMarks announce documents in a prompt.
var documentMarks = []string{
	"<context", "<document", "<source", "<passage", "context:", "documents:", "sources:", "passage:", "retrieved",
	"# context", "# documents", "# sources",
}

func holdsDocuments(prompt string) bool {
	prompt = strings.ToLower(prompt)
	return slices.ContainsFunc(documentMarks, func(mark string) bool { return strings.Contains(prompt, mark) })
}

// Conversation collects the messages of a session from its calls. Most applications send the whole conversation with
// every call; others send only what is new.
type Conversation struct {
	All  []Message `json:"all"`
	Last Case      `json:"last"` // what the last call says of itself
}

// Copy returns a conversation to which later calls do not add.
func (v *Conversation) Copy() *Conversation {
	c := *v
	c.All = slices.Clone(v.All)
	return &c
}

// Add adds a call, which must be later than those before.
func (v *Conversation) Add(c *genai.Call) {
	v.Last = Case{Scope: Session, System: c.System(), Incomplete: v.Last.Incomplete || c.ContentTruncated}
	v.Last.describe(c)
	next := messages(c.Input())
	for i := range c.Output() {
		next = append(next, messages(c.Output()[i:i+1])...)
	}
	v.All = middle(join(v.All, next))
	k := Case{Earlier: v.All, System: v.Last.System, Tools: v.Last.Tools}
	k.cut(DefaultBytes)
}

// Case makes a case of the conversation so far, with texts of at most maxBytes together. turns is how many turns the
// session had, 0 if only the calls tell.
func (v *Conversation) Case(turns, maxBytes int) *Case {
	k := v.Last
	k.Scope = Session
	k.Earlier = slices.Clone(v.All)
	k.Tools = slices.Clone(k.Tools)
	k.Turns = max(v.Turns(), turns)
	k.cut(maxBytes)
	return &k
}

// CasesOf makes the cases of one call: its answer, and the conversation that it shows.
func CasesOf(c *genai.Call, maxBytes int) (answer, session *Case) {
	var v Conversation
	v.Add(c)
	return CaseOf(c, nil, maxBytes), v.Case(0, maxBytes)
}

// Turns returns the messages of the user that it has.
func (v *Conversation) Turns() (n int) {
	for i := range v.All {
		if v.All[i].Role == genai.RoleUser {
			n++
		}
	}
	return n
}

// join adds the messages of a call to a conversation: in place of it if they are all of it, else those that are new.
func join(all, next []Message) []Message {
	if same := min(len(all), beginning); same > 0 && len(next) >= len(all) && slices.Equal(all[:same], next[:same]) {
		return next
	}
	for from := range all {
		if known := all[from:]; len(known) <= len(next) && slices.Equal(known, next[:len(known)]) {
			return append(all, next[len(known):]...)
		}
	}
	return append(all, next...)
}

// beginning is how many equal messages at its start make a conversation the same one. The middle of a long one is left
// out.
const beginning = 3

// messages flattens messages.
func messages(list []genai.Message) (out []Message) {
	for i := range list {
		m := &list[i]
		if m.Text != "" {
			out = append(out, Message{Role: m.Role, Text: m.Text})
		}
		out = append(out, calls(m)...)
		for k := range m.ToolResults {
			out = append(out, Message{Role: genai.RoleTool, Text: m.ToolResults[k].Result.Text})
		}
	}
	return out
}

// calls returns the tool calls of a message.
func calls(m *genai.Message) (out []Message) {
	for i := range m.ToolCalls {
		c := &m.ToolCalls[i]
		out = append(out, Message{Role: RoleCall, Tool: c.Name, Text: c.Arguments.Text})
	}
	return out
}

// texts are pointers to all texts of the case.
func (k *Case) texts() []*string {
	all := []*string{&k.System, &k.Question, &k.Answer}
	for _, list := range [][]Message{k.Earlier, k.Steps} {
		for i := range list {
			all = append(all, &list[i].Text)
		}
	}
	for i := range k.Sources {
		all = append(all, &k.Sources[i])
	}
	for i := range k.Tools {
		all = append(all, &k.Tools[i].Description, &k.Tools[i].Parameters)
	}
	return all
}

// cut bounds the case: the messages in the middle of a long conversation leave, then the longest texts lose their
// middles. What is left out is marked.
func (k *Case) cut(maxBytes int) {
	k.Earlier, k.Steps = middle(k.Earlier), middle(k.Steps)
	all := k.texts()
	lengths := make([]int, len(all))
	sum := 0
	for i, text := range all {
		*text = strings.ToValidUTF8(*text, "?")
		lengths[i] = len(*text)
		sum += len(*text)
	}
	if sum <= maxBytes {
		return
	}
	most := level(lengths, maxBytes)
	for _, text := range all {
		*text = shorten(*text, most)
	}
}

// level returns the length to which the longest must shrink so that the sum fits.
func level(lengths []int, sum int) int {
	slices.Sort(lengths)
	for i, n := range lengths {
		if share := sum / (len(lengths) - i); n > share {
			return share
		}
		sum -= n
	}
	return sum
}

// middle leaves out the middle of a long list of messages.
func middle(list []Message) []Message {
	if len(list) <= maxMessages {
		return list
	}
	head := maxMessages / 4
	tail := maxMessages - head - 1
	mark := Message{Role: genai.RoleSystem, Text: fmt.Sprintf("[%d messages left out]", len(list)-head-tail)}
	return slices.Concat(list[:head], []Message{mark}, list[len(list)-tail:])
}

// shorten keeps the start and the end of a text in at most n bytes, with a mark between them.
func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	mark := fmt.Sprintf("[… %d bytes left out …]", len(text)-n)
	room := n - len(mark)
	if room < 2 {
		return mark
	}
	head, tail := room*2/3, len(text)-(room-room*2/3)
	for head > 0 && !utf8.RuneStart(text[head]) {
		head--
	}
	for tail < len(text) && !utf8.RuneStart(text[tail]) {
		tail++
	}
	return text[:head] + mark + text[tail:]
}
