package spanattr

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/dialect"
)

// A gateway reads spans that an agent has normalised. It must get the same call, except for the attribute that holds
// either model.
func TestNormalisedSpanGivesTheSameCall(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus.Dir(t), "dialects", "*", "*.json"))
	require.NoError(t, err)
	r := dialect.NewReader(nil)
	for _, file := range files {
		if strings.Contains(file, ".expected.") || strings.Contains(file, ".logs.") {
			continue
		}
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(raw)
		require.NoError(t, err)
		for _, rs := range traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					call, ok := r.Read(rs.Resource(), ss.Scope(), span)
					if !ok {
						continue
					}
					first := callJSON(t, call)
					Normalise(span, call)
					again, ok := r.Read(rs.Resource(), ss.Scope(), span)
					require.True(t, ok)
					second := callJSON(t, again)
					if first["model"] != nil {
						delete(first, "model")
						delete(second, "request_model")
					}
					require.Empty(t, cmp.Diff(first, second), "%s %s", file, span.Name())
				}
			}
		}
	}
}

func callJSON(t *testing.T, call json.Marshaler) map[string]any {
	t.Helper()
	text, err := json.Marshal(call)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(text, &fields))
	return fields
}
