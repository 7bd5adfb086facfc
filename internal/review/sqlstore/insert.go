package sqlstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// put is the transaction of one Put. What it inserts beside items waits for its end, so that one statement inserts many
// rows: a database on another machine answers each statement in its time.
type put struct {
	*prepared
	received time.Time
	known    map[string]bool // traces that have an item
	spans    []spanOf
	bodies   []bodyOf
	seen     []review.Item // those that came to a signal
}

type spanOf struct {
	item int64
	row
}

type bodyOf struct {
	item int64
	text string
}

// Bounds of one statement.
const (
	maxRows      = 32
	maxStatement = 8 << 20 // bytes of its texts
)

// finish writes what waits.
func (p *put) finish(ctx context.Context) error {
	err := insert(ctx, p.prepared, insertSpans, p.spans, func(s *spanOf) (int, []any) {
		return len(s.data), []any{
			s.item, s.span.ID, s.span.ParentID, s.span.Service, s.span.Class, s.span.Detail, encodeClasses(s.span.Classes),
			s.span.Evidence, s.span.Fingerprint, s.encodeCause(), s.model, s.promptName, s.promptVersion, s.sessionID,
			nullable(s.cost), nanos(s.span.Start), int64(s.span.Duration), s.data, s.opinions,
		}
	})
	if err != nil {
		return err
	}
	err = insert(ctx, p.prepared, insertBodies, p.bodies, func(b *bodyOf) (int, []any) {
		return len(b.text), []any{b.item, b.text}
	})
	if err != nil {
		return err
	}
	if err := writeSubjects(ctx, p.prepared, p.spans); err != nil {
		return err
	}
	return reopen(ctx, p.prepared, p.seen, p.received)
}

// insertion is a statement that inserts rows.
type insertion struct{ before, after string }

var (
	insertSpans = insertion{
		`INSERT INTO spans (item_id, span_id, parent_id, service, class, detail, classes, evidence,
		fingerprint, cause, model, prompt_name, prompt_version, session_id, cost_usd, start_ns, duration_ns, data,
		opinions) VALUES `,
		` ON CONFLICT (item_id, span_id) DO UPDATE SET parent_id = excluded.parent_id, service = excluded.service,
		class = excluded.class, detail = excluded.detail, classes = excluded.classes, evidence = excluded.evidence,
		fingerprint = excluded.fingerprint, cause = excluded.cause, model = excluded.model,
		prompt_name = excluded.prompt_name, prompt_version = excluded.prompt_version,
		session_id = excluded.session_id, cost_usd = excluded.cost_usd,
		start_ns = excluded.start_ns, duration_ns = excluded.duration_ns, data = excluded.data,
		opinions = excluded.opinions`,
	}
	insertBodies = insertion{before: `INSERT INTO search (rowid, body) VALUES `}
)

// insert inserts rows, many with one statement. columns returns the size of a row and its values.
func insert[R any](
	ctx context.Context, tx *prepared, into insertion, rows []R, columns func(*R) (size int, values []any),
) error {
	var values []any
	size, n := 0, 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		_, err := tx.ExecContext(ctx, into.before+places(n, len(values)/n)+into.after, values...)
		values, size, n = values[:0], 0, 0
		return err
	}
	for i := range rows {
		bytes, row := columns(&rows[i])
		if n == maxRows || size+bytes > maxStatement {
			if err := flush(); err != nil {
				return err
			}
		}
		values, size, n = append(values, row...), size+bytes, n+1
	}
	return flush()
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
