package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/faultline-otel/faultline/internal/review"
)

// Health says whether the database works.
func (d *DB) Health() review.Health {
	health, _ := d.condition.Health()
	return health
}

// healthOf returns the state of a store that returns an error: Healthy for an error that says nothing about it.
func healthOf(err error) review.Health {
	if err == nil || errors.Is(err, context.Canceled) {
		return review.Healthy
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return healthOfCode(e.Code)
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	if errors.Is(err, context.DeadlineExceeded) && !connecting { // the caller was in a hurry
		return review.Healthy
	}
	if connecting || network || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return review.Unreachable
	}
	return review.Healthy
}

// healthOfCode maps the error codes of Postgres, which are documented in its appendix A.
func healthOfCode(code string) review.Health {
	switch code {
	case "53100":
		return review.DiskFull
	case "58000", "58030", "XX001", "XX002": // of its files
		return review.IOError
	case "53300", // too many connections
		"57P01", "57P02", "57P03", "57P05", // it stops, stopped or starts
		"25006": // it is a standby
		return review.Unreachable
	}
	if class(code) == "08" { // the connection
		return review.Unreachable
	}
	return review.Healthy
}

func class(code string) string { return code[:min(len(code), 2)] }

// Refused reports whether Postgres refused the data. It would refuse them the next time too.
func (*DB) Refused(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch class(e.Code) {
	case "22", "23", "54": // data, constraints, limits of the program
		return true
	}
	return false
}

// note learns from the error of a transaction.
func (d *DB) note(err error) error {
	health := healthOf(err)
	if health == review.Healthy {
		return err
	}
	d.condition.Replace(review.Healthy, health, err)
	select {
	case d.wake <- struct{}{}:
	default: // it looks soon
	}
	return &review.UnavailableError{Health: health, Err: err}
}

// keepWatch looks at the database until the context ends. A look that fails is not repeated at once.
func (d *DB) keepWatch(ctx context.Context) {
	tick := time.NewTicker(d.settings.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-d.wake:
		}
		if d.look(ctx) != nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
}

// look updates the health of the store. The first look that reaches the database brings it up to date.
func (d *DB) look(ctx context.Context) error {
	before, _ := d.condition.Health()
	err := d.probe(ctx, before)
	switch health := healthOf(err); {
	case ctx.Err() != nil:
	case err == nil:
		d.condition.Replace(before, review.Healthy, nil)
	case health == review.Healthy: // it answers, and cannot be used
		d.condition.Set(review.Unreachable, err)
	default:
		d.condition.Set(health, err)
	}
	return err
}

// probe reaches for the database; where a disk was full, it writes to its log.
func (d *DB) probe(ctx context.Context, health review.Health) error {
	if !d.migrated {
		if err := d.migrateAlone(ctx); err != nil {
			return err
		}
		d.migrated = true
	}
	answer, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	query := `SELECT 1`
	if health != review.Healthy {
		query = `SELECT pg_logical_emit_message(true, 'faultline', 'probe')`
	}
	_, err := d.watcher.ExecContext(answer, query)
	if answer.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("no answer within %v: %w", connectTimeout, net.ErrClosed)
	}
	return err
}

// migrateAlone migrates while no other replica does.
func (d *DB) migrateAlone(ctx context.Context) error {
	return transact(ctx, d.watcher, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))`, lockMigrating)
		if err != nil {
			return err
		}
		return d.migrate(ctx, d.writer)
	})
}
