package price

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

// used are token counts by kind, in the order in which they are counted: uncached input, output, and by name what is
// rarer.
type used struct {
	in, out, read, write, reasoning       int64
	audioIn, audioRead, audioOut, picture int64
	service                               Service
}

func (u used) usage() *Usage {
	some := func(n int64) genai.Opt[int64] { return genai.Opt[int64]{Value: n, Set: n != 0} }
	return &Usage{
		Tokens: genai.Tokens{
			UncachedInput: some(u.in), CacheRead: some(u.read), CacheWrite: some(u.write), Output: some(u.out),
			Reasoning: some(u.reasoning), InputAudio: some(u.audioIn), CacheReadAudio: some(u.audioRead),
			OutputAudio: some(u.audioOut), InputImage: some(u.picture),
		},
		Service: u.service,
	}
}

// byHand are calls whose price was worked out by hand from the list, not by this program. The list gives dollars for a
// million tokens, so that tokens × price are millionths of a dollar.
var byHand = []struct {
	provider, model, at string
	used                used
	usd                 float64
}{
	// input 2, output 8: 1000 × 2 + 200 × 8 = 2000 + 1600 = 3600
	{"openai", "gpt-4.1-2025-04-14", "2026-07-01", used{in: 1000, out: 200}, 0.0036},
	// input 2, cached 0.5, output 8: 1000 × 2 + 9000 × 0.5 + 200 × 8 = 2000 + 4500 + 1600 = 8100
	{"openai", "gpt-4.1", "2026-07-01", used{in: 1000, read: 9000, out: 200}, 0.0081},
	// no price for writing to the cache, so that of input: 1000 × 2 + 500 × 2 = 3000
	{"openai", "gpt-4.1", "2026-07-01", used{in: 1000, write: 500}, 0.003},
	// input 0.15, output 0.6: 10 × 0.15 + 5 × 0.6 = 1.5 + 3 = 4.5
	{"openai", "gpt-4o-mini", "2026-07-01", used{in: 10, out: 5}, 0.0000045},
	// until 9 June 2025 input 10, output 40: 1000 × 10 + 1000 × 40 = 50000
	{"openai", "o3", "2025-06-09", used{in: 1000, out: 1000}, 0.05},
	// from 10 June 2025 input 2, output 8: 1000 × 2 + 1000 × 8 = 10000
	{"openai", "o3", "2025-06-10", used{in: 1000, out: 1000}, 0.01},
	// input 1.25, output 10, reasoning is output: 11 × 1.25 + (36 + 192) × 10 = 13.75 + 2280 = 2293.75
	{"openai", "gpt-5", "2026-07-01", used{in: 11, out: 36, reasoning: 192}, 0.00229375},
	// 272000 tokens are not above 272000: 272000 × 2.5 + 1000 × 15 = 680000 + 15000 = 695000
	{"openai", "gpt-5.4", "2026-07-01", used{in: 272_000, out: 1000}, 0.695},
	// one more, cached: 272000 × 5 + 1 × 0.5 + 1000 × 22.5 = 1360000 + 0.5 + 22500 = 1382500.5
	{"openai", "gpt-5.4", "2026-07-01", used{in: 272_000, read: 1, out: 1000}, 1.3825005},
	// input 150, output 600: 2000 × 150 + 3000 × 600 = 300000 + 1800000 = 2100000
	{"openai", "o1-pro", "2026-07-01", used{in: 2000, out: 3000}, 2.1},
	// input 0.02, nothing answered: 8192 × 0.02 = 163.84
	{"openai", "text-embedding-3-small", "2026-07-01", used{in: 8192}, 0.00016384},
	// text 4, sound 32; answer in sound 64: 100 × 4 + 400 × 32 + 50 × 16 + 250 × 64 = 400 + 12800 + 800 + 16000 = 30000
	{"openai", "gpt-realtime", "2026-07-01", used{in: 500, audioIn: 400, out: 300, audioOut: 250}, 0.03},
	// input 3, written to the cache 3.75, output 15: 4 × 3 + 1163 × 3.75 + 187 × 15 = 12 + 4361.25 + 2805 = 7178.25
	{"anthropic", "claude-3-5-sonnet-20240620", "2026-07-01", used{in: 4, write: 1163, out: 187}, 0.00717825},
	// input 0.25, written 0.3, read 0.03, output 1.25: 100 × 0.25 + 200 × 0.3 + 1000 × 0.03 + 40 × 1.25 = 25 + 60 + 30 +
	// 50 = 165
	{"anthropic", "claude-3-haiku-20240307", "2026-07-01", used{in: 100, write: 200, read: 1000, out: 40}, 0.000165},
	// 150000 + 50001 cached are above 200000, so input 6, read 0.6, output 22.5: 900000 + 30000.6 + 22500 = 952500.6
	{"anthropic", "claude-sonnet-4-5-20250929", "2026-07-01", used{in: 150_000, read: 50_001, out: 1000}, 0.9525006},
	// 200000 exactly, so input 3, read 0.3, output 15: 450000 + 15000 + 15000 = 480000
	{"anthropic", "claude-sonnet-4-5", "2026-07-01", used{in: 150_000, read: 50_000, out: 1000}, 0.48},
	// until 12 March 2026 a long context was dearer: 300000 × 10 + 1000 × 37.5 = 3000000 + 37500
	{"anthropic", "claude-opus-4-6", "2026-03-12", used{in: 300_000, out: 1000}, 3.0375},
	// and from the 13th no more: 300000 × 5 + 1000 × 25 = 1500000 + 25000
	{"anthropic", "claude-opus-4-6", "2026-03-13", used{in: 300_000, out: 1000}, 1.525},
	// until August 2026 input 2, output 10: 1000 × 2 + 1000 × 10 = 12000
	{"anthropic", "claude-sonnet-5", "2026-08-31", used{in: 1000, out: 1000}, 0.012},
	// from September input 3, output 15: 1000 × 3 + 1000 × 15 = 18000
	{"anthropic", "claude-sonnet-5", "2026-09-01", used{in: 1000, out: 1000}, 0.018},
	// in one region 2.2, 2.75, 0.22, 11: 1000 × 2.2 + 400 × 2.75 + 5000 × 0.22 + 100 × 11 = 2200 + 1100 + 1100 + 1100 =
	// 5500
	{
		"aws.bedrock",
		"eu.anthropic.claude-sonnet-5-v1:0",
		"2026-08-01",
		used{in: 1000, write: 400, read: 5000, out: 100},
		0.0055,
	},
	// anywhere 2, 2.5, 0.2, 10: 1000 × 2 + 400 × 2.5 + 5000 × 0.2 + 100 × 10 = 2000 + 1000 + 1000 + 1000 = 5000
	{
		"aws.bedrock",
		"global.anthropic.claude-sonnet-5-v1:0",
		"2026-08-01",
		used{in: 1000, write: 400, read: 5000, out: 100},
		0.005,
	},
	// input 0.8, read 0.2, output 3.2: 500 × 0.8 + 500 × 0.2 + 100 × 3.2 = 400 + 100 + 320 = 820
	{"aws.bedrock", "us.amazon.nova-pro-v1:0", "2026-07-01", used{in: 500, read: 500, out: 100}, 0.00082},
	// input 1.25, output 10: 200000 × 1.25 + 100 × 10 = 250000 + 1000 = 251000
	{"gcp.gemini", "models/gemini-2.5-pro", "2026-07-01", used{in: 200_000, out: 100}, 0.251},
	// above 200000 input 2.5, output 15: 200001 × 2.5 + 100 × 15 = 500002.5 + 1500 = 501502.5
	{"gcp.vertex_ai", "gemini-2.5-pro", "2026-07-01", used{in: 200_001, out: 100}, 0.5015025},
	// text 0.3, sound 1, cached text 0.03, cached sound 0.1, output 2.5: 100 × 0.3 + 900 × 1 + 300 × 0.03 + 200 × 0.1 + 40
	// × 2.5 = 30 + 900 + 9 + 20 + 100 = 1059
	{
		"gcp.gemini",
		"gemini-2.5-flash",
		"2026-07-01",
		used{in: 1000, audioIn: 900, read: 500, audioRead: 200, out: 40},
		0.001059,
	},
	// at night input 0.135, output 0.55: 1000 × 0.135 + 1000 × 0.55 = 685
	{"deepseek", "deepseek-chat", "2026-07-01T20:00:00Z", used{in: 1000, out: 1000}, 0.000685},
	// by day 0.27, cached 0.07, 1.1: 1000 × 0.27 + 1000 × 0.07 + 1000 × 1.1 = 1440
	{"deepseek", "deepseek-chat", "2026-07-01T12:00:00Z", used{in: 1000, read: 1000, out: 1000}, 0.00144},
	// input 3, output 15, and 14 dollars for a thousand requests: 100 × 3 + 200 × 15 + 14000 = 300 + 3000 + 14000 = 17300
	{"perplexity", "sonar-pro", "2026-07-01", used{in: 100, out: 200}, 0.0173},
	// input 15, cached 7.5, output 60: 100 × 15 + 100 × 7.5 + 10 × 60 = 1500 + 750 + 600 = 2850
	{"azure.ai.openai", "o1", "2026-07-01", used{in: 100, read: 100, out: 10}, 0.00285},
	// above 128000 input 0.4, output 1, cached as below it 0.05: 128000 × 0.4 + 1000 × 0.05 + 100 × 1 = 51200 + 50 + 100 =
	// 51350
	{"openrouter", "x-ai/grok-4-fast", "2026-07-01", used{in: 128_000, read: 1000, out: 100}, 0.05135},
	// input 0.59, output 0.79: 1000 × 0.59 + 100 × 0.79 = 590 + 79 = 669
	{"groq", "llama-3.3-70b-versatile", "2026-07-01", used{in: 1000, out: 100}, 0.000669},
	// input 1.25, cached 0.2, output 2.5: 100 × 1.25 + 100 × 0.2 + 100 × 2.5 = 125 + 20 + 250 = 395
	{"x_ai", "grok-4.3-20260417", "2026-07-01", used{in: 100, read: 100, out: 100}, 0.000395},
	// input 2.5, output 10: 40 × 2.5 + 4 × 10 = 100 + 40 = 140
	{"cohere", "command-r-plus", "2026-07-01", used{in: 40, out: 4}, 0.00014},
	// input 0.3, cached 0.03, output 0.9: 100 × 0.3 + 100 × 0.03 + 10 × 0.9 = 30 + 3 + 9 = 42
	{"mistral_ai", "codestral-2508", "2026-07-01", used{in: 100, read: 100, out: 10}, 0.000042},
	// free by its name
	{"openrouter", "openai/gpt-oss-20b:free", "2026-07-01", used{in: 100_000, out: 100_000}, 0},
	// pictures without a price of their own are input: (100 + 900) × 2 = 2000
	{"openai", "gpt-4.1", "2026-07-01", used{in: 1000, picture: 900}, 0.002},
	// and so is a batch: 1000 × 2 + 100 × 8 = 2800
	{"openai", "gpt-4.1", "2026-07-01", used{in: 1000, out: 100, service: Batch}, 0.0028},
}

func TestEvalPrices(t *testing.T) {
	right := 0
	for _, c := range byHand {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			at = day(c.at)
		}
		row := Embedded().Find(c.provider, at, c.model)
		if row == nil {
			t.Errorf("%s %s: no price", c.provider, c.model)
			continue
		}
		usd, err := row.Cost(c.used.usage())
		require.NoError(t, err)
		if !within(usd, c.usd) {
			t.Errorf("%s %s at %s, %+v: %v USD, by hand %v", c.provider, c.model, c.at, c.used, usd, c.usd)
			continue
		}
		right++
	}
	t.Logf("prices: %d of %d calls cost what was worked out by hand, by book %s", right, len(byHand), Embedded().Version())
	require.GreaterOrEqual(t, len(byHand), 20)
}

// within allows for the last digits of float64 and nothing more: no cost is rounded.
func within(a, b float64) bool { return a-b <= 1e-12*b && b-a <= 1e-12*b }
