package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// Guard says how a store watches over its file. The functions may be nil. They are called one at a time.
type Guard struct {
	// Refuse leaves a damaged file where it is: a start fails, and a running store stays unavailable. Otherwise the file
	// is set aside and a new store begins.
	Refuse bool
	// MinFree is the free space, in bytes, below which nothing is written. 0 is no bound.
	MinFree uint64
	// Interval is the time between two looks at the file and its disk; 0 is a second.
	Interval time.Duration
	// CheckWait bounds the check of the whole file before the store opens; 0 is five seconds. A file that needs longer is
	// checked while the store is in use.
	CheckWait time.Duration
	// Changed is called when the health of the store changes. err is the cause, or nil.
	Changed func(health review.Health, err error)
	// Recovered is called when a lost or damaged file was dealt with.
	Recovered func(Recovery)
	// Free returns the free space, in bytes, of the disk of a folder; nil asks the system.
	Free func(dir string) (free uint64, known bool)
}

// Recovery tells what became of a file that was damaged, deleted or replaced.
type Recovery struct {
	Health        review.Health
	Path          string // of the store
	Aside         string // where the content is now, "" if it is gone or back in the store
	Kept          bool   // the content is in the store again
	Items, Labels int    // of the content, -1 where unknown
	Err           error  // the damage, or why the content could not be kept
}

const (
	walSuffix = "-wal"
	shmSuffix = "-shm"

	defaultInterval  = time.Second
	defaultCheckWait = 5 * time.Second
	// retryLooks is the pause after a recovery that failed, in intervals. A damaged file is large to read again.
	retryLooks, retryLooksDamaged = 10, 600
)

// guard watches over the file of one store. A nil guard does nothing, and its store counts as healthy.
type guard struct {
	Guard
	path      string
	condition review.Condition

	wake   chan struct{} // a transaction saw trouble
	ctx    context.Context
	cancel context.CancelFunc
	runs   sync.WaitGroup // the watch and the check of a large file
	check  func()         // ends the check of a large file, nil without one

	// Of the watch alone.
	file, log os.FileInfo // identities of the open file and its log
	patience  time.Time   // before it, nothing is tried again
	candidate os.FileInfo // what replaced the file, at the last look
	pending   *Recovery   // the content is safe or lost, and the store did not open
}

func (d *DB) begin(ctx context.Context, settings Guard) error {
	if settings.Interval == 0 {
		settings.Interval = defaultInterval
	}
	if settings.CheckWait == 0 {
		settings.CheckWait = defaultCheckWait
	}
	if settings.Free == nil {
		settings.Free = statFree
	}
	g := &guard{
		Guard: settings, path: d.path, condition: review.Condition{Changed: settings.Changed},
		wake: make(chan struct{}, 1),
	}
	g.ctx, g.cancel = context.WithCancel(context.WithoutCancel(ctx)) // the watch outlives the start
	d.guard = g
	err := d.open(ctx)
	if healthOf(err) == review.Damaged && !g.Refuse {
		err = d.quarantine(ctx, err)
	}
	if err != nil {
		return err
	}
	g.runs.Go(func() { g.watch(d) })
	return nil
}

// health returns the state of the store and its cause.
func (g *guard) health() (review.Health, error) {
	if g == nil {
		return review.Healthy, nil
	}
	return g.condition.Health()
}

// note learns from the error of a transaction.
func (g *guard) note(err error) error {
	health := healthOf(err)
	if g == nil || health == review.Healthy {
		return err
	}
	// A file that is gone cannot be opened either.
	if _, missing := os.Stat(g.path); health == review.IOError && gone(missing) {
		health = review.Deleted
	}
	g.condition.Replace(review.Healthy, health, err)
	select {
	case g.wake <- struct{}{}:
	default: // it looks soon
	}
	return &review.UnavailableError{Health: health, Err: err}
}

// verify checks the whole file. If that takes too long, it goes on in the background, on a connection of its own.
//
//nolint:contextcheck // the check in the background outlives the start
func (g *guard) verify(ctx context.Context, d *DB) error {
	bounded, cancel := context.WithTimeout(ctx, g.CheckWait)
	defer cancel()
	err := quickCheck(bounded, d.writer)
	if err == nil || bounded.Err() == nil || ctx.Err() != nil {
		return err
	}
	db, err := connect(d.source, 1, "_pragma=query_only(1)", "_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	checking, end := context.WithCancel(g.ctx)
	var run sync.WaitGroup
	run.Go(func() {
		defer func() { _ = db.Close() }() // it only read
		if err := quickCheck(checking, db); checking.Err() == nil {
			_ = g.note(err)
		}
	})
	g.check = func() {
		end()
		run.Wait()
	}
	return nil
}

// opened remembers which files are open.
func (g *guard) opened(path string) (err error) {
	if g == nil {
		return nil
	}
	g.candidate, g.patience = nil, time.Time{}
	if g.file, err = os.Stat(path); err != nil {
		return err
	}
	g.log, err = os.Stat(path + walSuffix) // migrations were read, so it is there
	return err
}

// endCheck ends the check of a large file, which has the file open.
func (g *guard) endCheck() {
	if g.check != nil {
		g.check()
		g.check = nil
	}
}

func (g *guard) stop() {
	if g == nil {
		return
	}
	g.cancel()
	g.runs.Wait()
	g.endCheck()
}

// watch looks at the file until the store closes.
func (g *guard) watch(d *DB) {
	tick := time.NewTicker(g.Interval)
	defer tick.Stop()
	for {
		select {
		case <-g.ctx.Done():
			return
		case <-tick.C:
		case <-g.wake:
		}
		g.look(d)
	}
}

// look updates the health of the store and recovers it where it can.
func (g *guard) look(d *DB) {
	before, cause := g.health()
	state := before
	switch now, err := g.identity(d.path); {
	case now != review.Healthy:
		state, cause = now, err
	case state == review.Deleted || state == review.Replaced: // it is back
		state, cause = review.Healthy, nil
	}
	if state == review.Healthy {
		state, cause = g.space(d.path)
	}
	if !g.condition.Replace(before, state, cause) {
		return // the trouble woke the watch
	}
	if state == review.Healthy || time.Now().Before(g.patience) {
		return
	}
	if err := d.recoverFrom(g.ctx, state, cause); err != nil {
		looks := time.Duration(retryLooks)
		if state == review.Damaged {
			looks = retryLooksDamaged
		}
		g.patience = time.Now().Add(looks * g.Interval)
		if g.ctx.Err() == nil {
			g.condition.Set(state, err)
		}
	}
}

// identity reports whether the open file is still the one at the path.
func (g *guard) identity(path string) (review.Health, error) {
	info, err := os.Stat(path)
	switch {
	case gone(err):
		return review.Deleted, nil
	case err != nil:
		return review.IOError, err
	case !os.SameFile(info, g.file):
		return review.Replaced, nil
	}
	return review.Healthy, nil
}

// gone reports whether an error says that there is no such file.
func gone(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// space reports whether the disk has room for more.
func (g *guard) space(path string) (review.Health, error) {
	free, known := g.Free(filepath.Dir(path))
	if g.MinFree == 0 || !known || free >= g.MinFree {
		return review.Healthy, nil
	}
	return review.DiskFull, fmt.Errorf("%d MiB are free, fewer than the minimum of %d MiB", free>>20, g.MinFree>>20)
}
