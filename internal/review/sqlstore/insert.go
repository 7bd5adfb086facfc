package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// put is the transaction of one Put. What it inserts waits for others, so that one statement inserts many rows: a
// database on another machine answers each statement in its time.
type put struct {
	*database.Prepared
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
	p = &put{Prepared: database.Prepare(tx), received: received, queues: s.db.Queues(), atOnce: s.db.RowsAtOnce()}
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
			queue = review.QueueOf(p.queues, i.Class, unsafe, i.Service, column.SourcesIn(i.sources))
			place = queue.Place(review.Traits{
				Unsafe: unsafe, New: i.Fingerprint != "" && of <= fewOfSignal, CostUSD: i.CostUSD, Uncertain: i.uncertain,
			})
		}
		return 0, append(i.columns(&i.Item),
			i.traceID, review.Open, column.Nanos(p.received), queue.Name, queue.Reviewers, place)
	}
	for query, args := range database.Statements(insertItems, p.atOnce, items, values) {
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
	for items := range slices.Chunk(items, database.MaxKnown) {
		prints := make([]any, len(items))
		for i := range items {
			prints[i] = items[i].Fingerprint
		}
		prints = database.Padded(prints)
		counts, err := readCounts(p.QueryContext(ctx, `SELECT id, total FROM signals WHERE id IN `+
			database.PlacesFrom(1, len(prints)), prints...))
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
	err := database.Insert(ctx, p.Prepared, insertSpans, p.atOnce, p.spans, func(s *spanOf) (int, []any) {
		return len(s.data), []any{
			s.item.id, s.span.ID, s.span.ParentID, s.span.Service, s.span.Class, s.span.Detail,
			column.EncodeClasses(s.span.Classes), s.span.Evidence, s.span.Fingerprint, s.encodeCause(),
			s.model, s.promptName, s.promptVersion, s.release, s.sessionID,
			column.Nullable(s.cost), column.Nanos(s.span.Start), int64(s.span.Duration), s.data, s.opinions,
		}
	})
	if err != nil {
		return err
	}
	err = database.Insert(ctx, p.Prepared, insertBodies, p.atOnce, p.bodies, func(b *bodyOf) (int, []any) {
		return len(b.text), []any{b.item.id, b.text}
	})
	if err != nil {
		return err
	}
	if err := writeReasons(ctx, p.Prepared, p.atOnce, p.reasons); err != nil {
		return err
	}
	if err := adopt(ctx, p.Prepared, p.adopts); err != nil {
		return err
	}
	if err := p.resolve(ctx); err != nil {
		return err
	}
	err = database.Insert(ctx, p.Prepared, insertScores, p.atOnce, lowest(p.spans), func(l *low) (int, []any) {
		return len(l.name), []any{l.item, l.name, l.value}
	})
	if err != nil {
		return err
	}
	if err := writeSubjects(ctx, p.Prepared, p.atOnce, p.spans); err != nil {
		return err
	}
	return reopen(ctx, p.Prepared, p.seen, p.received)
}

var (
	insertItems = database.Insertion{
		Before: `INSERT INTO items (` + strings.Join(computed, ", ") +
			`, trace_id, state, received_ns, queue, reviewers, place) VALUES `,
		After: ` RETURNING id, trace_id`,
	}
	insertReasons = database.Insertion{
		Before: `INSERT INTO reasons (item_id, source, probability) VALUES `,
		After:  ` ON CONFLICT (item_id, source) DO NOTHING`,
	}
	insertSpans = database.Insertion{
		Before: `INSERT INTO spans (item_id, span_id, parent_id, service, class, detail, classes, evidence,
		fingerprint, cause, model, prompt_name, prompt_version, service_version, session_id, cost_usd, start_ns,
		duration_ns, data, opinions) VALUES `,
		After: ` ON CONFLICT (item_id, span_id) DO UPDATE SET parent_id = excluded.parent_id, service = excluded.service,
		class = excluded.class, detail = excluded.detail, classes = excluded.classes, evidence = excluded.evidence,
		fingerprint = excluded.fingerprint, cause = excluded.cause, model = excluded.model,
		prompt_name = excluded.prompt_name, prompt_version = excluded.prompt_version,
		service_version = excluded.service_version,
		session_id = excluded.session_id, cost_usd = excluded.cost_usd,
		start_ns = excluded.start_ns, duration_ns = excluded.duration_ns, data = excluded.data,
		opinions = excluded.opinions`,
	}
	insertBodies = database.Insertion{Before: `INSERT INTO search (rowid, body) VALUES `}
)
