package sqlstore_test

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// TestPlansOfWords: Postgres reads the index of words for rare ones alone, and the newest items for frequent ones. Where
// both are asked for, the index must not be asked for the frequent one: it would collect every item.
func TestPlansOfWords(t *testing.T) {
	dsn := postgrestest.Start(t).DSN(t)
	onPostgres(t, dsn)
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, statement := range []string{
		`INSERT INTO search (rowid, body) SELECT n, 'where is the parcel of order ' || n FROM generate_series(1, 20000) n`,
		`VACUUM ANALYZE search`, // as the server does in time
	} {
		_, err = db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	for query, want := range map[string]struct{ scan, index string }{
		"parcel ":    {"Index Scan Backward using search_pkey", ""},
		"par":        {"Index Scan Backward using search_pkey", ""},
		"where par":  {"Index Scan Backward using search_pkey", ""},
		"77 ":        {"Bitmap Index Scan on search_words", `'77'`},
		"77 parcel ": {"Bitmap Index Scan on search_words", `'77' & 'parcel'`}, // GIN skips what the rare word leaves out
		"77 par":     {"Bitmap Index Scan on search_words", `'77'`},
	} {
		plan := planOf(t, db, query)
		require.Contains(t, plan, want.scan, query)
		if want.index != "" {
			require.Contains(t, plan, "Index Cond: (words @@ '"+strings.ReplaceAll(want.index, "'", "''")+"'::tsquery)", query)
		}
	}
}

// planOf is how Postgres finds the items with some words.
func planOf(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	q, err := filter.New(t.Context(), tx, filter.TSVector{}, nil, review.Filter{Query: query})
	require.NoError(t, err)
	w := &filter.Where{}
	return explained(t.Context(), t, tx, w.Window(q, math.MaxInt64, review.MaxCounted), w.Args)
}

func explained(ctx context.Context, t *testing.T, tx *sql.Tx, statement string, args []any) string {
	t.Helper()
	rows, err := tx.QueryContext(ctx, `EXPLAIN (COSTS OFF) `+statement, args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}
