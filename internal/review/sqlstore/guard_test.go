package sqlstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlite"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/review/storetest"
)

// history is what a guard said.
type history struct {
	mu         sync.Mutex
	states     []review.Health
	recoveries []sqlite.Recovery
}

func (h *history) all() ([]review.Health, []sqlite.Recovery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]review.Health(nil), h.states...), append([]sqlite.Recovery(nil), h.recoveries...)
}

// guarded opens a store that is watched closely.
func guarded(t *testing.T, path string, change ...func(*sqlite.Guard)) (*sqlstore.Store, *history) {
	t.Helper()
	var h history
	g := sqlite.Guard{
		Interval: 5 * time.Millisecond,
		Changed: func(health review.Health, _ error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.states = append(h.states, health)
		},
		Recovered: func(r sqlite.Recovery) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.recoveries = append(h.recoveries, r)
		},
	}
	for _, c := range change {
		c(&g)
	}
	s, err := sqlstore.OpenGuarded(t.Context(), path, g)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, &h
}

// filled makes a store of some traces at a path and closes it.
func filled(t *testing.T, path string, traces int) {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), path)
	require.NoError(t, err)
	for n := range traces {
		require.NoError(t, s.Put(t.Context(), []review.Trace{conversation(n + 1)}))
	}
	_, err = s.AddLabel(t.Context(), review.Label{TraceID: fmt.Sprintf("%032x", 1), Decision: review.Confirmed})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func total(t *testing.T, s review.Store) int {
	t.Helper()
	page, err := s.Items(t.Context(), review.Filter{})
	require.NoError(t, err)
	return page.Total
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, 2*time.Millisecond)
}

func TestConformanceOfAGuardedStore(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector sees the same code without a guard")
	}
	storetest.Run(t, 100*time.Millisecond, func(t *testing.T) review.Store {
		t.Helper()
		s, _ := guarded(t, filepath.Join(t.TempDir(), "review.db"))
		return s
	})
}

// damages change the files of a closed store so that it is no longer whole.
var damages = map[string]func(t *testing.T, path string){
	"header":      overwrite(0, 100),
	"first page":  overwrite(100, 3000),
	"middle":      overwrite(-2, 8192),
	"end cut off": cutTo(func(size int64) int64 { return size/2 + 100 }),
	"few bytes":   cutTo(func(int64) int64 { return 10 }),
	"other content": func(t *testing.T, path string) {
		t.Helper()
		write(t, path, []byte(strings.Repeat("Dear Ada, ", 1000)))
	},
	"emptied, log left": func(t *testing.T, path string) {
		t.Helper()
		write(t, path, nil)
		write(t, path+"-wal", bytes.Repeat([]byte{7}, 5000))
	},
	"gone, log left": func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.Remove(path))
		write(t, path+"-wal", bytes.Repeat([]byte{7}, 5000))
	},
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, data, 0o600))
}

// overwrite writes noise; a negative place is that fraction of the file.
func overwrite(at, n int64) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		info, err := f.Stat()
		require.NoError(t, err)
		from := at
		if at < 0 {
			from = info.Size() / -at
		}
		_, err = f.WriteAt(bytes.Repeat([]byte{0xa5}, int(n)), from)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
}

func cutTo(size func(int64) int64) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(path, size(info.Size())))
	}
}

func TestADamagedFileIsSetAsideAtTheStart(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "review.db")
			filled(t, path, 40)
			damage(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				require.ErrorIs(t, err, os.ErrNotExist)
			}

			s, h := guarded(t, path)
			_, recoveries := h.all()
			require.Len(t, recoveries, 1)
			r := recoveries[0]
			require.Equal(t, review.Damaged, r.Health)
			require.Equal(t, path, r.Path)
			require.False(t, r.Kept)
			require.Error(t, r.Err)
			if before != nil {
				after, err := os.ReadFile(r.Aside)
				require.NoError(t, err)
				require.Len(t, after, len(before))
			}
			require.Equal(t, review.Healthy, s.Health())
			require.Zero(t, total(t, s))
			require.NoError(t, s.Put(t.Context(), []review.Trace{failingTrace(1)}))

			// A person may want to look first.
			refused := filepath.Join(t.TempDir(), "review.db")
			filled(t, refused, 40)
			damage(t, refused)
			_, err = sqlstore.OpenGuarded(t.Context(), refused, sqlite.Guard{Refuse: true})
			require.ErrorContains(t, err, "open review store "+refused)
		})
	}
}

// TestALargeFileIsCheckedWhileItIsUsed: the start does not wait for the check.
func TestALargeFileIsCheckedWhileItIsUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	filled(t, path, 200)
	overwrite(-2, 8192)(t, path)
	_, h := guarded(t, path, func(g *sqlite.Guard) { g.CheckWait = time.Nanosecond })
	eventually(t, func() bool { _, recoveries := h.all(); return len(recoveries) > 0 })
	_, recoveries := h.all()
	require.Equal(t, review.Damaged, recoveries[0].Health)
	require.FileExists(t, recoveries[0].Aside)
}

// TestADamagedFileIsSetAsideWhileItIsOpen: a read that meets the damage says so, and the next ones find a new store.
func TestADamagedFileIsSetAsideWhileItIsOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	filled(t, path, 200)
	for _, refuse := range []bool{true, false} {
		s, h := guarded(t, path, func(g *sqlite.Guard) { g.Refuse = refuse })
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		overwrite(4096, int64(len(data)-4096))(t, path)
		err = nil
		for n := 1; n <= 200 && err == nil; n++ { // more than the cache of a connection holds
			_, err = s.Item(t.Context(), fmt.Sprintf("%032x", n))
		}
		unavailable := (*review.UnavailableError)(nil)
		require.ErrorAs(t, err, &unavailable)
		require.Equal(t, review.Damaged, unavailable.Health)
		if refuse {
			require.ErrorAs(t, s.Put(t.Context(), []review.Trace{failingTrace(1)}), &unavailable)
			require.Equal(t, review.Damaged, s.Health())
			states, recoveries := h.all()
			require.Equal(t, []review.Health{review.Damaged}, states)
			require.Empty(t, recoveries)
			require.NoError(t, s.Close())
			write(t, path, data)
			continue
		}
		eventually(t, func() bool { return s.Health() == review.Healthy })
		require.NoError(t, s.Put(t.Context(), []review.Trace{failingTrace(1)}))
		require.Equal(t, 1, total(t, s))
		states, recoveries := h.all()
		require.Equal(t, []review.Health{review.Damaged, review.Healthy}, states)
		require.FileExists(t, recoveries[0].Aside)
	}
}

// TestDamageMetDuringALookIsKept: a look at the disk that began before a transaction met the damage does not say that
// all is well.
func TestDamageMetDuringALookIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	filled(t, path, 200)
	var read atomic.Pointer[func()]
	free := func(string) (uint64, bool) {
		if f := read.Swap(nil); f != nil {
			(*f)()
		}
		return 1 << 40, true
	}
	s, h := guarded(t, path, func(g *sqlite.Guard) { g.Refuse, g.MinFree, g.Free = true, 1, free })
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	overwrite(4096, int64(len(data)-4096))(t, path)
	met := make(chan error, 1)
	meet := func() {
		var err error
		for n := 1; n <= 200 && err == nil; n++ {
			_, err = s.Item(t.Context(), fmt.Sprintf("%032x", n))
		}
		met <- err
	}
	read.Store(&meet)
	unavailable := (*review.UnavailableError)(nil)
	require.ErrorAs(t, <-met, &unavailable)
	require.ErrorAs(t, s.Put(t.Context(), []review.Trace{failingTrace(1)}), &unavailable)
	require.NoError(t, s.Close()) // the watch has ended
	states, _ := h.all()
	require.Equal(t, []review.Health{review.Damaged}, states)
}

// TestADeletedFileIsWrittenAgain: what the store held is in the file after a restart.
func TestADeletedFileIsWrittenAgain(t *testing.T) {
	for name, remove := range map[string]func(path string) error{
		"the file": os.Remove,
		"the file and its log": func(path string) error {
			return errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"))
		},
		"the folder": func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
		"moved":      func(path string) error { return os.Rename(path, path+".elsewhere") },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data", "review.db")
			filled(t, path, 20)
			s, h := guarded(t, path)
			require.NoError(t, s.Put(t.Context(), []review.Trace{conversation(100)})) // in the log
			require.NoError(t, remove(path))
			eventually(t, func() bool { _, recoveries := h.all(); return len(recoveries) == 1 })
			states, recoveries := h.all()
			require.Equal(t, []review.Health{review.Deleted, review.Healthy}, states)
			require.Equal(t, sqlite.Recovery{
				Health: review.Deleted, Path: path, Kept: true, Items: 21, Labels: 1,
			}, recoveries[0])
			require.NoError(t, s.Put(t.Context(), []review.Trace{conversation(101)}))
			require.Equal(t, 22, total(t, s))
			require.NoError(t, s.Close())

			again := open(t, path)
			require.Equal(t, 22, total(t, again))
			item, err := again.Item(t.Context(), fmt.Sprintf("%032x", 100))
			require.NoError(t, err)
			require.Len(t, item.Spans, 6)
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		})
	}
}

// TestAFileThatCannotBeWrittenAgainWaits: nothing is acknowledged meanwhile.
func TestAFileThatCannotBeWrittenAgainWaits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	path := filepath.Join(dir, "review.db")
	filled(t, path, 5)
	s, h := guarded(t, path)
	require.NoError(t, os.RemoveAll(dir))
	write(t, dir, []byte("in the way"))
	eventually(t, func() bool { return s.Health() != review.Healthy })
	unavailable := (*review.UnavailableError)(nil)
	require.ErrorAs(t, s.Put(t.Context(), []review.Trace{failingTrace(7)}), &unavailable)
	require.NoError(t, os.Remove(dir))
	eventually(t, func() bool { _, recoveries := h.all(); return len(recoveries) == 1 })
	require.Equal(t, 5, total(t, s))
}

// TestAFileThatReplacesTheStoreIsAdopted: a person who puts a backup in place needs no restart, and loses nothing.
func TestAFileThatReplacesTheStoreIsAdopted(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "review.db"), filepath.Join(dir, "backup.db")
	filled(t, path, 3)
	filled(t, backup, 8)
	s, h := guarded(t, path)
	require.NoError(t, s.Put(t.Context(), []review.Trace{conversation(100)}))
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(backup, old, old))
	require.NoError(t, os.Rename(backup, path))
	eventually(t, func() bool { _, recoveries := h.all(); return len(recoveries) == 1 })
	require.Equal(t, 8, total(t, s))
	_, recoveries := h.all()
	r := recoveries[0]
	require.Equal(t, review.Replaced, r.Health)
	require.NoError(t, r.Err)
	require.Equal(t, 4, r.Items)
	require.Equal(t, 4, total(t, open(t, r.Aside)))
}

// TestAFullDiskStopsWritesOnly: people can still read, and the writer waits.
func TestAFullDiskStopsWritesOnly(t *testing.T) {
	var free atomic.Uint64
	free.Store(1 << 30)
	path := filepath.Join(t.TempDir(), "review.db")
	filled(t, path, 3)
	s, h := guarded(t, path, func(g *sqlite.Guard) {
		g.MinFree, g.Free = 64<<20, func(string) (uint64, bool) { return free.Load(), true }
	})
	free.Store(1 << 20)
	eventually(t, func() bool { return s.Health() == review.DiskFull })
	unavailable := (*review.UnavailableError)(nil)
	require.ErrorAs(t, s.Put(t.Context(), []review.Trace{failingTrace(7)}), &unavailable)
	require.EqualError(t, unavailable,
		"the disk of the review store is almost full: 1 MiB are free, fewer than the minimum of 64 MiB")
	_, err := s.AddLabel(t.Context(), review.Label{TraceID: fmt.Sprintf("%032x", 1), Decision: review.Rejected})
	require.ErrorAs(t, err, &unavailable)
	require.Equal(t, 3, total(t, s))
	free.Store(1 << 30)
	eventually(t, func() bool { return s.Health() == review.Healthy })
	require.NoError(t, s.Put(t.Context(), []review.Trace{failingTrace(7)}))
	states, recoveries := h.all()
	require.Equal(t, []review.Health{review.DiskFull, review.Healthy}, states)
	require.Empty(t, recoveries)
}

// TestWorkGoesOnWhileTheFileIsLost: writers and readers run while the file is deleted again and again. Whatever was
// acknowledged is there at the end.
//
//nolint:contextcheck // ctx ends the loops, not their calls
func TestWorkGoesOnWhileTheFileIsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	s, h := guarded(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	var acknowledged atomic.Int64
	var running sync.WaitGroup
	running.Go(func() {
		for n := 1; ctx.Err() == nil; n++ {
			for ctx.Err() == nil && s.Put(t.Context(), []review.Trace{failingTrace(n)}) != nil {
				time.Sleep(time.Millisecond)
			}
			acknowledged.Store(int64(n))
		}
	})
	running.Go(func() {
		for ctx.Err() == nil {
			_, _ = s.Items(t.Context(), review.Filter{Class: failure.Refusal})
		}
	})
	for n := range 5 {
		before := acknowledged.Load()
		eventually(t, func() bool { return acknowledged.Load() > before+5 })
		require.NoError(t, os.Remove(path))
		eventually(t, func() bool { _, recoveries := h.all(); return len(recoveries) == n+1 })
	}
	cancel()
	running.Wait()
	require.GreaterOrEqual(t, int64(total(t, s)), acknowledged.Load()-1)
	_, recoveries := h.all()
	for _, r := range recoveries {
		require.True(t, r.Kept)
	}
}
