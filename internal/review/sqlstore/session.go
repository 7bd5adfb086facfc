package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// Bounds of the session that is shown around an item.
const (
	maxNeighbours   = 100 // items that are looked at before it, and after it
	maxSessionTurns = 100
	maxSessionBytes = 8 << 20
)

// KnownSessions implements review.Sessions.
func (s *Store) KnownSessions(ctx context.Context, sessionIDs []string) (map[string]bool, error) {
	known := map[string]bool{}
	if len(sessionIDs) == 0 {
		return known, nil
	}
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		all := database.Prepare(tx)
		for _, id := range sessionIDs {
			_, err := newestOf(ctx, all, column.Short(id))
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			known[id] = err == nil
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find known sessions: %w", err)
	}
	return known, nil
}

// newestOf returns the newest item of a session.
func newestOf(ctx context.Context, tx *database.Prepared, session string) (id int64, err error) {
	if session == "" {
		return 0, sql.ErrNoRows
	}
	err = tx.QueryRowContext(ctx, `SELECT id FROM items WHERE session_id <> '' AND session_id = $1
		ORDER BY id DESC LIMIT 1`, session).Scan(&id)
	return id, err
}

// keepTurn keeps a portion without a failure where its session has an item. It is a part of that item: it counts in its
// bytes, and goes when it goes.
func keepTurn(ctx context.Context, tx *database.Prepared, p *portion) error {
	var item int64
	err := tx.QueryRowContext(ctx, `SELECT item_id FROM turns WHERE trace_id = $1 LIMIT 1`, p.traceID).Scan(&item)
	if errors.Is(err, sql.ErrNoRows) {
		session := ""
		for i := range p.rows {
			session = cmp.Or(session, p.rows[i].sessionID)
		}
		item, err = newestOf(ctx, tx, session)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var others, bytes int64
	err = tx.QueryRowContext(ctx, `SELECT COUNT(DISTINCT CASE WHEN trace_id <> $1 THEN trace_id END),
		COALESCE(SUM(octet_length(data)), 0) FROM turns WHERE item_id = $2`, p.traceID, item).Scan(&others, &bytes)
	if err != nil || others >= review.MaxTurns {
		return err
	}
	added := int64(0)
	var kept []spanOf
	of := &stored{id: item}
	for i := range p.rows {
		r := &p.rows[i]
		kept = append(kept, spanOf{of, *r})
		data := r.data
		if bytes+added+int64(len(data)) > review.MaxTurnBytes {
			data = r.bare()
		}
		if bytes+added+int64(len(data)) > review.MaxTurnBytes {
			break
		}
		done, err := tx.ExecContext(ctx, `INSERT INTO turns (trace_id, span_id, item_id, start_ns, data)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (trace_id, span_id) DO NOTHING`,
			p.traceID, r.span.ID, item, column.Nanos(r.span.Start), data)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		added += n * int64(len(data))
	}
	if err := writeSubjects(ctx, tx, 1, kept); err != nil {
		return err
	}
	return weigh(ctx, tx, item, added)
}

// weigh changes the bytes of an item.
func weigh(ctx context.Context, tx *database.Prepared, item, bytes int64) error {
	if bytes == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE items SET bytes = bytes + $1 WHERE id = $2`, bytes, item)
	return err
}

// takeTurn gives a trace that fails after all the spans that were kept of it as a turn.
func takeTurn(ctx context.Context, tx *database.Prepared, p *portion) error {
	var item sql.NullInt64
	var bytes int64
	err := tx.QueryRowContext(ctx, `SELECT MAX(item_id), COALESCE(SUM(octet_length(data)), 0) FROM turns
		WHERE trace_id = $1`, p.traceID).Scan(&item, &bytes)
	if err != nil || !item.Valid {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT data FROM turns WHERE trace_id = $1`, p.traceID)
	if err != nil {
		return err
	}
	spans, err := readSpans(rows)
	if err != nil {
		return err
	}
	for i := range spans {
		p.rows = append(p.rows, rowOf(&spans[i]))
	}
	p.rows = unique(p.rows)
	if _, err := tx.ExecContext(ctx, `DELETE FROM turns WHERE trace_id = $1`, p.traceID); err != nil {
		return err
	}
	return weigh(ctx, tx, item.Int64, -bytes)
}

// neighbour is a trace of a session before it is read.
type neighbour struct {
	trace        string
	item         int64 // 0 for one that did not fail
	start, bytes int64
}

// Session implements review.Sessions.
func (s *Store) Session(ctx context.Context, sessionID, traceID string) (found review.Session, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		all, err := neighbours(ctx, tx, column.Short(sessionID), traceID)
		if err != nil {
			return err
		}
		near, more := nearest(all, traceID)
		found.More = more
		for _, n := range near {
			turn, err := readTurn(ctx, tx, n, traceID)
			if err != nil {
				return err
			}
			found.Turns = append(found.Turns, turn)
		}
		return nil
	})
	if err != nil {
		return review.Session{}, fmt.Errorf("session of %.64q: %w", traceID, err)
	}
	return found, nil
}

func neighbours(ctx context.Context, tx *sql.Tx, session, traceID string) (all []neighbour, err error) {
	var id int64
	err = tx.QueryRowContext(ctx, `SELECT id FROM items WHERE trace_id = $1`, traceID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || session == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	const items = `(SELECT * FROM (SELECT id, trace_id, start_ns, bytes FROM items
			WHERE session_id <> '' AND session_id = $1 AND id <= $2 ORDER BY id DESC LIMIT $3) AS before
		UNION ALL SELECT * FROM (SELECT id, trace_id, start_ns, bytes FROM items
			WHERE session_id <> '' AND session_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS after) AS i`
	for _, query := range []string{
		`SELECT i.trace_id, i.id, i.start_ns, i.bytes FROM ` + items,
		`SELECT t.trace_id, 0, MIN(t.start_ns), SUM(octet_length(t.data)) FROM ` + items +
			` JOIN turns t ON t.item_id = i.id GROUP BY t.trace_id`,
	} {
		rows, err := tx.QueryContext(ctx, query, session, id, maxNeighbours)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var n neighbour
			if err := rows.Scan(&n.trace, &n.item, &n.start, &n.bytes); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			all = append(all, n)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// nearest keeps the turns nearest to a trace, ordered by start, and counts the others.
func nearest(all []neighbour, traceID string) (kept []neighbour, more int) {
	at := slices.IndexFunc(all, func(n neighbour) bool { return n.trace == traceID })
	if at < 0 {
		return nil, 0
	}
	center := all[at].start
	slices.SortStableFunc(all, func(a, b neighbour) int {
		return cmp.Compare(max(a.start-center, center-a.start), max(b.start-center, center-b.start))
	})
	left := int64(maxSessionBytes)
	for _, n := range all {
		if n.trace != traceID {
			if left -= n.bytes; left < 0 || len(kept) >= maxSessionTurns {
				more++
				continue
			}
		}
		kept = append(kept, n)
	}
	slices.SortFunc(kept, func(a, b neighbour) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.trace, b.trace))
	})
	return kept, more
}

func readTurn(ctx context.Context, tx *sql.Tx, n neighbour, traceID string) (turn review.Turn, err error) {
	turn.TraceID = n.trace
	if n.item == 0 {
		rows, err := tx.QueryContext(ctx, `SELECT data FROM turns WHERE trace_id = $1 ORDER BY start_ns, span_id`, n.trace)
		if err != nil {
			return turn, err
		}
		turn.Spans, err = readSpans(rows)
		return turn, err
	}
	w := &filter.Where{}
	w.And("i.id = ", n.item)
	turn.Item = &review.Item{}
	if _, err := scanItem(tx.QueryRowContext(ctx, itemColumns+w.String(), w.Args...), turn.Item); err != nil {
		return turn, err
	}
	if n.trace != traceID {
		turn.Spans, err = spansOf(ctx, tx, n.item)
	}
	return turn, err
}

// readSpans reads the data of spans to the end.
func readSpans(rows *sql.Rows) (spans []review.Span, err error) {
	defer rows.Close()
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		var s review.Span
		if err := json.Unmarshal(data, &s); err != nil {
			return nil, fmt.Errorf("read span: %w", err)
		}
		spans = append(spans, s)
	}
	return spans, rows.Err()
}
