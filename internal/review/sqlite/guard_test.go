package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlite"
)

// TestADeletedFileIsNoTroubleOfTheDisk: a transaction that needs another connection sees first that the file is gone.
func TestADeletedFileIsNoTroubleOfTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	changes := make(chan review.Health, 10)
	d, err := sqlite.Open(t.Context(), path, &sqlite.Guard{
		Interval: time.Hour, Changed: func(health review.Health, _ error) { changes <- health },
	}, func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS items (id INTEGER)`)
		return err
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	require.NoError(t, d.Read(t.Context(), func(*sql.Tx) error {
		require.NoError(t, os.Remove(path))
		err := d.Read(t.Context(), func(*sql.Tx) error { return nil })
		var unavailable *review.UnavailableError
		require.ErrorAs(t, err, &unavailable)
		require.Equal(t, review.Deleted, unavailable.Health)
		return nil
	}))
	require.Equal(t, review.Deleted, <-changes)
}
