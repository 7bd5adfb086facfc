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

// flip changes a bit.
func flip(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 4
	return b
}

// noise replaces bytes.
func noise(b []byte, at, n int) []byte {
	b = slices.Clone(b)
	random := rand.New(rand.NewPCG(3, 4))
	for i := at; i < min(at+n, len(b)); i++ {
		b[i] = byte(random.Uint32())
	}
	return b
}

// damage are ways to damage a file of the log.
var damage = map[string]func(t *testing.T, path string){
	"truncated to 0":         rewriteWith(func([]byte) []byte { return nil }),
	"cut in the middle":      rewriteWith(func(b []byte) []byte { return b[:len(b)/2+7] }),
	"random bytes at head":   rewriteWith(func(b []byte) []byte { return noise(b, 0, 200) }),
	"random bytes in middle": rewriteWith(func(b []byte) []byte { return noise(b, len(b)/2, 200) }),
	"random bytes at tail":   rewriteWith(func(b []byte) []byte { return noise(b, len(b)-200, 200) }),
	"wrong version":          rewriteWith(func(b []byte) []byte { return flip(b, len(magic)-2) }),
	"flipped length":         rewriteWith(func(b []byte) []byte { return flip(b, len(magic)+20) }),
	"flipped value":          rewriteWith(func(b []byte) []byte { return flip(b, len(b)/2) }),
	"zeroed pages": rewriteWith(func(b []byte) []byte {
		b = slices.Clone(b)
		clear(b[len(b)/4 : len(b)/4+min(8192, len(b)/2)])
		return b
	}),
	"bytes missing": rewriteWith(func(b []byte) []byte { return slices.Delete(slices.Clone(b), len(b)/3, len(b)/3+50) }),
	"removed":       func(t *testing.T, path string) { require.NoError(t, os.RemoveAll(path)) },
	"a folder": func(t *testing.T, path string) {
		require.NoError(t, os.RemoveAll(path))
		require.NoError(t, os.Mkdir(path, 0o700))
	},
	"not readable": func(t *testing.T, path string) { require.NoError(t, os.Chmod(path, 0)) },
}

func rewriteWith(change func([]byte) []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, change(b), 0o600))
	}
}

// filled writes three segments, and returns their content by segment.
func filled(t *testing.T, l *Log) (want map[string]string, in map[string]string) {
	t.Helper()
	want, in = map[string]string{}, map[string]string{}
	for i := 0; len(l.segments) < 3 || l.active.size < minSegment/2; i++ {
		key, value := fmt.Sprintf("key %d", i), strings.Repeat(fmt.Sprint(i, " "), 9000)
		require.NoError(t, l.Write(set(key, value)))
		want[key], in[key] = value, l.active.name
	}
	require.Len(t, l.segments, 3)
	return want, in
}

// TestDamageAtTheStart damages each file in each way. The log must open, say so, and keep the content of other files
// and of the intact part of the file.
func TestDamageAtTheStart(t *testing.T) {
	for name, damage := range damage {
		for number := range 3 {
			t.Run(fmt.Sprint(name, " ", number), func(t *testing.T) {
				if name == "removed" && number == 0 {
					t.Skip("cleaning removes the oldest segment too")
				}
				if name == "removed" && number == 2 {
					t.Skip("nothing is left that could tell")
				}
				dir := t.TempDir()
				l, _ := watched(t, dir, Options{})
				want, in := filled(t, l)
				file := l.segments[number].name
				require.NoError(t, l.Close())
				damage(t, filepath.Join(dir, file))

				l, events := watched(t, dir, Options{})
				require.NotEmpty(t, *events)
				require.Contains(t, (*events)[0].Path+(*events)[0].Kept, ".log")
				got := content(t, l)
				all, kept := 0, 0
				for key, value := range want {
					switch {
					case in[key] != file:
						require.Equal(t, value, got[key])
					case got[key] == value:
						kept++
						all++
					default:
						require.Empty(t, got[key])
						all++
					}
				}
				lost := 0
				for _, e := range *events {
					lost += e.Lost
				}
				switch name {
				case "not readable":
					require.Equal(t, all, kept)
				case "truncated to 0", "removed", "a folder":
					require.Zero(t, kept)
				case "cut in the middle":
					require.Greater(t, kept, all/3)
				case "wrong version":
					require.Equal(t, all, kept)
				default:
					require.GreaterOrEqual(t, kept, all-2, "only what is damaged is lost")
				}
				if number < 2 {
					require.Equal(t, all-kept, lost, "exactly what is lost is counted")
				}
				// It goes on as if nothing had been, and has nothing to report the next time.
				require.NoError(t, l.Write(set("new", "value")))
				after := content(t, l)
				require.NoError(t, l.Close())
				l, events = watched(t, dir, Options{})
				require.Empty(t, *events)
				require.Equal(t, after, content(t, l))
			})
		}
	}
}

// TestDamageWhileRunning does the same to an open log.
func TestDamageWhileRunning(t *testing.T) {
	for name, damage := range damage {
		for number := range 3 {
			t.Run(fmt.Sprint(name, " ", number), func(t *testing.T) {
				dir := t.TempDir()
				l, events := watched(t, dir, Options{})
				want, in := filled(t, l)
				file := l.segments[number].name
				damage(t, filepath.Join(dir, file))
				if name == "not readable" {
					t.Skip("an open file stays readable; the next start restores its permissions")
				}
				l.checked = time.Time{} // a second later
				require.NoError(t, l.Write(set("new", "value")))
				require.NotEmpty(t, *events)
				got := content(t, l)
				require.Equal(t, "value", got["new"])
				for key, value := range want {
					if in[key] != file || name == "removed" || name == "a folder" {
						require.Equal(t, value, got[key])
					} else if got[key] != value {
						require.Empty(t, got[key])
					}
				}
				if name == "removed" || name == "a folder" {
					require.True(t, (*events)[0].Rewritten)
				}
				require.NoError(t, l.Close())
				l, events = watched(t, dir, Options{})
				require.Empty(t, *events)
				require.Equal(t, got, content(t, l))
			})
		}
	}
}

// TestADamagedValueIsNotThere damages a value behind the back of an open log, so that only Get can notice.
func TestADamagedValueIsNotThere(t *testing.T) {
	dir := t.TempDir()
	l, events := watched(t, dir, Options{})
	require.NoError(t, l.Write(set("a", "old value"), set("b", "1")))
	require.NoError(t, l.Write(set("a", "new value"), set("c", "2")))
	require.NoError(t, l.Write(set("d", "3")))
	f, err := os.OpenFile(l.path(l.active), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("x"), l.index["a"].at)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	value, err := l.Get("a")
	require.NoError(t, err)
	require.Equal(t, "old value", string(value), "the last intact value")
	require.Len(t, *events, 1)
	require.Equal(t, 1, (*events)[0].Lost)
	require.FileExists(t, filepath.Join(dir, (*events)[0].Kept))
	require.Equal(t, map[string]string{"a": "old value", "b": "1", "c": "2", "d": "3"}, content(t, l))
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
	l, events := watched(t, dir, Options{})
	require.Equal(t, map[string]string{"a": "1"}, content(t, l))
	require.Empty(t, *events)
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
		dir, err := os.MkdirTemp(memory, "kvlog")
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
