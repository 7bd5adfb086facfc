package kvlog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// watched opens a log whose events are kept.
func watched(t *testing.T, dir string, options Options) (*Log, *[]Event) {
	t.Helper()
	events := &[]Event{}
	options.Report = func(e Event) { *events = append(*events, e) }
	l, err := Open(dir, options)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l, events
}

func set(key, value string) Operation { return Operation{Key: key, Value: []byte(value)} }

func content(t *testing.T, l *Log) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, key := range l.Keys() {
		value, err := l.Get(key)
		require.NoError(t, err)
		if value != nil {
			all[key] = string(value)
		}
	}
	return all
}

func TestAMapThatSurvives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "folder")
	l, events := watched(t, dir, Options{Sync: true})
	require.NoError(t, l.Write(set("a", "1"), set("b", ""), set("c", "3")))
	require.NoError(t, l.Write(set("a", "2"), Operation{Key: "c", Delete: true}, Operation{Key: "none", Delete: true}))
	require.NoError(t, l.Write())
	want := map[string]string{"a": "2", "b": ""}
	require.Equal(t, want, content(t, l))
	value, err := l.Get("c")
	require.NoError(t, err)
	require.Nil(t, value)

	_, err = Open(dir, Options{})
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, dir)

	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Write(set("a", "")), os.ErrClosed)
	l, _ = watched(t, dir, Options{})
	require.Equal(t, want, content(t, l))
	require.Empty(t, *events)
	for name, mode := range map[string]os.FileMode{dir: 0o700, l.path(l.active): 0o600} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

// TestAsAMap does random writes with small segments, reopens now and then, and compares with a map.
func TestAsAMap(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	l, events := watched(t, dir, Options{})
	want := map[string]string{}
	for range 3000 {
		var ops []Operation
		for range random.IntN(4) + 1 {
			key := fmt.Sprint(random.IntN(60))
			if random.IntN(4) == 0 {
				ops = append(ops, Operation{Key: key, Delete: true})
				delete(want, key)
				continue
			}
			want[key] = strings.Repeat(fmt.Sprint(random.IntN(10)), random.IntN(8000))
			ops = append(ops, set(key, want[key]))
		}
		require.NoError(t, l.Write(ops...))
		if random.IntN(300) == 0 {
			require.NoError(t, l.Close())
			l, events = watched(t, dir, Options{})
			require.Equal(t, want, content(t, l))
		}
	}
	require.Equal(t, want, content(t, l))
	require.Empty(t, *events)
	size := l.Size()
	require.Equal(t, len(want), size.Keys)
	require.LessOrEqual(t, size.Files, 2*size.Live+3*minSegment+1<<17, "old segments are removed")
	var live int64
	for key, value := range want {
		live += cost(key, len(value))
	}
	require.Equal(t, live, size.Live)
}

func TestAQueueLeavesNothingBehind(t *testing.T) {
	l, _ := watched(t, t.TempDir(), Options{})
	item := strings.Repeat("x", 300<<10)
	for i := range 200 {
		require.NoError(t, l.Write(set("meta", fmt.Sprint(i)), set(fmt.Sprint(i), item)))
		if i >= 5 {
			require.NoError(t, l.Write(set("meta", fmt.Sprint(i)), Operation{Key: fmt.Sprint(i - 5), Delete: true}))
		}
	}
	require.Equal(t, 6, l.Size().Keys)
	require.LessOrEqual(t, l.Size().Files, 2*l.Size().Live+3*minSegment+1<<19)
}

func TestSizeIsBounded(t *testing.T) {
	l, _ := watched(t, t.TempDir(), Options{MaxSize: 1000})
	require.NoError(t, l.Write(set("a", strings.Repeat("x", 900))))
	require.ErrorIs(t, l.Write(set("b", strings.Repeat("x", 900))), ErrFull)
	require.NoError(t, l.Write(set("a", strings.Repeat("y", 900))), "a value can be replaced")
	require.NoError(t, l.Write(set("b", "small"), Operation{Key: "a", Delete: true}))
	require.Equal(t, map[string]string{"b": "small"}, content(t, l))
	require.ErrorIs(t, l.Write(Operation{Key: "c", Value: make([]byte, maxPayload)}), ErrTooLarge)
}

// TestAFullDisk fails writes in the middle. The log must stay as it was.
func TestAFullDisk(t *testing.T) {
	dir := t.TempDir()
	l, events := watched(t, dir, Options{})
	require.NoError(t, l.Write(set("a", "1"), set("b", "2")))
	l.writeAt = func(f *os.File, b []byte, at int64) (int, error) {
		n, _ := f.WriteAt(b[:len(b)/2], at)
		return n, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	require.ErrorIs(t, l.Write(set("a", "9"), Operation{Key: "b", Delete: true}), ErrFull)
	require.Equal(t, map[string]string{"a": "1", "b": "2"}, content(t, l))
	l.writeAt = (*os.File).WriteAt
	require.NoError(t, l.Write(set("c", "3")))
	want := map[string]string{"a": "1", "c": "3"}
	require.Equal(t, want, content(t, l), "a delete is made up for")
	require.NoError(t, l.Close())
	l, more := watched(t, dir, Options{})
	require.Equal(t, want, content(t, l))
	require.Empty(t, append(*events, *more...))
}

// TestACrashLeavesAWholeWriteOrNone cuts the file at every length.
func TestACrashLeavesAWholeWriteOrNone(t *testing.T) {
	dir := t.TempDir()
	l, _ := watched(t, dir, Options{})
	require.NoError(t, l.Write(set("a", "1"), set("b", "1")))
	before := l.active.size
	require.NoError(t, l.Write(set("a", "2"), set("b", "2")))
	after, path := l.active.size, l.path(l.active)
	require.NoError(t, l.Close())
	all, err := os.ReadFile(path)
	require.NoError(t, err)
	for size := before; size <= after; size++ {
		for _, tail := range []string{"", string(make([]byte, after-size))} { // cut, or blocks that were never written
			require.NoError(t, os.WriteFile(path, append(slices.Clone(all[:size]), tail...), 0o600))
			l, events := watched(t, dir, Options{})
			want := "1"
			if size == after || bytes.Equal(append(slices.Clone(all[:size]), tail...), all) {
				want = "2"
			}
			if want == "1" && size+int64(len(tail)) > before {
				require.NotEmpty(t, *events, size)
			}
			require.Equal(t, map[string]string{"a": want, "b": want}, content(t, l), "%d %d", size, len(tail))
			require.NoError(t, l.Close())
		}
	}
}

func TestAFolderThatVanishesIsWrittenAgain(t *testing.T) {
	for name, vanish := range map[string]func(dir string) error{
		"removed": os.RemoveAll,
		"renamed": func(dir string) error {
			return os.Rename(dir, filepath.Join(filepath.Dir(dir), fmt.Sprint("old", time.Now().UnixNano())))
		},
		"a file": func(dir string) error {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			return os.WriteFile(dir, []byte("no folder"), 0o600)
		},
		"another folder": func(dir string) error {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			return os.Mkdir(dir, 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "log")
			l, events := watched(t, dir, Options{})
			require.NoError(t, l.Write(set("a", "1")))
			require.NoError(t, vanish(dir))
			require.NoError(t, l.Write(set("b", "2")))
			require.NotEmpty(t, *events)
			require.True(t, slices.ContainsFunc(*events, func(e Event) bool { return e.Rewritten }))
			_, err := Open(dir, Options{})
			require.ErrorIs(t, err, ErrInUse, "the new folder is locked too")
			n := len(*events)
			require.NoError(t, l.Write(set("c", "3")))
			require.Len(t, *events, n, "it is reported once")
			require.NoError(t, vanish(dir))
			require.NoError(t, l.Close())
			l, _ = watched(t, dir, Options{})
			require.Equal(t, map[string]string{"a": "1", "b": "2", "c": "3"}, content(t, l))
		})
	}
}

func TestAFileInPlaceOfTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(dir, []byte("no folder"), 0o600))
	l, events := watched(t, dir, Options{})
	require.NoError(t, l.Write(set("a", "1")))
	require.Len(t, *events, 1)
	require.FileExists(t, filepath.Join(filepath.Dir(dir), (*events)[0].Kept))
}

func TestFewDamagedFilesAreKept(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 * maxKept {
		l, _ := watched(t, dir, Options{})
		require.NoError(t, l.Write(set(fmt.Sprint(i), "value")))
		path := l.path(l.active)
		require.NoError(t, l.Close())
		damage["random bytes at head"](t, path)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*"+keptSuffix+"*"))
	require.NoError(t, err)
	require.Len(t, kept, maxKept)
}

// TestAValueCannotForgeAFrame stores the bytes of a frame of another log, and damages what surrounds it.
func TestAValueCannotForgeAFrame(t *testing.T) {
	forged, _ := appendFrame(nil, nil, [8]byte{1}, 99, []Operation{set("admin", "yes")})
	dir := t.TempDir()
	l, _ := watched(t, dir, Options{})
	require.NoError(t, l.Write(Operation{Key: "a", Value: forged}))
	require.NoError(t, l.Write(set("b", "1")))
	path := l.path(l.active)
	require.NoError(t, l.Close())
	damage["flipped length"](t, path)
	l, events := watched(t, dir, Options{})
	require.Equal(t, map[string]string{"b": "1"}, content(t, l))
	require.Equal(t, 1, (*events)[0].Lost)
}

func TestAnUnfinishedMendIsFinished(t *testing.T) {
	dir := t.TempDir()
	l, _ := watched(t, dir, Options{})
	require.NoError(t, l.Write(set("a", "1")))
	path := l.path(l.active)
	require.NoError(t, l.Close())
	require.NoError(t, os.Rename(path, path+tmpSuffix))
	begun := filepath.Join(dir, segmentName(9, [8]byte{1}))
	require.NoError(t, os.WriteFile(begun+tmpSuffix, nil, 0o600)) // a kill at the creation of a segment
	l, events := watched(t, dir, Options{})
	require.Equal(t, map[string]string{"a": "1"}, content(t, l))
	require.Empty(t, *events)
	require.NoFileExists(t, begun)
	require.NoFileExists(t, begun+tmpSuffix)
}

// FuzzOpen opens arbitrary bytes as a segment. Nothing may panic, and what is written afterwards must be there.
func FuzzOpen(f *testing.F) {
	var marker [8]byte
	good, _ := appendFrame([]byte(magic), nil, marker, 1, []Operation{set("a", "1"), {Key: "b", Delete: true}})
	good, _ = appendFrame(good, nil, marker, 2, []Operation{set("b", strings.Repeat("2", 600))})
	memory := "/dev/shm" // disks are slow to sync
	if _, err := os.Stat(memory); err != nil {
		memory = ""
	}
	f.Add(good)
	f.Add(flip(good, 30))
	f.Add(good[:len(good)-3])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		dir, err := os.MkdirTemp(memory, "kvlog") //nolint:usetesting // t.TempDir is on the disk
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		require.NoError(t, os.WriteFile(filepath.Join(dir, segmentName(1, marker)), b, 0o600))
		l, _ := watched(t, dir, Options{})
		require.NoError(t, l.Write(set("new", "value")))
		before := content(t, l)
		require.Equal(t, "value", before["new"])
		require.NoError(t, l.Close())
		l, events := watched(t, dir, Options{})
		require.Empty(t, *events)
		require.Equal(t, before, content(t, l))
		require.NoError(t, l.Close())
	})
}
