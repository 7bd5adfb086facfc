package review

import (
	"context"
	"time"
)

// Action is what the audit log keeps a record of.
type Action string

// The actions.
const (
	ActionErase   Action = "erase"
	ActionExport  Action = "export"
	ActionSignal  Action = "signal" // its state changed
	ActionBatch   Action = "label_many"
	ActionUndo    Action = "undo_many"
	ActionAssign  Action = "assign"  // a case or a signal to somebody, or taken from them
	ActionRequeue Action = "requeue" // a case went to the end of its queue
	ActionRename  Action = "rename_signal"
	ActionMerge   Action = "merge_signal"
	ActionSplit   Action = "split_signal"
)

// Actions lists the actions.
func Actions() []Action {
	return []Action{
		ActionErase, ActionExport, ActionSignal, ActionBatch, ActionUndo, ActionAssign, ActionRequeue, ActionRename,
		ActionMerge, ActionSplit,
	}
}

// Entry is a record of the audit log.
type Entry struct {
	ID      int64     `json:"id"`
	Time    time.Time `json:"time"`
	Who     string    `json:"who"` // "" is not known
	Action  Action    `json:"action"`
	Subject string    `json:"subject"` // what it was done to; of erased and exported people a hash
	N       int       `json:"count"`   // of items
}

// EntryFilter selects records. Empty fields do not restrict.
type EntryFilter struct {
	Action Action
	Limit  int    // 0 is 50, at most 500
	Cursor string // EntryPage.Next of the previous page
}

// EntryPage is a page of records, newest first.
type EntryPage struct {
	Entries []Entry `json:"entries"`
	Next    string  `json:"next"`
}

// Audit is the log of what people did that others must be able to look up. The store writes the records of what it does
// itself, in the same transaction.
type Audit interface {
	// Record adds a record of what was done outside of the store.
	Record(ctx context.Context, e Entry) error
	// Entries pages through the records, newest first. It returns ErrInvalid for an invalid cursor.
	Entries(ctx context.Context, f EntryFilter) (EntryPage, error)
	// ForgetEntries removes the records before a time.
	ForgetEntries(ctx context.Context, before time.Time) error
}
