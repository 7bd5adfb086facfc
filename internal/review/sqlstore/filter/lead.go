package filter

import (
	"context"
	"database/sql"
	"math"
	"strconv"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
)

// lead is the attribute of a query whose items are found first, by its index: so few of the newest items have the value
// that a search from the newest one on would read most of the table.
type lead struct {
	column, value string
	few           bool // all of them are found
}

// leadOf returns the attribute that leads a query, nil if none has to.
func leadOf(ctx context.Context, tx *sql.Tx, a review.Attributes) (leads *lead, err error) {
	least := math.MaxInt
	for _, c := range columnsOf(a) {
		l := &lead{column: c.column, value: column.Short(c.value)}
		var newest int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT `+l.column+` AS value FROM items ORDER BY id DESC
			LIMIT `+strconv.Itoa(probed)+`) newest WHERE value = $1`, l.value).Scan(&newest)
		if err != nil {
			return nil, err
		}
		if newest >= frequent {
			continue
		}
		w := &Where{}
		n := 0
		query := `SELECT COUNT(*) FROM (` + l.newest(w, math.MaxInt64, review.MaxCounted) + `) newest`
		if err := tx.QueryRowContext(ctx, query, w.Args...).Scan(&n); err != nil {
			return nil, err
		}
		if l.few = n < review.MaxCounted; n < least {
			least, leads = n, l
		}
	}
	return leads, nil
}

// newest selects the newest items before an id that have the value. A range in the order of the index leaves the
// databases no other way: they expect a value in many rows, and would read the newest until they have enough.
func (l *lead) newest(w *Where, before int64, limit int) string {
	value := w.Arg(l.value)
	text := `SELECT id FROM items WHERE ` + l.column + ` >= ` + value + ` AND ` + l.column + ` <= ` + value
	if before < math.MaxInt64 {
		text += ` AND id < ` + w.Arg(before)
	}
	return text + ` ORDER BY ` + l.column + ` DESC, id DESC LIMIT ` + strconv.Itoa(limit)
}

// Windowed reports whether the items of a query are looked for among the newest that have its words, or its leading
// attribute.
func (q *Query) Windowed() bool { return q.Match != nil || q.lead != nil }

// Whole reports whether all of those are looked at, however many there are.
func (q *Query) Whole() bool { return !q.Windowed() || q.Match == nil && q.lead.few }

// Window selects the ids of those before an id.
func (w *Where) Window(q Query, before int64, limit int) string {
	if q.Match != nil {
		return w.searched(q.Match, before, limit)
	}
	if q.lead.few { // their places are not in the order of ids
		before = math.MaxInt64
	}
	return q.lead.newest(w, before, limit)
}
