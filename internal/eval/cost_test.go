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
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/score/text"
)

// prose makes n bytes of sentences of customer support.
func prose(n int, seed uint64) string {
	parts := [...][]string{
		{
			"The customer", "Our warehouse in Leeds", "A colleague", "The courier", "Your account manager",
			"The billing system", "Nobody on the team", "The replacement part", "This order", "The second parcel",
		},
		{
			"asked about", "has confirmed", "could not find", "shipped", "will look into", "already refunded",
			"described", "updated", "noticed", "postponed",
		},
		{
			"the broken zip of the jacket", "invoice 48213", "a delivery that was due on Tuesday", "the monthly plan",
			"an address in Utrecht", "the colour of the lamp", "two missing screws", "a payment of 42.50 EUR",
			"the warranty card", "the gift voucher",
		},
		{
			"before the weekend", "because the label was unreadable", "while the shop was closed",
			"with the help of the manual", "as the form requires", "after a short call", "in the order they arrived",
			"for the third time this year", "without any further charge", "when the stock was counted",
		},
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

// dearest is how many times the yardstick a call may cost. The goal is 35 µs, about eight times, and a long prompt is
// just above it. Other processes on the core slow the call down more than the yardstick. The bound catches a change
// that adds half of the cost.
const dearest = 12.5

// TestEvalCost measures what the default scorers cost on a call of 3 KB of input and 1 KB of output: in time, and as a
// multiple of hashing those bytes with FNV-1a, which is the same on any machine. No text comes twice, so caches do not
// help. It prints the cost of a call whose texts all came before beside it.
func TestEvalCost(t *testing.T) {
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	asked, found, answered := sliding(2), sliding(4), sliding(1)
	for _, c := range []struct {
		name string
		fill func(at int, content *genai.Content)
	}{
		{"a prompt of 3 KB", func(at int, content *genai.Content) {
			content.Input = append(content.Input[:0], genai.Message{Role: genai.RoleUser, Text: asked(at, 3072)})
		}},
		{"1 KB asked, 2 KB found by a tool", func(at int, content *genai.Content) {
			content.Input = append(content.Input[:0], genai.Message{Role: genai.RoleUser, Text: asked(at, 1024)},
				genai.Message{Role: genai.RoleTool, Text: found(at, 2048)})
		}},
	} {
		call := genai.Call{Operation: genai.OpChat, FinishReasonsCanonical: []string{"stop"}}
		var content genai.Content
		var r score.Result
		at, step := 0, 1
		run := func() {
			c.fill(at, &content)
			content.Output = append(content.Output[:0], genai.Message{Role: genai.RoleAssistant, Text: answered(at, 1024)})
			call.SetContent(content)
			at += step
			r.Reset()
			set.Score(&call, &r)
		}
		run()
		t.Logf("  scores of %s: %v", c.name, r.Scores)
		require.Empty(t, r.Problems)
		require.Zero(t, testing.AllocsPerRun(50, run), "allocations in steady state")
		read := []byte(prose(4096, 5))
		sum, ours, yardstick := uint64(0), 1e18, 1e18
		// The least of many short turns: more of them while others use the machine.
		for turn := 0; turn < 40 || turn < 1000 && ours > dearest*yardstick; turn++ {
			ours = min(ours, nanoseconds(run))
			yardstick = min(yardstick, nanoseconds(func() { h := fnv.New64a(); _, _ = h.Write(read); sum ^= h.Sum64() }))
		}
		step = 0
		run()
		again := nanoseconds(run)
		t.Logf("cost: %.1f µs a call of %s and an answer of 1 KB, all %d scorers, 0 allocations; "+
			"%.1f times FNV-1a of 4 KB (%.1f µs); %.1f µs where its texts came before",
			ours/1e3, c.name, len(set.Scorers()), ours/yardstick, yardstick/1e3, again/1e3)
		require.LessOrEqual(t, ours/yardstick, dearest)
	}
}

// TestTextCost measures what the text scorers cost together and alone, on a prompt of 3 KB and an answer of 1 KB
// that come for the first time. It prints the times, which depend on the machine, and fails for allocations only.
func TestTextCost(t *testing.T) {
	const goal = 35e3 // ns; it stops looking for a quiet moment at this
	all, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	var ofText []score.Scorer
	for _, s := range all.Scorers() {
		switch s.Name() {
		case text.RefusalName, text.JailbreakName, text.InjectionName, text.ToxicityName, text.DegenerateName,
			ground.GroundednessName, ground.RelevanceName:
			ofText = append(ofText, s)
		}
	}
	require.Len(t, ofText, 7)
	asked, answered := sliding(12), sliding(11)
	call := genai.Call{Operation: genai.OpChat, FinishReasonsCanonical: []string{"stop"}}
	var content genai.Content
	var r score.Result
	at := 0
	cost := func(list ...score.Scorer) float64 {
		set := score.NewSet(list...)
		run := func() {
			content.Input = append(content.Input[:0], genai.Message{Role: genai.RoleUser, Text: asked(at, 3072)})
			content.Output = append(content.Output[:0], genai.Message{Role: genai.RoleAssistant, Text: answered(at, 1024)})
			call.SetContent(content)
			at++
			r.Reset()
			set.Score(&call, &r)
		}
		run()
		require.Zero(t, testing.AllocsPerRun(50, run), "allocations in steady state")
		least := 1e18
		for turn := 0; turn < 40 || turn < 400 && least > goal; turn++ {
			least = min(least, nanoseconds(run))
		}
		return least / 1e3
	}
	t.Logf("text scorers: %.1f µs a call of 3 KB asked and 1 KB answered, 0 allocations (goal: %d)",
		cost(ofText...), int(goal/1e3))
	for _, s := range ofText {
		t.Logf("  %s alone: %.1f µs", s.Name(), cost(s))
	}
}

// sliding returns a source of distinct texts that share memory.
func sliding(seed uint64) func(at, n int) string {
	const stride, texts = 7, 20000
	all := prose(stride*texts+4096, seed)
	return func(at, n int) string { return all[at%texts*stride:][:n] }
}

// nanoseconds measures a function.
func nanoseconds(f func()) float64 {
	const turns = 250
	began := time.Now()
	for range turns {
		f()
	}
	return float64(time.Since(began).Nanoseconds()) / turns
}
