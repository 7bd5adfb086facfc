// Package review is the human part of the loop: failing traces wait in a queue, people judge them, and what they say
// becomes labels that datasets are made of. It knows neither SQL nor HTTP.
package review

import (
	"context"
	"errors"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Errors of a Store. Implementations wrap them, callers test with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrInvalid  = errors.New("invalid")
)

// Trace is a flagged trace as the exporter hands it over. A trace may come in several portions: spans are merged by id.
type Trace struct {
	ID          string // 32 hex digits
	Service     string // of the primary span
	Environment string
	Spans       []Span
}

// State is where an item stands.
type State string

// The states of an item.
const (
	Open     State = "open"
	Reviewed State = "reviewed"
)

// Item is a trace in the queue. Its verdict is that of its primary span, which FindCause names.
type Item struct {
	TraceID, Service, Environment string
	State                         State
	failure.Verdict
	PrimarySpanID             string
	Model                     string
	PromptName, PromptVersion string
	SessionID                 string
	CostUSD                   genai.Opt[float64]
	Start                     time.Time // of the earliest span
	Duration                  time.Duration
	Received                  time.Time // when the store first got a span of it
	Spans                     []Span    // ordered by start; only from Store.Item
	Labels                    []Label   // newest first; only from Store.Item
	Label                     *Label    // the newest, nil before the first
}

// Filter selects items. Empty fields do not restrict.
type Filter struct {
	// Class selects items by their verdict. Unsafe also selects items with a safety finding beside their root cause.
	Class   failure.Class
	Service string
	State   State
	Query   string // words, all of which occur in the item's messages, evidence, names or ids
	Limit   int    // 0 is 50, at most 500
	Cursor  string // Page.Next of the page before
}

// Page is a page of items, newest first. Total counts all that the filter selects; Next is "" on the last page.
type Page struct {
	Items []Item
	Total int
	Next  string
}

// Count is one value of a facet and how many items have it.
type Count struct {
	Value string `json:"value"`
	N     int    `json:"n"`
}

// Facets are the values that a queue can be narrowed to, most frequent first.
type Facets struct {
	Classes  []Count `json:"classes"`
	Services []Count `json:"services"`
}

// Backlog is what waits to be judged.
type Backlog struct {
	Open   int
	Oldest time.Time // when the open item that came first was received, the zero time where none is open
}

// Store keeps items and labels. It is safe for concurrent use.
type Store interface {
	// Put adds traces or merges them into those that are there, by trace and span id: putting the same span twice changes
	// nothing, and portions may come in any order. A portion without a failing span extends an item that is there and is
	// dropped where there is none: an item is a failing trace. Of two copies of a span the failing one is kept, else the
	// first. When Put returns nil, what it was given is on disk. All of the traces are kept, or none; ErrInvalid where an
	// id or a class is none.
	Put(ctx context.Context, traces []Trace) error
	// Items pages through the queue, latest arrival first. Following Next gives every item that was there at the first
	// page exactly once, whatever arrives meanwhile. ErrInvalid where the cursor is none.
	Items(ctx context.Context, f Filter) (Page, error)
	// Item is one item whole, or ErrNotFound.
	Item(ctx context.Context, traceID string) (Item, error)
	// Facets counts the items that the filter selects by class and service, each facet ignoring its own restriction.
	Facets(ctx context.Context, f Filter) (Facets, error)
	// Backlog counts the open items. It is asked often, and so is cheap.
	Backlog(ctx context.Context) (Backlog, error)
	// AddLabel records a judgement and marks the item as reviewed; id and time are given by the store. ErrNotFound where
	// there is no such item, ErrInvalid where the label is (Label.Validate) or names a span that the item does not have.
	AddLabel(ctx context.Context, l Label) (Label, error)
	// Close waits for writes to end.
	Close() error
}
