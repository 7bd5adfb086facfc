package overview

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/faultline-otel/faultline/internal/review"
)

// ScopeOf reads a scope from an address. It returns ErrInvalid for a range or a queue that is none.
func ScopeOf(query url.Values, queues []review.Queue) (Scope, error) {
	of := Scope{Days: Whole.Days, Queue: query.Get("queue")}
	if text := query.Get("days"); text != "" {
		days, err := strconv.Atoi(text)
		if err != nil || !slices.Contains(Ranges(), days) {
			return of, fmt.Errorf("days must be one of %v, got %.64q: %w", Ranges(), text, review.ErrInvalid)
		}
		of.Days = days
	}
	if of.Queue != "" && !slices.ContainsFunc(queues, func(q review.Queue) bool { return q.Name == of.Queue }) {
		return of, fmt.Errorf("queue must be one of the queues, got %.64q: %w", of.Queue, review.ErrInvalid)
	}
	return of, nil
}

// address is that of the page.
func (s Scope) address() string {
	query := url.Values{}
	if s.Days != Whole.Days {
		query.Set("days", strconv.Itoa(s.Days))
	}
	if s.Queue != "" {
		query.Set("queue", s.Queue)
	}
	if len(query) == 0 {
		return "/overview"
	}
	return "/overview?" + query.Encode()
}
