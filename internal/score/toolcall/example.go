package toolcall

import "strings"

// span is a part of a text, as offsets.
type span struct{ start, end int }

// maxFences bounds the code fences that are told apart. A text with more is a document.
const maxFences = 64

// fences returns the insides of the code fences of a text, in order. A fence that is not closed ends with the text.
func fences(text string) []span {
	var list []span
	for at := 0; len(list) < maxFences; {
		i := strings.Index(text[at:], fence)
		if i < 0 {
			break
		}
		inside := span{at + i + len(fence), len(text)}
		if end := strings.Index(text[inside.start:], fence); end >= 0 {
			inside.end = inside.start + end
		}
		list = append(list, inside)
		if at = inside.end + len(fence); at >= len(text) {
			break
		}
	}
	return list
}

const fence = "```"

// isExample reports whether what stands at a place of the text shows a call instead of making it: inside code with
// prose on both sides, or which prose announces, or between the backticks of a sentence. An answer that begins with the
// code is the call.
func (s *search) isExample(at int) bool {
	if !s.fenced {
		s.fenced, s.fences = true, fences(s.text)
	}
	for i, f := range s.fences {
		if at < f.start {
			break
		}
		if at >= f.end {
			continue
		}
		if !hasWord(s.text[:f.start-len(fence)]) {
			return false
		}
		after := len(s.text)
		if i+1 < len(s.fences) {
			after = s.fences[i+1].start - len(fence)
		}
		if end := f.end + len(fence); end < after && hasWord(s.text[end:after]) {
			return true
		}
		return announces(s.text[:f.start-len(fence)])
	}
	return s.inline(at)
}

// inline reports whether a place is between single backticks on its line, with prose on the line too.
func (s *search) inline(at int) bool {
	begin := strings.LastIndexByte(s.text[:at], '\n') + 1
	begin = max(begin, at-maxLine)
	before, open, quoted := s.text[begin:at], false, 0
	for i := range len(before) {
		if before[i] == '`' {
			open, quoted = !open, i
		}
	}
	return open && hasWord(before[:quoted])
}

const (
	maxLine = 2 << 10 // bytes of a line that inline reads
	maxLead = 400     // bytes before a fence that may announce it
)

// hasWord reports whether a text has prose: at least two letters in a row.
func hasWord(text string) bool {
	for i := 1; i < len(text); i++ {
		if letter(text[i-1]) && letter(text[i]) {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

// announcements are words in front of a fence that say what the code is. A model that calls a tool says what it does.
var announcements = []string{
	"example", "for instance", "e.g", "look", "format", "like this", "as follows", "definition", "schema", "syntax",
	"template", "signature", "would", "could", "you can", "you call", "your code", "document", "log ", "sample", "stands",
	"beispiel", "ejemplo", "exemple", "esempio", "exemplo",
}

// announces reports whether the text before a fence ends with words that explain.
func announces(text string) bool {
	text = strings.ToLower(text[max(0, len(text)-maxLead):])
	for _, word := range announcements {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// isDefinition reports whether the value of a key is the schema of parameters, and so part of a tool's definition.
func isDefinition(afterKey string) bool {
	value := strings.TrimLeft(afterKey, " \t\n:")
	if !strings.HasPrefix(value, "{") {
		return false
	}
	value = value[:min(len(value), 300)]
	if strings.HasPrefix(strings.Join(strings.Fields(value), ""), `{"type":"object"`) {
		return true
	}
	for _, key := range [...]string{`"properties"`, `'properties'`, `"$schema"`, `"additionalProperties"`} {
		if strings.Contains(value, key) {
			return true
		}
	}
	return false
}
