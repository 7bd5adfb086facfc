package review

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

func TestTruthIsWhatMostPeopleSay(t *testing.T) {
	yes, no := Confirmed, Rejected
	label := func(id int64, who string, d Decision) Label { return Label{ID: id, Reviewer: who, Decision: d} }
	for name, c := range map[string]struct {
		labels []Label
		want   int64 // id, 0 for none
		votes  int
	}{
		"nobody":                     {nil, 0, 0},
		"one":                        {[]Label{label(1, "a", no)}, 1, 1},
		"who changes their mind":     {[]Label{label(1, "a", no), label(2, "a", yes)}, 2, 1},
		"two of three":               {[]Label{label(1, "a", yes), label(2, "b", yes), label(3, "c", no)}, 2, 3},
		"a split: the newest":        {[]Label{label(1, "a", yes), label(2, "b", no)}, 2, 2},
		"a newer vote of the same":   {[]Label{label(1, "a", yes), label(2, "b", no), label(3, "a", no)}, 3, 2},
		"who does not decide":        {[]Label{label(1, "a", yes), label(2, "b", "unsure")}, 1, 1},
		"who no longer decides":      {[]Label{label(1, "a", yes), label(2, "a", "unsure")}, 0, 0},
		"people without a name: one": {[]Label{label(1, "", yes), label(2, "", no)}, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			j := Judgement{Labels: c.labels}
			require.Len(t, j.Votes(), c.votes)
			l, ok := j.Truth()
			require.Equal(t, c.want != 0, ok)
			require.Equal(t, c.want, l.ID)
		})
	}
}

func TestWhatALabelSaysOfAScorer(t *testing.T) {
	toxicity := Kind{Class: failure.Unsafe, Details: []string{failure.Toxicity}}
	refusal := Kind{Class: failure.Refusal}
	const unknown = "unknown"
	for name, c := range map[string]struct {
		class  failure.Class
		detail string
		label  Label
		kind   Kind
		want   string
	}{
		"not a failure":                      {failure.Unsafe, failure.Toxicity, Label{Decision: Rejected}, refusal, "fine"},
		"confirmed as it was found":          {failure.Unsafe, failure.Toxicity, Label{Decision: Confirmed}, toxicity, "failed"},
		"confirmed in words":                 {failure.Refusal, "", Label{Decision: Confirmed, Class: failure.Unsafe}, toxicity, "failed"},
		"another detail of the class":        {failure.Unsafe, failure.Toxicity, Label{Decision: Confirmed, Class: failure.Unsafe, Detail: failure.Jailbreak}, toxicity, "fine"},
		"corrected to another class":         {failure.Refusal, failure.ModelRefusal, Label{Decision: Confirmed, Class: failure.BadAnswer}, refusal, "fine"},
		"about something else":               {failure.Timeout, "", Label{Decision: Confirmed}, toxicity, unknown},
		"about something else, corrected":    {failure.Timeout, "", Label{Decision: Confirmed, Class: failure.RateLimit}, toxicity, unknown},
		"any kind is what a judge looks for": {failure.Timeout, "", Label{Decision: Confirmed}, Kind{}, "failed"},
		"a failure that nothing found":       {"", "", Label{Decision: Confirmed, Class: failure.Refusal}, refusal, "failed"},
		"one that nothing found, of another": {"", "", Label{Decision: Confirmed, Class: failure.Refusal}, toxicity, unknown},
		"undecided":                          {failure.Refusal, "", Label{Decision: "unsure"}, refusal, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			j := Judgement{Class: c.class, Detail: c.detail, Labels: []Label{c.label}}
			got := unknown
			if failed, known := j.Says(c.kind); known && failed {
				got = "failed"
			} else if known {
				got = "fine"
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestTheWorstOpinionCounts(t *testing.T) {
	low, high := genai.Some(0.2), genai.Some(0.8)
	a := Opinion{Name: "a", Value: high, Suspected: true}
	require.Equal(t, Opinion{Name: "a", Value: low, Failed: true}, a.Worse(Opinion{Name: "a", Value: low, Failed: true}))
	require.Equal(t, a, a.Worse(Opinion{Name: "a"}))
	require.Equal(t, low, Opinion{}.Worse(Opinion{Value: low}).Value)

	j := Judgement{Opinions: []Opinion{{By: ByScorer, Name: "a", Failed: true}}}
	require.Empty(t, j.Judged())
	j.Opinions = append(j.Opinions, Opinion{By: ByJudge, Name: "b"})
	require.Equal(t, JudgePassed, j.Judged())
	j.Opinions = append(j.Opinions, Opinion{By: ByJudge, Name: "c", Failed: true})
	require.Equal(t, JudgeFailed, j.Judged())
	_, ok := j.Opinion(ByScorer, "b")
	require.False(t, ok)
}
