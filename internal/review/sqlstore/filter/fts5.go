package filter

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FTS5 is the word index of SQLite.
type FTS5 struct{}

// Spell implements wordIndex. FTS5 folds letters itself.
func (FTS5) Spell(text string) string { return apart(text) }

// Match implements wordIndex. It quotes every word.
func (FTS5) Match(ctx context.Context, tx *sql.Tx, words []string, begins bool) (*Match, error) {
	matches := make([]string, len(words))
	for i, word := range words {
		matches[i] = quote(word)
	}
	if last := len(words) - 1; begins {
		var err error
		if matches[last], err = matchBeginning(ctx, tx, words[last]); err != nil {
			return nil, err
		}
	}
	return &Match{where: func(w *Where) string {
		return `search MATCH ` + w.Arg(strings.Join(matches, " AND "))
	}}, nil
}

func quote(word string) string { return `"` + strings.ReplaceAll(word, `"`, `""`) + `"` }

// Bounds of the words that begin with the last one of a query.
const (
	maxBegun = 32
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
	folded := fold(word)
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
