package judge

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/checkpoint"
)

// Spend is the purse of a day, in UTC. A reserved amount counts as spent until it is settled. It is on disk before the
// call is made: after a crash, calls that were on their way are paid. It is safe for concurrent use.
type Spend struct {
	mu     sync.Mutex
	limit  float64 // 0 is no limit
	store  checkpoint.Store
	now    func() time.Time
	failed func(error)

	day             string
	spent, reserved float64
	orphaned        float64 // the part of spent that an earlier process had reserved
}

const (
	spendKey  = "spend"
	dayFormat = time.DateOnly
)

type savedSpend struct {
	Day      string  `json:"day"`
	USD      float64 `json:"usd"` // settled
	Reserved float64 `json:"reserved,omitempty"`
}

// NewSpend returns the purse of the day. store may be nil. failed is called with errors of the store.
func NewSpend(limit float64, store checkpoint.Store, now func() time.Time, failed func(error)) *Spend {
	s := &Spend{limit: limit, store: store, now: now, failed: failed, day: now().UTC().Format(dayFormat)}
	if store == nil {
		return s
	}
	text, err := store.Get(spendKey)
	var saved savedSpend
	if err == nil && text != nil {
		err = json.Unmarshal(text, &saved)
	}
	if err != nil {
		failed(err)
	} else if saved.Day == s.day {
		s.spent, s.orphaned = saved.USD+saved.Reserved, saved.Reserved
	}
	return s
}

// Reserve takes an amount. It returns false if the day has less left.
func (s *Spend) Reserve(usd float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	if s.limit > 0 && s.spent+s.reserved+usd > s.limit {
		return false
	}
	s.reserved += usd
	s.save()
	return true
}

// Settle replaces a reserved amount by what was spent.
func (s *Spend) Settle(reserved, spent float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	if s.reserved = max(s.reserved-reserved, 0); s.reserved < 1e-9 {
		s.reserved = 0 // differences of sums are not exact
	}
	s.spent += spent
	s.save()
}

// Resume reserves an amount that an earlier process had reserved, so that it can be settled. What that process had
// settled before it ended stays spent.
func (s *Spend) Resume(usd float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	again := min(usd, s.orphaned)
	s.orphaned, s.spent = s.orphaned-again, s.spent-again
	s.reserved += usd
	s.save()
}

// Busy reports whether calls that are on their way may give back what they reserved.
func (s *Spend) Busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reserved > 0
}

// Spent returns what the day has cost, with what is reserved.
func (s *Spend) Spent() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	return s.spent + s.reserved
}

// turn begins a new day. What is reserved stays so.
func (s *Spend) turn() {
	if day := s.now().UTC().Format(dayFormat); day != s.day {
		s.day, s.spent, s.orphaned = day, 0, 0
	}
}

func (s *Spend) save() {
	if s.store == nil || s.limit == 0 {
		return
	}
	text, err := json.Marshal(savedSpend{s.day, s.spent, s.reserved})
	if err == nil {
		err = s.store.Write(map[string][]byte{spendKey: text}, nil)
	}
	if err != nil {
		s.failed(err)
	}
}
