package filter

import (
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
)

// NextFree are the ids of the first items behind a spot that are free for the claimant, of all or of those that are
// theirs. The first that is not null is wanted.
func (w *Where) NextFree(q Query, before Spot, now time.Time, by review.Claimant, theirs bool) string {
	var ids []string
	for _, part := range q.Behind(before) {
		of := &Where{Args: w.Args}
		of.Restrict(q, part)
		of.Free(now, by)
		if theirs {
			of.And("i.assignee <> '' AND i.assignee = ", by.Name)
		} else {
			of.And("(i.assignee = '' OR i.assignee = ", by.Name)
			of.Conditions[len(of.Conditions)-1] += ")"
		}
		w.Args = of.Args
		ids = append(ids, `(SELECT i.id FROM items i`+of.String()+` ORDER BY `+q.Order()+` LIMIT 1)`)
	}
	return strings.Join(ids, `, `)
}

// Free restricts to items that have room for a judgement of the claimant.
func (w *Where) Free(now time.Time, by review.Claimant) {
	w.Conditions = append(w.Conditions, `i.judged + (SELECT COUNT(*) FROM claims c WHERE c.item_id = i.id AND c.until_ns > `+
		w.Arg(column.Nanos(now))+` AND c.holder <> `+w.Arg(column.Short(by.ID))+`) < i.reviewers`)
	w.Unjudged(by.Persons()...)
}

// Unjudged restricts to items that nobody of these judged.
func (w *Where) Unjudged(persons ...string) {
	places := make([]string, len(persons))
	for i, person := range persons {
		places[i] = w.Arg(person)
	}
	w.Conditions = append(w.Conditions, `(i.judged = 0 OR NOT EXISTS (SELECT 1 FROM labels l WHERE l.item_id = i.id
		AND l.counts = 1 AND l.person IN (`+strings.Join(places, ", ")+`)))`)
}
