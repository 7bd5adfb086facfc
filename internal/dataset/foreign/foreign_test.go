package foreign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

func read(t *testing.T, format, name, content string) *Import {
	t.Helper()
	m, err := Read(format, name, []byte(content))
	require.NoError(t, err)
	for i := range m.Rows {
		require.Empty(t, m.Rows[i].Validate())
	}
	return m
}

func TestEvals(t *testing.T) {
	const text = `{"input": [{"role": "system", "content": "Answer with one word."}, {"role": "user", "content": "Capital of Italy?"}], "ideal": "Rome"}
{"input": "Capital of Switzerland?", "ideal": ["Bern", "Berne"]}
{"item": {"question": "Capital of Spain?", "ground_truth": "Madrid"}}
`
	require.Equal(t, Evals, Detect("samples.jsonl", []byte(text)))
	m := read(t, Evals, "samples.jsonl", text)
	require.Len(t, m.Rows, 3)
	require.Equal(t, "Answer with one word.", m.Rows[0].Call.System())
	require.Equal(t, "Capital of Italy?", m.Rows[0].Call.Question())
	require.Equal(t, []string{`contains "Rome"`}, m.Rows[0].Assertions)
	require.Equal(t, []string{`matches /Bern|Berne/i`}, m.Rows[1].Assertions)
	require.Equal(t, "Madrid", m.Rows[2].CorrectedOutput)
	require.Equal(t, "samples.jsonl", m.Rows[0].Source)
}

func TestLines(t *testing.T) {
	m := read(t, JSONL, "cases.jsonl", `{"id": "a", "question": "When?", "expected": "Tomorrow.", "contexts": ["It comes tomorrow."], "tags": ["x"]}
{"user_input": "Why?", "failing": "Because.", "class": "bad_answer/off_topic"}
{"prompt": "Who?", "failing": "Me."}
{"query": "Nothing is said of it"}
`)
	require.Len(t, m.Rows, 3)
	require.Equal(t, "a", m.Rows[0].ID)
	require.Equal(t, "It comes tomorrow.", m.Rows[0].Call.Retrieval().Documents[0].Content)
	require.Equal(t, failure.BadAnswer, m.Rows[1].Class)
	require.Equal(t, review.Rejected, m.Rows[2].Decision)
	require.Equal(t, []string{"1 left out: cases that say nothing of the answer"}, m.Strings())
}

func TestTable(t *testing.T) {
	m := read(t, CSV, "cases.csv", "\ufeffquestion,expected,expect,tags\n\"When, exactly?\",Tomorrow.,\"length <= 40\nlanguage en\",\"a, b\"\nWhy?,Because.,,\n")
	require.Len(t, m.Rows, 2)
	require.Equal(t, "When, exactly?", m.Rows[0].Call.Question())
	require.Equal(t, []string{"length <= 40", "language en"}, m.Rows[0].Assertions)
	require.Equal(t, []string{"a", "b"}, m.Rows[0].Tags)
	require.Equal(t, "Because.", m.Rows[1].CorrectedOutput)
}

const configText = `
prompts:
  - 'Translate to {{language}}: {{ text }}'
  - file://chat.json
providers: [openai:gpt-4.1]
defaultTest:
  vars: {language: French}
  assert: [{type: latency, threshold: 3000}]
tests:
  - description: greeting
    vars: {text: 'Hello {name}'}
    assert:
      - {type: icontains, value: bonjour}
      - {type: not-contains, value: Hello}
      - {type: contains-any, value: [salut, bon/jour]}
      - {type: contains-all, value: [a, b]}
      - {type: regex, value: '^B.*/$'}
      - {type: starts-with, value: Bonjour}
      - {type: cost, threshold: 0.01}
      - {type: llm-rubric, value: is polite, threshold: 0.8}
      - {type: javascript, value: output.length > 3}
      - {type: similar, value: Bonjour Nom, threshold: 0.8}
      - {type: assert-set, assert: [{type: not-equals, value: x}]}
  - vars: {text: JSON}
    assert: [{type: is-json, value: {type: object}}]
  - file://more.csv
`

func TestPromptfoo(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "chat.json"), []byte(`[{"role":"system","content":"Translate to {{language}}."},{"role":"user","content":"{{text}}"}]`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "more.csv"), []byte("text,language,__expected,__expected2,__description\nyes,German,ja,\"not-contains:yes\",short\nno,German,similar(0.8):nein,is-json,\n"), 0o600))
	name := filepath.Join(dir, "promptfooconfig.yaml")
	require.Equal(t, Promptfoo, Detect(name, nil))
	m := read(t, Promptfoo, name, configText)
	byQuestion := map[string]dataset.Row{}
	for _, row := range m.Rows {
		byQuestion[row.Call.Question()] = row
	}
	require.Len(t, m.Rows, 8)
	row := byQuestion["Translate to French: Hello {name}"]
	require.Equal(t, "greeting (prompt 1)", row.Name)
	require.Equal(t, []string{
		"latency <= 3000ms", `contains "bonjour"`, `does not contain "Hello"`, `matches /salut|bon\/jour/i`, `contains "a"`,
		`contains "b"`, `matches /^B.*\/$/`, `matches /^\s*Bonjour/`, "cost <= 0.01", `rubric "is polite" >= 0.8`,
		`does not match /^\s*x\s*$/`,
	}, row.Assertions)
	require.Equal(t, "Bonjour Nom", row.CorrectedOutput)
	require.Equal(t, "Translate to French.", byQuestion["Hello {name}"].Call.System())
	require.JSONEq(t, `{"type":"object"}`, byQuestion["Translate to French: JSON"].Call.OutputSchema())
	require.Equal(t, map[string]int{"checks of the type javascript": 2}, m.Left)

	require.Equal(t, []string{"latency <= 3000ms", `equals "ja"`, `does not contain "yes"`},
		byQuestion["Translate to German: yes"].Assertions, "the default test holds for tests in files too")
	m, err := Read(CSV, filepath.Join(dir, "more.csv"), []byte("text,__expected,__expected2\nyes,ja,not-contains:yes\nno,similar(0.8):nein,is-json\n"))
	require.NoError(t, err)
	require.Equal(t, []string{`equals "ja"`, `does not contain "yes"`}, m.Rows[0].Assertions)
	require.Equal(t, "nein", m.Rows[1].CorrectedOutput)
	require.Equal(t, []string{"follows schema"}, m.Rows[1].Assertions)
}

// TestPromptfooVariables: a list makes a case of each value, checks have variables too, files are read, and what a
// template does beyond variables is left out.
func TestPromptfooVariables(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "doc.txt"), []byte("the document"), 0o600))
	name := filepath.Join(dir, "c.yaml")
	m := read(t, Promptfoo, name, `
prompts: ['{{q}} in {{ lang }}, by {{doc}}']
defaultTest:
  vars: {doc: 'file://doc.txt'}
  assert: [{type: contains, value: '{{want}}'}, {type: contains-all, value: ['{{lang}}', b]}]
tests:
  - vars: {q: [Hi, Bye], lang: [de, fr], want: x}
  - vars: {q: '{% if lang %}a{% endif %}', lang: de, want: y}
    assert: [{type: equals, value: '{% raw %}'}]
  - vars: {q: a, lang: de, want: z, doc: 'file://doc.pdf'}
`)
	require.Len(t, m.Rows, 5)
	byQuestion := map[string][]string{}
	for _, row := range m.Rows {
		byQuestion[row.Call.Question()] = row.Assertions
	}
	for _, q := range []string{"Hi", "Bye"} {
		for _, lang := range []string{"de", "fr"} {
			require.Equal(t, []string{`contains "x"`, `contains "` + lang + `"`, `contains "b"`},
				byQuestion[q+" in "+lang+", by the document"])
		}
	}
	require.Equal(t, map[string]int{
		"checks of templates with {% statements %}": 1, "cases with files that are no texts (.pdf)": 1,
	}, m.Left)
	m = read(t, Promptfoo, name, "prompts: ['{% if a %}b{% endif %}']\ntests: [{vars: {a: 1}, assert: [{type: equals, value: x}]}]")
	require.Empty(t, m.Rows)
	require.Equal(t, map[string]int{"cases of templates with {% statements %}": 1}, m.Left)
	_, err := Read(Promptfoo, name, []byte("prompts: ['{{a}}']\ntests: [{vars: {a: 'file://none.txt'}}]"))
	require.ErrorContains(t, err, "c.yaml: tests[0]: vars.a: open ")
	m = read(t, Promptfoo, name, "prompts: ['{{a}}{{b}}']\ntests: [{vars: {a: ["+strings.Repeat("x,", 40)+"], b: ["+
		strings.Repeat("x,", 40)+"]}, assert: [{type: equals, value: x}]}]")
	require.Equal(t, map[string]int{"cases with more than 1000 combinations of variables": 1}, m.Left)
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ format, content, want string }{
		{JSONL, "{\"question\": \"a\"}\n[1]\n", "f: line 2: must be a JSON object"},
		{JSONL, `{"x": 1}`, "f: line 1: there must be an input: one of input, question, prompt, query, ask, user_input, messages"},
		{JSONL, `{"question": "a", "expect": ["nope"]}`, `f: line 1: assertions[0] "nope": an assertion must start with one of`},
		{JSONL, `{"question": "a", "class": "oops"}`, "f: line 1: error_class must be one of the taxonomy"},
		{CSV, "", "f: line 1: must name the columns"},
		{CSV, "x,y\n1,2\n", "f: line 1: a column must be one of input, question"},
		{CSV, "question,expected\na\n", "f: line 2: must have 2 columns, got 1"},
		{Promptfoo, "tests: []", "f: tests must not be empty"},
		{Promptfoo, "tests: [3]", "f: tests[0] must be a test, or the name of a file, got 3"},
		{
			Promptfoo, "prompts: ['{{q}}']\ntests:\n  - vars: {q: {{x}}}\n",
			"f: must be a configuration of promptfoo: line 3: a value that begins with {{ must be quoted, such as",
		},
		{Promptfoo, "prompts:\n  - {{q}}\n", "line 2: a value that begins with {{ must be quoted"},
		{Promptfoo, "a: [", "f: must be a configuration of promptfoo"},
		{Promptfoo, "prompts: [file://none.txt]\ntests: [{vars: {a: b}}]", "f: prompts: open none.txt"},
		{"xml", "", `format must be one of jsonl, csv, promptfoo, openai-evals, got "xml"`},
	} {
		_, err := Read(c.format, "f", []byte(c.content))
		require.ErrorContains(t, err, c.want)
	}
}

// TestPromptfooQuestions: an unquoted question is one, as in the loader of promptfoo.
func TestPromptfooQuestions(t *testing.T) {
	m, err := Read(Promptfoo, "f.yaml", []byte(`prompts: ['{{q}}']
tests:
  - {vars: {q: Why?}, assert: [{type: contains, value: because}]}
  - {vars: {q: Is it? Really?}, assert: [{type: contains, value: so?}]}
`))
	require.NoError(t, err)
	require.Len(t, m.Rows, 2)
	require.Equal(t, "Why?", m.Rows[0].Call.Question())
	require.Equal(t, "Is it? Really?", m.Rows[1].Call.Question())
	require.Equal(t, []string{`contains "so?"`}, m.Rows[1].Assertions)
}
