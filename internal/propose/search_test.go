package propose

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
)

// TestWhatIsRefused: too few calls, and labels that nothing explains.
func TestWhatIsRefused(t *testing.T) {
	o := options(t)
	few := ForSignals(kinds[0].rows(1, 6), nil, o)
	require.Len(t, few, 1)
	require.Regexp(t, "^too few judged calls: each half of the conversations needs 5 failures and 5 sound calls, .* judge more$", few[0].Refused)

	w := world{rand.New(rand.NewPCG(3, 3))}
	lottery := kind{name: "by chance", bad: world.other, close: world.other}
	for seed := range uint64(10) {
		for _, s := range ForSignals(lottery.rows(seed+w.Uint64()%100, 60), nil, o) {
			for _, p := range s.Proposals {
				require.NotEmpty(t, p.Refused, p.Rule.Fail)
			}
		}
	}
}

// TestSignalsAndNames: each signal is on its own, a name is taken once, and what scorers find already is counted.
func TestSignalsAndNames(t *testing.T) {
	o := options(t)
	o.Taken = map[string]bool{"type_mismatch": true}
	rows := kinds[0].rows(1, 30)
	for i := range rows {
		if rows[i].Decision == review.Confirmed {
			rows[i].Class, rows[i].Detail = failure.ToolCallMalformed, failure.TypeMismatch
		}
		rows[i].ID, rows[i].TraceID = "a"+rows[i].ID, "a"+rows[i].TraceID
	}
	other := kinds[6].rows(2, 30)
	for i := range other {
		other[i].Fingerprint = strings.Replace(other[i].Fingerprint, "f1", "g1", 1)
	}
	signals := ForSignals(append(rows, other...), nil, o)
	require.Len(t, signals, 2)
	first := signals[0].Proposals[0]
	require.Equal(t, score.Rule{
		Name: "type_mismatch_2", When: `call.operation == "chat"`, Fail: `"tool_call_malformed/type_mismatch" in found`,
		Class: "tool_call_malformed", Detail: "type_mismatch",
	}, first.Rule)
	require.Equal(t, first.Alone.Right, first.Known, "tool_arguments finds them all")
	require.Zero(t, signals[1].Proposals[0].Known)

	signals = ForSignals(append(rows, other...), []string{"g"}, o)
	require.Len(t, signals, 1)
	require.Equal(t, "g1", signals[0].Name)
}

// TestSearchIsBounded: huge and hostile calls cost bounded time.
func TestSearchIsBounded(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 2000) + strings.Repeat(`]}`, 2000)
	wide := make(arguments)
	for i := range 400 {
		wide[fmt.Sprintf("key %d \xff\"", i)] = strings.Repeat("x y ", i%50)
	}
	odd := calling("f", wide)
	k := kind{
		bad: func(w world) turn {
			return turn{asks: deep, says: deep, calls: []genai.ToolCall{odd, {Name: "\xff", Arguments: genai.Value{Text: deep}}}}
		},
		close: func(w world) turn {
			t := turn{asks: strings.Repeat("word ", 40_000), says: strings.Repeat("7 ", 50_000)}
			for i := range 300 {
				t.calls = append(t.calls, genai.ToolCall{Name: fmt.Sprint("tool", i), Arguments: odd.Arguments})
			}
			return t
		},
	}
	rows := k.rows(1, 12)
	began := time.Now()
	ForSignals(rows, nil, options(t))
	require.Less(t, time.Since(began), 60*time.Second)
}

// TestCountsAddUp: precision, recall, MCC and the majority of an outcome.
func TestCountsAddUp(t *testing.T) {
	o := Outcome{Right: 6, Wrong: 2, Missed: 2, Quiet: 10}
	precision, _ := o.Precision()
	recall, _ := o.Recall()
	require.InDelta(t, 0.75, precision, 1e-9)
	require.InDelta(t, 0.75, recall, 1e-9)
	require.InDelta(t, 56.0/96, o.MCC(), 1e-9)
	require.InDelta(t, 0.8, o.Accuracy(), 1e-9)
	require.InDelta(t, 0.6, o.Majority(), 1e-9)
	require.Zero(t, Outcome{Right: 3}.MCC())
	require.InDelta(t, 1.0/252, Outcome{Right: 5, Quiet: 5}.Chance(), 1e-9)
	require.InDelta(t, 1, Outcome{Wrong: 5, Missed: 5}.Chance(), 1e-9)
	_, known := Outcome{Missed: 1}.Precision()
	require.False(t, known)
}
