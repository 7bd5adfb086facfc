package eval

import (
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// prose is about n bytes of sentences of support, none twice.
func prose(n int, seed uint64) string {
	parts := [...][]string{
		{"The customer", "Our warehouse in Leeds", "A colleague", "The courier", "Your account manager", "The billing system", "Nobody on the team", "The replacement part", "This order", "The second parcel"},
		{"asked about", "has confirmed", "could not find", "shipped", "will look into", "already refunded", "described", "updated", "noticed", "postponed"},
		{"the broken zip of the jacket", "invoice 48213", "a delivery that was due on Tuesday", "the monthly plan", "an address in Utrecht", "the colour of the lamp", "two missing screws", "a payment of 42.50 EUR", "the warranty card", "the gift voucher"},
		{"before the weekend", "because the label was unreadable", "while the shop was closed", "with the help of the manual", "as the form requires", "after a short call", "in the order they arrived", "for the third time this year", "without any further charge", "when the stock was counted"},
	}
	r := rand.New(rand.NewPCG(seed, 7))
	var b strings.Builder
	for b.Len() < n {
		for i, list := range parts {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(list[r.IntN(len(list))])
		}
		b.WriteString(". ")
	}
	return b.String()[:n]
}

// TestEvalCost is what the scorers of the default configuration cost on a call of 3 KB of input and 1 KB of output: in time,
// and as a multiple of hashing those bytes with FNV-1a, which is the same on any machine.
func TestEvalCost(t *testing.T) {
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	output := []genai.Message{{Role: genai.RoleAssistant, Text: prose(1024, 1)}}
	for _, c := range []struct {
		name  string
		input []genai.Message
	}{
		{"a prompt of 3 KB", []genai.Message{{Role: genai.RoleUser, Text: prose(3072, 2)}}},
		{"1 KB asked, 2 KB found by a tool", []genai.Message{
			{Role: genai.RoleUser, Text: prose(1024, 3)},
			{Role: genai.RoleTool, ToolResults: []genai.ToolResult{{ID: "1", Result: genai.Value{Text: prose(2048, 4)}}}},
		}},
	} {
		call := genai.Call{Operation: genai.OpChat, FinishReasonsCanonical: []string{"stop"}}
		call.SetContent(genai.Content{Input: c.input, Output: output})
		var r score.Result
		run := func() { r.Reset(); set.Score(&call, &r) }
		run()
		t.Logf("  scores of %s: %v", c.name, r.Scores)
		require.Empty(t, r.Problems)
		require.Zero(t, testing.AllocsPerRun(50, run), "allocations in steady state")
		read := []byte(prose(4096, 5))
		sum, ours, yardstick := uint64(0), 1e18, 1e18
		for range 5 { // the least of several, since others share the machine
			ours = min(ours, nanoseconds(run))
			yardstick = min(yardstick, nanoseconds(func() { h := fnv.New64a(); _, _ = h.Write(read); sum ^= h.Sum64() }))
		}
		t.Logf("cost: %.1f µs a call of %s and an answer of 1 KB, all %d scorers, 0 allocations; %.1f times FNV-1a of 4 KB (%.1f µs)",
			ours/1e3, c.name, len(set.Scorers()), ours/yardstick, yardstick/1e3)
		require.LessOrEqual(t, ours/yardstick, 10.0)
	}
}

// nanoseconds is what a function takes.
func nanoseconds(f func()) float64 {
	const turns = 2000
	began := time.Now()
	for range turns {
		f()
	}
	return float64(time.Since(began).Nanoseconds()) / turns
}
