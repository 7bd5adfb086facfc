package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/content"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// Bounds of evaluations without an item, which wait for their trace.
const (
	orphanAge  = 24 * time.Hour
	maxOrphans = 100_000
	maxWanted  = 500
)

// PutEvaluations implements review.Intake.
func (s *Store) PutEvaluations(ctx context.Context, evaluations []review.Evaluation) error {
	for i := range evaluations {
		if err := evaluations[i].Validate(); err != nil {
			return fmt.Errorf("put evaluations: %w", err)
		}
	}
	if len(evaluations) == 0 {
		return nil
	}
	ids := make([]string, len(evaluations))
	for i := range evaluations {
		ids[i] = evaluations[i].TraceID
	}
	portions, now := askedFor(evaluations), s.db.Now()
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		p, err := s.newPut(ctx, tx, now, ids)
		if err != nil {
			return err
		}
		for i := range evaluations {
			if err := putEvaluation(ctx, p, evaluations[i]); err != nil {
				return fmt.Errorf("trace %s: %w", evaluations[i].TraceID, err)
			}
		}
		for i := range portions {
			if err := s.merge(ctx, p, &portions[i]); err != nil {
				return fmt.Errorf("trace %s: %w", portions[i].traceID, err)
			}
		}
		return p.finish(ctx)
	})
	if err != nil {
		return fmt.Errorf("put evaluations: %w", err)
	}
	return nil
}

// askedFor returns a portion for each trace with bad feedback or that a judge spoke of.
func askedFor(evaluations []review.Evaluation) (portions []portion) {
	index := map[string]int{}
	for i := range evaluations {
		e := &evaluations[i]
		if !e.Bad && !e.IsJudgement() {
			continue
		}
		at, seen := index[e.TraceID]
		if !seen {
			at, index[e.TraceID] = len(portions), len(portions)
			portions = append(portions, portion{traceID: e.TraceID})
		}
		p := &portions[at]
		switch {
		case e.Bad && !p.has(review.SourceFeedback):
			p.reasons = append(p.reasons, review.Reason{Source: review.SourceFeedback, Probability: 1})
		case e.Found && !p.has(review.SourceJudge):
			p.reasons = append(p.reasons, review.Reason{Source: review.SourceJudge, Probability: e.Probability})
		}
		p.judged = p.judged || e.IsJudgement()
		p.service = cmp.Or(p.service, column.Short(e.Service))
		p.environment = cmp.Or(p.environment, column.Short(e.Environment))
	}
	return portions
}

func putEvaluation(ctx context.Context, tx *put, e review.Evaluation) error {
	for _, part := range []*string{&e.Name, &e.By, &e.Version, &e.Reviewer} { // of the key
		*part = column.Cut(column.Clean(*part), maxKeyPart)
	}
	e.Label, e.JudgeModel, e.Detail = column.Short(e.Label), column.Short(e.JudgeModel), column.Short(e.Detail)
	e.Stratum, e.Suspicion = column.Short(e.Stratum), column.Short(e.Suspicion)
	e.Explanation = column.Cut(column.Clean(e.Explanation), maxExplanation)
	e.SuspicionOf = slices.Clone(e.SuspicionOf[:min(len(e.SuspicionOf), content.MaxScores)])
	for i := range e.SuspicionOf {
		e.SuspicionOf[i] = column.Short(e.SuspicionOf[i])
	}
	if e.Time.IsZero() {
		e.Time = tx.received
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM evaluations WHERE trace_id = $1`, e.TraceID).Scan(&n)
	if err != nil || n >= review.MaxEvaluations {
		return err
	}
	if tx.known[e.TraceID] {
		tx.adopts = append(tx.adopts, e.TraceID)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO evaluations (trace_id, span_id, name, evaluator, version, reviewer, bad,
		failed, time_ns, received_ns, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (trace_id, span_id, name, evaluator, version, reviewer) DO UPDATE SET bad = excluded.bad,
		failed = excluded.failed, time_ns = excluded.time_ns, data = excluded.data WHERE excluded.time_ns >= evaluations.time_ns`,
		e.TraceID, e.SpanID, e.Name, e.By, e.Version, e.Reviewer, column.Bit(e.Bad), column.Bit(e.Failed),
		column.Nanos(e.Time), column.Nanos(tx.received), column.JSON(e))
	return err
}

// maxKeyPart bounds each text of the key of an evaluation, in bytes: an entry of an index must be small.
const maxKeyPart = 256

// maxExplanation bounds what an evaluation says, in bytes.
const maxExplanation = 16 << 10

// adopt gives items the evaluations of their traces that came before them.
func adopt(ctx context.Context, tx *database.Prepared, traces []any) error {
	for traces := range slices.Chunk(traces, database.MaxKnown) {
		ids := database.Padded(slices.Clone(traces))
		_, err := tx.ExecContext(ctx, `UPDATE evaluations
			SET item_id = (SELECT i.id FROM items i WHERE i.trace_id = evaluations.trace_id)
			WHERE item_id IS NULL AND trace_id IN `+database.PlacesFrom(1, len(ids)), ids...)
		if err != nil {
			return err
		}
	}
	return nil
}

// hear reads what people complained of and what judges found, for an item in which no scorer found a failure.
func (s *stored) hear(ctx context.Context, tx *database.Prepared) error {
	rows, err := tx.QueryContext(ctx, `SELECT bad, span_id, data FROM evaluations WHERE trace_id = $1
		AND (bad = 1 OR evaluator IN ('judge', 'scorer')) ORDER BY time_ns DESC`, s.traceID)
	if err != nil {
		return err
	}
	defer rows.Close()
	var judgements []review.Evaluation
	for rows.Next() {
		var bad int
		var span string
		var data []byte
		if err := rows.Scan(&bad, &span, &data); err != nil {
			return err
		}
		if bad == 1 {
			s.complaint = cmp.Or(s.complaint, span) // of the newest
			continue
		}
		var e review.Evaluation
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("read evaluation: %w", err)
		}
		judgements = append(judgements, e)
	}
	s.judged = review.JudgedBy(judgements)
	return rows.Err()
}

func evaluationsOf(ctx context.Context, tx *sql.Tx, item int64, traceID string) (all []review.Evaluation, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT data FROM evaluations WHERE item_id = $1
		ORDER BY time_ns DESC, name, evaluator, span_id`, item)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		e := review.Evaluation{TraceID: traceID}
		if err := json.Unmarshal(data, &e); err != nil {
			return nil, fmt.Errorf("read evaluation: %w", err)
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// sweepIntake forgets evaluations whose trace did not become an item, old volumes, changes that all have, and expired
// claims.
func (s *Store) sweepIntake(ctx context.Context) error {
	now := s.db.Now()
	oldest, week, waited := column.Nanos(now.Add(-orphanAge)), hourOf(now)-volumeHours, column.Nanos(now.Add(-outboxAge))
	var stale bool
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		var excess int64 // time of the newest one too many
		err := tx.QueryRowContext(ctx, `SELECT received_ns FROM evaluations WHERE item_id IS NULL
			ORDER BY received_ns DESC LIMIT 1 OFFSET `+strconv.Itoa(maxOrphans)).Scan(&excess)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		oldest = max(oldest, excess)
		return tx.QueryRowContext(ctx, `SELECT
			EXISTS (SELECT 1 FROM evaluations WHERE item_id IS NULL AND received_ns <= $1) OR
			EXISTS (SELECT 1 FROM volumes WHERE hour <= $2) OR
			EXISTS (SELECT 1 FROM claims WHERE until_ns <= $4) OR
			EXISTS (SELECT 1 FROM outbox WHERE `+outdated+`$3)`, oldest, week, waited, column.Nanos(now)).Scan(&stale)
	})
	if err != nil || !stale {
		return err
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM evaluations WHERE item_id IS NULL AND received_ns <= $1`, oldest)
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM volumes WHERE hour <= $1`, week)
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM outbox WHERE `+outdated+`$1`, waited)
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE until_ns <= $1`, column.Nanos(now))
		}
		return err
	})
}

// Wanted implements review.Intake.
func (s *Store) Wanted(ctx context.Context, after time.Time) (wanted []review.Wanted, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		//nolint:gosec // a constant is put in
		rows, err := tx.QueryContext(ctx, `SELECT trace_id, received_ns FROM items WHERE bytes = 0 AND received_ns > $1
			ORDER BY received_ns DESC LIMIT `+strconv.Itoa(maxWanted), column.Nanos(after))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var w review.Wanted
			var received int64
			if err := rows.Scan(&w.TraceID, &received); err != nil {
				return err
			}
			w.Received = column.Instant(received)
			wanted = append(wanted, w)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list items without a span: %w", err)
	}
	return wanted, nil
}

// volumeHours are the hours of a week.
const volumeHours = 7 * 24

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// AddVolumes implements review.Intake.
func (s *Store) AddVolumes(ctx context.Context, more []review.Volume) (week []review.Volume, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		for _, v := range more {
			_, err := tx.ExecContext(ctx, `INSERT INTO volumes (service, hour, n) VALUES ($1, $2, $3)
				ON CONFLICT (service, hour) DO UPDATE SET n = volumes.n + excluded.n`, column.Short(v.Service), v.Hour, v.N)
			if err != nil {
				return err
			}
		}
		rows, err := tx.QueryContext(ctx, `SELECT service, MIN(hour), SUM(n) FROM volumes WHERE hour > $1 GROUP BY service
			ORDER BY service`, hourOf(s.db.Now())-volumeHours)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v review.Volume
			if err := rows.Scan(&v.Service, &v.Hour, &v.N); err != nil {
				return err
			}
			week = append(week, v)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("add volumes: %w", err)
	}
	return week, nil
}
