package failure

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTaxonomyIsTheContract(t *testing.T) {
	buckets := map[Bucket][]Class{}
	for _, c := range Classes() {
		buckets[c.Bucket] = append(buckets[c.Bucket], c.Class)
		require.NotEmpty(t, c.Details, c.Class)
		for _, d := range c.Details {
			require.True(t, ValidDetail(c.Class, d.Name))
			require.True(t, strings.HasSuffix(d.Definition, "."), "%s/%s: a definition is a sentence", c.Class, d.Name)
		}
	}
	require.Equal(t, map[Bucket][]Class{
		Ops:       {Timeout, RateLimit, ProviderError, ToolError},
		Structure: {Truncation, ToolCallMalformed, SchemaViolation},
		Quality:   {Refusal, Hallucination, BadAnswer, RetryLoop, GoalDrift},
		Safety:    {Unsafe},
	}, buckets)
	require.True(t, ValidDetail(SchemaViolation, "required"))
	require.False(t, ValidDetail(ToolError, "required"))
	require.False(t, ValidDetail("telepathy", "required"))
	require.Empty(t, Class("telepathy").Bucket())
}

func TestJudge(t *testing.T) {
	cut := Finding{Class: Truncation, Detail: OutputLimit}
	unparsable := Finding{Class: ToolCallMalformed, Detail: UnparsableArguments}
	slow := Finding{Class: Timeout, Detail: ClientDeadline}
	leak := Finding{Class: Unsafe, Detail: "secret_leak"}
	for name, c := range map[string]struct {
		findings []Finding
		want     []Class
	}{
		"nothing":                       {nil, nil},
		"a cut answer breaks its call":  {[]Finding{unparsable, cut}, []Class{Truncation, ToolCallMalformed}},
		"safety is never suppressed":    {[]Finding{cut, unparsable, leak}, []Class{Unsafe, Truncation, ToolCallMalformed}},
		"a time-out is the sum of them": {[]Finding{slow, {Class: RateLimit, Detail: Throttled}}, []Class{RateLimit, Timeout}},
		"a key that is wrong comes before a server that is down": {
			[]Finding{{Class: ProviderError, Detail: Overloaded}, {Class: ProviderError, Detail: Auth}, cut}, []Class{ProviderError, Truncation},
		},
		"a class is listed once": {[]Finding{unparsable, unparsable}, []Class{ToolCallMalformed}},
	} {
		t.Run(name, func(t *testing.T) {
			v := Judge(c.findings)
			require.Equal(t, c.want, v.Classes)
			if len(c.want) > 0 {
				require.Equal(t, c.want[0], v.Class)
				require.Equal(t, v.Class.Bucket(), v.Bucket)
				require.Len(t, v.Fingerprint, 16)
			}
			require.Equal(t, len(c.want) > 0, v.Failed())
		})
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { Judge(nil) }), "a span without failure costs nothing")
}

func TestJudgeProperties(t *testing.T) {
	finding := rapid.Custom(func(t *rapid.T) Finding {
		info := rapid.SampledFrom(Classes()).Draw(t, "class")
		return Finding{
			Class: info.Class, Detail: rapid.SampledFrom(info.Details).Draw(t, "detail").Name,
			Evidence: rapid.StringN(0, 400, -1).Draw(t, "evidence"), What: rapid.String().Draw(t, "what"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		findings := rapid.SliceOfN(finding, 1, 8).Draw(t, "findings")
		v := Judge(findings)
		require.Equal(t, v.Class, v.Classes[0])
		require.LessOrEqual(t, len(v.Evidence), MaxEvidence)
		for _, f := range findings {
			require.Contains(t, v.Classes, f.Class, "no class is lost")
			if f.Class == Unsafe {
				require.Equal(t, Unsafe, v.Class)
			}
		}
		require.Equal(t, v, Judge(findings), "the same findings, the same verdict")
		shuffled := rapid.Permutation(findings).Draw(t, "order")
		require.Equal(t, rank(&v.Finding), rank(new(Judge(shuffled).Finding)), "order decides between equals only")
		require.ElementsMatch(t, v.Classes, Judge(shuffled).Classes)
	})
}

func TestFingerprint(t *testing.T) {
	base := Finding{Class: ToolCallMalformed, Detail: TypeMismatch, Scorer: "tool_arguments", Tool: "issue_refund", Where: "type /amount"}
	same := base
	same.Evidence, same.Excerpt = "other words", "19,99"
	require.Equal(t, Fingerprint(base), Fingerprint(same), "evidence is not identity")
	for name, change := range map[string]func(*Finding){
		"class":  func(f *Finding) { f.Class = SchemaViolation },
		"scorer": func(f *Finding) { f.Scorer = "rule" },
		"tool":   func(f *Finding) { f.Tool = "lookup_order" },
		"where":  func(f *Finding) { f.Where = "required /amount" },
		"what":   func(f *Finding) { f.What = "something else" },
	} {
		other := base
		change(&other)
		require.NotEqual(t, Fingerprint(base), Fingerprint(other), name)
	}
	require.Regexp(t, "^[0-9a-f]{16}$", Fingerprint(Finding{}))
}

// TestTemplate holds pairs of messages of providers: those in a row are one failure, rows are different ones.
func TestTemplate(t *testing.T) {
	rows := [][]string{
		{
			"Rate limit reached for gpt-4o in organization org-abc123def on tokens per min (TPM): Limit 30000, Used 29800, Requested 900. Please try again in 1.4s.",
			"Rate limit reached for gpt-4o in organization org-zzz999yyy on tokens per min (TPM): Limit 90000, Used 89999, Requested 12. Please try again in 20ms.",
		},
		{
			"This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
			"This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens.",
		},
		{
			`Error code: 404 - {'error': {'message': 'The model does not exist', 'code': 404}}`,
			`Error code: 500 - {'error': {'message': 'other', 'code': 500}}`,
		},
		{
			"Read timed out. (read timeout=60)",
			"Read timed out. (read timeout=120)",
		},
		{
			"Request req_011CQabcDEF failed at 2026-11-23T20:00:01Z, see https://status.example.com/i/42",
			"Request req_99zzzzzzzzz failed at 2026-01-01T00:00:00Z, see https://status.example.com/i/7",
		},
		{
			`KeyError: "order_id"`,
			`KeyError: "amount"`,
		},
		{
			"connect to 10.0.0.1:443 refused",
			"connect to 10.0.0.27:8443 refused",
		},
		{
			"user 5b8efff7-9803-8103-d269-b633813fc60c is unknown",
			"user 6c8efff7-9803-8103-d269-b633813fc60d is unknown",
		},
		{"prompt is too long: 210000 tokens > 200000 maximum", "prompt is too long: 200010 tokens > 200000 maximum"},
		{"Overloaded"},
		{"credit balance is too low to access the API"},
		{"upstream connect error or disconnect/reset before headers"},
		{"internal server error"},
		{"invalid x-api-key"},
	}
	seen := map[string]string{}
	for _, row := range rows {
		first := Template(row[0])
		require.NotEmpty(t, first)
		require.Empty(t, seen[first], "%q and %q are different failures", row[0], seen[first])
		seen[first] = row[0]
		for _, other := range row[1:] {
			require.Equal(t, first, Template(other))
		}
	}
	require.NotContains(t, Template("token "+strings.Repeat("QUJD", 200)), "QUJD", "a blob is no part of a template")
	require.Equal(t, "first line", Template("first line\nsecond line"))
}

func TestTemplateIsBoundedAndStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := Template(text)
		require.LessOrEqual(t, len(strings.Fields(once)), 24)
		require.Equal(t, once, Template(text))
	})
	for _, hostile := range []string{strings.Repeat("(", 1<<20), strings.Repeat(`"`, 1<<20), strings.Repeat("'a", 1<<20), strings.Repeat("{[", 1<<19)} {
		require.LessOrEqual(t, len(Template(hostile)), 24*(templateWord+1))
	}
}

func TestMarkdownNamesEverything(t *testing.T) {
	page := Markdown()
	for _, c := range Classes() {
		require.Contains(t, page, "### `"+string(c.Class)+"`")
		for _, d := range c.Details {
			require.Contains(t, page, "| `"+d.Name+"` | ")
		}
	}
	require.False(t, slices.ContainsFunc(strings.Split(page, "\n"), func(l string) bool { return strings.HasSuffix(l, " ") }))
}
