package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/claims"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/labels"
)

// Items implements review.Store.
func (s *Store) Items(ctx context.Context, f review.Filter) (page review.Page, err error) {
	limit := min(f.Limit, filter.MaxLimit)
	if limit <= 0 {
		limit = filter.DefaultLimit
	}
	before, err := filter.SpotAt(f.Cursor)
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		q, err := filter.New(ctx, tx, s.words, s.db.Queues(), f)
		if err != nil {
			return err
		}
		q.Limit = limit
		if page.Total, page.AtLeast, err = total(ctx, tx, q); err != nil {
			return err
		}
		last := before
		for _, part := range q.Behind(before) {
			w := &filter.Where{}
			w.Restrict(q, part)
			items, at, more, err := s.list(ctx, tx, itemColumns+w.String()+` ORDER BY `+q.Order(), w.Args, limit-len(page.Items))
			if err != nil {
				return err
			}
			if page.Items = append(page.Items, items...); len(items) > 0 {
				last = at
			}
			if more {
				page.Next = q.Cursor(last)
				return nil
			}
		}
		page.Next, err = afterSearched(ctx, tx, q, before)
		return err
	})
	if err != nil {
		return review.Page{}, fmt.Errorf("list items: %w", err)
	}
	return page, nil
}

// list reads items, where the last one is, and whether there are more than the limit.
func (s *Store) list(
	ctx context.Context, tx *sql.Tx, query string, args []any, limit int,
) (items []review.Item, last filter.Spot, more bool, err error) {
	rows, err := tx.QueryContext(ctx, query+` LIMIT `+strconv.Itoa(limit+1), args...)
	if err != nil {
		return nil, last, false, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		if more = len(items) == limit; more {
			break
		}
		var item review.Item
		if last, err = scanItem(rows, &item); err != nil {
			return nil, last, false, err
		}
		items, ids = append(items, item), append(ids, last.ID)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil { // a connection answers one query at a time
		return nil, last, false, err
	}
	if err := readReasons(ctx, tx, items, ids); err != nil {
		return nil, last, false, err
	}
	return items, last, more, claims.Of(ctx, tx, s.db.Now(), items, ids)
}

// Item implements review.Store.
func (s *Store) Item(ctx context.Context, traceID string) (item review.Item, err error) {
	w := &filter.Where{}
	w.And("i.trace_id = ", strings.ToLower(traceID))
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		at, err := scanItem(tx.QueryRowContext(ctx, itemColumns+w.String(), w.Args...), &item)
		if errors.Is(err, sql.ErrNoRows) {
			return review.ErrNotFound
		}
		if err != nil {
			return err
		}
		one := []review.Item{item}
		if err := claims.Of(ctx, tx, s.db.Now(), one, []int64{at.ID}); err != nil {
			return err
		}
		item = one[0]
		if item.Spans, err = spansOf(ctx, tx, at.ID); err != nil {
			return err
		}
		if item.Labels, err = labels.Of(ctx, tx, at.ID, item.TraceID); err != nil {
			return err
		}
		if item.Evaluations, err = evaluationsOf(ctx, tx, at.ID, item.TraceID); err != nil {
			return err
		}
		one = []review.Item{item}
		err = readReasons(ctx, tx, one, []int64{at.ID})
		item.Reasons = one[0].Reasons
		return err
	})
	if err != nil {
		return review.Item{}, fmt.Errorf("item %.64q: %w", traceID, err)
	}
	return item, nil
}

// Backlog implements review.Store. The index on states answers both queries: its second column is the order of arrival.
func (s *Store) Backlog(ctx context.Context) (b review.Backlog, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(n), 0) FROM counts WHERE state = $1`, review.Open).Scan(&b.Open)
		if err != nil || b.Open == 0 {
			return err
		}
		var received int64
		err = tx.QueryRowContext(
			ctx,
			`SELECT received_ns FROM items WHERE state = $1 ORDER BY id LIMIT 1`,
			review.Open,
		).
			Scan(
				&received,
			)
		b.Oldest = column.Instant(received)
		return err
	})
	if err != nil {
		return review.Backlog{}, fmt.Errorf("count open items: %w", err)
	}
	return b, nil
}

// afterSearched returns the cursor behind the items that restrict looked through, "" where those were all.
func afterSearched(ctx context.Context, tx *sql.Tx, q filter.Query, before filter.Spot) (string, error) {
	if q.Whole() {
		return "", nil
	}
	w := &filter.Where{}
	var n int
	var last sql.NullInt64
	query := `SELECT COUNT(*), MIN(id) FROM (` + w.Window(q, before.ID, review.MaxCounted) + `) found`
	if err := tx.QueryRowContext(ctx, query, w.Args...).Scan(&n, &last); err != nil || n < review.MaxCounted {
		return "", err
	}
	return strconv.FormatInt(last.Int64, 36), nil
}

const itemColumns = `SELECT i.id, i.place, i.trace_id, i.state, i.service, i.environment, i.class, i.detail, i.classes,
	i.evidence, i.fingerprint, i.primary_span_id, i.model, i.prompt_name, i.prompt_version, i.service_version,
	i.session_id, i.cost_usd, i.start_ns, i.duration_ns, i.received_ns, i.sources, i.queue, i.reviewers, i.judged, i.assignee, ` + labels.Columns + `
	FROM items i LEFT JOIN labels l ON l.id = i.label_id`

func scanItem(r database.Scanner, item *review.Item) (at filter.Spot, err error) {
	var cost sql.NullFloat64
	var start, received int64
	var sources int
	var classes string
	var label labels.Row
	err = r.Scan(slices.Concat([]any{
		&at.ID,
		&at.Place,
		&item.TraceID,
		&item.State,
		&item.Service,
		&item.Environment,
		&item.Class,
		&item.Detail,
		&classes,
		&item.Evidence,
		&item.Fingerprint,
		&item.PrimarySpanID,
		&item.Model,
		&item.PromptName,
		&item.PromptVersion,
		&item.ServiceVersion,
		&item.SessionID,
		&cost,
		&start,
		&item.Duration,
		&received,
		&sources,
		&item.Queue,
		&item.Reviewers,
		&item.Judged,
		&item.Assignee,
	}, label.Columns())...)
	if err != nil {
		return at, err
	}
	item.CostUSD, item.Start, item.Received = column.Optional(cost), column.Instant(start), column.Instant(received)
	item.Bucket, item.Reasons = item.Class.Bucket(), column.ReasonsIn(sources)
	if item.Classes, err = column.DecodeClasses(classes); err != nil {
		return at, err
	}
	if label.ID.Valid {
		l, err := label.Label(item.TraceID)
		if err != nil {
			return at, err
		}
		item.Label = &l
	}
	return at, nil
}

func spansOf(ctx context.Context, tx *sql.Tx, item int64) (spans []review.Span, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT data FROM spans WHERE item_id = $1 ORDER BY start_ns, span_id`, item)
	if err != nil {
		return nil, err
	}
	return readSpans(rows)
}
