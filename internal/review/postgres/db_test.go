package postgres_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review/postgres"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
)

// TestAnIndexOfWordsIsRebuilt: words that no row has any more do not stay for ever.
func TestAnIndexOfWordsIsRebuilt(t *testing.T) {
	postgres.SetBloat(t, 0)
	nothing := func(context.Context, *sql.DB) error { return nil }
	d, err := postgres.Open(t.Context(), postgres.Settings{DSN: postgrestest.Start(t).DSN(t)}, nothing)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	write := func(statement string) {
		require.NoError(t, d.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement)
			return err
		}))
	}
	compact := func(table string) (size int64) {
		require.NoError(t, d.Alone(t.Context(), func(ctx context.Context) error {
			return d.Compact(ctx, table, "texts_words")
		}))
		require.NoError(t, d.Read(t.Context(), func(tx *sql.Tx) error {
			return tx.QueryRowContext(t.Context(), `SELECT pg_relation_size('texts_words')`).Scan(&size)
		}))
		return size
	}
	write(`CREATE TABLE texts (n INTEGER, words TSVECTOR)`)
	write(`CREATE INDEX texts_words ON texts USING GIN (words) WITH (fastupdate = off)`)
	write(`INSERT INTO texts SELECT n, array_to_tsvector(ARRAY['word' || n]) FROM generate_series(1, 20000) n`)
	before := compact("texts")
	write(`DELETE FROM texts WHERE n > 1`)
	require.Equal(t, before, compact("texts"), "it is not large for its table")
	write(`CREATE TABLE small AS SELECT * FROM texts`)
	require.Less(t, compact("small"), before/4)
}

// TestQueriesStartNoProcesses: several for a query of some milliseconds take longer than one. A DSN may say otherwise.
func TestQueriesStartNoProcesses(t *testing.T) {
	server := postgrestest.Start(t)
	nothing := func(context.Context, *sql.DB) error { return nil }
	for dsn, want := range map[string]string{
		server.DSN(t): "0", server.DSN(t) + "&max_parallel_workers_per_gather=3": "3",
	} {
		d, err := postgres.Open(t.Context(), postgres.Settings{DSN: dsn}, nothing)
		require.NoError(t, err)
		for _, run := range []func(context.Context, func(*sql.Tx) error) error{d.Read, d.Write} {
			require.NoError(t, run(t.Context(), func(tx *sql.Tx) error {
				var got string
				err := tx.QueryRowContext(t.Context(), `SELECT current_setting('max_parallel_workers_per_gather')`).Scan(&got)
				require.Equal(t, want, got)
				return err
			}))
		}
		require.NoError(t, d.Close())
	}
}
