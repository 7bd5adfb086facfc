package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
)

// bitVerdict is the first bit of items.sources. They are those of review.Sources, as the indexes spell them.
const bitVerdict = 1

// bitOf returns the bit of a source.
func bitOf(source review.Source) int { return 1 << slices.Index(review.Sources(), source) }

// from restricts items to those with a reason. The text is that of the index.
func (w *where) from(source review.Source) {
	literal := map[review.Source]string{
		review.SourceVerdict: "1", review.SourceFeedback: "2", review.SourceSent: "4", review.SourceSuspicion: "8",
		review.SourceRandom: "16",
	}[source]
	if literal == "" {
		literal = "0"
	}
	w.conditions = append(w.conditions, "(i.sources & "+literal+") <> 0")
}

// writeReasons adds the reasons that items do not have yet.
func writeReasons(ctx context.Context, tx *prepared, atOnce int, reasons []reasonOf) error {
	reasons = slices.DeleteFunc(reasons, func(r reasonOf) bool { return r.Source == review.SourceVerdict })
	return insert(ctx, tx, insertReasons, atOnce, reasons, func(r *reasonOf) (int, []any) {
		return 0, []any{r.item.id, string(r.Source), r.Probability}
	})
}

// readReasons completes items that were read, whose ids are in the same order.
func readReasons(ctx context.Context, tx *sql.Tx, items []review.Item, ids []int64) error {
	w, index := &where{}, map[int64]*review.Item{}
	var places []string
	for i := range items {
		if items[i].Reasons == nil || slices.ContainsFunc(items[i].Reasons, isVerdict) && len(items[i].Reasons) == 1 {
			continue
		}
		index[ids[i]] = &items[i]
		places = append(places, w.arg(ids[i]))
	}
	if len(places) == 0 {
		return nil
	}
	//nolint:gosec // only places are put in
	rows, err := tx.QueryContext(ctx, `SELECT item_id, source, probability FROM reasons WHERE item_id IN (`+
		strings.Join(places, ", ")+`)`, w.args...)
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

// reasonsIn returns the reasons of the bits, the strongest first. Only the probability of a verdict is in them.
func reasonsIn(sources int) (reasons []review.Reason) {
	for _, source := range review.Sources() {
		if sources&bitOf(source) != 0 {
			reasons = append(reasons, review.Reason{Source: source})
		}
	}
	if sources&bitVerdict != 0 {
		reasons[0].Probability = 1
	}
	return reasons
}

// sourcesIn returns the sources of the bits.
func sourcesIn(sources int) (list []review.Source) {
	for _, source := range review.Sources() {
		if sources&bitOf(source) != 0 {
			list = append(list, source)
		}
	}
	return list
}

// bit spells a truth value: databases differ in theirs.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
