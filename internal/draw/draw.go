// Package draw draws a random share of the traffic that looks fine, to measure what scorers miss. It knows the
// probability of each draw.
package draw

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/faultline-otel/faultline/internal/review"
)

// Share is what is drawn.
type Share struct {
	Rate    float64 // of all traffic that looks fine
	PerWeek int     // of each service, at least
}

// Sample draws. It is safe for concurrent use.
type Sample struct {
	share Share
	now   func() time.Time

	mu    sync.Mutex // guards the fields below
	week  map[string]review.Volume
	fresh map[volume]float64 // not added to the store yet
	since map[string]float64 // fresh, by service
}

type volume struct {
	service string
	hour    int64
}

// maxServices bounds the services whose volume is followed. Others have the rate alone.
const maxServices = 2000

const weekHours = 7 * 24

// New returns a sample.
func New(share Share) *Sample {
	return &Sample{
		share: share, now: time.Now, week: map[string]review.Volume{}, fresh: map[volume]float64{},
		since: map[string]float64{},
	}
}

// Draw decides on a trace that looks fine and that sampling kept with a probability. It returns the probability with
// which such a trace is drawn of all traffic, 0 where it was not drawn. A trace gets the same answer everywhere as long
// as the rate of its service is the same.
//
// The hash shares no bits with the sampling before: of what was kept with probability k, p/k is drawn. So p holds
// however the trace was sampled, and is k where k is less.
func (s *Sample) Draw(traceID, service string, kept float64) (probability float64, drawn bool) {
	if !(kept > 0 && kept <= 1) || s.share == (Share{}) {
		return 0, false
	}
	p := min(s.rate(service, 1/kept), kept)
	if !below(traceID, p/kept) {
		return 0, false
	}
	return p, true
}

// below reports whether the hash of a trace is in the lowest share of all.
func below(traceID string, share float64) bool {
	return float64(xxhash.Sum64String("calibration "+traceID)>>11)/(1<<53) < share
}

// rate counts traffic of a service, and returns the share to draw of it.
func (s *Sample) rate(service string, n float64) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	hour := s.now().Unix() / 3600
	week, known := s.week[service]
	if _, counted := s.since[service]; !known && !counted && len(s.week)+len(s.since) >= maxServices {
		return s.share.Rate
	}
	s.fresh[volume{service, hour}] += n
	s.since[service] += n
	if !known {
		week.Hour = hour
	}
	// What a service of less than a week will have had in a week. The first day says too little of the others.
	age := max(float64(hour-week.Hour+1), 24)
	expected := (week.N + s.since[service]) * max(weekHours/age, 1)
	// Powers of two: replicas that have not told each other everything yet agree nearly always.
	expected = math.Exp2(math.Floor(math.Log2(max(expected, 1))))
	return min(max(s.share.Rate, float64(s.share.PerWeek)/expected), 1)
}

// Exchange adds the volumes to those that replicas share, and takes over the sums.
func (s *Sample) Exchange(ctx context.Context, store review.Intake) error {
	if s.share == (Share{}) {
		return nil
	}
	s.mu.Lock()
	taken := s.fresh
	s.fresh = map[volume]float64{}
	s.mu.Unlock()
	more := make([]review.Volume, 0, len(taken))
	for of, n := range taken {
		more = append(more, review.Volume{Service: of.service, Hour: of.hour, N: n})
	}
	sums, err := store.AddVolumes(ctx, more)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		for of, n := range taken {
			s.fresh[of] += n
		}
		return err
	}
	s.week = make(map[string]review.Volume, len(sums))
	for _, v := range sums {
		if len(s.week) < maxServices {
			s.week[v.Service] = v
		}
	}
	s.since = map[string]float64{}
	for of, n := range s.fresh {
		s.since[of.service] += n
	}
	return nil
}
