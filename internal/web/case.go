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
	Why       []whyView
	Facts     []fact
	More      []fact
	Steps     []transcript.Step
	Quiet     *transcript.Quiet
	Talk      transcript.Conversation
	Retrieved []transcript.Retrieval
	Tree      transcript.Tree
	Scores    []scoreView
	Skipped   []skipView
	Labels    []judgement.Label
	Cut       string // what the page does not show

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
	Link, Key          string
	External           bool
	State              review.SignalState // of the signal
}

type scoreView struct {
	Name, Value string
	Low         bool   // a verdict, or below what is usual
	Suspect     bool   // a suspicion is not red: it is no failure
	Number      int    // of the suspicion, 0 for others
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
		TraceID: item.TraceID, Headline: titleOf(item), APIPath: "/api/v1/items/" + item.TraceID,
		ClaimAddress: f.actAddress(item.TraceID, "claim"),
	}
	if item.Hidden {
		c.Headline = "A case to judge"
	}
	signal, err := s.signalOf(ctx, item)
	if err != nil {
		return nil, err
	}
	c.Facts, c.More = s.facts(item, primary, &signal, now)
	c.Evaluations = evaluationsOf(item, address, now)
	current := item.PrimarySpanID
	if len(item.Spans) == 0 {
		c.Talk.Missing = s.missing()
	}
	text := transcript.New(item, shown, strings.Fields(f.Query), s.doubts.Of)
	if shown != nil {
		current = shown.ID
		session := transcript.Session{Address: f.caseAddress, Now: now}
		if session.Session, err = s.store.Session(ctx, item.SessionID, item.TraceID); err != nil {
			return nil, err
		}
		if item.Hidden {
			session.Hide()
		}
		for i := range session.Turns { // one that is to be judged blind tells nothing beside another one
			if turn := &session.Turns[i]; turn.Item != nil {
				if s.hide(turn.Item, viewer); turn.Item.Hidden {
					turn.Hide()
				}
			}
		}
		c.Talk = text.Conversation(session)
		c.Scores, c.Skipped = scoresOf(shown), skipsOf(shown.Skipped)
	}
	c.Retrieved = text.Retrievals()
	c.Steps, c.Quiet = text.Steps(address)
	notes := text.Notes()
	c.Why = whyOf(item, notes, now)
	for i := range c.Scores {
		for _, n := range notes {
			if n.Chip == nil && n.Scorer == c.Scores[i].Name {
				c.Scores[i].Number = n.Number
			}
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

// signalOf returns the signal of an item, the zero value without one.
func (s *server) signalOf(ctx context.Context, item *review.Item) (review.Signal, error) {
	if item.Fingerprint == "" {
		return review.Signal{}, nil
	}
	return s.store.Signal(ctx, item.Fingerprint)
}

// missing says why a case has nothing but what others said of it.
func (s *server) missing() string {
	words := "The trace is not here. It was older than the latest traffic, which the Collector has in memory, " +
		"and no Tempo gave it."
	if s.options.TraceURL != "" {
		words += " The trace viewer may have it: G."
	}
	return words
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

// facts lists what helps to place a case: what most ask first, and the rest.
func (s *server) facts(
	item *review.Item, primary *review.Span, signal *review.Signal, now time.Time,
) (first, more []fact) {
	add := func(to *[]fact, name, value string) {
		if value != "" {
			*to = append(*to, fact{Name: name, Value: display.Line(value, 80)})
		}
	}
	id := func(name, value string) {
		if value != "" {
			more = append(
				more,
				fact{Name: name, Value: abbreviate(display.Line(value, 80)), Copy: display.Line(value, 300)},
			)
		}
	}
	if signal.Stored > 1 {
		first = append(first, fact{
			Name: "signal", Value: display.Grouped(int64(signal.Stored)) + "× this failure", State: signal.State,
			Link:  signalAddress(item.Fingerprint, nil),
			Title: "all cases with fingerprint " + display.Line(item.Fingerprint, 40),
		})
	}
	add(&first, "service", item.Service)
	add(&first, "model", item.Model)
	add(&first, "prompt", strings.TrimSpace(item.PromptName+" "+item.PromptVersion))
	add(&more, "environment", item.Environment)
	more = append(more, fact{
		Name: "time", Value: display.Seconds(item.Duration), Title: "from the first span's start to the last one's end",
	})
	if item.CostUSD.Set {
		more = append(
			more,
			fact{Name: "cost", Value: display.Dollars(item.CostUSD.Value), Title: "all model calls of the trace"},
		)
	}
	if primary != nil && primary.Call != nil {
		more = append(more, callFacts(primary.Call)...)
	}
	if when := display.MomentOf(item.Start, now); when.Machine != "" {
		more = append(more, fact{Name: "began", Value: whenWords(when.Ago), Title: when.Exact})
	}
	id("session", item.SessionID)
	id("trace", item.TraceID)
	if s.options.TraceURL != "" {
		more = append(more, fact{
			Name: "open in", Value: traceHost(s.options.TraceURL) + " ↗", Key: "G",
			Link:     strings.ReplaceAll(s.options.TraceURL, placeholder, item.TraceID),
			External: true,
		})
	}
	return first, more
}

// traceHost says in which tool a trace opens.
func traceHost(address string) string {
	for _, tool := range []string{"Grafana", "Tempo", "Jaeger"} {
		if strings.Contains(strings.ToLower(address), strings.ToLower(tool)) {
			return tool
		}
	}
	return "the trace viewer"
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

// scoresOf lists the scores of a span, worst first.
func scoresOf(shown *review.Span) []scoreView {
	scores := shown.Scores
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
		v, suspect := scores[name], slices.Contains(shown.Suspects, name)
		low := slices.Contains(shown.Failing, name)
		if len(shown.Failing) == 0 { // spans of earlier versions do not say whose score was a verdict
			low = v < lowScore
		}
		views = append(views, scoreView{
			Name: display.Line(name, 60), Value: display.Number(v), Low: low && !suspect,
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
	"truncated":      "the record was cut, or is too long to read",
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
