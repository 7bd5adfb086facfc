package runner

import (
	"iter"

	"github.com/faultline-otel/faultline/internal/dataset"
)

// Cases returns the cases of the rows: the first run of every row, then the second one, so that what was interrupted
// covers as many rows as it can. Runs that are done are left out.
func Cases(rows []dataset.Row, repeats int, done map[RunID]bool) iter.Seq[Case] {
	return func(yield func(Case) bool) {
		for run := 1; run <= repeats; run++ {
			for i := range rows {
				if done[RunID{rows[i].ID, run}] {
					continue
				}
				c := NewCase(&rows[i])
				c.Run = run
				if !yield(c) {
					return
				}
			}
		}
	}
}

// Hashes returns the hash of the case of every row.
func Hashes(rows []dataset.Row) map[string]string {
	hashes := make(map[string]string, len(rows))
	for i := range rows {
		hashes[rows[i].ID] = NewCase(&rows[i]).Hash
	}
	return hashes
}
