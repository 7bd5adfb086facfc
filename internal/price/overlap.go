package price

import (
	"errors"
	"fmt"
	"strings"
)

// maxOverlaps bounds the overlaps in an error: one careless * overlaps with everything.
const maxOverlaps = 20

// overlaps returns an error for each pair of rows that hold for the same model at the same time, because neither takes
// precedence. Rows of exactly the same models with different dates, or different hours, follow one another.
func overlaps(rows []Row) (errs []error) {
	models := make([][]string, len(rows))
	same := make([]string, len(rows)) // equal for rows of exactly the same models
	for i := range rows {
		models[i] = folded(rows[i].Models)
		same[i] = strings.Join(models[i], "|")
	}
	for i := range rows {
		for j := range rows[:i] {
			a, b := &rows[j], &rows[i]
			if a.Provider != b.Provider || same[i] == same[j] && (!a.From.Equal(b.From) || !a.Hours.clash(b.Hours)) {
				continue
			}
			name, ok := commonModel(models[j], models[i])
			if !ok {
				continue
			}
			if len(errs) == maxOverlaps {
				return append(errs, errors.New("prices must not overlap: further overlapping prices omitted"))
			}
			errs = append(errs, fmt.Errorf(
				"%s (%s) and %s (%s) must not overlap, both match %s", a.Place, a.names(), b.Place, b.names(), name))
		}
	}
	return errs
}
