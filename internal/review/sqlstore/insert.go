package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// put is the transaction of one Put. What it inserts waits for others, so that one statement inserts many rows: a
// database on another machine answers each statement in its time.
type put struct {
	*prepared
	received time.Time
	queues   []review.Queue
	atOnce   int             // rows of one statement
	known    map[string]bool // traces that have an item
	turns    map[string]bool // traces that are turns of another item
	items    []newItem
	spans    []spanOf
	reasons  []reasonOf
	bodies   []bodyOf
	adopts   []any         // ids of traces whose evaluations have an item now
	seen     []review.Item // those that came to a signal
}

// newItem is an item that waits for others; its id is known once it is inserted.
type newItem struct {
	*stored
	review.Item
	uncertain bool
}

type spanOf struct {
	item *stored
	row
}

type reasonOf struct {
	item *stored
	review.Reason
}

type bodyOf struct {
	item *stored
	text string
}

// newPut asks once what is known of all traces.
func (s *Store) newPut(ctx context.Context, tx *sql.Tx, received time.Time, ids []string) (p *put, err error) {
	p = &put{prepared: newPrepared(tx), received: received, queues: s.db.Queues(), atOnce: s.db.RowsAtOnce()}
	if p.known, err = knownOf(ctx, tx, "items", ids); err == nil {
		p.turns, err = knownOf(ctx, tx, "turns", ids)
	}
	return p, err
}

// insertItems inserts the items that wait, with their place in the queue.
func (p *put) insertItems(ctx context.Context) error {
	items := p.items
	p.items = nil
	if len(items) == 0 {
		return nil
	}
	totals, err := p.totals(ctx, items)
	if err != nil {
		return err
	}
	byTrace := make(map[string]*stored, len(items))
	values := func(i *newItem) (int, []any) {
		byTrace[i.traceID] = i.stored
		queue := review.DefaultQueue()
		place, unsafe := int64(0), i.isUnsafe()
		if len(p.queues) > 0 {
			totals[i.Fingerprint]++
			of := totals[i.Fingerprint]
			queue = review.QueueOf(p.queues, i.Class, unsafe, i.Service, sourcesIn(i.sources))
			place = queue.Place(review.Traits{
				Unsafe: unsafe, New: i.Fingerprint != "" && of <= fewOfSignal, CostUSD: i.CostUSD, Uncertain: i.uncertain,
			})
		}
		return 0, append(i.columns(&i.Item),
			i.traceID, review.Open, nanos(p.received), queue.Name, queue.Reviewers, place)
	}
	for query, args := range statements(insertItems, p.atOnce, items, values) {
		rows, err := p.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if err := readIDs(rows, byTrace); err != nil {
			return err
		}
	}
	for i := range items {
		p.adopts = append(p.adopts, items[i].traceID)
	}
	return nil
}

func readIDs(rows *sql.Rows, byTrace map[string]*stored) error {
	defer rows.Close()
	for rows.Next() {
		var id int64
		var traceID string
		if err := rows.Scan(&id, &traceID); err != nil {
			return err
		}
		byTrace[traceID].id = id
	}
	return rows.Err()
}

// totals counts the items that the signals of new items had so far. Only the places of queues depend on it.
func (p *put) totals(ctx context.Context, items []newItem) (map[string]int, error) {
	totals := map[string]int{}
	if len(p.queues) == 0 {
		return totals, nil
	}
	for items := range slices.Chunk(items, maxKnown) {
		prints := make([]any, len(items))
		for i := range items {
			prints[i] = items[i].Fingerprint
		}
		prints = padded(prints)
		counts, err := readCounts(p.QueryContext(ctx, `SELECT id, total FROM signals WHERE id IN `+
			placesFrom(1, len(prints)), prints...))
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			totals[c.Value] = c.N
		}
	}
	return totals, nil
}

// finish writes what waits.
func (p *put) finish(ctx context.Context) error {
	if err := p.insertItems(ctx); err != nil {
		return err
	}
	err := insert(ctx, p.prepared, insertSpans, p.atOnce, p.spans, func(s *spanOf) (int, []any) {
		return len(s.data), []any{
			s.item.id, s.span.ID, s.span.ParentID, s.span.Service, s.span.Class, s.span.Detail,
			encodeClasses(s.span.Classes), s.span.Evidence, s.span.Fingerprint, s.encodeCause(),
			s.model, s.promptName, s.promptVersion, s.sessionID,
			nullable(s.cost), nanos(s.span.Start), int64(s.span.Duration), s.data, s.opinions,
		}
	})
	if err != nil {
		return err
	}
	err = insert(ctx, p.prepared, insertBodies, p.atOnce, p.bodies, func(b *bodyOf) (int, []any) {
		return len(b.text), []any{b.item.id, b.text}
	})
	if err != nil {
		return err
	}
	if err := writeReasons(ctx, p.prepared, p.atOnce, p.reasons); err != nil {
		return err
	}
	if err := adopt(ctx, p.prepared, p.adopts); err != nil {
		return err
	}
	if err := p.resolve(ctx); err != nil {
		return err
	}
	err = insert(ctx, p.prepared, insertScores, p.atOnce, lowest(p.spans), func(l *low) (int, []any) {
		return len(l.name), []any{l.item, l.name, l.value}
	})
	if err != nil {
		return err
	}
	if err := writeSubjects(ctx, p.prepared, p.atOnce, p.spans); err != nil {
		return err
	}
	return reopen(ctx, p.prepared, p.seen, p.received)
}

// maxStatement bounds the texts of one statement, in bytes.
const maxStatement = 8 << 20

// insertion is a statement that inserts rows.
type insertion struct{ before, after string }

var (
	insertItems = insertion{
		before: `INSERT INTO items (` + strings.Join(computed, ", ") +
			`, trace_id, state, received_ns, queue, reviewers, place) VALUES `,
		after: ` RETURNING id, trace_id`,
	}
	insertReasons = insertion{
		before: `INSERT INTO reasons (item_id, source, probability) VALUES `,
		after:  ` ON CONFLICT (item_id, source) DO NOTHING`,
	}
	insertSpans = insertion{
		before: `INSERT INTO spans (item_id, span_id, parent_id, service, class, detail, classes, evidence,
		fingerprint, cause, model, prompt_name, prompt_version, session_id, cost_usd, start_ns, duration_ns, data,
		opinions) VALUES `,
		after: ` ON CONFLICT (item_id, span_id) DO UPDATE SET parent_id = excluded.parent_id, service = excluded.service,
		class = excluded.class, detail = excluded.detail, classes = excluded.classes, evidence = excluded.evidence,
		fingerprint = excluded.fingerprint, cause = excluded.cause, model = excluded.model,
		prompt_name = excluded.prompt_name, prompt_version = excluded.prompt_version,
		session_id = excluded.session_id, cost_usd = excluded.cost_usd,
		start_ns = excluded.start_ns, duration_ns = excluded.duration_ns, data = excluded.data,
		opinions = excluded.opinions`,
	}
	insertBodies = insertion{before: `INSERT INTO search (rowid, body) VALUES `}
)

// insert inserts rows, at most so many with one statement. columns returns the size of a row and its values.
func insert[R any](
	ctx context.Context, tx *prepared, into insertion, atOnce int, rows []R, columns func(*R) (size int, values []any),
) error {
	for query, values := range statements(into, atOnce, rows, columns) {
		if _, err := tx.ExecContext(ctx, query, values...); err != nil {
			return err
		}
	}
	return nil
}

// statements are those that insert rows. Each has a power of two of them, so that there are few texts to prepare.
func statements[R any](
	into insertion, atOnce int, rows []R, columns func(*R) (size int, values []any),
) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		var values []any
		var sizes []int // of each row that waits
		wide, size := 0, 0
		flush := func(all bool) bool {
			for len(sizes) > 0 && (all || len(sizes) >= atOnce) {
				n := 1 << (bits.Len(uint(min(len(sizes), atOnce))) - 1)
				if !yield(into.before+places(n, wide)+into.after, values[:n*wide:n*wide]) {
					return false
				}
				for _, bytes := range sizes[:n] {
					size -= bytes
				}
				values, sizes = values[n*wide:], sizes[n:]
			}
			return true
		}
		for i := range rows {
			bytes, row := columns(&rows[i])
			if size+bytes > maxStatement && !flush(true) {
				return
			}
			values, sizes, wide, size = append(values, row...), append(sizes, bytes), len(row), size+bytes
			if !flush(false) {
				return
			}
		}
		flush(true)
	}
}

// places returns the places of rows of values: ($1, $2), ($3, $4).
func places(rows, columns int) string {
	lists := make([]string, rows)
	for i := range lists {
		lists[i] = placesFrom(i*columns+1, columns)
	}
	return strings.Join(lists, ", ")
}

// placesFrom returns n places: ($3, $4).
func placesFrom(first, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString([]string{"(", ", "}[min(i, 1)])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
	return b.String()
}
