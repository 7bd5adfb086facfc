package clients

// wants returns what is right for a cell, if the client records everything.
func (c *Cell) wants() fields {
	s := c.Scenario
	class, calls := s.Want.Class, s.Want.Calls
	if c.Variant.Agent && s.Want.AgentCalls > 0 {
		calls = s.Want.AgentCalls
		if s.Want.AgentClass != "" {
			class = s.Want.AgentClass
		}
	}
	u, n := s.Want.Usage, int64(calls)
	used := tokens{
		n * int64(u.Input-u.CacheRead-u.CacheWrite), n * int64(u.CacheRead), n * int64(u.CacheWrite),
		n * int64(u.Output-u.Reasoning), n * int64(u.Reasoning),
	}
	m := c.model()
	cost := 0.0
	for i, price := range []float64{m.Input, m.CacheRead, m.CacheWrite, m.Output, m.Output} {
		cost += float64(used[i]) * price / 1e6
	}
	want := Result{Class: class, Tokens: used.String(), Cost: cost, Session: "named", Calls: calls}
	return want.fields()
}
