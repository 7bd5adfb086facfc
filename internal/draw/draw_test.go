package draw

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
)

// shared is the volumes that replicas share.
type shared struct {
	review.Intake
	all []review.Volume
	err error
}

func (s *shared) AddVolumes(_ context.Context, more []review.Volume) ([]review.Volume, error) {
	if s.err != nil {
		return nil, s.err
	}
	s.all = append(s.all, more...)
	sums := map[string]review.Volume{}
	for _, v := range s.all {
		sum, ok := sums[v.Service]
		if !ok || v.Hour < sum.Hour {
			sum.Hour = v.Hour
		}
		sum.Service, sum.N = v.Service, sum.N+v.N
		sums[v.Service] = sum
	}
	var week []review.Volume
	for _, v := range sums {
		week = append(week, v)
	}
	return week, nil
}

func ids(n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64())
	}
	return ids
}

// TestTheRateFollowsTheVolume runs a week of services that have much and little traffic.
func TestTheRateFollowsTheVolume(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	store := &shared{}
	replicas := []*Sample{New(Share{Rate: 0.01, PerWeek: 50}), New(Share{Rate: 0.01, PerWeek: 50})}
	for _, s := range replicas {
		s.now = func() time.Time { return now }
	}
	drawn, weight := map[string]int{}, map[string]float64{}
	all := ids(168 * 260)
	for hour := range 168 {
		for i := range 260 {
			service := "large"
			if i < 10 {
				service = "small"
			}
			id := all[hour*260+i]
			if p, ok := replicas[i%2].Draw(id, service, 1); ok {
				drawn[service]++
				weight[service] += 1 / p
			}
		}
		for _, s := range replicas {
			require.NoError(t, s.Exchange(t.Context(), store))
		}
		now = now.Add(time.Hour)
	}
	require.InDelta(t, 1.0, weight["large"]/(168*250), 0.15, "the weights estimate what there was")
	require.InDelta(t, 1.0, weight["small"]/(168*10), 0.35)
	require.InDelta(t, 500, drawn["large"], 110, "one of a hundred, and some more on the first day")
	require.GreaterOrEqual(t, drawn["small"], 45, "at least fifty, give or take chance")
	require.LessOrEqual(t, drawn["small"], 160)
}

// TestTheProbabilityHoldsHoweverTracesWereKept: a tenth was kept of most, all of some.
func TestTheProbabilityHoldsHoweverTracesWereKept(t *testing.T) {
	s := New(Share{Rate: 0.02})
	n := map[float64]int{}
	for i, id := range ids(200_000) {
		kept := []float64{1, 0.1, 0.01}[i%3]
		p, ok := s.Draw(id, "shop", kept)
		if !ok {
			continue
		}
		n[kept]++
		require.InDelta(t, min(0.02, kept), p, 0)
		again, ok := New(Share{Rate: 0.02}).Draw(id, "shop", kept)
		require.True(t, ok, "another replica decides the same")
		require.InDelta(t, p, again, 0)
	}
	require.InDelta(t, 200_000/3*0.02, n[1], 150)
	require.InDelta(t, 200_000/3*0.2, n[0.1], 400, "of a tenth, a fifth is one in fifty")
	require.Equal(t, 200_000/3, n[0.01], "fewer were kept than are to be drawn")
}

func TestNothingIsDrawnWithoutAShare(t *testing.T) {
	s := New(Share{})
	for _, id := range ids(100) {
		_, ok := s.Draw(id, "shop", 1)
		require.False(t, ok)
	}
	s = New(Share{Rate: 1})
	for _, kept := range []float64{0, -1, 2} {
		_, ok := s.Draw(ids(1)[0], "shop", kept)
		require.False(t, ok, "no probability")
	}
	require.NoError(t, New(Share{}).Exchange(t.Context(), nil))
}

func TestVolumesOutliveAStoreThatDoesNotWork(t *testing.T) {
	s, store := New(Share{Rate: 0.5}), &shared{err: errors.New("full")}
	s.Draw(ids(1)[0], "shop", 0.5)
	require.Error(t, s.Exchange(t.Context(), store))
	store.err = nil
	require.NoError(t, s.Exchange(t.Context(), store))
	require.Len(t, store.all, 1)
	require.InDelta(t, 2, store.all[0].N, 0, "one of two")
	require.NoError(t, s.Exchange(t.Context(), store))
	require.Len(t, store.all, 1, "once")
}

func TestServicesAreBounded(t *testing.T) {
	s := New(Share{Rate: 0.5, PerWeek: 50})
	for i := range maxServices + 100 {
		s.Draw(ids(1)[0], fmt.Sprint("s", i), 1)
	}
	require.Len(t, s.since, maxServices)
	require.Len(t, s.fresh, maxServices)
}
