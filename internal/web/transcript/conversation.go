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

// Conversation is the conversation of a case, with the turns of its session around it.
type Conversation struct {
	Subject string // the span of the conversation, where another one failed
	System  *Block
	Dropped string // how many of the oldest turns are not shown
	Folds   []Fold // what was said, and how it went on
	Missing string // why there are none
	Session string // how many turns the session has, "" for a single one
	Failing int    // of them
	Strip   []Stop
}

// Turn is one message, or a tool call and its result.
type Turn struct {
	Role      string
	Kind      string // user, assistant, tool, error: how it looks
	Text      *Block
	Reasoning *Block
	Media     []string // what it holds beside text
	Cards     []Card
	MoreCards string
	Fails     bool
	Here      bool      // and it is the failure of this case
	Then      bool      // here the conversation goes on after the call of the case
	Notes     []Because // the evidence, where it is about this turn
	Schema    *Schema
	answers   bool // it is an answer of the case
	place     int  // of the trace in the session
}

// Card is a tool call with its result.
type Card struct {
	Name, ID  string
	Status    string // in words
	Bad, Good bool
	Took      string
	Arguments *Block
	Result    *Block
	Notes     []Because
	Schema    *Schema
	Fails     bool
	Shown     bool   // open at first: it failed, or has a mark
	Gist      string // what came of it, where it is folded
}

// talker builds the conversation of one call in its trace.
type talker struct {
	*Transcript
	spans   []review.Span
	subject *review.Span                 // whose call is shown
	blame   *review.Span                 // the failed span, nil where the subject is another span that did not fail
	reasons []evidence                   // of blame
	foreign bool                         // it is another trace of the session
	results map[string]*genai.ToolResult // by id of the call
	runs    map[string]*review.Span      // spans of tools by id of the call
	unnamed map[string]*review.Span      // spans of tools that give no id, by runKey; the first of equals
	thread  *thread
	noted   map[string]bool // evidence that a turn or card shows
}

func (t *Transcript) talker(spans []review.Span, span *review.Span) *talker {
	k := &talker{
		Transcript: t, spans: spans, subject: conversationOf(spans, span),
		results: map[string]*genai.ToolResult{}, runs: map[string]*review.Span{}, unnamed: map[string]*review.Span{},
		noted: map[string]bool{},
	}
	if span.Failed() {
		k.blame, k.reasons = span, t.of(span)
	}
	for i := range spans {
		s := &spans[i]
		if s.Call == nil || s.Call.Operation != genai.OpExecuteTool {
			continue
		}
		if id := s.Call.ToolCallID; id != "" {
			k.runs[id] = s
		} else if key := runKey(s.Call.ToolName, s.Call.ToolArguments()); k.unnamed[key] == nil {
			k.unnamed[key] = s
		}
	}
	return k
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
	var turns []Turn
	for i := range messages {
		m := &messages[i]
		u := Turn{Role: cmp.Or(display.Line(m.Role, 40), "message"), Kind: kindOf(m), Fails: failing}
		last := failing && i == len(messages)-1
		if m.Text != "" {
			u.Text = t.message(m.Text, failing, last)
		}
		if m.Reasoning != "" {
			u.Reasoning = t.writer.text(m.Reasoning, t.marked(m.Reasoning), false)
		}
		for j := range m.ToolCalls[:min(len(m.ToolCalls), maxCards)] {
			u.Cards = append(u.Cards, t.called(&m.ToolCalls[j], failing, len(m.ToolCalls) == 1))
		}
		if extra := len(m.ToolCalls) - maxCards; extra > 0 {
			u.MoreCards = display.Plural(extra, "more tool call")
		}
		for j := range m.ToolResults[:min(len(m.ToolResults), maxCards)] {
			r := &m.ToolResults[j]
			if r.ID != "" && t.thread.asked[r.ID] {
				continue // beside its call
			}
			u.Cards = append(
				u.Cards,
				Card{Name: "result", ID: display.Line(r.ID, 80), Result: t.writer.value(r.Result, t.inText)},
			)
		}
		u.Media = mediaWords(m)
		if u.Text == nil && u.Reasoning == nil && len(u.Cards)+len(u.Media) == 0 {
			if m.Role == "tool" || len(m.ToolResults) > 0 {
				continue
			}
		}
		for j := range u.Cards {
			u.Cards[j].fold()
		}
		turns = append(turns, u)
	}
	if n := len(turns); failing && n > 0 {
		last := &turns[n-1]
		if has(t.reasons, failure.SchemaViolation) {
			last.Schema = t.answerSchema(t.subject.Call, t.reasons)
		}
		for _, e := range t.reasons {
			if !t.blame.Error || e.span != t.blame || e.text != t.blame.Evidence {
				last.Notes = t.note(last.Notes, e)
			}
		}
	}
	return turns
}

// note adds evidence that nothing shows yet.
func (t *talker) note(notes []Because, e evidence) []Because {
	if e.text == "" || t.noted[e.text] {
		return notes
	}
	t.noted[e.text] = true
	return append(notes, Because{e.number, display.Line(e.text, 400)})
}

// marked finds what the findings of the case quote, or those of another trace what they quote.
func (t *talker) marked(text string) []region {
	if !t.foreign {
		return t.Transcript.inText(text)
	}
	var found []region
	for _, e := range t.reasons {
		found = append(found, e.inText(text)...)
	}
	return found
}

// mediaWords says what a message holds that is not shown.
func mediaWords(m *genai.Message) (words []string) {
	for i := range m.Attachments {
		a := &m.Attachments[i]
		known := []string{display.Line(a.Kind, 20)}
		for _, more := range []string{display.Line(a.Name, 80), display.Line(a.MediaType, 60)} {
			if more != "" {
				known = append(known, more)
			}
		}
		size := "elsewhere, by its address"
		if a.Size > 0 {
			size = display.Bytes(int(a.Size))
		}
		words = append(words, strings.Join(append(known, size), " · "))
	}
	if m.Media && len(m.Attachments) == 0 {
		words = append(words, "image, sound or file")
	}
	for _, part := range m.Unread {
		words = append(words, "part of type "+display.Line(part, 60))
	}
	return words
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

func (t *talker) inText(text string, _ bool) []region { return t.marked(text) }

// message shows the text of a message. It lays out JSON that should follow a schema, and shows the end of a cut answer.
func (t *talker) message(text string, failing, last bool) *Block {
	if failing && has(t.reasons, failure.SchemaViolation) {
		return t.writer.data(text, wideLine, func(text string, isJSON bool) []region {
			found := t.marked(text)
			for _, e := range t.reasons {
				if e.class == failure.SchemaViolation {
					found = append(e.inAnswer(text, isJSON), found...)
				}
			}
			return found
		})
	}
	if laid, isJSON := layOut(text, wideLine); isJSON {
		return t.writer.block(laid, t.marked(laid), false, true)
	}
	return t.writer.text(text, t.marked(text), last && has(t.reasons, failure.Truncation))
}

// called returns the card of a tool call, with the result that the model received, else the one on the tool's own span.
func (t *talker) called(call *genai.ToolCall, failing, only bool) Card {
	c := Card{Name: cmp.Or(display.Line(call.Name, 80), "unnamed tool"), ID: display.Line(call.ID, 80)}
	marked := t.inText
	var broken []evidence
	for _, e := range t.reasons {
		if failing && e.class == failure.ToolCallMalformed && (only || e.names(call.Name)) {
			broken = append(broken, e)
			c.Fails, c.Notes = true, t.note(c.Notes, e)
		}
	}
	if len(broken) > 0 {
		c.Schema = t.toolSchema(t.subject.Call, call.Name, broken)
		marked = func(text string, isJSON bool) []region {
			var found []region
			for _, e := range broken {
				found = append(found, e.inArguments(call.Name)(text, isJSON)...)
			}
			return append(found, t.marked(text)...)
		}
	}
	c.Arguments = t.writer.value(call.Arguments, marked)
	result := t.results[call.ID]
	if result == nil && t.thread != nil {
		result = t.thread.results[call.ID]
	}
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
		c.Status = outcomeWords(run)
		if c.Bad {
			if c.Result == nil {
				c.Result = t.writer.value(genai.Value{Text: cmp.Or(run.Call.Error.Message, run.Message)}, t.inText)
			}
		}
		if t.blame == run {
			c.Fails = true
			for _, e := range t.reasons {
				c.Notes = t.note(c.Notes, e)
			}
		}
	} else if result == nil {
		c.Status = "no result recorded"
	}
	return c
}

// fold says what a call holds, and whether it is folded at first.
func (c *Card) fold() {
	marked := Turn{Cards: []Card{*c}}
	c.Shown = c.Fails || c.Bad || marked.marked()
	if !c.Shown {
		if c.Gist = c.Result.gist(); c.Gist == "" {
			c.Gist = c.Arguments.gist()
		}
	}
}

// outcomeWords says how the run of a tool ended, as it was recorded.
func outcomeWords(run *review.Span) string {
	words := map[string]string{"ok": "ok", "empty": "found nothing", "failed": "failed"}[run.Outcome]
	switch failed := run.Failed() || run.Error; {
	case failed && run.Outcome != "failed":
		words = strings.TrimSuffix("failed, recorded as "+words, ", recorded as ")
	case words == "":
		words = "ok"
	}
	if status := display.Line(run.Call.ToolStatus, 40); status != "" && !strings.EqualFold(status, words) {
		words += " (" + status + ")"
	}
	return words
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
			Turn{Role: "refusal", Kind: "error", Text: t.writer.text(text, t.marked(text), false), Fails: true},
		)
	}
	// A tool that ran has a card, in its conversation or alone.
	if s.Call != nil && s.Call.Operation == genai.OpExecuteTool {
		if len(t.noted) > 0 {
			return out
		}
		run := s.Call
		c := t.called(
			&genai.ToolCall{ID: run.ToolCallID, Name: run.ToolName, Arguments: run.ToolArguments()},
			false,
			true,
		)
		c.fold()
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
		if len(answer)+len(out) == 0 && t.subject == s {
			u := Turn{Role: "assistant", Kind: "error", Fails: true}
			for _, e := range t.reasons {
				u.Notes = t.note(u.Notes, e)
			}
			if len(u.Notes) > 0 {
				out = append(out, u)
			}
		}
		return out
	}
	u := Turn{Role: "error", Kind: "error", Fails: true}
	if len(words) > 0 {
		u.Notes = []Because{{Text: strings.Join(words, " · ")}}
	}
	if message != "" {
		u.Text = t.writer.text(message, t.marked(message), false)
	}
	return append(out, u)
}
