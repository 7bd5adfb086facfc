package sqlstore_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// TestSpansOfEarlierVersionsHaveOpinions: those are in the data alone, which does not name the scorer of the verdict.
func TestSpansOfEarlierVersionsHaveOpinions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	s := open(t, path)
	span := review.Span{
		ID: "00000000000000a1", Name: "chat", Scores: map[string]float64{"refusal": 0.1, "toxicity": 0.45, "relevance": 0.9},
		Suspects: []string{"toxicity"},
	}
	span.Class, span.Classes = failure.Refusal, []failure.Class{failure.Refusal}
	id := "000000000000000000000000000000a1"
	require.NoError(t, s.Put(t.Context(), []review.Trace{{ID: id, Service: "shop", Spans: []review.Span{span}}}))
	_, err := s.AddLabel(t.Context(), review.Label{TraceID: id, Decision: review.Confirmed})
	require.NoError(t, err)

	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `UPDATE spans SET opinions = ''`)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	page, err := s.Judgements(t.Context(), review.JudgementFilter{})
	require.NoError(t, err)
	require.Len(t, page.Judgements, 1)
	require.Equal(t, []review.Opinion{
		{By: review.ByScorer, Name: "refusal", Value: genai.Some(0.1), Failed: true},
		{By: review.ByScorer, Name: "relevance", Value: genai.Some(0.9)},
		{By: review.ByScorer, Name: "toxicity", Value: genai.Some(0.45), Suspected: true},
	}, page.Judgements[0].Opinions)
}
