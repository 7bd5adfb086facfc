// Package kvlog stores values by key in a log on disk. The log survives damage: it opens whatever its files hold, and
// loses nothing but what is damaged.
//
// A log is a folder of segments, to which writes only append. An index in memory says where the value of each key is.
// Values are read from disk, and checked, when they are asked for. When more than half of the log is out of date, the
// values of the oldest segment that are still in use are appended again, and the segment is removed.
package kvlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	fileMode fs.FileMode = 0o600
	dirMode  fs.FileMode = 0o700

	// A segment is an eighth of the live data, within these bounds, so that a log has few files and cleaning is short.
	minSegment = 1 << 20
	maxSegment = 32 << 20
	// copySize is the size of the frames that cleaning appends.
	copySize = 1 << 20
	// opCost is what a key costs beside its own bytes and those of its value.
	opCost = 16
	// checkInterval is how often a write checks all files. It always checks the one that it writes to.
	checkInterval = time.Second
)

var (
	// ErrFull is returned by Write when the log may not grow or the disk is full. Nothing is written, but keys that the
	// Write would have deleted are deleted with the next one.
	ErrFull = errors.New("no space left")
	// ErrInUse is returned by Open when the folder is open already.
	ErrInUse = errors.New("the folder is already open, in this process or in another one")
	// ErrTooLarge is returned by Write for more than 256 MiB at once.
	ErrTooLarge = errors.New("more than 256 MiB in one write")
)

// Options configure a log.
type Options struct {
	// Sync makes every Write wait until the disk has it. Without it, a Write survives the end of the process, but a power
	// failure may lose the last ones.
	Sync bool
	// MaxSize bounds the live data: keys and values. Files take up to twice as much and 3 MiB. 0 is no bound.
	MaxSize int64
	// Report receives what happened to files. It must not call the log.
	Report func(Event)
}

// Event says what happened to a file.
type Event struct {
	Path      string
	Kept      string // new name of a damaged file
	Lost      int    // damaged records
	Cut       int    // bytes of an incomplete record that were cut from the end of the file
	Rewritten bool   // the file had vanished or was replaced
	Err       error  // why the file could not be used or mended
}

// Size describes a log.
type Size struct {
	Files int64 // bytes of all segments
	Live  int64 // bytes of keys and values
	Keys  int
}

// entry is where a value is.
type entry struct {
	segment *segment
	at      int64
	size    uint32
	sum     uint32
}

func cost(key string, size int) int64 { return int64(len(key)) + int64(size) + opCost }

// access is how a file is read or written. Tests replace it.
type access func(f *os.File, b []byte, at int64) (int, error)

// Log is an open log. Its methods can be called concurrently.
type Log struct {
	dir             string
	options         Options
	readAt, writeAt access

	mu       sync.Mutex
	lock     *os.File
	info     os.FileInfo // of the folder
	segments []*segment  // oldest first
	active   *segment    // the last of segments, or nil if the next write creates one
	index    map[string]entry
	next     uint64          // sequence of the next frame
	total    int64           // bytes of all segments
	live     int64           // cost of all entries
	owed     map[string]bool // keys that a failed Write would have deleted
	checked  time.Time
	loaded   bool
	closed   bool
	buf      []byte
	offsets  []int
	ops      []Operation
}

// Open opens the log in a folder, which it creates if necessary. Damaged files are not an error; Open reports them.
func Open(dir string, options Options) (*Log, error) {
	l := &Log{dir: dir, options: options, readAt: (*os.File).ReadAt, writeAt: (*os.File).WriteAt}
	if err := l.load(); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

func (l *Log) report(e Event) {
	if l.options.Report != nil {
		l.options.Report(e)
	}
}

// Get returns the value of a key, or nil if the key is unknown or all its values are damaged. An error may pass.
func (l *Log) Get(key string) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(); err != nil {
		return nil, err
	}
	value, err := l.read(key)
	if errors.Is(err, errDamaged) {
		// Loading again mends the file and counts what is lost.
		if err := l.recover(); err != nil {
			return nil, err
		}
		if value, err = l.read(key); errors.Is(err, errDamaged) {
			l.report(Event{Path: l.path(l.index[key].segment), Lost: 1})
			l.remove(key)
			return nil, nil
		}
	}
	return value, err
}

var errDamaged = errors.New("the value is damaged")

// read reads the value of a key. It returns errDamaged, or the error of the disk.
func (l *Log) read(key string) ([]byte, error) {
	e, ok := l.index[key]
	if !ok {
		return nil, nil
	}
	value := make([]byte, e.size)
	n, err := l.readAt(e.segment.file, value, e.at)
	switch {
	case n == len(value) && checksum(value) == e.sum:
		return value, nil
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return nil, errDamaged
}

// Keys returns all keys, in no particular order.
func (l *Log) Keys() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys := make([]string, 0, len(l.index))
	for key := range l.index {
		keys = append(keys, key)
	}
	return keys
}

// Size returns how large the log is.
func (l *Log) Size() Size {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Size{Files: l.total, Live: l.live, Keys: len(l.index)}
}

// Write does some operations in order: all of them or, after an error or a crash, none.
func (l *Log) Write(ops ...Operation) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(ops) == 0 {
		return nil
	}
	if err := l.ready(); err != nil {
		return err
	}
	if err := l.check(); err != nil {
		return err
	}
	l.ops = l.ops[:0]
	for key := range l.owed {
		l.ops = append(l.ops, Operation{Key: key, Delete: true})
	}
	l.ops = append(l.ops, ops...)
	err := l.fits(l.ops)
	if err == nil {
		err = l.append(l.ops)
	}
	clear(l.ops)
	if err != nil {
		if errors.Is(err, ErrFull) {
			l.owe(ops)
		}
		return err
	}
	l.owed = nil
	l.clean()
	return nil
}

// owe remembers what a failed Write would have deleted. Otherwise a full disk would keep what is no longer needed.
func (l *Log) owe(ops []Operation) {
	for _, op := range ops {
		if _, ok := l.index[op.Key]; ok && op.Delete {
			if l.owed == nil {
				l.owed = map[string]bool{}
			}
			l.owed[op.Key] = true
		}
	}
}

// fits reports whether the log may grow by some operations.
func (l *Log) fits(ops []Operation) error {
	var size, change int64
	for _, op := range ops {
		size += int64(len(op.Key)) + int64(len(op.Value)) + 2*opCost
		if e, ok := l.index[op.Key]; ok {
			change -= cost(op.Key, int(e.size))
		}
		if !op.Delete {
			change += cost(op.Key, len(op.Value))
		}
	}
	if size > maxPayload {
		return ErrTooLarge
	}
	if l.options.MaxSize > 0 && change > 0 && l.live+change > l.options.MaxSize {
		return fmt.Errorf("%w: %s holds %d bytes of at most %d", ErrFull, l.dir, l.live, l.options.MaxSize)
	}
	return nil
}

// append writes one frame.
func (l *Log) append(ops []Operation) error {
	size := headerSize
	for _, op := range ops {
		size += len(op.Key) + len(op.Value) + 2*opCost
	}
	limit := min(max(l.live/8, minSegment), maxSegment)
	if l.active == nil || l.active.size+int64(size) > limit && l.active.size > int64(len(magic)) {
		s, err := create(l.dir, l.next)
		if err != nil {
			return full(err)
		}
		if l.options.Sync {
			if err := syncDir(l.dir); err != nil {
				return errors.Join(err, s.file.Close())
			}
		}
		l.segments, l.active, l.total = append(l.segments, s), s, l.total+s.size
	}
	s := l.active
	l.buf, l.offsets = appendFrame(slices.Grow(l.buf[:0], size), l.offsets[:0], s.marker, l.next, ops)
	_, err := l.writeAt(s.file, l.buf, s.size)
	if err == nil && l.options.Sync {
		err = s.file.Sync()
	}
	if err != nil {
		if s.file.Truncate(s.size) != nil {
			l.active = nil // leave the incomplete frame behind
		}
		s.info, _ = s.file.Stat()
		return full(err)
	}
	for i, op := range ops {
		if op.Delete {
			l.remove(op.Key)
		} else {
			l.set(op.Key, entry{s, s.size + int64(l.offsets[i]), uint32(len(op.Value)), checksum(op.Value)})
		}
	}
	l.next++
	s.size += int64(len(l.buf))
	l.total += int64(len(l.buf))
	s.info, _ = s.file.Stat()
	if cap(l.buf) > maxSegment {
		l.buf = nil
	}
	return nil
}

// full marks the errors of a full disk.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

func (l *Log) set(key string, e entry) {
	l.remove(key)
	l.index[key] = e
	e.segment.live++
	l.live += cost(key, int(e.size))
}

func (l *Log) remove(key string) {
	if e, ok := l.index[key]; ok {
		l.live -= cost(key, int(e.size))
		e.segment.live--
		delete(l.index, key)
	}
}

// clean removes the oldest segment if more than half of the log is out of date. Only the oldest one can go: what it
// deletes is in no other. If the disk is full, a later write tries again.
func (l *Log) clean() {
	if l.total <= 2*l.live+2*minSegment || len(l.segments) < 2 {
		return
	}
	oldest := l.segments[0]
	if oldest.live > 0 && !l.move(oldest) {
		return
	}
	if err := os.Remove(l.path(oldest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	_ = oldest.file.Close()
	l.segments = slices.Delete(l.segments, 0, 1)
	l.total -= oldest.size
}

// move appends the values again that a segment holds, and reports whether that worked.
func (l *Log) move(from *segment) bool {
	var ops []Operation
	var size int
	first := len(l.segments) - 1 // the segment that move appends to; it may begin others
	flush := func() bool {
		if len(ops) == 0 {
			return true
		}
		err := l.append(ops)
		ops, size = ops[:0], 0
		return err == nil
	}
	data, err := from.content(l.readAt, nil)
	if err != nil {
		return false // a later write tries again
	}
	s := newScanner(data, from.marker, from.first, false)
	for f, ok := s.next(); ok; f, ok = s.next() {
		for i, op := range f.ops {
			if e := l.index[op.Key]; op.Delete || e.segment != from || e.at != int64(f.values[i]) {
				continue
			}
			ops, size = append(ops, op), size+len(op.Value)
			if size >= copySize && !flush() {
				return false
			}
		}
	}
	if s.damaged || s.torn {
		_ = l.recover() // the next call tries again
		return false
	}
	// Without Sync, a power failure could lose values that were safe long ago.
	return flush() && l.sync(l.segments[first:]) == nil
}

// sync makes segments durable, and their names.
func (l *Log) sync(segments []*segment) error {
	for _, s := range segments {
		if err := s.file.Sync(); err != nil {
			return err
		}
	}
	return syncDir(l.dir)
}

func (l *Log) path(s *segment) string { return filepath.Join(l.dir, s.name) }

// Close closes the log. Files that have vanished are written again before.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	var err error
	if l.loaded {
		l.checked = time.Time{}
		err = l.check()
	}
	l.closed = true
	l.release()
	return err
}
