package session

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/toolrun"
)

// random returns the steps of a session that sometimes repeats itself.
func random(r *rand.Rand, n int) []Step {
	steps := make([]Step, n)
	for i := range steps {
		x := Step{Trace: 1 + r.Uint64N(3), Event: Event{
			Span: r.Uint64(), Start: 1_790_000_000_000_000_000 + int64(i/2)*1e9, Millis: r.Uint32N(900),
			Kind: Kind(r.IntN(3)), Agent: 1 + r.Uint32N(2),
		}}
		x.Event.Trace = uint32(x.Trace)
		switch x.Kind {
		case ToolCall:
			x.Tool = r.Uint32N(3)
			x.ArgsHash, x.ResultHash = x.Tool<<8+r.Uint32N(4), r.Uint32N(3)
			x.Effect = toolrun.Effect(r.IntN(int(toolrun.Waits) + 1))
			x.Failed = r.IntN(3) == 0
			x.Transient = x.Failed && r.IntN(3) == 0
			x.Empty = !x.Failed && r.IntN(2) == 0
			x.Polls = r.IntN(20) == 0
			for range 3 {
				x.Sketch.add(r.Uint32N(6))
			}
		case ModelCall:
			x.Micros, x.Tokens = r.Int64N(5000), r.Int64N(4000)
			x.ResultHash = r.Uint32N(3)
			for range r.IntN(6) {
				x.Sketch.add(r.Uint32N(12))
			}
		}
		steps[i] = x
	}
	return steps
}

func stateOf(t *testing.T, steps []Step) (State, []byte) {
	t.Helper()
	var s State
	for i := range steps {
		s.Add(&steps[i])
	}
	b, err := s.MarshalBinary()
	require.NoError(t, err)
	return s, b
}

// TestOrderMakesNoDifference checks the promise of the package: the same spans give the same state and the same flags,
// however they are shuffled, repeated and interrupted.
func TestOrderMakesNoDifference(t *testing.T) {
	sessions := 10_000
	if testing.Short() {
		sessions = 500
	}
	r := rand.New(rand.NewPCG(1, 1))
	flagged := map[Flags]int{}
	for range sessions {
		steps := random(r, 1+r.IntN(80))
		want, wantBytes := stateOf(t, steps)
		for f := Repeat; f <= Runaway; f <<= 1 {
			if want.Flags()&f != 0 {
				flagged[f]++
			}
		}

		shuffled := append([]Step{}, steps...)
		for range r.IntN(60) {
			shuffled = append(shuffled, steps[r.IntN(len(steps))])
		}
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		half := r.IntN(len(shuffled))
		_, b := stateOf(t, shuffled[:half])
		var again State
		require.NoError(t, again.UnmarshalBinary(b)) // a restart
		for i := range shuffled[half:] {
			again.Add(&shuffled[half+i])
		}
		got, err := again.MarshalBinary()
		require.NoError(t, err)
		if !bytes.Equal(wantBytes, got) {
			require.Equal(t, want, again)
		}
		require.Equal(t, want.Flags(), again.Flags())
	}
	t.Logf("%d sessions, with flags %v", sessions, flagged)
	require.Len(t, flagged, 3, "the sessions show every loop but the runaway")
}

// TestShowsFindsEveryFlag checks that shows, which looks only at the flags that a step can trigger, finds over all
// steps the same flags as Flags.
func TestShowsFindsEveryFlag(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		steps := random(r, 1+r.IntN(90))
		r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		var s State
		var all, shown Flags
		for i := range steps {
			s.Add(&steps[i])
			all |= s.Flags()
			shown |= s.shows(&steps[i])
			require.Equal(t, all, shown)
		}
	}
}

func TestARunawaySessionIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	steps := random(r, 3*maxSpans)
	s, b := stateOf(t, steps)
	require.True(t, s.Full())
	require.NotZero(t, s.Flags()&Runaway)
	require.Less(t, len(b), 80<<10)
	var again State
	require.NoError(t, again.UnmarshalBinary(b))
	require.False(t, again.Add(&Step{Event: Event{Span: 1}}))
}

func TestInvalidCheckpointsAreRejected(t *testing.T) {
	_, good := stateOf(t, random(rand.New(rand.NewPCG(3, 3)), 40))
	for i := range good {
		var s State
		require.ErrorIs(t, s.UnmarshalBinary(good[:i]), errCheckpoint)
	}
	var s State
	require.ErrorIs(t, s.UnmarshalBinary(append([]byte{99}, good[1:]...)), errCheckpoint)
	require.ErrorIs(t, s.UnmarshalBinary(append(append([]byte{}, good...), 0)), errCheckpoint)
}

// TestMemory measures a session of 300 spans, a third of each kind.
func TestMemory(t *testing.T) {
	steps := random(rand.New(rand.NewPCG(4, 4)), 300)
	for i := range steps {
		if steps[i].Kind == ToolCall {
			steps[i].ArgsHash, steps[i].ResultHash = uint32(1+i%60), uint32(i%60)
		}
	}
	const sessions = 2000
	states := make([]State, sessions)
	before := heap()
	for k := range states {
		for i := range steps {
			states[k].Add(&steps[i])
		}
	}
	each := float64(heap()-before) / sessions
	t.Logf("%.1f kB a session of %d spans", each/1e3, len(steps))
	require.Less(t, each, 10e3)
	require.NotZero(t, states[0].ToolCalls)
}

func BenchmarkAdd(b *testing.B) {
	steps := random(rand.New(rand.NewPCG(5, 5)), 60)
	var s State
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(steps) == 0 {
			s = State{}
		}
		s.Add(&steps[i%len(steps)])
		_ = s.shows(&steps[i%len(steps)])
	}
}
