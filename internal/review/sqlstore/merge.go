package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/guards"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/vectors"
)

// targetOf returns the signal that another one counts in, itself unless it was merged.
func targetOf(ctx context.Context, tx database.Querier, id string) (string, error) {
	var target string
	err := tx.QueryRowContext(ctx, `SELECT target FROM signals WHERE id = $1`, id).Scan(&target)
	if errors.Is(err, sql.ErrNoRows) {
		err = review.ErrNotFound
	}
	return cmp.Or(target, id), err
}

// partsOf lists the fingerprints of a signal.
func partsOf(g *review.Signal) []string {
	ids := []string{g.ID}
	for i := range g.Merged {
		ids = append(ids, g.Merged[i].ID)
	}
	return ids
}

// ofSignal restricts items to those of a signal.
func ofSignal(w *filter.Where, g *review.Signal) string {
	ids := partsOf(g)
	if len(ids) == 1 {
		return `fingerprint <> '' AND fingerprint = ` + w.Arg(ids[0])
	}
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = w.Arg(id)
	}
	return `fingerprint <> '' AND fingerprint IN (` + strings.Join(places, ", ") + `)`
}

// addParts adds what was merged into signals to them.
func addParts(ctx context.Context, tx *sql.Tx, signals []review.Signal) error {
	if len(signals) == 0 {
		return nil
	}
	w := &filter.Where{}
	places := make([]string, len(signals))
	at := map[string]*review.Signal{}
	for i := range signals {
		places[i], at[signals[i].ID] = w.Arg(signals[i].ID), &signals[i]
	}
	//nolint:gosec // only places are put in
	rows, err := tx.QueryContext(ctx, `SELECT target, id, CASE WHEN name = '' THEN title ELSE name END, first_ns, last_ns,
		total, stored, open FROM signals WHERE target <> '' AND target IN (`+strings.Join(places, ", ")+`)
		ORDER BY first_ns, id`, w.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var target string
		var part review.Merged
		var began, ended int64
		var total, stored, open int
		if err := rows.Scan(&target, &part.ID, &part.Title, &began, &ended, &total, &stored, &open); err != nil {
			return err
		}
		g := at[target]
		g.Merged = append(g.Merged, part)
		g.Total, g.Stored, g.Open = g.Total+total, g.Stored+stored, g.Open+open
		if t := column.Instant(began); t.Before(g.First) {
			g.First = t
		}
		if t := column.Instant(ended); t.After(g.Last) {
			g.Last = t
		}
	}
	return rows.Err()
}

// targets are the signals that merged ones count in, by fingerprint.
type targets map[string]string

// of returns the signal that an item counts in.
func (t targets) of(item *review.Item) string { return cmp.Or(t[item.Fingerprint], item.Fingerprint) }

// seen tells the targets of merged signals that failures came, and returns them.
func seen(ctx context.Context, tx *database.Prepared, items []review.Item, received time.Time) (targets, error) {
	t, err := targetsOf(ctx, tx, items)
	if err != nil {
		return nil, err
	}
	for _, target := range t {
		_, err := tx.ExecContext(ctx, `UPDATE signals SET last_ns = $1 WHERE id = $2 AND last_ns < $1`,
			column.Nanos(received), target)
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

func targetsOf(ctx context.Context, tx *database.Prepared, items []review.Item) (targets, error) {
	prints := make([]any, len(items))
	for i := range items {
		prints[i] = items[i].Fingerprint
	}
	prints = database.Padded(prints)
	rows, err := tx.QueryContext(ctx, `SELECT id, target FROM signals WHERE target <> '' AND id IN `+
		database.PlacesFrom(1, len(prints)), prints...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	t := targets{}
	for rows.Next() {
		var id, target string
		if err := rows.Scan(&id, &target); err != nil {
			return nil, err
		}
		t[id] = target
	}
	return t, rows.Err()
}

// RenameSignal implements review.Signals.
func (s *Store) RenameSignal(ctx context.Context, id, name, by string) error {
	name = strings.TrimSpace(column.Short(name))
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		id, err := targetOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE signals SET name = $1 WHERE id = $2`, name, id); err != nil {
			return err
		}
		return s.db.EnterOne(ctx, tx, by, review.ActionRename, id+" "+name)
	})
	if err != nil {
		return fmt.Errorf("rename signal %.64q: %w", id, err)
	}
	return nil
}

// AssignSignal implements review.Signals.
func (s *Store) AssignSignal(ctx context.Context, id, name, by string) error {
	name = strings.TrimSpace(column.Short(name))
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		id, err := targetOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE signals SET assignee = $1 WHERE id = $2`, name, id); err != nil {
			return err
		}
		return s.db.EnterOne(ctx, tx, by, review.ActionAssign, "signal "+id+" to "+cmp.Or(name, "nobody"))
	})
	if err != nil {
		return fmt.Errorf("assign signal %.64q: %w", id, err)
	}
	return nil
}

// maxSignalWords bounds the words that signals are looked for by.
const maxSignalWords = 16

// signalsOf restricts signals to those of a person, and to those with all words of a query.
func signalsOf(w *filter.Where, f review.SignalFilter) {
	if f.Assignee != "" {
		w.And("i.assignee = ", column.Short(f.Assignee))
	}
	if f.Unguarded {
		w.Conditions = append(w.Conditions, guards.None())
	}
	words := strings.Fields(strings.ToLower(column.Short(f.Query)))
	for _, word := range words[:min(len(words), maxSignalWords)] {
		pattern := w.Arg("%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word) + "%")
		var alternatives []string
		for _, name := range []string{"name", "title", "class", "detail", "service", "id"} {
			alternatives = append(alternatives, "LOWER(i."+name+") LIKE "+pattern+` ESCAPE '\'`)
		}
		w.Conditions = append(w.Conditions, "("+strings.Join(alternatives, " OR ")+")")
	}
}

// MergeSignal implements review.Signals. What had been merged into the signal goes with it, and remembers that.
func (s *Store) MergeSignal(ctx context.Context, id, into, by string) error {
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		id, err := targetOf(ctx, tx, id)
		if err != nil {
			return err
		}
		target, err := targetOf(ctx, tx, into)
		if err != nil {
			return err
		}
		if id == target {
			return fmt.Errorf("into must be another signal, got %.64q, which is the same: %w", into, review.ErrInvalid)
		}
		if err := mergeSignals(ctx, tx, id, target); err != nil {
			return err
		}
		return s.db.EnterOne(ctx, tx, by, review.ActionMerge, id+" into "+target)
	})
	if err != nil {
		return fmt.Errorf("merge signal %.64q: %w", id, err)
	}
	return nil
}

// mergeSignals makes a signal part of another one. Both are part of none.
func mergeSignals(ctx context.Context, tx *database.Prepared, id, target string) error {
	_, err := tx.ExecContext(ctx, `UPDATE signals SET via = target, target = $1 WHERE target = $2`, target, id)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, `UPDATE signals SET target = $1 WHERE id = $2`, target, id); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE signals SET last_ns = (SELECT MAX(p.last_ns) FROM signals p
		WHERE p.id = $1 OR p.target = $1) WHERE id = $1`, target)
	return err
}

// SplitSignal implements review.Signals.
func (s *Store) SplitSignal(ctx context.Context, id, by string) error {
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		target, err := targetOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if target == id {
			return fmt.Errorf("id must be a signal that is part of another one, got %.64q: %w", id, review.ErrInvalid)
		}
		_, err = tx.ExecContext(ctx, `UPDATE signals SET target = via, via = '' WHERE via = $1 AND target = $2`, id, target)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE signals SET target = '', via = '' WHERE id = $1`, id); err != nil {
			return err
		}
		if err := vectors.Settle(ctx, tx, id); err != nil {
			return err
		}
		return s.db.EnterOne(ctx, tx, by, review.ActionSplit, id)
	})
	if err != nil {
		return fmt.Errorf("split signal %.64q: %w", id, err)
	}
	return nil
}
