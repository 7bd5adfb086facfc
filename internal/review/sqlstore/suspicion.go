package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/judgements"
)

// resolve places the open items among those whose evaluations were adopted anew by what judges made of their suspicion.
func (p *put) resolve(ctx context.Context) error {
	if len(p.queues) == 0 {
		return nil
	}
	for traces := range slices.Chunk(p.adopts, database.MaxKnown) {
		traces := database.Padded(slices.Clone(traces))
		judged, err := readNumbers(p.QueryContext(ctx, `SELECT DISTINCT item_id FROM evaluations
			WHERE item_id IS NOT NULL AND evaluator IN ('judge', 'scorer') AND trace_id IN `+database.PlacesFrom(1, len(traces)), traces...))
		if err != nil {
			return err
		}
		for _, item := range judged {
			if err := p.place(ctx, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// place gives an open item the place that follows from what judges made of its suspicions. Unlike new spans, this can
// lower it: once none of its suspicions stands. A judge that was not compared with people moves nothing, and what was
// put at the end stays there.
func (p *put) place(ctx context.Context, id int64) error {
	suspects, err := suspectsOf(ctx, p.Prepared, id)
	if err != nil {
		return err
	}
	evaluations, err := judgementsOf(ctx, p.Prepared, id)
	if err != nil {
		return err
	}
	decided, confirmed := 0, false
	for _, scorer := range suspects {
		if e := review.Resolution(evaluations, scorer); e != nil && !e.Untrusted {
			decided++
			confirmed = confirmed || e.Suspicion == review.SuspicionConfirmed
		}
	}
	if decided == 0 {
		return nil
	}
	var item sortable
	if err := item.scan(p.QueryRowContext(ctx, selectSortable+` WHERE i.id = $1`, id)); err != nil {
		return err
	}
	queue := review.QueueNamed(p.queues, item.queue)
	place := queue.Place(review.Traits{
		Unsafe: item.unsafe, New: item.ofSignal > 0 && item.ofSignal <= fewOfSignal, CostUSD: item.cost,
		Confirmed: confirmed, Uncertain: decided < len(suspects),
	})
	if item.state != review.Open || item.place < 0 || item.place == place {
		return nil
	}
	_, err = p.ExecContext(ctx, `UPDATE items SET place = $1 WHERE id = $2`, place, id)
	return err
}

// suspectsOf returns the scorers with a suspicion of an item, "" for any where its spans do not say which.
func suspectsOf(ctx context.Context, tx *database.Prepared, id int64) (suspects []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT opinions FROM spans WHERE item_id = $1 AND opinions NOT IN ('', '-')`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		opinions, err := judgements.DecodeOpinions(text)
		if err != nil {
			return nil, err
		}
		for _, o := range opinions {
			if o.Suspected {
				suspects = append(suspects, o.Name)
			}
		}
	}
	if len(suspects) == 0 {
		return []string{""}, rows.Err()
	}
	slices.Sort(suspects)
	return slices.Compact(suspects), rows.Err()
}

// judgementsOf returns the evaluations of an item.
func judgementsOf(ctx context.Context, tx *database.Prepared, id int64) (all []review.Evaluation, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT data FROM evaluations WHERE item_id = $1`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
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
	return all, rows.Err()
}

func readNumbers(rows *sql.Rows, err error) (numbers []int64, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, rows.Err()
}
