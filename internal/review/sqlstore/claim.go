package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// claims are who has which case.
type claims struct {
	db    *base
	words wordIndex
}

// newClaims returns the claims of a database whose items are found by an index of words.
func newClaims(db *base, words wordIndex) *claims { return &claims{db, words} }

// Claim implements review.Claims.
func (s *claims) Claim(ctx context.Context, traceID string, by review.Claimant) (claim review.Claim, err error) {
	err = s.db.together(ctx, func(ctx context.Context, tx *prepared) error {
		claim, err = s.claim(ctx, tx, traceID, by)
		return err
	})
	if err != nil {
		return review.Claim{}, fmt.Errorf("claim %.64q: %w", traceID, err)
	}
	return claim, nil
}

func itemID(ctx context.Context, tx *prepared, traceID string) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id FROM items WHERE trace_id = $1`, strings.ToLower(traceID)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = review.ErrNotFound
	}
	return id, err
}

// claim takes the item where it is free for the claimant. What the claimant had before is free again.
func (s *claims) claim(
	ctx context.Context, tx *prepared, traceID string, by review.Claimant,
) (review.Claim, error) {
	if by.ID == "" {
		return review.Claim{}, fmt.Errorf("reviewer must have a name: %w", review.ErrInvalid)
	}
	item, err := findJudged(ctx, tx, traceID)
	if err != nil || item.state != review.Open {
		return review.Claim{}, err
	}
	if item.assignee != "" && item.assignee != by.Name {
		return review.Claim{Name: item.assignee}, nil
	}
	if item.judged > 0 {
		var own int
		persons := by.Persons()
		err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM labels WHERE item_id = $1 AND counts = 1
			AND person IN ($2, $3)`, item.id, persons[0], persons[1]).Scan(&own)
		if err != nil || own > 0 {
			return review.Claim{}, err
		}
	}
	now := s.db.now()
	var others int
	var first claimRow
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*), MIN(holder), MIN(name), MIN(until_ns) FROM claims
		WHERE item_id = $1 AND holder <> $2 AND until_ns > $3`, item.id, short(by.ID), nanos(now)).
		Scan(append([]any{&others}, first.columns()...)...)
	if err != nil {
		return review.Claim{}, err
	}
	if item.judged+others >= item.reviewers {
		return *first.claim(), nil
	}
	claim := claimOf(by, now)
	_, err = tx.ExecContext(ctx, `INSERT INTO claims (holder, item_id, name, until_ns) VALUES ($1, $2, $3, $4)`+takesOver,
		claim.Holder, item.id, claim.Name, nanos(claim.Until))
	return claim, err
}

// takesOver ends an insertion into claims: a person has one item.
const takesOver = ` ON CONFLICT (holder) DO UPDATE
	SET item_id = excluded.item_id, name = excluded.name, until_ns = excluded.until_ns`

// claimOf is the claim of a claimant from now on.
func claimOf(by review.Claimant, now time.Time) review.Claim {
	until := nanos(now.Add(by.For))
	return review.Claim{Holder: short(by.ID), Name: short(by.Name), Until: instant(until)}
}

// ClaimNext implements review.Claims.
func (s *claims) ClaimNext(
	ctx context.Context, f review.Filter, from string, by review.Claimant,
) (_ string, err error) {
	f.State = review.Open
	own := &wish{view: view{f, from}, by: by}
	if by.ID == "" {
		err = s.db.Read(ctx, func(tx *sql.Tx) error {
			all := newPrepared(tx)
			all.asks = []any{own}
			return s.grantAll(ctx, all, own)
		})
	} else {
		err = s.db.together(ctx, func(ctx context.Context, tx *prepared) error {
			return s.grantAll(ctx, tx, own)
		}, own)
	}
	if err != nil {
		return "", fmt.Errorf("claim the next item: %w", err)
	}
	return own.traceID, nil
}

// spot is where an item is in its queue.
type spot struct{ place, id int64 }

// first is before every item.
var first = spot{math.MaxInt64, math.MaxInt64}

// spotOf is the spot before an item, that before all for "" and for an unknown one.
func spotOf(ctx context.Context, tx *prepared, traceID string) (before spot, err error) {
	if traceID == "" {
		return first, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT place, id FROM items WHERE trace_id = $1`, strings.ToLower(traceID)).
		Scan(&before.place, &before.id)
	if errors.Is(err, sql.ErrNoRows) {
		return first, nil
	}
	before.id++
	return before, err
}

// takeFree claims the first item that is free for the claimant, of those behind a spot, or one that is assigned to them
// where these come first. It is one statement, since a database on another machine answers each in its time. Who has no
// id takes nothing.
func (s *claims) takeFree(
	ctx context.Context, tx *prepared, q query, before spot, by review.Claimant, theirs bool,
) (traceID string, err error) {
	now := s.db.now()
	w := &where{}
	next := w.nextFree(q, before, now, by, false)
	if theirs && by.Name != "" {
		next = w.nextFree(q, first, now, by, true) + `, ` + next
	}
	next = `COALESCE(` + next + `, NULL)`
	row := `SELECT i.trace_id FROM items i WHERE i.id = ` + next
	if by.ID != "" {
		claim := claimOf(by, now)
		row = `INSERT INTO claims (holder, item_id, name, until_ns) SELECT ` + w.arg(claim.Holder) + `, i.id, ` +
			w.arg(claim.Name) + `, ` + w.arg(nanos(claim.Until)) + ` FROM items i WHERE i.id = ` + next + takesOver + `
			RETURNING (SELECT trace_id FROM items WHERE id = item_id)`
	}
	err = tx.QueryRowContext(ctx, row, w.args...).Scan(&traceID)
	return traceID, err
}

// nextFree are the ids of the first items behind a spot that are free for the claimant, of all or of those that are
// theirs. The first that is not null is wanted.
func (w *where) nextFree(q query, before spot, now time.Time, by review.Claimant, theirs bool) string {
	var ids []string
	for _, part := range q.behind(before) {
		of := &where{args: w.args}
		of.restrict(q, part)
		of.free(now, by)
		if theirs {
			of.and("i.assignee <> '' AND i.assignee = ", by.Name)
		} else {
			of.and("(i.assignee = '' OR i.assignee = ", by.Name)
			of.conditions[len(of.conditions)-1] += ")"
		}
		w.args = of.args
		ids = append(ids, `(SELECT i.id FROM items i`+of.String()+` ORDER BY `+q.order()+` LIMIT 1)`)
	}
	return strings.Join(ids, `, `)
}

// free restricts to items that have room for a judgement of the claimant.
func (w *where) free(now time.Time, by review.Claimant) {
	w.conditions = append(w.conditions, `i.judged + (SELECT COUNT(*) FROM claims c WHERE c.item_id = i.id AND c.until_ns > `+
		w.arg(nanos(now))+` AND c.holder <> `+w.arg(short(by.ID))+`) < i.reviewers`)
	w.unjudged(by.Persons()...)
}

// unjudged restricts to items that nobody of these judged.
func (w *where) unjudged(persons ...string) {
	places := make([]string, len(persons))
	for i, person := range persons {
		places[i] = w.arg(person)
	}
	w.conditions = append(w.conditions, `(i.judged = 0 OR NOT EXISTS (SELECT 1 FROM labels l WHERE l.item_id = i.id
		AND l.counts = 1 AND l.person IN (`+strings.Join(places, ", ")+`)))`)
}

// Release implements review.Claims.
func (s *claims) Release(ctx context.Context, traceID, holder string) error {
	err := s.db.together(ctx, func(ctx context.Context, tx *prepared) error {
		id, err := itemID(ctx, tx, traceID)
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE item_id = $1 AND holder = $2`, id, short(holder))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("release %.64q: %w", traceID, err)
	}
	return nil
}

// claimsOf reads who has the items.
func claimsOf(ctx context.Context, tx *sql.Tx, now time.Time, items []review.Item, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	w := &where{}
	at := make(map[int64]int, len(ids))
	places := make([]string, len(ids))
	for i, id := range ids {
		at[id], places[i] = i, w.arg(id)
	}
	//nolint:gosec // only places are put in
	rows, err := tx.QueryContext(ctx, `SELECT item_id, holder, name, until_ns FROM claims WHERE item_id IN (`+
		strings.Join(places, ", ")+`) AND until_ns > `+w.arg(nanos(now))+` ORDER BY until_ns, holder`, w.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var row claimRow
		if err := rows.Scan(append([]any{&id}, row.columns()...)...); err != nil {
			return err
		}
		item := &items[at[id]]
		item.Claims = append(item.Claims, *row.claim())
		item.Claim = &item.Claims[0]
	}
	return rows.Err()
}

// claimRow is a claim in the result of a query, where it may be absent.
type claimRow struct {
	holder, name sql.NullString
	until        sql.NullInt64
}

func (c *claimRow) columns() []any { return []any{&c.holder, &c.name, &c.until} }

func (c *claimRow) claim() *review.Claim {
	if !c.holder.Valid {
		return nil
	}
	return &review.Claim{Holder: c.holder.String, Name: c.name.String, Until: instant(c.until.Int64)}
}
