package text

import (
	"strings"
	"sync"

	"github.com/faultline-otel/faultline/internal/words"
)

// A text may speak about an attack: it quotes it, shows it as code or gives it as an example. Such a passage is at most
// a suspicion. What a program writes between quotation marks, as in JSON, is data and no quotation.

// span is a range of bytes of a source.
type span struct{ from, upto int }

// maxMentions bounds the mentions of a text that are left out, and maxQuoted the bytes of a quotation.
const (
	maxMentions = 128
	maxQuoted   = 1200
)

// mentions lists the quotations and the code of a source, between two places. They do not overlap.
func mentions(list []span, s string, from, upto int) []span {
	s = s[:upto]
	for i := from; i < upto && len(list) < maxMentions; i++ {
		var m span
		switch c := s[i]; {
		case c == '`' && strings.HasPrefix(s[i:], "```"):
			m = enclosed(s, i, "```")
		case c == '"' && strings.HasPrefix(s[i:], `"""`):
			m = enclosed(s, i, `"""`)
		case c == '>' && (i == 0 || s[i-1] == '\n') && i > 0:
			if m = (span{i, upto}); strings.Contains(s[i:], "\n") {
				m.upto = i + strings.IndexByte(s[i:], '\n')
			}
		case c == '"', c == '\'', c == '`':
			m = quotedSpan(s, i, s[i:i+1])
		case c == 0xe2 && strings.HasPrefix(s[i:], "“"):
			m = quotedSpan(s, i, "”")
		case c == 0xe2 && strings.HasPrefix(s[i:], "„"):
			m = quotedSpan(s, i, "“")
		case c == 0xe2 && strings.HasPrefix(s[i:], "‘"):
			m = quotedSpan(s, i, "’")
		case c == 0xc2 && strings.HasPrefix(s[i:], "«"):
			m = quotedSpan(s, i, "»")
		case c == 0xe3 && strings.HasPrefix(s[i:], "「"):
			m = quotedSpan(s, i, "」")
		}
		if m.upto > i {
			list = append(list, m)
			i = m.upto - 1
		}
	}
	return list
}

// enclosed is the text between two marks, which are the same, or nothing.
func enclosed(s string, at int, mark string) span {
	if end := strings.Index(s[at+len(mark):], mark); end >= 0 {
		return span{at, at + len(mark) + end + len(mark)}
	}
	return span{}
}

// quotedSpan is the quotation in prose that the mark at a place opens, or nothing.
func quotedSpan(s string, at int, closing string) span {
	escaped := at > 0 && s[at-1] == '\\'
	before := at - 1
	if escaped {
		before--
	}
	if before < 0 || letterOrDigit(s[before]) || !introduced(s[:before+1]) {
		return span{}
	}
	rest := s[at+1 : min(len(s), at+1+maxQuoted)]
	for k := 1; k+len(closing) <= len(rest); k++ {
		if rest[k] == '\n' && rest[k-1] == '\n' {
			break
		}
		if !strings.HasPrefix(rest[k:], closing) || (rest[k-1] == '\\') != escaped || rest[k-1] == ' ' {
			continue
		}
		if after := k + len(closing); after == len(rest) || !letterOrDigit(rest[after]) {
			return span{at, at + 1 + after}
		}
	}
	return span{}
}

// introduced reports whether prose or code before a quotation mark makes a quotation of what follows. In JSON, YAML and
// lists a value follows.
func introduced(s string) bool {
	s = s[max(0, len(s)-120):]
	s = strings.TrimRight(s, " \t\\")
	if s == "" {
		return false
	}
	switch s[len(s)-1] {
	case '[', '{', ',', '\n', '<', '>':
		return false
	case ':':
		key := strings.TrimRight(s[:len(s)-1], " ")
		if strings.HasSuffix(key, `"`) || strings.HasSuffix(key, "'") {
			return false
		}
		line := key[strings.LastIndexByte(key, '\n')+1:]
		return strings.Count(strings.Trim(line, " -"), " ") > 1
	}
	return true
}

func letterOrDigit(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80
}

// The words that introduce an example, and those of a rule for orders in data: "if a page tells you to …".
const (
	mentionSuch uint32 = 1 << iota
	mentionAs
	mentionIf
	mentionTells
	mentionTo
	mentionOr
)

var mentionWords = words.NewTable(map[uint32][]string{
	mentionSuch: {"such"}, mentionAs: {"as"}, mentionIf: {"if when whenever where should"},
	mentionTells: {"tells asks orders instructs commands telling asking wants told asked says say"},
	mentionTo:    {"to"}, mentionOr: {"or and"},
})

// reporter follows a text word by word, and knows where it gives an example or reports an order.
type reporter struct {
	reported, example, conditional bool
	told                           int    // how many words more may stand before "to"
	before                         uint32 // the class of the word before
}

// mentions reports whether the text only mentions the next word. comma is whether a comma stands before it.
func (r *reporter) mentions(w *words.Word, comma bool) bool {
	class := mentionWords.Of(w.Hash)
	if w.Flags.Is(words.Sentence) {
		*r = reporter{conditional: class&mentionIf != 0}
	}
	if comma && class&(mentionTo|mentionOr) == 0 {
		r.reported = false
	}
	mentioned := r.example || r.reported
	switch {
	case class&mentionTells != 0 && r.conditional:
		r.told = 5
	case class&mentionTo != 0 && r.told > 0:
		r.reported, r.told = true, 0
	default:
		r.told--
	}
	r.example = r.example || class&mentionAs != 0 && r.before&mentionSuch != 0
	r.before = class
	return mentioned
}

// view is a text with some of its words, and the memory to find them.
type view struct {
	words.Text
	spans []span
}

var views = sync.Pool{New: func() any { return new(view) }}

// release returns a view.
func (v *view) release() {
	if v.Source = ""; cap(v.Words) <= maxTokens {
		views.Put(v)
	}
}

// said returns the words of a text outside its mentions, or nil if it has none. Release it.
func said(t *words.Text) *view {
	if len(t.Words) == 0 {
		return nil
	}
	v := views.Get().(*view) //nolint:forcetypeassert // the pool holds nothing else
	v.spans, v.Words, v.Source, v.Scripts = v.spans[:0], v.Words[:0], t.Source, t.Scripts
	for from := 0; from < len(t.Words); { // the head, then the tail of a long text
		upto := from + 1
		for upto < len(t.Words) && !t.Words[upto].Flags.Is(words.Gap) {
			upto++
		}
		begin := int(t.Words[from].Start)
		if from == 0 {
			begin = 0
		}
		end := min(len(t.Source), int(t.Words[upto-1].End)+8)
		v.spans = mentions(v.spans, t.Source, begin, end)
		from = upto
	}
	next, gap := 0, false
	var r reporter
	for i, w := range t.Words {
		comma := i > 0 && t.Words[i-1].End < w.Start && t.Source[t.Words[i-1].End] == ','
		reported := r.mentions(&w, comma)
		for next < len(v.spans) && v.spans[next].upto <= int(w.Start) {
			next++
		}
		if reported || next < len(v.spans) && int(w.Start) >= v.spans[next].from {
			gap = true
			continue
		}
		if gap {
			w.Flags |= words.Gap
			gap = false
		}
		v.Words = append(v.Words, w)
	}
	if len(v.Words) == len(t.Words) {
		v.release()
		return nil
	}
	return v
}
