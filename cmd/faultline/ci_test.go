package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/runner"
)

const ci = "../../deploy/ci"

func bash(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestTemplatesOfCIParse parses the YAML files, and every script that stands in one or beside it.
func TestTemplatesOfCIParse(t *testing.T) {
	scripts, err := filepath.Glob(ci + "/*.sh")
	require.NoError(t, err)
	require.Len(t, scripts, 2)
	for _, script := range scripts {
		out, err := bash(t, nil, "-n", script)
		require.NoError(t, err, out)
		info, err := os.Stat(script)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&0o100, script)
	}
	var action struct {
		Inputs map[string]struct{ Description string }
		Runs   struct {
			Using string
			Steps []struct{ Shell, Run string }
		}
	}
	parse(t, "github/action.yml", &action)
	require.Equal(t, "composite", action.Runs.Using)
	require.Contains(t, action.Inputs, "dataset")
	for _, step := range action.Runs.Steps {
		require.Equal(t, "bash", step.Shell)
		require.NotContains(t, step.Run, "${{", "a value in the text of a script could be a command")
		out, err := bash(t, nil, "-n", "-c", step.Run)
		require.NoError(t, err, out)
	}
	var gitlab map[string]struct{ Script []string }
	parse(t, "gitlab.yml", &gitlab)
	for _, script := range gitlab[".faultline-gate"].Script {
		out, err := bash(t, nil, "-n", "-c", script)
		require.NoError(t, err, out)
	}
}

// TestExamplesOfTheGateAreValid reads the YAML that documents of the gate show: requests, and jobs of CI systems whose
// inputs and variables exist.
func TestExamplesOfTheGateAreValid(t *testing.T) {
	var action struct{ Inputs map[string]any }
	parse(t, "github/action.yml", &action)
	block, seen := regexp.MustCompile("(?ms)^```yaml\n# (\\S+)\n(.*?)^```"), []string{}
	for _, document := range []string{"../../docs/guides/gate.md", ci + "/README.md"} {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			seen = append(seen, m[1])
			if m[1] == "request.yaml" {
				name := filepath.Join(t.TempDir(), m[1])
				require.NoError(t, os.WriteFile(name, []byte(m[2]), 0o600))
				_, err := runner.LoadHTTP(name, http.DefaultClient)
				require.NoError(t, err)
				continue
			}
			var jobs struct {
				Jobs map[string]struct {
					Steps []struct {
						Uses string
						With map[string]any
					}
				}
				Gate struct{ Extends string }
			}
			require.NoError(t, yaml.Unmarshal([]byte(m[2]), &jobs), m[1])
			for _, step := range jobs.Jobs["gate"].Steps {
				for input := range step.With {
					if strings.Contains(step.Uses, "deploy/ci/github") {
						require.Contains(t, action.Inputs, input)
					}
				}
			}
		}
	}
	require.Equal(t, []string{"request.yaml", ".github/workflows/gate.yml", ".gitlab-ci.yml"}, seen)
}

func parse(t *testing.T, name string, target any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(ci, name))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, target))
}

// forge is a stand-in for the API of GitHub or GitLab: the comments on one pull request, some on each page.
type forge struct {
	t        *testing.T
	comments []comment
	calls    []string
	auth     [2]string
}

type comment struct {
	ID   int    `json:"id"`
	Body string `json:"body"`
}

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(f.auth[0]) != f.auth[1] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	f.calls = append(f.calls, r.Method)
	var sent comment
	if r.Method != http.MethodGet && json.NewDecoder(r.Body).Decode(&sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch r.Method {
	case http.MethodGet:
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		from := min((page-1)*100, len(f.comments))
		_ = json.NewEncoder(w).Encode(f.comments[from:min(from+100, len(f.comments))])
	case http.MethodPost:
		sent.ID = 1000 + len(f.comments)
		f.comments = append(f.comments, sent)
		_ = json.NewEncoder(w).Encode(sent)
	default:
		id, _ := strconv.Atoi(path.Base(r.URL.Path))
		for i := range f.comments {
			if f.comments[i].ID == id {
				f.comments[i].Body = sent.Body
			}
		}
		_ = json.NewEncoder(w).Encode(sent)
	}
}

// TestCommentIsUpdatedInPlace runs the script against both APIs: first it writes a comment, then it updates that one,
// which may stand behind many others.
func TestCommentIsUpdatedInPlace(t *testing.T) {
	for _, tool := range []string{"jq", "curl", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool, " is not installed")
		}
	}
	for name, c := range map[string]struct {
		env    func(address string) []string
		auth   [2]string
		update string
	}{
		"github": {func(address string) []string {
			return []string{"GITHUB_TOKEN=secret", "GITHUB_REPOSITORY=o/r", "PULL_REQUEST=7", "GITHUB_API_URL=" + address}
		}, [2]string{"Authorization", "Bearer secret"}, http.MethodPatch},
		"gitlab": {func(address string) []string {
			return []string{
				"PULL_REQUEST=", "GITLAB_TOKEN=secret", "CI_API_V4_URL=" + address, "CI_PROJECT_ID=3", "CI_MERGE_REQUEST_IID=7",
			}
		}, [2]string{"Private-Token", "secret"}, http.MethodPut},
	} {
		t.Run(name, func(t *testing.T) {
			f := &forge{t: t, auth: c.auth}
			for i := range 150 {
				f.comments = append(f.comments, comment{i, fmt.Sprint("comment ", i, " says <!-- faultline-gate: default -->")})
			}
			server := httptest.NewServer(f)
			defer server.Close()
			report := filepath.Join(t.TempDir(), "gate.md")
			write := func(text, mark string) string {
				require.NoError(t, os.WriteFile(report, []byte(text), 0o600))
				out, err := bash(t, c.env(server.URL), ci+"/comment.sh", report, mark)
				require.NoError(t, err, out)
				require.NotContains(t, out, "secret")
				return out
			}
			require.Contains(t, write("first \"quoted\" $(id) `id`", ""), "is new")
			require.Contains(t, write(strings.Repeat("second ", 20_000), ""), "is updated")
			require.Contains(t, write("another gate", "other"), "is new")
			require.Len(t, f.comments, 152)
			require.True(t, strings.HasPrefix(f.comments[150].Body, "<!-- faultline-gate: default -->\nsecond second"))
			require.Equal(t, "<!-- faultline-gate: other -->\nanother gate", f.comments[151].Body)
			if name == "github" {
				require.Len(t, f.comments[150].Body, 65_536)
			}
			require.Equal(t, []string{"GET", "GET", "POST", "GET", "GET", c.update, "GET", "GET", "POST"}, f.calls)
		})
	}
	out, err := bash(t, []string{"PULL_REQUEST=", "CI_MERGE_REQUEST_IID="}, ci+"/comment.sh", "ci_test.go")
	require.NoError(t, err)
	require.Contains(t, out, "nothing to comment on")
	out, err = bash(t, []string{"PULL_REQUEST=1", "GITHUB_TOKEN="}, ci+"/comment.sh", "ci_test.go")
	require.Error(t, err)
	require.Contains(t, out, "GITHUB_TOKEN: must be set")
	out, err = bash(t, []string{"PULL_REQUEST=1"}, ci+"/comment.sh", "none.md")
	require.Error(t, err)
	require.Contains(t, out, "none.md cannot be read")
}

// TestGateScript runs the script of the templates: all reports of one gate, and its exit code.
func TestGateScript(t *testing.T) {
	script, err := filepath.Abs(ci + "/gate.sh")
	require.NoError(t, err)
	suite(t, map[string]string{"bad.sh": `echo '{"tool_calls": [{"name": "issue_refund", "arguments": {"amount": "20"}}]}'`})
	env := []string{
		"GATE_DATASET=rows.jsonl", "GATE_EXEC=sh bad.sh", "GATE_ARGS=--repeats=2\n\n--concurrency=1", "GITHUB_OUTPUT=",
		"GATE_TRACE_URL=https://traces.example/{trace_id}", "GATE_BASELINE=",
	}
	out, err := bash(t, env, script, "reports")
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, out)
	require.Equal(t, exitFailure, exit.ExitCode(), out)
	for file, want := range map[string]string{
		"gate.md": "https&#58;&#47;&#47;traces&#46;example", "gate.html": "<title>Faultline gate: regression</title>",
		"gate.xml": `failures="1"`, "gate.json": `"decision": "regression"`, "candidate.jsonl": "app.llm.dataset.row",
	} {
		text, err := os.ReadFile(filepath.Join("reports", file))
		require.NoError(t, err)
		require.Contains(t, string(text), want)
	}
	out, err = bash(t, append(env, "GITHUB_OUTPUT=out.txt"), script, "reports")
	require.NoError(t, err, out)
	text, err := os.ReadFile("out.txt")
	require.NoError(t, err)
	require.Equal(t, "exit-code=1\n", string(text))
}
