package review

import (
	"context"
	"math"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// SignalState is the state of a signal.
type SignalState string

// The states of a signal.
const (
	SignalNew        SignalState = "new"        // first seen less than a week ago
	SignalOngoing    SignalState = "ongoing"    // none of the others
	SignalEscalating SignalState = "escalating" // far more than usual at this hour
	SignalResolved   SignalState = "resolved"   // by a person, or quiet for two weeks
	SignalRegressed  SignalState = "regressed"  // seen again after a person resolved it
	SignalIgnored    SignalState = "ignored"    // by a person
)

// SignalStates lists the states in the order of the list: what needs somebody first.
func SignalStates() []SignalState {
	return []SignalState{
		SignalRegressed, SignalEscalating, SignalNew, SignalOngoing, SignalResolved, SignalIgnored,
	}
}

// Times of the states.
const (
	NewFor         = 7 * 24 * time.Hour
	QuietAfter     = 14 * 24 * time.Hour
	EscalatesFor   = 72 * time.Hour      // at most
	DeploysWithin  = 7 * 24 * time.Hour  // a merged change, at most
	ForgottenAfter = 90 * 24 * time.Hour // quiet, with no item left, and resolved by nobody
)

// MaxBlind bounds Signal.Blind.
const MaxBlind = 10_000

// Signal is the items of one fingerprint, and of those that were merged into it.
type Signal struct {
	ID        string        `json:"id"` // the fingerprint
	Class     failure.Class `json:"error_class"`
	Detail    string        `json:"error_detail,omitempty"`
	Name      string        `json:"title,omitempty"` // that a person gave it
	Title     string        `json:"evidence"`        // of the first item
	Service   string        `json:"service"`         // of the first item
	State     SignalState   `json:"state"`
	Changed   time.Time     `json:"changed"` // when it came into the state
	First     time.Time     `json:"first_seen"`
	Last      time.Time     `json:"last_seen"`
	Total     int           `json:"total"`  // ever seen
	Stored    int           `json:"stored"` // still in the store
	Open      int           `json:"open"`   // to be judged
	Version   string        `json:"resolved_in,omitempty"`
	ChangedBy string        `json:"changed_by,omitempty"`
	// DeploysUntil is until when the change that resolved it may wait for its deployment, see SignalChange.
	DeploysUntil time.Time `json:"deploys_until,omitzero"`
	Assignee     string    `json:"assignee,omitempty"` // the person responsible
	HourlyCount  []int     `json:"hourly_count"`       // of the last 24 hours, in Store.Signal 48, oldest first

	// Blind are those of Open that are to be judged blind, so that no judgement of many takes them; at most MaxBlind are
	// counted. Only from Store.Signal.
	Blind int `json:"blind,omitempty"`
	// Only from Store.Signal.
	Extent *Extent `json:"extent,omitempty"`
	// Only from Store.Signal, of its newest items.
	Versions  []Count `json:"prompt_versions,omitempty"`
	Releases  []Count `json:"service_versions,omitempty"`
	Models    []Count `json:"models,omitempty"`
	Services  []Count `json:"services,omitempty"`
	Exemplars []Item  `json:"-"`
	// Merged are the fingerprints that were merged into this one.
	Merged []Merged `json:"merged,omitempty"`
	// Guards are what was made of its failures, the oldest first.
	Guards []Guard `json:"guards,omitempty"`
}

// Extent is how far a signal reaches. What counts items counts the newest Items of them.
type Extent struct {
	Items     int                `json:"items"`
	Users     int                `json:"users"`
	CostUSD   genai.Opt[float64] `json:"cost_usd,omitzero"`
	Confirmed int                `json:"confirmed"`
	Rejected  int                `json:"rejected"`
	// Hour is what an hour has at this time of the day, as far as that is known.
	Hour genai.Opt[Usual] `json:"hour,omitzero"`
	// Since is what it began with, where the first item of the signal is still in the store.
	Since []Since `json:"since,omitempty"`
}

// Usual is what is usual.
type Usual struct {
	Mean float64 `json:"mean"`
	// Most is what an hour can have until that is unusual.
	Most float64 `json:"most"`
}

// Since is a value that a signal began with: its service had items with other values before, and the signal has none of
// those values.
type Since struct {
	Key    string    `json:"key"` // prompt_version or model
	Value  string    `json:"value"`
	Seen   time.Time `json:"seen"`   // first, in any item
	Before int       `json:"before"` // items of the service with an earlier value, of the 1,000 before the signal
}

// The keys of Since.
const (
	SincePrompt = "prompt_version"
	SinceModel  = "model"
)

// Merged is a signal that counts as part of another one.
type Merged struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// SignalFilter selects signals. No state selects all but the resolved and the ignored ones.
type SignalFilter struct {
	State SignalState
	Class failure.Class
	// Query are words that all occur in its name, first evidence, class, detail, service or id.
	Query    string
	Assignee string
	// Unguarded are signals with a confirmed failure of which nothing was made: no row of a dataset and no rule. Those
	// that a person ignores and those that no application can mend (failure.Operational) are left out.
	Unguarded bool
	Limit     int // 0 is 50, at most 500
	Cursor    string
}

// SignalPage is a page of signals by state, then latest first. UpTo names the newest item of the store.
type SignalPage struct {
	Signals []Signal
	Total   int
	Next    string
	UpTo    string
}

// SignalChange is what a person says about a signal: resolved, in a prompt version or not, ignored, or ongoing.
type SignalChange struct {
	State   SignalState `json:"state"`
	Version string      `json:"resolved_in"`
	By      string      `json:"reviewer"`
	// Merged is when a change that resolves the signal was merged, where it may not be deployed yet. For DeploysWithin, a
	// failure of a deployment that was seen before does not make the signal regressed.
	Merged time.Time `json:"merged_at,omitzero"`
}

// Selection is items that are judged at once: the open ones of signals, or single ones. Items that somebody else has
// are left out, and so are those of blind queues, unless the holder has claimed them: who judges many sees what was
// found.
type Selection struct {
	Signals  []string
	UpTo     string // SignalPage.UpTo: what arrived later was not seen; "" is all
	TraceIDs []string
	Holder   string // whose claims do not matter
}

// Batch is what one judgement of many items did.
type Batch struct {
	ID      string `json:"batch"`
	Labeled int    `json:"labeled"`
	LeftOut int    `json:"left_out"` // still open: somebody has them, they are to be judged blind, or there were too many
}

// Signals group equal failures.
type Signals interface {
	// Signals pages through the signals.
	Signals(ctx context.Context, f SignalFilter) (SignalPage, error)
	// Signal returns a signal whole, or ErrNotFound.
	Signal(ctx context.Context, id string) (Signal, error)
	// ChangeSignal changes the state of a signal. A later failure of a resolved one makes it regressed, unless its
	// prompt version is known to be older than the resolving one, by its name (see OlderVersion) or because it was seen
	// first: an old deployment may still run. A version without an order to it, as any has to a commit, is not older.
	// See SignalChange.Merged for changes that are not deployed yet.
	ChangeSignal(ctx context.Context, id string, change SignalChange) error
	// GuardSignal records what was made of the failures of a signal, in place of a guard of the same kind and name. It
	// returns ErrNotFound for an unknown signal, and ErrInvalid (see Guard.Validate).
	GuardSignal(ctx context.Context, id string, g Guard) error
	// Guards lists what was made of the failures of all signals, the newest first, at most MaxListed.
	Guards(ctx context.Context) ([]SignalGuard, error)
	// RenameSignal gives a signal a title; "" is the evidence of its first item again. by is who does so, here and below.
	RenameSignal(ctx context.Context, id, name, by string) error
	// AssignSignal makes a person responsible for a signal; "" is nobody. Its cases are offered to all as before.
	AssignSignal(ctx context.Context, id, name, by string) error
	// MergeSignal makes a signal part of another one: its items, those to come too, count there. It returns ErrInvalid
	// for a signal that is part of the first already.
	MergeSignal(ctx context.Context, id, into, by string) error
	// SplitSignal takes a merge back: a signal that is part of another one stands alone again, with what had been
	// merged into it.
	SplitSignal(ctx context.Context, id, by string) error
	// LabelMany adds a label like l to all items of the selection that are open and that its person did not judge, in
	// parts, so that other writers get their turn. With an error, the batch tells what was done before it.
	LabelMany(ctx context.Context, selected Selection, l Label) (Batch, error)
	// UndoMany takes the labels of a batch back where they are still the newest, and returns how many those were.
	UndoMany(ctx context.Context, batch, by string) (int, error)
	// AgeSignals moves signals between the states that time and volume decide. It is to be called about every minute.
	AgeSignals(ctx context.Context) error
}

// Escalates reports whether the last hour and the last six have far more failures than usual at this hour of the day.
// count is the number of failures in an hour since 1970. A signal that escalates already does so until both fall well
// below.
func Escalates(count func(hour int64) int, first, now time.Time, already bool) bool {
	if now.Sub(first) < NewFor {
		return false
	}
	hour := now.Unix() / 3600
	exceeds := func(n int64, k float64) bool {
		factor := 1.0
		if already {
			factor = 0.7
		}
		usual, known := usualOf(count, first, hour, n, k, factor)
		if !known {
			return meanOf(count, hour, 6)*6 >= 20
		}
		return meanOf(count, hour, n) > usual.Most
	}
	if already {
		return exceeds(1, 3) || exceeds(6, 2)
	}
	return exceeds(1, 3) && exceeds(6, 2)
}

// UsualHour returns what an hour has at this time of the day, of count as in Escalates. It is known of signals that are
// older than a week.
func UsualHour(count func(hour int64) int, first, now time.Time) (Usual, bool) {
	return usualOf(count, first, now.Unix()/3600, 1, 3, 1)
}

// usualOf is what n hours have each, at the same time of the day in the last weeks. Most is k deviations above that,
// times a factor.
func usualOf(count func(hour int64) int, first time.Time, hour, n int64, k, factor float64) (Usual, bool) {
	began := first.Unix() / 3600
	var samples []float64
	for day := int64(7); day <= 28; day++ {
		for around := int64(-1); around <= 1; around++ {
			if end := hour - 24*day + around; end-n+1 >= began {
				samples = append(samples, meanOf(count, end, n))
			}
		}
	}
	switch len(samples) {
	case 0:
		return Usual{}, false
	case 1:
		k++
	}
	mean, spread := deviation(samples)
	return Usual{Mean: mean, Most: mean + k*factor*max(spread, math.Sqrt(mean), 1)}, true
}

// meanOf is the mean of n hours.
func meanOf(count func(hour int64) int, end, n int64) float64 {
	sum := 0
	for h := end - n + 1; h <= end; h++ {
		sum += count(h)
	}
	return float64(sum) / float64(n)
}

func deviation(samples []float64) (mean, deviation float64) {
	for _, x := range samples {
		mean += x / float64(len(samples))
	}
	for _, x := range samples {
		deviation += (x - mean) * (x - mean) / float64(len(samples))
	}
	return mean, math.Sqrt(deviation)
}
