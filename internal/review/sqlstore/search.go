package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/faultline-otel/faultline/internal/review/sqlstore/content"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// maxIndexed bounds the search body of an item, in bytes.
const maxIndexed = 256 << 10

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
	extended := extend(body, item.traceID, fresh, s.words.Spell)
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
	for term := range strings.SplitSeq(b.String(), filter.Separator) {
		seen[term] = true
	}
	add := func(term string, limit int) {
		term = spell(term)
		room := limit - b.Len() - len(filter.Separator)
		if seen[term] || term == "" || room <= 0 {
			return
		}
		seen[term] = true
		b.WriteString(filter.Separator)
		b.WriteString(strings.ToValidUTF8(term[:min(len(term), room)], ""))
	}
	for _, r := range fresh {
		for _, term := range r.terms.Names {
			add(term, maxIndexed)
		}
	}
	for _, r := range fresh {
		for _, term := range r.terms.Content {
			add(term, content.MaxContent)
		}
	}
	return b.String()
}
