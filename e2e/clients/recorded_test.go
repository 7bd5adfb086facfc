package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRecorded compares the recorded spans of every client with the table. With UPDATE=1 it writes the known faults and
// the matrix.
func TestRecorded(t *testing.T) {
	var faults []string
	verdicts := map[string]Verdict{}
	idle := make([]bool, len(Limits))
	for i := range idle {
		idle[i] = true
	}
	for i := range Clients {
		c := &Clients[i]
		seen := Observe(process(t, filepath.Join("testdata", c.Name+".jsonl.gz")), c.RecordedCell())
		require.NotContains(t, seen, "", "%s: a trace that belongs to no cell", c.Name)
		of, wrong := c.Check(seen)
		for name, v := range of {
			verdicts[name] = v
			for _, limit := range v.Limits {
				idle[limit] = false
			}
			if len(v.Idle) > 0 {
				t.Errorf("%s: limits that change nothing: %q", name, v.Idle)
			}
		}
		faults = append(faults, wrong...)
	}
	for i, unused := range idle {
		if unused {
			t.Errorf("a limit that applies to no cell: %s %s", Limits[i].Columns, Limits[i].Reason)
		}
	}
	generated := map[string]string{
		KnownFaults: strings.Join(faults, "\n") + "\n", "../../docs/reference/clients.md": matrix(verdicts),
	}
	for name, text := range generated {
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
			continue
		}
		have, err := os.ReadFile(name)
		require.NoError(t, err)
		diff := Difference(strings.Split(string(have), "\n"), strings.Split(text, "\n"))
		require.Empty(t, diff, "%s: run UPDATE=1 go test ./e2e/clients", name)
	}
}
