package meter

import (
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/drift"
)

// spend tracks the cost of a service.
type spend struct {
	cost    drift.Cost
	pending float64 // US dollars since the last collection
}

// costWindows is the number of cost ratio series of a service.
const costWindows = 2

// spent adds to the cost of the service.
func (s *service) spent(usd float64) {
	if s == s.meter.overflowService || s.meter.settings.MaxDrift == 0 {
		return
	}
	if s.spend == nil {
		s.spend = &spend{}
		if saved, ok := s.meter.savedCost(s.key); ok {
			s.spend.cost = saved
		}
	}
	s.spend.pending += usd
}

// collectSpend emits the cost of the service relative to its usual cost, once that is known.
func (s *service) collectSpend(now time.Time, emit func(Point)) {
	if s.spend == nil {
		return
	}
	c := &s.spend.cost
	c.Add(now.Unix()/3600, s.spend.pending)
	s.spend.pending = 0
	if ratio, ok := c.Day(); ok {
		emit(
			Point{
				Metric:     catalog.CostBaseline,
				Attributes: with(s.base, Pair{catalog.CostWindow, drift.Day.Name}),
				Sum:        ratio,
			},
		)
	}
	if excess, ok := c.Burst(); ok {
		emit(
			Point{
				Metric:     catalog.CostBaseline,
				Attributes: with(s.base, Pair{catalog.CostWindow, drift.Burst.Name}),
				Sum:        excess,
			},
		)
	}
}
