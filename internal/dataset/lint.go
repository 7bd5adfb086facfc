package dataset

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/jsonschema"
	"github.com/faultline-otel/faultline/internal/review"
)

// Fault is something that makes a row a poor test. Rule names it.
type Fault struct {
	Row, Rule, Text string
}

func (f Fault) String() string { return fmt.Sprintf("row %s: %s: %s", f.Row, f.Rule, f.Text) }

// The rules of Lint.
const (
	LintNoInput      = "no-input"      // there is nothing to run
	LintUnchecked    = "unchecked"     // neither assertions nor a corrected output
	LintOperational  = "operational"   // the failure of a provider, which no application can mend
	LintVacuous      = "vacuous"       // the failing output keeps all assertions
	LintContradicted = "contradicted"  // the corrected output breaks an assertion
	LintUnchanged    = "unchanged"     // the corrected output is the failing one
	LintSchema       = "schema"        // the schema cannot be used
	LintTools        = "tools"         // the tool definitions cannot be read
	LintUnknownTool  = "unknown-tool"  // an assertion names a tool that the row does not offer
	LintSameInput    = "same-input"    // two rows have one input and different judgements
	LintParted       = "parted"        // a conversation is in several splits
	LintMissingMedia = "missing-media" // a file that is not there
)

// Lint checks valid rows for what makes them poor tests. Files of media are looked for from the folder of the dataset;
// "" does not look.
func Lint(rows []Row, folder string) (faults []Fault) {
	inputs := map[string]int{}
	for i := range rows {
		row := &rows[i]
		add := func(rule, format string, args ...any) {
			faults = append(faults, Fault{row.ID, rule, fmt.Sprintf(format, args...)})
		}
		lintInput(row, folder, add)
		lintChecks(row, add)
		input := Input(row.Call)
		if input == "" {
			continue
		}
		key := row.Service + " " + row.PromptName + " " + input
		if j, seen := inputs[key]; !seen {
			inputs[key] = i
		} else if (rows[j].Decision == review.Rejected) != (row.Decision == review.Rejected) {
			add(LintSameInput, "the input is that of row %s, which is %s, and this one is %s", rows[j].ID, rows[j].Decision,
				row.Decision)
		}
	}
	for _, group := range conversations(rows) {
		first := &rows[group[0]]
		for _, i := range group[1:] {
			if rows[i].Split != first.Split {
				faults = append(faults, Fault{rows[i].ID, LintParted, fmt.Sprintf(
					"split is %q, and %q in row %s of the same conversation", rows[i].Split, first.Split, first.ID)})
			}
		}
	}
	return faults
}

func lintInput(row *Row, folder string, add func(rule, format string, args ...any)) {
	call := row.Call
	if Input(call) == "" {
		add(LintNoInput, "the call has no messages, arguments or query to run again")
	}
	if Operational(row) {
		add(LintOperational, "%s/%s is not the doing of the application", row.Class, row.Detail)
	}
	if schema := call.OutputSchema(); schema != "" {
		if _, err := jsonschema.Compile(schema); err != nil {
			add(LintSchema, "%v", err)
		}
	}
	if definitions := call.ToolDefinitions(); definitions != "" && len(call.Tools()) == 0 {
		add(LintTools, "no tool can be read from %.60q", definitions)
	}
	for _, m := range row.Media {
		path, local := strings.CutPrefix(m.URI, "file:")
		if !local && strings.Contains(m.URI, ":") || folder == "" {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		if _, err := os.Stat(path); err != nil {
			add(LintMissingMedia, "media must be a file or a URL, got %q", m.URI)
		}
	}
}

func lintChecks(row *Row, add func(rule, format string, args ...any)) {
	if len(row.Assertions) == 0 && row.CorrectedOutput == "" {
		add(LintUnchecked, "no assertions and no corrected_output: only a weak check of the answer is possible")
		return
	}
	failing := &assertion.Run{Calls: []*genai.Call{row.Call}, Schema: row.Call.OutputSchema()}
	corrected := &assertion.Run{Calls: []*genai.Call{answered(row.CorrectedOutput)}, Schema: failing.Schema}
	var offered []string
	for _, t := range row.Call.Tools() {
		offered = append(offered, t.Name)
	}
	held, checked := 0, 0
	for _, line := range row.Assertions {
		a, err := assertion.Parse(line)
		if err != nil {
			continue // Validate reports it
		}
		for _, name := range a.Tools() {
			if len(offered) > 0 && !slices.Contains(offered, name) {
				add(LintUnknownTool, "%q names a tool that the row does not offer: %s", line, strings.Join(offered, ", "))
			}
		}
		switch a.Check(context.Background(), failing).Outcome {
		case assertion.Pass:
			held++
			checked++
		case assertion.Fail:
			checked++
		}
		if row.CorrectedOutput == "" || len(a.Tools()) > 0 {
			continue
		}
		if r := a.Check(context.Background(), corrected); r.Outcome == assertion.Fail {
			add(LintContradicted, "corrected_output does not keep %q: %s", line, r.Evidence)
		}
	}
	if row.Decision == review.Confirmed && checked > 0 && held == len(row.Assertions) && row.CorrectedOutput == "" {
		add(LintVacuous, "the failing output keeps every assertion, so they do not notice the failure")
	}
	if output := row.Call.Output(); row.CorrectedOutput != "" && len(output) > 0 &&
		strings.TrimSpace(output[0].Text) == strings.TrimSpace(row.CorrectedOutput) {
		add(LintUnchanged, "corrected_output is the failing output, got %.60q", row.CorrectedOutput)
	}
}

// answered is a call with an answer.
func answered(text string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat}
	c.SetContent(genai.Content{Output: []genai.Message{{Role: genai.RoleAssistant, Text: text}}})
	return c
}
