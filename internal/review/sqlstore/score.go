package sqlstore

import (
	"cmp"
	"slices"

	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// low is the lowest score that a scorer gave a span of an item. What is 1 has no fault, and is below no bound.
type low struct {
	item  int64
	name  string
	value float64
}

var insertScores = database.Insertion{
	Before: `INSERT INTO scores (item_id, name, value) VALUES `,
	After:  ` ON CONFLICT (item_id, name) DO UPDATE SET value = excluded.value WHERE excluded.value < scores.value`,
}

// lowest returns the lowest scores of new spans, each item and name once: a statement writes a row once.
func lowest(spans []spanOf) (list []low) {
	for i := range spans {
		for name, value := range spans[i].scores {
			if value < 1 { // not a number is not
				list = append(list, low{spans[i].item.id, column.Short(name), value})
			}
		}
	}
	slices.SortFunc(list, func(a, b low) int {
		return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value))
	})
	return slices.CompactFunc(list, func(a, b low) bool { return a.item == b.item && a.name == b.name })
}
