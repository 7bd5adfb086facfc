package sqlstore

import (
	"context"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// SetNow replaces the clock of a store.
func SetNow(s *Store, now func() time.Time) { s.db.now = now }

// ClaimTogether claims the next case for each claimant, all in one transaction, as when they ask at the same moment.
func ClaimTogether(
	ctx context.Context, s *Store, f review.Filter, from string, all []review.Claimant,
) (traceIDs []string, err error) {
	f.State = review.Open
	wishes, asks := make([]*wish, len(all)), make([]any, len(all))
	for i := range all {
		wishes[i] = &wish{view: view{f, from}, by: all[i]}
		asks[i] = wishes[i]
	}
	err = s.db.together(ctx, func(ctx context.Context, tx *prepared) error {
		for _, w := range wishes {
			if err := s.grantAll(ctx, tx, w); err != nil && !refused(err) {
				return err
			}
			traceIDs = append(traceIDs, w.traceID)
		}
		return nil
	}, asks...)
	return traceIDs, err
}
