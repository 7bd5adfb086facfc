// Package budget decides which sessions may continue. It sets limits on the usage of a session, opens a breaker when a
// session reaches a limit, and answers clients that ask. Package session counts the usage.
package budget

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/faultline-otel/faultline/internal/session"
)

// Limits bound the usage of a session. 0 means no limit.
type Limits struct {
	USD              float64 `mapstructure:"usd"`
	USDPerTenMinutes float64 `mapstructure:"usd_per_10m"`
	// Tokens limits tokens of all kinds. It also works for models without a known price.
	Tokens     int64 `mapstructure:"tokens"`
	ModelCalls int64 `mapstructure:"model_calls"`
	ToolCalls  int64 `mapstructure:"tool_calls"`
	// Runaway stops a session that llm_session reports as a runaway.
	Runaway bool `mapstructure:"runaway"`
}

// Validate reports every invalid limit.
func (l *Limits) Validate() error {
	var errs []error
	for _, x := range []struct {
		key   Limit
		value float64
	}{
		{LimitUSD, l.USD},
		{LimitRate, l.USDPerTenMinutes},
		{LimitTokens, float64(l.Tokens)},
		{LimitModelCalls, float64(l.ModelCalls)},
		{LimitToolCalls, float64(l.ToolCalls)},
	} {
		if !(x.value >= 0 && x.value < 1e15) { // also rejects NaN
			errs = append(errs, fmt.Errorf("%s must not be negative, got %v", x.key, x.value))
		}
	}
	return errors.Join(errs...)
}

// BreakerState says whether a session may continue.
type BreakerState string

// The states. A warned session may continue.
const (
	Closed BreakerState = "closed"
	Warned BreakerState = "warned"
	Open   BreakerState = "open"
)

// warnAt is the share of a limit at which a session is warned. quiet is the share of the rate limit below which an open
// session must stay for rateWindow before it may continue.
const (
	warnAt     = 0.8
	quiet      = 0.5
	rateWindow = 10 * time.Minute
)

// Limit names one of the Limits, as their keys do.
type Limit string

// The limits.
const (
	LimitUSD        Limit = "usd"
	LimitRate       Limit = "usd_per_10m"
	LimitTokens     Limit = "tokens"
	LimitModelCalls Limit = "model_calls"
	LimitToolCalls  Limit = "tool_calls"
	LimitRunaway    Limit = "runaway" // also for sessions with more spans than are counted
)

// Decision is the state of a session and its usage so far.
type Decision struct {
	Session    session.ID   `json:"session"`
	Service    string       `json:"service,omitempty"`
	State      BreakerState `json:"state"`
	Limit      Limit        `json:"limit,omitempty"` // the limit that caused the warning or the stop
	Reason     string       `json:"reason,omitempty"`
	SpentUSD   float64      `json:"spent_usd"`
	Tokens     int64        `json:"tokens"`
	ModelCalls int64        `json:"model_calls"`
	ToolCalls  int64        `json:"tool_calls"`
	Since      time.Time    `json:"since"`
	// Retry is the time after which asking again is useful, or 0 if only a person can change the state.
	Retry time.Duration `json:"-"`
}

// join merges the later of two totals of a session into u. Of two concurrent batches, either may report its total
// first.
func join(u *session.Usage, v session.Usage) {
	u.Session, u.Service = v.Session, v.Service
	u.USD, u.Tokens = max(u.USD, v.USD), max(u.Tokens, v.Tokens)
	u.ModelCalls, u.ToolCalls = max(u.ModelCalls, v.ModelCalls), max(u.ToolCalls, v.ToolCalls)
	u.Full = u.Full || v.Full
}

// Breaker decides which sessions may continue. A total never falls, so a session that reached one stays open until a
// person resets it. A session that spent too fast may continue after a quiet period. Breaker is safe for concurrent
// use.
type Breaker struct {
	limits  func(service string) Limits
	now     func() time.Time
	changed func(Decision) // called after each change of a state, without a lock

	mu       sync.Mutex
	sessions *simplelru.LRU[session.ID, *budget]
}

// budget is the state of one session.
type budget struct {
	use, base session.Usage // base is the usage at the last reset
	state     BreakerState
	limit     Limit
	reason    string
	since     time.Time
	retry     time.Duration
	rate      []spent   // in the last rateWindow, if there is a rate limit
	calm      time.Time // start of the quiet period while the rate keeps the session open
	fast      bool      // the rate keeps the session open
}

// spent is the cost in one minute.
type spent struct {
	minute int64
	usd    float64
}

// NewBreaker returns a breaker that keeps at most the given number of sessions.
func NewBreaker(
	sessions int, limits func(service string) Limits, now func() time.Time, changed func(Decision),
) (*Breaker, error) {
	lru, err := simplelru.NewLRU[session.ID, *budget](sessions, nil)
	return &Breaker{limits: limits, now: now, changed: changed, sessions: lru}, err
}

// Record adds usage and returns the limit that the session has just tripped, or "".
func (b *Breaker) Record(use session.Usage) Limit {
	b.mu.Lock()
	s, ok := b.sessions.Get(use.Session)
	if !ok {
		s = &budget{state: Closed, since: b.now()}
		b.sessions.Add(use.Session, s)
	}
	join(&s.use, use)
	limits := b.limits(use.Service)
	if limits.USDPerTenMinutes > 0 && use.AddedUSD > 0 {
		minute := b.now().Unix() / 60
		if n := len(s.rate); n > 0 && s.rate[n-1].minute >= minute {
			s.rate[n-1].usd += use.AddedUSD
		} else {
			s.rate = append(s.rate, spent{minute, use.AddedUSD})
		}
	}
	d, changed := b.decide(s, limits)
	b.mu.Unlock()
	if changed && b.changed != nil {
		b.changed(d)
	}
	if changed && d.State == Open {
		return d.Limit
	}
	return ""
}

// Get returns the decision on a session. An unknown session may continue.
func (b *Breaker) Get(id session.ID) Decision {
	b.mu.Lock()
	s, ok := b.sessions.Get(id)
	if !ok {
		b.mu.Unlock()
		return Decision{Session: id, State: Closed}
	}
	d, changed := b.decide(s, b.limits(s.use.Service))
	b.mu.Unlock()
	if changed && b.changed != nil {
		b.changed(d)
	}
	return d
}

// Reset lets a session use its limits again. It reports whether the session is known.
func (b *Breaker) Reset(id session.ID) (Decision, bool) {
	b.mu.Lock()
	s, ok := b.sessions.Get(id)
	if !ok {
		b.mu.Unlock()
		return Decision{Session: id, State: Closed}, false
	}
	s.base, s.rate, s.fast, s.calm = s.use, nil, false, time.Time{}
	d, changed := b.decide(s, b.limits(s.use.Service))
	b.mu.Unlock()
	if changed && b.changed != nil {
		b.changed(d)
	}
	return d, true
}

// Stopped lists the sessions that may not continue, ordered by name.
func (b *Breaker) Stopped() []Decision {
	b.mu.Lock()
	var list []Decision
	for _, id := range b.sessions.Keys() {
		if s, _ := b.sessions.Peek(id); s.state == Open {
			list = append(list, s.decision())
		}
	}
	b.mu.Unlock()
	slices.SortFunc(list, func(a, b Decision) int { return cmp.Compare(a.Session, b.Session) })
	return list
}

// decide updates the state of a session from its usage.
func (b *Breaker) decide(s *budget, limits Limits) (d Decision, changed bool) {
	now := b.now()
	state, limit, reason := Closed, Limit(""), ""
	worse := func(to BreakerState, name Limit, why string) {
		if state != Open && (to == Open || state == Closed) {
			state, limit, reason = to, name, why
		}
	}
	for _, x := range []struct {
		name        Limit
		used, limit float64
		unit        string
	}{
		{LimitUSD, s.use.USD - s.base.USD, limits.USD, "USD"},
		{LimitTokens, float64(s.use.Tokens - s.base.Tokens), float64(limits.Tokens), "tokens"},
		{LimitModelCalls, float64(s.use.ModelCalls - s.base.ModelCalls), float64(limits.ModelCalls), "model calls"},
		{LimitToolCalls, float64(s.use.ToolCalls - s.base.ToolCalls), float64(limits.ToolCalls), "tool calls"},
	} {
		if x.limit <= 0 || x.used < warnAt*x.limit {
			continue
		}
		why := "used " + number(x.used) + " of " + number(x.limit) + " " + x.unit
		if x.used >= x.limit {
			worse(Open, x.name, why)
		} else {
			worse(Warned, x.name, why)
		}
	}
	switch {
	case s.use.Full:
		worse(Open, LimitRunaway, "has more spans than are counted")
	case limits.Runaway && session.IsRunaway(s.use.ModelCalls-s.base.ModelCalls, s.use.ToolCalls-s.base.ToolCalls):
		worse(Open, LimitRunaway, "is a runaway: "+strconv.FormatInt(s.use.ModelCalls, 10)+" model calls, "+
			strconv.FormatInt(s.use.ToolCalls, 10)+" tool calls")
	}
	s.retry = 0
	if rate := limits.USDPerTenMinutes; rate > 0 {
		recent := s.recent(now)
		switch {
		case recent >= rate:
			s.fast, s.calm = true, time.Time{}
		case s.fast && recent >= quiet*rate:
			s.calm = time.Time{}
		case s.fast && s.calm.IsZero():
			s.calm = now
		case s.fast && now.Before(s.calm): // the clock was set back
			s.calm = now
		case s.fast && now.Sub(s.calm) >= rateWindow:
			s.fast = false
		}
		why := "spent " + number(recent) + " USD in 10 minutes, of " + number(rate)
		if s.fast {
			if state != Open {
				s.retry = rateWindow
			}
			worse(Open, LimitRate, why)
		} else if recent >= warnAt*rate {
			worse(Warned, LimitRate, why)
		}
	}
	if changed = state != s.state; changed {
		s.since = now
	}
	s.state, s.limit, s.reason = state, limit, reason
	return s.decision(), changed
}

// recent returns the cost in the last rateWindow and drops older entries. If the clock was set back, costs from the
// future count as of now, so that a session does not wait for a wrong clock.
func (s *budget) recent(now time.Time) float64 {
	minute := now.Unix() / 60
	for i := range s.rate {
		s.rate[i].minute = min(s.rate[i].minute, minute)
	}
	first := now.Add(-rateWindow).Unix()/60 + 1
	for len(s.rate) > 0 && s.rate[0].minute < first {
		s.rate = s.rate[1:]
	}
	sum := 0.0
	for _, x := range s.rate {
		sum += x.usd
	}
	return sum
}

func (s *budget) decision() Decision {
	return Decision{
		Session: s.use.Session, Service: s.use.Service, State: s.state, Limit: s.limit, Reason: s.reason, SpentUSD: s.use.USD,
		Tokens: s.use.Tokens, ModelCalls: s.use.ModelCalls, ToolCalls: s.use.ToolCalls, Since: s.since.UTC(), Retry: s.retry,
	}
}

func number(v float64) string { return strconv.FormatFloat(float64(int64(v*100+0.5))/100, 'f', -1, 64) }
