package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxKnown bounds the ids of one query: databases limit the parameters of a statement.
const maxKnown = 500

// Known implements review.Store.
func (s *Store) Known(ctx context.Context, traceIDs []string) (map[string]bool, error) {
	known := map[string]bool{}
	for ids := range slices.Chunk(traceIDs, maxKnown) {
		places, args := make([]string, len(ids)), make([]any, len(ids))
		for i, id := range ids {
			places[i], args[i] = "$"+strconv.Itoa(i+1), id
		}
		query := `SELECT trace_id FROM items WHERE trace_id IN (` + strings.Join(places, ", ") + `)`
		err := s.read(ctx, func(tx *sql.Tx) error { return findKnown(ctx, tx, known, query, args) })
		if err != nil {
			return nil, fmt.Errorf("find known traces: %w", err)
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
