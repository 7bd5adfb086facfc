package sqlstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
)

// TestAttributesOfOldItems: what only old items have, or very few, is found whole and in order, by whichever way.
func TestAttributesOfOldItems(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		oldAttributes(t, open(t, filepath.Join(t.TempDir(), "review.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		oldAttributes(t, onPostgres(t, postgrestest.Start(t).DSN(t)))
	})
}

func oldAttributes(t *testing.T, s review.Store) {
	t.Helper()
	const old, recent = review.MaxCounted + 100, 600
	versionOf := func(n int) string {
		switch {
		case n%1000 == 1:
			return "rare"
		case n < old:
			return "old"
		}
		return "recent"
	}
	scores := map[string]float64{"rare": 0.1, "old": 0.3, "recent": 0.6}
	all := map[string][]string{}    // trace ids by version, newest first
	below := map[float64][]string{} // by the bound of the score
	var refusals []string
	for n := 0; n < old+recent; n += 300 {
		var traces []review.Trace
		for i := n; i < min(n+300, old+recent); i++ {
			tr := common(i)
			tr.Spans[0].Call.PromptVersion = versionOf(i)
			tr.Spans[0].Scores = map[string]float64{"groundedness": scores[versionOf(i)], "refusal": 0.05}
			for _, bound := range []float64{0.2, 0.4, 0.7} {
				if scores[versionOf(i)] < bound {
					below[bound] = append([]string{tr.ID}, below[bound]...)
				}
			}
			traces = append(traces, tr)
			all[versionOf(i)] = append([]string{tr.ID}, all[versionOf(i)]...)
			if versionOf(i) == "old" && tr.Spans[0].Class == failure.Refusal {
				refusals = append([]string{tr.ID}, refusals...)
			}
		}
		require.NoError(t, s.Put(t.Context(), traces))
	}
	walk := func(f review.Filter) (ids []string, first review.Page) {
		f.Limit = 200
		for pages := 0; ; pages++ {
			require.Less(t, pages, 40, "it ends")
			page, err := s.Items(t.Context(), f)
			require.NoError(t, err)
			if pages == 0 {
				first = page
			}
			for i := range page.Items {
				ids = append(ids, page.Items[i].TraceID)
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				return ids, first
			}
		}
	}
	for _, state := range []review.State{review.Open, ""} {
		for version, want := range all {
			f := review.Filter{State: state, Attributes: review.Attributes{PromptVersion: version}}
			got, first := walk(f)
			require.Equal(t, want, got, "%q %s", state, version)
			require.Equal(t, min(len(want), review.MaxCounted), first.Total, version)
			require.Equal(t, version == "old", first.AtLeast, version)
			facets, err := s.Facets(t.Context(), f)
			require.NoError(t, err)
			require.Equal(t, version == "old", facets.AtLeast, version)
		}
		for bound, want := range below {
			f := review.Filter{State: state}
			f.Score.Name, f.Score.Below = "groundedness", bound
			got, first := walk(f)
			require.Equal(t, want, got, "below %v %s", bound, state)
			require.Equal(t, min(len(want), review.MaxCounted), first.Total, bound)
			require.Equal(t, len(want) >= review.MaxCounted, first.AtLeast, bound)
			f.PromptVersion = "rare"
			got, _ = walk(f)
			require.Equal(t, all["rare"], got, "below %v and rare", bound)
		}
		f := review.Filter{State: state, Class: failure.Refusal}
		f.PromptVersion = "old"
		got, _ := walk(f)
		require.Equal(t, refusals, got)
		f.Model = "another"
		got, first := walk(f)
		require.Empty(t, got)
		require.Zero(t, first.Total)
		require.False(t, first.AtLeast)
	}
	f := review.Filter{State: review.Open}
	f.PromptVersion = "rare"
	require.NoError(t, s.Requeue(t.Context(), all["rare"][0], review.Claimant{ID: "ada"}))
	got, _ := walk(f)
	require.Equal(t, append(all["rare"][1:], all["rare"][0]), got, "a few come in the order of their queue")
	id, err := s.ClaimNext(t.Context(), f, "", review.Claimant{ID: "ada", For: time.Hour})
	require.NoError(t, err)
	require.Equal(t, all["rare"][1], id)
}
