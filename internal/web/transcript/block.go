package transcript

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Bounds of the texts on a page, in bytes. The API has everything that is stored.
const (
	maxShown   = 64 << 10  // of one text
	maxPage    = 512 << 10 // of all texts of a case
	headShown  = 1200      // of a long text before the fold
	tailShown  = 400       // of a text whose end matters, after the fold
	foldedFrom = 2000      // shorter texts are shown whole
	leastShown = 500       // of one text, even where the page is full
)

// Block is a text on the page: its beginning, a folded part, and its end where that matters.
type Block struct {
	Head, Folded, Tail []Piece
	FoldedSize         string
	Open               bool   // a mark is in the folded part
	Dropped            string // how much is not shown
	Code               bool
}

// Piece is a run of text. It is marked where it shows the evidence.
type Piece struct {
	Text   string
	Marked bool
}

// region is a part of a text by byte offsets.
type region struct{ from, to int }

// Writer makes blocks, and only short ones once the page is full.
type Writer struct{ left int }

// NewWriter returns a writer of one page.
func NewWriter() *Writer { return &Writer{left: maxPage} }

// text shows prose. endMatters keeps its end visible.
func (w *Writer) text(text string, marks []region, endMatters bool) *Block {
	return w.block(text, marks, endMatters, false)
}

// data shows arguments, results and answers in JSON. It lays JSON out in lines of about width bytes and leaves other
// texts unchanged. marked finds the regions to mark in the laid out text.
func (w *Writer) data(text string, width int, marked func(text string, isJSON bool) []region) *Block {
	text, isJSON := layOut(text, width)
	return w.block(text, marked(text, isJSON), false, true)
}

// value is data in one half of a card.
func (w *Writer) value(v genai.Value, marked func(text string, isJSON bool) []region) *Block {
	return w.data(v.Text, cardLine, marked)
}

func (w *Writer) block(text string, marks []region, endMatters, code bool) *Block {
	limit := min(maxShown, max(w.left, leastShown))
	b := &Block{Code: code}
	end := ""
	if len(text) > limit {
		if endMatters {
			end = display.Tail(text, tailShown)
		}
		shown := display.Head(text, limit-len(end))
		b.Dropped = display.Bytes(len(text) - len(shown) - len(end))
		text = shown
	}
	w.left -= len(text) + len(end)
	marks = within(marks, len(text))
	if len(text) <= foldedFrom {
		b.Head = pieces(text, marks, 0)
	} else {
		fold, rest := foldAt(text, headShown), len(text)
		if endMatters && end == "" {
			rest = len(text) - len(display.Tail(text, tailShown))
		}
		b.Head = pieces(text[:fold], marks, 0)
		b.Folded = pieces(text[fold:rest], marks, fold)
		b.FoldedSize = display.Bytes(rest - fold)
		b.Open = slices.ContainsFunc(b.Folded, func(p Piece) bool { return p.Marked })
		if rest < len(text) {
			b.Tail = pieces(text[rest:], marks, rest)
		}
	}
	if end != "" {
		b.Tail = append(b.Tail, Piece{Text: display.Text(end)})
	}
	return b
}

// foldAt returns where to fold a text: at the end of a line or a word near n.
func foldAt(text string, n int) int {
	at := len(display.Head(text, n))
	if i := strings.LastIndexByte(text[:at], '\n'); i > at/2 {
		return i + 1
	}
	if i := strings.LastIndexByte(text[:at], ' '); i > at/2 {
		return i + 1
	}
	return at
}

// within limits marks to a text of n bytes and orders them.
func within(marks []region, n int) []region {
	var kept []region
	for _, m := range marks {
		if m.to = min(m.to, n); m.from >= 0 && m.from < m.to {
			kept = append(kept, m)
		}
	}
	slices.SortFunc(kept, func(a, b region) int { return a.from - b.from })
	return kept
}

// pieces cuts a part of a text, which begins at an offset, at its marks.
func pieces(part string, marks []region, offset int) []Piece {
	var out []Piece
	at := 0
	add := func(to int, marked bool) {
		if to > at {
			out = append(out, Piece{display.Text(part[at:to]), marked})
			at = to
		}
	}
	for _, m := range marks {
		from, to := max(m.from-offset, at), min(m.to-offset, len(part))
		if from >= to {
			continue
		}
		add(from, false)
		add(to, true)
	}
	add(len(part), false)
	return out
}
