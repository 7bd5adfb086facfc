// Package sqlite opens the file of the review store and watches over it.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // registers the driver

	"github.com/faultline-otel/faultline/internal/review"
)

// Memory is the path of a database that lives in memory and is gone when it is closed.
const Memory = ":memory:"

// readers bounds the connections that read at once: each has a page cache of its own.
const readers = 4

// DB is a SQLite file. One connection writes and a few read, in WAL mode, so readers never wait for the writer.
type DB struct {
	path    string // absolute, or Memory
	migrate func(context.Context, *sql.DB) error
	guard   *guard // nil: nothing watches the file

	// files is held to read by every transaction, and to write while the guard exchanges the file. It guards the rest.
	files          sync.RWMutex
	source         string // names the file to the driver
	writer, reader *sql.DB
	connected      bool

	compacted atomic.Int64 // leaves that the index of words had after it was last merged, 0 before that; see Compact
}

// Open opens the file at a path, or makes it, with the folders above it, and brings it up to date with migrate. The
// file is readable by its owner only, since it holds what users wrote. With a guard it is watched: it is recovered
// where that is possible, and else its health says what is wrong.
func Open(ctx context.Context, path string, g *Guard, migrate func(context.Context, *sql.DB) error) (*DB, error) {
	d := &DB{path: path, migrate: migrate}
	err := d.start(ctx, g)
	if err != nil {
		//nolint:contextcheck // it closes also where ctx ended
		return nil, errors.Join(fmt.Errorf("open review store %s: %w", path, err), d.Close())
	}
	return d, nil
}

func (d *DB) start(ctx context.Context, g *Guard) (err error) {
	if d.path == "" {
		return errors.New("path must not be empty")
	}
	if d.path != Memory {
		if d.path, err = filepath.Abs(d.path); err != nil {
			return err
		}
		if g != nil {
			return d.begin(ctx, *g)
		}
	}
	return d.open(ctx)
}

// open connects to the file, verifies it where the store is guarded, and brings its schema up to date.
func (d *DB) open(ctx context.Context) (err error) {
	if d.source = Memory; d.path != Memory {
		if d.source, err = prepare(d.path); err != nil {
			return err
		}
	}
	d.connected = true
	// synchronous=FULL: a commit is on disk when it returns, power cut included (NORMAL could lose the last ones). It
	// costs one fsync a transaction, and a transaction holds a whole batch.
	d.writer, err = connect(d.source, 1, "_txlock=immediate", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)",
		"_pragma=foreign_keys(1)", "_pragma=busy_timeout(10000)", "_pragma=journal_size_limit(67108864)")
	if err != nil {
		return err
	}
	if d.path == Memory {
		d.reader = d.writer // a second connection would see another database
	} else {
		d.reader, err = connect(d.source, readers, "_pragma=query_only(1)", "_pragma=busy_timeout(10000)")
		if err != nil {
			return err
		}
	}
	if d.guard != nil {
		if err := d.guard.verify(ctx, d); err != nil {
			return err
		}
	}
	if err := d.migrate(ctx, d.writer); err != nil {
		return err
	}
	return d.guard.opened(d.path)
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

// Close waits for running calls to end, then folds the log into the file.
func (d *DB) Close() error {
	d.guard.stop()
	d.files.Lock()
	defer d.files.Unlock()
	d.fold()
	return d.disconnect()
}

// fold writes the log into the file. SQLite does so itself when the last connection closes, but a call whose context
// ended gives its connection back a moment after it returned, and the process may end before that. What could not be
// folded is in the log, which the next start reads.
func (d *DB) fold() {
	if d.connected && d.path != Memory {
		_, _ = d.writer.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
}

// disconnect closes the file. The caller holds files.
func (d *DB) disconnect() error {
	d.connected = false
	var errs []error
	if d.reader != nil && d.reader != d.writer {
		errs = append(errs, d.reader.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.Close())
	}
	return errors.Join(errs...)
}

// Health says whether the file works.
func (d *DB) Health() review.Health {
	health, _ := d.guard.health()
	return health
}

// Write runs f in a transaction that is committed when f returns nil.
func (d *DB) Write(ctx context.Context, f func(*sql.Tx) error) error {
	return d.guarded(func(h review.Health) bool { return h == review.Healthy }, func() error {
		return transact(ctx, d.writer, nil, f)
	})
}

// Read runs f on one consistent view of the file.
func (d *DB) Read(ctx context.Context, f func(*sql.Tx) error) error {
	return d.guarded(review.Health.Readable, func() error {
		return transact(ctx, d.reader, &sql.TxOptions{ReadOnly: true}, f)
	})
}

// guarded runs a transaction where the health of the store allows it.
func (d *DB) guarded(possible func(review.Health) bool, transaction func() error) error {
	unavailable := func() error {
		if health, err := d.guard.health(); !possible(health) {
			return &review.UnavailableError{Health: health, Err: err}
		}
		return nil
	}
	if err := unavailable(); err != nil { // at once, while the file is exchanged
		return err
	}
	d.files.RLock()
	defer d.files.RUnlock()
	if err := unavailable(); err != nil { // the exchange failed
		return err
	}
	return d.guard.note(transaction())
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

// Alone runs f: a file has no other replicas.
func (*DB) Alone(ctx context.Context, f func(context.Context) error) error { return f(ctx) }

// RowsAtOnce is small: a statement costs no trip, and to prepare one takes longer the more values it has.
func (*DB) RowsAtOnce() int { return 16 }
