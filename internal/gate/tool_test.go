package gate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// TestAToolThatTheGateCalls: that it was called says nothing. What it returns must have to do with what it was given.
func TestAToolThatTheGateCalls(t *testing.T) {
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	returns := func(result string) *genai.Call {
		c := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "lookup_order", ServiceName: "shop"}
		c.SetContent(genai.Content{
			ToolArguments: genai.Value{Text: `{"order":"4471"}`}, ToolResult: genai.Value{Text: result},
		})
		return c
	}
	failing := returns("order 4471 has no line items")
	failing.Error = genai.Error{IsError: true, Type: "ValueError", Message: "order 4471 has no line items"}
	row := dataset.Row{
		ID: "a", Version: dataset.Version, Class: failure.ToolError, Detail: "failed", Decision: review.Confirmed, Call: failing,
	}
	for result, want := range map[string]Decision{
		`{"order":"4471","total":19.99}`: Pass,
		"banana":                         Inconclusive,
		`{"fruit":"banana"}`:             Inconclusive,
		"":                               Inconclusive,
		"order 4471 has no line items":   Regression,
	} {
		s := NewRunSet(NewCases([]dataset.Row{row}, set, nil))
		observe(s, set, row, 0, returns(result))
		r := Decide(t.Context(), s, nil, DefaultOptions())
		require.Equal(t, want, r.Decision, "%q: %v", result, r.Rows[0].Example)
	}
}
