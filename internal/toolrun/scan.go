package toolrun

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxScanned bounds how much of a result is searched for flags, in bytes.
const maxScanned = 32 << 10

// members calls each for the members of the object that the text begins with, until it returns false. It reads JSON and
// the literals of Python, and stops where the text was cut. A value is the text of the value, with its quotes. It
// reports whether it reached the end of the object.
func members(text string, each func(key, value string) bool) (whole bool) {
	if text == "" || text[0] != '{' {
		return false
	}
	text = text[:min(len(text), maxScanned)]
	for i := 1; ; {
		i = blank(text, i)
		if i == len(text) || text[i] != '"' && text[i] != '\'' {
			return i < len(text) && text[i] == '}'
		}
		end := value(text, i)
		key := text[i:end]
		if i = blank(text, end); i == len(text) || text[i] != ':' {
			return false
		}
		i = blank(text, i+1)
		end = value(text, i)
		if end == i || !each(key[1:max(1, len(key)-1)], text[i:end]) {
			return false
		}
		if i = blank(text, end); i == len(text) || text[i] != ',' {
			return i < len(text) && text[i] == '}'
		}
		i++
	}
}

// first returns the first element of the list that the text begins with, and whether there are more.
func first(text string) (element string, more bool) {
	text = text[:min(len(text), maxScanned)]
	i := blank(text, 1)
	end := value(text, i)
	rest := blank(text, end)
	return text[i:end], rest < len(text) && text[rest] == ','
}

// blank skips white space.
func blank(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// value returns the end of the value that begins at i. It does not check the value.
func value(text string, i int) int {
	depth := 0
	for i < len(text) {
		switch b := text[i]; b {
		case '"', '\'':
			i = quoted(text, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		case ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

// quoted returns the end of the string that begins at i.
func quoted(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		k := strings.IndexByte(text[i:], quote)
		if k < 0 {
			return len(text)
		}
		// An even number of backslashes leaves the quote alone.
		n := 0
		for j := i + k - 1; j >= i && text[j] == '\\'; j-- {
			n++
		}
		if i += k; n%2 == 0 {
			return i + 1
		}
	}
	return len(text)
}

// isText reports whether a value is a string.
func isText(value string) bool { return value != "" && (value[0] == '"' || value[0] == '\'') }

// unquote returns the text of a string value, also of one that was cut.
func unquote(value string) string {
	if !isText(value) {
		return value
	}
	quote := value[0]
	body := value[1:]
	if n := len(body); n > 0 && body[n-1] == quote {
		body = body[:n-1]
	}
	if strings.IndexByte(body, '\\') < 0 {
		return body
	}
	if quote == '"' {
		if plain, err := jsontext.AppendUnquote(nil, value); err == nil {
			return string(plain)
		}
	}
	return escapes.Replace(body)
}

// escapes are those of Python, and of JSON strings that were cut.
var escapes = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`, `\'`, `'`, `\\`, `\`, `\r`, "\r")

// isNothing reports whether a value holds nothing: null, false, zero, or an empty text, list or object.
func isNothing(value string) bool {
	switch value {
	case "", "null", "None", "none", "undefined", "false", "False", "0", "0.0", `""`, "''", "[]", "{}", "()":
		return true
	}
	if (value[0] == '[' || value[0] == '{') && len(value) < 16 {
		return len(strings.Fields(value)) == 2 && len(strings.Join(strings.Fields(value), "")) == 2
	}
	return isText(value) && len(value) < 16 && strings.TrimSpace(unquote(value)) == ""
}
