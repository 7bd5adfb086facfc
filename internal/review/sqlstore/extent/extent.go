// Package extent reads from the review store how far a signal reaches: whom it touched, what it cost, what is usual of
// it, and what it began with.
package extent

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// Tx is the part of a transaction that is needed.
type Tx interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// sample bounds the items that are read, the newest of a signal or the last before it.
const sample = 1000

// reader reads about one signal.
type reader struct {
	tx   Tx
	args []any
	of   string // the condition of its items
}

// Of reads the extent of a signal that knows what was merged into it.
func Of(ctx context.Context, tx Tx, g *review.Signal, now time.Time) (*review.Extent, error) {
	r := reader{tx: tx, args: []any{g.ID}}
	places := []string{"$1"}
	for i := range g.Merged {
		r.args = append(r.args, g.Merged[i].ID)
		places = append(places, "$"+strconv.Itoa(len(r.args)))
	}
	among := ` IN (` + strings.Join(places, ", ") + `)`
	r.of = `fingerprint <> '' AND fingerprint` + among
	e := &review.Extent{}
	if err := r.totals(ctx, e); err != nil {
		return nil, err
	}
	if err := r.judgements(ctx, e); err != nil {
		return nil, err
	}
	hours, err := r.hours(ctx, among, now)
	if err != nil {
		return nil, err
	}
	usual, known := review.UsualHour(func(hour int64) int { return hours[hour] }, g.First, now)
	e.Hour = genai.Opt[review.Usual]{Value: usual, Set: known}
	e.Since, err = r.since(ctx, g.First)
	return e, err
}

// newest are the newest items of the signal.
func (r *reader) newest(columns string) string {
	return `(SELECT ` + columns + ` FROM items WHERE ` + r.of + ` ORDER BY id DESC LIMIT ` + strconv.Itoa(sample) + `)`
}

func (r *reader) totals(ctx context.Context, e *review.Extent) error {
	var cost sql.NullFloat64
	err := r.tx.QueryRowContext(ctx, `SELECT COUNT(*), SUM(cost_usd) FROM `+r.newest(`cost_usd`)+` newest`, r.args...).
		Scan(&e.Items, &cost)
	if err != nil {
		return err
	}
	e.CostUSD = genai.Opt[float64]{Value: cost.Float64, Set: cost.Valid}
	return r.tx.QueryRowContext(ctx, `SELECT COUNT(DISTINCT id) FROM subjects WHERE kind = 'user' AND item_id IN `+
		r.newest(`id`), r.args...).Scan(&e.Users)
}

// judgements counts what people said of items that nobody has to judge any more.
func (r *reader) judgements(ctx context.Context, e *review.Extent) error {
	rows, err := r.tx.QueryContext(ctx, `SELECT l.decision, COUNT(*) FROM labels l WHERE l.id IN
		(SELECT label_id FROM `+r.newest(`label_id, state`)+` newest WHERE state = 'reviewed') GROUP BY 1`, r.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var decision review.Decision
		var n int
		if err := rows.Scan(&decision, &n); err != nil {
			return err
		}
		switch decision { //nolint:exhaustive // the others say nothing of the failure
		case review.Confirmed:
			e.Confirmed = n
		case review.Rejected:
			e.Rejected = n
		}
	}
	return rows.Err()
}

// hours counts the items of the last weeks by their hours.
func (r *reader) hours(ctx context.Context, among string, now time.Time) (map[int64]int, error) {
	args := append(append([]any{}, r.args...), now.Unix()/3600-24*29)
	rows, err := r.tx.QueryContext(ctx, `SELECT hour, SUM(n) FROM signal_hours WHERE signal_id`+among+` AND hour >= $`+
		strconv.Itoa(len(args))+` GROUP BY hour`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[int64]int{}
	for rows.Next() {
		var hour int64
		var n int
		if err := rows.Scan(&hour, &n); err != nil {
			return nil, err
		}
		counts[hour] = n
	}
	return counts, rows.Err()
}

// beginning is the first item of a signal.
type beginning struct {
	id                                 int64
	service, model, promptName, prompt string
}

// since finds what the signal began with. Where the first failure is gone, nobody can say.
func (r *reader) since(ctx context.Context, first time.Time) (list []review.Since, err error) {
	var b beginning
	var received int64
	err = r.tx.QueryRowContext(ctx, `SELECT id, received_ns, service, model, prompt_name, prompt_version FROM items
		WHERE `+r.of+` ORDER BY id LIMIT 1`, r.args...).
		Scan(&b.id, &received, &b.service, &b.model, &b.promptName, &b.prompt)
	if errors.Is(err, sql.ErrNoRows) || err == nil && received != first.UnixNano() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, of := range []struct{ key, value string }{
		{review.SincePrompt, b.prompt}, {review.SinceModel, b.model},
	} {
		s, ok, err := r.sinceValue(ctx, &b, of.key, of.value)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, s)
		}
	}
	return list, nil
}

// sinceValue reports whether the signal began with a value of a key, which names a column: items of the service before
// had other values, and no item of the signal has one of those.
func (r *reader) sinceValue(ctx context.Context, b *beginning, key, value string) (s review.Since, ok bool, err error) {
	if value == "" {
		return s, false, nil
	}
	promptName := `` // versions of a prompt are those of its name
	args := []any{b.service, value, b.id}
	if key == review.SincePrompt {
		promptName = ` AND prompt_name = $4`
		args = append(args, b.promptName)
	}
	var began, received int64
	err = r.tx.QueryRowContext(ctx, `SELECT id, received_ns FROM items WHERE `+key+` = $2 AND service = $1 AND id <= $3`+
		promptName+` ORDER BY id LIMIT 1`, args...).Scan(&began, &received)
	if err != nil {
		return s, false, err
	}
	s = review.Since{Key: key, Value: value, Seen: time.Unix(0, received).UTC()}
	args[2] = began
	before := ` FROM (SELECT ` + key + ` AS value, prompt_name FROM items WHERE service = $1 AND id < $3
		ORDER BY id DESC LIMIT ` + strconv.Itoa(sample) + `) earlier WHERE value <> '' AND value <> $2` + promptName
	if err := r.tx.QueryRowContext(ctx, `SELECT COUNT(*)`+before, args...).Scan(&s.Before); err != nil || s.Before == 0 {
		return s, false, err
	}
	earlier, err := r.texts(ctx, `SELECT DISTINCT value`+before, args)
	if err != nil {
		return s, false, err
	}
	own, err := r.texts(ctx, `SELECT DISTINCT `+key+` FROM `+r.newest(key)+` newest`, r.args)
	if err != nil {
		return s, false, err
	}
	for value := range own {
		if earlier[value] {
			return s, false, nil
		}
	}
	return s, true, nil
}

func (r *reader) texts(ctx context.Context, query string, args []any) (map[string]bool, error) {
	rows, err := r.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]bool{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found[text] = true
	}
	return found, rows.Err()
}
