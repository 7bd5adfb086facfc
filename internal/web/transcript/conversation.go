// Package transcript lays out what was said and done in a trace, as data for templates: the conversation with its tool
// calls, what was retrieved, the findings step by step, and the tree of spans. Texts are bounded in length and safe to
// display, and the evidence of a failure is marked where it stands.
package transcript

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Bounds of a conversation on the page, in turns and in cards of one turn.
const (
	maxTurns    = 120
	recentTurns = 14 // before the answer; earlier ones are folded away
	maxCards    = 24
)

// Conversation is the conversation of a case.
type Conversation struct {
	Subject string // the span of the conversation, where another one failed
	System  *Block
	Dropped string // how many of the oldest turns are not shown
	Earlier []Turn // folded away
	Turns   []Turn
	After   []Turn // how it went on, from a later call of the same conversation
	Missing string // why there are no turns
}

// Turn is one message, or a tool call and its result.
type Turn struct {
	Role      string
	Kind      string // user, assistant, tool, error: how it looks
	Text      *Block
	Reasoning *Block
	Cards     []Card
	MoreCards string
	Fails     bool
	Note      string // the evidence, where it is about this turn
}

// Card is a tool call with its result.
type Card struct {
	Name, ID  string
	Status    string // in words
	Bad, Good bool
	Took      string
	Arguments *Block
	Result    *Block
	Note      string
	Fails     bool
}

// talker builds the conversation of one call in its trace.
type talker struct {
	writer  *Writer
	item    *review.Item
	subject *review.Span // whose call is shown
	blame   *review.Span // the failed span, nil where the subject is another span that did not fail
	because evidence
	results map[string]*genai.ToolResult // by id of the call
	runs    map[string]*review.Span      // spans of tools by id of the call
	unnamed map[string]*review.Span      // spans of tools that give no id, by runKey; the first of equals
	noted   bool                         // a turn or card shows the evidence
}

// Of shows the conversation of a span in its trace.
func Of(w *Writer, item *review.Item, span *review.Span) Conversation {
	return newTalker(w, item, span).conversation()
}

func newTalker(w *Writer, item *review.Item, span *review.Span) *talker {
	t := &talker{
		writer: w, item: item, subject: conversationOf(item.Spans, span),
		results: map[string]*genai.ToolResult{}, runs: map[string]*review.Span{}, unnamed: map[string]*review.Span{},
	}
	if span.Failed() {
		t.blame = span
		t.because = readEvidence(span.Class, span.Detail, span.Evidence)
	}
	for i := range item.Spans {
		s := &item.Spans[i]
		if s.Call == nil || s.Call.Operation != genai.OpExecuteTool {
			continue
		}
		if id := s.Call.ToolCallID; id != "" {
			t.runs[id] = s
		} else if key := runKey(s.Call.ToolName, s.Call.ToolArguments()); t.unnamed[key] == nil {
			t.unnamed[key] = s
		}
	}
	return t
}

// conversationOf returns the span whose messages belong to a span: the span itself; for a tool, the call that asked
// for it, else the last model call before it; for any other span, the last model call inside it.
func conversationOf(spans []review.Span, span *review.Span) *review.Span {
	if speaks(span) {
		return span
	}
	var before, inside *review.Span
	better := func(s, than *review.Span) bool { return than == nil || s.Call.IsLLMCall() || !than.Call.IsLLMCall() }
	tool := span.Call != nil && span.Call.Operation == genai.OpExecuteTool
	for i := range spans {
		s := &spans[i]
		if !speaks(s) || s.Call.Operation == genai.OpExecuteTool {
			continue
		}
		if tool && span.Call.ToolCallID != "" && asksFor(s.Call, span.Call.ToolCallID) {
			return s
		}
		if s.Start.Before(span.Start) && better(s, before) {
			before = s
		}
		if !s.Start.Before(span.Start) && !s.Start.After(span.End()) && better(s, inside) {
			inside = s
		}
	}
	if tool {
		return cmp.Or(before, inside, span)
	}
	return cmp.Or(inside, before, span)
}

func speaks(s *review.Span) bool {
	return s.Call != nil && len(s.Call.Input())+len(s.Call.Output()) > 0
}

func asksFor(c *genai.Call, id string) bool {
	return slices.ContainsFunc(c.Output(), func(m genai.Message) bool {
		return slices.ContainsFunc(m.ToolCalls, func(call genai.ToolCall) bool { return call.ID == id })
	})
}

func (t *talker) conversation() Conversation {
	var out Conversation
	c := t.subject.Call
	if c == nil {
		out.Missing = "No model call of this trace recorded messages."
		out.Turns = t.reported(nil)
		return out
	}
	if t.blame != nil && t.blame != t.subject || t.blame == nil && t.subject.ID != t.item.PrimarySpanID {
		out.Subject = display.Line(t.subject.Name, 120)
	}
	input, output, after := c.Input(), c.Output(), t.afterwards()
	for _, messages := range [][]genai.Message{input, output, after} {
		t.collect(messages)
	}
	if c.System() != "" {
		out.System = t.writer.text(c.System(), t.because.inText(c.System()), false)
	}
	// The failure is written before the turns that led to it, since the page may run out of room.
	answer := t.turns(output, true)
	answer = append(answer, t.reported(answer)...)
	history := input
	if extra := len(history) - maxTurns; extra > 0 {
		out.Dropped = display.Plural(extra, "message")
		history = history[extra:]
	}
	earlier := history[:max(0, len(history)-recentTurns)]
	out.Turns = append(t.turns(history[len(earlier):], false), answer...)
	out.After = t.turns(after[:min(len(after), maxTurns)], false)
	out.Earlier = t.turns(earlier, false)
	if len(out.Turns) == 0 {
		out.Missing = "The instrumentation recorded no messages. Most need a switch for it, such as " +
			"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true."
	}
	return out
}

// afterwards returns how the conversation went on in a later call of the trace: the messages that this call did not
// have, and the answer.
func (t *talker) afterwards() []genai.Message {
	own := t.subject.Call
	said := len(own.Input()) + len(own.Output())
	var later *genai.Call
	for i := range t.item.Spans {
		s := &t.item.Spans[i]
		if s.ID == t.subject.ID || !speaks(s) || !s.Start.After(t.subject.Start) ||
			s.Call.LLM.Set && !s.Call.LLM.Value {
			continue
		}
		if len(s.Call.Input()) < said || len(own.Input()) == 0 || !continues(s.Call.Input(), own.Input()) {
			continue
		}
		later = s.Call
	}
	if later == nil {
		return nil
	}
	return append(slices.Clone(later.Input()[said:]), later.Output()...)
}

// continues reports whether a conversation begins with another one.
func continues(messages, beginning []genai.Message) bool {
	for i := range beginning {
		if a, b := &messages[i], &beginning[i]; a.Role != b.Role || a.Text != b.Text {
			return false
		}
	}
	return true
}

// collect notes the results of tools, so that each is shown beside its call.
func (t *talker) collect(messages []genai.Message) {
	for i := range messages {
		for j := range messages[i].ToolResults {
			if r := &messages[i].ToolResults[j]; r.ID != "" {
				t.results[r.ID] = r
			}
		}
	}
}

// turns shows messages. failing is true for the answer of the shown call.
func (t *talker) turns(messages []genai.Message, failing bool) []Turn {
	failing = failing && t.blame != nil && t.blame == t.subject
	asked := map[string]bool{}
	for i := range messages {
		for j := range messages[i].ToolCalls {
			asked[messages[i].ToolCalls[j].ID] = true
		}
	}
	var turns []Turn
	for i := range messages {
		m := &messages[i]
		u := Turn{Role: cmp.Or(display.Line(m.Role, 40), "message"), Kind: kindOf(m), Fails: failing}
		last := failing && i == len(messages)-1
		if m.Text != "" {
			u.Text = t.message(m.Text, failing, last)
		}
		if m.Reasoning != "" {
			u.Reasoning = t.writer.text(m.Reasoning, t.because.inText(m.Reasoning), false)
		}
		for j := range m.ToolCalls[:min(len(m.ToolCalls), maxCards)] {
			u.Cards = append(u.Cards, t.called(&m.ToolCalls[j], failing, len(m.ToolCalls) == 1))
		}
		if extra := len(m.ToolCalls) - maxCards; extra > 0 {
			u.MoreCards = display.Plural(extra, "more tool call")
		}
		for j := range m.ToolResults[:min(len(m.ToolResults), maxCards)] {
			r := &m.ToolResults[j]
			if r.ID != "" && (asked[r.ID] || t.shown(r.ID)) {
				continue // beside its call
			}
			u.Cards = append(
				u.Cards,
				Card{Name: "result", ID: display.Line(r.ID, 80), Result: t.writer.value(r.Result, t.inText)},
			)
		}
		if u.Text == nil && u.Reasoning == nil && len(u.Cards) == 0 {
			if m.Role == "tool" || len(m.ToolResults) > 0 {
				continue
			}
		}
		turns = append(turns, u)
	}
	if failing && len(turns) > 0 && !t.noted && t.because.text != "" && !t.blame.Error {
		turns[len(turns)-1].Note = display.Line(t.because.text, 400)
		t.noted = true
	}
	return turns
}

// shown reports whether a message of the conversation asks for a call.
func (t *talker) shown(id string) bool {
	c := t.subject.Call
	for _, messages := range [][]genai.Message{c.Input(), c.Output()} {
		for i := range messages {
			if slices.ContainsFunc(messages[i].ToolCalls, func(call genai.ToolCall) bool { return call.ID == id }) {
				return true
			}
		}
	}
	return false
}

func kindOf(m *genai.Message) string {
	switch {
	case m.Role == "user" || m.Role == "human":
		return "user"
	case m.Role == "tool" || m.Role == "function" || len(m.ToolResults) > 0:
		return "tool"
	case m.Role == "system" || m.Role == "developer":
		return "system"
	}
	return "assistant"
}

func (t *talker) inText(text string, _ bool) []region { return t.because.inText(text) }

// message shows the text of a message. It lays out JSON that should follow a schema, and shows the end of a cut answer.
func (t *talker) message(text string, failing, last bool) *Block {
	if failing && t.because.class == failure.SchemaViolation {
		return t.writer.data(text, wideLine, t.because.inAnswer)
	}
	if laid, isJSON := layOut(text, wideLine); isJSON {
		return t.writer.block(laid, t.because.inText(laid), false, true)
	}
	return t.writer.text(text, t.because.inText(text), last && t.because.class == failure.Truncation)
}

// called returns the card of a tool call, with the result that the model received, else the one on the tool's own span.
func (t *talker) called(call *genai.ToolCall, failing, only bool) Card {
	c := Card{Name: cmp.Or(display.Line(call.Name, 80), "unnamed tool"), ID: display.Line(call.ID, 80)}
	marked := t.inText
	if failing && t.because.class == failure.ToolCallMalformed && (only || t.because.names(call.Name)) {
		c.Fails, c.Note, t.noted = true, display.Line(t.because.text, 400), true
		marked = t.because.inArguments(call.Name)
	}
	c.Arguments = t.writer.value(call.Arguments, marked)
	result := t.results[call.ID]
	if call.ID == "" {
		result = nil
	}
	run := t.runOf(call)
	switch {
	case result != nil:
		c.Result = t.writer.value(result.Result, t.inText)
	case run != nil && !run.Call.ToolResult().IsZero():
		c.Result = t.writer.value(run.Call.ToolResult(), t.inText)
	}
	if run != nil {
		c.Took = display.Seconds(run.Duration)
		c.Good = !run.Failed() && !run.Error
		c.Bad = !c.Good
		c.Status = "ok"
		if c.Bad {
			c.Status = "failed"
			if c.Result == nil {
				c.Result = t.writer.value(genai.Value{Text: cmp.Or(run.Call.Error.Message, run.Message)}, t.inText)
			}
		}
		if t.blame == run {
			c.Fails, c.Note, t.noted = true, display.Line(t.because.text, 400), true
		}
	} else if result == nil {
		c.Status = "no result recorded"
	}
	return c
}

// runOf returns the span that ran a call, or nil.
func (t *talker) runOf(call *genai.ToolCall) *review.Span {
	if s := t.runs[call.ID]; s != nil && call.ID != "" {
		return s
	}
	return t.unnamed[runKey(call.Name, call.Arguments)]
}

// runKey is the same for a call and the span that ran it, whatever the spacing of their JSON.
func runKey(tool string, arguments genai.Value) string {
	text, _ := layOut(arguments.Text, cardLine)
	return tool + "\x00" + text
}

// reported returns the error of the provider, the SDK or the tool on the failing span, where it is not in a message.
func (t *talker) reported(answer []Turn) []Turn {
	s := t.blame
	if s == nil {
		return nil
	}
	var out []Turn
	repeats := func(m genai.Message) bool { return strings.Contains(m.Text, s.Call.Refusal()) }
	if s.Call != nil && s.Call.Refusal() != "" && !slices.ContainsFunc(s.Call.Output(), repeats) {
		text := s.Call.Refusal()
		out = append(
			out,
			Turn{Role: "refusal", Kind: "error", Text: t.writer.text(text, t.because.inText(text), false), Fails: true},
		)
	}
	// A tool that ran has a card, in its conversation or alone.
	if s.Call != nil && s.Call.Operation == genai.OpExecuteTool {
		if t.noted {
			return out
		}
		run := s.Call
		c := t.called(
			&genai.ToolCall{ID: run.ToolCallID, Name: run.ToolName, Arguments: run.ToolArguments()},
			false,
			true,
		)
		t.noted = t.noted || c.Fails
		return append(out, Turn{Role: "tool", Kind: "tool", Cards: []Card{c}, Fails: true})
	}
	message := s.Message
	var words []string
	if s.Call != nil {
		e := s.Call.Error
		message = cmp.Or(e.Message, message)
		if e.Type != "" {
			words = append(words, display.Line(e.Type, 120))
		}
		if e.HTTPStatus != 0 {
			words = append(words, "HTTP "+strconv.Itoa(e.HTTPStatus))
		}
	}
	if !s.Error && message == "" && (s.Call == nil || !s.Call.Error.IsError) {
		if len(answer)+len(out) == 0 && t.subject == s && t.because.text != "" {
			out = append(
				out,
				Turn{Role: "assistant", Kind: "error", Fails: true, Note: display.Line(t.because.text, 400)},
			)
		}
		return out
	}
	u := Turn{Role: "error", Kind: "error", Fails: true, Note: strings.Join(words, " · ")}
	if message != "" {
		u.Text = t.writer.text(message, t.because.inText(message), false)
	}
	return append(out, u)
}
