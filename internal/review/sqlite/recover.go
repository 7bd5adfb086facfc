package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	lib "modernc.org/sqlite/lib"

	"github.com/faultline-otel/faultline/internal/review"
)

// settled is how long a file that replaced the store must stay unchanged before it becomes the store: it may still be
// copied.
const settled = 2 * time.Second

// recoverFrom tries to make the store work again. An error is why it does not.
func (d *DB) recoverFrom(ctx context.Context, state review.Health, cause error) error {
	switch state {
	case review.Deleted:
		return d.restore(ctx)
	case review.Replaced:
		return d.adopt(ctx)
	case review.Damaged:
		return d.recheck(ctx, cause)
	case review.DiskFull, review.IOError:
		return d.probe(ctx)
	}
	return nil
}

// reopen opens the file at the path and tells what became of the one before. The caller holds files.
func (d *DB) reopen(ctx context.Context, r Recovery) error {
	r.Path = d.path
	d.guard.pending = &r // until it is open
	if err := d.removeLog(); err != nil {
		return err
	}
	if err := d.open(ctx); err != nil {
		return errors.Join(err, d.disconnect())
	}
	d.guard.pending = nil
	d.guard.condition.Set(review.Healthy, nil)
	if d.guard.Recovered != nil {
		d.guard.Recovered(r)
	}
	return nil
}

// restore writes the content of a file that was deleted, and is still open, to a new file at the path. If the content
// cannot be read, a new store begins.
func (d *DB) restore(ctx context.Context) error {
	d.guard.endCheck()
	d.files.Lock()
	defer d.files.Unlock()
	if !d.connected {
		return d.reopen(ctx, *d.guard.pending)
	}
	r := Recovery{Health: review.Deleted}
	r.Items, r.Labels = contents(ctx, d.writer)
	written := d.path + ".restored"
	r.Err = d.copyTo(ctx, written)
	if r.Kept = r.Err == nil; !r.Kept && healthOf(r.Err) != review.Damaged {
		return r.Err
	}
	_ = d.disconnect() // of a file that is gone
	d.guard.pending = &r
	if r.Kept {
		if err := errors.Join(d.removeLog(), place(written, d.path)); err != nil {
			r.Kept, r.Aside, r.Err = false, written, err
		}
	}
	return d.reopen(ctx, r)
}

// removeLog removes the log of a file that is gone. It would be read as the log of the next file at the path. Another
// log may have come with another file.
func (d *DB) removeLog() error {
	log, err := os.Stat(d.path + walSuffix)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := os.Lstat(d.path); !errors.Is(err, os.ErrNotExist) && !os.SameFile(log, d.guard.log) {
		return nil
	}
	return removeFiles(d.path+walSuffix, d.path+shmSuffix)
}

func removeFiles(paths ...string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// place moves a file to a path where none is, durably.
func place(from, to string) error {
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("a file appeared at %s; the content is in %s", to, from)
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFile(filepath.Dir(to))
}

// copyTo writes the content of the open file to another one, durably.
func (d *DB) copyTo(ctx context.Context, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := removeFiles(path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // SQLite would make it readable by all
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := d.writer.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return errors.Join(fmt.Errorf("read it: %w", err), os.Remove(path))
	}
	return syncFile(path)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// adopt makes the file that replaced the open one the store, as a restart would. It first writes the content of the
// open one to a file beside it.
func (d *DB) adopt(ctx context.Context) error {
	g := d.guard
	info, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	before := g.candidate
	g.candidate = info
	if before == nil || !os.SameFile(before, info) || before.Size() != info.Size() ||
		!before.ModTime().Equal(info.ModTime()) || time.Since(info.ModTime()) < settled {
		return nil // not yet
	}
	g.endCheck()
	d.files.Lock()
	defer d.files.Unlock()
	if !d.connected {
		return d.reopen(ctx, *g.pending)
	}
	r := Recovery{Health: review.Replaced, Aside: aside(d.path, review.Replaced)}
	r.Items, r.Labels = contents(ctx, d.writer)
	if r.Err = d.copyTo(ctx, r.Aside); r.Err != nil {
		if healthOf(r.Err) != review.Damaged {
			return r.Err
		}
		r.Aside = ""
	}
	_ = d.disconnect() // SQLite leaves the log of a file that moved
	return d.reopen(ctx, r)
}

// recheck reads a file in which a transaction met damage. It repairs the search index, sets a damaged file aside, and
// clears the state where the file is whole.
func (d *DB) recheck(ctx context.Context, cause error) error {
	g := d.guard
	g.endCheck()
	d.files.Lock()
	defer d.files.Unlock()
	if !d.connected { // an earlier attempt ended half-way
		return d.quarantine(ctx, cause)
	}
	if code(cause) == lib.SQLITE_CORRUPT_VTAB {
		if err := repairIndex(ctx, d.writer); err != nil {
			cause = err
		}
	}
	err := quickCheck(ctx, d.reader)
	switch {
	case err == nil:
		g.condition.Set(review.Healthy, nil)
		return nil
	case healthOf(err) != review.Damaged || g.Refuse:
		return err
	}
	return d.quarantine(ctx, cause)
}

// quarantine sets a damaged file aside, with its log, and begins a new store. The caller holds files, or is the only
// user of the store.
func (d *DB) quarantine(ctx context.Context, cause error) error {
	d.guard.endCheck()
	r := Recovery{Health: review.Damaged, Aside: aside(d.path, review.Damaged), Err: cause}
	r.Items, r.Labels = contents(ctx, d.reader)
	_ = d.disconnect() // what it cannot write stays in the log
	for _, suffix := range []string{"", walSuffix, shmSuffix} {
		if err := os.Rename(d.path+suffix, r.Aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("set the damaged file aside: %w", errors.Join(err, cause))
		}
	}
	return d.reopen(ctx, r)
}

// aside returns a new name beside a path.
func aside(path string, why review.Health) string {
	base := path + "." + string(why) + "-" + time.Now().UTC().Format("20060102T150405Z")
	name := base
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
			return name
		}
		name = fmt.Sprintf("%s-%d", base, n)
	}
}

// probe writes to the disk. It changes nothing in the store.
func (d *DB) probe(ctx context.Context) error {
	g := d.guard
	before, _ := g.health()
	if state, cause := g.space(d.path); state != review.Healthy {
		return cause
	}
	d.files.RLock()
	defer d.files.RUnlock()
	if _, err := d.writer.ExecContext(ctx, `PRAGMA user_version = 0`); err != nil {
		return err
	}
	g.condition.Replace(before, review.Healthy, nil)
	return nil
}
