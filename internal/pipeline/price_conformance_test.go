package pipeline

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
)

// corpusCalls passes every call of the dialect corpus to a function, with the name of its case.
func corpusCalls(t *testing.T, each func(name string, c *genai.Call)) {
	t.Helper()
	dir := filepath.Join(corpus.Dir(t), "dialects")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.expected.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no dialect cases in the corpus")
	}
	r := dialect.NewReader(nil)
	for _, sidecar := range files {
		name := strings.TrimSuffix(sidecar, ".expected.json")
		raw, err := os.ReadFile(name + ".json")
		require.NoError(t, err)
		traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(raw)
		require.NoError(t, err)
		name, _ = filepath.Rel(dir, name)
		for _, rs := range traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					if call, ok := r.Read(rs.Resource(), ss.Scope(), span); ok {
						each(filepath.ToSlash(name), call)
					}
				}
			}
		}
	}
}

// exclusive are the cases whose emitter excludes cached tokens from the input, because it passes on the counts of
// Anthropic.
var exclusive = []string{"openllmetry/js-anthropic-caching"}

// TestConformanceTokens checks that the disjoint tokens of every span of the corpus add up to the counts of its
// emitter.
func TestConformanceTokens(t *testing.T) {
	counted, cached := 0, 0
	corpusCalls(t, func(name string, c *genai.Call) {
		u, k := &c.Usage, &c.Tokens
		input, output := k.UncachedInput.Value+k.CacheRead.Value+k.CacheWrite.Value, k.Output.Value+k.Reasoning.Value
		for _, n := range []int64{
			k.UncachedInput.Value, k.CacheRead.Value, k.CacheWrite.Value, k.Output.Value, k.Reasoning.Value,
		} {
			require.GreaterOrEqual(t, n, int64(0), name)
		}
		beside := u.CacheRead.Value + u.CacheWrite.Value
		if u.Input.Set {
			counted++
			want := u.Input.Value
			if slices.Contains(exclusive, name) {
				want += beside
			}
			require.Equal(t, want, input, "%s %s: input", name, c.Operation)
		}
		if beside > 0 {
			cached++
		}
		// Every emitter of the corpus includes reasoning in the output.
		require.Equal(t, u.Output.Value, output, "%s %s: output", name, c.Operation)
		if u.Total.Set && u.Input.Set && u.Output.Set && !slices.Contains(exclusive, name) {
			require.Equal(t, u.Total.Value, input+output, "%s %s: total", name, c.Operation)
		}
	})
	t.Logf("token conformance: %d spans with token counts, %d of them with cached tokens, each token counted once",
		counted, cached)
	require.Equal(t, []int{96, 11}, []int{counted, cached}, "spans of the corpus with counts, and with cached tokens")
}

// TestConformanceCacheCostsOnce checks that three emitters with different token counts give the same price for one
// Anthropic answer, which wrote 1163 tokens to its cache. With the prices of claude-3-5-sonnet that is 4 × 3 + 1163 ×
// 3.75 + 187 × 15 = 7178.25 millionths of a dollar.
func TestConformanceCacheCostsOnce(t *testing.T) {
	emitters := 0
	corpusCalls(t, func(name string, c *genai.Call) {
		if !strings.HasSuffix(name, "anthropic-caching") || !c.IsLLMCall() || c.Usage.CacheWrite.Value != 1163 {
			return
		}
		emitters++
		row := price.Embedded().Find(c.Provider, time.Unix(1_780_000_000, 0), c.ResponseModel, c.RequestModel, c.Model)
		require.NotNil(t, row, name)
		usd, err := row.Cost(&price.Usage{Tokens: c.Tokens})
		require.NoError(t, err, name)
		require.InDelta(t, 0.00717825, usd, 1e-12, name)
	})
	require.Equal(t, 3, emitters)
}

// TestConformanceCosts compares the price book with the costs that emitters computed from their own price lists. Two of
// the cases are payloads of unit tests in which cost and tokens do not match.
func TestConformanceCosts(t *testing.T) {
	computed, reported, same := 0, 0, 0
	var differ []string
	corpusCalls(t, func(name string, c *genai.Call) {
		row := price.Embedded().Find(c.Provider, time.Unix(1_780_000_000, 0), c.ResponseModel, c.RequestModel, c.Model)
		if row == nil || !c.Tokens.UncachedInput.Set {
			return
		}
		usd, err := row.Cost(&price.Usage{Tokens: c.Tokens})
		if err != nil {
			return
		}
		computed++
		if !c.CostUSD.Set {
			return
		}
		reported++
		if math.Abs(usd-c.CostUSD.Value) <= 1e-9*usd {
			same++
		} else {
			differ = append(differ, name)
			t.Logf("    %s %s: reported %v, computed %v", name, c.AnyModel(), c.CostUSD.Value, usd)
		}
	})
	t.Logf("cost conformance: %d spans can be priced; of %d whose emitter reports a cost, %d agree with the book",
		computed, reported, same)
	require.ElementsMatch(t, []string{
		"langfuse/python-sdk-generation-and-spans", "openinference/latitude-agent-retrieval-run",
	}, differ, "their cost and their tokens are invented by unit tests and do not belong together")
}
