package kvlog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ready loads the log if that failed before.
func (l *Log) ready() error {
	switch {
	case l.closed:
		return os.ErrClosed
	case l.loaded:
		return nil
	}
	return l.load()
}

// check finds out whether the files are still there, as they were left. If not, it writes and loads them again.
func (l *Log) check() error {
	now := time.Now()
	all := now.Sub(l.checked) >= checkInterval
	if all {
		l.checked = now
	}
	if all || l.active == nil {
		if info, err := os.Stat(l.dir); err != nil || !os.SameFile(info, l.info) {
			return l.recover()
		}
	}
	for _, s := range l.segments {
		if (all || s == l.active) && !s.intact(l.dir) {
			return l.recover()
		}
	}
	return nil
}

// recover writes the files again that have vanished or were replaced, as far as their descriptors can still be read,
// and loads the log, which mends the others.
func (l *Log) recover() error {
	var events []Event
	for _, s := range l.segments {
		if info, err := os.Stat(l.path(s)); err == nil && os.SameFile(info, s.info) {
			continue
		}
		if err := l.folder(&events); err != nil {
			return err
		}
		data, err := copyOf(s)
		kept, placeErr := place(l.dir, s.name, data, true)
		if placeErr != nil {
			return full(placeErr)
		}
		events = append(events, Event{Path: l.path(s), Kept: kept, Rewritten: true, Err: err})
	}
	for _, e := range events {
		l.report(e)
	}
	return l.load()
}

// folder makes sure that the folder of the log is there. A file in its place is put aside.
func (l *Log) folder(events *[]Event) error {
	info, err := os.Stat(l.dir)
	if err == nil && !info.IsDir() || errors.Is(err, fs.ErrNotExist) {
		kept, err := putAside(filepath.Dir(l.dir), filepath.Base(l.dir))
		if err != nil {
			return err
		}
		if kept != "" {
			*events = append(*events, Event{Path: l.dir, Kept: kept, Lost: 1, Err: errNoFolder})
		}
	}
	if restoreMode(l.dir, dirMode) {
		*events = append(*events, Event{Path: l.dir, Err: errMode})
	}
	return os.MkdirAll(l.dir, dirMode)
}

var (
	errNoFolder = errors.New("it is not a folder")
	errMode     = errors.New("its permissions were changed, and have been restored")
)

// release closes all files.
func (l *Log) release() {
	for _, s := range l.segments {
		if s.file != nil {
			_ = s.file.Close()
		}
	}
	if l.lock != nil {
		_ = l.lock.Close()
	}
	l.segments, l.active, l.lock, l.loaded = nil, nil, nil, false
	l.index, l.total, l.live = map[string]entry{}, 0, 0
}

// gap is a number of frames that are missing.
type gap struct {
	event  int    // index of the event of the file that misses them
	before uint64 // sequence of the frame after them
	frames int
}

// replay is one pass over all segments.
type replay struct {
	*Log
	events []Event // of files, one each
	gaps   []gap
	expect uint64 // sequence of the next frame, or 0 before the first
	known  uint64 // gaps before this frame were reported before
	buf    []byte
}

// load reads all segments, and mends those that are damaged.
func (l *Log) load() error {
	l.release()
	r := &replay{Log: l}
	var early []Event
	if err := l.folder(&early); err != nil {
		return err
	}
	var err error
	if l.lock, err = lock(l.dir); err != nil {
		return err
	}
	if l.info, err = os.Stat(l.dir); err != nil {
		return err
	}
	segments, err := list(l.dir)
	if err != nil {
		return err
	}
	for i, s := range segments {
		if err := r.segment(s, i == len(segments)-1); err != nil {
			return err
		}
	}
	l.next = max(r.expect, 1)
	l.loaded, l.checked = true, time.Now()
	r.finish(early)
	return nil
}

// finish reports the damage. A frame without operations then marks it as reported, so that the next load is silent.
func (r *replay) finish(early []Event) {
	for _, g := range r.gaps {
		if g.before > r.known {
			r.events[g.event].Lost += g.frames
		}
	}
	lost := false
	for _, e := range append(early, r.events...) {
		lost = lost || e.Lost > 0
		if e.Lost > 0 || e.Cut > 0 || e.Kept != "" || e.Err != nil {
			r.report(e)
		}
	}
	if lost {
		_ = r.append(nil) // if it fails, it is reported again
	}
}

// missing records that the frames up to a sequence are missing.
func (r *replay) missing(event int, sequence uint64) {
	if r.expect != 0 && sequence > r.expect {
		n := int(min(sequence-r.expect, 1<<31))
		r.gaps = append(r.gaps, gap{max(event, 0), sequence, n})
	}
	r.expect = max(r.expect, sequence)
}

// segment reads one segment.
func (r *replay) segment(s *segment, last bool) error {
	path := r.path(s)
	r.events = append(r.events, Event{Path: path})
	at := len(r.events) - 1
	event := &r.events[at]
	r.missing(at-1, s.first) // at the end of the file before
	if restoreMode(path, fileMode) {
		event.Err = errMode
	}
	if err := s.open(r.dir); errors.Is(err, errUnusable) {
		event.Err = err
		if last {
			event.Lost = 1 // at least
		}
		event.Kept, err = putAside(r.dir, s.name)
		return err
	} else if err != nil {
		return err
	}
	data, unreadable := s.content(r.readAt, r.buf)
	r.buf = data
	scan := newScanner(data, s.marker, r.expect, last)
	var frames []frame
	for f, ok := scan.next(); ok; f, ok = scan.next() {
		r.missing(at, f.sequence)
		r.expect = f.sequence + 1
		event.Lost += f.damaged
		if len(f.ops) == 0 && f.damaged == 0 {
			r.known = f.sequence
		}
		frames = append(frames, f)
	}
	if last && scan.damaged && scan.whole < len(data) || last && len(frames) == 0 && scan.damaged {
		event.Lost++ // at least
	}
	usable := true
	switch {
	case unreadable != nil: // perhaps for now: the file stays as it is, and nothing is appended to it
		event.Err, usable = unreadable, false
		event.Lost++                                        // at least
		if info, err := s.file.Stat(); last && err == nil { // new frames come after those that may be in the rest
			r.expect += uint64(info.Size()-int64(len(data)))/headerSize + 1
		}
	case scan.damaged && len(frames) == 0:
		var err error
		if event.Kept, err = putAside(r.dir, s.name); err != nil {
			event.Err = err
		}
		return s.file.Close()
	case scan.damaged:
		frames, usable = r.mend(s, event, data, frames)
	case scan.torn:
		event.Cut = len(data) - scan.whole
		if err := s.file.Truncate(int64(scan.whole)); err != nil {
			event.Err, usable = err, false
		}
	}
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	s.size, s.info = info.Size(), info
	r.segments, r.total = append(r.segments, s), r.total+s.size
	if r.active = nil; last && usable {
		r.active = s
	}
	for _, f := range frames {
		for i, op := range f.ops {
			if op.Delete {
				r.remove(op.Key)
			} else {
				r.set(op.Key, entry{s, int64(f.values[i]), uint32(len(op.Value)), f.sums[i]})
			}
		}
	}
	return nil
}

// mend replaces a damaged file by one with its good frames, and keeps the damaged one. If that fails, the frames stay
// where they are, and nothing is appended to the file.
func (r *replay) mend(s *segment, event *Event, data []byte, frames []frame) ([]frame, bool) {
	mended, good := without(s, data, frames)
	kept, err := place(r.dir, s.name, mended, true)
	event.Kept = kept
	if err == nil {
		_ = s.file.Close()
		err = s.open(r.dir)
	}
	if err != nil {
		event.Err = err
		return frames, false
	}
	return good, true
}

// without returns the content of a file without what is damaged.
func without(s *segment, data []byte, frames []frame) ([]byte, []frame) {
	b := []byte(magic)
	for _, f := range frames {
		if f.damaged == 0 {
			b = append(b, data[f.start:f.end]...)
		} else {
			b, _ = appendFrame(b, nil, s.marker, f.sequence, f.ops)
		}
	}
	scan := newScanner(b, s.marker, 0, false)
	good := make([]frame, 0, len(frames))
	for f, ok := scan.next(); ok; f, ok = scan.next() {
		good = append(good, f)
	}
	return b, good
}
