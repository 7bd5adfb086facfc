package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// Bounds of search, in bytes and in words.
const (
	maxIndexed = 256 << 10 // of the texts that an item is found by
	maxQuery   = 1 << 10
	maxWords   = 32
)

// index extends the search body of an item by what its new spans bring. Conversations repeat their history in every
// call: a text that is there is not added again.
func index(ctx context.Context, tx *sql.Tx, item *stored, fresh []row) error {
	var body string
	err := tx.QueryRowContext(ctx, `SELECT body FROM search WHERE rowid = $1`, item.id).Scan(&body)
	isNew := errors.Is(err, sql.ErrNoRows)
	if err != nil && !isNew {
		return err
	}
	extended := extend(body, item.traceID, fresh)
	switch {
	case extended == body:
		return nil
	case isNew:
		_, err = tx.ExecContext(ctx, `INSERT INTO search (rowid, body) VALUES ($1, $2)`, item.id, extended)
	default:
		_, err = tx.ExecContext(ctx, `UPDATE search SET body = $1 WHERE rowid = $2`, extended, item.id)
	}
	return err
}

func extend(body, traceID string, fresh []row) string {
	seen := map[string]bool{}
	var b strings.Builder
	b.WriteString(body)
	if body == "" {
		b.WriteString(traceID)
	}
	for term := range strings.SplitSeq(b.String(), separator) {
		seen[term] = true
	}
	for _, r := range fresh {
		for _, term := range r.terms {
			term = apart(term)
			room := maxIndexed - b.Len() - len(separator)
			if seen[term] || room <= 0 {
				continue
			}
			seen[term] = true
			b.WriteString(separator)
			b.WriteString(strings.ToValidUTF8(term[:min(len(term), room)], ""))
		}
	}
	return b.String()
}

// match turns what a person typed into a full-text query that cannot be malformed: every word is quoted, the last one
// may be the beginning of a word. It is "" where there is no word in it.
func match(query string) string {
	query = clean(query[:min(len(query), maxQuery)])
	var words []string
	for word := range strings.FieldsSeq(query) {
		if strings.IndexFunc(word, isWordRune) >= 0 && len(words) < maxWords {
			// What is taken apart within the quotes is a phrase.
			words = append(words, `"`+strings.ReplaceAll(apart(word), `"`, `""`)+`"`)
		}
	}
	if len(words) == 0 {
		return ""
	}
	// A word that was ended, by a space or a sign, is meant as it stands.
	if last, _ := utf8.DecodeLastRuneInString(query); isWordRune(last) {
		words[len(words)-1] += "*"
	}
	return strings.Join(words, " AND ")
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// apart puts spaces around the characters of scripts that are written without: each is a word to search for, and a
// sequence of them is found as a phrase.
func apart(text string) string {
	if strings.IndexFunc(text, unspaced) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unspaced(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unspaced(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// separator stands between the terms of a search body. It is no part of a word.
const separator = "\x1f"

// termsOf lists what an item can be found by: first what it is called and what failed, then what was said, newest first.
func termsOf(s *review.Span) []string {
	t := terms{left: maxIndexed}
	for _, text := range []string{s.Evidence, string(s.Class), s.Detail, s.Name, s.Service, s.ID, s.Print, s.Message} {
		t.add(text)
	}
	c := s.Call
	if c == nil {
		return t.list
	}
	for _, text := range []string{
		c.RequestModel, c.ResponseModel, c.Model, c.Provider, c.AgentName, c.ToolName, c.PromptName, c.WorkflowName, c.SessionID, c.UserID,
		c.ResponseID, c.ToolCallID, c.Error.Type, c.Error.Message, c.Refusal(), c.ToolArguments().Text, c.ToolResult().Text,
		c.Retrieval().Query,
	} {
		t.add(text)
	}
	t.messages(c.Output())
	t.messages(c.Input())
	for i := range c.Retrieval().Documents {
		t.add(c.Retrieval().Documents[i].ID)
		t.add(c.Retrieval().Documents[i].Content)
	}
	t.add(c.System())
	return t.list
}

type terms struct {
	list []string
	left int // bytes
}

func (t *terms) add(text string) {
	if text == "" || t.left <= 0 {
		return
	}
	text = text[:min(len(text), t.left)]
	t.left -= len(text)
	t.list = append(t.list, strings.ReplaceAll(clean(text), separator, " "))
}

func (t *terms) messages(messages []genai.Message) {
	for i := range slices.Backward(messages) {
		m := &messages[i]
		t.add(m.Text)
		t.add(m.Reasoning)
		for j := range m.ToolCalls {
			t.add(m.ToolCalls[j].Name)
			t.add(m.ToolCalls[j].ID)
			t.add(m.ToolCalls[j].Arguments.Text)
		}
		for j := range m.ToolResults {
			t.add(m.ToolResults[j].Result.Text)
		}
	}
}
