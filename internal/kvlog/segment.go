package kvlog

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	suffix     = ".log"
	tmpSuffix  = ".tmp"
	keptSuffix = ".damaged-" // then the time
	nameLen    = 16 + 1 + 16 + len(suffix)

	// maxKept bounds the damaged files that are kept, for each folder.
	maxKept = 4
	// maxFile bounds how much of a file is read.
	maxFile = maxPayload + maxSegment + 1<<20
)

// segment is a file of the log. Its name holds the sequence of its first frame, and its marker.
type segment struct {
	name   string
	first  uint64
	marker [8]byte
	file   *os.File
	size   int64
	live   int         // keys whose value is here
	info   os.FileInfo // after the last write
}

func segmentName(first uint64, marker [8]byte) string {
	return fmt.Sprintf("%016x-%x%s", first, marker, suffix)
}

// parseName reads what segmentName wrote.
func parseName(name string) (*segment, bool) {
	if len(name) != nameLen || !strings.HasSuffix(name, suffix) || name[16] != '-' {
		return nil, false
	}
	first, err := hex.DecodeString(name[:16])
	if err != nil {
		return nil, false
	}
	s := &segment{name: name, first: binary.BigEndian.Uint64(first)}
	_, err = hex.Decode(s.marker[:], []byte(name[17:33]))
	return s, err == nil && segmentName(s.first, s.marker) == name
}

// intact reports whether the file is still where it was, as the last write left it.
func (s *segment) intact(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, s.name))
	return err == nil && s.info != nil && os.SameFile(info, s.info) && info.Size() == s.size &&
		info.ModTime().Equal(s.info.ModTime())
}

// content reads the file. If a part of it cannot be read, it returns what stands before, and the error.
func (s *segment) content(readAt access, buf []byte) ([]byte, error) {
	info, err := s.file.Stat()
	if err != nil {
		return buf[:0], err
	}
	n := int(min(info.Size(), maxFile))
	if cap(buf) < n {
		buf = make([]byte, n+n/2) // the next one may be larger
	}
	n, err = readAt(s.file, buf[:n], 0)
	if errors.Is(err, io.EOF) { // it became shorter meanwhile
		err = nil
	}
	return buf[:n], err
}

// list returns the segments of a folder in order, after it has finished what an earlier process left half done.
func list(dir string) ([]*segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	var segments []*segment
	for _, e := range entries {
		name := e.Name()
		if of, ok := strings.CutSuffix(name, tmpSuffix); ok {
			if _, ours := parseName(of); !ours {
				continue
			}
			// The old file has been put aside and the new one is complete, or the new one is the start of a segment.
			// An empty one is a segment whose creation was cut short.
			info, err := e.Info()
			needed := !names[of] && err == nil && info.Size() >= int64(len(magic))
			if !needed || os.Rename(filepath.Join(dir, name), filepath.Join(dir, of)) != nil {
				_ = os.Remove(filepath.Join(dir, name))
				continue
			}
			name = of
		}
		if s, ok := parseName(name); ok {
			segments = append(segments, s)
		}
	}
	slices.SortFunc(segments, func(a, b *segment) int {
		return cmp.Or(cmp.Compare(a.first, b.first), strings.Compare(a.name, b.name))
	})
	return segments, nil
}

// open opens the file of a segment. If that can never work, it returns errUnusable.
func (s *segment) open(dir string) error {
	path := filepath.Join(dir, s.name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a link to nowhere
		return fmt.Errorf("%w: %w", errUnusable, err)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a file", errUnusable)
	}
	s.file, err = os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %w", errUnusable, err)
	}
	return err
}

var errUnusable = errors.New("file cannot be used")

// restoreMode gives a file or folder its permissions back, and reports whether that was needed.
func restoreMode(path string, mode fs.FileMode) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&mode != mode && info.IsDir() == (mode == dirMode) && os.Chmod(path, mode) == nil
}

// place writes a file under its name in one step. What stands there before is put aside, or replaced.
func place(dir, name string, data []byte, aside bool) (kept string, err error) {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path+tmpSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(path+tmpSuffix))
	}
	if aside {
		if kept, err = putAside(dir, name); err != nil {
			return "", err
		}
	}
	if err = os.Rename(path+tmpSuffix, path); err != nil {
		return kept, err
	}
	return kept, syncDir(dir)
}

// create makes an empty segment.
func create(dir string, first uint64) (*segment, error) {
	s := &segment{first: first, size: int64(len(magic))}
	if _, err := rand.Read(s.marker[:]); err != nil {
		return nil, err
	}
	s.name = segmentName(first, s.marker)
	path := filepath.Join(dir, s.name)
	var err error
	s.file, err = os.OpenFile(path+tmpSuffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	_, err = s.file.WriteString(magic)
	if err == nil {
		err = os.Rename(path+tmpSuffix, path)
	}
	if err == nil {
		s.info, err = s.file.Stat()
	}
	if err != nil {
		return nil, errors.Join(err, s.file.Close(), os.Remove(path+tmpSuffix))
	}
	return s, nil
}

// putAside renames a damaged file or folder, if there is one, and removes the oldest ones beyond maxKept.
func putAside(dir, name string) (kept string, err error) {
	path := filepath.Join(dir, name)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	kept = name + keptSuffix + time.Now().UTC().Format("20060102T150405.000000000")
	if err := os.Rename(path, filepath.Join(dir, kept)); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return kept, nil //nolint:nilerr // the next time removes them
	}
	var all []string
	for _, e := range entries {
		if before, at, ok := strings.Cut(e.Name(), keptSuffix); ok && at != "" {
			if _, ours := parseName(before); ours || before == name {
				all = append(all, e.Name())
			}
		}
	}
	slices.SortFunc(all, func(a, b string) int {
		_, x, _ := strings.Cut(a, keptSuffix)
		_, y, _ := strings.Cut(b, keptSuffix)
		return strings.Compare(x, y)
	})
	for _, old := range all[:max(len(all)-maxKept, 0)] {
		_ = os.Remove(filepath.Join(dir, old)) // a folder with content stays
	}
	return kept, nil
}

// copyOf reads what a descriptor still gives of a file that has lost its name.
func copyOf(s *segment) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(s.file, 0, s.size))
}
