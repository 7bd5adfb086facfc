package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// outboxAge is how long a change waits for its readers.
const outboxAge = 30 * 24 * time.Hour

// outdated are the changes that all readers have, and those that waited too long. It ends where the time belongs.
const outdated = `id <= (SELECT COALESCE(MIN(last_id), 0) FROM outbox_readers) OR created_ns <= `

// Changes implements review.Outbox.
func (s *Store) Changes(
	ctx context.Context, reader, process string, limit int,
) (changes []review.LabelChange, err error) {
	var waiting bool
	err = s.db.Read(ctx, func(tx *sql.Tx) error { // most times there is nothing, and a write would cost an fsync
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM outbox WHERE id >
			(SELECT COALESCE(MAX(last_id), 0) FROM outbox_readers WHERE reader = $1))`, reader).Scan(&waiting)
	})
	if err == nil && waiting {
		err = s.db.Write(ctx, func(tx *sql.Tx) error {
			changes, err = s.changes(ctx, tx, reader, process, limit)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read changes of labels: %w", err)
	}
	return changes, nil
}

func (s *Store) changes(
	ctx context.Context, tx *sql.Tx, reader, process string, limit int,
) (changes []review.LabelChange, err error) {
	now := s.db.Now()
	var last int64
	err = tx.QueryRowContext(ctx, `INSERT INTO outbox_readers (reader, last_id, process, until_ns) VALUES ($1, 0, $2, $3)
		ON CONFLICT (reader) DO UPDATE SET process = excluded.process, until_ns = excluded.until_ns
		WHERE outbox_readers.process = excluded.process OR outbox_readers.until_ns <= $4 RETURNING last_id`,
		reader, process, column.Nanos(now.Add(review.TurnFor)), column.Nanos(now)).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil // it is the turn of another process
	}
	if err != nil {
		return nil, err
	}
	//nolint:gosec // a number is put in
	rows, err := tx.QueryContext(ctx, `SELECT id, undone, label_id, trace_id, span_id, decision, class, detail, note,
		reviewer, created_ns, service, environment, model, prompt_name, prompt_version, end_ns, source, probability,
		batch, scope, severity FROM outbox WHERE id > $1 ORDER BY id LIMIT `+strconv.Itoa(min(max(limit, 1), filter.MaxLimit)), last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c review.LabelChange
		var undone int
		var created, end int64
		l := &c.Label
		err := rows.Scan(&c.ID, &undone, &l.ID, &l.TraceID, &c.SpanID, &l.Decision, &l.Class, &l.Detail, &l.Note,
			&l.Reviewer, &created, &c.Service, &c.Environment, &c.Model, &c.PromptName, &c.PromptVersion, &end,
			&c.Stratum.Source, &c.Stratum.Probability, &l.Batch, &l.Scope, &l.Severity)
		if err != nil {
			return nil, err
		}
		c.Undone, c.End, l.Created = undone != 0, column.Instant(end), column.Instant(created)
		changes = append(changes, c)
	}
	return changes, rows.Err()
}

// Delivered implements review.Outbox.
func (s *Store) Delivered(ctx context.Context, reader, process string, upTo int64) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE outbox_readers SET last_id = $1, until_ns = $2
			WHERE reader = $3 AND process = $4 AND last_id < $1`,
			upTo, column.Nanos(s.db.Now().Add(review.TurnFor)), reader, process)
		return err
	})
	if err != nil {
		return fmt.Errorf("note delivered changes of labels: %w", err)
	}
	return nil
}
