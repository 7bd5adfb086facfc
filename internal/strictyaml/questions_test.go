package strictyaml

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// TestQuestions: the values are those that js-yaml 5.5 reads.
func TestQuestions(t *testing.T) {
	type m = map[string]any
	for text, want := range map[string]any{
		"a: {q: Why?}":                   m{"a": m{"q": "Why?"}},
		"a: {q: Why? Because}":           m{"a": m{"q": "Why? Because"}},
		"a: {q: Why ? no, r: 'b?'}":      m{"a": m{"q": "Why ? no", "r": "b?"}},
		"a: [Why?, b]":                   m{"a": []any{"Why?", "b"}},
		"a: {v: {q: Is it?}}":            m{"a": m{"v": m{"q": "Is it?"}}},
		"a: {q: ?x}":                     m{"a": m{"q": "?x"}},
		"a: {q: https://x.y/?a=b}":       m{"a": m{"q": "https://x.y/?a=b"}},
		"a: {Why?: x}":                   m{"a": m{"Why?": "x"}},
		"a: {q: It's what?}":             m{"a": m{"q": "It's what?"}},
		"a: {q: \"x\", r: Why?} # {b?}":  m{"a": m{"q": "x", "r": "Why?"}},
		"a: {q: [b,\n  Why?, c]}":        m{"a": m{"q": []any{"b", "Why?", "c"}}},
		"t: |\n  {x: y?}\na: {q: Why?}":  m{"t": "{x: y?}\n", "a": m{"q": "Why?"}},
		"t: \"{x: y?}\"\na: {q: Why?}\n": m{"t": "{x: y?}", "a": m{"q": "Why?"}},
		"a: {? q : x}":                   m{"a": m{"q": "x"}},
		"a: Why?":                        m{"a": "Why?"},
	} {
		var got any
		require.NoError(t, yaml.Unmarshal(Questions([]byte(text)), &got), text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"a: {{q}} more?", "a: {q: [b?}", "a: {q: @x?}", "{?", "'?", "a: {q: what?\n}\nb: ["} {
		require.Equal(t, text, string(Questions([]byte(text))), "another mistake is told of the text as it is")
	}
	var s struct {
		Q map[string]string `yaml:"q"`
	}
	require.NoError(t, Unmarshal([]byte("q: {a: Why?}\n"), &s))
	require.Equal(t, "Why?", s.Q["a"])
	require.EqualError(t, Unmarshal([]byte("q: {a: {{x}}}\n"), &s),
		`yaml: a key must be a text; a value that begins with {{ must be quoted, such as "{{question}}"`)
}

func TestQuestionsAreBounded(t *testing.T) {
	began := time.Now()
	Questions([]byte(strings.Repeat("- {q: Why?}\n", 2_000)))
	Questions([]byte("a: {q: " + strings.Repeat("[?", 20_000)))
	require.Less(t, time.Since(began), time.Minute)
}
