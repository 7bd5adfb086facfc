// Package checkpoints keeps what a component must know after a restart in tables of the review store, and says which of
// several processes runs the component.
package checkpoints

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/faultline-otel/faultline/internal/checkpoint"
)

// Database is where the tables are.
type Database interface {
	Write(ctx context.Context, f func(*sql.Tx) error) error
	Read(ctx context.Context, f func(*sql.Tx) error) error
}

// Store is the values of one owner.
type Store struct {
	db    Database
	owner string
}

var _ checkpoint.Store = (*Store)(nil)

// New returns the values of an owner.
func New(db Database, owner string) *Store { return &Store{db, owner} }

// wait bounds a call without a context.
const wait = 10 * time.Second

// Get implements checkpoint.Store.
func (s *Store) Get(key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	var data sql.NullString
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT data FROM checkpoints WHERE owner = $1 AND name = $2`, s.owner, key).
			Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil || !data.Valid {
		return nil, err
	}
	return []byte(data.String), nil
}

// Write implements checkpoint.Store. Values are texts.
func (s *Store) Write(set map[string][]byte, remove []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		for key, data := range set {
			_, err := tx.ExecContext(ctx, `INSERT INTO checkpoints (owner, name, data) VALUES ($1, $2, $3)
				ON CONFLICT (owner, name) DO UPDATE SET data = excluded.data`, s.owner, key, string(data))
			if err != nil {
				return err
			}
		}
		for _, key := range remove {
			_, err := tx.ExecContext(ctx, `DELETE FROM checkpoints WHERE owner = $1 AND name = $2`, s.owner, key)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Lease reports whether a process runs the owner from now on, for so long: it did, or no other one does.
func (s *Store) Lease(ctx context.Context, process string, now time.Time, long time.Duration) (held bool, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `INSERT INTO leases (owner, process, until_ns) VALUES ($1, $2, $3)
			ON CONFLICT (owner) DO UPDATE SET process = excluded.process, until_ns = excluded.until_ns
			WHERE leases.process = excluded.process OR leases.until_ns <= $4`,
			s.owner, process, now.Add(long).UnixNano(), now.UnixNano())
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		held = n > 0
		return err
	})
	return held && err == nil, err
}

// Free ends the lease of a process.
func (s *Store) Free(ctx context.Context, process string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM leases WHERE owner = $1 AND process = $2`, s.owner, process)
		return err
	})
}
