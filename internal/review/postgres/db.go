// Package postgres connects to the Postgres database of the review store and watches over the connection. It knows
// nothing of what is in its tables.
package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/faultline-otel/faultline/internal/review"
)

// Settings say where the database is, and who is told how it is.
type Settings struct {
	// DSN is a URL or a list of key=value, as libpq takes them.
	DSN string
	// Interval is the time between two looks at the database; 0 is a second.
	Interval time.Duration
	// Changed is called when the health of the store changes, one call at a time. err is the cause, or nil. It may be nil.
	Changed func(health review.Health, err error)
}

const (
	defaultInterval = time.Second
	connectTimeout  = 5 * time.Second
	// readers bounds the connections of a replica that read at once.
	readers = 8
)

// DB is a Postgres database that may have several replicas of this program. Of all of them one writes at a time: what
// triggers count would make writers wait for each other in any case, and ids are given in the order of commits.
type DB struct {
	settings  Settings
	migrate   func(context.Context, *sql.DB) error
	migrated  bool // of the watch alone
	condition review.Condition

	writer, reader, watcher *sql.DB

	wake   chan struct{} // a transaction saw trouble
	cancel context.CancelFunc
	watch  sync.WaitGroup
}

// Open connects to a database and brings it up to date with migrate, one replica at a time. A database that cannot be
// reached is no error: the store is unreachable until it can be.
func Open(ctx context.Context, settings Settings, migrate func(context.Context, *sql.DB) error) (*DB, error) {
	config, err := parse(settings.DSN)
	if err != nil {
		return nil, fmt.Errorf("open review store: %w", err)
	}
	if settings.Interval == 0 {
		settings.Interval = defaultInterval
	}
	d := &DB{
		settings: settings, migrate: migrate, wake: make(chan struct{}, 1),
		condition: review.Condition{Changed: settings.Changed},
	}
	d.writer, d.reader = connect(config, 1), connect(config, readers)
	d.watcher = connect(config, 1)
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the watch outlives the start
	d.cancel = cancel
	if err := d.look(ctx); err != nil && healthOf(err) != review.Unreachable {
		err = fmt.Errorf("open review store on %s:%d, database %s: %w", config.Host, config.Port, config.Database, err)
		return nil, errors.Join(err, d.Close())
	}
	d.watch.Go(func() { d.keepWatch(watching) })
	return d, nil
}

func connect(config *pgx.ConnConfig, connections int) *sql.DB {
	config = config.Copy()
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	config.DialFunc = dialer.DialContext
	for name, value := range map[string]string{
		"application_name": "faultline",
		// Compiling a query takes longer than running any of ours. A writer would compile each that has to sort, see Write.
		"jit": "off",
		// So does starting processes for one, of which Postgres is fond where it cannot estimate how many rows it wants.
		"max_parallel_workers_per_gather": "0",
		// The lock of a replica that is gone must not keep the others from writing.
		"idle_in_transaction_session_timeout": "60s",
		"tcp_keepalives_idle":                 "10",
		"tcp_keepalives_interval":             "5",
		"tcp_keepalives_count":                "3",
	} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	db := sql.OpenDB(connector{stdlib.GetConnector(*config)})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// Close waits for running calls to end.
func (d *DB) Close() error {
	d.cancel()
	d.watch.Wait()
	return errors.Join(d.writer.Close(), d.reader.Close(), d.watcher.Close())
}

// locks tell the locks of this program from those of others in the same database.
const (
	lockMigrating = 0x6661756c + iota
	lockWriting
	lockAlone
)

// Write runs f in a transaction that is committed when f returns nil. Of all replicas one writes at a time.
func (d *DB) Write(ctx context.Context, f func(*sql.Tx) error) error {
	return d.guarded(func(h review.Health) bool { return h == review.Healthy }, func() error {
		return transact(ctx, d.writer, nil, func(tx *sql.Tx) error {
			// What writers look for is the first in an order that an index has. Until a new table was analysed, Postgres
			// would rather sort all of it.
			_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1, hashtext(current_schema())),
				set_config('enable_sort', 'off', true)`, lockWriting)
			if err != nil {
				return err
			}
			return f(tx)
		})
	})
}

// Read runs f on one consistent view of the database.
func (d *DB) Read(ctx context.Context, f func(*sql.Tx) error) error {
	return d.guarded(review.Health.Readable, func() error { return transact(ctx, d.reader, oneView(), f) })
}

func oneView() *sql.TxOptions {
	return &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
}

// Alone runs f unless another replica runs one now. The lock is of a session: a transaction would keep a view of the
// database from beginning to end.
func (d *DB) Alone(ctx context.Context, f func(context.Context) error) error {
	return d.guarded(review.Health.Readable, func() (err error) {
		c, err := d.reader.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }() // it goes back
		var alone bool
		err = c.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, hashtext(current_schema()))`, lockAlone).Scan(&alone)
		if err != nil || !alone {
			return err
		}
		defer func() {
			const unlock = `SELECT pg_advisory_unlock($1, hashtext(current_schema()))`
			if _, failed := c.ExecContext(context.WithoutCancel(ctx), unlock, lockAlone); failed != nil {
				_ = c.Raw(func(any) error { return driver.ErrBadConn }) // the lock goes with the connection
			}
		}()
		return f(ctx)
	})
}

// RowsAtOnce is large: each statement is a trip to the database.
func (*DB) RowsAtOnce() int { return 128 }

// bloat is what the size of an index may be beside three times that of its table.
var bloat = int64(16 << 20)

// Compact rebuilds an index of words that has become much larger than its table, while others read and write: Postgres
// never removes a word from it. The caller is alone.
func (d *DB) Compact(ctx context.Context, table, index string) error {
	var large bool
	err := d.reader.QueryRowContext(ctx,
		`SELECT pg_relation_size(to_regclass($1)) > 3 * pg_table_size(to_regclass($2)) + $3::bigint`, index, table, bloat).
		Scan(&large)
	if err != nil || !large {
		return d.note(err)
	}
	for _, statement := range []string{
		`DROP INDEX CONCURRENTLY IF EXISTS ` + index + `_ccnew`, // of a rebuild that was cut off
		`REINDEX INDEX CONCURRENTLY ` + index,
	} {
		if _, err := d.reader.ExecContext(ctx, statement); err != nil {
			return d.note(err)
		}
	}
	return nil
}

func (d *DB) guarded(possible func(review.Health) bool, transaction func() error) error {
	if health, err := d.condition.Health(); !possible(health) {
		return &review.UnavailableError{Health: health, Err: err}
	}
	return d.note(transaction())
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
