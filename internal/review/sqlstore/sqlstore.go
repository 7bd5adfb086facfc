// Package sqlstore keeps the review queue in SQLite.
//
// One connection writes and a few read, in WAL mode, so readers never wait for the writer. Every public method is one
// transaction. The SQL keeps to what PostgreSQL accepts too; what differs (the search index) is in the schema folder
// and in search.go.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver

	"github.com/faultline-otel/faultline/internal/review"
)

//go:embed schema
var schema embed.FS

// Memory is the path of a store that lives in memory and is gone when it is closed.
const Memory = ":memory:"

// readers bounds the connections that read at once: each has a page cache of its own.
const readers = 4

// Store is a review.Store on a SQLite file.
type Store struct {
	writer, reader *sql.DB
	now            func() time.Time
	short          group
}

var _ review.Store = (*Store)(nil)

// Open opens the store at a path, or makes it, with the folders above it. The file is readable by its owner only, since
// it holds what users wrote. A store that a newer version of this program made is refused.
func Open(ctx context.Context, path string) (*Store, error) {
	s := &Store{now: time.Now}
	if err := s.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open review store %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) (err error) {
	source := Memory
	if path != Memory {
		if source, err = prepare(path); err != nil {
			return err
		}
	}
	// synchronous=FULL: a commit is on disk when it returns, power cut included (NORMAL could lose the last ones). It
	// costs one fsync a transaction, and a transaction holds a whole batch.
	s.writer, err = connect(source, 1, "_txlock=immediate", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)",
		"_pragma=foreign_keys(1)", "_pragma=busy_timeout(10000)", "_pragma=journal_size_limit(67108864)")
	if err != nil {
		return err
	}
	if err := migrate(ctx, s.writer); err != nil {
		return err
	}
	if path == Memory {
		s.reader = s.writer // a second connection would see another database
		return nil
	}
	s.reader, err = connect(source, readers, "_pragma=query_only(1)", "_pragma=busy_timeout(10000)")
	return err
}

// prepare makes the file, so that SQLite gives its companions (-wal, -shm) the same permissions.
func prepare(path string) (source string, err error) {
	if path == "" {
		return "", errors.New("path must not be empty")
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make its folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String(), nil
}

func connect(source string, connections int, parameters ...string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source+"?"+strings.Join(parameters, "&"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(schema, "schema/sqlite")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
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

// Close waits for running calls to end, then folds the log into the file.
func (s *Store) Close() error {
	var errs []error
	if s.reader != nil && s.reader != s.writer {
		errs = append(errs, s.reader.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	return errors.Join(errs...)
}

// write runs f in a transaction that is committed when f returns nil.
func (s *Store) write(ctx context.Context, f func(*sql.Tx) error) error {
	return transact(ctx, s.writer, nil, f)
}

// read runs f on one consistent view of the store.
func (s *Store) read(ctx context.Context, f func(*sql.Tx) error) error {
	return transact(ctx, s.reader, &sql.TxOptions{ReadOnly: true}, f)
}

func transact(ctx context.Context, db *sql.DB, options *sql.TxOptions, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		// The caller needs the cause. A failed rollback leaves nothing behind either.
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}
