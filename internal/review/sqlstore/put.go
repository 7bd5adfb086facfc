package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// Bounds of one item, against runaway agents and hostile senders. Beyond maxSpans the failing spans of a portion come
// first; beyond maxItemBytes spans are kept without their calls.
const (
	maxSpans     = 10_000
	maxItemBytes = 32 << 20
)

// portion is the part of one Put that belongs to one trace, ready to be written.
type portion struct {
	traceID, service, environment string
	rows                          []row // by span id, each once
	reasons                       []review.Reason
	judged                        bool // a judge spoke, so what judges found is to be summed up again
}

// has reports whether a portion has a reason from a source.
func (p *portion) has(source review.Source) bool {
	return slices.ContainsFunc(p.reasons, func(r review.Reason) bool { return r.Source == source })
}

// Put implements review.Store. It does as much as it can before the transaction, since other writers wait for that.
func (s *Store) Put(ctx context.Context, traces []review.Trace) error {
	portions, err := portionsOf(traces)
	if err != nil {
		return fmt.Errorf("put traces: %w", err)
	}
	if len(portions) == 0 {
		return nil
	}
	ids := make([]string, len(portions))
	for i := range portions {
		ids[i] = portions[i].traceID
	}
	received := s.db.Now()
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		p, err := s.newPut(ctx, tx, received, ids)
		if err != nil {
			return err
		}
		for i := range portions {
			if err := s.merge(ctx, p, &portions[i]); err != nil {
				return fmt.Errorf("trace %s: %w", portions[i].traceID, err)
			}
		}
		return p.finish(ctx)
	})
	if s.db.Refused(err) {
		err = errors.Join(err, review.ErrInvalid)
	}
	if err != nil {
		return fmt.Errorf("put traces: %w", err)
	}
	return nil
}

// portionsOf groups spans by trace. Later starts come last, so that the traces of one batch are listed newest first
// too.
func portionsOf(traces []review.Trace) ([]portion, error) {
	var portions []portion
	index := map[string]int{}
	for i := range traces {
		t := &traces[i]
		if err := t.Validate(); err != nil {
			return nil, err
		}
		at, seen := index[t.ID]
		if !seen {
			at = len(portions)
			index[t.ID] = at
			portions = append(portions, portion{traceID: t.ID})
		}
		p := &portions[at]
		p.service = cmp.Or(p.service, column.Short(t.Service))
		p.environment = cmp.Or(p.environment, column.Short(t.Environment))
		for j := range t.Spans {
			p.rows = append(p.rows, rowOf(&t.Spans[j]))
			if t.Spans[j].Failed() && !p.has(review.SourceVerdict) {
				p.reasons = append(p.reasons, review.Reason{Source: review.SourceVerdict, Probability: 1})
			}
		}
		for _, r := range t.Reasons {
			if r.Source != review.SourceVerdict && !p.has(r.Source) {
				p.reasons = append(p.reasons, r)
			}
		}
	}
	portions = slices.DeleteFunc(portions, func(p portion) bool { return len(p.rows) == 0 && len(p.reasons) == 0 })
	for i := range portions {
		portions[i].rows = unique(portions[i].rows)
	}
	slices.SortStableFunc(portions, func(a, b portion) int { // turns come after the item that they are kept for
		return cmp.Or(-compareBool(len(a.reasons) > 0, len(b.reasons) > 0), cmp.Compare(a.start(), b.start()))
	})
	return portions, nil
}

// unique keeps one row a span, of two copies the failing one, and puts failing rows first.
func unique(rows []row) []row {
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(-compareBool(a.span.Failed(), b.span.Failed()), cmp.Compare(a.span.ID, b.span.ID))
	})
	seen := make(map[string]bool, len(rows))
	return slices.DeleteFunc(rows, func(r row) bool {
		again := seen[r.span.ID]
		seen[r.span.ID] = true
		return again
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (p *portion) start() int64 {
	if len(p.rows) == 0 {
		return 0
	}
	start := column.Nanos(p.rows[0].span.Start)
	for i := range p.rows {
		start = min(start, column.Nanos(p.rows[i].span.Start))
	}
	return start
}

// merge writes the new rows of a portion. A new item waits for others.
func (s *Store) merge(ctx context.Context, tx *put, p *portion) (err error) {
	item := &stored{traceID: p.traceID, rows: map[string]row{}}
	isNew := !tx.known[p.traceID]
	switch {
	case len(p.rows) == 0 && len(p.reasons) == 0: // a judge passed it
		if isNew {
			return nil
		}
		if item, err = findStored(ctx, tx.Prepared, p.traceID); err == nil && item.sources&column.BitJudge == 0 {
			return nil
		}
	case !isNew:
		item, err = findStored(ctx, tx.Prepared, p.traceID)
	case len(p.reasons) == 0:
		if err = tx.insertItems(ctx); err == nil { // it may be a turn of one of them
			err = keepTurn(ctx, tx.Prepared, p)
		}
		return err
	case tx.turns[p.traceID]:
		err = takeTurn(ctx, tx.Prepared, p)
	}
	if err != nil {
		return err
	}
	fresh, before := item.take(p.rows), item.sources
	for _, r := range p.reasons {
		item.sources |= column.BitOf(r.Source)
	}
	if len(fresh) == 0 && item.sources == before && !p.judged {
		return nil
	}
	if item.sources&column.BitVerdict == 0 {
		if err = item.hear(ctx, tx.Prepared); err != nil {
			return err
		}
	}
	uncertain := suspects(fresh) || item.judged.Suspected
	item.service, item.environment = cmp.Or(item.service, p.service), cmp.Or(item.environment, p.environment)
	for _, r := range fresh {
		tx.spans = append(tx.spans, spanOf{item, r})
	}
	for _, r := range p.reasons {
		tx.reasons = append(tx.reasons, reasonOf{item, r})
	}
	summary := item.summary()
	if summary.Fingerprint != "" && summary.Fingerprint != item.signal {
		tx.seen = append(tx.seen, summary)
	}
	if isNew {
		tx.items = append(tx.items, newItem{item, summary, uncertain})
	} else {
		err = item.update(ctx, tx.Prepared, &summary)
		if err == nil {
			err = s.enqueue(ctx, tx.Prepared, item.id, uncertain)
		}
	}
	if err != nil {
		return err
	}
	return s.index(ctx, tx, item, fresh, isNew)
}

// suspects reports whether a scorer has a weak suspicion of any of these spans. Rows that were stored do not tell.
func suspects(fresh []row) bool {
	return slices.ContainsFunc(fresh, func(r row) bool { return r.suspect })
}

// stored is an item with the rows that its verdict is computed from.
type stored struct {
	id                            int64
	traceID, service, environment string
	bytes                         int64
	signal                        string         // its fingerprint so far
	rows                          map[string]row // by span id, without data
	sources                       int            // bits
	complaint                     string         // span of bad feedback, read where no scorer found a failure
	judged                        review.Judged  // what judges found, read there too
}

// take adds the new rows and returns them in the form to write.
func (s *stored) take(rows []row) (fresh []row) {
	for _, r := range rows {
		old, there := s.rows[r.span.ID]
		switch {
		case there && (old.span.Failed() || !r.span.Failed()):
			continue
		case !there && len(s.rows) >= maxSpans:
			continue
		}
		s.bytes -= old.bytes
		if s.bytes+int64(len(r.data)) > maxItemBytes {
			r.data = r.bare()
		}
		r.bytes = int64(len(r.data))
		s.bytes += r.bytes
		s.rows[r.span.ID] = r
		fresh = append(fresh, r)
	}
	return fresh
}

func findStored(ctx context.Context, tx *database.Prepared, traceID string) (*stored, error) {
	s := &stored{traceID: traceID, rows: map[string]row{}}
	err := tx.QueryRowContext(ctx, `SELECT id, service, environment, bytes, fingerprint, sources FROM items
		WHERE trace_id = $1`, traceID).Scan(&s.id, &s.service, &s.environment, &s.bytes, &s.signal, &s.sources)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(
		ctx,
		`SELECT span_id, parent_id, service, class, detail, classes, evidence, fingerprint, cause,
		model, prompt_name, prompt_version, service_version, session_id, cost_usd, start_ns, duration_ns, octet_length(data)
		FROM spans WHERE item_id = $1`,
		s.id,
	)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return nil, err
		}
		s.rows[r.span.ID] = r
	}
	return s, rows.Err()
}

func (r *row) scan(rows database.Scanner) error {
	var start int64
	var cost sql.NullFloat64
	var classes, c string
	err := rows.Scan(
		&r.span.ID,
		&r.span.ParentID,
		&r.span.Service,
		&r.span.Class,
		&r.span.Detail,
		&classes,
		&r.span.Evidence,
		&r.span.Fingerprint,
		&c,
		&r.model,
		&r.promptName,
		&r.promptVersion,
		&r.release,
		&r.sessionID,
		&cost,
		&start,
		&r.span.Duration,
		&r.bytes,
	)
	if err != nil {
		return err
	}
	r.span.Start, r.cost = column.Instant(start), column.Optional(cost)
	r.span.Bucket = r.span.Class.Bucket()
	if r.span.Classes, err = column.DecodeClasses(classes); err != nil {
		return err
	}
	return r.decodeCause(c)
}

// isUnsafe reports whether any span has a safety finding, or a trusted judge found one.
func (s *stored) isUnsafe() bool {
	if slices.Contains(s.judged.Classes, failure.Unsafe) {
		return true
	}
	for _, r := range s.rows {
		if r.span.Class == failure.Unsafe {
			return true
		}
	}
	return false
}

// computed are the columns of what is computed from all spans of an item.
var computed = []string{
	"service", "environment", "class", "detail", "classes", "evidence", "fingerprint", "primary_span_id", "model",
	"prompt_name", "prompt_version", "service_version", "session_id", "cost_usd", "start_ns", "duration_ns", "bytes",
	"unsafe", "sources",
}

func (s *stored) columns(v *review.Item) []any {
	return []any{
		v.Service, s.environment, v.Class, v.Detail, column.EncodeClasses(v.Classes), v.Evidence, v.Fingerprint,
		v.PrimarySpanID, v.Model, v.PromptName, v.PromptVersion, v.ServiceVersion, v.SessionID,
		column.Nullable(v.CostUSD), column.Nanos(v.Start), int64(v.Duration), s.bytes, column.Bit(s.isUnsafe()), s.sources,
	}
}

var updateItem = `UPDATE items SET (` + strings.Join(computed, ", ") + `) = ` + database.PlacesFrom(2, len(computed)) +
	` WHERE id = $1`

// update writes what is computed from all spans of an item that is there.
func (s *stored) update(ctx context.Context, tx *database.Prepared, v *review.Item) error {
	_, err := tx.ExecContext(ctx, updateItem, append([]any{s.id}, s.columns(v)...)...)
	return err
}
