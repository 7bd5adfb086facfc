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
	"sync"
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
	path  string // absolute, or Memory
	now   func() time.Time
	guard *guard // nil: nothing watches the file

	// files is held to read by every transaction, and to write while the guard exchanges the file. It guards the rest.
	files          sync.RWMutex
	source         string // names the file to the driver
	writer, reader *sql.DB
	connected      bool
	short          group
}

var _ review.Store = (*Store)(nil)

// Open opens the store at a path, or makes it, with the folders above it. The file is readable by its owner only, since
// it holds what users wrote. A store that a newer version of this program made is refused, and so is a damaged one.
func Open(ctx context.Context, path string) (*Store, error) {
	s, err := newStore(path)
	if err == nil {
		err = s.open(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open review store %s: %w", path, err), s.Close())
	}
	return s, nil
}

func newStore(path string) (s *Store, err error) {
	s = &Store{path: path, now: time.Now}
	switch path {
	case "":
		return s, errors.New("path must not be empty")
	case Memory:
		return s, nil
	}
	s.path, err = filepath.Abs(path)
	return s, err
}

// open connects to the file, verifies it where the store is guarded, and brings its schema up to date.
func (s *Store) open(ctx context.Context) (err error) {
	if s.source = Memory; s.path != Memory {
		if s.source, err = prepare(s.path); err != nil {
			return err
		}
	}
	s.connected = true
	// synchronous=FULL: a commit is on disk when it returns, power cut included (NORMAL could lose the last ones). It
	// costs one fsync a transaction, and a transaction holds a whole batch.
	s.writer, err = connect(s.source, 1, "_txlock=immediate", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)",
		"_pragma=foreign_keys(1)", "_pragma=busy_timeout(10000)", "_pragma=journal_size_limit(67108864)")
	if err != nil {
		return err
	}
	if s.path == Memory {
		s.reader = s.writer // a second connection would see another database
	} else {
		s.reader, err = connect(s.source, readers, "_pragma=query_only(1)", "_pragma=busy_timeout(10000)")
		if err != nil {
			return err
		}
	}
	if s.guard != nil {
		if err := s.guard.verify(ctx, s); err != nil {
			return err
		}
	}
	if err := migrate(ctx, s.writer); err != nil {
		return err
	}
	return s.guard.opened(s.path)
}

// prepare makes the file, so that SQLite gives its companions (-wal, -shm) the same permissions. SQLite itself never
// makes it (mode=rw): a connection that is opened after the file was deleted must not begin another one.
func prepare(path string) (source string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make its folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if log, err := os.Stat(path + walSuffix); err == nil && log.Size() > 0 && info.Size() == 0 {
		return "", &damageError{"the file is empty or missing, and its log " + path + walSuffix + " is not"}
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "mode=rw"}).String(), nil
}

func connect(source string, connections int, parameters ...string) (*sql.DB, error) {
	separator := "?"
	if strings.Contains(source, "?") {
		separator = "&"
	}
	db, err := sql.Open("sqlite", source+separator+strings.Join(parameters, "&"))
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
	s.guard.stop()
	s.files.Lock()
	defer s.files.Unlock()
	return s.disconnect()
}

// disconnect closes the file. The caller holds files.
func (s *Store) disconnect() error {
	s.connected = false
	var errs []error
	if s.reader != nil && s.reader != s.writer {
		errs = append(errs, s.reader.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	return errors.Join(errs...)
}

// Health implements review.Store.
func (s *Store) Health() review.Health {
	health, _ := s.guard.health()
	return health
}

// write runs f in a transaction that is committed when f returns nil.
func (s *Store) write(ctx context.Context, f func(*sql.Tx) error) error {
	return s.guarded(func(h review.Health) bool { return h == review.Healthy }, func() error {
		return transact(ctx, s.writer, nil, f)
	})
}

// read runs f on one consistent view of the store.
func (s *Store) read(ctx context.Context, f func(*sql.Tx) error) error {
	return s.guarded(review.Health.Readable, func() error {
		return transact(ctx, s.reader, &sql.TxOptions{ReadOnly: true}, f)
	})
}

// guarded runs a transaction where the health of the store allows it.
func (s *Store) guarded(possible func(review.Health) bool, transaction func() error) error {
	unavailable := func() error {
		if health, err := s.guard.health(); !possible(health) {
			return &review.UnavailableError{Health: health, Err: err}
		}
		return nil
	}
	if err := unavailable(); err != nil { // at once, while the file is exchanged
		return err
	}
	s.files.RLock()
	defer s.files.RUnlock()
	if err := unavailable(); err != nil { // the exchange failed
		return err
	}
	return s.guard.note(transaction())
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
