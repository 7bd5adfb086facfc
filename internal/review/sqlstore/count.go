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
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// maxFacet bounds the values of a facet.
const maxFacet = 100

// tally is what the items of a filter are counted in: the table of counts, or one with the same columns that a
// statement makes of the newest items with the words of a query, or with attributes.
type tally struct {
	filter.Where
	with, from string
}

func newTally(q filter.Query) *tally {
	t := &tally{from: ` FROM counts i`}
	rows := ""
	switch {
	case q.Windowed():
		rows = `i.id IN (` + t.Window(q, math.MaxInt64, review.MaxCounted) + `)`
		if t.Attributes(q.Attributes); len(t.Conditions) > 0 {
			rows += ` AND ` + strings.Join(t.Conditions, ` AND `)
		}
	case !q.Searches && q.Attributes != (review.Attributes{}):
		t.Attributes(q.Attributes)
		rows = strings.Join(t.Conditions, ` AND `) + ` ORDER BY i.id DESC LIMIT ` + strconv.Itoa(review.MaxCounted)
	}
	if t.Conditions = nil; rows != "" {
		t.with = `WITH found AS MATERIALIZED (SELECT i.state, i.class, i.service, i.unsafe, i.sources, 1 AS n FROM items i WHERE ` +
			rows + `) `
		t.from = ` FROM found i`
	}
	return t
}

// of restricts what is counted to a filter, and returns it for a statement that selects from it.
func (t *tally) of(q filter.Query) string {
	w := &filter.Where{Args: t.Args}
	if q.Searches && q.Match == nil {
		w.Conditions = append(w.Conditions, "1 = 0")
	}
	w.Narrow(q.Filter)
	w.OfQueue(q.Queues, q.Queue)
	w.RevealedCounts(q.Queues, q.Revealed)
	t.Args = w.Args
	return t.from + w.String()
}

// looked is an expression for the number of items that the counts are of, 0 where those are all.
func (t *tally) looked() string {
	if t.with == "" {
		return "0"
	}
	return "(SELECT COUNT(*) FROM found)"
}

// total counts the items that a filter selects, and says whether there may be more.
func total(ctx context.Context, tx *sql.Tx, q filter.Query) (n int, atLeast bool, err error) {
	if q.WordsAlone() {
		w := &filter.Where{}
		query := `SELECT COUNT(*) FROM (` + w.Window(q, math.MaxInt64, review.MaxCounted) + `) found`
		err = tx.QueryRowContext(ctx, query, w.Args...).Scan(&n)
		return n, n >= review.MaxCounted, err
	}
	t := newTally(q)
	of := t.of(q)
	var looked int
	err = tx.QueryRowContext(ctx, t.with+`SELECT COALESCE(SUM(i.n), 0), `+t.looked()+of, t.Args...).Scan(&n, &looked)
	return n, looked >= review.MaxCounted, err
}

// The facets of a statement that counts them.
const (
	facetClass   = "class"
	facetUnsafe  = "unsafe"
	facetService = "service"
	facetSource  = "source"
	facetLooked  = "looked"
)

// Facets implements review.Store.
func (s *Store) Facets(ctx context.Context, f review.Filter) (facets review.Facets, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		q, err := filter.New(ctx, tx, s.words, s.db.Queues(), f)
		if err != nil {
			return err
		}
		if err := countFacets(ctx, tx, q, &facets); err != nil {
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

// countFacets counts all facets by one statement, so that the items of a query are found once.
func countFacets(ctx context.Context, tx *sql.Tx, q filter.Query, facets *review.Facets) error {
	t := newTally(q)
	var parts []string
	add := func(facet, value string, q filter.Query, group string) {
		parts = append(parts, `SELECT '`+facet+`', `+value+`, COALESCE(SUM(i.n), 0)`+t.of(q)+group)
	}
	byClass, byService, bySource := q, q, q
	byClass.Class, byService.Service, bySource.Source = "", "", ""
	add(facetClass, "i.class", byClass, " GROUP BY i.class")
	add(facetService, "i.service", byService, " GROUP BY i.service")
	byClass.Class = failure.Unsafe
	add(facetUnsafe, "''", byClass, "")
	for _, source := range review.Sources() {
		bySource.Source = source
		add(facetSource, `'`+string(source)+`'`, bySource, "")
	}
	parts = append(parts, `SELECT '`+facetLooked+`', '', `+t.looked())
	err := database.EachRow(ctx, tx, t.with+strings.Join(parts, " UNION ALL "), func(rows *sql.Rows) error {
		var facet string
		var c review.Count
		err := rows.Scan(&facet, &c.Value, &c.N)
		switch {
		case facet == facetUnsafe: // with safety findings beside the root cause, as the filter of that class selects them
			c.Value = string(failure.Unsafe)
			fallthrough
		case facet == facetClass && c.Value != string(failure.Unsafe) && c.Value != "": // "" is no failure
			facets.Classes = append(facets.Classes, c)
		case facet == facetService:
			facets.Services = append(facets.Services, c)
		case facet == facetSource:
			facets.Sources = append(facets.Sources, c)
		case facet == facetLooked:
			facets.AtLeast = c.N >= review.MaxCounted
		}
		return err
	}, t.Args...)
	byValue := func(a, b review.Count) int { return cmp.Compare(a.Value, b.Value) }
	slices.SortFunc(facets.Classes, byValue)
	slices.SortFunc(facets.Services, byValue)
	for _, counts := range []*[]review.Count{&facets.Classes, &facets.Services, &facets.Sources} {
		*counts = mostFrequent(*counts)
	}
	return err
}

// mostFrequent sorts the counts above 0, and keeps the greatest. Equal ones keep their order.
func mostFrequent(counts []review.Count) []review.Count {
	counts = slices.DeleteFunc(counts, func(c review.Count) bool { return c.N == 0 })
	slices.SortStableFunc(counts, func(a, b review.Count) int { return cmp.Compare(b.N, a.N) })
	return counts[:min(len(counts), maxFacet)]
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
