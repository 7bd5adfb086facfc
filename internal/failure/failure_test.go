package failure

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

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
		"a key that is wrong explains a limit":            {[]Finding{{Class: RateLimit, Detail: Throttled}, {Class: ProviderError, Detail: NotFound}}, []Class{ProviderError, RateLimit}},
		"an empty account explains a server":              {[]Finding{{Class: ProviderError, Detail: ServerError}, {Class: RateLimit, Detail: QuotaExceeded}}, []Class{RateLimit, ProviderError}},
		"a prompt that is too long was never answered":    {[]Finding{cut, {Class: Refusal, Detail: ContentFilter}}, []Class{Refusal, Truncation}},
		"a loop spends the budget":                        {[]Finding{{Class: RetryLoop, Detail: "repeat"}, {Class: RateLimit, Detail: Budget}, {Class: ToolError, Detail: ToolFailed}}, []Class{ToolError, RetryLoop, RateLimit}},
		"what a judge says is the outcome":                {[]Finding{{Class: BadAnswer, Detail: "judge"}, slow}, []Class{Timeout, BadAnswer}},
		"a class whose detail nobody knows has its place": {[]Finding{unparsable, {Class: ProviderError}}, []Class{ProviderError, ToolCallMalformed}},
		"a class is listed once":                          {[]Finding{unparsable, unparsable}, []Class{ToolCallMalformed}},
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
		require.Equal(t, v.Fingerprint, Judge([]Finding{v.Finding}).Fingerprint, "a verdict on what decided is the verdict")
		require.True(t, slices.IsSortedFunc(v.Classes, func(a, b Class) int { return nearest(findings, a) - nearest(findings, b) }), "nearest to the cause first")
		shuffled := rapid.Permutation(findings).Draw(t, "order")
		require.Equal(t, rank(&v.Finding), rank(new(Judge(shuffled).Finding)), "order decides between equals only")
		require.ElementsMatch(t, v.Classes, Judge(shuffled).Classes)
	})
}

// nearest is the smallest rank that a class has among findings.
func nearest(findings []Finding, c Class) int {
	least := lastRank
	for i := range findings {
		if findings[i].Class == c {
			least = min(least, rank(&findings[i]))
		}
	}
	return least
}

// TestRanksNameTheTaxonomy holds the rows of the table of ranks against the classes and their details: each in one row.
func TestRanksNameTheTaxonomy(t *testing.T) {
	rows := map[Class]int{}
	for _, p := range precedence {
		for _, row := range p.rows {
			if row.details == nil {
				rows[row.class]++
			}
			for _, d := range row.details {
				require.True(t, ValidDetail(row.class, d), "%s/%s", row.class, d)
			}
		}
	}
	for _, c := range Classes() {
		require.Equal(t, 1, rows[c.Class], c.Class)
	}
}

func TestEvidenceIsClippedAtARune(t *testing.T) {
	for _, text := range []string{strings.Repeat("ä", 200), "a" + strings.Repeat("€", 200), strings.Repeat("x", 256), strings.Repeat("\xff", 300)} {
		got := Judge([]Finding{{Class: BadAnswer, Detail: Empty, Evidence: text}}).Evidence
		require.LessOrEqual(t, len(got), MaxEvidence)
		require.True(t, utf8.ValidString(got))
	}
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

	// The recipe, by hand: others that group failures (a query, another program) rely on it.
	sum := sha256.Sum256([]byte("1\ntool_call_malformed\ntool_arguments\nissue_refund\ntype /amount\n"))
	require.Equal(t, hex.EncodeToString(sum[:8]), Fingerprint(base))
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

func TestFindingsOfAVerdict(t *testing.T) {
	require.Empty(t, Verdict{}.Findings())
	judged := Judge([]Finding{{Class: ToolError, Tool: "refund"}, {Class: Truncation, Detail: OutputLimit, Scorer: "s", Evidence: "cut"}})
	want := []Finding{{Class: Truncation, Detail: OutputLimit, Scorer: "s", Evidence: "cut"}, {Class: ToolError}}
	require.Equal(t, want, judged.Findings())
	want[0].Scorer = ""
	judged.Finding = Finding{} // as read from JSON
	require.Equal(t, want, judged.Findings())
	require.Equal(t, []Finding{{Class: Refusal}}, Verdict{Class: Refusal}.Findings(), "without a list")
}
