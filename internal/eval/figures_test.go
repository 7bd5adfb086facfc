package eval

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the figures on the development corpus to testdata")

// requireFigures prints figures and compares them with those in testdata, line by line. The lines are exact, so a
// figure that gets better fails as well as one that gets worse: both change the file, which a reviewer sees. A platform
// that rounds floats otherwise than amd64 can move a figure by a row.
func requireFigures(t *testing.T, name string, lines []string) {
	t.Helper()
	for _, line := range lines {
		t.Log(line)
	}
	path := filepath.Join("testdata", name+".txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
		return
	}
	want := strings.Split(strings.TrimSuffix(readText(t, path), "\n"), "\n")
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("%s: this figure is gone: %s", path, line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(want, line) {
			t.Errorf("%s: this figure is new: %s", path, line)
		}
	}
	if t.Failed() {
		t.Logf("if the change is meant: go test ./internal/eval -run '^%s$' -update", t.Name())
	}
	require.Len(t, lines, len(want), path)
}
