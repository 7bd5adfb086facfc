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
	maxIndexed = 256 << 10 // of the search body of an item
	maxContent = 192 << 10 // of messages in it, so that names, ids and evidence of late spans find room
	maxQuery   = 1 << 10
	maxWords   = 32
)

// index extends the search body of an item with the terms of its new spans. Conversations repeat their history in every
// call, so a text that is in the body is not added again.
func index(ctx context.Context, tx *prepared, item *stored, fresh []row) error {
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
	add := func(term string, limit int) {
		term = apart(term)
		room := limit - b.Len() - len(separator)
		if seen[term] || room <= 0 {
			return
		}
		seen[term] = true
		b.WriteString(separator)
		b.WriteString(strings.ToValidUTF8(term[:min(len(term), room)], ""))
	}
	for _, r := range fresh {
		for _, term := range r.terms.names {
			add(term, maxIndexed)
		}
	}
	for _, r := range fresh {
		for _, term := range r.terms.content {
			add(term, maxContent)
		}
	}
	return b.String()
}

// match turns the input of a person into a full-text query that is always well formed: it quotes every word, and the
// last word may be the beginning of one. It returns "" for an input without words.
func match(query string) string {
	query = clean(query[:min(len(query), maxQuery)])
	var words []string
	for word := range strings.FieldsSeq(query) {
		if strings.IndexFunc(word, isWordRune) >= 0 && len(words) < maxWords {
			// Characters that apart separates form a phrase within the quotes.
			words = append(words, `"`+strings.ReplaceAll(apart(word), `"`, `""`)+`"`)
		}
	}
	if len(words) == 0 {
		return ""
	}
	// A word followed by a space or a sign is complete.
	if last, _ := utf8.DecodeLastRuneInString(query); isWordRune(last) {
		words[len(words)-1] += "*"
	}
	return strings.Join(words, " AND ")
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// apart puts spaces around the characters of scripts without word spacing. Each becomes a word, and a sequence of
// them a phrase.
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

// separator separates the terms of a search body. It is not part of any word.
const separator = "\x1f"

// terms are the texts that a span is found by.
type terms struct {
	names   []string // names, ids and evidence
	content []string // messages and other content, newest first
	left    int      // room for content, in bytes
}

// suspectTerm begins the search term of a suspicion: suspect:jailbreak.
const suspectTerm = "suspect:"

func termsOf(s *review.Span) terms {
	t := terms{left: maxContent}
	t.name(s.Evidence, string(s.Class), s.Detail, s.Name, s.Service, s.ID, s.Fingerprint)
	for _, scorer := range s.Suspects {
		t.name(suspectTerm + scorer)
	}
	t.text(s.Message)
	c := s.Call
	if c == nil {
		return t
	}
	t.name(c.RequestModel, c.ResponseModel, c.Model, c.Provider, c.AgentName, c.ToolName, c.PromptName, c.WorkflowName,
		c.SessionID, c.UserID, c.ResponseID, c.ToolCallID, c.Error.Type)
	t.text(c.Error.Message, c.Refusal(), c.ToolArguments().Text, c.ToolResult().Text, c.Retrieval().Query)
	t.messages(c.Output())
	t.messages(c.Input())
	for i := range c.Retrieval().Documents {
		t.text(c.Retrieval().Documents[i].ID, c.Retrieval().Documents[i].Content)
	}
	t.text(c.System())
	return t
}

func (t *terms) name(names ...string) {
	for _, text := range names {
		if text != "" {
			t.names = append(t.names, strings.ReplaceAll(short(text), separator, " "))
		}
	}
}

func (t *terms) text(texts ...string) {
	for _, text := range texts {
		text = text[:min(len(text), t.left)]
		if text != "" {
			t.left -= len(text)
			t.content = append(t.content, strings.ReplaceAll(clean(text), separator, " "))
		}
	}
}

func (t *terms) messages(messages []genai.Message) {
	for i := range slices.Backward(messages) {
		m := &messages[i]
		t.text(m.Text, m.Reasoning)
		for j := range m.ToolCalls {
			t.text(m.ToolCalls[j].Name, m.ToolCalls[j].ID, m.ToolCalls[j].Arguments.Text)
		}
		for j := range m.ToolResults {
			t.text(m.ToolResults[j].Result.Text)
		}
	}
}
