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

	"github.com/faultline-otel/faultline/internal/failure"
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
	return each(ctx, tx, `SELECT signal_id, '', kind, name, version, row_ids, added_by, added_ns FROM guards
		WHERE signal_id IN (`+strings.Join(places, ", ")+`) ORDER BY added_ns, kind, name`, args, func(g *review.SignalGuard) {
		at[g.Signal].Guards = append(at[g.Signal].Guards, g.Guard)
	})
}

// All lists the guards of all signals, each of a merged one with the signal that it counts in.
func All(ctx context.Context, tx Tx) (list []review.SignalGuard, err error) {
	err = each(ctx, tx, `SELECT s.id, CASE WHEN s.name = '' THEN s.title ELSE s.name END, g.kind, g.name, g.version,
		g.row_ids, g.added_by, g.added_ns FROM guards g JOIN signals p ON p.id = g.signal_id
		JOIN signals s ON s.id = CASE WHEN p.target = '' THEN p.id ELSE p.target END
		ORDER BY g.added_ns DESC, g.kind, g.name, s.id LIMIT `+strconv.Itoa(review.MaxListed), nil,
		func(g *review.SignalGuard) { list = append(list, *g) })
	return list, err
}

// None is the condition for a signal, a row i of the table signals, with a confirmed failure and without a guard, those
// of what was merged into it among them. Of many judged cases, the newest are looked at. Failures that no application
// can mend are left out: a dataset takes none of them either.
func None() string {
	conditions := []string{unguarded}
	for _, c := range failure.Classes() {
		if !failure.Operational(c.Class, "") {
			continue
		}
		own := []string{"''"}
		for _, d := range c.Details {
			if !failure.Operational(c.Class, d.Name) {
				own = append(own, "'"+d.Name+"'")
			}
		}
		conditions = append(conditions, "NOT (i.class = '"+string(c.Class)+"' AND (i.detail = '' OR i.detail NOT IN ("+
			strings.Join(own, ", ")+")))")
	}
	return strings.Join(conditions, " AND ")
}

const unguarded = `NOT EXISTS (SELECT 1 FROM guards g JOIN signals p ON p.id = g.signal_id WHERE p.id = i.id OR p.target = i.id)
	AND EXISTS (SELECT 1 FROM signals p WHERE (p.id = i.id OR p.target <> '' AND p.target = i.id) AND p.stored > p.open
		AND EXISTS (SELECT 1 FROM labels l WHERE l.decision = 'confirmed' AND l.id IN (SELECT newest.label_id FROM
			(SELECT t.label_id FROM items t WHERE t.fingerprint = p.id AND t.fingerprint <> '' AND t.state = 'reviewed'
				ORDER BY t.id DESC LIMIT 100) newest)))`

func each(ctx context.Context, tx Tx, query string, args []any, take func(*review.SignalGuard)) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var ids string
		var added int64
		var g review.SignalGuard
		err := rows.Scan(&g.Signal, &g.Title, &g.Kind, &g.Name, &g.Version, &ids, &g.By, &added)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(ids), &g.Rows); err != nil {
			return fmt.Errorf("read rows of a guard: %w", err)
		}
		g.Added = time.Unix(0, added).UTC()
		take(&g)
	}
	return rows.Err()
}
