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
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres"
	"github.com/faultline-otel/faultline/internal/review/sqlite"
)

//go:embed schema
var schema embed.FS

// Memory is the path of a store that lives in memory and is gone when it is closed.
const Memory = sqlite.Memory

// Store is a review.Store in a SQL database.
type Store struct {
	db    database
	words wordIndex
	now   func() time.Time
	short group

	queues atomic.Pointer[[]review.Queue]
}

var _ review.Store = (*Store)(nil)

// database is where a store keeps its tables.
type database interface {
	// Write runs f in a transaction that is committed when f returns nil. No other one writes meanwhile.
	Write(ctx context.Context, f func(*sql.Tx) error) error
	// Read runs f on one consistent view.
	Read(ctx context.Context, f func(*sql.Tx) error) error
	// Alone runs f unless another replica runs one now.
	Alone(ctx context.Context, f func(context.Context) error) error
	// Compact rebuilds an index of words that became much larger than its table.
	Compact(ctx context.Context, table, index string) error
	// RowsAtOnce is how many rows one statement inserts best, a power of two.
	RowsAtOnce() int
	// Refused reports whether the database refused the data. It would refuse them the next time too.
	Refused(err error) bool
	Health() review.Health
	Close() error
}

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
	return &Store{db: db, words: fts5{}, now: time.Now}, nil
}

// OpenPostgres opens the store in a Postgres database, or makes it. Several replicas may use one.
func OpenPostgres(ctx context.Context, settings postgres.Settings) (*Store, error) {
	db, err := postgres.Open(ctx, settings, func(ctx context.Context, db *sql.DB) error {
		return migrate(ctx, db, goose.DialectPostgres, "schema/postgres")
	})
	if err != nil {
		return nil, err
	}
	return &Store{db: db, words: tsvector{}, now: time.Now}, nil
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

func (s *Store) write(ctx context.Context, f func(*sql.Tx) error) error { return s.db.Write(ctx, f) }

func (s *Store) read(ctx context.Context, f func(*sql.Tx) error) error { return s.db.Read(ctx, f) }
