// Package audit keeps the audit log in tables of the review store.
package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// Tx is the part of a transaction that the log needs.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Bounds of a page.
const (
	defaultLimit = 50
	maxLimit     = 500
)

// Add writes a record, or adds n to the one that it wrote of e before: an action may take several transactions. The
// caller keeps e.ID only where the transaction is committed.
func Add(ctx context.Context, tx Tx, e review.Entry, n int) (id int64, err error) {
	if e.ID != 0 {
		_, err = tx.ExecContext(ctx, `UPDATE audit SET n = n + $1 WHERE id = $2`, n, e.ID)
		return e.ID, err
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO audit (time_ns, who, action, subject, n) VALUES ($1, $2, $3, $4, $5)
		RETURNING id`, e.Time.UnixNano(), e.Who, e.Action, e.Subject, n).Scan(&id)
	return id, err
}

// List returns a page of records.
func List(ctx context.Context, tx Tx, f review.EntryFilter) (page review.EntryPage, err error) {
	limit := min(f.Limit, maxLimit)
	if limit <= 0 {
		limit = defaultLimit
	}
	before := int64(1<<63 - 1)
	if f.Cursor != "" {
		if before, err = strconv.ParseInt(f.Cursor, 36, 64); err != nil || before < 0 {
			return page, fmt.Errorf("cursor must be the next of a page, got %.64q: %w", f.Cursor, review.ErrInvalid)
		}
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, time_ns, who, action, subject, n FROM audit
		WHERE id < $1 AND ($2 = '' OR action = $2) ORDER BY id DESC LIMIT `+strconv.Itoa(limit+1),
		before, string(f.Action))
	if err != nil {
		return page, err
	}
	defer rows.Close()
	for rows.Next() {
		if len(page.Entries) == limit {
			page.Next = strconv.FormatInt(page.Entries[limit-1].ID, 36)
			break
		}
		var e review.Entry
		var at int64
		if err := rows.Scan(&e.ID, &at, &e.Who, &e.Action, &e.Subject, &e.N); err != nil {
			return page, err
		}
		e.Time = time.Unix(0, at).UTC()
		page.Entries = append(page.Entries, e)
	}
	return page, rows.Err()
}

// Forget removes the records before a time.
func Forget(ctx context.Context, tx Tx, before time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM audit WHERE time_ns < $1`, before.UnixNano())
	return err
}

// Outdated reports whether there are records before a time.
func Outdated(ctx context.Context, tx Tx, before time.Time) (found bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM audit WHERE time_ns < $1)`, before.UnixNano()).Scan(&found)
	return found, err
}
