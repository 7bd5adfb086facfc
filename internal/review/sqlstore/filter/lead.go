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
	newest func(w *Where, before int64, limit int) string // selects the newest items before an id that have it
	few    bool                                           // all of them are found
}

// mostSorted is how many items with a score are sorted by id. Their index has them in the order of their scores.
const mostSorted = 10 * review.MaxCounted

// leadOf returns the attribute that leads a query, nil if none has to.
func leadOf(ctx context.Context, tx *sql.Tx, a review.Attributes) (leads *lead, err error) {
	least := math.MaxInt
	try := func(l *lead, among string, args ...any) error {
		var newest int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM (`+among+`) newest`, args...).Scan(&newest); err != nil {
			return err
		}
		if newest >= frequent {
			return nil
		}
		w := &Where{}
		n := 0
		query := `SELECT COUNT(*) FROM (` + l.newest(w, math.MaxInt64, review.MaxCounted) + `) newest`
		if err := tx.QueryRowContext(ctx, query, w.Args...).Scan(&n); err != nil {
			return err
		}
		if l.few = n < review.MaxCounted; n < least {
			least, leads = n, l
		}
		return nil
	}
	for _, c := range columnsOf(a) {
		value := column.Short(c.value)
		among := `SELECT 1 FROM (SELECT ` + c.column + ` AS value FROM items ORDER BY id DESC LIMIT ` +
			strconv.Itoa(probed) + `) newest WHERE value = $1`
		if err := try(&lead{newest: newestWith(c.column, value)}, among, value); err != nil {
			return nil, err
		}
	}
	if a.Score.Name != "" {
		name, below := column.Short(a.Score.Name), a.Score.Below
		n := 0
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM scores WHERE name = $1 AND value < $2 LIMIT `+
			strconv.Itoa(mostSorted)+`) found`, name, below).Scan(&n)
		if err != nil || n >= mostSorted {
			return leads, err
		}
		among := `SELECT 1 FROM (SELECT id FROM items ORDER BY id DESC LIMIT ` + strconv.Itoa(probed) +
			`) newest JOIN scores s ON s.item_id = newest.id AND s.name = $1 AND s.value < $2`
		if err := try(&lead{newest: newestBelow(name, below)}, among, name, below); err != nil {
			return nil, err
		}
	}
	return leads, nil
}

// newestWith selects by a column. A range in the order of the index leaves the databases no other way: they expect a
// value in many rows, and would read the newest until they have enough.
func newestWith(column, value string) func(w *Where, before int64, limit int) string {
	return func(w *Where, before int64, limit int) string {
		value := w.Arg(value)
		text := `SELECT id FROM items WHERE ` + column + ` >= ` + value + ` AND ` + column + ` <= ` + value
		if before < math.MaxInt64 {
			text += ` AND id < ` + w.Arg(before)
		}
		return text + ` ORDER BY ` + column + ` DESC, id DESC LIMIT ` + strconv.Itoa(limit)
	}
}

// newestBelow selects by a score. No index has the order, so that the one on scores is read.
func newestBelow(name string, below float64) func(w *Where, before int64, limit int) string {
	return func(w *Where, before int64, limit int) string {
		text := `SELECT item_id AS id FROM scores WHERE name = ` + w.Arg(name) + ` AND value < ` + w.Arg(below)
		if before < math.MaxInt64 {
			text += ` AND item_id < ` + w.Arg(before)
		}
		return text + ` ORDER BY item_id + 0 DESC LIMIT ` + strconv.Itoa(limit)
	}
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
