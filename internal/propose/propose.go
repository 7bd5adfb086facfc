// Package propose learns checks from judged calls: rules of the scorer file that flag the failures of a signal, and not
// the calls that people found sound. Where no rule does, a rubric of a judge may. Half of the conversations are learned
// from, the other half says what a check is worth.
//
// A check is one or two deterministic conditions: a failure that scorers found, a score, a tool call, its arguments,
// those whose descriptions have a phrase in common, their order, a value of an answer in JSON, a text, a pattern, a
// number.
package propose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/rule"
)

// Options of a search.
type Options struct {
	// Scorers run on every call first: checks build on what they find.
	Scorers *score.Set
	// Seed gives other halves.
	Seed string
	// Precision is the share of what a check flags on the held-out half that must be failures.
	Precision float64
	// Checks bounds the checks of a signal. Each further one is for failures that those before it miss.
	Checks int
	// Taken are names that a rule must not have.
	Taken map[string]bool
	// Rules are the names of those scorers that are rules. The failures that they find need no further one.
	Rules map[string]bool
}

// Needed is how many failures, and how many sound calls, a signal needs on each half.
const Needed = 5

// maxChance is how likely a check may be as good as it is by chance.
const maxChance = 0.02

// maxRows bounds the calls of a half that are looked at.
const maxRows = 2000

// Outcome counts what a check does on judged calls.
type Outcome struct{ Right, Wrong, Missed, Quiet int }

// Proposal is a rule with its worth on the held-out half.
type Proposal struct {
	Rule score.Rule
	// Alone is what the rule does, Together what it does with the proposals before it.
	Alone, Together Outcome
	// Known is how many failures that it flags have a failure of the same class by the scorers already.
	Known int
	// Refused says why the rule is not worth having, "" where it is.
	Refused string
}

// Signal is what is proposed for the failures of a signal.
type Signal struct {
	Name            string // fingerprint, or class/detail
	Failures, Sound int    // judged calls
	Ruled           int    // failures that rules find already; they are left out
	Proposals       []Proposal
	// Rubric is what a RubricSearch found, nil without one.
	Rubric *ProposedRubric
	// Refused says why there is no proposal.
	Refused string

	halves []dataset.Row // what was learned from and what was held out, nil where that is too little
}

// ForSignals proposes checks for every signal of a dataset, or for those whose names begin with one of the given texts.
// Failures of other signals count neither as failures nor as sound.
func ForSignals(rows []dataset.Row, wanted []string, o Options) []Signal {
	failing := map[string][]dataset.Row{}
	var sound []dataset.Row
	for i := range rows {
		row := rows[i]
		switch {
		case row.Call == nil:
		case row.Decision == review.Rejected:
			sound = append(sound, row)
		case row.Decision == review.Confirmed:
			failing[signalOf(&row)] = append(failing[signalOf(&row)], row)
		}
	}
	taken := maps.Clone(o.Taken)
	if taken == nil {
		taken = map[string]bool{}
	}
	o.Taken = taken
	var signals []Signal
	for _, name := range slices.Sorted(maps.Keys(failing)) {
		if len(wanted) > 0 && !slices.ContainsFunc(wanted, func(w string) bool { return strings.HasPrefix(name, w) }) {
			continue
		}
		s := forSignal(failing[name], sound, o)
		s.Name = name
		for _, p := range s.Proposals {
			taken[p.Rule.Name] = taken[p.Rule.Name] || p.Refused == ""
		}
		signals = append(signals, s)
	}
	return signals
}

func signalOf(row *dataset.Row) string {
	if row.Fingerprint != "" {
		return row.Fingerprint
	}
	return strings.TrimSuffix(string(row.Class)+"/"+row.Detail, "/")
}

// learnPart and heldOutPart are the halves. Rows that were split under these names keep their half.
const (
	learnPart   = "learn"
	heldOutPart = "test"
)

func forSignal(failing, sound []dataset.Row, o Options) Signal {
	s := Signal{Failures: len(failing), Sound: len(sound)}
	failing = slices.DeleteFunc(slices.Clone(failing), func(row dataset.Row) bool { return o.ruled(&row) })
	s.Ruled = s.Failures - len(failing)
	if len(failing) == 0 {
		s.Refused = "rules find all of its failures already"
		return s
	}
	rows := slices.Concat(failing, sound)
	dataset.Split(rows, []dataset.Part{{Name: learnPart, Share: 0.5}, {Name: heldOutPart, Share: 0.5}}, o.Seed)
	learn, heldOut := half(rows, learnPart, o.Scorers), half(rows, heldOutPart, o.Scorers)
	if !learn.enough() || !heldOut.enough() {
		s.Refused = fmt.Sprintf("too few judged calls: each half of the conversations needs %d failures and %d sound calls, "+
			"and they have %d and %d, %d and %d; judge more", Needed, Needed, learn.failures, learn.sound(), heldOut.failures,
			heldOut.sound())
		return s
	}
	s.halves = rows
	class, detail := classOf(failing)
	names := maps.Clone(o.Taken)
	for _, found := range learn.search(o.Checks) {
		r := score.Rule{
			Name: nameOf(class, found.slug(), names), When: found.when, Fail: found.text(), Class: class, Detail: detail,
		}
		names[r.Name] = true
		s.Proposals = append(s.Proposals, Proposal{Rule: r})
	}
	if len(s.Proposals) == 0 {
		s.Refused = "no check tells the failures of the learned half from its sound calls"
		return s
	}
	heldOut.judge(s.Proposals, o.Precision)
	return s
}

// ruled reports whether a rule finds a failure in the call of a row.
func (o *Options) ruled(row *dataset.Row) bool {
	if len(o.Rules) == 0 {
		return false
	}
	var r score.Result
	o.Scorers.Score(row.Call, &r)
	return slices.ContainsFunc(r.Findings, func(f failure.Finding) bool { return o.Rules[f.Scorer] })
}

// classOf returns the class and detail of most failures.
func classOf(failing []dataset.Row) (class, detail string) {
	type key struct{ class, detail string }
	seen := map[key]int{}
	for i := range failing {
		seen[key{string(failing[i].Class), failing[i].Detail}]++
	}
	best := slices.MaxFunc(slices.Collect(maps.Keys(seen)), func(a, b key) int {
		return cmp.Or(cmp.Compare(seen[a], seen[b]), cmp.Compare(b.class+"/"+b.detail, a.class+"/"+a.detail))
	})
	switch {
	case !failure.ValidDetail(failure.Class(best.class), best.detail):
		return "", ""
	case best.class == string(failure.BadAnswer) && best.detail == failure.BrokenRule: // the default of a rule
		return "", ""
	}
	return best.class, best.detail
}

// maxName bounds the name of a proposed rule.
const maxName = 60

func nameOf(class, slug string, taken map[string]bool) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}, cmp.Or(slug, class, "check"))
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' }), "_")
	name = strings.TrimRight(name[:min(len(name), maxName)], "_")
	for unique, n := name, 2; ; n++ {
		if !taken[unique] {
			return unique
		}
		unique = fmt.Sprintf("%s_%d", name, n)
	}
}

// judge measures proposals on the half, and refuses those that are not worth having.
func (h *halved) judge(proposals []Proposal, precision float64) {
	covered := newBits(len(h.rows))
	var last *Outcome
	for i := range proposals {
		p := &proposals[i]
		scorer, err := rule.New(p.Rule)
		if err != nil {
			p.Refused = "the rule is not valid: " + err.Error()
			continue
		}
		own := newBits(len(h.rows))
		for at := range h.rows {
			row := &h.rows[at]
			r := score.Result{
				Scores: slices.Clone(row.result.Scores), Findings: slices.Clone(row.result.Findings),
			}
			before := len(r.Findings)
			if scorer.Score(row.call, &r); len(r.Findings) > before {
				own.set(at)
				if row.failed && slices.ContainsFunc(r.Findings[:before], func(f failure.Finding) bool {
					return f.Class == r.Findings[before].Class
				}) {
					p.Known++
				}
			}
		}
		p.Alone = h.outcome(own)
		together := covered.or(own)
		p.Together = h.outcome(together)
		p.Refused = p.Alone.refusal(precision)
		switch {
		case p.Refused != "":
		case last != nil && p.Together.Accuracy() <= last.Accuracy():
			p.Refused = "it adds nothing on the held-out half to the checks before it"
		default:
			covered = together
			last = &p.Together
		}
	}
	if last == nil || last.Accuracy() > last.Majority() {
		return
	}
	for i := range proposals {
		if p := &proposals[i]; p.Refused == "" {
			p.Refused = last.noBetter()
		}
	}
}
