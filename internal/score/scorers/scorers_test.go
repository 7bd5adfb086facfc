package scorers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

func TestDefault(t *testing.T) {
	set, err := New(Default())
	require.NoError(t, err)
	var names []string
	for _, s := range set.Scorers() {
		require.NotEmpty(t, s.Version(), s.Name())
		names = append(names, s.Name())
	}
	require.Equal(t, append([]string{"outcome"}, Names()...), names, "every scorer that needs no settings is on")
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	require.NoError(
		t,
		os.WriteFile(filepath.Join(dir, "invoice.schema.json"), []byte(`{"type": "object", "required": ["total"]}`), 0o600),
	)
	file := filepath.Join(dir, "scorers.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
version: 1
scorers:
  json_schema: {schemas: [{prompt: invoice-extractor, file: invoice.schema.json}]}
rules:
  - name: no_apology
    fail: output contains "sorry"
`), 0o600))
	config, err := Load(file)
	require.NoError(t, err)
	set, err := New(config)
	require.NoError(t, err)
	require.Len(t, set.Scorers(), 1+len(Names())+1, "the file adds to the default")

	call, r := &genai.Call{
		Operation:              "chat",
		PromptName:             "invoice-extractor",
		FinishReasonsCanonical: []string{"stop"},
	}, score.Result{}
	call.SetContent(genai.Content{Output: []genai.Message{{Role: "assistant", Text: `{"note": "sorry"}`}}})
	set.Score(call, &r)
	require.Len(t, r.Findings, 2)
	require.Equal(t, "schema_violation/required", string(r.Findings[0].Class)+"/"+r.Findings[0].Detail)
	require.Equal(t, "bad_answer/rule", string(r.Findings[1].Class)+"/"+r.Findings[1].Detail)
}

// names lists the scorers of a set.
func names(set *score.Set) (list []string) {
	for _, s := range set.Scorers() {
		list = append(list, s.Name())
	}
	return list
}

func newSet(t *testing.T, file string) *score.Set {
	t.Helper()
	config, err := Parse([]byte(file))
	require.NoError(t, err)
	set, err := New(config)
	require.NoError(t, err)
	return set
}

// TestFileAddsToTheDefault: a file states only what it changes, and switches a scorer off by name.
func TestFileAddsToTheDefault(t *testing.T) {
	all := append([]string{"outcome"}, Names()...)
	for file, off := range map[string][]string{
		"version: 1":              {},
		"version: 1\nscorers: {}": {},
		"version: 1\nscorers: {pii: {types: [email]}}":           {},
		"version: 1\nscorers: {toxicity: off}":                   {"toxicity"},
		"version: 1\nscorers: {toxicity: false, jailbreak: off}": {"jailbreak", "toxicity"},
		"version: 1\nscorers: {toxicity: on, pii: true}":         {},
	} {
		set := newSet(t, file)
		require.Equal(t, off, Off(set), file)
		require.Subset(t, all, names(set), file)
		require.Len(t, set.Scorers(), len(all)-len(off), file)
	}
	rule := newSet(t, "version: 1\nrules: [{name: r, fail: 'false'}]")
	require.Equal(t, append(all, "r"), names(rule), "one rule switches nothing off")
}

// TestServices: a service has settings of its own on top of the others, and shares the scorers that it does not change.
func TestServices(t *testing.T) {
	set := newSet(t, `
version: 1
scorers:
  refusal: {fail_below: 0.4, suspect_below: 0.6}
  toxicity: off
services:
  shop: {refusal: {fail_below: 0.1}, pii: off}
  forum: {toxicity: {}}
`)
	require.Equal(t, []string{"forum", "shop"}, set.Services())
	require.Equal(t, []string{"toxicity"}, Off(set))
	require.Equal(t, []string{"pii", "toxicity"}, Off(set.For("shop")))
	require.Empty(t, Off(set.For("forum")))
	require.Same(t, set, set.For("other"))
	levels := func(set *score.Set) (score.Levels, score.Scorer) {
		for _, s := range set.Scorers() {
			if s.Name() == "refusal" {
				return s.(interface{ Levels() score.Levels }).Levels(), s
			}
		}
		return score.Levels{}, nil
	}
	base, ofBase := levels(set)
	shop, ofShop := levels(set.For("shop"))
	_, ofForum := levels(set.For("forum"))
	require.Equal(t, score.Levels{FailBelow: 0.4, SuspectBelow: 0.6}, base)
	require.Equal(t, score.Levels{FailBelow: 0.1, SuspectBelow: 0.6}, shop, "the service keeps what it does not set")
	require.Same(t, ofBase, ofForum)
	require.NotEqual(t, ofBase.Version(), ofShop.Version(), "another threshold is another version")

	call := func(service string) *genai.Call {
		c := &genai.Call{Operation: "chat", ServiceName: service}
		c.SetContent(genai.Content{Output: []genai.Message{{Role: "assistant", Text: "Write to jane.roe@mailhost.de."}}})
		return c
	}
	for service, want := range map[string]int{"other": 1, "shop": 0} {
		var r score.Result
		set.Score(call(service), &r)
		require.Len(t, r.Findings, want, service)
	}
}

// TestMistakes: each mistake is one line that names key, rule and value, and all are reported at once.
func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"empty":           {"", []string{"the file is empty"}},
		"version":         {"version: 2", []string{"version must be 1, got 2"}},
		"unknown key":     {"version: 1\nscorer: {}", []string{`line 2: unknown key "scorer", expected one of version, scorers, rules, services`}},
		"unknown scorer":  {"version: 1\nscorers: {telepathy: {}}", []string{"scorers.telepathy: unknown scorer, expected one of " + strings.Join(Names(), ", ")}},
		"unknown setting": {"version: 1\nscorers: {tool_arguments: {fail_below: 1}}", []string{`scorers.tool_arguments: unknown key "fail_below", expected one of require_zone`}},
		"setting inside":  {"version: 1\nscorers: {json_schema: {schemas: [{promt: a}]}}", []string{`scorers.json_schema: schemas[0]: unknown key "promt", expected one of prompt, model, file`}},
		"not a list":      {"version: 1\nscorers: {json_schema: {schemas: 3}}", []string{"scorers.json_schema: schemas must be a list, got 3"}},
		"not a mapping":   {"version: 1\nrules: [3]", []string{"line 2: rules[0] must be a mapping of name, when, fail, class, detail, got 3"}},
		"not a number":    {"version: one", []string{`line 1: version must be a whole number, got "one"`, "version must be 1, got 0"}},
		"no YAML":         {"version: [1", []string{"yaml: line 1: "}},
		"levels swapped":  {"version: 1\nscorers: {refusal: {fail_below: 0.5, suspect_below: 0.2}}", []string{"scorers.refusal: suspect_below must not be below fail_below (0.5), got 0.2"}},
		"both out of bounds": {"version: 1\nscorers: {relevance: {fail_below: -1, suspect_below: 2}}", []string{
			"scorers.relevance: fail_below must be between 0 and 1, got -1", "scorers.relevance: suspect_below must be between 0 and 1, got 2",
		}},
		"neither on nor off": {"version: 1\nscorers: {toxicity: never}", []string{`scorers.toxicity must be a mapping of settings, or off, got "never"`}},
		"scorer is a number": {"version: 1\nscorers: {toxicity: 3}", []string{`scorers.toxicity must be a mapping of settings, or off, got 3`}},
		"unknown and off":    {"version: 1\nscorers: {telepathy: off}", []string{"scorers.telepathy: unknown scorer"}},
		"of a service": {"version: 1\nservices: {shop: {refusal: {fail_below: 0.5, suspect_below: 0.1}, telepathy: off}}", []string{
			"services.shop.refusal: suspect_below must not be below fail_below (0.5), got 0.1", "services.shop.telepathy: unknown scorer",
		}},
		"out of bounds":    {"version: 1\nscorers: {refusal: {fail_below: 1.5}}", []string{"scorers.refusal: fail_below must be between 0 and 1, got 1.5"}},
		"unknown type":     {"version: 1\nscorers: {pii: {types: [email, face]}}", []string{`scorers.pii: types[1] must be one of `}},
		"strange rule":     {"version: 1\nrules: [{name: 'a b', fail: 'true'}]", []string{`rules[0].name must be at most 64 letters, digits, _, - or ., got "a b"`}},
		"empty rule":       {"version: 1\nrules: [{name: a, fail: ' '}]", []string{`rules[0].fail must not be empty (rule "a")`}},
		"missing file":     {"version: 1\nscorers: {json_schema: {schemas: [{prompt: a, file: none.json}]}}", []string{"scorers.json_schema: schemas[0].file must be readable"}},
		"schema for none":  {"version: 1\nscorers: {json_schema: {schemas: [{file: none.json}]}}", []string{"schemas[0].prompt must be given"}},
		"unnamed rule":     {"version: 1\nrules: [{fail: 'true'}]", []string{"rules[0].name must not be empty"}},
		"rule twice":       {"version: 1\nrules: [{name: a, fail: 'true'}, {name: a, fail: 'true'}]", []string{`rules[1].name must be unique, got "a" twice`}},
		"rule like scorer": {"version: 1\nrules: [{name: json_schema, fail: 'true'}]", []string{`rules[0].name must not be the name of a scorer, got "json_schema"`}},
		"all at once": {
			"version: 3\nscorer: {}\nscorers: {telepathy: {}, tool_arguments: {x: 1}}\nrules: [{name: a, fail: 'call.x == 1', when: nonsense}, {name: b, fial: x}]",
			[]string{
				`line 2: unknown key "scorer",`, `line 4: rules[1]: unknown key "fial",`, "version must be 1, got 3", "scorers.telepathy: ",
				`scorers.tool_arguments: unknown key "x"`,
				"rules[0] (a): when: unknown name nonsense", "rules[0] (a): fail: unknown name call.x", `rules[1].fail must not be empty (rule "b")`,
			},
		},
		"several": {
			"version: 1\nscorers: {telepathy: {}, psychic: {}}\nrules: [{name: a, fail: 'nonsense'}]",
			[]string{"scorers.psychic", "scorers.telepathy", "rules[0] (a): fail: unknown name nonsense"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := Parse([]byte(c.file))
			if err == nil {
				_, err = New(config)
			}
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "Config", "no Go types in messages")
			require.Len(t, strings.Split(err.Error(), "\n"), len(c.want), "one line a mistake")
		})
	}
}

// TestDesign is the scorer file of the documentation, without the scorers that it names for later.
func TestDesign(t *testing.T) {
	config, err := Parse([]byte(`
version: 1
scorers:
  tool_arguments: {}
  json_schema:
rules:
  - name: refund_promised_not_issued
    when: 'call.operation == "chat"'
    fail: 'output contains "I have issued a refund" and not ("issue_refund" in tool_calls)'
    class: hallucination
    detail: claimed_action
`))
	require.NoError(t, err)
	set, err := New(config)
	require.NoError(t, err)
	call, r := &genai.Call{Operation: "chat"}, score.Result{}
	call.SetContent(genai.Content{Output: []genai.Message{{Role: "assistant", Text: "I have issued a refund of 5 EUR."}}})
	set.Score(call, &r)
	require.Empty(t, r.Problems)
	require.Len(t, r.Findings, 1)
	require.Equal(t, "hallucination/claimed_action", string(r.Findings[0].Class)+"/"+r.Findings[0].Detail)
	require.Equal(t, "refund_promised_not_issued", r.Findings[0].Scorer)
}

// TestLoadNamesTheFile on every line of what is wrong with it.
func TestLoadNamesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scorers.yaml")
	require.NoError(t, os.WriteFile(file, []byte("version: 1\na: 1\nb: 2\n"), 0o600))
	_, err := Load(file)
	for line := range strings.SplitSeq(err.Error(), "\n") {
		require.True(t, strings.HasPrefix(line, "scorer file "+file+": line "), line)
	}
	_, err = Load(filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestDecodeIsParse(t *testing.T) {
	config, err := Decode(map[string]any{"version": 1, "scorers": map[string]any{"tool_arguments": nil}})
	require.NoError(t, err)
	require.Contains(t, config.Scorers, "tool_arguments")
	_, err = Decode(map[string]any{"version": 1, "scorerss": map[string]any{}})
	require.ErrorContains(t, err, `unknown key "scorerss"`)
}

// TestFinds: every scorer says what it looks for, in words of the taxonomy.
func TestFinds(t *testing.T) {
	for _, name := range Names() {
		class, details, ok := Finds(name)
		require.True(t, ok, name)
		for _, detail := range details {
			require.True(t, failure.ValidDetail(class, detail), "%s: %s/%s", name, class, detail)
		}
		_, known := failure.Info(class)
		require.True(t, known, name)
	}
	require.Len(t, finds, len(Names()))
	_, _, ok := Finds("a_rule")
	require.False(t, ok)
}

func TestLevelsIn(t *testing.T) {
	config, err := Parse([]byte("version: 1\nscorers:\n  toxicity: off\n  jailbreak: {fail_below: 0.4}\nservices:\n" +
		"  shop:\n    jailbreak: {fail_below: 0.1}\n    toxicity: {fail_below: 0.2, suspect_below: 0.3}\n"))
	require.NoError(t, err)
	for _, c := range []struct {
		service, scorer string
		want            score.Levels
		on              bool
	}{
		{"", "refusal", score.Levels{FailBelow: 0.5, SuspectBelow: 0.8}, true},
		{"", "jailbreak", score.Levels{FailBelow: 0.4, SuspectBelow: 0.8}, true},
		{"shop", "jailbreak", score.Levels{FailBelow: 0.1, SuspectBelow: 0.8}, true},
		{"shop", "toxicity", score.Levels{FailBelow: 0.2, SuspectBelow: 0.3}, true},
		{"", "toxicity", score.Levels{FailBelow: 0.5, SuspectBelow: 0.8}, false},
		{"shop", "relevance", score.Levels{FailBelow: 0.18, SuspectBelow: 0.64}, true},
		{"shop", "json_schema", score.Levels{}, false},
	} {
		got, on, err := LevelsIn(config, c.service, c.scorer)
		require.NoError(t, err)
		require.Equal(t, c.on, on, "%s %s", c.service, c.scorer)
		require.Equal(t, c.want, got, "%s %s", c.service, c.scorer)
	}
}
