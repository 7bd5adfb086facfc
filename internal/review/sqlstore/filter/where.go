// Package filter turns filters and words into conditions of a statement on items.
package filter

import (
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// Bounds of query results.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// Where collects conditions and their arguments.
type Where struct {
	Conditions []string
	Args       []any
}

// And adds a condition. Its text ends where the argument belongs.
func (w *Where) And(condition string, arg any) {
	w.Conditions = append(w.Conditions, condition+w.Arg(arg))
}

// Arg adds an argument and returns its place.
func (w *Where) Arg(arg any) string {
	w.Args = append(w.Args, arg)
	return "$" + strconv.Itoa(len(w.Args))
}

// String returns the conditions as a statement has them, "" for none.
func (w *Where) String() string {
	if len(w.Conditions) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(w.Conditions, ` AND `)
}

// Restrict selects the items of a filter in a part of the queue. Of those with the words of a query, or with an
// attribute that few of the newest have, it takes the newest only: a word that stands in all items costs no more than a
// rare one.
func (w *Where) Restrict(q Query, in Part) {
	w.Narrow(q.Filter)
	w.Attributes(q.Attributes)
	w.Revealed(q.Queues, q.Revealed)
	if q.Queue != "" {
		w.And("i.queue = ", q.Queue)
	}
	switch {
	case in.Spot == First:
	case in.places:
		w.And("i.place < ", in.Place)
	case q.placed():
		w.And("i.place = ", in.Place)
		w.And("i.id < ", in.ID)
	default:
		w.And("i.id < ", in.ID)
	}
	switch {
	case q.Windowed():
		limit := review.MaxCounted
		if q.WordsAlone() { // no other condition leaves one out
			limit = q.Limit + 1
		}
		w.Conditions = append(w.Conditions, "i.id IN ("+w.Window(q, in.ID, limit)+")")
	case q.Searches:
		w.Conditions = append(w.Conditions, "1 = 0") // only punctuation: no word can match
	}
}

// searched selects the newest items before an id that match.
func (w *Where) searched(m *Match, before int64, limit int) string {
	return `SELECT rowid AS id FROM search WHERE ` + m.where(w) + ` AND rowid < ` + w.Arg(before) +
		` ORDER BY ` + m.from(`rowid`) + ` LIMIT ` + strconv.Itoa(limit)
}

// Narrow adds the conditions on columns that are counted.
func (w *Where) Narrow(f review.Filter) {
	switch f.Class {
	case "":
	case failure.Unsafe: // the condition is that of the index items_unsafe
		w.Conditions = append(w.Conditions, "i.unsafe = 1")
	default:
		w.And("i.class = ", string(f.Class))
	}
	if f.Service != "" {
		w.And("i.service = ", f.Service)
	}
	if f.State != "" {
		w.And("i.state = ", string(f.State))
	}
	if f.Source != "" {
		w.from(f.Source)
	}
}
