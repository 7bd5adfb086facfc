package sqlstore

import (
	"testing"
	"time"
)

// SetFree replaces the free space of every disk.
func SetFree(t *testing.T, free func() uint64) {
	t.Helper()
	freeBytes = func(string) (uint64, bool) { return free(), true }
	t.Cleanup(func() { freeBytes = statFree })
}

// SetNow replaces the clock of a store.
func SetNow(s *Store, now func() time.Time) { s.now = now }
