// Package sqlstore keeps the review queue in SQLite or Postgres.
//
// Every public method is one transaction. There is one writer at a time, and readers see the store of one moment and
// never wait for it. Both databases run the same SQL text; what differs is the schema, how words are found (index) and
// how to get a connection (the packages sqlite and postgres).
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres"
	"github.com/faultline-otel/faultline/internal/review/sqlite"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/claims"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/judgements"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/labels"
)

//go:embed schema
var schema embed.FS

// Memory is the path of a store that lives in memory and is gone when it is closed.
const Memory = sqlite.Memory

// Store is a review.Store in a SQL database.
type Store struct {
	db    *database.DB
	words filter.Index
	*claims.Claims
	*labels.Labels
	*judgements.Reader
}

func newStore(db database.Driver, words filter.Index) *Store {
	b := database.New(db)
	return &Store{db: b, words: words, Claims: claims.New(b, words), Labels: labels.New(b), Reader: judgements.New(b)}
}

var _ review.Store = (*Store)(nil)

// Open opens the store in a SQLite file, or makes it. A store that a newer version of this program made is refused, and
// so is a damaged one.
func Open(ctx context.Context, path string) (*Store, error) { return openFile(ctx, path, nil) }

// OpenGuarded opens a store like Open and watches over its file.
func OpenGuarded(ctx context.Context, path string, g sqlite.Guard) (*Store, error) {
	return openFile(ctx, path, &g)
}

func openFile(ctx context.Context, path string, g *sqlite.Guard) (*Store, error) {
	db, err := sqlite.Open(ctx, path, g, func(ctx context.Context, db *sql.DB) error {
		return migrate(ctx, db, goose.DialectSQLite3, "schema/sqlite")
	})
	if err != nil {
		return nil, err
	}
	return newStore(db, filter.FTS5{}), nil
}

// OpenPostgres opens the store in a Postgres database, or makes it. Several replicas may use one.
func OpenPostgres(ctx context.Context, settings postgres.Settings) (*Store, error) {
	db, err := postgres.Open(ctx, settings, func(ctx context.Context, db *sql.DB) error {
		return migrate(ctx, db, goose.DialectPostgres, "schema/postgres")
	})
	if err != nil {
		return nil, err
	}
	return newStore(db, filter.TSVector{}), nil
}

func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, folder string) error {
	dir, err := fs.Sub(schema, folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, db, dir)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read its version: %w", err)
	}
	if have > want {
		return fmt.Errorf("it has version %d, made by a newer program than this one, which knows %d", have, want)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Close waits for running calls to end.
func (s *Store) Close() error { return s.db.Close() }

// Health implements review.Store.
func (s *Store) Health() review.Health { return s.db.Health() }
