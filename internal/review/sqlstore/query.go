package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// Bounds of query results.
const (
	defaultLimit = 50
	maxLimit     = 500
)

// Items implements review.Store.
func (s *Store) Items(ctx context.Context, f review.Filter) (page review.Page, err error) {
	limit := min(f.Limit, maxLimit)
	if limit <= 0 {
		limit = defaultLimit
	}
	before, err := spotAt(f.Cursor)
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		q, err := newQuery(ctx, tx, s.words, s.db.Queues(), f)
		if err != nil {
			return err
		}
		q.Limit = limit
		if page.Total, err = total(ctx, tx, q); err != nil {
			return err
		}
		last := before
		for _, part := range q.behind(before) {
			w := &where{}
			w.restrict(q, part)
			items, at, more, err := s.list(ctx, tx, itemColumns+w.String()+` ORDER BY `+q.order(), w.args, limit-len(page.Items))
			if err != nil {
				return err
			}
			if page.Items = append(page.Items, items...); len(items) > 0 {
				last = at
			}
			if more {
				page.Next = q.cursor(last)
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
) (items []review.Item, last spot, more bool, err error) {
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
		items, ids = append(items, item), append(ids, last.id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil { // a connection answers one query at a time
		return nil, last, false, err
	}
	if err := readReasons(ctx, tx, items, ids); err != nil {
		return nil, last, false, err
	}
	return items, last, more, claimsOf(ctx, tx, s.db.now(), items, ids)
}

// spotAt reads a cursor: an id, behind its place unless that is 0.
func spotAt(cursor string) (at spot, err error) {
	if cursor == "" {
		return first, nil
	}
	place, id, placed := strings.Cut(cursor, ".")
	if !placed {
		place, id = "0", cursor
	}
	at.place, err = strconv.ParseInt(place, 10, 64)
	if err == nil {
		at.id, err = strconv.ParseInt(id, 36, 64)
	}
	if err != nil || at.id <= 0 {
		return at, fmt.Errorf("cursor must be the next of a page, got %.64q: %w", cursor, review.ErrInvalid)
	}
	return at, nil
}

// placed reports whether the items of a query come by their place.
func (q *query) placed() bool { return q.State != "" && !q.searches }

// order is that of the items of a query.
func (q *query) order() string {
	if q.placed() {
		return "i.place DESC, i.id DESC"
	}
	return q.match.from("i.id")
}

// cursor is that of a page which ends at a spot.
func (q *query) cursor(at spot) string {
	id := strconv.FormatInt(at.id, 36)
	if q.placed() && at.place != 0 {
		return strconv.FormatInt(at.place, 10) + "." + id
	}
	return id
}

// Item implements review.Store.
func (s *Store) Item(ctx context.Context, traceID string) (item review.Item, err error) {
	w := &where{}
	w.and("i.trace_id = ", strings.ToLower(traceID))
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		at, err := scanItem(tx.QueryRowContext(ctx, itemColumns+w.String(), w.args...), &item)
		if errors.Is(err, sql.ErrNoRows) {
			return review.ErrNotFound
		}
		if err != nil {
			return err
		}
		one := []review.Item{item}
		if err := claimsOf(ctx, tx, s.db.now(), one, []int64{at.id}); err != nil {
			return err
		}
		item = one[0]
		if item.Spans, err = spansOf(ctx, tx, at.id); err != nil {
			return err
		}
		if item.Labels, err = labelsOf(ctx, tx, at.id, item.TraceID); err != nil {
			return err
		}
		if item.Evaluations, err = evaluationsOf(ctx, tx, at.id, item.TraceID); err != nil {
			return err
		}
		one = []review.Item{item}
		err = readReasons(ctx, tx, one, []int64{at.id})
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
		b.Oldest = instant(received)
		return err
	})
	if err != nil {
		return review.Backlog{}, fmt.Errorf("count open items: %w", err)
	}
	return b, nil
}

// where collects conditions and their arguments.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition. Its text ends where the argument belongs.
func (w *where) and(condition string, arg any) {
	w.conditions = append(w.conditions, condition+w.arg(arg))
}

// arg adds an argument and returns its place.
func (w *where) arg(arg any) string {
	w.args = append(w.args, arg)
	return "$" + strconv.Itoa(len(w.args))
}

// String returns the conditions as a statement has them, "" for none.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(w.conditions, ` AND `)
}

// part is a part of a queue that one step in an index finds: that of a place before an id, or that of all places before
// one.
type part struct {
	spot
	places bool
}

// behind are the parts of the queue behind a spot. SQLite finds places and ids with one step each, but not both.
func (q *query) behind(at spot) []part {
	if at == first || !q.placed() {
		return []part{{spot: at}}
	}
	return []part{{spot: at}, {spot: at, places: true}}
}

// restrict selects the items of a filter in a part of the queue. Of those with the words of a query it takes the newest
// only, so that a word that stands in all of them costs no more than a rare one.
func (w *where) restrict(q query, in part) {
	w.narrow(q.Filter)
	w.attributes(q.Attributes)
	w.revealed(q.queues, q.Revealed)
	if q.Queue != "" {
		w.and("i.queue = ", q.Queue)
	}
	switch {
	case in.spot == first:
	case in.places:
		w.and("i.place < ", in.place)
	case q.placed():
		w.and("i.place = ", in.place)
		w.and("i.id < ", in.id)
	default:
		w.and("i.id < ", in.id)
	}
	switch {
	case q.match != nil:
		limit := review.MaxCounted
		if q.wordsAlone() { // no other condition leaves one out
			limit = q.Limit + 1
		}
		w.conditions = append(w.conditions, "i.id IN ("+w.searched(q.match, in.id, limit)+")")
	case q.searches:
		w.conditions = append(w.conditions, "1 = 0") // only punctuation: no word can match
	}
}

// searched selects the newest items before an id that match.
func (w *where) searched(m *match, before int64, limit int) string {
	return `SELECT rowid FROM search WHERE ` + m.where(w) + ` AND rowid < ` + w.arg(before) +
		` ORDER BY ` + m.from(`rowid`) + ` LIMIT ` + strconv.Itoa(limit)
}

// afterSearched returns the cursor behind the items that restrict looked through, "" where those were all.
func afterSearched(ctx context.Context, tx *sql.Tx, q query, before spot) (string, error) {
	if q.match == nil {
		return "", nil
	}
	w := &where{}
	var n int
	var last sql.NullInt64
	query := `SELECT COUNT(*), MIN(rowid) FROM (` + w.searched(q.match, before.id, review.MaxCounted) + `) found`
	if err := tx.QueryRowContext(ctx, query, w.args...).Scan(&n, &last); err != nil || n < review.MaxCounted {
		return "", err
	}
	return strconv.FormatInt(last.Int64, 36), nil
}

// narrow adds the conditions on columns that are counted.
func (w *where) narrow(f review.Filter) {
	switch f.Class {
	case "":
	case failure.Unsafe: // the condition is that of the index items_unsafe
		w.conditions = append(w.conditions, "i.unsafe = 1")
	default:
		w.and("i.class = ", string(f.Class))
	}
	if f.Service != "" {
		w.and("i.service = ", f.Service)
	}
	if f.State != "" {
		w.and("i.state = ", string(f.State))
	}
	if f.Source != "" {
		w.from(f.Source)
	}
}

const itemColumns = `SELECT i.id, i.place, i.trace_id, i.state, i.service, i.environment, i.class, i.detail, i.classes,
	i.evidence, i.fingerprint, i.primary_span_id, i.model, i.prompt_name, i.prompt_version, i.session_id, i.cost_usd,
	i.start_ns, i.duration_ns, i.received_ns, i.sources, i.queue, i.reviewers, i.judged, i.assignee, ` + labelColumns + `
	FROM items i LEFT JOIN labels l ON l.id = i.label_id`

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

func scanItem(r scanner, item *review.Item) (at spot, err error) {
	var cost sql.NullFloat64
	var start, received int64
	var sources int
	var classes string
	var label labelRow
	err = r.Scan(slices.Concat([]any{
		&at.id,
		&at.place,
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
	}, label.columns())...)
	if err != nil {
		return at, err
	}
	item.CostUSD, item.Start, item.Received = optional(cost), instant(start), instant(received)
	item.Bucket, item.Reasons = item.Class.Bucket(), reasonsIn(sources)
	if item.Classes, err = decodeClasses(classes); err != nil {
		return at, err
	}
	if label.id.Valid {
		l, err := label.label(item.TraceID)
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
