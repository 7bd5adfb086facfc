package judge

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/jsonschema"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

func TestEmbeddedRubrics(t *testing.T) {
	var names []string
	details := map[string]bool{}
	for _, r := range Embedded() {
		names = append(names, r.Name)
		require.NotEmpty(t, r.About, r.Name)
		for _, p := range r.Needs {
			require.Contains(t, r.Reads, p, "%s needs what it does not read", r.Name)
		}
		for _, scorer := range r.Suspicions {
			require.Contains(t, scorers.Names(), scorer, r.Name)
		}
		for i := range r.Reasons {
			details[string(r.Reasons[i].Class)+"/"+r.Reasons[i].Detail] = true
		}
		for line := range strings.SplitSeq(r.instructions(), "\n") {
			require.LessOrEqual(t, len(line), 300, r.Name)
		}
	}
	require.Equal(t, []string{
		"context_loss", "goal_drift", "groundedness", "helpfulness", "jailbreak_success", "relevance", "tool_use", "toxicity",
	}, names)
	for _, only := range []string{
		"goal_drift/goal_drift", "goal_drift/context_loss", "hallucination/contradicted", "hallucination/judge",
		"bad_answer/judge",
	} {
		require.True(t, details[only], "only a judge finds %s", only)
	}
}

const custom = `
name: refund_policy
about: Whether refunds are promised only as our policy says.
needs: [question, answer]
reads: [question, answer]
instructions: |
  Look for promises of refunds.
reasons:
  - { code: fine, means: No promise beyond the policy. }
  - { code: overpromised, means: It promises what the policy does not., class: bad_answer, detail: rule }
`

func TestRubricsOfTheUser(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "refunds.yaml")
	require.NoError(t, os.WriteFile(path, []byte(custom), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not a rubric"), 0o600))
	for _, from := range []string{path, dir} {
		rubrics, err := ReadRubrics(from)
		require.NoError(t, err)
		require.Len(t, rubrics, 1)
		require.Equal(t, "refund_policy", rubrics[0].Name)
		require.InDelta(t, 0.5, rubrics[0].PassAt, 0)
	}
	_, err := ReadRubrics(t.TempDir())
	require.ErrorContains(t, err, "no rubric")
	_, err = Find("grounded")
	require.ErrorContains(t, err, `unknown rubric "grounded", expected one of context_loss`)
}

func TestMistakesOfRubricsAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"name":           {"refund_policy", "Refund Policy", "name must be lower-case"},
		"unknown key":    {"about:", "abuot:", "abuot"},
		"scope":          {"needs:", "of: trace\nneeds:", `of must be answer or session, got "trace"`},
		"part":           {"reads: [question, answer]", "reads: [prompt]", "reads must be of"},
		"no part":        {"reads: [question, answer]", "reads: []", "reads must name"},
		"threshold":      {"needs:", "pass_at: 2\nneeds:", "pass_at must be above 0"},
		"detail":         {"detail: rule", "detail: rules", "reasons[1] must have class and detail of the taxonomy"},
		"class":          {"class: bad_answer", "class: bad", "reasons[1] must have class and detail"},
		"no failure":     {"class: bad_answer, detail: rule", "", "reasons must have one that passes"},
		"same code":      {"code: overpromised", "code: fine", "reasons[1].code must be unique"},
		"no instruction": {"  Look for promises of refunds.\n", "", "instructions"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(custom, c.old, c.new, 1)
			require.NotEqual(t, custom, text)
			_, err := ParseRubric([]byte(text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestEveryChangeStartsAVersion(t *testing.T) {
	r, err := ParseRubric([]byte(custom))
	require.NoError(t, err)
	other, err := ParseRubric([]byte(custom + "# a comment\n"))
	require.NoError(t, err)
	base := Settings{Provider: "openai", Model: "m", MaxTokens: 100, MaxBytes: DefaultBytes, Format: FormatSchema}
	of := func(r *Rubric, change func(*Settings)) string {
		s := base
		change(&s)
		return New(nil, s, nil, nil, nil).Version(r)
	}
	same := func(*Settings) {}
	again := of(r, same)
	require.Equal(t, of(r, same), again)
	require.True(t, strings.HasPrefix(of(r, same), "m@"))
	versions := []string{
		of(r, same), of(other, same),
		of(r, func(s *Settings) { s.Model = "n" }),
		of(r, func(s *Settings) { s.Provider = "azure" }),
		of(r, func(s *Settings) { s.Temperature = genai.Some(0.0) }),
		of(r, func(s *Settings) { s.Temperature = genai.Some(0.5) }),
		of(r, func(s *Settings) { s.Seed = genai.Some(int64(7)) }),
		of(r, func(s *Settings) { s.MaxTokens = 200 }),
		of(r, func(s *Settings) { s.MaxBytes = MinBytes }),
		of(r, func(s *Settings) { s.Format = FormatNone }),
	}
	slices.Sort(versions)
	require.Len(t, slices.Compact(versions), 10)
}

func TestRubricsApply(t *testing.T) {
	k := &Case{Scope: Answer, Question: "q", Answer: "a", Sources: []string{"s"}}
	require.True(t, rubric(t, "groundedness").Applies(k))
	require.False(t, rubric(t, "tool_use").Applies(k), "no call of a tool")
	require.False(t, rubric(t, "goal_drift").Applies(k), "of sessions")
	k.Sources = nil
	require.False(t, rubric(t, "groundedness").Applies(k), "no source")
	k.Steps = []Message{{Role: RoleCall, Tool: "t", Text: "{}"}}
	require.True(t, rubric(t, "tool_use").Applies(k))
	long := &Case{Scope: Session, Earlier: []Message{{Role: "user", Text: "x"}}, Turns: 10}
	require.False(t, rubric(t, "context_loss").Applies(long), "not above 10 turns")
	long.Turns = 11
	require.True(t, rubric(t, "context_loss").Applies(long))
}

// Providers with strict structured output accept only schemas in which every property is required and none is added.
func TestSchemasOfRepliesAreStrict(t *testing.T) {
	for _, r := range Embedded() {
		schema := r.replySchema()
		strict(t, schema)
		text := mustJSON(t, schema)
		compiled, err := jsonschema.Compile(text)
		require.NoError(t, err, r.Name)
		reply := `{"explanation":"e","reason":"` + r.Reasons[0].Code + `","score":1}`
		if r.Claims {
			reply = `{"claims":[{"claim":"c","reason":"` + r.Reasons[0].Code + `"}],"explanation":"e"}`
		}
		value, err := jsonschema.Decode(reply)
		require.NoError(t, err)
		violations, err := compiled.Validate(value)
		require.NoError(t, err)
		require.Empty(t, violations, r.Name)
		_, err = r.parse(reply)
		require.NoError(t, err, r.Name)
	}
}

func strict(t *testing.T, schema map[string]any) {
	t.Helper()
	if properties, ok := schema["properties"].(map[string]any); ok {
		require.Len(t, schema["required"], len(properties))
		require.Equal(t, false, schema["additionalProperties"])
		for _, of := range properties {
			strict(t, of.(map[string]any))
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		strict(t, items)
	}
}

func TestResultsSayWhatTheTaxonomySays(t *testing.T) {
	for _, r := range Embedded() {
		for i := range r.Reasons {
			reason := &r.Reasons[i]
			score := 1.0
			if reason.Class != "" {
				score = 0
			}
			result := r.result(&Case{}, finding{score: score, reason: reason, explanation: "e"})
			require.Equal(t, reason.Class != "", result.Evaluation.Failed)
			require.Equal(t, reason.Class, result.Finding.Class)
			verdict := failure.Judge([]failure.Finding{result.Finding})
			require.Equal(t, reason.Class, verdict.Class)
		}
	}
}

func TestSelect(t *testing.T) {
	dir := t.TempDir()
	own := strings.Replace(custom, "name: refund_policy", "name: relevance", 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(custom), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.yaml"), []byte(own), 0o600))
	for name, c := range map[string]struct {
		path  string
		names []string
		want  []string
	}{
		"all in the program": {"", nil, []string{
			"context_loss", "goal_drift", "groundedness", "helpfulness", "jailbreak_success", "relevance", "tool_use", "toxicity",
		}},
		"all of the user":   {dir, nil, []string{"refund_policy", "relevance"}},
		"of both":           {dir, []string{"toxicity", "refund_policy"}, []string{"toxicity", "refund_policy"}},
		"some of the first": {"", []string{"toxicity"}, []string{"toxicity"}},
	} {
		t.Run(name, func(t *testing.T) {
			rubrics, err := Select(c.path, c.names)
			require.NoError(t, err)
			var got []string
			for _, r := range rubrics {
				got = append(got, r.Name)
			}
			require.Equal(t, c.want, got)
		})
	}
	rubrics, err := Select(dir, []string{"relevance"})
	require.NoError(t, err)
	require.Equal(t, "overpromised", rubrics[0].Reasons[1].Code, "one's own comes before that in the program")
	_, err = Select(dir, []string{"oops"})
	require.ErrorContains(t, err, `unknown rubric "oops"`)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(own), 0o600))
	_, err = Select(dir, nil)
	require.ErrorContains(t, err, `two rubrics have the name "relevance"`)
}

// TestDemand: the price that is told before is that of the prompt, with an average and the longest reply.
func TestDemand(t *testing.T) {
	row := price.Embedded().Find("openai", time.Now(), "gpt-4.1-mini")
	r, err := Find("relevance")
	require.NoError(t, err)
	j := New(nil, Settings{Model: "gpt-4.1-mini", MaxTokens: 1000}, row, nil, nil)
	short := &Case{Scope: Answer, Question: "Where?", Answer: "In Lyon."}
	long := &Case{Scope: Answer, Question: "Where?", Answer: strings.Repeat("In Lyon. ", 1000)}
	a, b := j.Demand(short, r), j.Demand(long, r)
	require.InDelta(t, float64(a.Input)*0.4e-6+200*1.6e-6, a.USD, 1e-12)
	require.InDelta(t, j.By(r).Estimate(short), a.MaxUSD, 5e-5, "what is reserved, but for the random code")
	require.Greater(t, b.Input-a.Input, int64(2000))
	sum := a
	sum.Add(b)
	require.Equal(t, Demand{2, a.Input + b.Input, 400, a.USD + b.USD, a.MaxUSD + b.MaxUSD}, sum)
	require.Zero(t, New(nil, Settings{MaxTokens: 1000}, nil, nil, nil).Demand(long, r).MaxUSD, "a free model")
}
