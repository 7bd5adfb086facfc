package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/review"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"faultline": main})
}

// TestScripts runs testdata/script: commands of a user and their expected output. SAMPLE is the bundled sample, LABELS
// is what people judged, see noisyLabels, JUDGED a dataset, see refunds, MODEL the address of a stand-in for a model.
// JUDGE is the endpoint of one for a judge, which fails what holds the word bogus; its gpt-4o-mini fails nothing. DATASET
// is what it should know, see judgedRows. SUBTLE is what only the judge can tell, see subtleRows. In addition to the commands of testscript there is `exits CODE COMMAND...`, and
// `mistake CODE PATTERN COMMAND...` for a command whose last line on stderr matches, and which prints nothing else of its
// own.
func TestScripts(t *testing.T) {
	sample, err := filepath.Abs(filepath.Join("..", "..", "testdata", "sample.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	model := httptest.NewServer(http.HandlerFunc(standIn))
	t.Cleanup(model.Close) // after the scripts, which run in parallel
	judge := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		pass := r.Model == "gpt-4o-mini" || !strings.Contains(r.User, "bogus")
		return judgetest.Answer{Text: r.Reply(pass, "it says bogus or not")}
	})
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("SAMPLE", sample)
			e.Setenv("TMPDIR", e.WorkDir)
			e.Setenv("MODEL", model.URL)
			e.Setenv("JUDGE", judge.Endpoint())
			rows := filepath.Join(e.WorkDir, "answers.jsonl")
			e.Setenv("DATASET", rows)
			if err := dataset.WriteFile(rows, judgedRows(33)); err != nil {
				return err
			}
			labels := filepath.Join(e.WorkDir, "labels.jsonl")
			e.Setenv("LABELS", labels)
			judged := filepath.Join(e.WorkDir, "judged.jsonl")
			e.Setenv("JUDGED", judged)
			subtle := filepath.Join(e.WorkDir, "subtle.jsonl")
			e.Setenv("SUBTLE", subtle)
			return errors.Join(os.WriteFile(labels, noisyLabels(), 0o600), dataset.WriteFile(judged, refunds()),
				dataset.WriteFile(subtle, subtleRows(60, 2)))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "mistake": mistake,
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// judgedRows are n answers that people found wrong and n that they found sound. The judge takes the first of the wrong
// ones for sound, and the first of the sound ones for wrong.
func judgedRows(n int) (rows []dataset.Row) {
	for i := range 2 * n {
		row := dataset.Row{ID: fmt.Sprintf("sound-%d", i-n), Version: dataset.Version, Decision: review.Rejected}
		wrong := i < n
		if wrong {
			row.ID, row.Decision, row.Class, row.Detail = fmt.Sprintf("wrong-%d", i), review.Confirmed, failure.BadAnswer, "off_topic"
			row.Note = "not what was asked"
		}
		if answer := "The order is in Lyon."; wrong != (i%n == 0) {
			row.Call = question(i, "The order is bogus.")
		} else {
			row.Call = question(i, answer)
		}
		rows = append(rows, row)
	}
	return rows
}

func question(i int, answer string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat}
	c.SetContent(genai.Content{
		Input:  []genai.Message{{Role: genai.RoleUser, Text: fmt.Sprintf("Where is order %d?", i)}},
		Output: []genai.Message{{Role: genai.RoleAssistant, Text: answer}},
	})
	return c
}

// standIn is a model behind OpenAI's chat API, which answers well under the name good, and an application.
func standIn(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Model, Q string }
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	arguments := `{"amount": "about 20"}`
	if asked.Model == "good" || asked.Q != "" {
		arguments = `{"amount": 19.99}`
	}
	call := fmt.Sprintf(`[{"type": "function", "function": {"name": "issue_refund", "arguments": %q}}]`, arguments)
	switch r.URL.Path {
	case "/v1/chat/completions":
		fmt.Fprintf(w, `{"model": %q, "choices": [{"finish_reason": "tool_calls", "message": {"tool_calls": %s}}]}`,
			asked.Model, call)
	case "/app":
		fmt.Fprintf(w, `{"reply": {"calls": %s}}`, call)
	default:
		http.NotFound(w, r)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func mistake(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: mistake CODE PATTERN COMMAND...")
	}
	exits(ts, neg, append(args[:1:1], args[2:]...))
	var complaints []string
	for line := range strings.SplitSeq(strings.TrimSpace(ts.ReadFile("stderr")), "\n") {
		if strings.HasPrefix(line, "faultline: ") {
			complaints = append(complaints, line)
		}
	}
	if len(complaints) != 1 || !regexp.MustCompile(args[1]).MatchString(complaints[0]) {
		ts.Fatalf("stderr has %q, want one line like %s", complaints, args[1])
	}
}
