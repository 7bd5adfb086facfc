package transcript

import (
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// maxNotes bounds the findings of a case that have numbers.
const maxNotes = 20

// Note is a finding of the case. Its number stands at the places that show it.
type Note struct {
	Number   int
	Chip     *display.Chip // nil for a suspicion
	Scorer   string        // of a suspicion
	Score    string
	Where    string // the span, where it is not the one that is shown
	Evidence string
	Address  string // of the first mark, "" where the place was not found
}

// Because is evidence at a turn or a call. Number is 0 for a finding that is not of this case.
type Because struct {
	Number int
	Text   string
}

// Transcript lays out one case. It makes only short texts once its page is full.
type Transcript struct {
	item    *review.Item
	shown   *review.Span
	writer  *writer
	notes   []Note
	reasons []evidence // with numbers
	doubts  []evidence // of suspicions, with numbers
}

// Doubts returns what scorers would say of a span that they suspect, by their names.
type Doubts func(s *review.Span) map[string]failure.Finding

// New returns the transcript of an item with the conversation of a span, which may be nil. words are marked in texts.
func New(item *review.Item, shown *review.Span, words []string, doubts Doubts) *Transcript {
	t := &Transcript{item: item, shown: shown, writer: newWriter(words)}
	if shown == nil {
		return t
	}
	t.add(shown, "")
	t.doubt(shown, doubts)
	for i := range item.Spans {
		if s := &item.Spans[i]; s.ID != shown.ID {
			t.add(s, display.Line(s.Name, 80))
		}
	}
	return t
}

// add numbers the findings of a span.
func (t *Transcript) add(s *review.Span, where string) {
	for _, f := range s.Findings() {
		n := len(t.notes) + 1
		if n > maxNotes {
			return
		}
		chip := display.ChipOf(f.Class, f.Detail)
		t.notes = append(t.notes, Note{Number: n, Chip: &chip, Where: where, Evidence: display.Line(f.Evidence, 400)})
		e := readEvidence(f.Class, f.Detail, f.Evidence)
		if f.Excerpt != "" && len(e.quotes) < maxQuotes {
			e.quotes = append(e.quotes, f.Excerpt)
		}
		e.number, e.span = n, s
		t.reasons = append(t.reasons, e)
	}
}

// doubt numbers the suspicions of a span. What a scorer would quote if its level were higher is marked.
func (t *Transcript) doubt(s *review.Span, doubts Doubts) {
	if len(s.Suspects) == 0 {
		return
	}
	found := doubts(s)
	for _, scorer := range s.Suspects {
		n := len(t.notes) + 1
		if n > maxNotes {
			return
		}
		t.notes = append(t.notes, Note{
			Number: n, Scorer: display.Line(scorer, 60), Score: display.Number(s.Scores[scorer]),
			Evidence: "low, which is no failure yet",
		})
		if f, ok := found[scorer]; ok && f.Excerpt != "" {
			t.writer.maybe[n] = true
			quote := strings.TrimSuffix(f.Excerpt, "…")
			t.doubts = append(t.doubts, evidence{quotes: []string{quote}, number: n, offset: -1, span: s})
		}
	}
}

// Notes lists the findings. It comes last, since it says where they are marked.
func (t *Transcript) Notes() []Note {
	for i := range t.notes {
		if n := &t.notes[i]; t.writer.placed[n.Number] {
			n.Address = "#e" + strconv.Itoa(n.Number)
		}
	}
	return t.notes
}

// of returns the reasons of a span.
func (t *Transcript) of(s *review.Span) []evidence {
	var own []evidence
	for _, e := range t.reasons {
		if s != nil && e.span.ID == s.ID {
			own = append(own, e)
		}
	}
	return own
}

// inText finds what any finding quotes.
func (t *Transcript) inText(text string) []region {
	var found []region
	for _, e := range t.reasons {
		found = append(found, e.inText(text)...)
	}
	return append(found, t.doubted(text)...)
}

// doubted finds what any suspicion quotes.
func (t *Transcript) doubted(text string) (found []region) {
	for _, e := range t.doubts {
		found = append(found, e.inText(text)...)
	}
	return found
}

// isSafety is for findings that speak of any text of the trace, not of the answer.
func has(list []evidence, class failure.Class) bool {
	return slices.ContainsFunc(list, func(e evidence) bool { return e.class == class })
}
