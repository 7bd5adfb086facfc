// Package guards keeps what was made of the failures of signals in a table of the review store.
package guards

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// Tx is the part of a transaction that is needed.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Put adds a guard to a signal, or replaces the one with its kind and name. Of too many, the oldest go.
func Put(ctx context.Context, tx Tx, signal string, g *review.Guard) error {
	ids, err := json.Marshal(g.Rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO guards (signal_id, kind, name, version, row_ids, added_by, added_ns)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (signal_id, kind, name) DO UPDATE SET version = excluded.version,
		row_ids = excluded.row_ids, added_by = excluded.added_by, added_ns = excluded.added_ns`,
		signal, g.Kind, g.Name, g.Version, string(ids), g.By, g.Added.UnixNano())
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM guards WHERE signal_id = $1 AND added_ns <
		(SELECT MIN(added_ns) FROM (SELECT added_ns FROM guards WHERE signal_id = $1 ORDER BY added_ns DESC
		LIMIT `+strconv.Itoa(review.MaxGuards)+`) newest)`, signal)
	return err
}

// Forget removes the guards of signals that are gone.
func Forget(ctx context.Context, tx Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM guards WHERE signal_id NOT IN (SELECT id FROM signals)`)
	return err
}

// Of reads the guards of signals, with those of the signals that were merged into them.
func Of(ctx context.Context, tx Tx, signals []review.Signal) error {
	var args []any
	var places []string
	at := map[string]*review.Signal{}
	add := func(id string, g *review.Signal) {
		args, at[id] = append(args, id), g
		places = append(places, "$"+strconv.Itoa(len(args)))
	}
	for i := range signals {
		add(signals[i].ID, &signals[i])
		for j := range signals[i].Merged {
			add(signals[i].Merged[j].ID, &signals[i])
		}
	}
	if len(args) == 0 {
		return nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT signal_id, kind, name, version, row_ids, added_by, added_ns FROM guards
		WHERE signal_id IN (`+strings.Join(places, ", ")+`) ORDER BY added_ns, kind, name`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var signal, ids string
		var added int64
		var g review.Guard
		if err := rows.Scan(&signal, &g.Kind, &g.Name, &g.Version, &ids, &g.By, &added); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(ids), &g.Rows); err != nil {
			return fmt.Errorf("read rows of a guard: %w", err)
		}
		g.Added = time.Unix(0, added).UTC()
		at[signal].Guards = append(at[signal].Guards, g)
	}
	return rows.Err()
}
