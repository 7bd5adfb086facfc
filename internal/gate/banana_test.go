package gate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// TestBananaNeverPasses: an application that answers every question of the labelled rows with one word. No row passes
// alone, not even one whose question says next to nothing, and two of them are inconclusive at best. From three questions
// on the whole is blocked.
func TestBananaNeverPasses(t *testing.T) {
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	var rows []dataset.Row
	add := func(call *genai.Call, class failure.Class) {
		row := dataset.Row{ID: fmt.Sprint("row", len(rows)), Version: dataset.Version, Decision: review.Rejected, Call: call}
		if class != "" {
			row.Decision, row.Class = review.Confirmed, class
		}
		rows = append(rows, row)
	}
	for i, words := range []string{
		"", "?", "Hi", "What is the capital of France?", "Was kostet das?", "¿Qué hora es?", "2+2", "Continue.", "yes", "東京はどこですか",
	} {
		call := &genai.Call{Operation: genai.OpChat}
		content := question(words)
		content.Output = []genai.Message{{Role: genai.RoleAssistant, Text: fmt.Sprintf("I cannot tell you number %d.", i)}}
		call.SetContent(content)
		add(call, failure.BadAnswer)
		add(call, "")
	}
	files, err := filepath.Glob("../../testdata/eval/*.jsonl")
	require.NoError(t, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		n := 0
		for line := range bytes.Lines(text) {
			var labelled struct{ Call *genai.Call }
			if json.Unmarshal(line, &labelled) != nil || labelled.Call == nil || !labelled.Call.IsLLMCall() ||
				labelled.Call.Question() == "" {
				continue
			}
			if n++; n%4 == 0 {
				add(labelled.Call, []failure.Class{"", failure.Hallucination}[n/4%2])
			}
		}
	}
	require.Greater(t, len(rows), 200)
	decisions := map[Decision]int{}
	all := NewRunSet(NewCases(rows, set, nil))
	for i := range rows {
		call := like(rows[i].Call, text("banana"))
		observe(all, set, rows[i], 0, call)
		s := NewRunSet(NewCases(rows[i:i+1], set, nil))
		observe(s, set, rows[i], 0, call)
		r := Decide(t.Context(), s, nil, DefaultOptions())
		decisions[r.Decision]++
		whole, err := json.Marshal(rows[i].Call)
		require.NoError(t, err)
		if r.Decision == Pass && !strings.Contains(strings.ToLower(string(whole)), "banana") {
			t.Errorf("%q: %v", rows[i].Call.Question(), r.Rows[0])
		}
	}
	t.Logf("%d rows alone: %v", len(rows), decisions)
	r := Decide(t.Context(), all, nil, DefaultOptions())
	require.Equal(t, Regression, r.Decision)
	t.Logf("all: %v", r.Counts)

	thin := rows[:6] // three questions
	for n := 1; n <= len(thin); n++ {
		s := NewRunSet(NewCases(thin[:n], set, nil))
		for i := range thin[:n] {
			observe(s, set, thin[i], 0, like(thin[i].Call, text("banana")))
		}
		require.NotEqual(t, Pass, Decide(t.Context(), s, nil, DefaultOptions()).Decision, "%d rows", n)
	}
}
