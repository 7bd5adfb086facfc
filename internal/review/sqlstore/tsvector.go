package sqlstore

import (
	"context"
	"database/sql"
	"strings"
)

// tsvector is the word index of Postgres. The body has words in small letters with a space between them, and the
// database makes a vector without places of them: places have bounds, and would need a parser that spells as this
// package does. Phrases are found by their words, and then in the body.
type tsvector struct{}

// maxWord bounds a word, in bytes. A longer one is several.
const maxWord = 512

// spell implements wordIndex.
func (tsvector) spell(text string) string { return strings.Join(wordsOf(text), " ") }

// wordsOf returns the words of a text as the index has them.
func wordsOf(text string) (words []string) {
	text = fold(apart(text))
	for at := 0; at < len(text); {
		start := at + strings.IndexFunc(text[at:], isWordRune)
		if start < at {
			break
		}
		at = len(text)
		if end := strings.IndexFunc(text[start:], func(r rune) bool { return !isWordRune(r) }); end >= 0 {
			at = start + end
		}
		word := text[start:at]
		for len(word) > maxWord {
			end := strings.ToValidUTF8(word[:maxWord], "")
			words = append(words, end)
			word = word[len(end):]
		}
		words = append(words, word)
	}
	return words
}

// match implements wordIndex.
func (tsvector) match(ctx context.Context, tx *sql.Tx, words []string, begins bool) (condition, error) {
	// How many items have a word decides how they are found.
	if _, err := tx.ExecContext(ctx, `SET LOCAL plan_cache_mode = force_custom_plan`); err != nil {
		return nil, err
	}
	var lexemes, phrases []string
	for i, word := range words {
		tokens := wordsOf(word)
		for _, token := range tokens {
			lexemes = append(lexemes, "'"+token+"'") // letters and digits only
		}
		end := " "
		if begins && i == len(words)-1 {
			lexemes[len(lexemes)-1] += ":*"
			end = ""
		}
		if len(tokens) > 1 {
			phrases = append(phrases, " "+strings.Join(tokens, " ")+end)
		}
	}
	return func(w *where) string {
		found := []string{`words @@ ` + w.arg(strings.Join(lexemes, " & ")) + `::tsquery`}
		for _, phrase := range phrases {
			found = append(found, `strpos(' ' || translate(body, chr(31), ' ') || ' ', `+w.arg(phrase)+`) > 0`)
		}
		return strings.Join(found, ` AND `)
	}, nil
}
