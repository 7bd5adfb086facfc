package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
)

// AddLabel implements review.Store.
func (s *Store) AddLabel(ctx context.Context, l review.Label) (review.Label, error) {
	l.TraceID, l.SpanID = strings.ToLower(l.TraceID), strings.ToLower(l.SpanID)
	l.Note, l.Reviewer = clean(l.Note), clean(l.Reviewer)
	if l.Decision == review.Rejected {
		l.Class, l.Detail = "", "" // not a failure
	}
	l.Created = instant(nanos(s.now()))
	err := l.Validate()
	if err == nil {
		err = s.together(ctx, func(ctx context.Context, tx *prepared) error { return insertLabel(ctx, tx, &l) })
	}
	if err != nil {
		return review.Label{}, fmt.Errorf("label trace %.64q: %w", l.TraceID, err)
	}
	return l, nil
}

func insertLabel(ctx context.Context, tx *prepared, l *review.Label) error {
	var item, newest int64
	err := tx.QueryRowContext(ctx, `SELECT id, COALESCE(label_id, 0) FROM items WHERE trace_id = $1`, l.TraceID).
		Scan(&item, &newest)
	if errors.Is(err, sql.ErrNoRows) {
		return review.ErrNotFound
	}
	if err != nil {
		return err
	}
	if l.Replaces != newest {
		return fmt.Errorf("replaces must be the newest label, which is %d, got %d: %w",
			newest, l.Replaces, review.ErrConflict)
	}
	if l.SpanID != "" {
		var n int
		err := tx.QueryRowContext(
			ctx,
			`SELECT COUNT(*) FROM spans WHERE item_id = $1 AND span_id = $2`,
			item,
			l.SpanID,
		).
			Scan(
				&n,
			)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("span_id must be a span of the trace, got %.64q: %w", l.SpanID, review.ErrInvalid)
		}
	}
	err = tx.QueryRowContext(
		ctx,
		`INSERT INTO labels (item_id, span_id, decision, class, detail, note, reviewer, created_ns,
		replaces) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		item,
		l.SpanID,
		l.Decision,
		l.Class,
		l.Detail,
		l.Note,
		l.Reviewer,
		nanos(l.Created),
		l.Replaces,
	).Scan(
		&l.ID,
	)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(
		ctx,
		`UPDATE items SET state = $1, label_id = $2 WHERE id = $3`,
		review.Reviewed,
		l.ID,
		item,
	)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE item_id = $1`, item)
	return err
}

func labelsOf(ctx context.Context, tx *sql.Tx, item int64, traceID string) (labels []review.Label, err error) {
	rows, err := tx.QueryContext(
		ctx,
		`SELECT id, span_id, decision, class, detail, note, reviewer, created_ns, replaces, batch FROM labels
		WHERE item_id = $1 ORDER BY id DESC`,
		item,
	)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l labelRow
		if err := rows.Scan(l.columns()...); err != nil {
			return nil, err
		}
		labels = append(labels, l.label(traceID))
	}
	return labels, rows.Err()
}
