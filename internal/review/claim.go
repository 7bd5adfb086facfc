package review

import (
	"cmp"
	"context"
	"time"
)

// Claimant is a person who asks for a case.
type Claimant struct {
	ID   string        // who it is to the store: a login, or a browser
	Name string        // as others see it; "" is unknown
	For  time.Duration // how long the claim holds
}

// Claim says who has an item, and until when.
type Claim struct {
	Holder string    `json:"-"` // Claimant.ID
	Name   string    `json:"reviewer,omitempty"`
	Until  time.Time `json:"until"`
}

// Persons are the names that labels of the claimant may have, see Label.Person.
func (c *Claimant) Persons() []string { return []string{cmp.Or(c.Name, c.ID), c.ID} }

// Claims give each item to as many people at a time as have yet to judge it, and each person one item. A claim ends
// when it expires, when its holder judges the item, when it is released, and when its holder claims another item.
type Claims interface {
	// Claim claims an item and returns the claim that holds afterwards: that of the claimant, or an earlier one of
	// somebody else. A claimant who has the item already keeps it for longer. The claim is empty, and nothing changes,
	// where the item is not open or the claimant judged it already; it has only a name where the item is assigned to
	// somebody else. It returns ErrNotFound for an unknown item.
	Claim(ctx context.Context, traceID string, by Claimant) (Claim, error)
	// ClaimNext claims the first open item of the filter that is free for the claimant, from the named one on in the
	// order of the queue. With "", it is the first that is assigned to the claimant, else the first of the queue. It
	// returns ErrNotFound if there is none. Without an id, the claimant only looks.
	ClaimNext(ctx context.Context, f Filter, from string, by Claimant) (traceID string, err error)
	// Release ends the claim of a holder. It changes nothing if the item is not theirs.
	Release(ctx context.Context, traceID, holder string) error
}
