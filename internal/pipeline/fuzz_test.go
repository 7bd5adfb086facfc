package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// FuzzAnnotate runs every default scorer on OTLP/JSON requests. Nothing may panic, and a second run must change
// nothing. The dialect corpus is the seed if it is available.
func FuzzAnnotate(f *testing.F) {
	marshaler, unmarshaler := &ptrace.JSONMarshaler{}, &ptrace.JSONUnmarshaler{}
	seed, err := marshaler.MarshalTraces(traffic(1))
	require.NoError(f, err)
	f.Add(seed)
	dir := os.Getenv("FAULTLINE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "dialects", "*", "*.json"))
	for _, file := range files {
		if strings.HasSuffix(file, ".expected.json") || strings.HasSuffix(file, ".logs.json") {
			continue
		}
		if text, err := os.ReadFile(file); err == nil && len(text) < 64<<10 {
			f.Add(text)
		}
	}
	a := NewScorer(defaultSet(f), ScorerOptions{Content: true})
	f.Fuzz(func(t *testing.T, text []byte) {
		td, err := unmarshaler.UnmarshalTraces(text)
		if err != nil {
			return
		}
		a.Traces(td, nil, func(o *Scored) {
			if o.Call != nil {
				_, _ = o.Call.MarshalJSON()
			}
		})
		once, err := marshaler.MarshalTraces(td)
		require.NoError(t, err)
		a.Traces(td, nil, nil)
		twice, err := marshaler.MarshalTraces(td)
		require.NoError(t, err)
		if at := difference(once, twice); at >= 0 {
			from := max(0, at-200)
			t.Fatalf("the second pass changed\n%s\ninto\n%s", once[from:min(len(once), at+200)],
				twice[from:min(len(twice), at+200)])
		}
	})
}

// difference returns the index where two texts start to differ, or -1.
func difference(a, b []byte) int {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	if len(b) > len(a) {
		return len(a)
	}
	return -1
}
