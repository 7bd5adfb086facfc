package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/deployments"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/extent"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/guards"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/vectors"
)

// Hours of the charts.
const (
	listHours  = 24
	wholeHours = 48
)

const selectSignals = `SELECT id, class, detail, title, service, state, changed_ns, first_ns, last_ns, total, stored,
	open, version, changed_by, name, assignee, deploys_ns, priority FROM signals i`

func scanSignal(r database.Scanner, s *review.Signal) (priority int, err error) {
	var changed, first, last, deploys int64
	err = r.Scan(&s.ID, &s.Class, &s.Detail, &s.Title, &s.Service, &s.State, &changed, &first, &last, &s.Total, &s.Stored,
		&s.Open, &s.Version, &s.ChangedBy, &s.Name, &s.Assignee, &deploys, &priority)
	s.Changed, s.First, s.Last = column.Instant(changed), column.Instant(first), column.Instant(last)
	if s.ChangedBy == bySilence {
		s.ChangedBy = ""
	}
	if s.State == review.SignalResolved {
		s.DeploysUntil = column.Instant(deploys)
	}
	return priority, err
}

// priorityOf orders the states in lists.
func priorityOf(state review.SignalState) int { return slices.Index(review.SignalStates(), state) }

// Signals implements review.Signals.
func (s *Store) Signals(ctx context.Context, f review.SignalFilter) (page review.SignalPage, err error) {
	limit := min(f.Limit, filter.MaxLimit)
	if limit <= 0 {
		limit = filter.DefaultLimit
	}
	w := &filter.Where{Conditions: []string{"i.target = ''"}}
	switch {
	case f.State != "":
		w.And("i.priority = ", priorityOf(f.State))
	case f.Unguarded: // what is mended must not come back either
		w.And("i.priority < ", priorityOf(review.SignalIgnored))
	default:
		w.And("i.priority < ", priorityOf(review.SignalResolved))
	}
	if f.Class != "" {
		w.And("i.class = ", string(f.Class))
	}
	signalsOf(w, f)
	all := *w
	if f.Cursor != "" {
		at := strings.SplitN(f.Cursor, ".", 3)
		if len(at) != 3 {
			return page, fmt.Errorf("cursor must be the next of a page, got %.64q: %w", f.Cursor, review.ErrInvalid)
		}
		priority, err1 := strconv.Atoi(at[0])
		last, err2 := strconv.ParseInt(at[1], 10, 64)
		if err1 != nil || err2 != nil {
			return page, fmt.Errorf("cursor must be the next of a page, got %.64q: %w", f.Cursor, review.ErrInvalid)
		}
		w.And("(i.priority, -i.last_ns, i.id) > (", priority)
		w.Conditions[len(w.Conditions)-1] += ", " + w.Arg(-last) + ", " + w.Arg(at[2]) + ")"
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM signals i`+all.String(), all.Args...).Scan(&page.Total)
		if err != nil {
			return err
		}
		var newest sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT MAX(id) FROM items`).Scan(&newest); err != nil {
			return err
		}
		page.UpTo = strconv.FormatInt(newest.Int64, 36)
		if err := listSignals(ctx, tx, w, limit, &page); err != nil {
			return err
		}
		if err := errors.Join(addParts(ctx, tx, page.Signals), guards.Of(ctx, tx, page.Signals)); err != nil {
			return err
		}
		return s.volumes(ctx, tx, page.Signals, listHours)
	})
	if err != nil {
		return review.SignalPage{}, fmt.Errorf("list signals: %w", err)
	}
	return page, nil
}

func listSignals(ctx context.Context, tx *sql.Tx, w *filter.Where, limit int, page *review.SignalPage) error {
	rows, err := tx.QueryContext(ctx, selectSignals+w.String()+` ORDER BY i.priority, i.last_ns DESC, i.id LIMIT `+
		strconv.Itoa(limit+1), w.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var last string
	for rows.Next() {
		if len(page.Signals) == limit {
			page.Next = last
			break
		}
		var g review.Signal
		priority, err := scanSignal(rows, &g)
		if err != nil {
			return err
		}
		last = fmt.Sprintf("%d.%d.%s", priority, column.Nanos(g.Last), g.ID)
		page.Signals = append(page.Signals, g)
	}
	return rows.Err()
}

// Signal implements review.Signals.
func (s *Store) Signal(ctx context.Context, id string) (g review.Signal, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		id, err := targetOf(ctx, tx, id)
		if err != nil {
			return err
		}
		one := make([]review.Signal, 1)
		if _, err := scanSignal(tx.QueryRowContext(ctx, selectSignals+` WHERE i.id = $1`, id), &one[0]); err != nil {
			return err
		}
		if err := errors.Join(addParts(ctx, tx, one), guards.Of(ctx, tx, one)); err != nil {
			return err
		}
		if err := s.volumes(ctx, tx, one, wholeHours); err != nil {
			return err
		}
		g = one[0]
		if g.Blind, err = blindOf(ctx, tx, &g, s.db.Queues()); err != nil {
			return err
		}
		newest, err := sampleOf(ctx, tx, &g)
		if err != nil {
			return err
		}
		g.Versions = newest.countBy(func(i *sampled) string { return i.version })
		g.Releases = newest.countBy(func(i *sampled) string { return i.release })
		g.Models = newest.countBy(func(i *sampled) string { return i.model })
		g.Services = newest.countBy(func(i *sampled) string { return i.service })
		if g.Exemplars, err = s.exemplars(ctx, tx, &g, newest); err != nil {
			return err
		}
		g.Extent, err = extent.Of(ctx, tx, &g, s.db.Now())
		return err
	})
	if err != nil {
		return review.Signal{}, fmt.Errorf("signal %.64q: %w", id, err)
	}
	return g, nil
}

// ChangeSignal implements review.Signals.
func (s *Store) ChangeSignal(ctx context.Context, id string, c review.SignalChange) error {
	switch c.State {
	case review.SignalResolved, review.SignalIgnored, review.SignalOngoing:
	default:
		return fmt.Errorf("state must be %q, %q or %q, got %.64q: %w", review.SignalResolved, review.SignalIgnored,
			review.SignalOngoing, c.State, review.ErrInvalid)
	}
	c.Version, c.By = column.Short(c.Version), strings.ReplaceAll(column.Short(c.By), bySilence, "")
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		id, err := targetOf(ctx, tx, id)
		if err != nil {
			return err
		}
		versions, err := readCounts(tx.QueryContext(ctx, `SELECT prompt_version, COUNT(*) FROM (SELECT prompt_version
			FROM items WHERE fingerprint <> '' AND fingerprint IN (SELECT id FROM signals WHERE id = $1 OR target = $1)
			ORDER BY id DESC LIMIT `+strconv.Itoa(maxSample)+`) newest GROUP BY 1`, id))
		if err != nil {
			return err
		}
		old, err := olderOf(ctx, tx, versions, c.Version)
		if err != nil {
			return err
		}
		if c.State != review.SignalResolved {
			c.Version, c.Merged = "", time.Time{}
		}
		now := s.db.Now()
		before, deploys, err := deployments.Before(ctx, tx, id, c.Merged, now)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE signals SET state = $1, priority = $2, changed_ns = $3, version = $4,
			old_versions = $5, changed_by = $6, deploys_ns = $7, deployments = $8 WHERE id = $9`, c.State, priorityOf(c.State),
			column.Nanos(now), c.Version, column.JSON(old), c.By, column.Nanos(deploys), before.Encode(), id)
		if err != nil {
			return err
		}
		return s.db.EnterOne(ctx, tx, c.By, review.ActionSignal, id+" "+string(c.State))
	})
	if err != nil {
		return fmt.Errorf("change signal %.64q: %w", id, err)
	}
	return nil
}

// olderOf returns those of some versions that are older than another one: their name says so, or both were seen, and
// they were seen first. A version without an order to the other one is not older.
func olderOf(ctx context.Context, tx *database.Prepared, versions []review.Count, than string) ([]string, error) {
	old := []string{}
	if than == "" {
		return old, nil
	}
	appeared := func(version string) (id sql.NullInt64, err error) {
		err = tx.QueryRowContext(ctx, `SELECT MIN(id) FROM items WHERE prompt_version = $1`, version).Scan(&id)
		return id, err
	}
	limit, err := appeared(than)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		if v.Value == "" || v.Value == than || review.OlderVersion(than, v.Value) {
			continue
		}
		if !review.OlderVersion(v.Value, than) {
			first, err := appeared(v.Value)
			if err != nil {
				return nil, err
			}
			if !limit.Valid || !first.Valid || first.Int64 >= limit.Int64 {
				continue
			}
		}
		old = append(old, v.Value)
	}
	return old, nil
}

// reopen marks resolved signals as regressed where a new item of them began after that. What became quiet by itself is
// ongoing again.
func reopen(ctx context.Context, tx *database.Prepared, items []review.Item, received time.Time) error {
	for items := range slices.Chunk(items, database.MaxKnown) {
		targets, err := seen(ctx, tx, items, received)
		if err != nil {
			return err
		}
		resolved, err := resolvedOf(ctx, tx, items, targets)
		if err != nil {
			return err
		}
		for i := range items {
			signal := targets.of(&items[i])
			r, found := resolved[signal]
			if !found || !r.ends(&items[i], received) {
				continue
			}
			state := review.SignalRegressed
			if r.by == bySilence {
				state = review.SignalOngoing
			}
			if err := setState(ctx, tx, signal, review.SignalResolved, state, received); err != nil {
				return err
			}
		}
	}
	return nil
}

// resolved is how a signal was resolved.
type resolved struct {
	changed     int64
	by, version string
	oldVersions []string
	deploys     int64 // until when what ran before does not count
	before      deployments.Known
}

// ends reports whether an item shows that its signal is not resolved.
func (r *resolved) ends(item *review.Item, received time.Time) bool {
	began := column.Nanos(item.Start)
	if began == 0 {
		began = column.Nanos(received)
	}
	if began <= r.deploys && r.before.Ran(item) {
		return false
	}
	return began > r.changed && !slices.Contains(r.oldVersions, item.PromptVersion) &&
		!review.OlderVersion(item.PromptVersion, r.version)
}

// resolvedOf returns those signals of some items that are resolved.
func resolvedOf(
	ctx context.Context, tx *database.Prepared, items []review.Item, t targets,
) (map[string]resolved, error) {
	prints := make([]any, len(items))
	for i := range items {
		prints[i] = t.of(&items[i])
	}
	prints = database.Padded(prints)
	args := append([]any{review.SignalResolved}, prints...)
	rows, err := tx.QueryContext(ctx, `SELECT id, changed_ns, changed_by, version, old_versions, deploys_ns,
		deployments FROM signals
		WHERE state = $1 AND id IN `+database.PlacesFrom(2, len(prints)), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]resolved{}
	for rows.Next() {
		var id, versions, before string
		var r resolved
		err := rows.Scan(&id, &r.changed, &r.by, &r.version, &versions, &r.deploys, &before)
		if err != nil {
			return nil, err
		}
		if r.before, err = deployments.Decode(before); err != nil {
			return nil, err
		}
		if versions != "" {
			if err := json.Unmarshal([]byte(versions), &r.oldVersions); err != nil {
				return nil, fmt.Errorf("read old versions: %w", err)
			}
		}
		found[id] = r
	}
	return found, rows.Err()
}

// bySilence stands for a person where a signal was resolved because no failure came any more. It is no name.
const bySilence = "\x1f"

// setState changes the state of a signal, unless somebody changed it meanwhile.
func setState(ctx context.Context, tx *database.Prepared, id string, from, to review.SignalState, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE signals SET state = $1, priority = $2, changed_ns = $3
		WHERE id = $4 AND priority = $5`, to, priorityOf(to), column.Nanos(now), id, priorityOf(from))
	return err
}

// AgeSignals implements review.Signals.
func (s *Store) AgeSignals(ctx context.Context) error {
	err := s.db.Alone(ctx, func(ctx context.Context) error {
		return errors.Join(s.ageSignals(ctx), s.db.Compact(ctx, "search", "search_words"))
	})
	if err != nil {
		return fmt.Errorf("age signals: %w", err)
	}
	return nil
}

func (s *Store) ageSignals(ctx context.Context) error {
	now := s.db.Now()
	changes, err := s.escalations(ctx, now)
	if err != nil {
		return err
	}
	return s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		for id, to := range changes {
			from := review.SignalOngoing
			if to == from {
				from = review.SignalEscalating
			}
			if err := setState(ctx, tx, id, from, to, now); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE signals SET state = $1, priority = $2, changed_ns = $3
			WHERE priority = $4 AND first_ns < $5 AND target = ''`, review.SignalOngoing, priorityOf(review.SignalOngoing), column.Nanos(now),
			priorityOf(review.SignalNew), column.Nanos(now.Add(-review.NewFor)))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE signals SET state = $1, priority = $2, changed_ns = $3, changed_by = $4,
			version = '', old_versions = '', deploys_ns = 0, deployments = '' WHERE priority = $5 AND last_ns < $6 AND target = ''`, review.SignalResolved,
			priorityOf(review.SignalResolved), column.Nanos(now), bySilence, priorityOf(review.SignalOngoing),
			column.Nanos(now.Add(-review.QuietAfter)))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM signals WHERE last_ns < $2 AND stored = 0 AND (target <> ''
			OR priority = $1 AND changed_by = $3 AND NOT EXISTS (SELECT 1 FROM signals p WHERE p.target = signals.id))`, priorityOf(review.SignalResolved), column.Nanos(now.Add(-review.ForgottenAfter)), bySilence)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM signal_hours WHERE hour < $1`, now.Unix()/3600-24*30)
		return errors.Join(err, guards.Forget(ctx, tx), vectors.Forget(ctx, tx))
	})
}

// escalations finds the signals that begin or cease to escalate: of the ones that are ongoing or escalating already,
// those with enough in the last hours.
func (s *Store) escalations(ctx context.Context, now time.Time) (changes map[string]review.SignalState, err error) {
	changes = map[string]review.SignalState{}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		hour := now.Unix() / 3600
		var candidates []review.Signal
		rows, err := tx.QueryContext(ctx, selectSignals+` WHERE i.target = '' AND (i.priority = $1
			OR i.priority = $2 AND i.id IN (SELECT CASE WHEN g.target = '' THEN g.id ELSE g.target END
				FROM signal_hours h JOIN signals g ON g.id = h.signal_id WHERE h.hour > $3
				GROUP BY 1 HAVING SUM(h.n) > 3 ORDER BY SUM(h.n) DESC LIMIT 200)) LIMIT 500`, priorityOf(review.SignalEscalating), priorityOf(review.SignalOngoing), hour-6)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var g review.Signal
			if _, err := scanSignal(rows, &g); err != nil {
				return err
			}
			candidates = append(candidates, g)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := addParts(ctx, tx, candidates); err != nil {
			return err
		}
		for _, g := range candidates {
			counts := map[int64]int{}
			for ids := range slices.Chunk(partsOf(&g), database.MaxKnown) {
				err := eachHour(ctx, tx, ids, hour-24*29, func(_ string, hour int64, n int) { counts[hour] += n })
				if err != nil {
					return err
				}
			}
			already := g.State == review.SignalEscalating
			escalates := review.Escalates(func(hour int64) int { return counts[hour] }, g.First, now, already) &&
				(!already || now.Sub(g.Changed) <= review.EscalatesFor)
			switch {
			case escalates && !already:
				changes[g.ID] = review.SignalEscalating
			case !escalates && already:
				changes[g.ID] = review.SignalOngoing
			}
		}
		return nil
	})
	return changes, err
}
