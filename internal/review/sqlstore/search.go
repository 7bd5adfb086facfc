package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

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

// query is a filter with its words as the search index takes them.
type query struct {
	review.Filter
	searches bool
	match    string // "" matches nothing
}

// newQuery turns the words of a person into a full-text query that is always well formed: it quotes every word. The
// last word may be the beginning of one, unless a space or a sign follows it.
func newQuery(ctx context.Context, tx *sql.Tx, f review.Filter) (q query, err error) {
	q = query{Filter: f, searches: strings.TrimSpace(f.Query) != ""}
	text := clean(f.Query[:min(len(f.Query), maxQuery)])
	var words []string
	for word := range strings.FieldsSeq(text) {
		if strings.IndexFunc(word, isWordRune) >= 0 && len(words) < maxWords {
			words = append(words, apart(word)) // what it separates is a phrase within the quotes
		}
	}
	if len(words) == 0 {
		return q, nil
	}
	matches := make([]string, len(words))
	for i, word := range words {
		matches[i] = quote(word)
	}
	last := len(words) - 1
	if end, _ := utf8.DecodeLastRuneInString(text); isWordRune(end) {
		matches[last], err = matchBeginning(ctx, tx, words[last])
	}
	q.match = strings.Join(matches, " AND ")
	return q, err
}

func quote(word string) string { return `"` + strings.ReplaceAll(word, `"`, `""`) + `"` }

// Bounds of the words that begin with the last one of a query.
const (
	maxBegun = 64
	fewItems = 20_000
)

// matchBeginning matches the words that begin with a word. FTS5 has a form for that, and it collects the rows of all
// these words before it returns the first: seconds in a large store, if one of them is in every item. Rows with one of
// several whole words are found from the newest on. Of more words than maxBegun, a large store takes the first.
func matchBeginning(ctx context.Context, tx *sql.Tx, word string) (string, error) {
	prefix := quote(word) + "*"
	head, token := lastToken(word)
	if token == "" {
		return quote(word), nil
	}
	begun, err := wordsFrom(ctx, tx, token)
	if err != nil {
		return "", err
	}
	if len(begun) == 0 { // nothing begins with it, or FTS5 spells it differently
		return prefix, nil
	}
	if len(begun) > maxBegun {
		var items int
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(n), 0) FROM counts`).Scan(&items); err != nil {
			return "", err
		}
		if items <= fewItems {
			return prefix, nil
		}
		begun = begun[:maxBegun]
	}
	matches := []string{quote(word)}
	for _, w := range begun {
		if w != token {
			matches = append(matches, quote(head+w))
		}
	}
	return "(" + strings.Join(matches, " OR ") + ")", nil
}

// lastToken splits a word into its last token, as the search index spells it, and what comes before.
func lastToken(word string) (head, token string) {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(word)) {
		if base := norm.NFD.String(string(r)); base[0] < utf8.RuneSelf { // a Latin letter without its marks
			r = rune(base[0])
		}
		b.WriteRune(r)
	}
	folded := b.String()
	start := 0
	for i, r := range folded {
		if !isWordRune(r) {
			start = i + utf8.RuneLen(r)
		}
	}
	return folded[:start], folded[start:]
}

// wordsFrom returns the words of the search index that begin with a token, in order, at most one more than maxBegun. It
// seeks each behind the one before: char(1) is in no word.
func wordsFrom(ctx context.Context, tx *sql.Tx, token string) (words []string, err error) {
	//nolint:gosec // only a constant is put in
	rows, err := tx.QueryContext(ctx, `WITH RECURSIVE begun (term) AS (
			SELECT (SELECT term FROM words WHERE term >= $1 ORDER BY term LIMIT 1)
			UNION ALL
			SELECT (SELECT term FROM words WHERE term >= begun.term || char(1) ORDER BY term LIMIT 1) FROM begun
				WHERE begun.term < $2
			LIMIT `+strconv.Itoa(maxBegun+2)+`)
		SELECT term FROM begun WHERE term < $2`, token, token+string(utf8.MaxRune))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return nil, err
		}
		words = append(words, word)
	}
	return words, rows.Err()
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
