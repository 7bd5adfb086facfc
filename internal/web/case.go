package web

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// caseView is one item on the page.
type caseView struct {
	TraceID   string
	Headline  string
	Chip      chip
	Also      []chip // further classes on the same span
	Evidence  string
	Facts     []fact
	Steps     []stepView
	Talk      talk
	Retrieved []retrieved
	Tree      treeView
	Scores    []scoreView
	Skipped   []skipView
	Labels    []labelView
	Cut       string // what the page does not show
	APIPath   string

	LabelAddress string
	Next         string // trace id of the next item in the queue
	Position     string
	Reviewed     *labelView
	Replaces     int64 // the newest label
	Choices      []optionGroup

	Claim          claimView
	SkipAddress    string
	ReleaseAddress string
	ClaimAddress   string
}

// fact is a name and a value of the facts row.
type fact struct {
	Name, Value, Title string
	Copy               string // text that a click copies, "" where the value is not for copying
	Link               string
	External           bool
}

type retrieved struct {
	Query     *block
	Name      string
	Documents []documentView
	None      string // shown without documents
	More      string
}

type documentView struct {
	ID, Score string
	Content   *block
}

type scoreView struct {
	Name, Value string
	Low         bool   // red
	Suspect     bool   // a suspicion is not red: it is no failure
	Width       string // in per cent
}

// skipView is a scorer without a score, and why in words.
type skipView struct{ Name, Reason string }

type labelView struct {
	Decision string
	Rejected bool
	Chip     *chip
	Note     string
	Reviewer string
	When     moment
}

// maxDocuments bounds the documents of one retrieval, maxRetrievals the retrievals of a case.
const (
	maxDocuments  = 20
	maxRetrievals = 6
)

// caseOf shows an item with the conversation of a span, "" for the primary one.
func (s *server) caseOf(ctx context.Context, item *review.Item, f queueFilter, span string) (*caseView, error) {
	now := s.options.Now()
	primary := spanByID(item.Spans, item.PrimarySpanID)
	shown := spanByID(item.Spans, span)
	if shown == nil {
		shown = primary
	}
	address := func(span string) string {
		v := f.values()
		if span != item.PrimarySpanID {
			v.Set("span", span)
		}
		return withQuery("/review/"+item.TraceID, v) + "#said"
	}
	c := &caseView{
		TraceID: item.TraceID, Headline: headline(item.Class, item.Detail), Chip: chipOf(item.Class, item.Detail),
		Evidence: visibleLine(item.Evidence, 1000), APIPath: "/api/v1/items/" + item.TraceID,
		LabelAddress: f.labelAddress(item.TraceID), Choices: classChoices(item.Class, item.Detail),
	}
	same, err := s.sameFailure(ctx, item)
	if err != nil {
		return nil, err
	}
	c.Facts = s.facts(item, primary, same, now)
	c.Steps = stepsOf(item, address)
	w := &writer{left: maxPage}
	current := item.PrimarySpanID
	if shown != nil {
		current = shown.ID
		c.Talk = newTalker(w, item, shown).talk()
		c.Scores, c.Skipped = scoresOf(shown.Scores, shown.Suspects), skipsOf(shown.Skipped)
		for _, class := range shown.Classes {
			if class != item.Class {
				c.Also = append(c.Also, chipOf(class, ""))
			}
		}
	}
	c.Retrieved = retrievals(w, item.Spans, readEvidence(item.Class, item.Detail, item.Evidence))
	c.Tree = treeOf(item, current, address)
	for i := range item.Labels {
		c.Labels = append(c.Labels, labelOf(&item.Labels[i], now))
	}
	if len(c.Labels) > 0 {
		c.Reviewed, c.Replaces = &c.Labels[0], item.Labels[0].ID
		if l := item.Labels[0]; l.Class != "" {
			c.Choices = classChoices(l.Class, l.Detail)
		}
	}
	if n := countCut(item.Spans); n > 0 {
		c.Cut = plural(n, "span") + " of this trace came too large to be kept whole; long texts in it end in a mark."
	}
	return c, nil
}

// sameFailure counts the items with the same fingerprint, this one included. It is 0 without a fingerprint.
func (s *server) sameFailure(ctx context.Context, item *review.Item) (int, error) {
	if item.Fingerprint == "" {
		return 0, nil
	}
	signal, err := s.store.Signal(ctx, item.Fingerprint)
	return signal.Stored, err
}

func spanByID(spans []review.Span, id string) *review.Span {
	i := slices.IndexFunc(spans, func(s review.Span) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &spans[i]
}

func countCut(spans []review.Span) (n int) {
	for i := range spans {
		if spans[i].Cut {
			n++
		}
	}
	return n
}

// facts lists service, model, cost, times and ids.
func (s *server) facts(item *review.Item, primary *review.Span, same int, now time.Time) []fact {
	var facts []fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{Name: name, Value: visibleLine(value, 80)})
		}
	}
	id := func(name, value string) {
		if value != "" {
			facts = append(
				facts,
				fact{Name: name, Value: abbreviate(visibleLine(value, 80)), Copy: visibleLine(value, 300)},
			)
		}
	}
	add("service", item.Service)
	add("environment", item.Environment)
	add("model", item.Model)
	add("prompt", strings.TrimSpace(item.PromptName+" "+item.PromptVersion))
	id("session", item.SessionID)
	if item.CostUSD.Set {
		facts = append(
			facts,
			fact{Name: "cost", Value: dollars(item.CostUSD.Value), Title: "all model calls of the trace"},
		)
	}
	facts = append(facts, fact{
		Name: "time", Value: seconds(item.Duration), Title: "from the first span's start to the last one's end",
	})
	if when := momentOf(item.Start, now); when.Machine != "" {
		facts = append(facts, fact{Name: "began", Value: whenWords(when.Ago), Title: when.Exact})
	}
	if primary != nil && primary.Call != nil {
		facts = append(facts, callFacts(primary.Call)...)
	}
	id("trace", item.TraceID)
	if same > 1 {
		all := signalAddress(item.Fingerprint, nil)
		facts = append(facts, fact{
			Name: "same failure", Value: grouped(int64(same)) + "×", Link: all,
			Title: "the signal of all cases with fingerprint " + visibleLine(item.Fingerprint, 40),
		})
	}
	if s.options.TraceURL != "" {
		facts = append(facts, fact{
			Value:    "open trace ↗",
			Link:     strings.ReplaceAll(s.options.TraceURL, placeholder, item.TraceID),
			External: true,
		})
	}
	return facts
}

func whenWords(ago string) string {
	if ago == "now" {
		return "just now"
	}
	return ago + " ago"
}

// callFacts lists the facts of the call that failed.
func callFacts(c *genai.Call) []fact {
	var facts []fact
	if c.Usage.Input.Set || c.Usage.Output.Set {
		words := grouped(c.Usage.Input.Value) + " in"
		if c.Usage.CacheRead.Set && c.Usage.CacheRead.Value > 0 {
			words += " (" + grouped(c.Usage.CacheRead.Value) + " cached)"
		}
		facts = append(facts, fact{
			Name:  "tokens",
			Value: words + ", " + grouped(c.Usage.Output.Value) + " out",
			Title: "of the call that failed",
		})
	}
	if len(c.FinishReasons) > 0 {
		reasons := c.FinishReasons[:min(len(c.FinishReasons), 4)]
		facts = append(facts, fact{
			Name:  "finish",
			Value: visibleLine(strings.Join(reasons, ", "), 80),
			Title: "finish reasons as the provider gave them",
		})
	}
	if c.AgentName != "" {
		facts = append(facts, fact{Name: "agent", Value: visibleLine(strings.TrimSpace(c.AgentName+" "+c.AgentVersion), 80)})
	}
	return facts
}

// abbreviate shortens an id to its beginning and end.
func abbreviate(id string) string {
	if len(id) <= 20 {
		return id
	}
	return head(id, 12) + "…" + tail(id, 4)
}

// retrievals lists the documents that were retrieved in the trace.
func retrievals(w *writer, spans []review.Span, because evidence) []retrieved {
	var out []retrieved
	for i := range spans {
		if spans[i].Call == nil || len(out) == maxRetrievals {
			continue
		}
		r := spans[i].Call.Retrieval()
		if r.Query == "" && len(r.Documents) == 0 && !r.Empty {
			continue
		}
		v := retrieved{Name: visibleLine(spans[i].Name, 120), None: "the documents were not recorded"}
		if r.Empty {
			v.None = "no document was found"
		}
		if r.Query != "" {
			v.Query = w.text(r.Query, nil, false)
		}
		for j := range r.Documents[:min(len(r.Documents), maxDocuments)] {
			d := &r.Documents[j]
			view := documentView{ID: cmp.Or(visibleLine(d.ID, 80), "document"), Score: "–"}
			if d.Score.Set {
				view.Score = number(d.Score.Value)
			}
			if d.Content != "" {
				view.Content = w.text(d.Content, because.inText(d.Content), false)
			}
			v.Documents = append(v.Documents, view)
		}
		if extra := len(r.Documents) - maxDocuments; extra > 0 {
			v.More = plural(extra, "more document")
		}
		out = append(out, v)
	}
	return out
}

// lowScore is below the good range of every default scorer.
const lowScore = 0.5

// scoresOf lists scores, worst first.
func scoresOf(scores map[string]float64, suspects []string) []scoreView {
	names := make([]string, 0, len(scores))
	for name := range scores {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(scores[a], scores[b]), strings.Compare(a, b))
	})
	const maxScores = 40
	var views []scoreView
	for _, name := range names[:min(len(names), maxScores)] {
		v, suspect := scores[name], slices.Contains(suspects, name)
		views = append(views, scoreView{
			Name: visibleLine(name, 60), Value: number(v), Low: v < lowScore && !suspect,
			Suspect: suspect, Width: percent(100 * min(max(v, 0), 1)),
		})
	}
	return views
}

// skipWords say why a scorer gave no score. Other reasons are shown as they are.
var skipWords = map[string]string{
	"no_content":     "the SDK did not record the messages",
	"no_definitions": "the tool definitions were not recorded",
	"no_sources":     "no documents or tool results to compare with",
	"truncated":      "the record was cut",
	"too_large":      "too large to check",
	"too_deep":       "nests too deep to check",
	"too_complex":    "too complex to check",
	"invalid_schema": "the schema is not valid",
	"runtime_error":  "the rule failed on this call",
	"panic":          "the scorer crashed, which is a bug",
}

// skipsOf lists the scorers without a score by name.
func skipsOf(skipped map[string]string) []skipView {
	const maxSkips = 40
	names := slices.Sorted(maps.Keys(skipped))
	var views []skipView
	for _, name := range names[:min(len(names), maxSkips)] {
		reason := skipped[name]
		views = append(views, skipView{visibleLine(name, 60), visibleLine(cmp.Or(skipWords[reason], reason), 80)})
	}
	return views
}

func labelOf(l *review.Label, now time.Time) labelView {
	v := labelView{
		Decision: decisionWord(l.Decision), Rejected: l.Decision == review.Rejected, Note: visible(l.Note),
		Reviewer: cmp.Or(visibleLine(l.Reviewer, 80), "somebody"), When: momentOf(l.Created, now),
	}
	v.When.Ago = whenWords(v.When.Ago)
	if l.Class != "" {
		c := chipOf(l.Class, l.Detail)
		v.Chip = &c
	}
	return v
}

// classChoices lists all classes and details, to confirm a case with another class.
func classChoices(class failure.Class, detail string) []optionGroup {
	var groups []optionGroup
	found := false
	for _, bucket := range []failure.Bucket{failure.Safety, failure.Quality, failure.Structure, failure.Ops} {
		for _, info := range failure.Classes() {
			if info.Bucket != bucket {
				continue
			}
			g := optionGroup{Label: string(bucket) + ": " + string(info.Class)}
			for _, d := range info.Details {
				chosen := info.Class == class && d.Name == detail
				found = found || chosen
				g.Options = append(g.Options, option{
					Value: string(
						info.Class,
					) + "/" + d.Name,
					Label:    string(info.Class) + " · " + d.Name,
					Selected: chosen,
				})
			}
			groups = append(groups, g)
		}
	}
	if !found && class != "" { // without a detail, or with the keyword of a schema
		value, label := string(class), string(class)
		if failure.ValidDetail(class, detail) {
			value, label = value+"/"+detail, label+" · "+detail
		}
		asFound := optionGroup{Label: "as found", Options: []option{{Value: value, Label: label, Selected: true}}}
		groups = slices.Insert(groups, 0, asFound)
	}
	return groups
}
