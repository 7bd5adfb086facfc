// Package erasure finds and removes the items of users, sessions and traces in the tables of the review store.
package erasure

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/audit"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/vectors"
)

// Part bounds the items of one transaction.
const Part = 100

// item is an item of a subject.
type item struct {
	id                 int64
	traceID, signalKey string
}

// Find returns the next trace ids of a subject.
func Find(ctx context.Context, tx audit.Tx, of review.Subject, cursor string) (ids []string, next string, err error) {
	after := int64(0)
	if cursor != "" {
		if after, err = strconv.ParseInt(cursor, 36, 64); err != nil {
			return nil, "", fmt.Errorf("cursor must be the next of a page, got %.64q: %w", cursor, review.ErrInvalid)
		}
	}
	items, err := find(ctx, tx, of, after)
	if err != nil {
		return nil, "", err
	}
	for _, i := range items {
		ids = append(ids, i.traceID)
	}
	if len(items) == Part {
		next = strconv.FormatInt(items[Part-1].id, 36)
	}
	return ids, next, nil
}

func find(ctx context.Context, tx audit.Tx, of review.Subject, after int64) (items []item, err error) {
	query, args := `SELECT i.id, i.trace_id, i.fingerprint FROM subjects s JOIN items i ON i.id = s.item_id
		WHERE s.item_id > $1 AND s.id = $2 AND s.kind = $3 ORDER BY s.item_id LIMIT `+strconv.Itoa(Part),
		[]any{after, of.ID, string(of.Kind)}
	if of.Kind == review.TraceSubject {
		query, args = `SELECT id, trace_id, fingerprint FROM items WHERE id > $1 AND trace_id = $2`,
			[]any{after, strings.ToLower(of.ID)}
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i item
		if err := rows.Scan(&i.id, &i.traceID, &i.signalKey); err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	return items, rows.Err()
}

// Remove removes the next items of a subject, and returns how many those were.
func Remove(ctx context.Context, tx audit.Tx, of review.Subject) (int, error) {
	items, err := find(ctx, tx, of, 0)
	if err != nil {
		return 0, err
	}
	signals := map[string]bool{}
	for _, i := range items {
		// Tables with a reference to the item follow it. The words have no reference.
		for _, statement := range []string{
			`DELETE FROM search WHERE rowid = $1`, `DELETE FROM items WHERE id = $1`,
		} {
			if _, err := tx.ExecContext(ctx, statement, i.id); err != nil {
				return 0, err
			}
		}
		if err := forget(ctx, tx, i.traceID); err != nil {
			return 0, err
		}
		signals[i.signalKey] = i.signalKey != ""
	}
	if of.Kind == review.TraceSubject { // what came before the trace, or outlived it
		if err := forget(ctx, tx, strings.ToLower(of.ID)); err != nil {
			return 0, err
		}
	}
	for id, named := range signals {
		if !named {
			continue
		}
		// The title is the evidence of the first item, which may be of the subject.
		_, err := tx.ExecContext(ctx, `UPDATE signals SET title = COALESCE((SELECT i.evidence FROM items i
			WHERE i.fingerprint = $1 AND i.fingerprint <> '' ORDER BY i.id LIMIT 1), '') WHERE id = $1`, id)
		if err == nil {
			err = vectors.Clear(ctx, tx, id)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(items), nil
}

// forget removes what names a trace without a reference to its item. As a turn, it is a part of another item.
func forget(ctx context.Context, tx audit.Tx, traceID string) error {
	for _, statement := range []string{
		`DELETE FROM evaluations WHERE trace_id = $1`,
		`DELETE FROM outbox WHERE trace_id = $1`,
		`UPDATE items SET bytes = bytes - (SELECT COALESCE(SUM(octet_length(t.data)), 0) FROM turns t
			WHERE t.trace_id = $1 AND t.item_id = items.id) WHERE id IN (SELECT item_id FROM turns WHERE trace_id = $1)`,
		`DELETE FROM turns WHERE trace_id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, traceID); err != nil {
			return err
		}
	}
	return nil
}
