// Package claims keeps who has which case, and gives each person a case of their own.
package claims

import (
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
	"github.com/faultline-otel/faultline/internal/review/sqlstore/labels"
)

// Claims are who has which case.
type Claims struct {
	db    *database.DB
	words filter.Index
}

// New returns the claims of a database whose items are found by an index of words.
func New(db *database.DB, words filter.Index) *Claims { return &Claims{db, words} }

// Claim implements review.Claims.
func (s *Claims) Claim(ctx context.Context, traceID string, by review.Claimant) (claim review.Claim, err error) {
	err = s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		claim, err = s.claim(ctx, tx, traceID, by)
		return err
	})
	if err != nil {
		return review.Claim{}, fmt.Errorf("claim %.64q: %w", traceID, err)
	}
	return claim, nil
}

func itemID(ctx context.Context, tx *database.Prepared, traceID string) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id FROM items WHERE trace_id = $1`, strings.ToLower(traceID)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = review.ErrNotFound
	}
	return id, err
}

// claim takes the item where it is free for the claimant. What the claimant had before is free again.
func (s *Claims) claim(
	ctx context.Context, tx *database.Prepared, traceID string, by review.Claimant,
) (review.Claim, error) {
	if by.ID == "" {
		return review.Claim{}, fmt.Errorf("reviewer must have a name: %w", review.ErrInvalid)
	}
	item, err := labels.FindJudged(ctx, tx, traceID)
	if err != nil || item.State != review.Open {
		return review.Claim{}, err
	}
	if item.Assignee != "" && item.Assignee != by.Name {
		return review.Claim{Name: item.Assignee}, nil
	}
	if item.Judged > 0 {
		var own int
		persons := by.Persons()
		err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM labels WHERE item_id = $1 AND counts = 1
			AND person IN ($2, $3)`, item.ID, persons[0], persons[1]).Scan(&own)
		if err != nil || own > 0 {
			return review.Claim{}, err
		}
	}
	now := s.db.Now()
	var others int
	var first claimRow
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*), MIN(holder), MIN(name), MIN(until_ns) FROM claims
		WHERE item_id = $1 AND holder <> $2 AND until_ns > $3`, item.ID, column.Short(by.ID), column.Nanos(now)).
		Scan(append([]any{&others}, first.columns()...)...)
	if err != nil {
		return review.Claim{}, err
	}
	if item.Judged+others >= item.Reviewers {
		return *first.claim(), nil
	}
	claim := claimOf(by, now)
	_, err = tx.ExecContext(ctx, `INSERT INTO claims (holder, item_id, name, until_ns) VALUES ($1, $2, $3, $4)`+takesOver,
		claim.Holder, item.ID, claim.Name, column.Nanos(claim.Until))
	return claim, err
}

// takesOver ends an insertion into claims: a person has one item.
const takesOver = ` ON CONFLICT (holder) DO UPDATE
	SET item_id = excluded.item_id, name = excluded.name, until_ns = excluded.until_ns`

// claimOf is the claim of a claimant from now on.
func claimOf(by review.Claimant, now time.Time) review.Claim {
	until := column.Nanos(now.Add(by.For))
	return review.Claim{Holder: column.Short(by.ID), Name: column.Short(by.Name), Until: column.Instant(until)}
}

// ClaimNext implements review.Claims.
func (s *Claims) ClaimNext(
	ctx context.Context, f review.Filter, from string, by review.Claimant,
) (_ string, err error) {
	f.State = review.Open
	own := &wish{view: view{f, from}, by: by}
	if by.ID == "" {
		err = s.db.Read(ctx, func(tx *sql.Tx) error {
			all := database.Prepare(tx)
			all.Asks = []any{own}
			return s.grantAll(ctx, all, own)
		})
	} else {
		err = s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
			return s.grantAll(ctx, tx, own)
		}, own)
	}
	if err != nil {
		return "", fmt.Errorf("claim the next item: %w", err)
	}
	return own.traceID, nil
}

// spotOf is the spot before an item, that before all for "" and for an unknown one.
func spotOf(ctx context.Context, tx *database.Prepared, traceID string) (before filter.Spot, err error) {
	if traceID == "" {
		return filter.First, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT place, id FROM items WHERE trace_id = $1`, strings.ToLower(traceID)).
		Scan(&before.Place, &before.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return filter.First, nil
	}
	before.ID++
	return before, err
}

// takeFree claims the first item that is free for the claimant, of those behind a spot, or one that is assigned to them
// where these come first. It is one statement, since a database on another machine answers each in its time. Who has no
// id takes nothing.
func (s *Claims) takeFree(
	ctx context.Context, tx *database.Prepared, q filter.Query, before filter.Spot, by review.Claimant, theirs bool,
) (traceID string, err error) {
	now := s.db.Now()
	w := &filter.Where{}
	next := w.NextFree(q, before, now, by, false)
	if theirs && by.Name != "" {
		next = w.NextFree(q, filter.First, now, by, true) + `, ` + next
	}
	next = `COALESCE(` + next + `, NULL)`
	row := `SELECT i.trace_id FROM items i WHERE i.id = ` + next
	if by.ID != "" {
		claim := claimOf(by, now)
		row = `INSERT INTO claims (holder, item_id, name, until_ns) SELECT ` + w.Arg(claim.Holder) + `, i.id, ` +
			w.Arg(claim.Name) + `, ` + w.Arg(column.Nanos(claim.Until)) + ` FROM items i WHERE i.id = ` + next + takesOver + `
			RETURNING (SELECT trace_id FROM items WHERE id = item_id)`
	}
	err = tx.QueryRowContext(ctx, row, w.Args...).Scan(&traceID)
	return traceID, err
}

// Release implements review.Claims.
func (s *Claims) Release(ctx context.Context, traceID, holder string) error {
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		id, err := itemID(ctx, tx, traceID)
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE item_id = $1 AND holder = $2`, id, column.Short(holder))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("release %.64q: %w", traceID, err)
	}
	return nil
}

// Of reads who has the items.
func Of(ctx context.Context, tx *sql.Tx, now time.Time, items []review.Item, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	w := &filter.Where{}
	at := make(map[int64]int, len(ids))
	places := make([]string, len(ids))
	for i, id := range ids {
		at[id], places[i] = i, w.Arg(id)
	}
	//nolint:gosec // only places are put in
	rows, err := tx.QueryContext(ctx, `SELECT item_id, holder, name, until_ns FROM claims WHERE item_id IN (`+
		strings.Join(places, ", ")+`) AND until_ns > `+w.Arg(column.Nanos(now))+` ORDER BY until_ns, holder`, w.Args...)
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
	return &review.Claim{Holder: c.holder.String, Name: c.name.String, Until: column.Instant(c.until.Int64)}
}
