package scorers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
	require.NoError(t, os.WriteFile(filepath.Join(dir, "invoice.schema.json"), []byte(`{"type": "object", "required": ["total"]}`), 0o600))
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
	require.Len(t, set.Scorers(), 3)

	call, r := &genai.Call{Operation: "chat", PromptName: "invoice-extractor", FinishReasonsCanonical: []string{"stop"}}, score.Result{}
	call.SetContent(genai.Content{Output: []genai.Message{{Role: "assistant", Text: `{"note": "sorry"}`}}})
	set.Score(call, &r)
	require.Len(t, r.Findings, 2)
	require.Equal(t, "schema_violation/required", string(r.Findings[0].Class)+"/"+r.Findings[0].Detail)
	require.Equal(t, "bad_answer/rule", string(r.Findings[1].Class)+"/"+r.Findings[1].Detail)
}

// TestMistakes: each mistake is one line that names key, rule and value, and all of them are told at once.
func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"empty":            {"", []string{"the file is empty"}},
		"version":          {"version: 2", []string{"version must be 1, got 2"}},
		"unknown key":      {"version: 1\nscorer: {}", []string{"unknown key scorer"}},
		"unknown scorer":   {"version: 1\nscorers: {telepathy: {}}", []string{"scorers.telepathy: there is no such scorer, expected one of json_schema, tool_arguments"}},
		"unknown setting":  {"version: 1\nscorers: {tool_arguments: {fail_below: 1}}", []string{"scorers.tool_arguments: ", "unknown key fail_below"}},
		"missing file":     {"version: 1\nscorers: {json_schema: {schemas: [{prompt: a, file: none.json}]}}", []string{"scorers.json_schema: schemas[0].file must be readable"}},
		"schema for none":  {"version: 1\nscorers: {json_schema: {schemas: [{file: none.json}]}}", []string{"schemas[0].prompt must be given"}},
		"unnamed rule":     {"version: 1\nrules: [{fail: 'true'}]", []string{"rules[0].name must not be empty"}},
		"rule twice":       {"version: 1\nrules: [{name: a, fail: 'true'}, {name: a, fail: 'true'}]", []string{`rules[1].name must be unique, got "a" twice`}},
		"rule like scorer": {"version: 1\nrules: [{name: json_schema, fail: 'true'}]", []string{`rules[0].name must not be the name of a scorer, got "json_schema"`}},
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
			require.GreaterOrEqual(t, strings.Count(err.Error(), "\n")+1, min(len(c.want), 2)-1)
		})
	}
}

func TestDecodeIsParse(t *testing.T) {
	config, err := Decode(map[string]any{"version": 1, "scorers": map[string]any{"tool_arguments": nil}})
	require.NoError(t, err)
	require.Contains(t, config.Scorers, "tool_arguments")
	_, err = Decode(map[string]any{"version": 1, "scorerss": map[string]any{}})
	require.ErrorContains(t, err, "unknown key scorerss")
}
