package propose

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// dated are tools whose parameters have nothing in common but what their descriptions say of a day.
func dated(n int) string {
	type object map[string]any
	var tools []object
	for i := range n {
		tools = append(tools, object{"name": fmt.Sprintf("tool_%d", i), "parameters": object{
			"type": "object", "properties": object{
				fmt.Sprintf("day_%d", i):  object{"type": "string", "description": fmt.Sprintf("Day of step %d, as YYYY-MM-DD.", i)},
				fmt.Sprintf("name_%d", i): object{"type": "string", "description": fmt.Sprintf("Who takes step %d.", i)},
			},
		}})
	}
	text, err := json.Marshal(tools)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestWhatDescriptionsAskFor: a signal of many tools, each seen too seldom for a rule of its own, has the rule of what
// their descriptions ask for.
func TestWhatDescriptionsAskFor(t *testing.T) {
	const tools = 20
	definitions := dated(tools)
	w := world{rand.New(rand.NewPCG(3, 4))}
	var rows []dataset.Row
	for i := range 160 {
		n := w.IntN(tools)
		date, said := w.date(), fmt.Sprintf("%s of %d", w.pick("1 March", "the 2nd of May", "8.7.", "next Friday"), w.IntN(30))
		row := dataset.Row{ID: fmt.Sprint(i), TraceID: fmt.Sprint("t", i), Decision: review.Rejected}
		day := date
		if i%2 == 0 {
			day = said
			row.Decision, row.Class, row.Detail = review.Confirmed, failure.BadAnswer, failure.BrokenRule
			row.Fingerprint = "f1"
		}
		content := genai.Content{
			ToolDefinitions: definitions,
			Input:           []genai.Message{{Role: "user", Text: fmt.Sprintf("Plan it for %s, that is %s, in %s", said, date, w.city())}},
			Output: []genai.Message{{Role: "assistant", ToolCalls: []genai.ToolCall{calling(fmt.Sprintf("tool_%d", n), arguments{
				fmt.Sprintf("day_%d", n): day, fmt.Sprintf("name_%d", n): w.city(),
			})}}},
		}
		content.Tools, _ = genai.ParseTools(definitions)
		row.Call = &genai.Call{Operation: genai.OpChat}
		row.Call.SetContent(content)
		rows = append(rows, row)
	}
	o := options(t)
	o.Checks = 1
	signals := ForSignals(rows, nil, o)
	require.Len(t, signals, 1)
	require.Len(t, signals[0].Proposals, 1, signals[0].Refused)
	p := signals[0].Proposals[0]
	require.Empty(t, p.Refused, p.Rule.Fail)
	require.Contains(t, p.Rule.Fail, `any(parameters, .about contains "`)
	recall, _ := p.Alone.Recall()
	precision, _ := p.Alone.Precision()
	require.Equal(t, [2]float64{1, 1}, [2]float64{precision, recall}, p.Rule.Fail)
}
