package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// writeReasons adds the reasons that items do not have yet.
func writeReasons(ctx context.Context, tx *database.Prepared, atOnce int, reasons []reasonOf) error {
	reasons = slices.DeleteFunc(reasons, func(r reasonOf) bool { return r.Source == review.SourceVerdict })
	return database.Insert(ctx, tx, insertReasons, atOnce, reasons, func(r *reasonOf) (int, []any) {
		return 0, []any{r.item.id, string(r.Source), r.Probability}
	})
}

// readReasons completes items that were read, whose ids are in the same order.
func readReasons(ctx context.Context, tx *sql.Tx, items []review.Item, ids []int64) error {
	w, index := &filter.Where{}, map[int64]*review.Item{}
	var places []string
	for i := range items {
		if items[i].Reasons == nil || slices.ContainsFunc(items[i].Reasons, isVerdict) && len(items[i].Reasons) == 1 {
			continue
		}
		index[ids[i]] = &items[i]
		places = append(places, w.Arg(ids[i]))
	}
	if len(places) == 0 {
		return nil
	}
	//nolint:gosec // only places are put in
	rows, err := tx.QueryContext(ctx, `SELECT item_id, source, probability FROM reasons WHERE item_id IN (`+
		strings.Join(places, ", ")+`)`, w.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var r review.Reason
		if err := rows.Scan(&id, &r.Source, &r.Probability); err != nil {
			return err
		}
		reasons := index[id].Reasons
		if at := slices.IndexFunc(reasons, func(of review.Reason) bool { return of.Source == r.Source }); at >= 0 {
			reasons[at] = r
		}
	}
	return rows.Err()
}

func isVerdict(r review.Reason) bool { return r.Source == review.SourceVerdict }
