package pattern

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// prose is about a kilobyte of an ordinary answer, with code in it.
const prose = `Sure! To keep track of which orders were shipped late, you can group them by week and compare the promised date with the date on
which the parcel left the warehouse. In Python this takes a few lines:

` + "```python" + `
import pandas as pd

orders = pd.read_csv("orders.csv", parse_dates=["promised_at", "shipped_at"])
late = orders[orders["shipped_at"] > orders["promised_at"]]
weekly = late.groupby(late["shipped_at"].dt.isocalendar().week).size()
print(weekly.sort_values(ascending=False).head(10))
` + "```" + `

A few notes on this: the file has 12,480 rows, so it fits into memory easily; version 2.1.4 of the library or later is needed for
the call above; and weeks are counted from 1 to 53, as ISO 8601 says. If you would rather see the share of late orders than their
number, divide by the size of each group: orders.groupby(week).size(). On last year's data the worst weeks were 47 and 51, with 14.2%
and 16.8% of orders late, which is what you would expect before Christmas. Let me know if you want a chart of it as well.`

func chat(texts ...string) *genai.Call {
	var c genai.Call
	c.Operation = genai.OpChat
	content := genai.Content{Input: []genai.Message{{Role: genai.RoleUser, Text: "Where is my order?"}}}
	for _, text := range texts {
		content.Output = append(content.Output, genai.Message{Role: genai.RoleAssistant, Text: text})
	}
	c.SetContent(content)
	return &c
}

func pii(tb testing.TB, names ...string) *PII {
	tb.Helper()
	p, err := NewPII(PIIConfig{Types: names})
	require.NoError(tb, err)
	return p
}

func run(s score.Scorer, c *genai.Call) score.Result {
	var r score.Result
	s.Score(c, &r)
	return r
}

// TestCertain: a checksum or an issuer's format is certain, words around a value and addresses are not.
func TestCertain(t *testing.T) {
	keys, err := NewSecrets(SecretsConfig{})
	require.NoError(t, err)
	for answer, want := range map[string]bool{
		"Pay with 4539 1488 0343 6467.":                             true,
		"Transfer it to DE03 5001 0517 0648 4897 61.":               true,
		"Write to maria@acme.pt.":                                   false,
		"Use ghp_" + "Zq7Xw2Lk9Vb4Nc6Md8Rt1Yp3Hs5Jf0Ga2EeK for it.": true,
		`Set password = "hT7#kQ92!vLx" in the file.`:                false,
	} {
		r := run(pii(t), chat(answer))
		keys.Score(chat(answer), &r)
		for _, f := range r.Findings {
			require.Equal(t, want, f.Certain, answer)
		}
		require.Len(t, r.Findings, 1, answer)
	}
}

func TestPIISaysWhatTheAnswerHolds(t *testing.T) {
	r := run(pii(t), chat("Ask maria@acme.pt or jo@acme.pt, card 4539 1488 0343 6467."))
	require.Equal(t, []score.Score{{Scorer: "pii", Version: "3", Value: 0, Failed: true}}, r.Scores)
	require.Equal(t, []failure.Finding{{
		Class: failure.Unsafe, Detail: failure.PIILeak, Scorer: "pii", Where: "card", Evidence: "the answer holds a card number and 2 e-mail addresses",
		Excerpt: "Ask [redacted:email] or [redacted:email], card [redacted:card].", Certain: true,
	}}, r.Findings)
	require.Equal(t, []score.Score{{Scorer: "pii", Version: "3", Value: 1}}, run(pii(t), chat("All is well.")).Scores)
}

func TestPIIAppliesToAnswersWithText(t *testing.T) {
	require.Empty(t, run(pii(t), chat("")).Scores)
	c := chat("maria@acme.pt")
	c.Error.IsError = true
	require.Empty(t, run(pii(t), c).Scores)
	c = chat("maria@acme.pt")
	c.Operation = genai.OpInvokeAgent
	require.Empty(t, run(pii(t), c).Scores)
}

func TestTheNumberOfAShopIsNoLeak(t *testing.T) {
	for text, leak := range map[string]bool{
		"Palma\n28 Cornelia St, New York, NY 10014\n(212) 691-2223\nOpen · Closes 23:00\nWebsite\nDirections":     false,
		"Lone Oak Gym\n+1 304-675-0160\nSuggest an edit · Your business? Claim now":                               false,
		"Anna Weiss\n28 Cornelia St, New York, NY 10014\n(212) 691-2223\nShe is in from nine to five.":            true,
		"Anna's number is (212) 691-2223. " + strings.Repeat("She has a lot to say. ", 5) + "Open · Closes 23:00": true,
	} {
		require.Equal(t, leak, run(pii(t, "phone"), chat(text)).Scores[0].Failed, text)
	}
}

func TestPIITypes(t *testing.T) {
	c := chat("maria@acme.pt")
	require.True(t, run(pii(t, "email"), c).Scores[0].Failed)
	require.False(t, run(pii(t, "card", "ssn"), c).Scores[0].Failed)
	require.NotEqual(t, pii(t).Version(), pii(t, "card").Version(), "another configuration gives other scores")
	_, err := NewPII(PIIConfig{Types: []string{"email", "passport", "ip", "name"}})
	require.EqualError(
		t,
		err,
		"types[1] must be one of ssn, card, iban, email, phone, ip, got \"passport\"\ntypes[3] must be one of ssn, card, iban, email, phone, ip, got \"name\"",
	)
}

func TestWhatTheUserWroteIsNoLeak(t *testing.T) {
	c := chat("I have written to Maria@acme.pt and noted +49 171 3925814 for you.")
	content := genai.Content{Output: c.Output(), Input: []genai.Message{
		{
			Role: genai.RoleUser,
			Text: "Write to maria@acme.pt. My number is +49 (171) 392-5814.",
		}, {Role: genai.RoleAssistant, Text: "Shall I?"}, {Role: genai.RoleUser, Text: "yes"},
	}}
	c.SetContent(content)
	require.False(t, run(pii(t), c).Scores[0].Failed)
	content.Input[0].Role = genai.RoleTool
	c.SetContent(content)
	require.True(t, run(pii(t), c).Scores[0].Failed, "a tool that said it is no permission to repeat it")
}

func TestAnswersInJSONAreDecoded(t *testing.T) {
	for _, text := range []string{
		`{"contact": "maria\u0040acme.pt"}`, `{"note": "see\n4539148803436467"}`, `{"card": 4539148803436467}`, `{"phones": ["9472 7916"]}`, `["{\"mail\": \"maria\\u0040acme.pt\"}"]`,
		`{"maria@acme.pt": true}`, `{"cut": "maria@acme.pt`, "[note] call me on 9472 7916, \"card\" 4539 1488 0343 6467",
	} {
		require.True(t, run(pii(t), chat(text)).Scores[0].Failed, text)
	}
	require.False(t, run(pii(t), chat(`{"a": "x\\n4539148803436467y", "order": 4539148803436467}`)).Scores[0].Failed)
}

func TestSecretsLooksAtCallsToo(t *testing.T) {
	s, err := NewSecrets(SecretsConfig{})
	require.NoError(t, err)
	token := "gh" + "p_" + newMaker(1).of(alnumBase, 36)
	r := run(s, chat("Use "+token+"."))
	require.True(t, r.Scores[0].Failed)
	require.Equal(t, "the answer holds a GitHub token (ghp_…)", r.Findings[0].Evidence)
	require.Equal(t, "github_token", r.Findings[0].Where)
	require.Equal(t, failure.SecretLeak, r.Findings[0].Detail)
	require.Equal(t, "Use [redacted:github_token].", r.Findings[0].Excerpt)

	c := chat()
	c.SetContent(genai.Content{Output: []genai.Message{{Role: genai.RoleAssistant, ToolCalls: []genai.ToolCall{{
		Name: "send_mail", Arguments: genai.Value{Text: `{"body": "it is\n` + token + `"}`, Structured: true},
	}}}}})
	r = run(s, c)
	require.Equal(t, "the arguments of send_mail hold a GitHub token (ghp_…)", r.Findings[0].Evidence)
	require.NotContains(t, r.Findings[0].Excerpt, token)

	var tool genai.Call
	tool.Operation, tool.ToolName = genai.OpExecuteTool, "fetch"
	tool.SetContent(
		genai.Content{ToolArguments: genai.Value{Text: `{"api_key": "` + newMaker(2).of(alnumBase, 32) + `"}`}},
	)
	r = run(s, &tool)
	require.Equal(t, "the arguments of fetch hold a secret that is assigned to a name", r.Findings[0].Evidence)
	tool.SetContent(genai.Content{ToolArguments: genai.Value{Text: `{"api_key": "YOUR_API_KEY"}`}})
	require.Equal(t, []score.Score{{Scorer: "secrets", Version: "3", Value: 1}}, run(s, &tool).Scores)
	tool.SetContent(genai.Content{})
	require.Empty(t, run(s, &tool).Scores)
}

func TestHeadAndTailOfLongAnswersAreRead(t *testing.T) {
	filler := strings.Repeat("All of it is well. ", 8<<10)
	for text, failed := range map[string]bool{
		"maria@acme.pt " + filler: true, filler + " maria@acme.pt": true, filler[:70<<10] + " maria@acme.pt " + filler: false,
	} {
		require.Equal(t, failed, run(pii(t), chat(text)).Scores[0].Failed)
	}
}

func TestEvidenceIsBoundedAndHoldsNoValue(t *testing.T) {
	var all strings.Builder
	m := newMaker(8)
	for _, f := range documentedFormats {
		all.WriteString(f.make(m) + "\n")
	}
	s, err := NewSecrets(SecretsConfig{})
	require.NoError(t, err)
	r := run(s, chat(all.String()))
	require.LessOrEqual(t, len(r.Findings[0].Evidence), failure.MaxEvidence)
	require.Contains(t, r.Findings[0].Evidence, "other kinds")
}

// TestCleanTextsCostNoMemory holds what makes it possible to score all of the traffic.
func TestCleanTextsCostNoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector, which runs the short tests, lets pools forget")
	}
	secrets, err := NewSecrets(SecretsConfig{})
	require.NoError(t, err)
	redactor, err := NewRedactor([]string{"pii", "secrets"})
	require.NoError(t, err)
	document := `{"answer": "` + strings.Repeat(
		`The order left on 12.03.; see \"status\".\n`,
		20,
	) + `", "rows": [1, 2, 31234567]}`
	for name, text := range map[string]string{"prose": prose, "JSON": document} {
		c := chat(text)
		var r score.Result
		for _, s := range []score.Scorer{pii(t), secrets} {
			require.Zero(t, testing.AllocsPerRun(100, func() {
				r.Reset()
				s.Score(c, &r)
			}), "%s %s", s.Name(), name)
			require.False(t, r.Scores[0].Failed)
		}
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = redactor.Text(text) }), name)
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = redactor.JSON(text) }), name)
	}
}

// TestHostileTextsTakeLinearTime compares each text with one of an eighth of its length.
func TestHostileTextsTakeLinearTime(t *testing.T) {
	redactor, err := NewRedactor([]string{"pii", "secrets"})
	require.NoError(t, err)
	for _, unit := range []string{
		"@", "7", "eyJ", "eyJhbGciOiJIUzI1NiJ9.", "-", "-----BEGIN ", "-----BEGIN PRIV" + "ATE KEY-----", "a@", "a.", "1.", "1 ", "12-", "(", "+1", "://a:b@", "=", "a=b&", "password=", "sk-", "AKIA", "0494 ", "phone 1234567 ", "fe80:", "1:", ":", "DE44 ",
		"ssn 123", "card 4", "x@y.z ", "[redacted:", "\\", "\"", "{", "[\"", "\xff", "é", "0a", "a1b2", "/", "A", "a", "~Q~", "8Q~", ".atlasv1.", "hooks.slack.com/services/", "AA:AA", "\"a\":\"",
	} {
		spend := func(n int) time.Duration {
			text := strings.Repeat(unit, n/len(unit))
			best := time.Hour
			for range 3 {
				start := time.Now()
				scanSecrets(text, "", scanPII(text, "", allPII, nil))
				redactor.JSON(text)
				best = min(best, time.Since(start))
			}
			return best
		}
		long, short := spend(1<<20), spend(1<<17)
		for turn := 0; turn < 10 && long >= 8*4*short+50*time.Millisecond; turn++ { // others share the machine: the least is what it takes
			long, short = min(long, spend(1<<20)), min(short, spend(1<<17))
		}
		require.Less(t, long, 8*4*short+50*time.Millisecond, "%q: %v for 1 MB, %v for an eighth", unit, long, short)
		require.Less(t, long, 4*time.Second, "%q", unit)
	}
}

func BenchmarkPII(b *testing.B)     { benchmark(b, pii(b)) }
func BenchmarkSecrets(b *testing.B) { benchmark(b, must(NewSecrets(SecretsConfig{}))) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func benchmark(b *testing.B, s score.Scorer) {
	b.Helper()
	// No text comes again before it is forgotten.
	const texts = 1 << 15
	all := strings.Repeat(prose, 2+texts/len(prose))
	var r score.Result
	b.SetBytes(int64(len(prose)))
	b.ReportAllocs()
	for at := 0; b.Loop(); at = (at + 1) % texts {
		c := chat(all[at:][:len(prose)-at%97])
		r.Reset()
		s.Score(c, &r)
	}
}

func BenchmarkRedact(b *testing.B) {
	redactor, err := NewRedactor([]string{"pii", "secrets"})
	require.NoError(b, err)
	document := `{"messages":[{"role":"user","content":"` + strings.NewReplacer(
		"\n",
		`\n`,
		`"`,
		`\"`,
	).Replace(
		prose,
	) + `"}]}`
	for name, text := range map[string]string{"text": prose, "json": document, "found": prose[:1000] + " maria@acme.pt"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				redactor.JSON(text)
			}
		})
	}
}
