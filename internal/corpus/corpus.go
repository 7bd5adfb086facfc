// Package corpus finds the development data that tests measure on. The data is not part of the repository. Tests that
// need it skip where it is absent.
package corpus

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// EnvDir names the environment variable that holds the path of the corpus.
const EnvDir = "FAULTLINE_CORPUS"

// Dir returns the folder of the corpus. It skips the test where there is none.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, ok := Find(tb)
	if !ok {
		tb.Skipf("no corpus at %s; set %s to its path", dir, EnvDir)
	}
	return dir
}

// Find returns the folder of the corpus and whether it exists. Fuzz targets use it: they run on their own seeds where
// the corpus is absent.
func Find(tb testing.TB) (dir string, ok bool) {
	tb.Helper()
	if dir = os.Getenv(EnvDir); dir == "" {
		dir = filepath.Join(root(tb), "..", "shared", "corpus")
	}
	_, err := os.Stat(dir)
	return dir, err == nil
}

// Dialects lists the traces and logs of the dialect corpus that have at most so many bytes. The list is empty where the
// corpus is absent.
func Dialects(tb testing.TB, largest int64) []string {
	tb.Helper()
	dir, _ := Find(tb)
	paths, err := filepath.Glob(filepath.Join(dir, "dialects", "*", "*.json"))
	if err != nil {
		tb.Fatal(err)
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || info.Size() > largest || strings.HasSuffix(path, ".expected.json")
	})
}

// root is the folder of go.mod, above the package under test.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		tb.Fatal("no go.mod above the working directory")
	}
}

// Lines reads a gzip file of JSON lines below Dir and calls each with every value.
func Lines[T any](tb testing.TB, name string, each func(T)) {
	tb.Helper()
	f, err := os.Open(filepath.Join(Dir(tb), name))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	for d := json.NewDecoder(bufio.NewReaderSize(z, 1<<20)); d.More(); {
		var v T
		if err := d.Decode(&v); err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		each(v)
	}
}
