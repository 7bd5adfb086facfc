package budget

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/session"
)

// clock is a clock that the test sets.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func breaker(t *testing.T, limits Limits) (*Breaker, *clock, *[]Decision) {
	t.Helper()
	require.NoError(t, limits.Validate())
	c := &clock{time.Unix(1_790_000_000, 0)}
	var changes []Decision
	b, err := NewBreaker(100, func(string) Limits { return limits }, c.Now,
		func(d Decision) { changes = append(changes, d) })
	require.NoError(t, err)
	return b, c, &changes
}

func TestATotalWarnsThenStops(t *testing.T) {
	b, c, changes := breaker(t, Limits{USD: 5, ModelCalls: 100})
	use := session.Usage{Session: "s", Service: "bot"}
	for range 24 {
		c.now = c.now.Add(time.Second)
		use.USD, use.AddedUSD, use.ModelCalls = use.USD+0.25, 0.25, use.ModelCalls+1
		b.Record(use)
	}
	require.Len(t, *changes, 2)
	require.Equal(t, Warned, (*changes)[0].State)
	require.Equal(t, "used 4 of 5 USD", (*changes)[0].Reason)
	require.Equal(t, Open, (*changes)[1].State)
	require.Equal(t, "used 5 of 5 USD", (*changes)[1].Reason)
	c.now = c.now.Add(1000 * time.Hour)
	require.Equal(t, Open, b.Get("s").State, "a total never closes by itself")
	require.Len(t, b.Stopped(), 1)

	d, known := b.Reset("s")
	require.True(t, known)
	require.Equal(t, Closed, d.State)
	require.InDelta(t, 6, d.SpentUSD, 1e-9, "what was spent stays known")
	require.Empty(t, b.Stopped())
	use.ModelCalls += 100
	b.Record(use)
	require.Equal(t, "used 100 of 100 model calls", b.Get("s").Reason)
	_, known = b.Reset("unknown")
	require.False(t, known)
	require.Equal(t, Closed, b.Get("unknown").State)
}

func TestRateClosesAfterAQuietPeriod(t *testing.T) {
	b, c, changes := breaker(t, Limits{USDPerTenMinutes: 1})
	use := session.Usage{Session: "s"}
	spend := func(usd float64) {
		use.USD, use.AddedUSD = use.USD+usd, usd
		b.Record(use)
	}
	spend(0.5)
	require.Equal(t, Closed, b.Get("s").State)
	spend(0.5)
	d := b.Get("s")
	require.Equal(t, Open, d.State)
	require.Equal(t, rateWindow, d.Retry)
	require.Equal(t, "spent 1 USD in 10 minutes, of 1", d.Reason)
	// Spending continues. Above half of the rate the breaker stays open.
	for range 6 {
		c.now = c.now.Add(5 * time.Minute)
		spend(0.3)
		require.Equal(t, Open, b.Get("s").State)
	}
	c.now = c.now.Add(11 * time.Minute) // the quiet period starts
	require.Equal(t, Open, b.Get("s").State)
	c.now = c.now.Add(9 * time.Minute)
	require.Equal(t, Open, b.Get("s").State)
	c.now = c.now.Add(time.Minute) // ten quiet minutes
	require.Equal(t, Closed, b.Get("s").State)
	require.Equal(t, []BreakerState{Open, Closed}, []BreakerState{(*changes)[0].State, (*changes)[1].State})
	c.now = c.now.Add(-time.Hour) // a clock that was set back does not stop the session forever
	spend(0.1)
	require.Equal(t, Closed, b.Get("s").State)
}

// TestRecordReturnsALimitOnce checks that Record returns a limit with the usage that trips it, and again only after the
// breaker closed.
func TestRecordReturnsALimitOnce(t *testing.T) {
	full := Limits{USD: 5, USDPerTenMinutes: 3, Tokens: 100, ModelCalls: 10, ToolCalls: 10, Runaway: true}
	for limit, c := range map[Limit]struct {
		limits Limits
		use    session.Usage
	}{
		LimitUSD:        {full, session.Usage{USD: 5}},
		LimitRate:       {full, session.Usage{USD: 4, AddedUSD: 3}},
		LimitTokens:     {full, session.Usage{Tokens: 100}},
		LimitModelCalls: {full, session.Usage{ModelCalls: 10}},
		LimitToolCalls:  {full, session.Usage{ToolCalls: 10}},
		LimitRunaway:    {Limits{Runaway: true}, session.Usage{ToolCalls: 101}},
	} {
		b, _, changes := breaker(t, c.limits)
		c.use.Session = "s"
		require.Equal(t, limit, b.Record(c.use))
		require.Equal(t, limit, (*changes)[0].Limit)
		require.Empty(t, b.Record(c.use), "%s: it is open already", limit)
		use := c.use
		use.USD, use.Tokens, use.ModelCalls, use.ToolCalls = use.USD+5, use.Tokens+100, use.ModelCalls+10, use.ToolCalls+10
		require.Empty(t, b.Record(use), "%s: nor does another limit open it again", limit)
		_, known := b.Reset("s")
		require.True(t, known)
		use.USD += 5
		use.ToolCalls += 101
		require.NotEmpty(t, b.Record(use), "%s: it was closed in between", limit)
	}
	b, _, _ := breaker(t, Limits{})
	require.Equal(t, LimitRunaway, b.Record(session.Usage{Session: "s", Full: true}))
	b, _, changes := breaker(t, full)
	require.Empty(t, b.Record(session.Usage{Session: "s", USD: 4.5}), "a warning does not stop the session")
	require.Equal(t, LimitUSD, (*changes)[0].Limit)
}

func TestLateTotalChangesNothing(t *testing.T) {
	b, _, _ := breaker(t, Limits{USD: 5})
	b.Record(session.Usage{Session: "s", USD: 6, ModelCalls: 2}) // of two concurrent batches, the later one reports first
	b.Record(session.Usage{Session: "s", USD: 4, ModelCalls: 1})
	require.Equal(t, Open, b.Get("s").State)
	require.EqualValues(t, 2, b.Get("s").ModelCalls)
}

func TestFullSessionIsStopped(t *testing.T) {
	b, _, _ := breaker(t, Limits{USD: 5})
	b.Record(session.Usage{Session: "s", USD: 1, ModelCalls: 60})
	require.Equal(t, Closed, b.Get("s").State, "a runaway is stopped only if that is configured")
	b.Record(session.Usage{Session: "s", USD: 1, Full: true})
	require.Equal(t, "has more spans than are counted", b.Get("s").Reason)

	b, _, _ = breaker(t, Limits{Runaway: true})
	b.Record(session.Usage{Session: "s", ModelCalls: 51})
	require.Equal(t, "is a runaway: 51 model calls, 0 tool calls", b.Get("s").Reason)
}

func TestClockJumpDoesNotStopASession(t *testing.T) {
	b, c, _ := breaker(t, Limits{USDPerTenMinutes: 1})
	right := c.now
	c.now = right.Add(1000 * time.Hour)
	b.Record(session.Usage{Session: "s", USD: 2, AddedUSD: 2})
	require.Equal(t, Open, b.Get("s").State)
	c.now = right // the clock is right again
	require.Equal(t, Open, b.Get("s").State)
	for range 25 {
		c.now = c.now.Add(time.Minute)
		b.Get("s")
	}
	require.Equal(t, Closed, b.Get("s").State)
}

func TestLimitsOfAService(t *testing.T) {
	b, err := NewBreaker(10, func(service string) Limits {
		if service == "research" {
			return Limits{}
		}
		return Limits{ToolCalls: 3}
	}, time.Now, nil)
	require.NoError(t, err)
	for _, service := range []string{"research", "bot"} {
		b.Record(session.Usage{Session: session.ID(service), Service: service, ToolCalls: 4})
	}
	require.Equal(t, Closed, b.Get("research").State)
	require.Equal(t, Open, b.Get("bot").State)
	for _, l := range []Limits{{USD: -1}, {Tokens: -1}} {
		require.Error(t, l.Validate())
	}
}

// TestElevenDaysOfPingPong replays two agents that asked each other for clarification for eleven days and spent 47,000
// dollars.
func TestElevenDaysOfPingPong(t *testing.T) {
	const days, bill = 11, 47_000.0
	b, c, changes := breaker(t, Limits{USD: 5, USDPerTenMinutes: 100})
	use := session.Usage{Session: "s"}
	const step = 5 * time.Second // per turn
	turns := int(days * 24 * time.Hour / step)
	each := bill / float64(turns)
	began := c.now
	for range turns {
		c.now = c.now.Add(step)
		use.USD, use.AddedUSD, use.ModelCalls = use.USD+each, each, use.ModelCalls+1
		b.Record(use)
		if b.Get("s").State == Open {
			break // the agents check the state before each turn
		}
	}
	t.Logf("stopped after %v at %.2f USD and %d turns, instead of %d days and %.0f USD",
		c.now.Sub(began), use.USD, use.ModelCalls, days, bill)
	require.InDelta(t, 5, use.USD, each+1e-9)
	require.Len(t, *changes, 2)
}
