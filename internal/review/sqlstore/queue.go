package sqlstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/labels"
)

// UseQueues implements review.Queues.
func (s *Store) UseQueues(queues []review.Queue) { s.db.UseQueues(queues) }

// Queues implements review.Queues.
func (s *Store) Queues() []review.Queue { return s.db.Queues() }

// fewOfSignal is how many items of a signal count as new.
const fewOfSignal = 5

// sortable is an item with what its queue and its place depend on.
type sortable struct {
	id                int64
	state             review.State
	class             failure.Class
	service, queue    string
	place             int64
	reviewers, judged int
	unsafe            bool
	sources           int // bits
	ofSignal          int // items of its signal, this one included; 0 without one
	cost              genai.Opt[float64]
}

const selectSortable = `SELECT i.id, i.state, i.class, i.service, i.queue, i.place, i.reviewers, i.judged, i.unsafe,
	i.sources, COALESCE(g.total, 0), i.cost_usd FROM items i LEFT JOIN signals g ON g.id = i.fingerprint`

func (i *sortable) scan(r database.Scanner) error {
	var cost sql.NullFloat64
	var unsafe int
	err := r.Scan(&i.id, &i.state, &i.class, &i.service, &i.queue, &i.place, &i.reviewers, &i.judged, &unsafe,
		&i.sources, &i.ofSignal, &cost)
	i.unsafe, i.cost = unsafe == 1, column.Optional(cost)
	return err
}

// enqueue puts an item that was written into its queue. uncertain is whether a scorer only suspects.
func (s *Store) enqueue(ctx context.Context, tx *database.Prepared, id int64, uncertain bool) error {
	queues := s.db.Queues()
	if len(queues) == 0 {
		return nil
	}
	var item sortable
	if err := item.scan(tx.QueryRowContext(ctx, selectSortable+` WHERE i.id = $1`, id)); err != nil {
		return err
	}
	return item.sort(ctx, tx, queues, uncertain)
}

// sort writes queue and place of an item. What was put at the end stays there, and what is known of an item only
// raises it.
func (i *sortable) sort(ctx context.Context, tx *database.Prepared, queues []review.Queue, uncertain bool) error {
	queue := review.QueueOf(queues, i.class, i.unsafe, i.service, column.SourcesIn(i.sources))
	state, reviewers, place := i.state, i.reviewers, i.place
	if state == review.Open {
		wanted := queue.Place(review.Traits{
			Unsafe: i.unsafe, New: i.ofSignal > 0 && i.ofSignal <= fewOfSignal, CostUSD: i.cost, Uncertain: uncertain,
		})
		reviewers = queue.Reviewers
		switch {
		case place < 0:
		case queue.Order == review.Priority:
			place = max(place, wanted)
		default:
			place = 0
		}
		if i.judged >= reviewers {
			state, place = review.Reviewed, 0
		}
	}
	if queue.Name == i.queue && reviewers == i.reviewers && place == i.place && state == i.state {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE items SET queue = $1, reviewers = $2, place = $3, state = $4 WHERE id = $5`,
		queue.Name, reviewers, place, state, i.id)
	return err
}

// sortPart bounds the items of one transaction that puts items into their queues.
const sortPart = 1000

// Redistribute implements review.Queues.
func (s *Store) Redistribute(ctx context.Context) error {
	queues := s.db.Queues()
	sum := sha256.Sum256([]byte(column.JSON(queues)))
	wanted, last := hex.EncodeToString(sum[:]), int64(0)
	if len(queues) == 0 {
		wanted = ""
	}
	var have string
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT definition FROM queues WHERE id = 1`).Scan(&have)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return err
	})
	for n := sortPart; err == nil && have != wanted && n == sortPart; {
		err = s.db.Write(ctx, func(tx *sql.Tx) (err error) {
			n, last, err = sortFrom(ctx, database.Prepare(tx), queues, last)
			if err != nil || n == sortPart {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO queues (id, definition) VALUES (1, $1)
				ON CONFLICT (id) DO UPDATE SET definition = excluded.definition`, wanted)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("put items into their queues: %w", err)
	}
	return nil
}

// sortFrom puts the next items behind an id into their queues.
func sortFrom(
	ctx context.Context, tx *database.Prepared, queues []review.Queue, after int64,
) (n int, last int64, err error) {
	rows, err := tx.QueryContext(ctx, selectSortable+` WHERE i.id > $1 ORDER BY i.id LIMIT `+strconv.Itoa(sortPart), after)
	if err != nil {
		return 0, after, err
	}
	defer rows.Close()
	var items []sortable
	for rows.Next() {
		var item sortable
		if err := item.scan(rows); err != nil {
			return 0, after, err
		}
		items = append(items, item)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, after, err
	}
	for i := range items {
		after = items[i].id
		if err := items[i].sort(ctx, tx, queues, false); err != nil {
			return 0, after, err
		}
	}
	return len(items), after, nil
}

// Assign implements review.Queues.
func (s *Store) Assign(ctx context.Context, traceID, name, by string) error {
	name = strings.TrimSpace(column.Short(name))
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		item, err := findOpen(ctx, tx, traceID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE items SET assignee = $1 WHERE id = $2`, name, item.ID)
		if err == nil && name != "" {
			_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE item_id = $1 AND name <> $2`, item.ID, name)
		}
		if err != nil {
			return err
		}
		return s.db.EnterOne(ctx, tx, by, review.ActionAssign, traceID+" to "+cmp.Or(name, "everybody"))
	})
	if err != nil {
		return fmt.Errorf("assign %.64q: %w", traceID, err)
	}
	return nil
}

// Requeue implements review.Queues. The later an item is put at the end, the further it is behind.
func (s *Store) Requeue(ctx context.Context, traceID string, by review.Claimant) error {
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		item, err := findOpen(ctx, tx, traceID)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE items SET place = $1 WHERE id = $2`, -s.db.Now().UnixMilli(), item.ID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE item_id = $1 AND holder = $2`, item.ID, column.Short(by.ID))
		if err != nil {
			return err
		}
		return s.db.EnterOne(ctx, tx, by.Name, review.ActionRequeue, traceID)
	})
	if err != nil {
		return fmt.Errorf("requeue %.64q: %w", traceID, err)
	}
	return nil
}

// findOpen finds an item for what only open ones can be asked for.
func findOpen(ctx context.Context, tx *database.Prepared, traceID string) (labels.Judged, error) {
	item, err := labels.FindJudged(ctx, tx, traceID)
	if err == nil && item.State != review.Open {
		err = fmt.Errorf("the item must be open, got %q: %w", item.State, review.ErrConflict)
	}
	return item, err
}
