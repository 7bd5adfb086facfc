package transcript

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Bounds of the search for the messages that a call repeats, in messages.
const (
	maxHistory = 4000 // of one call
	maxLook    = 600  // behind the last one that was found
	maxFailing = 3    // failing calls of another trace
)

// Session is the session of a case, with the addresses of its cases.
type Session struct {
	review.Session
	Address func(traceID string) string
	Now     time.Time
}

// entry is a message of the thread, or what a failed call reported in place of one.
type entry struct {
	message *genai.Message // nil for what was reported
	talker  *talker
	place   int  // of the trace in the session, -1 for what only a later call tells
	answer  bool // of the talker's own call
	key     uint64
}

// thread is the messages of a session, each once, though every call repeats its history.
type thread struct {
	entries []entry
	results map[string]*genai.ToolResult
	asked   map[string]bool // ids of tool calls
	keys    map[uint64]bool
	seed    maphash.Seed
}

func newThread() *thread {
	return &thread{
		results: map[string]*genai.ToolResult{}, asked: map[string]bool{}, keys: map[uint64]bool{},
		seed: maphash.MakeSeed(),
	}
}

// add adds what a call was told and what it answered. What the thread has already is left out. newTurn is true for the
// first call of a trace: its last message is a new one, even if a user says the same again.
func (h *thread) add(k *talker, c *genai.Call, place int, newTurn bool) {
	input := c.Input()
	input = input[max(0, len(input)-maxHistory):]
	asked := len(input) - 1 // the last message of the user
	for asked > 0 && kindOf(&input[asked]) != "user" {
		asked--
	}
	at, matched := 0, false
	var pending []entry
	for i := range input {
		e := entry{message: &input[i], talker: k, place: place, key: h.key(&input[i])}
		if i < asked {
			e.place = -1
		}
		if isNew := newTurn && i == len(input)-1 && i == asked; !isNew {
			if found := h.find(e.key, at, matched); found >= 0 {
				h.entries = slices.Insert(h.entries, at, pending...)
				for _, e := range pending {
					h.keys[e.key] = true
				}
				at, matched = found+len(pending)+1, true
				pending = nil
				continue
			}
		}
		pending = append(pending, e)
	}
	h.entries = append(h.entries, pending...)
	said := len(h.entries)
	output := c.Output()
	for i := range output {
		e := entry{message: &output[i], talker: k, place: place, answer: true, key: h.key(&output[i])}
		h.entries = append(h.entries, e)
	}
	for _, e := range slices.Concat(pending, h.entries[said:]) {
		h.keys[e.key] = true
	}
	if k.blame != nil && k.subject.Call == c {
		h.entries = append(h.entries, entry{talker: k, place: place, answer: true})
	}
	for _, list := range [][]genai.Message{input, output} {
		k.collect(list)
		for i := range list {
			for j := range list[i].ToolCalls {
				h.asked[list[i].ToolCalls[j].ID] = true
			}
			for j := range list[i].ToolResults {
				if r := &list[i].ToolResults[j]; r.ID != "" && h.results[r.ID] == nil {
					h.results[r.ID] = r
				}
			}
		}
	}
}

func (h *thread) find(key uint64, from int, near bool) int {
	if !h.keys[key] {
		return -1
	}
	to := len(h.entries)
	if near {
		to = min(to, from+maxLook)
	}
	for i := from; i < to; i++ {
		if h.entries[i].message != nil && h.entries[i].key == key {
			return i
		}
	}
	return -1
}

// key is the same for a message and its repetition. Reasoning is rarely repeated.
func (h *thread) key(m *genai.Message) uint64 {
	var hash maphash.Hash
	hash.SetSeed(h.seed)
	add := func(texts ...string) {
		for _, text := range texts {
			_, _ = hash.WriteString(strings.TrimSpace(text)) // it never fails
			_ = hash.WriteByte(0)
		}
	}
	add(kindOf(m), m.Text)
	for i := range m.ToolCalls {
		add(m.ToolCalls[i].ID, m.ToolCalls[i].Name)
		if m.ToolCalls[i].ID == "" {
			add(m.ToolCalls[i].Arguments.Text)
		}
	}
	for i := range m.ToolResults {
		add(m.ToolResults[i].ID, m.ToolResults[i].Result.Text)
	}
	return hash.Sum64()
}

// Conversation returns what was said, in the whole session.
func (t *Transcript) Conversation(session Session) Conversation {
	own := t.talker(t.item.Spans, t.shown)
	var out Conversation
	c := own.subject.Call
	if c == nil {
		out.Missing = "No model call of this trace recorded messages."
		if turns := own.reported(nil); len(turns) > 0 {
			out.fold(turns, session, 0)
		}
		return out
	}
	if own.blame != nil && own.blame != own.subject || own.blame == nil && own.subject.ID != t.item.PrimarySpanID {
		out.Subject = display.Line(own.subject.Name, 120)
	}
	h := newThread()
	if c.System() != "" {
		out.System = t.writer.text(c.System(), t.inText(c.System()), false)
	}
	at := max(0, slices.IndexFunc(session.Turns, func(u review.Turn) bool { return u.TraceID == t.item.TraceID }))
	for i := range session.Turns[:min(at, len(session.Turns))] {
		t.foreign(h, &session.Turns[i], i)
	}
	own.thread = h
	h.add(own, c, at, true)
	answered := len(h.entries)
	end := entry{}
	if answered > 0 {
		end = h.entries[answered-1]
	}
	if later := own.afterwards(); later != nil {
		h.add(own, later, at, false)
	}
	for i := at + 1; i < len(session.Turns); i++ {
		t.foreign(h, &session.Turns[i], i)
	}
	for answered > 0 && answered < len(h.entries) && h.entries[answered-1] != end { // something came before it
		answered++
	}
	out.fold(h.lay(&out, own, answered), session, at)
	if len(session.Turns) > 1 {
		out.Session = display.Plural(len(session.Turns)+session.More, "turn")
		out.strip(session.Session, at)
	}
	if len(out.Folds) == 0 {
		out.Missing = "The instrumentation recorded no messages. Most need a switch for it, such as " +
			"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true."
	}
	return out
}

// foreign adds another trace of the session: its failing calls, and its last call, which repeats the ones before.
func (t *Transcript) foreign(h *thread, turn *review.Turn, place int) {
	var calls []*review.Span
	var last *review.Span
	failing := 0
	for i := range turn.Spans {
		s := &turn.Spans[i]
		if !speaks(s) || s.Call.Operation == genai.OpExecuteTool {
			continue
		}
		if last == nil || s.Call.IsLLMCall() || !last.Call.IsLLMCall() {
			last = s
		}
		if s.Failed() && failing < maxFailing {
			calls = append(calls, s)
			failing++
		}
	}
	if last != nil && !slices.Contains(calls, last) {
		calls = append(calls, last)
	}
	for i, s := range calls {
		k := t.talker(turn.Spans, s)
		k.foreign, k.thread = true, h
		if s.Failed() {
			e := readEvidence(s.Class, s.Detail, s.Evidence)
			e.span = s
			k.reasons = []evidence{e}
		}
		h.add(k, s.Call, place, i == 0)
	}
}

// afterwards returns the last call of the trace in which the conversation of the shown one went on, nil without one.
func (t *talker) afterwards() (later *genai.Call) {
	own := t.subject.Call
	said := len(own.Input()) + len(own.Output())
	for i := range t.spans {
		s := &t.spans[i]
		if s.ID == t.subject.ID || !speaks(s) || !s.Start.After(t.subject.Start) ||
			s.Call.LLM.Set && !s.Call.LLM.Value {
			continue
		}
		if len(s.Call.Input()) < said || len(own.Input()) == 0 || !continues(s.Call.Input(), own.Input()) {
			continue
		}
		later = s.Call
	}
	return later
}

// group is a run of messages that are shown by one talker.
type group struct {
	entries []entry
	turns   []Turn
}

// lay shows the thread. The failure is written before what led to it, the nearest first, since the page may run out of
// room.
func (h *thread) lay(out *Conversation, own *talker, answered int) []Turn {
	before, after := h.entries[:answered], h.entries[answered:]
	answer := len(before)
	for answer > 0 && before[answer-1].answer && before[answer-1].talker == own {
		answer--
	}
	history := before[:answer]
	if extra := len(history) - maxTurns; extra > 0 {
		unread := max(0, len(own.subject.Call.Input())-maxHistory)
		out.Dropped = display.Plural(extra+unread, "message")
		history = history[extra:]
	}
	answers := grouped(before[answer:])
	for i := range answers {
		answers[i].show()
	}
	told := grouped(history)
	for i := range slices.Backward(told) {
		told[i].show()
	}
	next := grouped(after[:min(len(after), maxTurns)])
	for i := range next {
		next[i].show()
	}
	failed := joined(answers)
	for i := range failed {
		failed[i].answers = true
	}
	for i := range failed {
		if failed[i].Fails || slices.ContainsFunc(failed[i].Cards, func(c Card) bool { return c.Fails }) {
			failed[i].Here = own.blame != nil
			break
		}
	}
	later := joined(next)
	if len(later) > 0 && len(failed) > 0 && later[0].place == failed[0].place {
		later[0].Then = true
	}
	return slices.Concat(joined(told), failed, later)
}

// grouped cuts a part of the thread into the runs of one talker.
func grouped(entries []entry) []group {
	var groups []group
	for i := range entries {
		e := entries[i]
		if n := len(groups) - 1; n >= 0 {
			last := groups[n].entries[len(groups[n].entries)-1]
			if last.talker == e.talker && last.answer == e.answer && last.place == e.place &&
				len(groups[n].entries) < recentTurns {
				groups[n].entries = append(groups[n].entries, e)
				continue
			}
		}
		groups = append(groups, group{entries: []entry{e}})
	}
	return groups
}

// show makes the turns of a group.
func (g *group) show() {
	k := g.entries[0].talker
	reported := false
	var messages []genai.Message
	for _, e := range g.entries {
		if e.message == nil {
			reported = true
			continue
		}
		messages = append(messages, *e.message)
	}
	g.turns = k.turns(messages, g.entries[0].answer)
	if reported {
		g.turns = append(g.turns, k.reported(g.turns)...)
	}
	for i := range g.turns {
		g.turns[i].place = g.entries[0].place
	}
}

func joined(groups []group) (turns []Turn) {
	for i := range groups {
		turns = append(turns, groups[i].turns...)
	}
	return turns
}

// holds says what is folded away.
func holds(turns []Turn) string {
	calls := 0
	for i := range turns {
		calls += len(turns[i].Cards)
	}
	words := display.Plural(len(turns), "message")
	if calls > 0 {
		words += ", " + display.Plural(calls, "tool call")
	}
	return words
}
