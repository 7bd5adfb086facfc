package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// Known implements review.Store.
func (s *Store) Known(ctx context.Context, traceIDs []string) (known map[string]bool, err error) {
	if len(traceIDs) == 0 {
		return map[string]bool{}, nil
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		known, err = knownOf(ctx, tx, "items", traceIDs)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find known traces: %w", err)
	}
	return known, nil
}

// knownOf returns the traces that have a row in a table.
func knownOf(ctx context.Context, tx *sql.Tx, table string, traceIDs []string) (map[string]bool, error) {
	known := map[string]bool{}
	for ids := range slices.Chunk(traceIDs, database.MaxKnown) {
		args := make([]any, len(ids))
		for i, id := range ids {
			args[i] = id
		}
		args = database.Padded(args)
		query := `SELECT trace_id FROM ` + table + ` WHERE trace_id IN ` + database.PlacesFrom(1, len(args))
		if err := findKnown(ctx, tx, known, query, args); err != nil {
			return nil, err
		}
	}
	return known, nil
}

func findKnown(ctx context.Context, tx *sql.Tx, known map[string]bool, query string, args []any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		known[id] = true
	}
	return rows.Err()
}
