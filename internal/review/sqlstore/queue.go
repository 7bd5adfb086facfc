package sqlstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// UseQueues implements review.Queues.
func (s *Store) UseQueues(queues []review.Queue) { s.db.UseQueues(queues) }

// Queues implements review.Queues.
func (s *Store) Queues() []review.Queue { return s.db.Queues() }

// ofQueue restricts counts to those of a queue, which they do not name: the first queue that takes them is theirs.
func (w *where) ofQueue(queues []review.Queue, name string) {
	if name != "" {
		w.conditions = append(w.conditions, w.within(queues, name))
	}
}

// within is the condition under which an item is in a queue: it takes the item, and none before it does.
func (w *where) within(queues []review.Queue, name string) string {
	at := slices.IndexFunc(queues, func(q review.Queue) bool { return q.Name == name })
	if at < 0 {
		return "1 = 0"
	}
	var conditions []string
	for i := range queues[:at] {
		conditions = append(conditions, "NOT "+w.taken(&queues[i]))
	}
	return strings.Join(append(conditions, w.taken(&queues[at])), " AND ")
}

// taken is the condition under which a queue takes an item; review.QueueOf decides the same.
func (w *where) taken(q *review.Queue) string {
	conditions := []string{"1 = 1"}
	if len(q.Classes) > 0 {
		places, unsafe := make([]string, len(q.Classes)), ""
		for i, class := range q.Classes {
			places[i] = w.arg(string(class))
			if class == failure.Unsafe {
				unsafe = " OR i.unsafe = 1"
			}
		}
		conditions = append(conditions, "(i.class IN ("+strings.Join(places, ", ")+")"+unsafe+")")
	}
	if len(q.Services) > 0 {
		places := make([]string, len(q.Services))
		for i, service := range q.Services {
			places[i] = w.arg(service)
		}
		conditions = append(conditions, "i.service IN ("+strings.Join(places, ", ")+")")
	}
	if len(q.Sources) > 0 {
		bits := 0
		for _, source := range q.Sources {
			bits |= bitOf(source)
		}
		conditions = append(conditions, "(i.sources & "+strconv.Itoa(bits)+") <> 0")
	}
	return "(" + strings.Join(conditions, " AND ") + ")"
}

// revealed leaves out the open items of blind queues.
func (w *where) revealed(queues []review.Queue, yes bool) {
	if !yes {
		return
	}
	for _, of := range blindQueues(queues) {
		w.conditions = append(w.conditions, "(i.state <> 'open' OR i.queue <> "+w.arg(of)+")")
	}
}

// revealedCounts is revealed for counts, which do not name their queue.
func (w *where) revealedCounts(queues []review.Queue, yes bool) {
	if !yes {
		return
	}
	for _, of := range blindQueues(queues) {
		of := w.within(queues, of)
		w.conditions = append(w.conditions, "(i.state <> 'open' OR NOT ("+of+"))")
	}
}

// blindQueues names the queues that are blind.
func blindQueues(queues []review.Queue) (names []string) {
	for i := range queues {
		if queues[i].Blind {
			names = append(names, queues[i].Name)
		}
	}
	return names
}

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

func (i *sortable) scan(r scanner) error {
	var cost sql.NullFloat64
	var unsafe int
	err := r.Scan(&i.id, &i.state, &i.class, &i.service, &i.queue, &i.place, &i.reviewers, &i.judged, &unsafe,
		&i.sources, &i.ofSignal, &cost)
	i.unsafe, i.cost = unsafe == 1, optional(cost)
	return err
}

// enqueue puts an item that was written into its queue. uncertain is whether a scorer only suspects.
func (s *Store) enqueue(ctx context.Context, tx *prepared, id int64, uncertain bool) error {
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
func (i *sortable) sort(ctx context.Context, tx *prepared, queues []review.Queue, uncertain bool) error {
	queue := review.QueueOf(queues, i.class, i.unsafe, i.service, sourcesIn(i.sources))
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
	sum := sha256.Sum256([]byte(text(queues)))
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
			n, last, err = sortFrom(ctx, newPrepared(tx), queues, last)
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
	ctx context.Context, tx *prepared, queues []review.Queue, after int64,
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
	name = strings.TrimSpace(short(name))
	err := s.db.together(ctx, func(ctx context.Context, tx *prepared) error {
		item, err := findOpen(ctx, tx, traceID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE items SET assignee = $1 WHERE id = $2`, name, item.id)
		if err == nil && name != "" {
			_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE item_id = $1 AND name <> $2`, item.id, name)
		}
		if err != nil {
			return err
		}
		return s.db.enterOne(ctx, tx, by, review.ActionAssign, traceID+" to "+cmp.Or(name, "everybody"))
	})
	if err != nil {
		return fmt.Errorf("assign %.64q: %w", traceID, err)
	}
	return nil
}

// Requeue implements review.Queues. The later an item is put at the end, the further it is behind.
func (s *Store) Requeue(ctx context.Context, traceID string, by review.Claimant) error {
	err := s.db.together(ctx, func(ctx context.Context, tx *prepared) error {
		item, err := findOpen(ctx, tx, traceID)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE items SET place = $1 WHERE id = $2`, -s.db.now().UnixMilli(), item.id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE item_id = $1 AND holder = $2`, item.id, short(by.ID))
		if err != nil {
			return err
		}
		return s.db.enterOne(ctx, tx, by.Name, review.ActionRequeue, traceID)
	})
	if err != nil {
		return fmt.Errorf("requeue %.64q: %w", traceID, err)
	}
	return nil
}

// findOpen finds an item for what only open ones can be asked for.
func findOpen(ctx context.Context, tx *prepared, traceID string) (judged, error) {
	item, err := findJudged(ctx, tx, traceID)
	if err == nil && item.state != review.Open {
		err = fmt.Errorf("the item must be open, got %q: %w", item.state, review.ErrConflict)
	}
	return item, err
}
