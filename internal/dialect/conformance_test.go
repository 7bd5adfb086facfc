package dialect

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
)

// knownMisses are the keys that are read in another way than the corpus asserts, with the reason: case, span and key.
var knownMisses = map[string]string{
	"openinference/js-openai-multi-choices 213ab5a09008f35e output_messages": "the sidecar holds what the emitter " +
		"flattened, which is the first choice only; the response beside it (output.value) holds every choice, and all " +
		"of them are read",
}

type expectation struct {
	Spans []struct {
		SpanID string         `json:"spanId"`
		Expect map[string]any `json:"expect"`
	} `json:"spans"`
}

func TestConformance(t *testing.T) {
	dir := filepath.Join(corpus.Dir(t), "dialects")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.expected.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no dialect cases in the corpus")
	}
	asserted, right := 0, 0
	var misses []string
	for _, sidecar := range files {
		var expected expectation
		readJSON(t, sidecar, &expected)
		name := strings.TrimSuffix(sidecar, ".expected.json")
		calls := readCase(t, name)
		for _, span := range expected.Spans {
			call := calls[span.SpanID]
			for key, want := range span.Expect {
				asserted++
				if why := differs(key, want, call[key]); why != "" {
					rel, _ := filepath.Rel(dir, name)
					misses = append(misses, fmt.Sprintf("%s %s %s: %s", rel, span.SpanID, key, why))
				} else {
					right++
				}
			}
		}
	}
	t.Logf("dialect conformance: %d of %d asserted keys are right (%.2f %%)", right, asserted,
		100*float64(right)/float64(asserted))
	var missed []string
	for _, miss := range misses {
		key, why, _ := strings.Cut(miss, ": ")
		missed = append(missed, key)
		t.Logf("%s: %s; known: %s", key, why, knownMisses[key])
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(knownMisses)), missed,
		"a new miss is a fault; a mended one leaves the list")
}

// readCase reads every span of a case into the JSON that `faultline score --call` prints.
func readCase(t *testing.T, name string) map[string]map[string]any {
	t.Helper()
	raw, err := os.ReadFile(name + ".json")
	require.NoError(t, err)
	traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(raw)
	require.NoError(t, err)
	cache := NewLogContentCache(0, 0)
	r := NewReader(cache)
	if raw, err := os.ReadFile(name + ".logs.json"); err == nil {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(raw)
		require.NoError(t, err)
		cache.Add(logs)
	}
	calls := map[string]map[string]any{}
	for _, rs := range traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				call, ok := r.Read(rs.Resource(), ss.Scope(), span)
				if !ok {
					continue
				}
				text, err := json.Marshal(call)
				require.NoError(t, err)
				var fields map[string]any
				require.NoError(t, json.Unmarshal(text, &fields))
				calls[span.SpanID().String()] = fields
			}
		}
	}
	return calls
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

// differs compares two values and describes the difference, or returns "". Numbers may differ by 1e-9, texts are
// trimmed, and JSON in strings is compared as JSON. Members that the expected object does not have are ignored.
func differs(path string, want, got any) string {
	if number, ok := want.(float64); ok {
		if text, isText := got.(string); isText {
			if parsed, err := strconv.ParseFloat(text, 64); err == nil {
				got = parsed
			}
		}
		value, ok := got.(float64)
		if !ok || math.Abs(value-number) > 1e-9*math.Max(1, math.Abs(number)) {
			return fmt.Sprintf("%s: want %v, got %s", path, want, shortly(got))
		}
		return ""
	}
	switch want := want.(type) {
	case nil:
		if got != nil && got != "" {
			return fmt.Sprintf("%s: want nothing, got %s", path, shortly(got))
		}
	case bool:
		if got == nil {
			got = false
		}
		if got != want {
			return fmt.Sprintf("%s: want %v, got %s", path, want, shortly(got))
		}
	case string:
		text, ok := got.(string)
		if ok && strings.TrimSpace(text) == strings.TrimSpace(want) {
			return ""
		}
		if got == nil && want == "" {
			return ""
		}
		var inner any
		if json.Unmarshal([]byte(want), &inner) == nil && inner != nil {
			if _, isText := inner.(string); !isText && differs(path, inner, decoded(got)) == "" {
				return ""
			}
		}
		return fmt.Sprintf("%s: want %s, got %s", path, shortly(want), shortly(got))
	case map[string]any:
		object, ok := decoded(got).(map[string]any)
		if !ok && len(want) > 0 {
			return fmt.Sprintf("%s: want %s, got %s", path, shortly(want), shortly(got))
		}
		for key, value := range want {
			if why := differs(path+"."+key, value, object[key]); why != "" {
				return why
			}
		}
	case []any:
		list, _ := decoded(got).([]any)
		if len(list) != len(want) {
			return fmt.Sprintf("%s: want %d items, got %d: %s", path, len(want), len(list), shortly(got))
		}
		for i := range want {
			if why := differs(fmt.Sprintf("%s.%d", path, i), want[i], list[i]); why != "" {
				return why
			}
		}
	}
	return ""
}

// decoded returns the JSON value in a text, or the value unchanged.
func decoded(v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	var inner any
	if json.Unmarshal([]byte(text), &inner) != nil {
		return v
	}
	return inner
}

func shortly(v any) string {
	text, _ := json.Marshal(v)
	if len(text) > 300 {
		return string(text[:300]) + "…"
	}
	return string(text)
}
