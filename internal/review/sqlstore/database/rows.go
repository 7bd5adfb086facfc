package database

import (
	"context"
	"database/sql"
)

// EachRow scans the rows of a query.
func EachRow(ctx context.Context, tx Querier, query string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Querier is a transaction, prepared or not.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Scanner is a row of a result.
type Scanner interface{ Scan(dest ...any) error }
