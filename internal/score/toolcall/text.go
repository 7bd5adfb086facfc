package toolcall

import (
	"slices"
	"strings"
)

// maxText is how much of a text is searched: its head, where models put calls that they write instead of making.
const maxText = 32 << 10

// suspicious is a cheap test that most answers fail: a call in a text needs one of these bytes, or the words of ReAct.
func suspicious(text string) bool {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.IndexByte(text, '(') >= 0 || strings.IndexByte(text, '{') >= 0 || strings.IndexByte(text, '<') >= 0 ||
		strings.Contains(text, "[TOOL_CALLS]") || strings.Contains(text, "Action:") || strings.Contains(text, "to=functions.")
}

// tags open the formats in which model families write calls that the server should have parsed. What stands behind them
// is a call, whether or not it names a tool that exists.
var tags = []string{
	"<tool_call>", "<tool_calls>", "<|tool_call|>", "<|tool_call_begin|>", "<|tool_calls_section_begin|>", "<function_call>", "<function_calls>",
	"<functioncall>", "<|function_call|>", "<function=", "<invoke name=", "<tool_use>", "<tool_code>", "[TOOL_CALLS]", "<|python_tag|>",
	"<|tool▁calls▁begin|>", "<|tool▁call▁begin|>", "<start_function_call>", "functools[", "<|action_start|>", "<invoke",
}

// marks stand before the name of a tool in calls and nowhere else.
var marks = []string{"default_api.", "to=functions."}

// namespaces may stand before the name of a tool where a text begins with a call. Further down they are as common in
// code that explains.
var namespaces = []string{"functions.", "tools.", "api.", "default_api."}

// callIn finds a tool call that was written into a text, and the name of the tool that it is of, "" where the text does
// not say. Text that speaks of a tool, or shows code that uses it among other code, is no call.
func callIn(text string, tools *toolset) (name string, found bool) {
	if len(text) > maxText {
		text = text[:maxText]
	}
	if strings.Contains(text, `\_`) { // Markdown
		text = strings.ReplaceAll(text, `\_`, `_`)
	}
	if name, ok := namedObject(text, tools); ok {
		return name, true
	}
	for _, tag := range tags {
		if _, rest, ok := strings.Cut(text, tag); ok {
			return firstName(rest, tools), true
		}
	}
	if name, ok := marked(text, tools); ok {
		return name, true
	}
	if name, ok := leading(text, tools); ok {
		return name, true
	}
	return react(text, tools)
}

// nameKeys and argumentKeys are the keys of a call that is written as an object.
var (
	nameKeys     = []string{`"name"`, `'name'`, `"function"`, `'function'`, `"tool"`, `'tool'`, `"tool_name"`, `"function_name"`, `"action"`}
	argumentKeys = []string{
		`"arguments"`, `'arguments'`, `"parameters"`, `'parameters'`, `"args"`, `'args'`, `"input"`, `"tool_input"`, `"action_input"`,
		`"kwargs"`, `"params"`, `'params'`, `'input'`, `'kwargs'`,
	}
)

// namedObject finds {"name": "<a defined tool>", "arguments": …}, in JSON or as a Python dict.
func namedObject(text string, tools *toolset) (string, bool) {
	for _, key := range nameKeys {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, key)
			if !ok {
				break
			}
			rest = after
			name, ok := quotedAfterColon(after)
			if !ok || tools.tool(name) == nil {
				continue
			}
			for _, arguments := range argumentKeys {
				if strings.Contains(text, arguments) {
					return name, true
				}
			}
		}
	}
	return "", false
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

// firstName is the first defined tool that a text names, "" for none.
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

// marked finds default_api.tool(…) and to=functions.tool anywhere.
func marked(text string, tools *toolset) (string, bool) {
	for _, mark := range marks {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, mark)
			if !ok {
				break
			}
			rest = after
			name := identifier(after)
			if tools.tools[name] == nil {
				continue
			}
			if next := strings.TrimLeft(after[len(name):], " "); strings.HasPrefix(next, "(") || strings.HasPrefix(mark, "to=") {
				return name, true
			}
		}
	}
	return "", false
}

// examples are languages of code fences whose code shows how to do something, rather than doing it: models write calls
// as Python, as JSON, or without a language.
var examples = []string{"java", "javascript", "js", "jsx", "ts", "tsx", "typescript", "c", "cpp", "c++", "csharp", "go", "bash", "sh", "shell", "sql", "html"}

// leading knows an answer that begins with a call and has no prose before it: tool(a=1), [tool(a=1), other()], ["tool(a=1)"],
// [{"tool": {…}}], ["tool", {…}], in a code fence or without, behind a label such as "Tool call:". A call that stands in
// brackets on a line of its own counts as well. With prose before it, a call is an explanation.
func leading(text string, tools *toolset) (string, bool) {
	s := strings.TrimSpace(text)
	for strings.HasPrefix(s, "<|") { // special tokens of a chat template
		_, rest, ok := strings.Cut(s, "|>")
		if !ok {
			break
		}
		s = strings.TrimSpace(strings.TrimPrefix(rest, "assistant"))
	}
	if label, rest, ok := strings.Cut(s, ":"); ok && len(label) < 60 && strings.Contains(strings.ToLower(label), "call") && !strings.ContainsAny(label, "([{\n.") {
		s = strings.TrimSpace(rest)
	}
	if after, ok := strings.CutPrefix(s, "```"); ok {
		language, code, ok := strings.Cut(after, "\n")
		if !ok || slices.Contains(examples, strings.ToLower(strings.TrimSpace(language))) {
			return "", false
		}
		s = strings.TrimSpace(code)
	}
	if name, ok := written(s, tools); ok {
		return name, true
	}
	for rest := s; ; {
		_, after, ok := strings.Cut(rest, "\n")
		if !ok {
			return "", false
		}
		rest = after
		if line := strings.TrimLeft(after, " \t"); strings.HasPrefix(line, "[") {
			if name, ok := written(line, tools); ok {
				return name, true
			}
		}
	}
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
			if ok && tools.tool(name) != nil && (strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, `"{`) || strings.HasPrefix(rest, `'{`)) {
				return name, true
			}
		}
	}
	return "", false
}

// react knows the two lines of a ReAct agent.
func react(text string, tools *toolset) (string, bool) {
	_, rest, ok := strings.Cut(text, "Action:")
	if !ok || !strings.Contains(rest, "Action Input:") {
		return "", false
	}
	line, _, _ := strings.Cut(rest, "\n")
	name := strings.Trim(strings.TrimSpace(line), "`*\"'[]() ")
	return name, tools.tool(name) != nil
}

// identifier is the name at the start of a text: letters, digits, and what tool names join words with.
func identifier(s string) string {
	end := 0
	for end < len(s) {
		c := s[end]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-' || c == ':' || c >= 0x80 {
			end++
			continue
		}
		break
	}
	return s[:end]
}
