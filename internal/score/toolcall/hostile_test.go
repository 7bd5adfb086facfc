package toolcall

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
)

func defined(parameters string) string {
	return `[{"name": "issue_refund", "parameters": ` + parameters + `}]`
}

func list(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestHostile: each of these is bounded in time and memory, and said on the span.
func TestHostile(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	for name, c := range map[string]struct {
		definitions, arguments, reason string
	}{
		"arguments of 100 MB":          {definitions, `{"order_id": "` + strings.Repeat("x", 100<<20) + `"}`, "too_large"},
		"arguments 10,000 deep":        {definitions, `{"meta": ` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}", "too_deep"},
		"a number of a million digits": {definitions, `{"order_id": "1", "amount": ` + strings.Repeat("1", 1_000_000) + "}", "too_large"},
		"a schema of 5 MB":             {defined(`{"description": "` + strings.Repeat("x", 5<<20) + `"}`), `{}`, "invalid_schema"},
		"a schema 10,000 deep":         {defined(`{"items": ` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `}`), `{}`, "invalid_schema"},
		"a schema from the network":    {defined(`{"$ref": "https://example.com/s.json"}`), `{}`, "invalid_schema"},
		"a schema from a file":         {defined(`{"properties": {"a": {"not": {"$ref": "file:///etc/passwd"}}}}`), `{}`, "invalid_schema"},
		"a reference to nowhere":       {defined(`{"properties": {"a": {"$ref": "#/$defs/none"}}}`), `{}`, "invalid_schema"},
		"a reference to itself":        {defined(`{"$ref": "#"}`), `{}`, "too_complex"},
		"60,000 schemas":               {defined(`{"properties": {` + list(60_000, `"p%d": {}`) + `}}`), `{}`, "invalid_schema"},
		"4,000 patterns":               {defined(`{"properties": {` + list(4_000, `"p%d": {"pattern": "(?:abcdef?){500}%[1]d"}`) + `}}`), `{"p1": "x"}`, "invalid_schema"},
		"the whole copied many times":  {defined(`{"properties": {` + list(2_000, `"p%d": {"not": {"$ref": "#/properties/q%[1]d"}}, "q%[1]d": {}`) + `}}`), `{"p1": "x"}`, "invalid_schema"},
		"alternatives of itself": {
			defined(`{"$defs": {"n": {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}]}}}}, "$ref": "#/$defs/n"}`),
			deep, "too_complex",
		},
		"a pattern over a long text": {defined(`{"properties": {"a": {"pattern": "(?:a?){900}x"}}}`), `{"a": "` + strings.Repeat("a", 1_000_000) + `"}`, "too_complex"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(Config{})
			require.NoError(t, err)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			r := runWith(s, c.definitions, calls("issue_refund", c.arguments))
			require.Less(t, time.Since(began), 10*time.Second)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<20), "bytes allocated, kept or not")
			require.Len(t, r.Problems, 1)
			require.Equal(t, c.reason, r.Problems[0].Reason)
			require.NotContains(t, r.Problems[0].Detail, "\n")
			require.Less(t, len(r.Problems[0].Detail), 600)
		})
	}
}

// TestHostileArgumentsThatAreChecked: large arguments within the bounds are checked, whatever is wrong with them.
func TestHostileArgumentsThatAreChecked(t *testing.T) {
	began := time.Now()
	r := run(t, calls("issue_refund", "{\"order_id\": \"\xff\", \"amount\": 3}"))
	require.Empty(t, r.Problems, "invalid UTF-8 is read")
	require.Equal(t, failure.ConstraintViolation, r.Findings[0].Detail)

	r = run(t, calls("issue_refund", `{"order_id": "1", "amount": 3, "lines": [`+list(100_000, `{"n":"%d"}`)[:1_000_000]))
	require.Equal(t, failure.UnparsableArguments, r.Findings[0].Detail)
	r = run(t, calls("issue_refund", `{"order_id": "1", "amount": 3, "lines": [`+list(60_000, `{"n":"%d"}`)+`]}`))
	require.Len(t, r.Findings, maxFindings)
	r = run(t, calls("issue_refund", `{`+list(60_000, `"p%d":{}`)+`}`))
	require.Len(t, r.Findings, maxFindings)
	require.Less(t, time.Since(began), 10*time.Second)
}
