package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMistakesHaveOneClearLine: what people get wrong with datasets and the gate. Each mistake is one line that names
// place, rule and value, with the exit code of a usage error.
func TestMistakesHaveOneClearLine(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, content := range map[string]string{
		"good.yaml":      "version: 1\nrows: [{id: a1, ask: a, corrected: b}, {id: a2, ask: b, corrected: b}]",
		"empty.yaml":     "",
		"version.yaml":   "version: 7\nrows: [{ask: a, corrected: b}]",
		"key.yaml":       "version: 1\nrows: [{ask: a, correct: b, corrected: c}]",
		"nothing.yaml":   "version: 1\nrows: [{ask: a}]",
		"assertion.yaml": "version: 1\nrows: [{ask: a, expect: ['calls then b']}]",
		"quotes.yaml":    "version: 1\nrows:\n- ask: a\n  expect:\n  - calls a with {\"b\": 1}",
		"tab.yaml":       "version: 1\nrows:\n\t- ask: a",
		"class.jsonl":    `{"id":"a","version":2,"decision":"confirmed","error_class":"oops","call":{"input_messages":[{"role":"user","text":"a"}]}}`,
		"unknown.jsonl":  `{"id":"a","version":2,"decision":"rejected","colour":"red","call":{}}`,
		"nocall.jsonl":   `{"id":"a","version":2,"decision":"rejected"}`,
		"noid.jsonl":     `{"version":2,"decision":"rejected","call":{}}`,
		"decision.jsonl": `{"id":"a","version":2,"decision":"maybe","call":{}}`,
		"twice.jsonl":    strings.Repeat(`{"id":"a","version":2,"decision":"rejected","call":{}}`+"\n", 2),
		"cut.jsonl":      `{"id":"a","version":2`,
		"traces.json":    `{"resourceSpans":[]}`,
		"notraces.json":  `{"resourceSpans":`,
		"gate.yaml":      "version: 1\nrepeats: 0",
		"gatekey.yaml":   "version: 1\nrepeat: 3",
		"gateclass.yaml": "version: 1\nmin_pass: {oops: 0.9}",
		"history.jsonl":  "no JSON",
		"table.csv":      "x,y\n1,2\n",
		"promptfoo.yaml": "tests: []",
		"s.yaml":         "version: 1\nscorers: {refusal: {fail_blow: 0.5}}",
		"srule.yaml":     "version: 1\nrules: [{name: a, fail: 'len(output >'}]",
		"sword.yaml":     "version: 1\nrules: [{name: a, fail: 'outptu == 1'}]",
		"sname.yaml":     "version: 1\nrules: [{name: refusal, fail: 'true'}]",
		"sclass.yaml":    "version: 1\nrules: [{name: a, fail: 'true', class: oops}]",
		"sok.yaml":       "version: 1",
		"sok.cases.yaml": "cases: [{nme: a}]",
		"one.jsonl":      `{"id":"a","version":2,"decision":"confirmed","error_class":"refusal","call":{"input_messages":[{"role":"user","text":"a"}]}}`,
		"good.jsonl":     `{"id":"a","version":2,"decision":"rejected","call":{"input_messages":[{"role":"user","text":"a"}]}}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	require.NoError(t, os.Symlink("good.jsonl", "linked.jsonl"))
	before, err := os.ReadFile("good.jsonl")
	require.NoError(t, err)
	const gated = "gate --dataset good.jsonl --candidate traces.json "
	for command, want := range map[string]string{
		"dataset validate":                                  "validate needs a FILE",
		"dataset validate none.jsonl":                       "open none.jsonl: no such file or directory",
		"dataset validate empty.yaml":                       "empty.yaml: the file is empty",
		"dataset validate version.yaml":                     "version.yaml: version must be 1, got 7",
		"dataset validate key.yaml":                         `key.yaml: line 2: rows[0]: unknown key "correct", expected one of id, name, ask`,
		"dataset validate nothing.yaml":                     "nothing.yaml: row 1: expect must be given, or corrected, class or sound",
		"dataset validate assertion.yaml":                   `assertion.yaml: row 1: assertions[0] "calls then b": the name of a tool must come here, got "then" at character 7`,
		"dataset validate quotes.yaml":                      "must be assertions, one a line after | or each in single quotes",
		"dataset validate tab.yaml":                         "tab.yaml: yaml: line 3: found character that cannot start any token",
		"dataset validate class.jsonl":                      `class.jsonl: row 1: error_class must be one of the taxonomy (see faultline taxonomy), got "oops"`,
		"dataset validate unknown.jsonl":                    `unknown.jsonl: row 1: a row must be a JSON object of the keys in docs/guides/datasets.md, got "colour"`,
		"dataset validate nocall.jsonl":                     "nocall.jsonl: row 1: call must be an object, got null",
		"dataset validate noid.jsonl":                       `noid.jsonl: row 1: id must be 1 to 128 letters, digits or any of ._:-, got ""`,
		"dataset validate decision.jsonl":                   `decision.jsonl: row 1: decision must be "confirmed" or "rejected", got "maybe"`,
		"dataset validate twice.jsonl":                      `twice.jsonl: row 2: id must be unique, got "a" again, first in row 1`,
		"dataset validate cut.jsonl":                        "cut.jsonl: row 1: a row must be a JSON object of known keys: unexpected EOF",
		"dataset validate traces.json":                      "traces.json: it must be a dataset, and holds traces: faultline dataset export",
		"propose --dataset traces.json":                     "traces.json: it must be a dataset, and holds traces",
		gated + "-o good.jsonl":                             `--output must not be a file that the command reads, got "good.jsonl"`,
		gated + "-o ./traces.json":                          `--output must not be a file that the command reads, got "./traces.json"`,
		gated + "--report html=good.jsonl":                  `--report must not be a file that the command reads, got "good.jsonl"`,
		gated + "--report html=a.md --report markdown=a.md": `--report must not be the file of --report, got "a.md"`,
		gated + "--history good.jsonl":                      `--history must not be a file that the command reads, got "good.jsonl"`,
		"gate --dataset good.jsonl --exec cat --baseline traces.json --save traces.json":       `--save must not be a file that the command reads, got "traces.json"`,
		"run --dataset good.jsonl --exec cat -o good.jsonl":                                    `--output must not be a file that the command reads, got "good.jsonl"`,
		"run --dataset good.jsonl --exec cat -o linked.jsonl --overwrite":                      `--output must not be a file that the command reads, got "linked.jsonl"`,
		"run --dataset good.jsonl --http promptfoo.yaml -o promptfoo.yaml":                     `--output must not be a file that the command reads, got "promptfoo.yaml"`,
		"judge run --dataset good.jsonl --endpoint http://x/v1 --model m --free -o good.jsonl": `--output must not be a file that the command reads, got "good.jsonl"`,
		"dataset lint none.yaml":                              "open none.yaml: no such file or directory",
		"dataset diff good.jsonl":                             "diff needs two files, got 1",
		"dataset split good.jsonl --into learn=0.5":           "--into: shares must add up to 1, got 0.5",
		"dataset split good.yaml":                             "good.yaml is in the short form: give --output to write JSON lines",
		"dataset edit good.jsonl":                             "--row must be given: the id of a row, or its beginning",
		"dataset edit good.jsonl --row zz":                    `--row must be a row of good.jsonl, got "zz"`,
		"dataset edit good.yaml --row a -o x.jsonl":           `--row must name one row, got "a", which begins a1 and a2`,
		"dataset edit good.jsonl --row a --expect includes":   `row a: assertions[0] "includes": an assertion must start with one of`,
		"dataset edit good.jsonl --row a --severity urgent":   `row a: severity must be low, medium or high, got "urgent"`,
		"dataset export --store s.yaml -o a.yaml":             `--output must not end in .yaml or .yml, since rows are written as JSON lines, got "a.yaml"`,
		"dataset export --store s.yaml -o traces.json":        "faultline dataset export makes rows of reviewed ones; write to another file, or give --overwrite",
		"dataset export --store s.yaml -o /dev/null":          `--output must be a file, got "/dev/null"`,
		"dataset export --store s.yaml -o .":                  `--output must be a file, got "."`,
		"dataset import good.jsonl -o good.jsonl":             `--output must not be a file that the command reads, got "good.jsonl"`,
		"dataset edit good.jsonl --row a --sound -o a.yml":    `--output must not end in .yaml or .yml, since rows are written as JSON lines, got "a.yml"`,
		"dataset split good.jsonl -o a.yaml":                  `--output must not end in .yaml or .yml, since rows are written as JSON lines, got "a.yaml"`,
		"dataset import table.csv":                            "table.csv: line 1: a column must be one of input, question",
		"dataset import promptfoo.yaml":                       "promptfoo.yaml: tests must not be empty",
		"dataset import --format xml table.csv":               `--format must be one of jsonl, csv, promptfoo, openai-evals, got "xml"`,
		"dataset export --since yesterday":                    `--since must be a date such as 2026-11-30, a time, or how long ago, such as 7d or 24h, got "yesterday"`,
		"dataset export --decision maybe":                     `--decision must be confirmed or rejected, got "maybe"`,
		"dataset exprot":                                      `unknown command "exprot"`,
		"gate --dataset good.jsonl --candidate none.json":     "none.json: no such file or directory",
		"gate --dataset key.yaml --candidate traces.json":     `key.yaml: line 2: rows[0]: unknown key "correct", expected one of id, name, ask`,
		"gate --dataset good.jsonl --candidate notraces.json": "notraces.json",
		gated + "--config gate.yaml":                          "gate file gate.yaml: repeats must be at least 1, got 0",
		gated + "--config gatekey.yaml":                       `gate file gatekey.yaml: line 2: unknown key "repeat", expected one of version, repeats`,
		gated + "--config gateclass.yaml":                     `gate file gateclass.yaml: min-pass must name classes of faultline taxonomy, got "oops"`,
		gated + "--config none.yaml":                          "gate file none.yaml: no such file or directory",
		gated + "--min-pass refusal=most":                     "--min-pass must be CLASS=RATE, such as refusal=0.9, got refusal=most",
		gated + "--min-pass unsafe=0.9":                       "min-pass must not name unsafe: one safety failure blocks",
		gated + "--history history.jsonl":                     "history.jsonl: line 1: must be a gate as faultline gate --history writes it",
		"run --dataset good.jsonl":                            "say how to run the system: --exec, --http, --openai, or a program after --",
		"run --dataset none.jsonl --exec cat":                 "open none.jsonl: no such file or directory",
		"run --dataset good.jsonl --exec cat --repeats 0":     "--repeats must be at least 1, got 0",

		"scorers lint":                                 "lint needs a FILE; see faultline scorers lint --help",
		"scorers lnt":                                  `unknown command "lnt"; faultline scorers --help lists the commands`,
		"scorers lint s.yaml":                          `scorer file s.yaml: scorers.refusal: unknown key "fail_blow", expected one of fail_below`,
		"scorers lint srule.yaml":                      `scorer file srule.yaml: rules[0] (a): fail: unexpected token EOF (1:12) in "len(output >"`,
		"scorers lint sword.yaml":                      "scorer file sword.yaml: rules[0] (a): fail: unknown name outptu, expected one of call, calls",
		"scorers lint sname.yaml":                      `scorer file sname.yaml: rules[0].name must not be the name of a scorer, got "refusal"`,
		"scorers lint sclass.yaml":                     "scorer file sclass.yaml: rules[0] (a): class must be one of timeout, rate_limit",
		"scorers test sok.yaml":                        `sok.cases.yaml: line 1: cases[0]: unknown key "nme", expected one of name, call`,
		"scorers test sname.yaml --cases none.yaml":    "rules[0].name must not be the name of a scorer",
		"scorers test sclass.yaml":                     "scorer file sclass.yaml",
		"scorers explain s.yaml sok.yaml":              "faultline scorers explain takes one FILE, got 2",
		"propose":                                      "--dataset must be given: a file of judged calls, as faultline dataset export --all-rows writes it",
		"propose --dataset none.jsonl":                 "open none.jsonl: no such file or directory",
		"propose --dataset good.jsonl":                 "good.jsonl: no confirmed failure in the dataset",
		"propose --dataset one.jsonl --signal zz":      "one.jsonl: no confirmed failure of signal zz",
		"propose --dataset one.jsonl --precision 2":    "--precision must be above 0 and at most 1, got 2",
		"propose --dataset one.jsonl --rules 0":        "--rules must be between 1 and 10, got 0",
		"propose --dataset one.jsonl --write":          "--write needs --scorers, the file to change",
		"propose --dataset one.jsonl --from localhost": "--from and --store are only of use with --write",
		"propose --dataset one.jsonl --scorers s.yaml": `scorer file s.yaml: scorers.refusal: unknown key "fail_blow"`,
		"propose one.jsonl":                            `faultline propose takes no arguments, got "one.jsonl"`,
		gated + "--repeats 0":                          "repeats must be at least 1, got 0",
	} {
		t.Run(command, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), strings.Fields(command), strings.NewReader(""), &stdout, &stderr)
			require.Equal(t, exitUsage, code, stderr.String())
			line := strings.TrimSuffix(stderr.String(), "\n")
			require.NotContains(t, line, "\n")
			require.Contains(t, line, want)
			require.True(t, strings.HasPrefix(line, "faultline: "), line)
		})
	}
	after, err := os.ReadFile("good.jsonl")
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "no mistake costs a dataset")
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitInconclusive, run(t.Context(), strings.Fields(gated), strings.NewReader(""), &stdout, &stderr),
		"a candidate without traces is inconclusive")
	_, msg := cli(t, exitInconclusive, "gate", "--dataset", "good.jsonl", "--", "false")
	require.Contains(t, msg, "the program recorded no span", "what could not be run is no regression")
}
