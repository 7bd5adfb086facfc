package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// maxSweep bounds the items of one transaction that removes.
const maxSweep = 100

// Sweep implements review.Retention.
func (s *Store) Sweep(ctx context.Context, limits map[review.State]review.Limits) (removed int, err error) {
	err = s.db.Alone(ctx, func(ctx context.Context) error {
		for _, state := range []review.State{review.Reviewed, review.Open} {
			n, err := s.sweep(ctx, state, limits[state])
			removed += n
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return removed, fmt.Errorf("remove old items: %w", err)
	}
	if removed == 0 {
		if err := s.sweepIntake(ctx); err != nil {
			return 0, fmt.Errorf("remove what waits too long: %w", err)
		}
	}
	return removed, nil
}

func (s *Store) sweep(ctx context.Context, state review.State, l review.Limits) (removed int, err error) {
	now := s.db.Now()
	var excess []int64
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		excess, err = excessOf(ctx, tx, state, l, now)
		return err
	})
	if err != nil || len(excess) == 0 {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		all := database.Prepare(tx)
		for _, id := range excess {
			// It may have been judged since.
			done, err := all.ExecContext(ctx, `DELETE FROM items WHERE id = $1 AND state = $2`, id, state)
			if err != nil {
				return err
			}
			n, err := done.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			removed++
			if _, err := all.ExecContext(ctx, `DELETE FROM search WHERE rowid = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// excessOf returns the oldest items of a state that exceed its limits.
func excessOf(
	ctx context.Context, tx *sql.Tx, state review.State, l review.Limits, now time.Time,
) (excess []int64, err error) {
	var items int
	var size int64
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(n), 0), COALESCE(SUM(bytes), 0) FROM counts
		WHERE state = $1`, state).
		Scan(&items, &size)
	if err != nil {
		return nil, err
	}
	//nolint:gosec // only a constant is put in
	rows, err := tx.QueryContext(ctx, `SELECT i.id, i.bytes, i.received_ns, c.item_id IS NOT NULL FROM items i
		LEFT JOIN claims c ON c.item_id = i.id AND c.until_ns > $2 WHERE i.state = $1 ORDER BY i.id LIMIT `+
		strconv.Itoa(maxSweep), state, column.Nanos(now))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, bytes, received int64
		var held bool
		if err := rows.Scan(&id, &bytes, &received, &held); err != nil {
			return nil, err
		}
		old := l.MaxAge > 0 && received < column.Nanos(now.Add(-l.MaxAge))
		if !old && (l.MaxItems <= 0 || items <= l.MaxItems) && (l.MaxBytes <= 0 || size <= l.MaxBytes) {
			break
		}
		if held {
			continue
		}
		items, size = items-1, size-bytes
		excess = append(excess, id)
	}
	return excess, rows.Err()
}
