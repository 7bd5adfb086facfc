package strictyaml

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxRepairs bounds the lines that are quoted in one text, since each of them costs another reading.
const maxRepairs = 500

var lineOf = regexp.MustCompile(`^yaml: line ([0-9]+):`)

// Questions returns a text in which unquoted values with a question mark are quoted where they stand in {} or []. YAML
// 1.2, and so all loaders of JavaScript, read {q: Why?} as people mean it; the library here takes the mark for a new
// key. Only lines that the library rejects are changed. A text that it reads, or that has another mistake, is
// returned as it is.
func Questions(text []byte) []byte {
	repaired := text
	mistake := read(repaired)
	for range maxRepairs {
		if mistake == nil {
			return repaired
		}
		n := 1 // which is not named
		if m := lineOf.FindStringSubmatch(mistake.Error()); m != nil {
			n, _ = strconv.Atoi(m[1])
		}
		lines := bytes.SplitAfter(repaired, []byte("\n"))
		helped := false
		for _, i := range []int{n, n - 1, n - 2} { // the library counts from 0 or from 1
			if i < 0 || i >= len(lines) || helped {
				continue
			}
			was := lines[i]
			if lines[i] = []byte(quoteQuestions(string(was))); !bytes.Equal(lines[i], was) {
				candidate := bytes.Join(lines, nil)
				if err := read(candidate); err == nil || err.Error() != mistake.Error() {
					repaired, mistake, helped = candidate, err, true
					continue
				}
			}
			lines[i] = was
		}
		if !helped {
			break
		}
	}
	if mistake == nil {
		return repaired
	}
	return text
}

// read returns the first mistake of a text.
func read(text []byte) error { return yaml.Unmarshal(text, new(yaml.Node)) }

// quoteQuestions quotes the unquoted values with a question mark between the brackets of a line.
func quoteQuestions(line string) string {
	var b strings.Builder
	depth := 0
	if !strings.ContainsAny(line, "{[") {
		depth = 1 // of a line before
	}
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == '\'' || c == '"':
			end := closing(line, i)
			b.WriteString(line[i:end])
			i = end
			continue
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == '#' && i > 0 && line[i-1] == ' ':
			b.WriteString(line[i:])
			return b.String()
		case depth > 0 && c != ' ' && c != ',' && c != ':' && c != '\n' && c != '\r' && c != '\t':
			end := i + plainEnd(line[i:])
			value := strings.TrimRight(line[i:end], " \t\r\n")
			if strings.Contains(value, "?") && !strings.HasPrefix(value, "? ") && !strings.ContainsRune("@`&*!|>%", rune(c)) {
				b.WriteString("'" + strings.ReplaceAll(value, "'", "''") + "'" + line[i+len(value):end])
			} else {
				b.WriteString(line[i:end])
			}
			i = end
			continue
		}
		b.WriteByte(line[i])
		i++
	}
	return b.String()
}

// closing returns the end of a quoted value that begins at an index.
func closing(line string, from int) int {
	for i := from + 1; i < len(line); i++ {
		switch {
		case line[i] == '\\' && line[from] == '"':
			i++
		case line[i] != line[from]:
		case line[from] == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return len(line)
}

// plainEnd returns the length of an unquoted value at the start of a text: it ends before a bracket, a comma, a colon
// with a space, or a comment.
func plainEnd(text string) int {
	for i := range len(text) {
		switch text[i] {
		case '{', '}', '[', ']', ',', '\n':
			return i
		case ':':
			if i+1 == len(text) || strings.IndexByte(" \t\r\n,[]{}", text[i+1]) >= 0 {
				return i
			}
		case '#':
			if i > 0 && text[i-1] == ' ' {
				return i
			}
		}
	}
	return len(text)
}
