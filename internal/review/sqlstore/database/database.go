// Package database is what the parts of a store share: a SQL database with one writer at a time, transactions that
// several short writes share, and the insertion of many rows.
package database

import (
	"context"
	"database/sql"
	"sync/atomic"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/audit"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
)

// Driver is a SQL database of one kind.
type Driver interface {
	// Write runs f in a transaction that is committed when f returns nil. No other one writes meanwhile.
	Write(ctx context.Context, f func(*sql.Tx) error) error
	// Read runs f on one consistent view.
	Read(ctx context.Context, f func(*sql.Tx) error) error
	// Alone runs f unless another replica runs one now.
	Alone(ctx context.Context, f func(context.Context) error) error
	// Compact makes an index of words small again that has kept too many words of deleted rows.
	Compact(ctx context.Context, table, index string) error
	// RowsAtOnce is how many rows one statement inserts best, a power of two.
	RowsAtOnce() int
	// Refused reports whether the database refused the data. It would refuse them the next time too.
	Refused(err error) bool
	Health() review.Health
	Close() error
}

// DB is the database of a store, with what all parts of the store share.
type DB struct {
	Driver
	Now    func() time.Time
	short  group
	queues atomic.Pointer[[]review.Queue]
}

// New returns the base of a store in a database.
func New(db Driver) *DB { return &DB{Driver: db, Now: time.Now} }

// UseQueues implements review.Queues.
func (s *DB) UseQueues(queues []review.Queue) { s.queues.Store(&queues) }

// Queues implements review.Queues.
func (s *DB) Queues() []review.Queue {
	if queues := s.queues.Load(); queues != nil {
		return *queues
	}
	return nil
}

// Enter writes an entry of the audit log for what a transaction does, or adds n to the one that an earlier one wrote.
func (s *DB) Enter(ctx context.Context, tx audit.Tx, e *review.Entry, n int) (err error) {
	if e.ID == 0 {
		e.Time = s.Now()
	}
	e.ID, err = audit.Add(ctx, tx, *e, n)
	return err
}

// EnterOne writes an entry of the audit log for what a transaction does to one item or signal.
func (s *DB) EnterOne(ctx context.Context, tx audit.Tx, who string, action review.Action, subject string) error {
	return s.Enter(ctx, tx, &review.Entry{Who: column.Short(who), Action: action, Subject: column.Short(subject)}, 1)
}
