package transcript

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Bounds of folds, in bytes of what they say and in links of the strip.
const (
	maxGist  = 160
	maxStops = 14
)

// Fold is a part of the thread that opens as one: a turn of the session, several in which nothing failed, or what a
// call repeats of earlier times. The one of the case is never folded.
type Fold struct {
	ID      string // its anchor
	Name    string
	Here    bool // it is the turn of the case
	Fails   bool
	Open    bool   // a mark is in it
	Address string // of its case, "" where it has none
	Chip    *display.Chip
	Gist    string // what the user asked
	More    string // what came of it
	Steps   string // of the turn of the case
	When    display.Moment
	Took    string
	Turns   []Turn
}

// Stop is a turn of the session in the strip of its turns.
type Stop struct {
	Number, Address string
	Here, Fails     bool
}

// fold cuts the thread into its folds. at is the place of the case in the session.
func (c *Conversation) fold(turns []Turn, session Session, at int) {
	for len(turns) > 0 {
		n := 1
		for n < len(turns) && (turns[n].place < 0 || turns[n].place == turns[0].place) {
			n++
		}
		c.cut(turns[:n:n], session, at)
		turns = turns[n:]
	}
}

// cut adds the fold of one turn of the session. Of the turn of the case, what is far from the answer has its own.
func (c *Conversation) cut(turns []Turn, session Session, at int) {
	if turns[0].place == at {
		if answer := slices.IndexFunc(turns, func(t Turn) bool { return t.answers }); answer > recentTurns {
			from := answer - recentTurns
			c.Folds = append(c.Folds, foldOf(turns[:from], "earlier"))
			turns = turns[from:]
		}
		later := turns[:0:0]
		if then := slices.IndexFunc(turns, func(t Turn) bool { return t.Then }); then >= 0 && len(turns)-then > recentTurns {
			turns, later = turns[:then+recentTurns], turns[then+recentTurns:]
		}
		f := foldOf(turns, "")
		f.Here = true
		f.in(session, at)
		c.Folds = append(c.Folds, f)
		if len(later) > 0 {
			c.Folds = append(c.Folds, foldOf(later, "later"))
		}
		return
	}
	f := foldOf(turns, "earlier")
	f.in(session, turns[0].place)
	last := len(c.Folds) - 1
	if last >= 0 && f.joins(&c.Folds[last]) {
		c.Folds[last].join(&f)
		return
	}
	c.Folds = append(c.Folds, f)
}

// foldOf says what turns hold.
func foldOf(turns []Turn, name string) Fold {
	f := Fold{Name: name, Turns: turns}
	for i := range turns {
		t := &turns[i]
		f.Fails = f.Fails || t.Fails
		f.Open = f.Open || t.marked()
		if f.Gist == "" && t.Kind == "user" {
			f.Gist = t.Text.gist()
		}
	}
	if f.Gist == "" {
		f.Gist = turns[0].Text.gist()
	}
	f.More = holds(turns)
	return f
}

// in says which turn of the session a fold is.
func (f *Fold) in(session Session, place int) {
	if place < 0 || place >= len(session.Turns) || len(session.Turns) < 2 {
		return
	}
	turn := &session.Turns[place]
	f.Name, f.ID = "turn "+strconv.Itoa(place+1), "turn-"+strconv.Itoa(place+1)
	start, took := time.Time{}, time.Duration(0)
	if item := turn.Item; item != nil {
		start, took = item.Start, item.Duration
		f.Address = session.Address(turn.TraceID)
		if item.Class != "" { // else it is here for another reason than a failure
			chip := display.ChipOf(item.Class, item.Detail)
			f.Chip, f.Fails = &chip, true
			f.More = display.Line(item.Evidence, maxGist)
		}
	} else if len(turn.Spans) > 0 {
		start = turn.Spans[0].Start
		for i := range turn.Spans {
			took = max(took, turn.Spans[i].End().Sub(start))
		}
	}
	if f.Chip == nil {
		for i := range slices.Backward(f.Turns) {
			if f.Turns[i].Kind == "assistant" && f.Turns[i].Text != nil {
				f.More = f.Turns[i].Text.gist()
				break
			}
		}
	}
	f.When = display.MomentOf(start, session.Now)
	if !start.IsZero() && start.Unix() > 0 {
		f.When.Ago = start.UTC().Format("15:04")
	}
	if took > 0 {
		f.Took = display.Seconds(took)
	}
}

// joins reports whether a fold goes into the one before it: nothing failed in either.
func (f *Fold) joins(before *Fold) bool {
	quiet := func(f *Fold) bool { return f.ID != "" && !f.Fails && !f.Here && !f.Open && f.Address == "" }
	return quiet(f) && quiet(before)
}

func (f *Fold) join(next *Fold) {
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(f.Name, "turns "), "turn "), "–")
	from, _ := strconv.Atoi(first) // it was written by in
	to, _ := strconv.Atoi(strings.TrimPrefix(next.Name, "turn "))
	f.Name = "turns " + first + "–" + strconv.Itoa(to)
	f.More = "and " + display.Plural(to-from, "more question")
	f.Turns, f.Took = append(f.Turns, next.Turns...), ""
	if next.When.Ago != f.When.Ago {
		f.When.Ago, _, _ = strings.Cut(f.When.Ago, " to ")
		f.When.Ago += " to " + next.When.Ago
	}
}

// strip lists the turns of the session, of a long one those that failed.
func (c *Conversation) strip(session review.Session, at int) {
	if len(session.Turns) < 2 {
		return
	}
	for i := range session.Turns {
		item := session.Turns[i].Item
		s := Stop{
			Number: strconv.Itoa(i + 1), Address: "#turn-" + strconv.Itoa(i+1), Here: i == at,
			Fails: item != nil && item.Class != "",
		}
		if s.Fails {
			c.Failing++
		}
		if len(session.Turns) <= maxStops || s.Here || s.Fails && len(c.Strip) < maxStops {
			c.Strip = append(c.Strip, s)
		}
	}
}

// gist is the beginning of a text on one line.
func (b *Block) gist() string {
	if b == nil {
		return ""
	}
	var text strings.Builder
	for _, p := range b.Head {
		if text.WriteString(p.Text); text.Len() > maxGist {
			break
		}
	}
	return display.Line(text.String(), maxGist)
}

// marked reports whether evidence is in a turn.
func (t *Turn) marked() bool {
	blocks := []*Block{t.Text, t.Reasoning}
	for i := range t.Cards {
		blocks = append(blocks, t.Cards[i].Arguments, t.Cards[i].Result)
	}
	return slices.ContainsFunc(blocks, func(b *Block) bool {
		return b != nil && slices.ContainsFunc(slices.Concat(b.Head, b.Folded, b.Tail), func(p Piece) bool {
			return len(p.Numbers) > 0
		})
	})
}
