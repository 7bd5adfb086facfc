package pipeline

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

const (
	// minLeaf is the length below which no string within JSON is cut: roles, types and ids are not longer.
	minLeaf = 128
	// maxEmbedded bounds how deep JSON within strings of JSON is cut as JSON.
	maxEmbedded = 3
)

// shortJSON cuts a JSON object or list so that it remains one: it cuts its longest strings, and then leaves out the
// middle of a list. ok is false if the text is not JSON.
func shortJSON(text string, limit, depth int) (short string, ok bool) {
	if !isJSON(text) {
		return "", false
	}
	leaves := stringsIn(text)
	room, sizes := limit-len(text), make([]int, len(leaves))
	for i, l := range leaves {
		sizes[i] = l.end - l.start
		room += sizes[i]
	}
	longest := max(level(sizes, room), minLeaf)
	var b strings.Builder
	from := 0
	for _, l := range leaves {
		if l.end-l.start > longest {
			b.WriteString(text[from:l.start])
			b.WriteString(shortLeaf(text[l.start:l.end], longest, depth))
			from = l.end
		}
	}
	b.WriteString(text[from:])
	if short = b.String(); len(short) <= limit {
		return short, true
	}
	return fewerItems(short, limit), true
}

// isJSON reports whether a text is a JSON object or list.
func isJSON(text string) bool {
	start := strings.TrimLeft(text, " \t\r\n")
	return start != "" && (start[0] == '{' || start[0] == '[') && json.Valid([]byte(text))
}

// leaf is the place of a string in JSON, without its quotes.
type leaf struct{ start, end int }

// stringsIn lists the strings of valid JSON that are values, not keys.
func stringsIn(text string) (leaves []leaf) {
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		end := endOfString(text, i)
		next := strings.TrimLeft(text[end+1:min(end+64, len(text))], " \t\r\n")
		if end-i-1 > minLeaf && !strings.HasPrefix(next, ":") {
			leaves = append(leaves, leaf{i + 1, end})
		}
		i = end
	}
	return leaves
}

// endOfString returns the place of the quote that ends the string that begins at i.
func endOfString(text string, i int) int {
	for i++; i < len(text)-1 && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// shortLeaf cuts a string as JSON writes it. A string that holds JSON itself, like the arguments of a tool call,
// remains JSON.
func shortLeaf(raw string, limit, depth int) string {
	if depth < maxEmbedded && strings.IndexByte("{[ ", raw[0]) >= 0 {
		var text string
		if json.Unmarshal([]byte(`"`+raw+`"`), &text) == nil && isJSON(text) {
			// Escapes take room too.
			if short, ok := shortJSON(text, limit*len(text)/len(raw), depth+1); ok {
				if encoded := escaped(short); len(encoded) <= limit {
					return encoded
				}
				if short, ok = shortJSON(text, limit/2, depth+1); ok {
					return escaped(short)
				}
			}
		}
	}
	end := mark(len(raw))
	return cutEscaped(raw, limit-len(end)-len("…")) + "…" + end
}

// escaped returns a text as JSON writes it, without quotes.
func escaped(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string never fails
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

// cutEscaped cuts a string as JSON writes it, between two characters.
func cutEscaped(raw string, limit int) string {
	at := 0
	for at < len(raw) {
		size := 1
		switch {
		case raw[at] == '\\' && at+1 < len(raw) && raw[at+1] == 'u':
			if size = 6; at+11 < len(raw) && isHighSurrogate(raw[at+2:at+6]) && raw[at+6:at+8] == `\u` {
				size = 12
			}
		case raw[at] == '\\':
			size = 2
		case raw[at] >= utf8.RuneSelf:
			_, size = utf8.DecodeRuneInString(raw[at:])
		}
		if at+size > limit {
			break
		}
		at += size
	}
	return raw[:min(at, len(raw))]
}

func isHighSurrogate(hex string) bool {
	return (hex[0] == 'd' || hex[0] == 'D') && strings.IndexByte("89abAB", hex[1]) >= 0
}

// fewerItems keeps the first and the last items of a list. An object, and a list whose items are too large, is replaced
// by one that says so.
func fewerItems(text string, limit int) string {
	items := itemsOf(text)
	sizes := make([]int, len(items))
	for i, item := range items {
		sizes[i] = len(item) + 1
	}
	if first := firstKept(sizes, limit-2); len(items) > 0 && (first < len(items) || sizes[0] <= limit-2) {
		return "[" + strings.Join(append(items[:1:1], items[first:]...), ",") + "]"
	}
	return `{"cut":"` + strings.TrimSpace(mark(len(text))) + `"}`
}

// itemsOf returns the items of a JSON list, nil for an object.
func itemsOf(text string) (items []string) {
	text = strings.TrimSpace(text)
	if text[0] != '[' {
		return nil
	}
	depth, from := 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i)
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 && i > from {
				items = append(items, text[from:i])
			}
		case ',':
			if depth == 1 {
				items = append(items, text[from:i])
				from = i + 1
			}
		}
	}
	return items
}
