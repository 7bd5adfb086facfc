package filter

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// TSVector is the word index of Postgres. The body has words in small letters with a space between them, and the
// database makes a vector without places of them: places have bounds, and would need a parser that spells as this
// package does. Phrases are found by their words, and then in the body.
type TSVector struct{}

// maxWord bounds a word, in bytes. A longer one is several.
const maxWord = 512

// Spell implements wordIndex.
func (TSVector) Spell(text string) string { return strings.Join(wordsOf(text), " ") }

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

// Of the newest items, those that are looked at, and those with the words that make them frequent.
const (
	probed   = 500
	frequent = 25
)

// Match implements wordIndex. Rows with rare words are found by the index of words, which collects all of them. Rows
// with frequent ones are found from the newest row on. Postgres cannot estimate the words that begin with some letters,
// so that its choice is made here.
func (TSVector) Match(ctx context.Context, tx *sql.Tx, words []string, begins bool) (*Match, error) {
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
	all := strings.Join(lexemes, " & ")
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT words FROM search ORDER BY rowid DESC LIMIT `+
		strconv.Itoa(probed)+`) newest WHERE words @@ $1::tsquery`, all).Scan(&n)
	if err != nil {
		return nil, err
	}
	plan := `SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
		set_config('enable_bitmapscan', 'on', true), set_config('enable_seqscan', 'off', true)`
	if n >= frequent {
		plan = `SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
		set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)`
	}
	if _, err := tx.ExecContext(ctx, plan); err != nil {
		return nil, err
	}
	return &Match{few: n < frequent, where: func(w *Where) string {
		var found []string
		whole := lexemes
		if last := len(lexemes) - 1; begins && last > 0 {
			// The index reads all rows with a word that begins so, before it looks for the others. The function behind the
			// operator uses no index.
			whole = lexemes[:last]
			found = append(found, `ts_match_vq(words, `+w.Arg(lexemes[last])+`::tsquery)`)
		}
		found = append(found, `words @@ `+w.Arg(strings.Join(whole, " & "))+`::tsquery`)
		for _, phrase := range phrases {
			found = append(found, `strpos(' ' || translate(body, chr(31), ' ') || ' ', `+w.Arg(phrase)+`) > 0`)
		}
		return strings.Join(found, ` AND `)
	}}, nil
}
