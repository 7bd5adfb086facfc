package filter

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
)

// Spot is where an item is in its queue.
type Spot struct{ Place, ID int64 }

// First is before every item.
var First = Spot{math.MaxInt64, math.MaxInt64}

// SpotAt reads a cursor: an id, behind its place unless that is 0.
func SpotAt(cursor string) (at Spot, err error) {
	if cursor == "" {
		return First, nil
	}
	place, id, placed := strings.Cut(cursor, ".")
	if !placed {
		place, id = "0", cursor
	}
	at.Place, err = strconv.ParseInt(place, 10, 64)
	if err == nil {
		at.ID, err = strconv.ParseInt(id, 36, 64)
	}
	if err != nil || at.ID <= 0 {
		return at, fmt.Errorf("cursor must be the next of a page, got %.64q: %w", cursor, review.ErrInvalid)
	}
	return at, nil
}

// placed reports whether the items of a query come by their place.
func (q *Query) placed() bool {
	return q.State != "" && !q.Searches && (q.lead == nil || q.lead.few)
}

// Order is that of the items of a query.
func (q *Query) Order() string {
	switch {
	case q.placed() && q.lead != nil: // no index has that order: those that were found are sorted
		return "i.place + 0 DESC, i.id + 0 DESC"
	case q.placed():
		return "i.place DESC, i.id DESC"
	case q.Match == nil && q.lead != nil:
		return "i.id + 0 DESC"
	}
	return q.Match.from("i.id")
}

// Cursor is that of a page which ends at a spot.
func (q *Query) Cursor(at Spot) string {
	id := strconv.FormatInt(at.ID, 36)
	if q.placed() && at.Place != 0 {
		return strconv.FormatInt(at.Place, 10) + "." + id
	}
	return id
}

// Part is a part of a queue that one step in an index finds: that of a place before an id, or that of all places before
// one.
type Part struct {
	Spot
	places bool
}

// Behind are the parts of the queue behind a spot. SQLite finds places and ids with one step each, but not both.
func (q *Query) Behind(at Spot) []Part {
	if at == First || !q.placed() {
		return []Part{{Spot: at}}
	}
	return []Part{{Spot: at}, {Spot: at, places: true}}
}
