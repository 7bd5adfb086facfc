package propose

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// subtle are answers that no rule can tell apart: what is wrong about them is written nowhere. wrong knows it.
func subtle() (rows []dataset.Row, wrong map[string]bool) {
	rnd := rand.New(rand.NewPCG(7, 7))
	wrong = map[string]bool{}
	for i := range 120 {
		answer := fmt.Sprintf("Code %016x.", rnd.Uint64())
		row := dataset.Row{
			ID: fmt.Sprint("row-", i), Version: dataset.Version, TraceID: fmt.Sprintf("%032x", i), Decision: review.Rejected,
			Fingerprint: "00000000000000f1", Note: fmt.Sprintf("sound note %d", i),
		}
		if i%3 == 0 {
			wrong[answer] = true
			row.Decision, row.Class, row.Detail = review.Confirmed, failure.BadAnswer, failure.OffTopic
			row.Note = fmt.Sprintf("wrong note\n%d: it names another order", i)
		}
		row.Call = &genai.Call{Operation: genai.OpChat}
		row.Call.SetContent(genai.Content{
			Input:  []genai.Message{{Role: genai.RoleUser, Text: fmt.Sprintf("Which code has order %016x?", rnd.Uint64())}},
			Output: []genai.Message{{Role: genai.RoleAssistant, Text: answer}},
		})
		rows = append(rows, row)
	}
	return rows, wrong
}

// judging is a judge of the test.
type judging struct {
	fails func(k *judge.Case, r *judge.Rubric) (bool, error)
	asked atomic.Int64
}

func (j *judging) Version(*judge.Rubric) string { return "test@1" }

func (j *judging) Demand(*judge.Case, *judge.Rubric) judge.Demand { return judge.Demand{Calls: 1} }

func (j *judging) Judge(_ context.Context, k *judge.Case, r *judge.Rubric) (judge.Result, error) {
	j.asked.Add(1)
	failed, err := j.fails(k, r)
	label := docket.Pass
	if failed {
		label = docket.Fail
	}
	return judge.Result{Evaluation: spanattr.Evaluation{Label: label}}, err
}

// searched runs the search of the only signal of the rows.
func searched(t *testing.T, rows []dataset.Row, calls int, j *judging) *ProposedRubric {
	t.Helper()
	signals := ForSignals(rows, nil, options(t))
	require.Len(t, signals, 1)
	search, err := signals[0].ForRubric(RubricOptions{
		Rubrics: judge.Embedded(), MaxBytes: judge.DefaultBytes, Calls: calls, Precision: 0.9,
	})
	require.NoError(t, err)
	require.NotNil(t, search, "a rule was found")
	tasks := search.Tasks()
	require.LessOrEqual(t, len(tasks), calls)
	judged := 0
	desk := &docket.Desk{Judge: j, Concurrency: 2, Attempts: 1}
	require.NoError(t, search.Run(t.Context(), desk, func() { judged++ }))
	require.LessOrEqual(t, judged, len(tasks), "no more than was said")
	require.EqualValues(t, judged, j.asked.Load())
	return signals[0].Rubric
}

func byAnswer(wrong map[string]bool, rubric string) *judging {
	return &judging{fails: func(k *judge.Case, r *judge.Rubric) (bool, error) {
		return strings.HasPrefix(r.Name, rubric) && wrong[k.Answer], nil
	}}
}

// TestRubricIsProposed: of the rubrics of the class the one that tells failures from sound calls is proposed, with its
// worth on the held-out half.
func TestRubricIsProposed(t *testing.T) {
	rows, wrong := subtle()
	got := searched(t, rows, 1000, byAnswer(wrong, "relevance"))
	require.Empty(t, got.Refused)
	require.Equal(t, "relevance", got.Rubric.Name)
	require.Nil(t, got.Text)
	require.InDelta(t, 1, got.Worth.MCC(), 1e-9)
	require.InDelta(t, 60, got.Worth.total(), 20, "half of them, not all")
}

// TestDraftedRubric: where no other rubric helps, one is drafted from the class and from notes on the learned half
// alone, each on one line. It is a rubric like any other.
func TestDraftedRubric(t *testing.T) {
	rows, wrong := subtle()
	got := searched(t, rows, 200, byAnswer(wrong, "bad_answer_off_topic_"))
	require.Empty(t, got.Refused)
	require.Equal(t, "bad_answer_off_topic_00000000", got.Rubric.Name)
	text := got.Rubric.Instructions
	require.Contains(t, text, definition(failure.BadAnswer, failure.OffTopic))
	require.Equal(t, maxNotes, strings.Count(text, ": it names another order"))
	require.Equal(t, maxNotes, strings.Count(text, "\n- sound note "))
	dataset.Split(rows, []dataset.Part{{Name: learnPart, Share: 0.5}, {Name: heldOutPart, Share: 0.5}}, "")
	for i := range rows {
		if note := strings.Join(strings.Fields(rows[i].Note), " "); rows[i].Split == heldOutPart {
			require.NotContains(t, text+"\n", "- "+note+"\n", "it would know what it is measured on")
		}
	}
	again, err := judge.ParseRubric(got.Text)
	require.NoError(t, err)
	require.Equal(t, got.Rubric, again)
}

// TestRubricIsRefused: a rubric must hold on the held-out half, as a rule must.
func TestRubricIsRefused(t *testing.T) {
	rows, wrong := subtle()
	t.Run("flags nothing", func(t *testing.T) {
		got := searched(t, rows, 200, byAnswer(wrong, "none"))
		require.Equal(t, "no rubric tells the failures of the learned half from its sound calls", got.Refused)
	})
	t.Run("flags too much", func(t *testing.T) {
		n := atomic.Int64{}
		got := searched(t, rows, 200, &judging{fails: func(k *judge.Case, r *judge.Rubric) (bool, error) {
			return wrong[k.Answer] || n.Add(1)%3 == 0, nil
		}})
		require.Regexp(t, `^its precision on the held-out half is 0\.[0-9]+, below 0\.9$`, got.Refused)
	})
	t.Run("right on the learned half alone", func(t *testing.T) {
		learned := map[string]bool{}
		own, _ := subtle()
		dataset.Split(own, []dataset.Part{{Name: learnPart, Share: 0.5}, {Name: heldOutPart, Share: 0.5}}, "")
		for i := range own {
			learned[own[i].Call.Output()[0].Text] = own[i].Split == learnPart && wrong[own[i].Call.Output()[0].Text]
		}
		got := searched(t, rows, 1000, byAnswer(learned, "relevance"))
		require.Equal(t, "it flags nothing of the held-out half", got.Refused)
	})
	t.Run("the judge is away", func(t *testing.T) {
		got := searched(t, rows, 200, &judging{fails: func(*judge.Case, *judge.Rubric) (bool, error) {
			return false, &judge.Error{Obstacle: judge.Unavailable}
		}})
		require.Regexp(t, `^the judge gave no verdict on ([0-9]+) of ([0-9]+) calls: unavailable$`, got.Refused)
	})
	t.Run("too few calls", func(t *testing.T) {
		signals := ForSignals(rows, nil, options(t))
		_, err := signals[0].ForRubric(RubricOptions{Rubrics: judge.Embedded(), Calls: 30, Precision: 0.9})
		require.ErrorContains(t, err, "30 calls of the judge are too few to try")
	})
}

// TestRuleIsEnough: no judge is asked where a rule tells the failures.
func TestRuleIsEnough(t *testing.T) {
	rows, _ := subtle()
	for i := range rows {
		if rows[i].Decision == review.Confirmed {
			rows[i].Call.SetContent(genai.Content{
				Input:  rows[i].Call.Input(),
				Output: []genai.Message{{Role: genai.RoleAssistant, Text: "I cannot tell. " + rows[i].Call.Output()[0].Text}},
			})
		}
	}
	signals := ForSignals(rows, nil, options(t))
	require.NotEmpty(t, signals[0].Proposals)
	search, err := signals[0].ForRubric(RubricOptions{Rubrics: judge.Embedded(), Calls: 200, Precision: 0.9})
	require.NoError(t, err)
	require.Nil(t, search)
}
