package sqlstore_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// TestWhatAnEarlierStoreHasIsFound: migrations read of the items that are there already whom they are about, their
// scores, and the tags of their labels.
func TestWhatAnEarlierStoreHasIsFound(t *testing.T) {
	ofUser := failingTrace(1)
	ofUser.Spans[0].Call = &genai.Call{UserID: "u1", SessionID: "s1"}
	ofUser.Spans[0].Scores = map[string]float64{"relevance": 0.25, "refusal": 1}
	tagged := review.Label{
		TraceID: ofUser.ID, Decision: review.Confirmed, Reviewer: "ada", Remarks: review.Remarks{Tags: []string{"de-DE"}},
	}
	fill := func(t *testing.T, s *sqlstore.Store) {
		t.Helper()
		require.NoError(t, s.Put(t.Context(), []review.Trace{ofUser, failingTrace(2)}))
		_, err := s.AddLabel(t.Context(), tagged)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	back := func(t *testing.T, driver, source string, dialect goose.Dialect, schema string) {
		t.Helper()
		db, err := sql.Open(driver, source)
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		provider, err := goose.NewProvider(dialect, db, os.DirFS(schema))
		require.NoError(t, err)
		_, err = provider.DownTo(t.Context(), 10)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), `UPDATE spans SET data = 'no JSON' WHERE data LIKE '%0000000002%'`)
		require.NoError(t, err)
	}
	check := func(t *testing.T, s *sqlstore.Store) {
		t.Helper()
		for kind, id := range map[review.SubjectKind]string{review.UserSubject: "u1", review.SessionSubject: "s1"} {
			ids, _, err := s.Find(t.Context(), review.Subject{Kind: kind, ID: id}, "")
			require.NoError(t, err)
			require.Equal(t, []string{ofUser.ID}, ids)
		}
		for _, a := range []review.Attributes{{Tag: "de-DE"}, {Score: review.Score{Name: "relevance", Below: 0.3}}} {
			page, err := s.Items(t.Context(), review.Filter{Attributes: a})
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
			require.Equal(t, ofUser.ID, page.Items[0].TraceID)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "review.db")
		s := open(t, path)
		fill(t, s)
		back(t, "sqlite", path, goose.DialectSQLite3, "schema/sqlite")
		check(t, open(t, path))
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := postgrestest.Start(t).DSN(t)
		s := onPostgres(t, dsn)
		fill(t, s)
		back(t, "pgx", dsn, goose.DialectPostgres, "schema/postgres")
		check(t, onPostgres(t, dsn))
	})
}
