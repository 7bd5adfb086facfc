package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/faultline-otel/faultline/internal/review"
)

// resolve gives an open item the place that follows from what judges made of its suspicion. Unlike new spans, this can
// lower it. A judge that was not compared with people moves nothing, and what was put at the end stays there.
func (s *Store) resolve(ctx context.Context, tx *prepared, id int64) error {
	queues := s.Queues()
	if len(queues) == 0 {
		return nil
	}
	e, err := resolution(ctx, tx, id)
	if err != nil || e == nil || e.Untrusted {
		return err
	}
	var item sortable
	if err := item.scan(tx.QueryRowContext(ctx, selectSortable+` WHERE i.id = $1`, id)); err != nil {
		return err
	}
	queue := review.QueueNamed(queues, item.queue)
	place := queue.Place(review.Traits{
		Unsafe: item.unsafe, New: item.ofSignal > 0 && item.ofSignal <= fewOfSignal, CostUSD: item.cost,
		Confirmed: e.Suspicion == review.SuspicionConfirmed,
	})
	if item.state != review.Open || item.place < 0 || item.place == place {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE items SET place = $1 WHERE id = $2`, place, id)
	return err
}

// resolution returns the evaluation that decides about the suspicion of an item, nil without one.
func resolution(ctx context.Context, tx *prepared, id int64) (*review.Evaluation, error) {
	rows, err := tx.QueryContext(ctx, `SELECT data FROM evaluations WHERE item_id = $1`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []review.Evaluation
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		var e review.Evaluation
		if err := json.Unmarshal(data, &e); err != nil {
			return nil, fmt.Errorf("read evaluation: %w", err)
		}
		all = append(all, e)
	}
	return review.Resolution(all), rows.Err()
}
