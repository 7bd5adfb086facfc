package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLevels(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	defaults := Levels{FailBelow: 0.3, SuspectBelow: 0.6}
	for name, c := range map[string]struct {
		config LevelConfig
		want   Levels
		suffix string
		wrong  string
	}{
		"defaults":               {want: defaults},
		"written defaults":       {config: LevelConfig{n(0.3), n(0.6)}, want: defaults},
		"stricter":               {config: LevelConfig{FailBelow: n(0.1)}, want: Levels{0.1, 0.6}, suffix: "-0.1"},
		"fail above suspicion":   {config: LevelConfig{FailBelow: n(0.9)}, want: Levels{0.9, 0.9}, suffix: "-0.9"},
		"suspicion":              {config: LevelConfig{SuspectBelow: n(0.8)}, want: Levels{0.3, 0.8}, suffix: "+0.8"},
		"no suspicion":           {config: LevelConfig{SuspectBelow: n(0.3)}, want: Levels{0.3, 0.3}, suffix: "+0.3"},
		"both":                   {config: LevelConfig{n(0.2), n(0.2)}, want: Levels{0.2, 0.2}, suffix: "-0.2+0.2"},
		"swapped":                {config: LevelConfig{n(0.5), n(0.4)}, wrong: "suspect_below must not be below fail_below (0.5), got 0.4"},
		"below the default fail": {config: LevelConfig{SuspectBelow: n(0.2)}, wrong: "suspect_below must not be below fail_below (0.3), got 0.2"},
		"not a number":           {config: LevelConfig{FailBelow: n(math.NaN())}, wrong: "fail_below must be between 0 and 1, got NaN"},
		"above 1":                {config: LevelConfig{SuspectBelow: n(1.1)}, wrong: "suspect_below must be between 0 and 1, got 1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, suffix, err := c.config.Apply(defaults)
			if c.wrong != "" {
				require.EqualError(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.suffix, suffix)
		})
	}
}

// TestJudge: a score is a failure, a suspicion or neither. The levels themselves pass.
func TestJudge(t *testing.T) {
	s := fake{name: "s"}
	for value, want := range map[float64]Score{
		0.29: {Failed: true}, 0.3: {Suspected: true}, 0.59: {Suspected: true}, 0.6: {}, 1: {},
	} {
		var r Result
		require.Equal(t, want.Failed, r.Judge(s, value, Levels{0.3, 0.6}))
		want.Scorer, want.Version, want.Value = "s", s.Version(), value
		require.Equal(t, []Score{want}, r.Scores)
	}
}
