package transcript

import (
	"html/template"
	"slices"
	"strconv"
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
	Size               string // of the whole text
	Open               bool   // a mark is in the folded part
	Dropped            string // how much is not shown
	Code               bool
	Markdown           template.HTML // the same text as Markdown, "" where it has none
}

// Piece is a run of text. It is marked where it shows evidence, with the numbers of the findings, or what was searched.
type Piece struct {
	Text    string
	Marked  bool
	Maybe   bool // only suspicions are marked here
	Hit     bool
	Numbers []Number
	ID      string // of the first mark of a finding
}

// Number is that of a finding. Maybe is true for a suspicion.
type Number struct {
	N     int
	Maybe bool
}

// region is a part of a text by byte offsets, and what it shows.
type region struct {
	from, to int
	numbers  []int
	hit      bool
}

// writer makes blocks, and only short ones once the page is full.
type writer struct {
	left   int
	words  []string // to be marked, in lower case
	placed map[int]bool
	maybe  map[int]bool // numbers of suspicions
}

func newWriter(words []string) *writer {
	w := &writer{left: maxPage, placed: map[int]bool{}, maybe: map[int]bool{}}
	for _, word := range words[:min(len(words), maxHits)] {
		if word = lower(word); len(word) > 1 {
			w.words = append(w.words, word)
		}
	}
	return w
}

// maxHits bounds the words that are marked, and the marks of one text.
const maxHits = 32

// hits finds the words of the search, where nothing else is marked.
func (w *writer) hits(text string, marks []region) []region {
	if len(w.words) == 0 {
		return marks
	}
	text = lower(text)
	n := 0
	for _, word := range w.words {
		for at := 0; n < maxHits; {
			i := strings.Index(text[at:], word)
			if i < 0 {
				break
			}
			r := region{from: at + i, to: at + i + len(word), hit: true}
			at = r.to
			if !slices.ContainsFunc(marks, func(o region) bool { return r.from < o.to && o.from < r.to }) {
				marks = append(marks, r)
				n++
			}
		}
	}
	return marks
}

// text shows prose. endMatters keeps its end visible.
func (w *writer) text(text string, marks []region, endMatters bool) *Block {
	return w.block(text, marks, endMatters, false)
}

// data shows arguments, results and answers in JSON. It lays JSON out in lines of about width bytes and leaves other
// texts unchanged. marked finds the regions to mark in the laid out text.
func (w *writer) data(text string, width int, marked func(text string, isJSON bool) []region) *Block {
	text, isJSON := layOut(text, width)
	return w.block(text, marked(text, isJSON), false, true)
}

// value is data in one half of a card.
func (w *writer) value(v genai.Value, marked func(text string, isJSON bool) []region) *Block {
	return w.data(v.Text, cardLine, marked)
}

func (w *writer) block(text string, marks []region, endMatters, code bool) *Block {
	limit := min(maxShown, max(w.left, leastShown))
	b := &Block{Code: code, Size: display.Bytes(len(text))}
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
	marks = w.hits(text, within(marks, len(text)))
	slices.SortStableFunc(marks, func(a, b region) int { return a.from - b.from })
	if len(text) <= foldedFrom {
		b.Head = w.pieces(text, marks, 0)
	} else {
		fold, rest := foldAt(text, headShown), len(text)
		if endMatters && end == "" {
			rest = len(text) - len(display.Tail(text, tailShown))
		}
		b.Head = w.pieces(text[:fold], marks, 0)
		b.Folded = w.pieces(text[fold:rest], marks, fold)
		b.FoldedSize = display.Bytes(rest - fold)
		b.Open = slices.ContainsFunc(b.Folded, func(p Piece) bool { return p.Marked })
		if rest < len(text) {
			b.Tail = w.pieces(text[rest:], marks, rest)
		}
	}
	if !code && b.Dropped == "" {
		b.Markdown = markdown(text, marks)
		w.left -= len(b.Markdown)
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
	slices.SortStableFunc(kept, func(a, b region) int { return a.from - b.from })
	var out []region
	for _, m := range kept { // findings that show the same place share its mark
		if n := len(out) - 1; n >= 0 && out[n].from == m.from && out[n].to == m.to {
			for _, number := range m.numbers {
				if !slices.Contains(out[n].numbers, number) {
					out[n].numbers = append(out[n].numbers, number)
				}
			}
			continue
		}
		out = append(out, m)
	}
	return out
}

// pieces cuts a part of a text, which begins at an offset, at its marks.
func (w *writer) pieces(part string, marks []region, offset int) []Piece {
	var out []Piece
	at := 0
	add := func(to int, p Piece) {
		if to > at {
			p.Text = display.Text(part[at:to])
			out = append(out, p)
			at = to
		}
	}
	for _, m := range marks {
		from, to := max(m.from-offset, at), min(m.to-offset, len(part))
		if from >= to {
			continue
		}
		add(from, Piece{})
		p := Piece{Marked: !m.hit, Hit: m.hit}
		for _, n := range m.numbers {
			if n == 0 {
				continue
			}
			p.Numbers = append(p.Numbers, Number{n, w.maybe[n]})
			if !w.placed[n] {
				w.placed[n] = true
				p.ID = "e" + strconv.Itoa(n)
			}
		}
		p.Maybe = len(p.Numbers) > 0 && !slices.ContainsFunc(p.Numbers, func(n Number) bool { return !n.Maybe })
		add(to, p)
	}
	add(len(part), Piece{})
	return out
}
