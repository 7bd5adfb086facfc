package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// columns is the width of prose.
const columns = 120

// token is a word, or code or a link with the words in it.
var token = regexp.MustCompile("(?:`[^`]*`|\\[[^\\]]*\\]\\([^)]*\\)|\\S)+")

// wrap breaks paragraphs with a line that is too wide, because of names that a definition put into it. Tables, lists
// and code stay as they are.
func wrap(page string) string {
	paragraphs := strings.Split(page, "\n\n")
	fenced := false
	for i, p := range paragraphs {
		inCode := fenced
		fenced = fenced != (strings.Count(p, "```")%2 == 1)
		if inCode || fenced || p == "" || strings.ContainsAny(p[:1], " |#<-\n") || strings.Contains(p, "```") || !wide(p) {
			continue
		}
		var b strings.Builder
		width := 0
		for _, word := range token.FindAllString(p, -1) {
			n := utf8.RuneCountInString(word)
			switch {
			case width == 0:
			case width+1+n > columns:
				b.WriteByte('\n')
				width = 0
			default:
				b.WriteByte(' ')
				width++
			}
			b.WriteString(word)
			width += n
		}
		if strings.HasSuffix(p, "\n") {
			b.WriteByte('\n')
		}
		paragraphs[i] = b.String()
	}
	return strings.Join(paragraphs, "\n\n")
}

func wide(paragraph string) bool {
	for line := range strings.Lines(paragraph) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > columns {
			return true
		}
	}
	return false
}
