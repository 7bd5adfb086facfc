package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/words"
)

// loop is a run of words that repeats without a break.
type loop struct {
	at, period int  // its first word, and the words in one turn; 0 if characters repeat
	length     int  // of all its turns, in words; in characters if they repeat
	counted    bool // a counter differs from turn to turn
	share      float64
}

func (l loop) String() string {
	if l.period == 0 {
		return fmt.Sprintf("the answer ends with %d times the same characters", l.length)
	}
	s := fmt.Sprintf("the answer repeats the same %d words %d times in a row", l.period, l.length/l.period)
	if l.counted {
		s += ", with a counter"
	}
	return s
}

// How many turns make a loop, by the words in a turn. Refrains and lists repeat, too.
const (
	shortPeriod, shortTurns   = 8, 10
	mediumPeriod, mediumTurns = 30, 5
	longTurns                 = 3  // if they are most of the text, otherwise one more
	minLoop                   = 40 // words
	// Rows of data have similar neighbours: JSON, code, tables, and lines of few words.
	dataTurns   = 25
	minCounted  = 5   // words in a turn with a counter: lists may give the same short answer to several questions
	rowTurns    = 10  // items of a list, and lines of some words
	minCharLoop = 200 // bytes
	maxRuler    = 1000
)

// mostly is the share that is most of a text.
const mostly = 0.5

// turns is how many turns of a loop are a failure.
func (l loop) turns(t *words.Text) int {
	first := &t.Words[l.at]
	lines := 0
	for _, w := range t.Words[l.at+l.period : min(l.at+2*l.period, len(t.Words))] {
		if w.Flags.Is(words.Line) {
			lines++
		}
	}
	row := lines == 1
	switch short := l.period < shortPeriod; {
	case data(t.Source, int(first.Start)), short && (row || l.counted):
		return dataTurns
	case short:
		return shortTurns
	case l.counted, row && l.period < 2*shortPeriod:
		return rowTurns
	case l.period < mediumPeriod:
		return mediumTurns
	}
	return longTurns
}

// data reports whether a place in a text is within data or a block of code.
func data(text string, at int) bool {
	return structured(text) || strings.Count(text[:at], "```")%2 == 1
}

// seenBits is the size of the table of word triples, as a power of two.
const seenBits = 10

// maxTokens is how many words of a text are looked at. A text that is read has no more: see words.MaxHead.
const maxTokens = 1 << 13

// repeated finds the longest loop. It follows the distance to the last place of the same three words, which stays the
// same within a loop. At least half of the words have no digit. Numbers must be the same, too, unless they count the
// turns: see counter. cut says that a limit ended the text.
func repeated(t *words.Text, cut bool) (loop, bool) {
	if l, ok := repeatedBytes(t); ok {
		return l, true
	}
	list := t.Words
	if len(list) < minLoop {
		return loop{}, false
	}
	c := counter{text: t, cut: cut}
	var seen [1 << seenBits]uint16 // the index of the last of three words, + 1
	var best loop
	distance, run, plain, counters := 0, 0, 0, 0
	var one, two uint32
	for i := range list[:min(len(list), maxTokens)] {
		three := list[i].Hash
		if list[i].Flags.Is(words.Number) && c.counts(i) {
			c.mark(i)
			three = 1
		}
		h := three*0x9e3779b1 ^ two*0x85ebca6b ^ one
		one, two = two, three
		if i < 2 {
			continue
		}
		place := h * 0x9e3779b1 >> (32 - seenBits)
		before := int(seen[place])
		seen[place] = uint16(i + 1)
		d := distance // the slot may hold three other words
		if d == 0 || !c.sameThree(i, i-d) {
			d = i + 1 - before
			if before == 0 || !c.sameThree(i, i-d) {
				distance = 0
				continue
			}
		}
		if d != distance {
			distance, run, plain, counters = d, 0, 0, 0
		}
		run++
		if !list[i].Flags.Is(words.Digit) {
			plain++
		} else if list[i].Hash != list[i-d].Hash {
			counters++
		}
		if run > best.length && plain*2 >= run {
			best = loop{at: i - run - d + 1, period: d, length: run, counted: counters > 0}
		}
	}
	if best.period == 0 || best.counted && best.period < minCounted {
		return loop{}, false
	}
	best.at = max(0, best.at-2) // the start of its first three words
	best.length = min(best.length+best.period+2, len(list)-best.at)
	best.share = float64(best.length) / float64(len(list))
	turns, needed := best.length/best.period, best.turns(t)
	if needed == longTurns && best.share < mostly {
		needed++
	}
	return best, best.length >= minLoop && turns >= needed
}

// counter tells the numbers that only count turns from those that say something.
type counter struct {
	text  *words.Text
	cut   bool                   // a limit ended the text
	marks [maxTokens / 64]uint64 // the words that are counters, which are all equal
	last  int                    // the last number, + 1
}

func (c *counter) mark(i int)        { c.marks[i/64] |= 1 << (i % 64) }
func (c *counter) marked(i int) bool { return c.marks[i/64]>>(i%64)&1 != 0 }

func (c *counter) same(i, j int) bool {
	return c.text.Words[i].Hash == c.text.Words[j].Hash || c.marked(i) && c.marked(j)
}

func (c *counter) sameThree(i, j int) bool {
	return j >= 2 && c.same(i, j) && c.same(i-1, j-1) && c.same(i-2, j-2)
}

// counts reports whether number i is a counter: it begins an item of a list, or numbers a part of the text, or it
// follows the number before it in a paragraph that only a limit ended. Other numbers that count up name a row.
func (c *counter) counts(i int) bool {
	t := c.text
	w := &t.Words[i]
	before := c.last
	c.last = i + 1
	if rest := t.Source[w.End:]; w.Flags.Is(words.Line) &&
		(strings.HasPrefix(rest, ". ") || strings.HasPrefix(rest, ") ") || strings.HasPrefix(rest, ".** ")) {
		return true
	}
	if i > 0 && partWords.Of(t.Words[i-1].Hash) != 0 {
		return true
	}
	if !c.cut || before == 0 {
		return false
	}
	value, ok := integer(t.Of(t.Words[i : i+1]))
	if previous, known := integer(t.Of(t.Words[before-1 : before])); !ok || !known || value != previous+1 {
		return false
	}
	return !slices.ContainsFunc(t.Words[before:i+1], func(w words.Word) bool { return w.Flags.Is(words.Line) })
}

// integer reads a whole number of few digits.
func integer(s string) (n int, ok bool) {
	if len(s) > 9 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}

// partWords name the parts of a text that authors number. Their number says nothing about the world, unlike that of a
// row, a week or an order.
var partWords = words.NewTable(map[uint32][]string{1: {
	"step point tip part idea reason option example fact rule note section chapter paragraph sentence attempt try",
	"schritt punkt tipp teil idee grund beispiel regel abschnitt kapitel versuch étape conseil raison exemple règle " +
		"paso punto consejo razón ejemplo regla passo dica",
}})

// repeatedBytes finds characters that repeat at the end of a text.
func repeatedBytes(t *words.Text) (loop, bool) {
	s := strings.TrimRight(t.Source, " \t\r\n")
	after := 0 // the start of the last word: that word or the text after it repeats
	if n := len(t.Words); n > 0 {
		after = int(t.Words[n-1].Start)
	}
	if len(s)-after < minCharLoop {
		return loop{}, false
	}
	for period := 1; period <= 8; period++ {
		n := 0
		for i := len(s) - 1; i >= period && s[i] == s[i-period]; i-- {
			n++
		}
		if n += period; n < minCharLoop {
			continue
		}
		run := s[len(s)-n:]
		if ruler(s[:len(s)-n], run, run[n-period:]) {
			return loop{}, false
		}
		return loop{length: utf8.RuneCountInString(run), share: float64(n) / float64(len(s))}, true
	}
	return loop{}, false
}

// ruler reports whether a run draws a line, or fills a table or a form: of characters to draw with, or of any sign on a
// line of its own below some text.
func ruler(before, run, unit string) bool {
	if strings.ContainsRune(unit, '\n') || strings.Trim(unit, "0 ") == "" {
		return strings.IndexFunc(unit, func(r rune) bool { return !draws(r) }) < 0
	}
	if utf8.RuneCountInString(run) > maxRuler {
		return false
	}
	if strings.IndexFunc(unit, func(r rune) bool { return !draws(r) }) < 0 {
		return true
	}
	above := strings.TrimRight(before, " \t>*_")
	return strings.HasSuffix(above, "\n") && !strings.ContainsFunc(unit, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	})
}

// draws reports whether a character serves to draw. Half a character at the edge of a unit counts.
func draws(r rune) bool {
	return r < utf8.RuneSelf && strings.ContainsRune("-=_*#.~+|/\\^<>:0 \t\r\n", r) || r == unicode.ReplacementChar ||
		unicode.Is(unicode.Pd, r) || unicode.IsSpace(r) || r == '·' || r == '•' || r == '…' || r == '¯' || r == '⋯' ||
		r >= 0x2500 && r <= 0x25ff // boxes, blocks, shapes
}

// repeatWords are words that ask for a repetition.
var repeatWords = words.NewTable(map[uint32][]string{1: {
	"repeat repeats repeated repeatedly repeating times time again over loop lines copies chant echo forever fill",
	"wiederhole wiederholen mal zeilen répète répéter répétez fois repite repita repetir veces repeti ripeti volte " +
		"repita repete vezes herhaal keer powtórz razy upprepa gånger tekrarla kez повтори повторите раз " +
		"回 次 遍 번 반복 كرر مرات मर बार",
}})

// signWords ask for characters. A number says how many.
var signWords = words.NewTable(map[uint32][]string{1: {
	"letter letters character characters char chars string digit digits symbol symbols emoji emojis hearts stars dots " +
		"dashes buchstaben zeichen caractères lettres caracteres letras caratteri lettere 字 文字",
}})

// songWords ask for a text with a refrain.
var songWords = words.NewTable(map[uint32][]string{1: {
	"song songs lyrics chorus refrain chant mantra lullaby hymn shanty litany lied liedtext chanson canción canzone " +
		"música piosenka песня песню",
}})

// songTurns is how many times as many turns a song may have.
const songTurns = 2

// asked reports whether a message asks for the repetition: it holds the words that repeat, and a number or a word for
// repeating, or it asks for a song.
func asked(c *genai.Call, t *words.Text, l loop, r *score.Result) bool {
	if system := c.System(); system != "" && l.asked(t, r.Words(system)) {
		return true
	}
	input := c.Input()
	for i := max(0, len(input)-maxAsking); i < len(input); i++ {
		m := &input[i]
		if m.Text != "" && (m.Role == genai.RoleUser || m.Role == genai.RoleSystem) && l.asked(t, r.SharedWords(m.Text)) {
			return true
		}
	}
	return false
}

// maxAsking is how many of the last messages may ask for a repetition.
const maxAsking = 16

func (l loop) asked(t, q *words.Text) bool {
	if l.period == 0 {
		wants := func(w words.Word) bool { return signWords.Of(w.Hash) != 0 }
		return slices.ContainsFunc(q.Words, wants) &&
			slices.ContainsFunc(q.Words, func(w words.Word) bool { return w.Flags.Is(words.Number) })
	}
	turn := t.Words[l.at : l.at+l.period]
	in := func(list []words.Word, hash uint32) bool {
		return slices.ContainsFunc(list, func(w words.Word) bool { return w.Hash == hash })
	}
	repeats, song := false, false
	for i := range q.Words {
		w := &q.Words[i]
		repeats = repeats || repeatWords.Of(w.Hash) != 0 || w.Flags.Is(words.Number) && !in(turn, w.Hash)
		song = song || songWords.Of(w.Hash) != 0
	}
	if song && l.length/l.period < songTurns*l.turns(t) {
		return true
	}
	return repeats && !slices.ContainsFunc(turn, func(w words.Word) bool {
		return !w.Flags.Is(words.Number) && !in(q.Words, w.Hash)
	})
}

// cut reports whether the model wrote until a limit stopped it.
func cut(c *genai.Call) bool { return slices.Contains(c.FinishReasonsCanonical, provider.FinishLength) }
