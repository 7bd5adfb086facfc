package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/faultline-otel/faultline/internal/review"
)

// maxIndexed bounds the search body of an item, in bytes.
const maxIndexed = 256 << 10

// maxContent bounds the messages in a search body, so that names, ids and evidence of late spans find room.
const maxContent = 192 << 10

// Bounds of a query, in bytes and in words.
const (
	maxQuery = 1 << 10
	maxWords = 32
)

// index extends the search body of an item with the terms of its new spans. Conversations repeat their history in every
// call, so a text that is in the body is not added again.
func (s *Store) index(ctx context.Context, tx *put, item *stored, fresh []row, isNew bool) error {
	var body string
	if !isNew {
		err := tx.QueryRowContext(ctx, `SELECT body FROM search WHERE rowid = $1`, item.id).Scan(&body)
		if isNew = errors.Is(err, sql.ErrNoRows); err != nil && !isNew {
			return err
		}
	}
	extended := extend(body, item.traceID, fresh, s.words.spell)
	switch {
	case extended == body:
		return nil
	case isNew:
		tx.bodies = append(tx.bodies, bodyOf{item, extended})
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE search SET body = $1 WHERE rowid = $2`, extended, item.id)
	return err
}

func extend(body, traceID string, fresh []row, spell func(string) string) string {
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
		term = spell(term)
		room := limit - b.Len() - len(separator)
		if seen[term] || term == "" || room <= 0 {
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

// wordIndex finds items by their words. Its table is search, with a row an item: rowid is the id of the item, body its
// text.
type wordIndex interface {
	// spell returns a text in the form that the body takes.
	spell(text string) string
	// match returns the condition for the rows that have all words. The last one may be the beginning of a word.
	match(ctx context.Context, tx *sql.Tx, words []string, begins bool) (*match, error)
}

// match is how the rows with some words are found.
type match struct {
	where func(w *where) string // writes the condition into a query, with its arguments
	few   bool                  // all of them are read and sorted, since none may be near the newest
}

// from orders rows by a column, from the newest on.
func (m *match) from(column string) string {
	if m != nil && m.few {
		return column + " + 0 DESC" // no index has that order
	}
	return column + " DESC"
}

// query is a filter with its words as the search index takes them.
type query struct {
	review.Filter
	searches bool
	match    *match // nil matches nothing
	queues   []review.Queue
}

// newQuery turns the words of a person into a query of the search index that is always well formed. The last word may
// be the beginning of one, unless a space or a sign follows it.
func newQuery(
	ctx context.Context, tx *sql.Tx, index wordIndex, queues []review.Queue, f review.Filter,
) (q query, err error) {
	q = query{Filter: f, searches: strings.TrimSpace(f.Query) != "", queues: queues}
	text := clean(f.Query[:min(len(f.Query), maxQuery)])
	var words []string
	for word := range strings.FieldsSeq(text) {
		if strings.IndexFunc(word, isWordRune) >= 0 && len(words) < maxWords {
			words = append(words, apart(word)) // what it separates is a phrase
		}
	}
	if len(words) == 0 {
		return q, nil
	}
	end, _ := utf8.DecodeLastRuneInString(text)
	q.match, err = index.match(ctx, tx, words, isWordRune(end))
	return q, err
}

// wordsAlone reports whether a query restricts by nothing but words: the index of words answers it without the items.
func (q *query) wordsAlone() bool {
	f := q.Filter
	f.Query, f.Limit, f.Cursor = "", 0, ""
	f.Revealed = f.Revealed && len(blindQueues(q.queues)) > 0
	return q.match != nil && f == (review.Filter{})
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

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

// fold returns a text in lower case, its Latin letters without their marks.
func fold(text string) string {
	text = strings.ToLower(text)
	if isASCII(text) {
		return text
	}
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		if r >= utf8.RuneSelf {
			if base := norm.NFD.String(string(r)); base[0] < utf8.RuneSelf { // a Latin letter without its marks
				r = rune(base[0])
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
