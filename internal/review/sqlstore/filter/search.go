package filter

import (
	"context"
	"database/sql"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
)

// Bounds of a query, in bytes and in words.
const (
	maxQuery = 1 << 10
	maxWords = 32
)

// Index finds items by their words. Its table is search, with a row an item: rowid is the id of the item, body its
// text.
type Index interface {
	// spell returns a text in the form that the body takes.
	Spell(text string) string
	// match returns the condition for the rows that have all words. The last one may be the beginning of a word.
	Match(ctx context.Context, tx *sql.Tx, words []string, begins bool) (*Match, error)
}

// Match is how the rows with some words are found.
type Match struct {
	where func(w *Where) string // writes the condition into a query, with its arguments
	few   bool                  // all of them are read and sorted, since none may be near the newest
}

// from orders rows by a column, from the newest on.
func (m *Match) from(column string) string {
	if m != nil && m.few {
		return column + " + 0 DESC" // no index has that order
	}
	return column + " DESC"
}

// Query is a filter with its words as the search index takes them.
type Query struct {
	review.Filter
	Searches bool
	Match    *Match // nil matches nothing
	Queues   []review.Queue
	lead     *lead // nil if none has to; a query with words has none
}

// New turns the words of a person into a query of the search index that is always well formed. The last word may
// be the beginning of one, unless a space or a sign follows it.
func New(
	ctx context.Context, tx *sql.Tx, index Index, queues []review.Queue, f review.Filter,
) (q Query, err error) {
	q = Query{Filter: f, Searches: strings.TrimSpace(f.Query) != "", Queues: queues}
	if !q.Searches {
		q.lead, err = leadOf(ctx, tx, f.Attributes)
		return q, err
	}
	text := column.Clean(f.Query[:min(len(f.Query), maxQuery)])
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
	q.Match, err = index.Match(ctx, tx, words, isWordRune(end))
	return q, err
}

// WordsAlone reports whether a query restricts by nothing but words: the index of words answers it without the items.
func (q *Query) WordsAlone() bool {
	f := q.Filter
	f.Query, f.Limit, f.Cursor = "", 0, ""
	f.Revealed = f.Revealed && len(BlindQueues(q.Queues)) > 0
	return q.Match != nil && f == (review.Filter{})
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

// Separator separates the terms of a search body. It is not part of any word.
const Separator = "\x1f"

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
