package review

import "sync"

// Condition is the health of a store with its cause. It is safe for concurrent use.
type Condition struct {
	// Changed is called when the health changes, one call at a time. It may be nil.
	Changed func(health Health, cause error)

	mu     sync.Mutex // guards the fields below
	health Health     // "" is Healthy
	cause  error
}

// Health returns the health and its cause.
func (c *Condition) Health() (Health, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current(), c.cause
}

// Set changes the health.
func (c *Condition) Set(health Health, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change(health, cause)
}

// Replace is Set for a conclusion that was drawn from a health. It reports false, and changes nothing, if a transaction
// saw trouble since: the trouble must not be forgotten.
func (c *Condition) Replace(before, health Health, cause error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current() != before {
		return false
	}
	c.change(health, cause)
	return true
}

func (c *Condition) current() Health {
	if c.health == "" {
		return Healthy
	}
	return c.health
}

func (c *Condition) change(health Health, cause error) {
	changed := c.current() != health
	if c.health, c.cause = health, cause; changed && c.Changed != nil {
		c.Changed(health, cause)
	}
}
