package review

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReasonsInWords(t *testing.T) {
	for want, r := range map[string]Reason{
		"a scorer found a failure; every such trace comes here":                                           {SourceVerdict, 1},
		"a scorer has a suspicion, which is no failure; about 1 in 4 comes here":                          {SourceSuspicion, 0.25},
		"drawn at random from what looks fine, to measure what scorers miss; about 1 in 100 comes here":   {SourceRandom, 0.01},
		"drawn at random from what looks fine, to measure what scorers miss; every such trace comes here": {SourceRandom, 1},
		"somebody gave it a bad rating; every such trace comes here":                                      {SourceFeedback, 1},
		"a person sent it": {Source: SourceSent},
	} {
		require.Equal(t, want, r.String())
		require.NoError(t, r.Validate())
	}
	for _, r := range []Reason{{}, {SourceRandom, -1}, {SourceRandom, 1.5}, {SourceRandom, math.NaN()}} {
		require.ErrorIs(t, r.Validate(), ErrInvalid)
	}
}

func TestStrata(t *testing.T) {
	all := []Reason{{SourceVerdict, 1}, {SourceFeedback, 1}, {SourceSent, 0}, {SourceSuspicion, 0.25}, {SourceRandom, 0.01}}
	require.Equal(t, SourceVerdict, Strongest(all).Source)
	require.Equal(t, Reason{}, Strongest(nil))
	for want, reasons := range map[Source][]Reason{SourceVerdict: all, SourceSuspicion: all[1:], SourceRandom: {all[2], all[4]}} {
		got, ok := Stratum(reasons)
		require.True(t, ok)
		require.Equal(t, want, got.Source)
	}
	_, ok := Stratum(all[1:3])
	require.False(t, ok, "people chose it")
}
