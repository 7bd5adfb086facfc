package filter

import (
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
)

// columnsOf lists the attributes that are columns of items, each with its index.
func columnsOf(a review.Attributes) (set []struct{ column, value string }) {
	for _, c := range []struct{ column, value string }{
		{"model", a.Model}, {"prompt_version", a.PromptVersion}, {"environment", a.Environment},
	} {
		if c.value != "" {
			set = append(set, c)
		}
	}
	return set
}

// Attributes adds the conditions on columns that are not counted.
func (w *Where) Attributes(a review.Attributes) {
	for _, c := range columnsOf(a) {
		w.And("i."+c.column+" = ", column.Short(c.value))
	}
	if a.Reviewer != "" {
		w.And("i.id IN (SELECT item_id FROM labels WHERE reviewer = ", column.Clean(a.Reviewer))
		w.Conditions[len(w.Conditions)-1] += ")"
	}
	if a.Tag != "" {
		w.And(`i.id IN (SELECT t.item_id FROM tags t JOIN labels l ON l.id = t.label_id AND l.counts = 1
			WHERE t.tag = `, column.Clean(a.Tag))
		w.Conditions[len(w.Conditions)-1] += ")"
	}
	if a.Score.Name != "" {
		// A value of the item, not a list of items, of which there may be a million.
		w.And("(SELECT s.value FROM scores s WHERE s.item_id = i.id AND s.name = ", column.Short(a.Score.Name))
		w.Conditions[len(w.Conditions)-1] += ") < " + w.Arg(a.Score.Below)
	}
	// Ids are in the order of arrival, so that a time is a place in the queue and nothing beyond it is read.
	if !a.Since.IsZero() {
		at := column.Nanos(a.Since)
		w.And("i.received_ns >= ", at)
		w.Conditions = append(w.Conditions, `i.id >= (SELECT id FROM items WHERE received_ns >= `+w.Arg(at)+
			` ORDER BY received_ns, id LIMIT 1)`)
	}
	if !a.Until.IsZero() {
		at := column.Nanos(a.Until)
		w.And("i.received_ns < ", at)
		w.Conditions = append(w.Conditions, `i.id <= (SELECT id FROM items WHERE received_ns < `+w.Arg(at)+
			` ORDER BY received_ns DESC, id DESC LIMIT 1)`)
	}
}
