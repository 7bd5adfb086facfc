// Package review is the human part of the loop. Failing traces wait in a queue, people label them, and datasets are
// made of the labels. It knows neither SQL nor HTTP.
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
	// ErrConflict is a label that does not know of the newest one.
	ErrConflict = errors.New("conflict")
	// ErrElsewhere is that another system did not answer as it should.
	ErrElsewhere = errors.New("another system failed")
)

// Trace is a trace, or a portion of one, from the exporter. The store merges portions by span id.
type Trace struct {
	ID          string // 32 hex digits
	Service     string // of the primary span
	Environment string
	Spans       []Span
	Reasons     []Reason // why it is to be an item, besides the verdict
}

// State is the state of an item.
type State string

// The states of an item.
const (
	Open     State = "open"
	Reviewed State = "reviewed"
)

// Item is a trace in the queue. Its verdict is that of its primary span, which FindCause names. An item without a
// verdict is no failure so far: its primary span is the one to look at first, "" while no span is known.
type Item struct {
	TraceID, Service, Environment string
	State                         State
	failure.Verdict
	PrimarySpanID             string
	Model                     string
	PromptName, PromptVersion string
	ServiceVersion            string // service.version of the service that failed
	SessionID                 string
	CostUSD                   genai.Opt[float64]
	Start                     time.Time // of the earliest span
	Duration                  time.Duration
	Received                  time.Time    // when the store first got a span of it
	Spans                     []Span       // ordered by start; only from Store.Item
	Labels                    []Label      // newest first; only from Store.Item
	Label                     *Label       // the newest that counts, nil without one
	Queue                     string       // its name, see Queue
	Reviewers                 int          // how many people have to judge the item
	Judged                    int          // how many did
	Assignee                  string       // whom it is offered to alone, "" for all
	Claim                     *Claim       // the first of those below, nil if nobody has the item
	Claims                    []Claim      // where several people judge it, several have it at once
	Reasons                   []Reason     // why it is here, the strongest first
	Evaluations               []Evaluation // latest first; only from Store.Item
	Hidden                    bool         // what was found is hidden from who judges, see Item.Hide
}

// Filter selects items. Empty fields do not restrict.
type Filter struct {
	// Class selects items by their verdict. Unsafe also selects items with a safety finding beside their root cause.
	Class   failure.Class
	Service string
	State   State
	Source  Source // one of its reasons
	Queue   string // a name
	Query   string // words that all occur in the item's messages, evidence, names or ids
	// Revealed leaves out the open items of blind queues. It belongs to what would tell, of an item, what was found or
	// what others said of it.
	Revealed bool
	Limit    int    // 0 is 50, at most 500
	Cursor   string // Page.Next of the previous page
	Attributes
}

// MaxCounted bounds the items with the words of a query or with attributes that are counted, the newest first: a word
// may stand in all.
const MaxCounted = 2000

// Page is a page of items. Total counts all items that the filter selects, of those with the words of a query or with
// attributes the newest MaxCounted: with AtLeast there are more to look through. Next is "" on the last page.
type Page struct {
	Items   []Item
	Total   int
	AtLeast bool
	Next    string
}

// Count is one value of a facet with the number of its items.
type Count struct {
	Value string `json:"value"`
	N     int    `json:"n"`
}

// Facets are the values that can narrow the queue, most frequent first.
type Facets struct {
	Classes  []Count `json:"classes"`
	Services []Count `json:"services"`
	Sources  []Count `json:"sources"` // an item counts for each of its reasons
	// AtLeast says that only the newest MaxCounted items were counted.
	AtLeast bool `json:"at_least,omitempty"`
	Known
}

// Backlog is the open part of the queue.
type Backlog struct {
	Open   int
	Oldest time.Time // arrival of the oldest open item; the zero time without one
}

// Store keeps items and labels. It is safe for concurrent use.
type Store interface {
	// Put adds traces, or merges them into stored ones by trace and span id. Putting the same span twice changes
	// nothing, and portions may come in any order. A portion without a failing span and without a reason extends a
	// stored item; without one it is kept as a turn of its session where that has an item, and else dropped. Of two
	// copies of a span the store keeps the failing one, else the first. When Put returns nil, the traces are on disk.
	// Put keeps all of the traces or none. It returns ErrInvalid for an invalid id or class.
	Put(ctx context.Context, traces []Trace) error
	// Known returns which of the traces have an item. It is called for every kept trace, and so must be cheap.
	Known(ctx context.Context, traceIDs []string) (map[string]bool, error)
	// Items pages through the items, latest arrival first. With a state and without words, items come by their place in
	// the queue first, which is the same unless a queue has an order or items were put at its end. Following Next gives
	// each item that was in the queue at the first page exactly once, whatever arrives meanwhile. A page of a query may be
	// short, even empty, and have a next one. It returns ErrInvalid for an invalid cursor.
	Items(ctx context.Context, f Filter) (Page, error)
	// Item returns one item with its spans and labels, or ErrNotFound.
	Item(ctx context.Context, traceID string) (Item, error)
	// Facets counts the items that the filter selects by class, by service and by source. Each facet ignores its own
	// restriction. Items without a verdict have no class.
	Facets(ctx context.Context, f Filter) (Facets, error)
	// Backlog counts the open items. It is called often, and so must be cheap.
	Backlog(ctx context.Context) (Backlog, error)
	// AddLabel adds a label. An item is reviewed once as many people judged it as its queue asks for, and open again
	// when a label takes one back or reopens it. The store sets id and time of the label. It returns ErrNotFound for an
	// unknown item, ErrInvalid for an invalid label (see Label.Validate and Queue.Answered) or a span that the item does
	// not have, and ErrConflict for one whose Replaces is not the newest label: while several people judge an item, the
	// newest of the same person.
	AddLabel(ctx context.Context, l Label) (Label, error)
	// LastLabel returns the newest label of a person (see Label.Person) that counts and was given to one item alone, or
	// ErrNotFound.
	LastLabel(ctx context.Context, person string) (Label, error)
	// Health says whether the store works. It is called often, and so must be cheap. While the store does not work, the
	// other methods return an UnavailableError.
	Health() Health
	Claims
	Queues
	Sessions
	Signals
	Kin
	Judgements
	Retention
	Intake
	Outbox
	Erasure
	Audit
	// Close waits for running writes.
	Close() error
}
