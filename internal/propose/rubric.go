package propose

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/review"
)

// RubricOptions say how a rubric is looked for.
type RubricOptions struct {
	// Rubrics may tell failures from sound calls: those with a reason of the class of the signal, or all of them if Named.
	// A rubric that is drafted for the signal is tried too.
	Rubrics []*judge.Rubric
	Named   bool
	// MaxBytes bounds a case.
	MaxBytes int
	// Calls bounds what the judge is asked for a signal.
	Calls int
	// Precision is the share of what a rubric flags on the held-out half that must be failures.
	Precision float64
}

// ProposedRubric is a rubric with its worth on the held-out half.
type ProposedRubric struct {
	Rubric *judge.Rubric
	Text   []byte // of the file of a drafted one, nil for those that exist
	Worth  Outcome
	// Unjudged counts the calls that the judge gave no verdict on. They are left out of Worth.
	Unjudged int
	// Refused says why the rubric is not worth having, "" where it is.
	Refused string
}

// RubricSearch looks for a rubric for a signal. Each rubric judges calls of the learned half; the one that tells
// failures from sound calls best then judges calls of the held-out half.
type RubricSearch struct {
	Signal     *Signal
	candidates []ProposedRubric
	learned    []sampled
	heldOut    []sampled
	precision  float64
}

// sampled is a judged call with what rubrics of answers and of sessions read of it.
type sampled struct {
	failed          bool
	answer, session *judge.Case // nil for what is no answer of a model
}

// ForRubric returns the search for a rubric of the signal. It is nil where a rule is proposed, or where there is too
// little to learn from. The error says why no rubric can be tried.
func (s *Signal) ForRubric(o RubricOptions) (*RubricSearch, error) {
	if len(s.halves) == 0 || slices.ContainsFunc(s.Proposals, func(p Proposal) bool { return p.Refused == "" }) {
		return nil, nil //nolint:nilnil // there is nothing to look for
	}
	r := &RubricSearch{Signal: s, precision: o.Precision}
	class, _ := classOf(failuresOf(s.halves))
	class = cmp.Or(class, string(failure.BadAnswer))
	all := sample(s.halves, learnPart, maxRows, o.MaxBytes)
	for _, rubric := range o.Rubrics {
		ofClass := func(reason judge.Reason) bool { return string(reason.Class) == class }
		if (o.Named || slices.ContainsFunc(rubric.Reasons, ofClass)) && appliesTo(all, rubric) >= Needed {
			r.candidates = append(r.candidates, ProposedRubric{Rubric: rubric})
		}
	}
	text, err := draft(s.Name, s.halves)
	if err != nil {
		return nil, err
	}
	drafted, err := judge.ParseRubric(text)
	if err != nil {
		return nil, fmt.Errorf("the drafted rubric is not valid: %w", err)
	}
	r.candidates = append(r.candidates, ProposedRubric{Rubric: drafted, Text: text})
	each := o.Calls / (2 * len(r.candidates))
	if each < 2*Needed {
		return nil, fmt.Errorf("%d calls of the judge are too few to try %d rubrics: give at least %d, or name fewer rubrics",
			o.Calls, len(r.candidates), 4*Needed*len(r.candidates))
	}
	r.learned = sample(s.halves, learnPart, each, o.MaxBytes)
	r.heldOut = sample(s.halves, heldOutPart, o.Calls-each*len(r.candidates), o.MaxBytes)
	return r, nil
}

// sample takes n rows of a half, failures and sound calls in the proportion of the half, but Needed of each.
func sample(rows []dataset.Row, part string, n, maxBytes int) (list []sampled) {
	var sides [2][]*dataset.Row
	for i := range rows {
		if row := &rows[i]; row.Split == part {
			at := side(row.Decision == review.Confirmed)
			sides[at] = append(sides[at], row)
		}
	}
	all := len(sides[0]) + len(sides[1])
	failures := len(sides[1])
	if n = min(n, all); n < all {
		failures = int(math.Round(float64(n) * float64(failures) / float64(all)))
		failures = min(max(failures, Needed), n-Needed)
	}
	for at, take := range [2]int{n - failures, failures} {
		take = min(take, len(sides[at]))
		for i := range take {
			list = append(list, sampledOf(sides[at][i*len(sides[at])/take].Call, at == 1, maxBytes))
		}
	}
	return list
}

func sampledOf(call *genai.Call, failed bool, maxBytes int) sampled {
	s := sampled{failed: failed}
	if call.IsLLMCall() && call.Operation != genai.OpEmbeddings {
		s.answer, s.session = judge.CasesOf(call, maxBytes)
	}
	return s
}

// tasks are the judgements of calls by a rubric. The row of each is the index of its call. Calls that the rubric does
// not apply to have none: it flags nothing there, as online.
func tasks(list []sampled, r *judge.Rubric) (all []docket.Task) {
	for i := range list {
		k := list[i].answer
		if r.Of == judge.Session {
			k = list[i].session
		}
		if k != nil && r.Applies(k) {
			all = append(all, docket.Task{Case: &docket.Case{Row: strconv.Itoa(i), Case: k}, Rubric: r})
		}
	}
	return all
}

// appliesTo counts the failures that a rubric applies to.
func appliesTo(list []sampled, r *judge.Rubric) int {
	failures := slices.DeleteFunc(slices.Clone(list), func(s sampled) bool { return !s.failed })
	return len(tasks(failures, r))
}

// Tasks are the judgements that the search makes at most: those of the learned half, and of the held-out half those of
// the rubric that takes most.
func (r *RubricSearch) Tasks() (all []docket.Task) {
	var last []docket.Task
	for i := range r.candidates {
		all = append(all, tasks(r.learned, r.candidates[i].Rubric)...)
		if held := tasks(r.heldOut, r.candidates[i].Rubric); len(held) > len(last) {
			last = held
		}
	}
	return append(all, last...)
}

// Run asks the judge and sets the Rubric of the signal. judged is called after each judgement.
func (r *RubricSearch) Run(ctx context.Context, desk *docket.Desk, judged func()) error {
	var best *ProposedRubric
	for i := range r.candidates {
		c := &r.candidates[i]
		why, err := c.measure(ctx, desk, r.learned, judged)
		if err != nil {
			return err
		}
		if c.Refused = why; why == "" && (best == nil || c.Worth.MCC() > best.Worth.MCC()) {
			best = c
		}
	}
	if best == nil {
		best = &r.candidates[len(r.candidates)-1]
		best.Worth = Outcome{}
	} else if best.Worth.MCC() <= 0 {
		best.Refused = "no rubric tells the failures of the learned half from its sound calls"
	}
	r.Signal.Rubric = best
	if best.Refused != "" {
		return nil
	}
	var err error
	if best.Refused, err = best.measure(ctx, desk, r.heldOut, judged); err == nil && best.Refused == "" {
		best.Refused = best.Worth.refusal(r.precision)
	}
	if best.Refused == "" && best.Worth.Accuracy() <= best.Worth.Majority() {
		best.Refused = best.Worth.noBetter()
	}
	return err
}

// measure has the calls judged. why says what is missing where the judge gave too few verdicts.
func (p *ProposedRubric) measure(
	ctx context.Context, desk *docket.Desk, list []sampled, judged func(),
) (why string, err error) {
	flagged, missing := make([]bool, len(list)), make([]bool, len(list))
	reasons := map[judge.Obstacle]int{}
	err = desk.Run(ctx, tasks(list, p.Rubric), func(result *docket.Result) error {
		i, err := strconv.Atoi(result.Row)
		switch {
		case err != nil:
			return err
		case result.Judged():
			flagged[i] = result.Label == docket.Fail
		case result.NotJudged != judge.Nothing: // where there is nothing to judge, nothing is flagged
			missing[i] = true
			reasons[result.NotJudged]++
		}
		judged()
		return nil
	})
	if err != nil {
		return "", err
	}
	p.Worth, p.Unjudged = Outcome{}, 0
	for i := range list {
		switch failed := list[i].failed; {
		case missing[i]:
			p.Unjudged++
		case failed && flagged[i]:
			p.Worth.Right++
		case failed:
			p.Worth.Missed++
		case flagged[i]:
			p.Worth.Wrong++
		default:
			p.Worth.Quiet++
		}
	}
	if p.Worth.Right+p.Worth.Missed < Needed || p.Worth.Wrong+p.Worth.Quiet < Needed {
		return fmt.Sprintf("the judge gave no verdict on %d of %d calls: %s", p.Unjudged, len(list), mostOf(reasons)), nil
	}
	return "", nil
}

// mostOf returns the most frequent obstacle.
func mostOf(reasons map[judge.Obstacle]int) judge.Obstacle {
	var most judge.Obstacle
	for reason, n := range reasons {
		if c := cmp.Compare(n, reasons[most]); c > 0 || c == 0 && reason < most {
			most = reason
		}
	}
	return most
}
