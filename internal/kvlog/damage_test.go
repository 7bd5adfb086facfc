package kvlog

import (
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
	"removed": func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.RemoveAll(path))
	},
	"a folder": func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.RemoveAll(path))
		require.NoError(t, os.Mkdir(path, 0o700))
	},
	"not readable": func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.Chmod(path, 0))
	},
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

// TestDamageOnAFullDisk opens a damaged log where no mended file can be written. It must open and be read.
func TestDamageOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	l, _ := watched(t, dir, Options{})
	for i := range 10 {
		require.NoError(t, l.Write(set(fmt.Sprint(i), strings.Repeat("x", 1000))))
	}
	path := l.path(l.active)
	require.NoError(t, l.Close())
	damage["flipped value"](t, path)
	require.NoError(t, os.Mkdir(path+tmpSuffix, 0o700)) // in the way of the mended file
	require.NoError(t, os.WriteFile(filepath.Join(path+tmpSuffix, "full"), nil, 0o600))
	l, events := watched(t, dir, Options{})
	require.Len(t, *events, 1)
	require.Error(t, (*events)[0].Err)
	require.Len(t, content(t, l), 9)
	require.NoError(t, l.Write(set("new", "value")))
	require.Len(t, content(t, l), 10)
	require.NoError(t, l.Close())
	require.NoError(t, os.RemoveAll(path+tmpSuffix))
	l, _ = watched(t, dir, Options{})
	require.Len(t, content(t, l), 10)
}

// TestADiskThatCannotBeRead: what a passing error of the disk hides is there again after it, and so is what was written
// meanwhile.
func TestADiskThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	l, events := watched(t, dir, Options{})
	require.NoError(t, l.Write(set("a", "1")))
	first := l.active.size
	require.NoError(t, l.Write(set("b", "2")))
	require.NoError(t, l.Write(set("a", "3")))
	old := l.path(l.active)
	l.readAt = func(f *os.File, b []byte, at int64) (int, error) {
		if at+int64(len(b)) <= first || !strings.HasPrefix(f.Name(), old) {
			return f.ReadAt(b, at)
		}
		n, _ := f.ReadAt(b[:max(first-at, 0)], at)
		return n, &os.PathError{Op: "read", Path: f.Name(), Err: syscall.EIO}
	}
	_, err := l.Get("b")
	require.ErrorIs(t, err, syscall.EIO)
	require.Empty(t, *events, "the value is not given up")

	require.NoError(t, l.load()) // as a restart
	require.Len(t, *events, 1)
	require.ErrorIs(t, (*events)[0].Err, syscall.EIO)
	require.Positive(t, (*events)[0].Lost)
	require.NoError(t, l.Write(set("c", "4")))
	l.readAt = (*os.File).ReadAt
	require.NoError(t, l.load())
	require.Equal(t, map[string]string{"a": "3", "b": "2", "c": "4"}, content(t, l))
	require.Len(t, *events, 1)
}
