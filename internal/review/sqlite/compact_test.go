package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review/sqlite"
)

// TestTheIndexOfWordsStaysSmall: rows come and go for 12 fills of a table. Its index would keep much of what went, and
// become several times as large. A search still finds all that is there.
func TestTheIndexOfWordsStaysSmall(t *testing.T) {
	const rows, fills, batch = 5000, 12, 500
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "words.db"), nil,
		func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, `CREATE VIRTUAL TABLE texts USING fts5 (body)`)
			return err
		})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	var first, largest int
	for n := 0; n < fills*rows; n += batch {
		require.NoError(t, d.Write(t.Context(), func(tx *sql.Tx) error {
			for i := n; i < n+batch; i++ {
				_, err := tx.ExecContext(t.Context(), `INSERT INTO texts (rowid, body)
					VALUES ($1, printf('%032x where is the parcel of order-%d', $1 * 7919, $1))`, i+1)
				if err != nil {
					return err
				}
			}
			_, err := tx.ExecContext(t.Context(), `DELETE FROM texts WHERE rowid <= $1`, n+batch-rows)
			return err
		}))
		require.NoError(t, d.Compact(t.Context(), "texts", ""))
		var leaves, found int
		require.NoError(t, d.Read(t.Context(), func(tx *sql.Tx) error {
			err := tx.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM texts WHERE texts MATCH 'parcel'`).Scan(&found)
			if err != nil {
				return err
			}
			return tx.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM texts_idx`).Scan(&leaves)
		}))
		require.Equal(t, min(n+batch, rows), found)
		if n+batch == rows {
			first = leaves
		}
		largest = max(largest, leaves)
	}
	t.Logf("%d leaves after the first fill, %d at most in %d fills", first, largest, fills)
	require.Less(t, largest, 3*first)
	require.NoError(t, d.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO texts (texts) VALUES ('integrity-check')`)
		return err
	}))
}
