package labels

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// Bounds of a batch: items of one transaction, and of all.
const (
	batchPart = 500
	maxBatch  = 20_000
)

// LabelMany implements review.Signals.
func (s *Labels) LabelMany(ctx context.Context, selected review.Selection, l review.Label) (b review.Batch, err error) {
	l = l.Clean()
	b.ID, l.Created = rand.Text(), column.Instant(column.Nanos(s.db.Now()))
	w, err := chosen(selected)
	if err == nil {
		err = l.Validate()
	}
	if err == nil && !l.Decision.Judges() {
		err = fmt.Errorf("decision must be one of %q, got %.64q: %w", review.Decisions(), l.Decision, review.ErrInvalid)
	}
	if err != nil {
		return review.Batch{}, fmt.Errorf("label many: %w", err)
	}
	if l.Person() == "" {
		l.By = selected.Holder
	}
	w.Unjudged(l.Person())
	record := review.Entry{
		Who: l.Person(), Action: review.ActionBatch, Subject: "batch " + b.ID + " " + string(l.Decision),
	}
	for b.Labeled < maxBatch {
		n := 0
		err := s.db.Write(ctx, func(tx *sql.Tx) (err error) {
			if n, err = s.labelPart(ctx, tx, w, selected.Holder, b.ID, &l); err != nil || n == 0 {
				return err
			}
			return s.db.Enter(ctx, tx, &record, n)
		})
		if err != nil {
			return b, fmt.Errorf("label many: %w", err)
		}
		b.Labeled += n
		if n < batchPart {
			break
		}
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM items i`+w.String(), w.Args...).Scan(&b.LeftOut)
	})
	if err != nil {
		return b, fmt.Errorf("label many: %w", err)
	}
	return b, nil
}

// chosen restricts items to the open ones of a selection.
func chosen(selected review.Selection) (*filter.Where, error) {
	ids := selected.TraceIDs
	if len(ids) == 0 {
		ids = selected.Signals
	}
	if len(ids) == 0 || len(ids) > filter.MaxLimit {
		return nil, fmt.Errorf("a selection must have 1 to %d signals or items, got %d: %w",
			filter.MaxLimit, len(ids), review.ErrInvalid)
	}
	w := &filter.Where{}
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = w.Arg(strings.ToLower(id))
	}
	among := ` IN (` + strings.Join(places, ", ") + `)`
	if len(selected.TraceIDs) == 0 {
		among = `i.fingerprint <> '' AND i.fingerprint IN (SELECT id FROM signals WHERE id` + among + ` OR target` + among + `)`
	} else {
		among = `i.trace_id` + among
	}
	w.Conditions = append(w.Conditions, among)
	w.And("i.state = ", string(review.Open))
	if selected.UpTo != "" {
		newest, err := strconv.ParseInt(selected.UpTo, 36, 64)
		if err != nil || newest < 0 {
			return nil, fmt.Errorf("up_to must be that of a list of signals, got %.64q: %w", selected.UpTo, review.ErrInvalid)
		}
		w.And("i.id <= ", newest)
	}
	return w, nil
}

// labelPart labels the next items of a batch. They are open, and the person has no label on them.
func (s *Labels) labelPart(
	ctx context.Context, tx *sql.Tx, chosen *filter.Where, holder, batch string, l *review.Label,
) (int, error) {
	w := &filter.Where{Conditions: append([]string{}, chosen.Conditions...), Args: append([]any{}, chosen.Args...)}
	w.Free(s.db.Now(), review.Claimant{ID: holder})
	opened(w, s.db.Queues(), holder, s.db.Now())
	w.And("(i.assignee = '' OR i.assignee = ", l.Reviewer)
	w.Conditions[len(w.Conditions)-1] += ")"
	values := make([]string, 0, 9)
	for _, v := range []any{
		l.Decision, l.Class, l.Detail, l.Note, l.Reviewer, column.Nanos(l.Created), batch, encodeRemarks(&l.Remarks),
		l.Person(),
	} {
		values = append(values, w.Arg(v))
	}
	//nolint:gosec // the conditions are constants of this package, values are arguments
	done, err := tx.ExecContext(ctx, `INSERT INTO labels (item_id, span_id, decision, class, detail, note,
		reviewer, created_ns, batch, remarks, person) SELECT i.id, '', `+strings.Join(values, ", ")+` FROM items i`+w.String()+`
		ORDER BY i.id LIMIT `+strconv.Itoa(batchPart), w.Args...)
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	if err != nil {
		return 0, err
	}
	for _, tag := range l.Tags {
		if _, err := tx.ExecContext(ctx, `INSERT INTO tags (label_id, tag, item_id)
			SELECT id, $2, item_id FROM labels WHERE batch = $1 AND batch <> '' ON CONFLICT DO NOTHING`, batch, tag); err != nil {
			return 0, err
		}
	}
	for _, statement := range []string{
		`UPDATE items SET judged = judged + 1, label_id = l.id,
			state = CASE WHEN judged + 1 >= reviewers THEN 'reviewed' ELSE state END,
			place = CASE WHEN judged + 1 >= reviewers THEN 0 ELSE place END,
			assignee = CASE WHEN judged + 1 >= reviewers THEN '' ELSE assignee END
			FROM labels l WHERE l.batch = $1 AND l.batch <> '' AND l.item_id = items.id
			AND COALESCE(items.label_id, 0) < l.id`,
		`DELETE FROM claims WHERE item_id IN (SELECT i.id FROM labels l JOIN items i ON i.id = l.item_id
			WHERE l.batch = $1 AND l.batch <> '' AND i.state = 'reviewed')`,
	} {
		if _, err := tx.ExecContext(ctx, statement, batch); err != nil {
			return 0, err
		}
	}
	return int(n), nil
}

// opened leaves out the items of blind queues, but for the one that a person has. Who judges many at once sees what was
// found in all of them.
func opened(w *filter.Where, queues []review.Queue, holder string, now time.Time) {
	for _, name := range filter.BlindQueues(queues) {
		w.Conditions = append(w.Conditions, `(i.queue <> `+w.Arg(name)+` OR EXISTS (SELECT 1 FROM claims c
			WHERE c.item_id = i.id AND c.holder <> '' AND c.holder = `+w.Arg(column.Short(holder))+` AND c.until_ns > `+
			w.Arg(column.Nanos(now))+`))`)
	}
}

// UndoMany implements review.Signals.
func (s *Labels) UndoMany(ctx context.Context, batch, by string) (undone int, err error) {
	record := review.Entry{Who: column.Short(by), Action: review.ActionUndo, Subject: column.Short("batch " + batch)}
	for {
		n := int64(0)
		err := s.db.Write(ctx, func(tx *sql.Tx) error {
			//nolint:gosec // only a constant is put in
			done, err := tx.ExecContext(ctx, `UPDATE labels SET counts = -1 WHERE id IN (
				SELECT l.id FROM labels l JOIN items i ON i.id = l.item_id AND i.label_id = l.id
				WHERE l.batch = $1 AND l.batch <> '' AND l.counts = 1 LIMIT `+strconv.Itoa(batchPart)+`)`, batch)
			if err != nil {
				return err
			}
			if n, err = done.RowsAffected(); err != nil {
				return err
			}
			for _, statement := range []string{
				`UPDATE items SET judged = judged - 1,
					label_id = (SELECT MAX(l.id) FROM labels l WHERE l.item_id = items.id AND l.counts = 1),
					state = CASE WHEN judged - 1 >= reviewers THEN state ELSE 'open' END
					WHERE id IN (SELECT l.item_id FROM labels l WHERE l.batch = $1 AND l.batch <> '' AND l.counts = -1)`,
				`DELETE FROM labels WHERE batch = $1 AND batch <> '' AND counts = -1`,
			} {
				if _, err := tx.ExecContext(ctx, statement, batch); err != nil {
					return err
				}
			}
			if n == 0 {
				return nil
			}
			return s.db.Enter(ctx, tx, &record, int(n))
		})
		if err != nil {
			return undone, fmt.Errorf("undo batch %.64q: %w", batch, err)
		}
		undone += int(n)
		if n < batchPart {
			return undone, nil
		}
	}
}
