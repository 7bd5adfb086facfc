package claims

import (
	"context"
	"errors"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// Together claims the next case for each claimant, all in one transaction, as when they ask at the same moment.
func Together(
	ctx context.Context, s *Claims, f review.Filter, from string, all []review.Claimant,
) (traceIDs []string, err error) {
	f.State = review.Open
	wishes, asks := make([]*wish, len(all)), make([]any, len(all))
	for i := range all {
		wishes[i] = &wish{view: view{f, from}, by: all[i]}
		asks[i] = wishes[i]
	}
	err = s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		for _, w := range wishes {
			if err := s.grantAll(ctx, tx, w); err != nil && !errors.Is(err, review.ErrNotFound) {
				return err
			}
			traceIDs = append(traceIDs, w.traceID)
		}
		return nil
	}, asks...)
	return traceIDs, err
}
