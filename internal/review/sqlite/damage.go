package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/faultline-otel/faultline/internal/review"
)

// damageError says that a file is not, or no longer, a whole store.
type damageError struct{ text string }

func (e *damageError) Error() string { return e.text }

// healthOf returns the state of a store that returns an error: Healthy for an error that says nothing about the file.
func healthOf(err error) review.Health {
	if damage := (*damageError)(nil); errors.As(err, &damage) {
		return review.Damaged
	}
	switch code(err) & 0xff {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return review.Damaged
	case lib.SQLITE_FULL:
		return review.DiskFull
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY:
		return review.IOError
	}
	return review.Healthy
}

// code returns SQLite's extended result code of an error, or 0.
func code(err error) int {
	if e := (*driver.Error)(nil); errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// Refused reports whether SQLite refused the data. It would refuse them the next time too.
func (*DB) Refused(err error) bool {
	switch code(err) & 0xff {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_TOOBIG, lib.SQLITE_MISMATCH, lib.SQLITE_RANGE:
		return true
	}
	return false
}

// quickCheck reads the whole file and returns a damageError for the first damage.
func quickCheck(ctx context.Context, db *sql.DB) error {
	var answer string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&answer); err != nil {
		return fmt.Errorf("check it: %w", err)
	}
	if answer != "ok" {
		return &damageError{answer}
	}
	return nil
}

// repairIndex builds the search index anew. It is a copy of what is in the store, so its damage loses nothing.
func repairIndex(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `INSERT INTO search (search) VALUES ('rebuild')`)
	return err
}

// unknown is a count that a damaged file does not give.
const unknown = -1

// contents counts items and labels, as far as the file can be read.
func contents(ctx context.Context, db *sql.DB) (items, labels int) {
	items, labels = unknown, unknown
	if db == nil {
		return items, labels
	}
	for table, n := range map[string]*int{"items": &items, "labels": &labels} {
		if db.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table).Scan(n) != nil {
			*n = unknown
		}
	}
	return items, labels
}
