package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// refundRow is a row whose tool call had a text where the schema wants a number.
const refundRow = `{"id": "refund", "version": 2, "error_class": "tool_call_malformed", "error_detail": "type_mismatch",
"decision": "confirmed", "service": "returns-bot", "call": {"operation": "chat", "request_model": "gpt-4.1",
"system_instructions": "Be brief.", "input_messages": [{"role": "user", "text": "Money back for order 4471, please."}],
"tool_definitions": [{"type": "function", "name": "issue_refund", "parameters": {"type": "object",
"properties": {"amount": {"type": "number"}}}}], "output_messages": [{"role": "assistant", "tool_calls": [
{"id": "call_1", "name": "issue_refund", "arguments": {"amount": "19,99 EUR"}}]}]}}`

// suite writes a dataset and the files of a test suite into a folder, and makes it the working directory.
func suite(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	files["rows.jsonl"] = strings.ReplaceAll(refundRow, "\n", " ") + "\n"
	for name, text := range files {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
}

// python returns an interpreter that has a module.
func python(t *testing.T, module string) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), name, "-c", "import "+module).Run() == nil {
			return name
		}
	}
	t.Skipf("no Python with %s is installed", module)
	return ""
}

// gateSuite gates a suite that answers with the amount in AMOUNT: a number passes, a text repeats the failure.
func gateSuite(t *testing.T, program ...string) {
	t.Helper()
	args := append([]string{"gate", "--dataset", "rows.jsonl", "--"}, program...)
	t.Setenv("AMOUNT", "19.99")
	stdout, _ := cli(t, exitOK, args...)
	require.Contains(t, stdout, "PASS\n")
	t.Setenv("AMOUNT", `"about 20"`)
	stdout, _ = cli(t, exitFailure, args...)
	require.Contains(t, stdout, "issue_refund.amount is a string")
}

func TestPytestPlugin(t *testing.T) {
	interpreter := python(t, "pytest")
	plugin, err := filepath.Abs("../../clients/pytest")
	require.NoError(t, err)
	t.Setenv("PYTHONPATH", plugin)
	t.Setenv("PYTHONDONTWRITEBYTECODE", "1")
	suite(t, map[string]string{"test_app.py": `
import json, os
def test_refund(faultline_case):
    assert faultline_case.input == "Money back for order 4471, please."
    assert faultline_case.system == "Be brief."
    assert faultline_case.messages == [{"role": "user", "content": faultline_case.input}]
    arguments = json.dumps({"amount": json.loads(os.environ["AMOUNT"])})
    call = {"id": "c", "function": {"name": "issue_refund", "arguments": arguments}}
    faultline_case.record({"choices": [{"message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}]})
`})
	program := []string{
		interpreter, "-m", "pytest", "-q", "-p", "pytest_faultline", "-p", "no:cacheprovider",
		"-W", "error::pytest.PytestDeprecationWarning", // the next version of pytest will not have what is deprecated
	}
	gateSuite(t, program...)

	alone := func(args ...string) string {
		out, _ := exec.CommandContext(t.Context(), program[0], append(program[1:len(program):len(program)], args...)...).CombinedOutput()
		return string(out)
	}
	require.Contains(t, alone(), "1 skipped", "without a dataset")
	require.Contains(t, alone("--faultline-dataset", "rows.jsonl"), "1 passed", "on the dataset itself")
	require.Contains(t, alone("--faultline-dataset", "none.jsonl"), "none.jsonl does not exist")
}

// The helper is run by Node's own test runner, which every machine with Node has.
func TestVitestHelper(t *testing.T) {
	if exec.CommandContext(t.Context(), "node", "-e", "require('node:test')").Run() != nil {
		t.Skip("node is not installed")
	}
	helper, err := filepath.Abs("../../clients/vitest/faultline.mjs")
	require.NoError(t, err)
	suite(t, map[string]string{"app.test.mjs": `
import assert from "node:assert";
import test from "node:test";
import { cases, withRow } from "` + helper + `";
for (const c of cases()) {
  test(c.row, () => withRow(c, async () => {
    assert.equal(c.input, "Money back for order 4471, please.");
    assert.equal(c.system, "Be brief.");
    assert.deepEqual(c.messages, [{ role: "user", content: c.input }]);
    const args = JSON.stringify({ amount: JSON.parse(process.env.AMOUNT) });
    await c.record({ content: null, tool_calls: [{ id: "c", function: { name: "issue_refund", arguments: args } }] });
  }));
}
assert.throws(() => cases("none.jsonl"), /none.jsonl does not exist/);
assert.throws(() => cases("app.test.mjs"));
assert.equal(cases("rows.jsonl")[0].input, "Money back for order 4471, please.", "the dataset itself");
`})
	gateSuite(t, "node", "--test", "app.test.mjs")
}
