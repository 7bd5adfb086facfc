package toolcall

import (
	"slices"
	"strings"
)

// maxText is how many bytes of the head of a text are searched, and how many of its tail. Models that write a call
// instead of making it do so there.
const maxText = 32 << 10

// suspicious is a cheap test that most answers fail: a written call has one of these bytes, or the words of ReAct.
func suspicious(text string) bool {
	for _, part := range ends(text) {
		if strings.IndexByte(part, '(') >= 0 || strings.IndexByte(part, '{') >= 0 || strings.IndexByte(part, '<') >= 0 ||
			strings.IndexByte(part, '[') >= 0 || strings.IndexByte(part, ':') >= 0 && strings.Contains(part, "Action:") ||
			strings.IndexByte(part, '=') >= 0 && strings.Contains(part, "to=functions.") {
			return true
		}
	}
	return false
}

// ends returns the head and the tail of a text. The tail may be empty.
func ends(text string) [2]string {
	if len(text) <= maxText {
		return [2]string{text}
	}
	return [2]string{text[:maxText], text[max(maxText, len(text)-maxText):]}
}

// tags open the formats in which model families write calls that the server should have parsed.
var tags = []string{
	"<tool_call>", "<tool_calls>", "<|tool_call|>", "<|tool_calls|>", "<|tool_call_begin|>",
	"<|tool_calls_section_begin|>", "<|tool_call>",
	"<function_call>", "<function_calls>", "<functioncall>", "<|function_call|>", "<function=", "<function name=",
	"<invoke", "<antml:invoke",
	"<tool_use>", "<tool_code>", "<TOOLCALL>", "<|python_tag|>", "<|tool▁calls▁begin|>", "<|tool▁call▁begin|>",
	"<｜tool▁calls▁begin｜>",
	"<｜tool▁call▁begin｜>", "<｜DSML｜", "<start_function_call>", "<|action_start|>", "<|START_ACTION|>",
	"<minimax:tool_call>", "<seed:tool_call>",
	"[TOOL_CALLS]", "[TOOL_REQUEST]", "[[ ## tool_calls ## ]]",
}

// namespaces may precede the name of a tool in a text that begins with a call. Further down, they are as common in code
// that explains.
var namespaces = []string{"functions.", "tools.", "api.", "default_api."}

// callIn finds a call of an offered tool that was written into a text. Text about a tool, code that uses it among other
// code, and an example of a call are not calls.
func callIn(text string, tools *toolset) (name string, found bool) {
	for i, part := range ends(text) {
		if strings.Contains(part, `\_`) { // Markdown
			part = strings.ReplaceAll(part, `\_`, `_`)
		}
		s := search{text: part, tools: tools}
		if s.run() {
			return s.name, true
		}
		if i == 0 {
			if name, ok := leading(part, tools); ok {
				return name, true
			}
		}
	}
	return "", false
}

// search scans a text once.
type search struct {
	text  string
	tools *toolset
	name  string
	// The two halves of a call written as an object, {"name": "<a defined tool>", "arguments": …}, in JSON or as a Python
	// dict.
	named, arguments bool

	fences   []span
	fenced   bool // fences is set
	examples int  // so far
}

// maxExamples bounds the examples of calls in one text, each of which costs a look at what stands around it.
const maxExamples = 64

// telling are the bytes at which a call can be recognised.
var telling = func() (table [256]bool) {
	for _, c := range []byte(`<[(="':`) {
		table[c] = true
	}
	return table
}()

// run reports whether the text holds a call.
func (s *search) run() bool {
	for i := 0; i < len(s.text); i++ {
		c := s.text[i]
		if !telling[c] {
			continue
		}
		found := false
		switch c {
		case '<':
			found = s.tag(i) || s.element(i)
		case '[':
			found = s.tag(i) || s.list(i)
		case '(':
			found = s.marked(i)
		case '=':
			found = s.recipient(i)
		case ':':
			found = s.react(i)
		default:
			found = s.key(i)
		}
		if !found {
			continue
		}
		if c == '(' || c == '=' || !s.isExample(i) { // those two forms stand in no explanation
			return true
		}
		if s.examples++; s.examples > maxExamples {
			return false
		}
		s.named, s.arguments = false, false
	}
	return false
}

// tag finds one of the tags, with the name of a tool behind it.
func (s *search) tag(i int) bool {
	rest := s.text[i:]
	if len(rest) < 2 {
		return false
	}
	for _, tag := range tagsBySecond[rest[1]] {
		if strings.HasPrefix(rest, tag) {
			s.name = named(rest[len(tag):], s.tools)
			return s.name != ""
		}
	}
	return false
}

// named returns the tool that a text behind a tag calls: its name stands in an object, in a list, in a tag, or in front
// of its arguments, and not in a sentence.
func named(text string, tools *toolset) string {
	text = strings.TrimLeft(text, " \t\r\n\"'=")
	name := firstName(text, tools)
	if name == "" || text[0] == '{' || text[0] == '[' {
		return name
	}
	before, _, _ := strings.Cut(text, name)
	if len(before) > maxMarks || strings.ContainsAny(before, " \t") && !strings.Contains(before, "=") ||
		strings.Contains(before, "</") {
		return ""
	}
	return name
}

// maxMarks bounds what stands between a tag and the name of its tool: more tags, "function", a namespace.
const maxMarks = 64

// tagsBySecond are the tags by their second byte.
var tagsBySecond = func() (table [256][]string) {
	for _, tag := range tags {
		table[tag[1]] = append(table[tag[1]], tag)
	}
	return table
}()

// element finds <tool><parameter>…</parameter></tool> for a defined tool.
func (s *search) element(i int) bool {
	name := identifier(s.text[i+1:])
	rest := s.text[i+1+len(name):]
	if name == "" || !strings.HasPrefix(rest, ">") || s.tools.tool(name) == nil {
		return false
	}
	inside, _, closed := strings.Cut(near(rest[1:]), "</"+name+">")
	s.name = name
	return closed && strings.HasPrefix(strings.TrimSpace(inside), "<")
}

// near returns as much of a text as is searched from each of many places.
func near(text string) string { return text[:min(len(text), 2<<10)] }

// list finds a call in brackets at the start of a line, and functools[…].
func (s *search) list(i int) bool {
	before := strings.TrimRight(s.text[:i], " \t")
	ok := false
	switch {
	case before == "" || before[len(before)-1] == '\n':
		s.name, ok = written(near(s.text[i:]), s.tools)
	case strings.HasSuffix(before, "functools"):
		s.name = firstName(s.text[i:], s.tools)
		ok = s.name != ""
	}
	return ok
}

// marked finds default_api.tool(…), which only occurs in calls.
func (s *search) marked(i int) bool {
	at := i
	for at > 0 && s.text[at-1] == ' ' {
		at--
	}
	end := at
	for at > 0 && word(s.text[at-1]) {
		at--
	}
	var ok bool
	s.name, ok = strings.CutPrefix(s.text[at:end], "default_api.")
	return ok && s.tools.tools[s.name] != nil
}

// recipient finds to=functions.tool, the form of Harmony.
func (s *search) recipient(i int) bool {
	after, ok := strings.CutPrefix(s.text[i:], "=functions.")
	if !ok || !strings.HasSuffix(s.text[:i], "to") {
		return false
	}
	s.name = identifier(after)
	return s.tools.tools[s.name] != nil
}

// react recognises the two lines of a ReAct agent.
func (s *search) react(i int) bool {
	rest := near(s.text[i+1:])
	if !strings.HasSuffix(s.text[:i], "Action") || !strings.Contains(rest, "Action Input:") {
		return false
	}
	line, _, _ := strings.Cut(rest, "\n")
	s.name = strings.Trim(strings.TrimSpace(line), "`*\"'[]() ")
	return s.tools.tool(s.name) != nil
}

// nameKeys and argumentKeys are the keys of a call written as an object.
var (
	nameKeys     = []string{"name", "function", "tool", "tool_name", "function_name", "action"}
	argumentKeys = []string{"arguments", "parameters", "args", "input", "tool_input", "action_input", "kwargs", "params"}
)

// key reads a key of an object, and reports whether it completes a call.
func (s *search) key(i int) bool {
	quote, rest := s.text[i], s.text[i+1:]
	if rest == "" || rest[0] < 'a' || rest[0] > 't' {
		return false
	}
	end := 0
	for end < len(rest) && end < 16 && (rest[end] >= 'a' && rest[end] <= 'z' || rest[end] == '_') {
		end++
	}
	if end == len(rest) || rest[end] != quote {
		return false
	}
	switch key := rest[:end]; {
	case slices.Contains(argumentKeys, key):
		if isDefinition(rest[end+1:]) {
			s.named = false
			return false
		}
		s.arguments = true
	case !s.named && slices.Contains(nameKeys, key):
		if name, ok := quotedAfterColon(rest[end+1:]); ok && s.tools.tool(name) != nil {
			s.name, s.named = name, true
		}
	}
	return s.named && s.arguments
}

// quotedAfterColon reads the string value that follows a key.
func quotedAfterColon(s string) (string, bool) {
	s = strings.TrimLeft(s, " \t\n")
	if !strings.HasPrefix(s, ":") {
		return "", false
	}
	s = strings.TrimLeft(s[1:], " \t\n")
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return "", false
	}
	value, _, ok := strings.Cut(s[1:], s[:1])
	return value, ok
}

// firstName returns the defined tool that a text names first, or "".
func firstName(text string, tools *toolset) string {
	text = text[:min(len(text), 400)]
	best, at := "", len(text)
	for name := range tools.tools {
		if i := strings.Index(text, name); i >= 0 && (i < at || i == at && len(name) > len(best)) {
			best, at = name, i
		}
	}
	return best
}

// examples are languages of code fences whose code demonstrates instead of acting. Models write calls as Python, as
// JSON, or without a language.
var examples = []string{
	"java", "javascript", "js", "jsx", "ts", "tsx", "typescript", "c", "cpp", "c++", "csharp", "go", "bash", "sh", "shell",
	"sql", "html",
}

// leading recognises an answer that begins with a call, without prose before it: tool(a=1), [tool(a=1), other()],
// ["tool(a=1)"], [{"tool": {…}}] or ["tool", {…}], in a code fence or without, also behind a label such as "Tool
// call:". A call in brackets on a line of its own counts too. A call behind prose is an explanation.
func leading(text string, tools *toolset) (string, bool) {
	s := strings.TrimSpace(text)
	for strings.HasPrefix(s, "<|") { // special tokens of a chat template
		_, rest, ok := strings.Cut(s, "|>")
		if !ok {
			break
		}
		s = strings.TrimSpace(strings.TrimPrefix(rest, "assistant"))
	}
	if label, rest, ok := strings.Cut(s, ":"); ok && len(label) < 60 && strings.Contains(strings.ToLower(label), "call") &&
		!strings.ContainsAny(label, "([{\n.") {
		s = strings.TrimSpace(rest)
	}
	if after, ok := strings.CutPrefix(s, fence); ok {
		language, code, ok := strings.Cut(after, "\n")
		if !ok || slices.Contains(examples, strings.ToLower(strings.TrimSpace(language))) {
			return "", false
		}
		s = strings.TrimSpace(code)
	}
	if s, ok := strings.CutPrefix(s, `{"tool_uses"`); ok { // OpenAI's parallel calls
		name := firstName(s, tools)
		return name, name != ""
	}
	return written(s, tools)
}

// written reads a call at the start of a text.
func written(s string, tools *toolset) (string, bool) {
	open := strings.TrimLeft(s, " \t\n")
	list := strings.HasPrefix(open, "[")
	s = strings.TrimLeft(open, " \t\n[(`\"'")
	quoted := len(s) < len(open) && strings.ContainsAny(open[:len(open)-len(s)], `"'`)
	s = strings.TrimPrefix(s, "print(")
	for _, space := range namespaces {
		if tools.tools[identifier(s)] == nil {
			s = strings.TrimPrefix(s, space)
		}
	}
	if name := identifier(s); name != "" && tools.tool(name) != nil {
		rest := strings.TrimLeft(s[len(name):], " ")
		switch {
		case strings.HasPrefix(rest, "("):
			return name, strings.Contains(rest, ")")
		case list && quoted && len(rest) > 1: // ["tool", {…}]
			return name, strings.HasPrefix(strings.TrimLeft(rest[1:], " "), ",")
		}
		return "", false
	}
	if after, ok := strings.CutPrefix(s, "{"); ok {
		after = strings.TrimLeft(after, " \t\n")
		if after != "" && (after[0] == '"' || after[0] == '\'') {
			name, rest, ok := strings.Cut(after[1:], after[:1])
			rest = strings.TrimLeft(rest, " :\t\n")
			if ok && tools.tool(name) != nil &&
				(strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, `"{`) || strings.HasPrefix(rest, `'{`)) {
				return name, true
			}
		}
	}
	return "", false
}

// identifier returns the name at the start of a text: letters, digits, and the characters that join words in names of
// tools.
func identifier(s string) string {
	end := 0
	for end < len(s) && word(s[end]) {
		end++
	}
	return s[:end]
}

func word(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-' ||
		c == ':' ||
		c >= 0x80
}
