package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

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
	before := int64(math.MaxInt64)
	if f.Cursor != "" {
		if before, err = strconv.ParseInt(f.Cursor, 36, 64); err != nil || before <= 0 {
			return page, fmt.Errorf("cursor must be the next of a page, got %.64q: %w", f.Cursor, review.ErrInvalid)
		}
	}
	err = s.read(ctx, func(tx *sql.Tx) error {
		q, err := s.newQuery(ctx, tx, f)
		if err != nil {
			return err
		}
		if page.Total, err = total(ctx, tx, q); err != nil {
			return err
		}
		w := restrict(q, before)
		from := selectItems(s.now(), w)
		rows, err := tx.QueryContext(
			ctx,
			from+w.String()+` ORDER BY i.id DESC LIMIT `+strconv.Itoa(limit+1),
			w.args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var id int64
		var ids []int64
		for rows.Next() {
			if len(page.Items) == limit {
				page.Next = strconv.FormatInt(id, 36)
				break
			}
			var item review.Item
			if id, err = scanItem(rows, &item); err != nil {
				return err
			}
			page.Items, ids = append(page.Items, item), append(ids, id)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if err := readReasons(ctx, tx, page.Items, ids); err != nil || page.Next != "" {
			return err
		}
		page.Next, err = afterSearched(ctx, tx, q, before)
		return err
	})
	if err != nil {
		return review.Page{}, fmt.Errorf("list items: %w", err)
	}
	return page, nil
}

// Item implements review.Store.
func (s *Store) Item(ctx context.Context, traceID string) (item review.Item, err error) {
	w := &where{}
	from := selectItems(s.now(), w)
	w.and("i.trace_id = ", strings.ToLower(traceID))
	err = s.read(ctx, func(tx *sql.Tx) error {
		id, err := scanItem(tx.QueryRowContext(ctx, from+w.String(), w.args...), &item)
		if errors.Is(err, sql.ErrNoRows) {
			return review.ErrNotFound
		}
		if err != nil {
			return err
		}
		if item.Spans, err = spansOf(ctx, tx, id); err != nil {
			return err
		}
		if item.Labels, err = labelsOf(ctx, tx, id, item.TraceID); err != nil {
			return err
		}
		if item.Evaluations, err = evaluationsOf(ctx, tx, id, item.TraceID); err != nil {
			return err
		}
		one := []review.Item{item}
		err = readReasons(ctx, tx, one, []int64{id})
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
	err = s.read(ctx, func(tx *sql.Tx) error {
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

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(w.conditions, ` AND `)
}

// restrict selects the items of a filter that are older than a place in the queue. Of those with the words of a query
// it takes the newest only, so that a word that stands in all of them costs no more than a rare one.
func restrict(q query, before int64) *where {
	w := &where{}
	w.narrow(q.Filter)
	w.attributes(q.Attributes)
	w.and("i.id < ", before)
	switch {
	case q.match != nil:
		w.conditions = append(w.conditions, "i.id IN ("+w.searched(q.match, before)+")")
	case q.searches:
		w.conditions = append(w.conditions, "1 = 0") // only punctuation: no word can match
	}
	return w
}

func (w *where) searched(m condition, before int64) string {
	return `SELECT rowid FROM search WHERE ` + m(w) + ` AND rowid < ` + w.arg(before) +
		` ORDER BY rowid DESC LIMIT ` + strconv.Itoa(review.MaxCounted)
}

// afterSearched returns the cursor behind the items that restrict looked through, "" where those were all.
func afterSearched(ctx context.Context, tx *sql.Tx, q query, before int64) (string, error) {
	if q.match == nil {
		return "", nil
	}
	w := &where{}
	var n int
	var last sql.NullInt64
	query := `SELECT COUNT(*), MIN(rowid) FROM (` + w.searched(q.match, before) + `) found`
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

// selectItems begins a query of items. Expired claims do not count.
func selectItems(now time.Time, w *where) string {
	return itemColumns + ` LEFT JOIN claims c ON c.item_id = i.id AND c.until_ns > ` + w.arg(nanos(now))
}

const itemColumns = `SELECT i.id, i.trace_id, i.state, i.service, i.environment, i.class, i.detail, i.classes,
	i.evidence, i.fingerprint, i.primary_span_id, i.model, i.prompt_name, i.prompt_version, i.session_id, i.cost_usd,
	i.start_ns, i.duration_ns, i.received_ns, i.sources,
	l.id, l.span_id, l.decision, l.class, l.detail, l.note, l.reviewer, l.created_ns, l.replaces, l.batch,
	c.holder, c.name, c.until_ns
	FROM items i LEFT JOIN labels l ON l.id = i.label_id`

type scanner interface{ Scan(dest ...any) error }

func scanItem(r scanner, item *review.Item) (id int64, err error) {
	var cost sql.NullFloat64
	var start, received int64
	var sources int
	var classes string
	var label labelRow
	var claim claimRow
	err = r.Scan(slices.Concat([]any{
		&id,
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
	}, label.columns(), claim.columns())...)
	if err != nil {
		return 0, err
	}
	item.CostUSD, item.Start, item.Received = optional(cost), instant(start), instant(received)
	item.Bucket, item.Reasons = item.Class.Bucket(), reasonsIn(sources)
	if item.Classes, err = decodeClasses(classes); err != nil {
		return 0, err
	}
	if label.id.Valid {
		l := label.label(item.TraceID)
		item.Label = &l
	}
	item.Claim = claim.claim()
	return id, nil
}

func spansOf(ctx context.Context, tx *sql.Tx, item int64) (spans []review.Span, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT data FROM spans WHERE item_id = $1 ORDER BY start_ns, span_id`, item)
	if err != nil {
		return nil, err
	}
	return readSpans(rows)
}

// labelRow is a label in the result of a query, where it may be absent.
type labelRow struct {
	id                                            sql.NullInt64
	span, decision, class, detail, note, reviewer sql.NullString
	batch                                         sql.NullString
	created, replaces                             sql.NullInt64
}

func (l *labelRow) columns() []any {
	return []any{&l.id, &l.span, &l.decision, &l.class, &l.detail, &l.note, &l.reviewer, &l.created, &l.replaces, &l.batch}
}

func (l *labelRow) label(traceID string) review.Label {
	return review.Label{
		ID: l.id.Int64, TraceID: traceID, SpanID: l.span.String, Decision: review.Decision(l.decision.String),
		Class: failure.Class(l.class.String), Detail: l.detail.String, Note: l.note.String, Reviewer: l.reviewer.String,
		Created: instant(l.created.Int64), Replaces: l.replaces.Int64, Batch: l.batch.String,
	}
}
