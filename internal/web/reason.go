package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// titles describe items without a verdict in one line.
var titles = map[review.Source]string{
	review.SourceFeedback:  "Somebody gave this answer a bad rating",
	review.SourceSent:      "A person sent this trace",
	review.SourceSuspicion: "A scorer has a suspicion",
	review.SourceRandom:    "Nothing looks wrong here",
}

// titleOf describes an item in one line.
func titleOf(item *review.Item) string {
	if item.Class == "" {
		if title := titles[review.Strongest(item.Reasons).Source]; title != "" {
			return title
		}
	}
	return display.Headline(item.Class, item.Detail)
}

// itemChip names the class of an item, and the reason where it has none.
func itemChip(item *review.Item) display.Chip {
	if item.Class == "" {
		return display.Chip{Text: string(review.Strongest(item.Reasons).Source)}
	}
	return display.ChipOf(item.Class, item.Detail)
}

// sourceWords name the sources in the filter.
var sourceWords = map[review.Source]string{
	review.SourceVerdict:   "found by a scorer",
	review.SourceFeedback:  "bad feedback",
	review.SourceSent:      "sent by a person",
	review.SourceSuspicion: "suspicion",
	review.SourceRandom:    "drawn at random",
}

func sourceOptions(chosen review.Source, counts []review.Count) []option {
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
			Value: string(source), Label: sourceWords[source] + " (" + display.Grouped(int64(n)) + ")",
			Selected: source == chosen,
		})
	}
	return options
}

// reasonsOf says why an item is here, the strongest reason first, and what became of a suspicion.
func reasonsOf(item *review.Item) string {
	words := make([]string, len(item.Reasons))
	for i, r := range item.Reasons {
		words[i] = r.String()
	}
	text := strings.Join(words, ". Also: ")
	if e := review.Resolution(item.Evaluations); e != nil {
		text += ". The suspicion was " + e.Suspicion + " by " + display.Line(e.Name+" ("+cmp.Or(e.Version, e.By)+")", 120)
		if e.Untrusted {
			text += ", which was not compared with people yet"
		}
	}
	return text
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
