// Package labels keeps what people said of items, one at a time or of many at once.
package labels

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// Labels are what people said of items.
type Labels struct{ db *database.DB }

// New returns the labels of a database.
func New(db *database.DB) *Labels { return &Labels{db} }

// AddLabel implements review.Store.
func (s *Labels) AddLabel(ctx context.Context, l review.Label) (review.Label, error) {
	l.TraceID, l.SpanID = strings.ToLower(l.TraceID), strings.ToLower(l.SpanID)
	l = l.Clean()
	l.Created = column.Instant(column.Nanos(s.db.Now()))
	err := l.Validate()
	if err == nil {
		err = s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error { return s.insertLabel(ctx, tx, &l) })
	}
	if err != nil {
		return review.Label{}, fmt.Errorf("label trace %.64q: %w", l.TraceID, err)
	}
	return l, nil
}

// Judged is the part of an item that a judgement depends on.
type Judged struct {
	ID                int64
	State             review.State
	class             failure.Class
	queue, Assignee   string
	Reviewers, Judged int
}

// FindJudged finds an item by its trace.
func FindJudged(ctx context.Context, tx *database.Prepared, traceID string) (j Judged, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id, state, class, queue, assignee, reviewers, judged FROM items
		WHERE trace_id = $1`, strings.ToLower(traceID)).
		Scan(&j.ID, &j.State, &j.class, &j.queue, &j.Assignee, &j.Reviewers, &j.Judged)
	if errors.Is(err, sql.ErrNoRows) {
		err = review.ErrNotFound
	}
	return j, err
}

func (s *Labels) insertLabel(ctx context.Context, tx *database.Prepared, l *review.Label) error {
	item, said, err := findLabelled(ctx, tx, l)
	if err == nil {
		err = s.mayLabel(&item, said, l)
	}
	if err != nil {
		return err
	}
	everybody, replaced := l.Decision == review.Reopened, said.counting != 0
	if everybody || replaced {
		_, err = tx.ExecContext(ctx, `UPDATE labels SET counts = 0 WHERE item_id = $1 AND counts = 1
			AND (person = $2 OR $3 = 1)`, item.ID, l.Person(), column.Bit(everybody))
		if err != nil {
			return err
		}
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO labels (item_id, span_id, decision, class, detail, note, reviewer,
		created_ns, replaces, remarks, person, counts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		RETURNING id`, item.ID, l.SpanID, l.Decision, l.Class, l.Detail, l.Note, l.Reviewer, column.Nanos(l.Created), l.Replaces,
		encodeRemarks(&l.Remarks), l.Person(), column.Bit(l.Decision.Judges())).Scan(&l.ID)
	if err != nil {
		return err
	}
	for _, tag := range l.Tags {
		_, err = tx.ExecContext(ctx, `INSERT INTO tags (label_id, tag, item_id) VALUES ($1, $2, $3)`, l.ID, tag, item.ID)
		if err != nil {
			return err
		}
	}
	newest := sql.NullInt64{Int64: l.ID, Valid: true}
	if item.Judged++; replaced || !l.Decision.Judges() {
		err = tx.QueryRowContext(ctx, `SELECT COUNT(*), MAX(id) FROM labels WHERE item_id = $1 AND counts = 1`, item.ID).
			Scan(&item.Judged, &newest)
		if err != nil {
			return err
		}
	}
	return settle(ctx, tx, &item, newest, l)
}

// settle writes what the labels of an item make of it, and ends claims that have no object any more.
func settle(ctx context.Context, tx *database.Prepared, item *Judged, newest sql.NullInt64, l *review.Label) error {
	state := review.Open
	if item.Judged >= item.Reviewers {
		state = review.Reviewed
	}
	_, err := tx.ExecContext(ctx, `UPDATE items SET state = $1, label_id = $2, judged = $3,
		place = CASE WHEN $1 = 'open' THEN place ELSE 0 END, assignee = CASE WHEN $1 = 'open' THEN assignee ELSE '' END
		WHERE id = $4`, state, newest, item.Judged, item.ID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE item_id = $1 AND ($2 = 1 OR holder = $3
		OR name = $4 AND name <> '')`, item.ID, column.Bit(state == review.Reviewed), column.Short(l.By), l.Reviewer)
	return err
}

// said are the labels of an item, by their ids: the newest, the newest of the person, and the one of theirs that
// counts. An id is 0 where there is none.
type said struct {
	newest, own, counting int64
	span                  bool // the span of the label is one of the item
}

// findLabelled finds the item of a label, and what was said of it so far.
func findLabelled(ctx context.Context, tx *database.Prepared, l *review.Label) (item Judged, of said, err error) {
	err = tx.QueryRowContext(ctx, `SELECT i.id, i.state, i.class, i.queue, i.assignee, i.reviewers, i.judged,
		COALESCE(MAX(l.id), 0), COALESCE(MAX(CASE WHEN l.person = $2 THEN l.id END), 0),
		COALESCE(MAX(CASE WHEN l.person = $2 AND l.counts = 1 THEN l.id END), 0),
		EXISTS (SELECT 1 FROM spans s WHERE s.item_id = i.id AND s.span_id = $3)
		FROM items i LEFT JOIN labels l ON l.item_id = i.id WHERE i.trace_id = $1 GROUP BY i.id`,
		l.TraceID, l.Person(), l.SpanID).
		Scan(&item.ID, &item.State, &item.class, &item.queue, &item.Assignee, &item.Reviewers,
			&item.Judged, &of.newest, &of.own, &of.counting, &of.span)
	if errors.Is(err, sql.ErrNoRows) {
		err = review.ErrNotFound
	}
	return item, of, err
}

// mayLabel refuses a label that does not know of a newer one, or says what the item or its queue does not know.
func (s *Labels) mayLabel(item *Judged, of said, l *review.Label) error {
	alone := item.Reviewers == 1 || item.State != review.Open
	switch {
	case l.Decision == review.TakenBack && of.counting == 0:
		return fmt.Errorf("decision must be a judgement where there is none of yours to take back, got %q: %w",
			l.Decision, review.ErrConflict)
	case l.Decision == review.TakenBack && l.Replaces == of.counting:
	case alone && l.Replaces != of.newest, !alone && l.Replaces < of.own:
		newest := of.newest
		if !alone {
			newest = of.own
		}
		return fmt.Errorf("replaces must be the newest label, which is %d, got %d: %w",
			newest, l.Replaces, review.ErrConflict)
	}
	if l.Decision == review.Confirmed && l.Class == "" && item.class == "" {
		return fmt.Errorf("error_class must be given: the case has no verdict to confirm: %w", review.ErrInvalid)
	}
	if l.Decision.Judges() {
		queue := review.QueueNamed(s.db.Queues(), item.queue)
		if err := queue.Answered(l); err != nil {
			return err
		}
	}
	if l.SpanID != "" && !of.span {
		return fmt.Errorf("span_id must be a span of the trace, got %.64q: %w", l.SpanID, review.ErrInvalid)
	}
	return nil
}

// Of reads the labels of an item, newest first.
func Of(ctx context.Context, tx *sql.Tx, item int64, traceID string) (labels []review.Label, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+Columns+` FROM labels l WHERE l.item_id = $1 ORDER BY l.id DESC`, item)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var row Row
		if err := rows.Scan(row.Columns()...); err != nil {
			return nil, err
		}
		l, err := row.Label(traceID)
		if err != nil {
			return nil, err
		}
		labels = append(labels, l)
	}
	return labels, rows.Err()
}

// LastLabel implements review.Store.
func (s *Labels) LastLabel(ctx context.Context, person string) (l review.Label, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		var row Row
		var traceID string
		err := tx.QueryRowContext(ctx, `SELECT i.trace_id, `+Columns+` FROM labels l JOIN items i ON i.id = l.item_id
			WHERE l.person = $1 AND l.counts = 1 AND l.batch = '' ORDER BY l.id DESC LIMIT 1`, person).
			Scan(append([]any{&traceID}, row.Columns()...)...)
		if errors.Is(err, sql.ErrNoRows) {
			err = review.ErrNotFound
		}
		if err != nil {
			return err
		}
		l, err = row.Label(traceID)
		return err
	})
	if err != nil {
		return review.Label{}, fmt.Errorf("last label of %.64q: %w", person, err)
	}
	return l, nil
}

// Columns are what labelRow.columns scans, of labels l.
const Columns = `l.id, l.span_id, l.decision, l.class, l.detail, l.note, l.reviewer, l.created_ns, l.replaces,
	l.batch, l.remarks, l.person`

// Row is a label in the result of a query, where it may be absent.
type Row struct {
	ID                                            sql.NullInt64
	span, decision, class, detail, note, reviewer sql.NullString
	batch, remarks, person                        sql.NullString
	created, replaces                             sql.NullInt64
}

// Columns are where a row is scanned into.
func (l *Row) Columns() []any {
	return []any{
		&l.ID, &l.span, &l.decision, &l.class, &l.detail, &l.note, &l.reviewer, &l.created, &l.replaces,
		&l.batch, &l.remarks, &l.person,
	}
}

// Label is the label of a row that is not absent.
func (l *Row) Label(traceID string) (review.Label, error) {
	label := review.Label{
		ID: l.ID.Int64, TraceID: traceID, SpanID: l.span.String, Decision: review.Decision(l.decision.String),
		Class: failure.Class(l.class.String), Detail: l.detail.String, Note: l.note.String, Reviewer: l.reviewer.String,
		Created: column.Instant(l.created.Int64), Replaces: l.replaces.Int64, Batch: l.batch.String,
	}
	if label.Reviewer == "" {
		label.By = l.person.String
	}
	if l.remarks.String == "" {
		return label, nil
	}
	if err := json.Unmarshal([]byte(l.remarks.String), &label.Remarks); err != nil {
		return label, fmt.Errorf("read remarks of label %d: %w", label.ID, err)
	}
	return label, nil
}

// encodeRemarks returns remarks as the column keeps them, "" for none.
func encodeRemarks(r *review.Remarks) string {
	if encoded := column.JSON(r); encoded != "{}" {
		return encoded
	}
	return ""
}
