package web

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
	"github.com/faultline-otel/faultline/internal/web/judgement"
	"github.com/faultline-otel/faultline/internal/web/transcript"
)

// caseView is one item on the page.
type caseView struct {
	TraceID   string
	Headline  string
	Chip      display.Chip
	Also      []display.Chip // further classes on the same span
	Evidence  string
	Facts     []fact
	First     *transcript.Note  // the finding that names the verdict of the shown span
	Notes     []transcript.Note // further ones of that span
	Steps     []transcript.Step
	Quiet     *transcript.Quiet
	Talk      transcript.Conversation
	Retrieved []transcript.Retrieval
	Tree      transcript.Tree
	Scores    []scoreView
	Skipped   []skipView
	Labels    []judgement.Label
	Cut       string // what the page does not show

	Reasons     string // why it is here
	Evaluations []evaluationView

	APIPath string

	Reviewed *judgement.Label // the label that counts
	Bar      judgement.Bar

	Claim        claimView
	ClaimAddress string
}

// fact is a name and a value of the facts row.
type fact struct {
	Name, Value, Title string
	Copy               string // text that a click copies, "" where the value is not for copying
	Link               string
	External           bool
}

type scoreView struct {
	Name, Value string
	Low         bool   // red
	Suspect     bool   // a suspicion is not red: it is no failure
	Width       string // in per cent
}

// skipView is a scorer without a score, and why in words.
type skipView struct{ Name, Reason string }

// caseOf shows an item with the conversation of a span, "" for the primary one, as its viewer may see it.
func (s *server) caseOf(
	ctx context.Context, item *review.Item, f queueFilter, span string, viewer review.Claimant,
) (*caseView, error) {
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
		TraceID: item.TraceID, Headline: titleOf(item), Chip: itemChip(item), Reasons: reasonsOf(item),
		Evidence: display.Line(item.Evidence, 1000), APIPath: "/api/v1/items/" + item.TraceID,
		ClaimAddress: f.actAddress(item.TraceID, "claim"),
	}
	if item.Hidden {
		c.Headline, c.Chip = "A case to judge", hiddenChip
	}
	same, err := s.sameFailure(ctx, item)
	if err != nil {
		return nil, err
	}
	c.Facts = s.facts(item, primary, same, now)
	c.Evaluations = evaluationsOf(item, address, now)
	current := item.PrimarySpanID
	text := transcript.New(item, shown, strings.Fields(f.Query))
	if shown != nil {
		current = shown.ID
		session := transcript.Session{Address: f.caseAddress, Now: now}
		if session.Session, err = s.store.Session(ctx, item.SessionID, item.TraceID); err != nil {
			return nil, err
		}
		if item.Hidden {
			session.Hide()
		}
		c.Talk = text.Conversation(session)
		c.Scores, c.Skipped = scoresOf(shown.Scores, shown.Suspects), skipsOf(shown.Skipped)
		for _, class := range shown.Classes {
			if class != item.Class {
				c.Also = append(c.Also, display.ChipOf(class, ""))
			}
		}
	}
	c.Retrieved = text.Retrievals()
	c.Steps, c.Quiet = text.Steps(address)
	for _, n := range text.Notes() {
		switch {
		case n.Number == 1:
			c.First = &n
		case n.Where == "": // those of other spans are among the steps
			c.Notes = append(c.Notes, n)
		}
	}
	c.Tree = transcript.TreeOf(item, current, address)
	for i := range item.Labels {
		c.Labels = append(c.Labels, judgement.LabelOf(&item.Labels[i], now))
	}
	if item.Label != nil {
		l := judgement.LabelOf(item.Label, now)
		c.Reviewed = &l
	}
	if c.Bar, err = s.bar(ctx, item, f, viewer); err != nil {
		return nil, err
	}
	if n := countCut(item.Spans); n > 0 {
		c.Cut = display.Plural(n, "span") + " of this trace came too large to be kept whole; long texts in it end in a mark."
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
			facts = append(facts, fact{Name: name, Value: display.Line(value, 80)})
		}
	}
	id := func(name, value string) {
		if value != "" {
			facts = append(
				facts,
				fact{Name: name, Value: abbreviate(display.Line(value, 80)), Copy: display.Line(value, 300)},
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
			fact{Name: "cost", Value: display.Dollars(item.CostUSD.Value), Title: "all model calls of the trace"},
		)
	}
	facts = append(facts, fact{
		Name: "time", Value: display.Seconds(item.Duration), Title: "from the first span's start to the last one's end",
	})
	if when := display.MomentOf(item.Start, now); when.Machine != "" {
		facts = append(facts, fact{Name: "began", Value: whenWords(when.Ago), Title: when.Exact})
	}
	if primary != nil && primary.Call != nil {
		facts = append(facts, callFacts(primary.Call)...)
	}
	id("trace", item.TraceID)
	if same > 1 {
		all := signalAddress(item.Fingerprint, nil)
		facts = append(facts, fact{
			Name: "same failure", Value: display.Grouped(int64(same)) + "×", Link: all,
			Title: "the signal of all cases with fingerprint " + display.Line(item.Fingerprint, 40),
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
		words := display.Grouped(c.Usage.Input.Value) + " in"
		if c.Usage.CacheRead.Set && c.Usage.CacheRead.Value > 0 {
			words += " (" + display.Grouped(c.Usage.CacheRead.Value) + " cached)"
		}
		facts = append(facts, fact{
			Name:  "tokens",
			Value: words + ", " + display.Grouped(c.Usage.Output.Value) + " out",
			Title: "of the call that failed",
		})
	}
	if len(c.FinishReasons) > 0 {
		reasons := c.FinishReasons[:min(len(c.FinishReasons), 4)]
		facts = append(facts, fact{
			Name:  "finish",
			Value: display.Line(strings.Join(reasons, ", "), 80),
			Title: "finish reasons as the provider gave them",
		})
	}
	if c.AgentName != "" {
		facts = append(facts, fact{Name: "agent", Value: display.Line(strings.TrimSpace(c.AgentName+" "+c.AgentVersion), 80)})
	}
	return facts
}

// abbreviate shortens an id to its beginning and end.
func abbreviate(id string) string {
	if len(id) <= 20 {
		return id
	}
	return display.Head(id, 12) + "…" + display.Tail(id, 4)
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
			Name: display.Line(name, 60), Value: display.Number(v), Low: v < lowScore && !suspect,
			Suspect: suspect, Width: display.Percent(100 * min(max(v, 0), 1)),
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
		views = append(views, skipView{display.Line(name, 60), display.Line(cmp.Or(skipWords[reason], reason), 80)})
	}
	return views
}
