package spanattr

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
)

// TestHostileRecords: an attribute of ours that does not hold what we write is as good as none.
func TestHostileRecords(t *testing.T) {
	read := func(attributes map[string]any) *Record {
		span := ptrace.NewSpan()
		require.NoError(t, span.Attributes().FromRaw(attributes))
		return Of(span)
	}
	for _, hash := range []any{"", "g", "-1", "0x12", "1ffffffffffffffff", "ffffffffffffffffff", 7, true, []any{"1"}} {
		require.Zero(t, read(map[string]any{AttrCallHash: hash}).CallHash, "%v", hash)
	}
	for _, digest := range []any{"", "AAAA", "?", 3, []any{}} {
		r := read(map[string]any{AttrDigest: digest})
		require.False(t, r.HasDigest)
		require.Zero(t, r.Digest)
	}
	for _, cost := range []any{"1", true, []any{1.0}, map[string]any{}} {
		require.Zero(t, read(map[string]any{AttrCostUSD: cost}).Cost)
	}
	for _, n := range []any{-3, "3", true} {
		require.Zero(t, read(map[string]any{AttrRedactions: n}).Redactions, "%v", n)
	}
	require.Positive(t, read(map[string]any{AttrRedactions: math.MaxInt64}).Redactions+1)
	// However often one detail is listed, the others are read.
	var loops []any
	for range 1000 {
		loops = append(loops, failure.Repeat, "?", 1)
	}
	loops = append(loops, failure.Runaway)
	require.Equal(t, []string{failure.Repeat, failure.Runaway}, read(map[string]any{AttrSessionLoops: loops}).Session.Loops)
}

func TestIsFailing(t *testing.T) {
	for name, c := range map[string]struct {
		attributes map[string]any
		status     ptrace.StatusCode
		want       bool
	}{
		"a verdict":           {map[string]any{AttrErrorClass: "refusal"}, ptrace.StatusCodeUnset, true},
		"a limit":             {map[string]any{"x": 1, AttrSessionLimit: "turns"}, ptrace.StatusCodeOk, true},
		"an error of a call":  {map[string]any{AttrCoverage: "no_content"}, ptrace.StatusCodeError, true},
		"a good call":         {map[string]any{AttrCoverage: "scored", AttrSuspects: "x"}, ptrace.StatusCodeUnset, false},
		"an error of another": {map[string]any{"http.route": "/"}, ptrace.StatusCodeError, false},
		"nothing":             {nil, ptrace.StatusCodeUnset, false},
	} {
		span := ptrace.NewSpan()
		require.NoError(t, span.Attributes().FromRaw(c.attributes))
		span.Status().SetCode(c.status)
		require.Equal(t, c.want, IsFailing(span), name)
	}
}
