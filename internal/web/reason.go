package web

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
	"github.com/faultline-otel/faultline/internal/web/transcript"
)

// titles describe items without a verdict in one line.
var titles = map[review.Source]string{
	review.SourceFeedback:  "Somebody gave this answer a bad rating",
	review.SourceSent:      "A person sent this trace",
	review.SourceJudge:     "A judge suspects a failure",
	review.SourceSuspicion: "A scorer has a suspicion",
	review.SourceRandom:    "A case drawn at random", // nothing that hints at an answer
}

// titleOf describes an item in one line.
func titleOf(item *review.Item) string {
	if item.Class == "" {
		if title := titles[review.Strongest(item.Reasons).Source]; title != "" {
			return title
		}
	}
	if title := toolTitles[item.Detail]; title != "" && item.Class == failure.ToolCallMalformed {
		tool, _, found := strings.Cut(item.Evidence, ".")
		if found && tool != "" && len(tool) <= 64 && !strings.ContainsFunc(tool, notOfATool) {
			return tool + " " + title
		}
	}
	return display.Headline(item.Class, item.Detail)
}

// toolTitles say what a tool got. Its name begins the evidence, as tool.argument.
var toolTitles = map[string]string{
	failure.MissingRequired:     "is called without an argument that it needs",
	failure.UnexpectedParam:     "gets an argument that it does not have",
	failure.TypeMismatch:        "gets an argument that it cannot take",
	failure.EnumViolation:       "gets a value that it does not know",
	failure.ConstraintViolation: "gets a value that it does not allow",
}

func notOfATool(r rune) bool {
	return r != '_' && r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
}

// itemChip names the class of an item, and the reason where it has none.
func itemChip(item *review.Item) display.Chip {
	if item.Class == "" {
		return display.Chip{Text: sourceWords[review.Strongest(item.Reasons).Source]}
	}
	return display.ChipOf(item.Class, item.Detail)
}

// sourceWords name the sources in the filter.
var sourceWords = map[review.Source]string{
	review.SourceVerdict:   "verdict",
	review.SourceFeedback:  "feedback",
	review.SourceSent:      "sent by a person",
	review.SourceJudge:     "judge",
	review.SourceSuspicion: "suspicion",
	review.SourceRandom:    "random sample",
}

func sourceOptions(chosen review.Source, facets *review.Facets) []option {
	counts := facets.Sources
	var options []option
	for _, source := range review.Sources() {
		i := slices.IndexFunc(counts, func(c review.Count) bool { return c.Value == string(source) })
		if i < 0 && source != chosen {
			continue
		}
		n := 0
		if i >= 0 {
			n = counts[i].N
		}
		options = append(options, option{
			Value: string(source), Label: sourceWords[source] + " (" + numberOf(n, facets.AtLeast) + ")",
			Selected: source == chosen,
		})
	}
	return options
}

// whyView is a reason why a case is here, with the number that stands at the places that show it.
type whyView struct {
	Number    int // 0 for a reason of which nothing can be shown
	Hit       bool
	Address   string // of the first place, "" where it was not found
	Kind      string
	Chips     []display.Chip
	Text      string
	Odds      string
	OddsTitle string

	scorer string // of a suspicion
}

// whyOf lists why an item is here, the strongest reason first. Findings on other spans are among the steps.
func whyOf(item *review.Item, notes []transcript.Note, now time.Time) (list []whyView) {
	reasons := map[review.Source]review.Reason{}
	for _, r := range item.Reasons {
		reasons[r.Source] = r
	}
	add := func(source review.Source, w whyView) {
		if r, ok := reasons[source]; ok {
			w.Odds, w.OddsTitle = r.Odds(), r.String()
		}
		w.Kind = cmp.Or(w.Kind, sourceWords[source])
		list = append(list, w)
	}
	number, suspected := 0, false
	for _, n := range notes {
		number = max(number, n.Number)
		switch w := (whyView{Number: n.Number, Address: n.Address, Text: n.Evidence}); {
		case n.Where != "":
		case n.Chip == nil:
			suspected = true
			w.Text, w.scorer = n.Scorer+" "+n.Score+", "+n.Evidence, n.Scorer
			add(review.SourceSuspicion, w)
		default:
			w.Hit, w.Chips = true, []display.Chip{*n.Chip}
			add(review.SourceVerdict, w)
		}
	}
	found := slices.ContainsFunc(list, func(w whyView) bool { return w.Hit })
	if _, flagged := reasons[review.SourceVerdict]; flagged && !found {
		add(review.SourceVerdict, whyView{
			Hit: true, Chips: []display.Chip{display.ChipOf(item.Class, item.Detail)}, Text: display.Line(item.Evidence, 400),
		})
	}
	for _, w := range judgedBecause(item) {
		number++
		w.Number = number
		add(review.SourceJudge, w)
	}
	complained := false
	for i := range item.Evaluations {
		e := &item.Evaluations[i]
		if !e.Bad || complained {
			continue
		}
		complained = true
		number++
		text := strings.TrimSpace(e.Name + " " + strings.ReplaceAll(e.Label, "_", " "))
		if when := display.MomentOf(e.Time, now); when.Machine != "" {
			text += ", " + whenWords(when.Ago)
		}
		if e.Explanation != "" {
			text += ": “" + display.Line(e.Explanation, 300) + "”"
		}
		add(review.SourceFeedback, whyView{Number: number, Text: display.Line(text, 400)})
	}
	for _, r := range item.Reasons {
		switch {
		case r.Source == review.SourceFeedback && !complained:
			add(r.Source, whyView{Text: "somebody gave it a bad rating"})
		case r.Source == review.SourceSuspicion && !suspected:
			add(r.Source, whyView{Text: "a scorer has one, which is no failure"})
		case r.Source == review.SourceJudge && len(item.Evaluations) == 0:
			add(r.Source, whyView{Text: "a judge found a failure"})
		case r.Source == review.SourceSent:
			add(r.Source, whyView{Kind: "sent", Text: "by a person"})
		case r.Source == review.SourceRandom:
			add(r.Source, whyView{Text: "drawn whatever scorers say, to measure them"})
		}
	}
	for i := range list { // what a judge makes of a suspicion
		if list[i].Kind != sourceWords[review.SourceSuspicion] {
			continue
		}
		if e := review.Resolution(item.Evaluations, list[i].scorer); e != nil {
			list[i].Text += "; " + e.Suspicion + " by " + judgeOf(e)
		}
	}
	return list
}

// judgeOf names a judge, and says if it was not compared with people.
func judgeOf(e *review.Evaluation) string {
	name := display.Line(e.Name+" ("+cmp.Or(e.Version, e.By)+")", 120)
	if e.Untrusted {
		name += ", which was not compared with people yet"
	}
	return name
}

// maxJudged bounds the findings of judges among the reasons.
const maxJudged = 10

// judgedBecause lists what judges found that makes the item one. A judge that is not trusted only suspects.
func judgedBecause(item *review.Item) (list []whyView) {
	if !slices.ContainsFunc(item.Reasons, func(r review.Reason) bool { return r.Source == review.SourceJudge }) {
		return nil
	}
	for i := range item.Evaluations {
		e := &item.Evaluations[i]
		if !e.Found || len(list) == maxJudged {
			continue
		}
		w := whyView{Text: judgeOf(e), Hit: !e.Untrusted}
		if e.Class != "" {
			w.Chips = []display.Chip{display.ChipOf(e.Class, e.Detail)}
		}
		if e.Explanation != "" {
			w.Text += ": “" + display.Line(e.Explanation, 300) + "”"
		}
		list = append(list, w)
	}
	return list
}

// evaluationView is what somebody else said.
type evaluationView struct {
	By, Name, Result, Address string
	Suspicion                 string // confirmed or withdrawn, "" if it is about none
	Explanation               string
	When                      display.Moment
	Failed                    bool
}

// maxEvaluations bounds those on the page.
const maxEvaluations = 40

func evaluationsOf(item *review.Item, address func(span string) string, now time.Time) (views []evaluationView) {
	for i := range item.Evaluations[:min(len(item.Evaluations), maxEvaluations)] {
		e := &item.Evaluations[i]
		v := evaluationView{
			By:   display.Line(strings.TrimSpace(cmp.Or(e.By, "somebody")+" "+cmp.Or(e.Reviewer, e.JudgeModel)), 80),
			Name: display.Line(e.Name, 60), Result: display.Line(e.Label, 60), Failed: e.Failed || e.Bad,
			Explanation: display.Line(e.Explanation, 1000), When: display.MomentOf(e.Time, now), Suspicion: e.Suspicion,
		}
		if e.Value.Set {
			v.Result = strings.TrimSpace(v.Result + " " + display.Number(e.Value.Value))
		}
		if spanByID(item.Spans, e.SpanID) != nil {
			v.Address = address(e.SpanID)
		}
		views = append(views, v)
	}
	return views
}
