package calibrate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
)

var usual = score.Levels{FailBelow: 0.5, SuspectBelow: 0.8}

// points are n labels each: scores that people confirm, then scores that they reject.
func points(n int, confirmed, rejected []float64) (all []Point) {
	for i := range n {
		for _, v := range confirmed {
			all = append(all, Point{TraceID: fmt.Sprint("c", i, v), Score: v, Failed: true, Probability: 1})
		}
		for _, v := range rejected {
			all = append(all, Point{TraceID: fmt.Sprint("r", i, v), Score: v, Probability: 1})
		}
	}
	return all
}

func TestPropose(t *testing.T) {
	for name, c := range map[string]struct {
		points []Point
		levels score.Levels
		want   Verdict
		level  score.Levels
	}{
		"29 labels": {points(1, make([]float64, 20), make([]float64, 9)), usual, Few, usual},
		"labels of what it passed do not count": {
			append(points(1, make([]float64, 20), make([]float64, 9)), points(100, nil, []float64{0.95})...), usual, Few, usual,
		},
		"a clear border": {
			points(30, []float64{0.1, 0.2}, []float64{0.4}), usual, Change, score.Levels{FailBelow: 0.3, SuspectBelow: 0.8},
		},
		"what is no longer flagged is a suspicion": {
			points(30, []float64{0.1, 0.2}, []float64{0.4}),
			score.Levels{FailBelow: 0.5, SuspectBelow: 0.5},
			Change,
			score.Levels{FailBelow: 0.3, SuspectBelow: 0.5},
		},
		"precise already":   {points(30, []float64{0.1, 0.2}, nil), usual, Keep, usual},
		"nothing confirmed": {points(30, nil, []float64{0.1, 0.2}), usual, Pointless, usual},
		"no level tells them apart": {
			points(30, []float64{0.1, 0.2}, []float64{0.1, 0.2}), usual, NoLevel, usual,
		},
		"too few below the border": {points(10, []float64{0.1}, []float64{0.4, 0.45}), usual, NoLevel, usual},
		"failures above the level": {
			points(30, []float64{0.1, 0.6}, []float64{0.9}), usual, Change, score.Levels{FailBelow: 0.75, SuspectBelow: 0.8},
		},
		"and above the suspicions": {
			points(30, []float64{0.1, 0.85}, []float64{0.95}), usual, Change, score.Levels{FailBelow: 0.9, SuspectBelow: 0.9},
		},
		"scores that are none":    {points(30, []float64{-3, 7}, nil), usual, Keep, usual},
		"all scores are the best": {points(30, []float64{1}, nil), usual, NoLevel, usual},
	} {
		t.Run(name, func(t *testing.T) {
			p := Propose(c.points, c.levels, 0.9)
			require.Equal(t, c.want, p.Verdict)
			require.Equal(t, c.level, p.New)
		})
	}
}

func TestAProposalSaysWhatChanges(t *testing.T) {
	all := points(40, []float64{0.1}, []float64{0.45})
	all = append(all, points(6, []float64{0.48}, nil)...)
	p := Propose(all, usual, 0.9)
	require.Equal(t, Change, p.Verdict)
	require.Equal(t, 86, p.Labels)
	require.Equal(t, [3]int{46, 40, 0}, [3]int{p.Before.Right, p.Before.Wrong, p.Before.Missed})
	require.Equal(t, [3]int{40, 0, 6}, [3]int{p.After.Right, p.After.Wrong, p.After.Missed})
	require.Equal(t, [2]int{6, 40}, [2]int{p.Dropped.Right, p.Dropped.Wrong})
	require.Len(t, p.Dropped.Missed, maxMissed)
	require.Zero(t, p.Added.Right)
	require.InDelta(t, 40.0/46, p.After.Recall.Value, 1e-12)

	p = Propose(points(30, []float64{0.1, 0.6}, []float64{0.9}), usual, 0.9)
	require.Equal(t, [2]int{30, 0}, [2]int{p.Added.Right, p.Added.Wrong})

	p = Propose(points(10, []float64{0.1}, []float64{0.4, 0.45}), usual, 0.9)
	require.Equal(t, 10, p.BestFlagged)
	require.InDelta(t, 0.787, p.BestBound, 1e-3, "10 of 10")
}

// TestRareSamplesCountForMany: a rejected item that stands for 100 outweighs those that were flagged.
func TestRareSamplesCountForMany(t *testing.T) {
	all := points(40, []float64{0.1, 0.6}, nil)
	all = append(all, Point{Score: 0.55, Probability: 0.01})
	p := Propose(all, usual, 0.9)
	require.Equal(t, Keep, p.Verdict)
	all[len(all)-1].Probability = 1
	require.Equal(t, Change, Propose(all, usual, 0.9).Verdict)
}

// TestHeldBackLabels: a scorer flags as much noise as failures, of which a few look like noise. 400 labels find a level
// that is precise on all others of the service, and finds nearly all failures.
func TestHeldBackLabels(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	logistic := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	draw := func(n int) (all []Point) {
		for len(all) < n {
			p := Point{Failed: r.Float64() < 0.5, Probability: 1}
			if p.Score = logistic(-1.2 * r.Float64()); p.Failed {
				p.Score = logistic(-2.6 + 0.9*r.NormFloat64())
			}
			if p.Score < usual.FailBelow {
				all = append(all, p)
			}
		}
		return all
	}
	held := draw(40_000)
	const replicates = 200
	precise, enough, lowest, lost := 0, 0, 1.0, 0.0
	for range replicates {
		p := Propose(draw(400), usual, 0.9)
		require.Equal(t, Change, p.Verdict)
		before, after := outcomeOf(held, usual.FailBelow), outcomeOf(held, p.New.FailBelow)
		require.Less(t, before.Precision.Value, 0.55)
		if after.Precision.Value >= 0.9 {
			precise++
		}
		if before.Recall.Value-after.Recall.Value <= 0.1 {
			enough++
		}
		lowest = min(lowest, after.Precision.Value)
		lost = max(lost, before.Recall.Value-after.Recall.Value)
	}
	t.Logf("precise %d, with little loss %d of %d; lowest precision %.3f, greatest loss %.3f",
		precise, enough, replicates, lowest, lost)
	require.GreaterOrEqual(t, precise, replicates*95/100)
	require.GreaterOrEqual(t, enough, replicates*95/100)
}

func TestCollection(t *testing.T) {
	j := review.Judgement{
		TraceID: "a", Service: "shop", Class: failure.Refusal, Source: review.SourceVerdict, Probability: 1,
		Opinions: []review.Opinion{
			{By: review.ByScorer, Name: "refusal", Value: genai.Some(0.2), Failed: true},
			{By: review.ByScorer, Name: "toxicity", Value: genai.Some(0.9)},
			{By: review.ByScorer, Name: "json_schema", Value: genai.Some(0.0), Failed: true},
			{By: review.ByJudge, Name: "refusal", Value: genai.Some(0.0), Failed: true},
		},
		Labels: []review.Label{{Decision: review.Confirmed}},
	}
	c := NewCollection(false)
	c.Add(&j)
	rejected := j
	rejected.Labels = []review.Label{{Decision: review.Rejected}}
	c.Add(&rejected)
	asked := j
	asked.Source = ""
	c.Add(&asked)
	require.Equal(t, []Subject{{"refusal", "shop"}, {"toxicity", "shop"}}, c.Subjects())
	require.Equal(t, []Point{
		{TraceID: "a", Score: 0.2, Failed: true, Probability: 1}, {TraceID: "a", Score: 0.2, Probability: 1},
	}, c.Points(Subject{"refusal", "shop"}))
	require.Equal(t, []Point{{TraceID: "a", Score: 0.9, Probability: 1}}, c.Points(Subject{"toxicity", "shop"}),
		"not a failure says it of every scorer; a refusal says nothing of toxicity")

	pooled := NewCollection(true)
	pooled.Add(&j)
	require.Equal(t, []Subject{{"refusal", ""}}, pooled.Subjects())
}
