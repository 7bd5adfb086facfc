package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// Bounds of what a signal is described by: its newest items, and those that are shown.
const (
	maxSample   = 1000
	maxExemplar = 6
)

// sampled is what tells the items of a signal apart.
type sampled struct {
	id                               int64
	model, version, service, release string
}

// sample are items of a signal, newest first.
type sample []sampled

// blindOf counts the open items of a signal that are to be judged blind.
func blindOf(ctx context.Context, tx *sql.Tx, g *review.Signal, queues []review.Queue) (n int, err error) {
	names := filter.BlindQueues(queues)
	if len(names) == 0 || g.Open == 0 {
		return 0, nil
	}
	w := &filter.Where{}
	of := ofSignal(w, g)
	places := make([]string, len(names))
	for i, name := range names {
		places[i] = w.Arg(name)
	}
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM items WHERE state = 'open' AND `+of+` AND queue IN (`+
		strings.Join(places, ", ")+`) LIMIT `+strconv.Itoa(review.MaxBlind)+`) blind`, w.Args...).Scan(&n)
	return n, err
}

// sampleOf reads the newest items of a signal once: they lie anywhere in the table.
func sampleOf(ctx context.Context, tx *sql.Tx, g *review.Signal) (newest sample, err error) {
	w := &filter.Where{}
	err = database.EachRow(ctx, tx, `SELECT id, model, prompt_version, service, service_version FROM items WHERE `+ofSignal(w, g)+`
		ORDER BY id DESC LIMIT `+strconv.Itoa(maxSample), func(rows *sql.Rows) error {
		var i sampled
		err := rows.Scan(&i.id, &i.model, &i.version, &i.service, &i.release)
		newest = append(newest, i)
		return err
	}, w.Args...)
	return newest, err
}

// countBy counts the items by a value, the most frequent first.
func (s sample) countBy(value func(*sampled) string) (counts []review.Count) {
	at := map[string]int{}
	for i := range s {
		v := value(&s[i])
		if _, seen := at[v]; !seen {
			at[v] = len(counts)
			counts = append(counts, review.Count{Value: v})
		}
		counts[at[v]].N++
	}
	slices.SortFunc(counts, func(a, b review.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value))
	})
	return counts[:min(len(counts), maxFacet)]
}

// exemplars are the newest item of each model and prompt version, and the first that is left.
func (s *Store) exemplars(
	ctx context.Context, tx *sql.Tx, g *review.Signal, newest sample,
) (items []review.Item, err error) {
	w := &filter.Where{}
	chosen := []string{`(SELECT MIN(id) FROM items WHERE ` + ofSignal(w, g) + `)`}
	seen := map[[2]string]bool{}
	for i := range newest {
		kind := [2]string{newest[i].model, newest[i].version}
		if !seen[kind] && len(chosen) < maxExemplar {
			seen[kind] = true
			chosen = append(chosen, w.Arg(newest[i].id))
		}
	}
	items, _, _, err = s.list(ctx, tx, itemColumns+` WHERE i.id IN (`+strings.Join(chosen, ", ")+`)
		ORDER BY i.id DESC`, w.Args, maxExemplar)
	return items, err
}
