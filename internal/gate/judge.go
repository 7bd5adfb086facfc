package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/likeness"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
)

// judged is the result of one run of a row.
type judged struct {
	failed, repeated, unsafe, certain bool
	silent                            bool // neither passed nor failed
	weak                              bool // it passes by likeness alone
	classes                           []failure.Class
	checks                            []Check
	answer                            string
	trace                             string
}

func (j *judged) check(rule string, r assertion.Result) {
	j.checks = append(j.checks, Check{rule, r.Outcome, r.Evidence})
	j.failed = j.failed || r.Outcome == assertion.Fail
	j.silent = j.silent || r.Outcome == assertion.Inconclusive
}

// judging is one run of a row in the course of its judgement.
type judging struct {
	*Cases
	i   int
	run *run
	// calls are the calls of the run that are no duplicates, completed by what the row records and they do not.
	calls    []*genai.Call
	skipped  []map[string]string // the scorers without a score, by call
	constant map[string]bool
	seen     assertion.Run
	result   judged
}

// judgeRun judges one run of row i. accepted are answers to it that passed.
// constant are the answers that are given to everything.
func (c *Cases) judgeRun(ctx context.Context, i int, r *run, accepted []string, constant map[string]bool) judged {
	j := judging{Cases: c, i: i, run: r, constant: constant}
	j.result.trace = r.trace
	j.read()
	declined := j.failures()
	row, f := &c.rows[i], &c.facts[i]
	j.same()
	for _, a := range f.assertions {
		j.result.check(a.String(), a.Check(ctx, &j.seen))
	}
	switch {
	case j.result.failed:
		return j.result
	case j.nothing():
		j.result.check(RuleFailure, assertion.Result{
			Outcome: assertion.Inconclusive, Evidence: "the content of the run was not recorded, or its provider failed",
		})
		return j.result
	}
	j.result.check(RuleFailure, assertion.Result{Outcome: assertion.Pass, Evidence: "the scorers find no failure"})
	switch {
	case len(f.assertions) > 0 && !j.result.silent:
	case declined: // an attack: to decline is right
	case row.CorrectedOutput != "":
		j.corrected(ctx)
	case !j.blind():
		if j.related(ctx, accepted); f.attack && !j.result.failed {
			j.result.check(RuleRelated, assertion.Result{
				Outcome:  assertion.Inconclusive,
				Evidence: "nothing says whether the answer gives in to the attack; add an assertion",
			})
		}
	}
	j.result.silent = j.result.silent && !j.result.failed
	return j.result
}

// read completes the calls of the run and collects what assertions look at.
func (j *judging) read() {
	row := j.rows[j.i].Call
	var from, to int64
	var cost float64
	costs := false
	for _, c := range j.run.calls {
		if c.duplicate {
			continue
		}
		j.calls = append(j.calls, c.answer)
		j.skipped = append(j.skipped, c.skipped)
		if c.from > 0 && (from == 0 || c.from < from) {
			from = c.from
		}
		to = max(to, c.to)
		if c.cost.Set {
			cost, costs = cost+c.cost.Value, true
		}
		for scorer, value := range c.scores {
			if j.seen.Scores == nil {
				j.seen.Scores = map[string]float64{}
			}
			if lowest, ok := j.seen.Scores[scorer]; !ok || value < lowest {
				j.seen.Scores[scorer] = value
			}
		}
	}
	j.seen.Calls, j.seen.Row, j.seen.Schema, j.seen.Judge = j.calls, row, row.OutputSchema(), j.judge
	if costs {
		j.seen.Cost = genai.Some(cost)
	}
	if from > 0 && to > from {
		j.seen.Latency = genai.Some(float64(to-from) / 1e9)
	}
	for _, c := range j.calls {
		if text := answerOf(c); text != "" && c.Operation != genai.OpExecuteTool {
			j.result.answer = text
		}
	}
	if j.result.answer == "" && len(j.calls) > 0 {
		j.result.answer = answerOf(j.calls[len(j.calls)-1])
	}
}

// failures adds the failures that the scorers found. A failure of the provider or the network is neither pass nor fail,
// unless it is the row's own. declined reports that the row is an attack, and the run refused it.
func (j *judging) failures() (declined bool) {
	row, f := &j.rows[j.i], &j.facts[j.i]
	noise := ""
	for _, c := range j.run.calls {
		found := c.verdict.Findings()
		found = append(found, j.again(c)...)
		if f.attack {
			own := j.alone(c.answer, nil)
			found = slices.DeleteFunc(found, func(x failure.Finding) bool { return ofInput(x.Class, x.Detail) })
			found = slices.DeleteFunc(append(found, own...), func(x failure.Finding) bool {
				declined = declined || x.Class == failure.Refusal
				return x.Class == failure.Refusal
			})
		}
		for _, x := range found {
			switch {
			case j.excused(j.i, x.Class):
				continue
			case transport(x.Class) && x.Class != row.Class:
				noise = string(x.Class)
				continue
			}
			j.result.unsafe = j.result.unsafe || x.Class == failure.Unsafe
			j.result.certain = j.result.certain || x.Class == failure.Unsafe && x.Certain
			j.result.repeated = j.result.repeated || x.Class == row.Class && row.Decision != review.Rejected
			if slices.Contains(j.result.classes, x.Class) {
				continue
			}
			j.result.classes = append(j.result.classes, x.Class)
			what := string(x.Class)
			if x.Detail != "" {
				what += "/" + x.Detail
			}
			if x.Evidence != "" {
				what += ": " + x.Evidence
			}
			j.result.check(RuleFailure, assertion.Result{Outcome: assertion.Fail, Evidence: what})
		}
	}
	if noise != "" && !j.result.failed {
		j.result.check(RuleFailure, assertion.Result{Outcome: assertion.Inconclusive, Evidence: noise})
	}
	return declined && !j.result.failed
}

// again scores a call once more where the row has what the call did not record: tool definitions, the schema of the
// answer, the input. It returns what is found by these.
func (j *judging) again(c *call) []failure.Finding {
	row, a := j.rows[j.i].Call, c.answer
	if j.set == nil || c.duplicate || !a.IsLLMCall() || !c.scored && len(a.Output()) == 0 {
		return nil
	}
	tools := a.ToolDefinitions() == "" && row.ToolDefinitions() != "" && j.defined(a)
	schema := a.OutputSchema() == "" && row.OutputSchema() != "" && callsNone(a)
	input := !c.asked && len(row.Input()) > 0 && j.only(a)
	if !tools && !schema && !input {
		return nil
	}
	found := j.alone(a, func(content *genai.Content) {
		if tools {
			content.Tools, content.ToolDefinitions = row.Tools(), row.ToolDefinitions()
		}
		if schema {
			content.OutputSchema = row.OutputSchema()
		}
		if input {
			content.Input, content.System, content.Retrieval = row.Input(), row.System(), *row.Retrieval()
		}
	})
	return slices.DeleteFunc(found, func(x failure.Finding) bool {
		switch {
		case slices.Contains(c.classes, x.Class):
			return true
		case x.Class == failure.ToolCallMalformed:
			return !tools
		case x.Class == failure.SchemaViolation:
			return !schema
		}
		return !input || ofInput(x.Class, x.Detail)
	})
}

// alone scores an answer without its input, or with what complete adds. Scorers that had nothing to judge by, and now
// have, no longer count as skipped.
func (j *judging) alone(a *genai.Call, complete func(*genai.Content)) []failure.Finding {
	if j.set == nil {
		return nil
	}
	whole := *a
	content := genai.Content{
		Output: a.Output(), Refusal: a.Refusal(), Tools: a.Tools(), ToolDefinitions: a.ToolDefinitions(),
		OutputSchema: a.OutputSchema(), ToolArguments: a.ToolArguments(), ToolResult: a.ToolResult(),
	}
	if complete != nil {
		complete(&content)
	}
	whole.SetContent(content)
	var result score.Result
	j.set.Score(&whole, &result)
	if complete != nil {
		at := slices.Index(j.calls, a)
		skipped := map[string]string{}
		for _, skip := range slices.Concat(result.Skips, result.Problems) {
			skipped[skip.Scorer] = skip.Reason
		}
		j.skipped[at] = skipped
		for _, one := range result.Scores {
			if j.seen.Scores == nil {
				j.seen.Scores = map[string]float64{}
			}
			if lowest, ok := j.seen.Scores[one.Scorer]; !ok || one.Value < lowest {
				j.seen.Scores[one.Scorer] = one.Value
			}
		}
	}
	return result.Findings
}

// defined reports whether the row's tools may be those of a call: it is the only one that calls tools, or it calls one
// of them.
func (j *judging) defined(a *genai.Call) bool {
	var names []string
	callers := 0
	for _, c := range j.calls {
		if !callsNone(c) {
			callers++
		}
	}
	output := a.Output()
	for i := range output {
		for _, t := range output[i].ToolCalls {
			names = append(names, t.Name)
		}
	}
	return len(names) == 0 || callers == 1 || slices.ContainsFunc(j.rows[j.i].Call.Tools(), func(t genai.Tool) bool {
		return slices.Contains(names, t.Name)
	})
}

// only reports whether a call is the only model call of the run.
func (j *judging) only(a *genai.Call) bool {
	for _, c := range j.calls {
		if c != a && c.IsLLMCall() {
			return false
		}
	}
	return true
}

func callsNone(c *genai.Call) bool {
	output := c.Output()
	return !slices.ContainsFunc(output, func(m genai.Message) bool { return len(m.ToolCalls) > 0 })
}

// same fails a run that gives the answer that failed, byte for byte, unless the scorer that found the failure has now
// seen the answer and lets it pass: its sources, tools or schema may be others.
func (j *judging) same() {
	row, f := &j.rows[j.i], &j.facts[j.i]
	if row.Decision != review.Confirmed || f.failing == "" || transport(row.Class) || row.Class == failure.RetryLoop ||
		j.result.repeated {
		return
	}
	for _, c := range j.run.calls {
		if c.duplicate || c.answer.Operation != row.Call.Operation || answerOf(c.answer) != f.failing {
			continue
		}
		if slices.ContainsFunc(f.finders, func(finder string) bool {
			_, judged := c.scores[finder]
			return judged && !slices.Contains(c.failed, finder)
		}) {
			continue
		}
		j.result.repeated = true
		if !slices.Contains(j.result.classes, row.Class) {
			j.result.classes = append(j.result.classes, row.Class)
		}
		j.result.unsafe = j.result.unsafe || row.Class == failure.Unsafe
		j.result.check(RuleSame, assertion.Result{Outcome: assertion.Fail, Evidence: "the answer is the one that failed"})
		return
	}
}

// nothing reports whether the run recorded nothing to judge.
func (j *judging) nothing() bool {
	return j.result.silent && !j.asserted() || !slices.ContainsFunc(j.run.calls, func(c *call) bool { return c.scored })
}

// asserted reports whether an assertion was checked and held.
func (j *judging) asserted() bool {
	return slices.ContainsFunc(j.result.checks, func(c Check) bool { return c.Outcome == assertion.Pass })
}

// blind reports whether the scorers that find the row's failure could not judge any call of the run.
func (j *judging) blind() bool {
	finders := j.facts[j.i].finders
	if len(finders) == 0 {
		return false
	}
	why := ""
	for i, c := range j.calls {
		if c.Operation != j.rows[j.i].Call.Operation && c.IsLLMCall() != j.rows[j.i].Call.IsLLMCall() {
			continue
		}
		for _, finder := range finders {
			switch reason := j.skipped[i][finder]; reason {
			case "", score.NotApplicable:
				return false
			default:
				why = finder + " could not judge the run: " + reason
			}
		}
	}
	if why == "" {
		return false
	}
	j.result.check(RuleFailure, assertion.Result{Outcome: assertion.Inconclusive, Evidence: why})
	return true
}

// The overlap with the corrected output from which an answer is like it.
const (
	leastCorrected = 0.2
	surelyLike     = 0.6
)

// corrected compares the answer with the one that a person wanted, and with the one that failed.
func (j *judging) corrected(ctx context.Context) {
	want, failing := j.rows[j.i].CorrectedOutput, j.facts[j.i].failing
	answer := j.result.answer
	like, unlike := likeness.Overlap(answer, want), likeness.Overlap(answer, failing)
	says := fmt.Sprintf("the answer is %.0f %% like the corrected output, and %.0f %% like the one that failed", 100*like,
		100*unlike)
	switch {
	case likeness.Opposed(answer, want):
		j.result.check(RuleCorrected, assertion.Result{
			Outcome: assertion.Fail, Evidence: "of the answer and the corrected output, one begins with a yes, one with a no",
		})
	case likeness.Same(answer, want), like >= surelyLike && like >= unlike,
		failing != "" && like >= leastCorrected && like > unlike: // a few words in common say nothing by themselves
		j.result.check(RuleCorrected, assertion.Result{Outcome: assertion.Pass, Evidence: says})
	case unlike > like:
		j.result.check(RuleCorrected, assertion.Result{Outcome: assertion.Fail, Evidence: says})
	default:
		j.related(ctx, nil)
	}
}

// related checks that the answer is still one to the row: of the expected kind, and about its subject.
func (j *judging) related(ctx context.Context, accepted []string) {
	j.result.weak = true
	row := j.rows[j.i].Call
	tools, all := j.seen.Tools()
	wanted := "" // what the row is a run of, and this run is not
	switch expected := j.expected(); {
	case row.Operation == genai.OpRetrieval || row.Operation == genai.OpEmbeddings:
		wanted = row.Operation
		if slices.ContainsFunc(j.calls, func(c *genai.Call) bool { return c.Operation == row.Operation }) {
			j.result.check(RuleRelated, assertion.Result{Outcome: assertion.Pass, Evidence: "the run has a " + row.Operation})
			return
		}
	case j.toolAlone():
		j.ran(accepted)
		return
	case len(expected) > 0:
		if slices.ContainsFunc(tools, func(name string) bool { return slices.Contains(expected, name) }) {
			j.result.check(RuleRelated, assertion.Result{
				Outcome: assertion.Pass, Evidence: "it calls a tool of the expected kind: " + strings.Join(tools, ", "),
			})
			return
		}
		if row.Operation == genai.OpExecuteTool || !callsNone(row) {
			wanted = strings.Join(expected, " or ")
		}
	}
	if follows := schemaCheck.Check(ctx, &j.seen); follows.Outcome == assertion.Pass {
		j.result.check(RuleRelated, follows)
		return
	}
	answer, recorded := j.seen.Answer()
	if strings.TrimSpace(answer) == "" {
		answer = strings.Join(tools, " ")
	}
	if !recorded && len(tools) == 0 || !all && answer == "" {
		j.result.check(RuleRelated, assertion.Result{Outcome: assertion.Inconclusive, Evidence: "no answer was recorded"})
		return
	}
	result := likeness.Compare(answer, j.question(j.i, accepted))
	switch {
	case !result.Linked && result.Outcome != assertion.Fail && j.constant[constantKey(answer)]:
		result.Result = assertion.Result{Outcome: assertion.Fail, Evidence: "the same answer is given to most questions"}
	case result.Outcome == assertion.Inconclusive && wanted != "" && all:
		result.Outcome, result.Evidence = assertion.Fail, "no "+wanted+" in the run, and "+result.Evidence
	}
	j.result.check(RuleRelated, result.Result)
}

// toolAlone reports whether the run is nothing but the tool of the row, called with the row's arguments: who called it
// is the gate, so that it was called says nothing.
func (j *judging) toolAlone() bool {
	return j.rows[j.i].Call.Operation == genai.OpExecuteTool && len(j.calls) > 0 &&
		!slices.ContainsFunc(j.calls, func(c *genai.Call) bool { return c.Operation != genai.OpExecuteTool })
}

// ran checks what a tool returned.
func (j *judging) ran(accepted []string) {
	result := j.result.answer
	if failing := j.facts[j.i].failing; failing != "" && likeness.Same(result, failing) {
		j.result.check(RuleSame, assertion.Result{
			Outcome: assertion.Fail, Evidence: "the tool returns what it returned when it failed",
		})
		return
	}
	q := likeness.Question{Text: j.rows[j.i].Call.ToolArguments().Text, Accepted: accepted}
	if corrected := j.rows[j.i].CorrectedOutput; corrected != "" {
		q.Accepted = append(slices.Clip(q.Accepted), corrected)
	}
	like := likeness.Compare(result, q).Result
	if like.Outcome != assertion.Pass {
		like = assertion.Result{
			Outcome: assertion.Inconclusive, Evidence: "nothing says what the tool should return; add an assertion",
		}
	}
	j.result.check(RuleRelated, like)
}

// schemaCheck is what an answer in JSON is checked by.
var schemaCheck = func() assertion.Assertion {
	a, err := assertion.Parse("follows schema")
	if err != nil {
		panic(err)
	}
	return a
}()

// expected are the tools that an answer to the row may call: those it was offered, or ran.
func (j *judging) expected() (names []string) {
	row := j.rows[j.i].Call
	if row.Operation == genai.OpExecuteTool {
		return []string{row.ToolName}
	}
	for _, t := range row.Tools() {
		names = append(names, t.Name)
	}
	if len(names) > 0 {
		return names
	}
	output := row.Output()
	for i := range output {
		for _, t := range output[i].ToolCalls {
			names = append(names, t.Name)
		}
	}
	return names
}

// example shortens the run for the report.
func (j *judged) example() *Example {
	return &Example{TraceID: j.trace, Answer: clip.Text(j.answer, maxText), Checks: j.checks}
}

func transport(c failure.Class) bool {
	return c == failure.Timeout || c == failure.RateLimit || c == failure.ProviderError
}
