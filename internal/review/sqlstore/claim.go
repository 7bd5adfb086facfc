package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
)

// Claim implements review.Claims.
func (s *Store) Claim(ctx context.Context, traceID string, by review.Claimant) (claim review.Claim, err error) {
	err = s.together(ctx, func(ctx context.Context, tx *prepared) error {
		id, err := itemID(ctx, tx, traceID)
		if err == nil {
			claim, err = s.claim(ctx, tx, id, by)
		}
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

// claim takes the item where nobody else has it. What the claimant had before is free again.
func (s *Store) claim(ctx context.Context, tx *prepared, item int64, by review.Claimant) (review.Claim, error) {
	if by.ID == "" {
		return review.Claim{}, fmt.Errorf("reviewer must have a name: %w", review.ErrInvalid)
	}
	now := s.now()
	_, err := tx.ExecContext(ctx, `DELETE FROM claims WHERE until_ns <= $1 OR holder = $2 AND item_id <> $3`,
		nanos(now), short(by.ID), item)
	if err != nil {
		return review.Claim{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO claims (item_id, holder, name, until_ns) VALUES ($1, $2, $3, $4)
		ON CONFLICT (item_id) DO UPDATE SET name = excluded.name, until_ns = excluded.until_ns
		WHERE claims.holder = excluded.holder`, item, short(by.ID), short(by.Name), nanos(now.Add(by.For)))
	if err != nil {
		return review.Claim{}, err
	}
	var row claimRow
	err = tx.QueryRowContext(ctx, `SELECT holder, name, until_ns FROM claims WHERE item_id = $1`, item).
		Scan(row.columns()...)
	if err != nil {
		return review.Claim{}, err
	}
	return *row.claim(), nil
}

// ClaimNext implements review.Claims.
func (s *Store) ClaimNext(
	ctx context.Context, f review.Filter, from string, by review.Claimant,
) (traceID string, err error) {
	f.State = review.Open
	find := func(ctx context.Context, tx *prepared) (id int64, err error) {
		id, traceID, err = s.nextFree(ctx, tx, f, from, by.ID)
		return id, err
	}
	if by.ID == "" {
		err = s.read(ctx, func(tx *sql.Tx) error {
			_, err := find(ctx, newPrepared(tx))
			return err
		})
	} else {
		err = s.together(ctx, func(ctx context.Context, tx *prepared) error {
			id, err := find(ctx, tx)
			if err == nil {
				_, err = s.claim(ctx, tx, id, by)
			}
			return err
		})
	}
	if err != nil {
		return "", fmt.Errorf("claim the next item: %w", err)
	}
	return traceID, nil
}

// nextFree finds an item that nobody else has. Of the claims in one transaction, each begins where the last one ended,
// since everything before that is taken.
func (s *Store) nextFree(
	ctx context.Context, tx *prepared, f review.Filter, from, holder string,
) (id int64, traceID string, err error) {
	before := int64(math.MaxInt64)
	if from != "" {
		first, err := itemID(ctx, tx, from)
		if err != nil && !errors.Is(err, review.ErrNotFound) {
			return 0, "", err
		}
		if err == nil {
			before = first + 1
		}
	}
	key := fmt.Sprint(f, before)
	passed, later := tx.passed[key]
	if later {
		before = min(before, passed)
	}
	q, err := s.newQuery(ctx, tx.Tx, f)
	if err != nil {
		return 0, "", err
	}
	w := restrict(q, before)
	w.conditions = append(w.conditions, `NOT EXISTS (SELECT 1 FROM claims c WHERE c.item_id = i.id AND c.until_ns > `+
		w.arg(nanos(s.now()))+` AND c.holder <> `+w.arg(short(holder))+`)`)
	newest := `SELECT i.id, i.trace_id FROM items i` + w.String() + ` ORDER BY i.id DESC LIMIT 1`
	err = tx.QueryRowContext(ctx, newest, w.args...).Scan(&id, &traceID)
	switch {
	case err == nil:
		tx.passed[key] = id
	case errors.Is(err, sql.ErrNoRows) && later: // something above may have been released since
		delete(tx.passed, key)
		return s.nextFree(ctx, tx, f, from, holder)
	case errors.Is(err, sql.ErrNoRows):
		err = review.ErrNotFound
	}
	return id, traceID, err
}

// Release implements review.Claims.
func (s *Store) Release(ctx context.Context, traceID, holder string) error {
	err := s.together(ctx, func(ctx context.Context, tx *prepared) error {
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
