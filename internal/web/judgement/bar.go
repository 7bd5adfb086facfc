// Package judgement is the part of the page in which a person judges a case: what the label says, then the decision.
package judgement

import (
	"cmp"
	"embed"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Templates show the bar ("judge") and the labels of a case ("labels"). They use the templates "chip" and "time".
//
//go:embed *.html
var Templates embed.FS

// Option is a value of a list.
type Option struct {
	Value, Label string
	Selected     bool
	Key          string
}

// Group is a part of a list.
type Group struct {
	Label   string // "" where the options stand by themselves, as one must whose choice does not count
	Options []Option
}

// Bar is what a person fills in and presses.
type Bar struct {
	TraceID  string
	Address  func(act string) string // of a form of the case
	Next     string                  // trace id of the next item in the queue
	Position string                  // in the queue
	Undo     *Undo                   // what is taken back first
	Replaces int64                   // the newest label that is seen

	Choices                []Group
	Blind                  bool // nobody tells the class
	Further                [][]Group
	Severities, Scopes     []Option
	Tags, Note             string
	Corrected, Assertions  string
	Questions              []Question
	Queue, Rubric          string
	RubricHead             string // its beginning
	Also                   string // what further findings there are
	Open                   bool   // to be judged
	Assignee, Assigned, By string // By says how many have judged
}

// Undo is the newest judgement of the person who looks.
type Undo struct{ Address, Words string }

// Question is one of the queue's.
type Question struct {
	review.Question
	Field   string
	Value   string
	Options []Option // nil where it is typed
}

// Of fills the bar for an item as its viewer sees it. What the viewer said before, or took back, is in it.
func Of(item *review.Item, queue review.Queue, viewer []string) Bar {
	b := Bar{
		TraceID: item.TraceID, Open: item.State == review.Open, Blind: item.Class == "", Queue: queue.Name,
		Rubric: display.Text(queue.Rubric), RubricHead: display.Line(queue.Rubric, 120),
		Assignee: item.Assignee, Assigned: display.Line(item.Assignee, 60),
	}
	said := review.Label{Class: item.Class, Detail: item.Detail}
	if len(item.Labels) > 0 {
		b.Replaces = item.Labels[0].ID
	}
	own := slices.IndexFunc(item.Labels, func(l review.Label) bool {
		return l.Decision.Judges() && slices.Contains(viewer, l.Person())
	})
	switch {
	case own >= 0:
		said = item.Labels[own]
	case item.Label != nil:
		said.Class, said.Detail = item.Label.Class, item.Label.Detail
	}
	if said.Class == "" {
		said.Class, said.Detail = item.Class, item.Detail
	}
	if item.Reviewers > 1 {
		b.By = display.Grouped(int64(item.Judged)) + " of " + display.Plural(item.Reviewers, "judgement")
		if queue.Blind && b.Open {
			b.By += "; others stay hidden until you have judged"
		}
	}
	b.Choices = Choices(said.Class, said.Detail)
	for i := range max(1, min(len(said.Further)+1, 5)) {
		f := failure.Finding{}
		if i < len(said.Further) {
			f = said.Further[i]
		}
		b.Further = append(b.Further, choices(f.Class, f.Detail, "none"))
	}
	b.Also = "also…"
	if n := len(said.Further); n > 0 {
		b.Also = "and " + display.Grouped(int64(n)) + " more"
	}
	for i, severity := range review.Severities() {
		o := option(string(severity), string(said.Severity))
		o.Key = strconv.Itoa(i + 1)
		b.Severities = append(b.Severities, o)
	}
	if item.SessionID != "" {
		for _, scope := range []review.Scope{review.ScopeTurn, review.ScopeSession} {
			b.Scopes = append(b.Scopes, option(string(scope), cmp.Or(string(said.Scope), string(review.ScopeTurn))))
		}
	}
	b.Tags, b.Note, b.Corrected = strings.Join(said.Tags, ", "), said.Note, said.CorrectedOutput
	b.Assertions = strings.Join(said.Assertions, "\n")
	for _, asked := range queue.Questions {
		b.Questions = append(b.Questions, questionOf(asked, said.Answers[asked.Name]))
	}
	return b
}

func option(value, chosen string) Option {
	return Option{Value: value, Label: value, Selected: value == chosen}
}

func questionOf(asked review.Question, answer string) Question {
	q := Question{Question: asked, Field: answerField + asked.Name, Value: answer}
	values := asked.Choices
	if asked.Type == review.YesNo {
		values = []string{"yes", "no"}
	}
	for _, value := range values {
		q.Options = append(q.Options, option(value, answer))
	}
	return q
}

// Choices lists all classes and details with one chosen, to confirm a case with another class.
func Choices(class failure.Class, detail string) []Group {
	return choices(class, detail, "choose a class")
}

func choices(class failure.Class, detail, none string) []Group {
	var groups []Group
	found := false
	for _, bucket := range []failure.Bucket{failure.Safety, failure.Quality, failure.Structure, failure.Ops} {
		for _, info := range failure.Classes() {
			if info.Bucket != bucket {
				continue
			}
			g := Group{Label: string(bucket) + ": " + string(info.Class)}
			for _, d := range info.Details {
				chosen := info.Class == class && d.Name == detail
				found = found || chosen
				g.Options = append(g.Options, Option{
					Value: string(info.Class) + "/" + d.Name, Label: string(info.Class) + " · " + d.Name, Selected: chosen,
				})
			}
			groups = append(groups, g)
		}
	}
	switch {
	case class == "":
		groups = slices.Insert(groups, 0, Group{Options: []Option{{Label: none, Selected: true}}})
	case !found: // without a detail, or with the keyword of a schema
		value, label := string(class), string(class)
		if failure.ValidDetail(class, detail) {
			value, label = value+"/"+detail, label+" · "+detail
		}
		asFound := Group{Label: "as found", Options: []Option{{Value: value, Label: label, Selected: true}}}
		groups = slices.Insert(groups, 0, asFound)
		if none == "none" {
			groups = slices.Insert(groups, 0, Group{Options: []Option{{Label: none}}})
		}
	case none == "none":
		groups = slices.Insert(groups, 0, Group{Options: []Option{{Label: none}}})
	}
	return groups
}

// Label is a label as the page shows it.
type Label struct {
	Decision   string
	Tone       string // class of the style
	Chips      []display.Chip
	Severity   string
	Session    bool
	Tags       []string
	Note       string
	Corrected  string
	Assertions []string
	Answers    []string
	Reviewer   string
	When       display.Moment
}

// LabelOf shows a label.
func LabelOf(l *review.Label, now time.Time) Label {
	v := Label{
		Decision: Word(l.Decision), Tone: tones[l.Decision], Severity: string(l.Severity),
		Session: l.Scope == review.ScopeSession,
		Note:    display.Text(l.Note), Corrected: display.Text(l.CorrectedOutput),
		Reviewer: display.Line(l.Reviewer, 80), When: display.MomentOf(l.Created, now),
	}
	if v.Reviewer == "" {
		v.Reviewer = "somebody"
	}
	switch v.When.Ago {
	case "now":
		v.When.Ago = "just now"
	default:
		v.When.Ago += " ago"
	}
	if l.Class != "" {
		v.Chips = append(v.Chips, display.ChipOf(l.Class, l.Detail))
	}
	for _, f := range l.Further {
		v.Chips = append(v.Chips, display.ChipOf(f.Class, f.Detail))
	}
	for _, tag := range l.Tags {
		v.Tags = append(v.Tags, display.Line(tag, 64))
	}
	for _, line := range l.Assertions {
		v.Assertions = append(v.Assertions, display.Line(line, 300))
	}
	for _, name := range slices.Sorted(maps.Keys(l.Answers)) {
		v.Answers = append(v.Answers, display.Line(name, 64)+": "+display.Line(l.Answers[name], 300))
	}
	return v
}

// tones are the styles of decisions.
var tones = map[review.Decision]string{review.Confirmed: "bad", review.Rejected: "ok"}

// Tone is the class of the style of a decision.
func Tone(d review.Decision) string { return tones[d] }

// Word says a decision.
func Word(d review.Decision) string {
	switch d {
	case review.Rejected:
		return "not a failure"
	case review.TakenBack:
		return "taken back"
	default:
		return string(d)
	}
}

func sorted(form url.Values) []string { return slices.Sorted(maps.Keys(form)) }
