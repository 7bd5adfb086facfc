package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// maxFacet bounds the values of a facet.
const maxFacet = 100

// counted returns what to sum up for a filter: the table of counts, or the newest items with the words of the query.
func counted(q query) (from string, w *where) {
	w = &where{}
	if !q.searches && q.Attributes != (review.Attributes{}) {
		from = w.having(q.Attributes)
		w.conditions = nil
		w.narrow(q.Filter)
		w.ofQueue(q.queues, q.Queue)
		w.revealedCounts(q.queues, q.Revealed)
		return from + w.String(), w
	}
	if !q.searches {
		w.narrow(q.Filter)
		w.ofQueue(q.queues, q.Queue)
		w.revealedCounts(q.queues, q.Revealed)
		return ` FROM counts i` + w.String(), w
	}
	if q.match == nil {
		return ` FROM counts i WHERE 1 = 0`, w
	}
	from = ` FROM (SELECT i.state, i.class, i.service, i.unsafe, i.sources, 1 AS n FROM items i WHERE i.id IN (` +
		w.searched(q.match, math.MaxInt64) + `)`
	if w.attributes(q.Attributes); len(w.conditions) > 0 {
		from += ` AND ` + strings.Join(w.conditions, ` AND `)
	}
	from, w.conditions = from+`) i`, nil
	w.narrow(q.Filter)
	w.ofQueue(q.queues, q.Queue)
	w.revealedCounts(q.queues, q.Revealed)
	return from + w.String(), w
}

// total counts the items that a filter selects.
func total(ctx context.Context, tx *sql.Tx, q query) (n int, err error) {
	from, w := counted(q)
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(i.n), 0)`+from, w.args...).Scan(&n)
	return n, err
}

// Facets implements review.Store.
func (s *Store) Facets(ctx context.Context, f review.Filter) (facets review.Facets, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		q, err := s.newQuery(ctx, tx, f)
		if err != nil {
			return err
		}
		byClass, byService, bySource := q, q, q
		byClass.Class, byService.Service, bySource.Source = "", "", ""
		if facets.Classes, err = countBy(ctx, tx, "i.class", byClass); err != nil {
			return err
		}
		if facets.Classes, err = countUnsafe(ctx, tx, facets.Classes, byClass); err != nil {
			return err
		}
		if facets.Services, err = countBy(ctx, tx, "i.service", byService); err != nil {
			return err
		}
		if facets.Sources, err = countSources(ctx, tx, bySource); err != nil {
			return err
		}
		facets.Known, err = knownValues(ctx, tx, s.Queues())
		return err
	})
	if err != nil {
		return review.Facets{}, fmt.Errorf("count items: %w", err)
	}
	return facets, nil
}

func countBy(ctx context.Context, tx *sql.Tx, column string, q query) ([]review.Count, error) {
	from, w := counted(q)
	return readCounts(tx.QueryContext(ctx, `SELECT `+column+`, SUM(i.n)`+from+
		` GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT `+strconv.Itoa(maxFacet), w.args...))
}

func readCounts(rows *sql.Rows, err error) (counts []review.Count, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c review.Count
		if err := rows.Scan(&c.Value, &c.N); err != nil {
			return nil, err
		}
		counts = append(counts, c)
	}
	return counts, rows.Err()
}

// countUnsafe sets the count of the class unsafe to the number of items that the filter of that class selects.
func countUnsafe(ctx context.Context, tx *sql.Tx, counts []review.Count, q query) ([]review.Count, error) {
	q.Class = failure.Unsafe
	n, err := total(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	counts = slices.DeleteFunc(counts, func(c review.Count) bool {
		return c.Value == string(failure.Unsafe) || c.Value == "" // no failure
	})
	if n > 0 {
		counts = append(counts, review.Count{Value: string(failure.Unsafe), N: n})
	}
	slices.SortFunc(counts, func(a, b review.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value))
	})
	return counts, nil
}
