package drift

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzSeriesCheckpoint(f *testing.F) {
	var empty, young, old Series
	young.Add(day0, 3, 1.25)
	healthy(&old, random(), day0, 3, 7, 0.8)
	for _, s := range []*Series{&empty, &young, &old} {
		f.Add(bytesOf(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := Series{first: 7}
		if err := s.UnmarshalBinary(b); err != nil {
			require.ErrorIs(t, err, ErrCheckpoint)
			require.Equal(t, Series{first: 7}, s, "unreadable data changes nothing")
			return
		}
		var again Series
		require.NoError(t, again.UnmarshalBinary(bytesOf(t, &s)))
		require.Equal(t, s, again)
		for k := range int64(30) {
			s.Add(s.bin+k, 5, 2)
			slow, fast := s.Drift()
			require.True(t, slow >= 0 && slow < 2 && fast >= 0 && fast < 2)
			if drop, ok := s.DetectableDrop(); ok {
				require.True(t, drop >= 0 && drop <= 1, drop)
			}
		}
	})
}

func FuzzCostCheckpoint(f *testing.F) {
	var empty, c Cost
	for h := range int64(400) {
		c.Add(1000+h, float64(h%24))
	}
	for _, c := range []*Cost{&empty, &c} {
		b, err := c.MarshalBinary()
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, again Cost
		if err := c.UnmarshalBinary(b); err != nil {
			require.ErrorIs(t, err, ErrCheckpoint)
			require.Equal(t, Cost{}, c)
			return
		}
		written, err := c.MarshalBinary()
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalBinary(written))
		require.Equal(t, c, again)
		for k := range int64(30) {
			c.Add(c.hour+k, 5)
			for _, ratio := range []func() (float64, bool){c.Day, c.Burst} {
				v, _ := ratio()
				require.True(t, v >= 0 && !math.IsInf(v, 0), v)
			}
		}
	})
}

// TestInvalidCheckpointsAreRefused tries checkpoints that are cut anywhere, of another kind or version, with trailing
// bytes, or with impossible numbers.
func TestInvalidCheckpointsAreRefused(t *testing.T) {
	var s, read Series
	healthy(&s, random(), day0, 2, 3, 0.7)
	good := bytesOf(t, &s)
	require.NoError(t, read.UnmarshalBinary(good))
	for i := range good {
		require.ErrorIs(t, read.UnmarshalBinary(good[:i]), ErrCheckpoint, i)
	}
	require.ErrorIs(t, read.UnmarshalBinary(append(append([]byte{}, good...), 0)), ErrCheckpoint)
	require.ErrorIs(t, read.UnmarshalBinary(append([]byte{costVersion}, good[1:]...)), ErrCheckpoint)
	for name, spoil := range map[string]func(*Series){
		"a bin of the future":      func(s *Series) { s.bin = maxBin },
		"a series before its time": func(s *Series) { s.first = hour(s.bin) + 1 },
		"NaN":                      func(s *Series) { s.open.n = math.NaN() },
		"a negative number":        func(s *Series) { s.slow = -1 },
		"infinity":                 func(s *Series) { s.recent[3] = math.Inf(1) },
		"above the ceiling":        func(s *Series) { s.fast = Fast.Ceiling() * 1.01 },
		"a mean above one":         func(s *Series) { s.at(hour(s.bin) - 9).sum = 1e6 },
	} {
		wrong := s
		spoil(&wrong)
		require.ErrorIs(t, read.UnmarshalBinary(bytesOf(t, &wrong)), ErrCheckpoint, name)
	}
	require.Equal(t, s, read, "unreadable data changes nothing")

	kept := Series{Parent: &s}
	require.NoError(t, kept.UnmarshalBinary(good))
	require.Same(t, &s, kept.Parent)
}
