package sqlite

import (
	"context"
	"database/sql"
)

const (
	// slack is what an index of words may have beside twice its leaves after it was last merged: 128 KiB.
	slack = 32
	// merged bounds the leaves that one transaction merges: others write between two of them.
	merged = 256
)

// Compact merges the index of words once it has twice the leaves that it had after it was last merged. FTS5 does not
// remove a word of a deleted row: it writes a mark, and both stay until their parts are merged, the older the later.
// The file would keep the size of the largest index. The caller is alone.
func (d *DB) Compact(ctx context.Context, table, _ string) error {
	leaves, err := d.leaves(ctx, table)
	if err != nil || leaves <= 2*d.compacted.Load()+slack {
		return err
	}
	//nolint:gosec // the caller names a table of its own
	merge := `INSERT INTO ` + table + ` (` + table + `, rank) VALUES ('merge', $1)`
	for n := -merged; ; n = merged { // a negative number takes in all parts, a positive one goes on with them
		var before, after int
		err := d.Write(ctx, func(tx *sql.Tx) error {
			if err := tx.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&before); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, merge, n); err != nil {
				return err
			}
			return tx.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&after)
		})
		if err != nil {
			return err
		}
		if after-before < 2 { // the statement itself counts as one: nothing is left to merge
			break
		}
	}
	if leaves, err = d.leaves(ctx, table); err == nil {
		d.compacted.Store(leaves)
	}
	return err
}

// leaves counts the leaves of an index of words. Its own index has a row for each.
func (d *DB) leaves(ctx context.Context, table string) (n int64, err error) {
	err = d.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table+`_idx`).Scan(&n)
	})
	return n, err
}
