package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/words"
)

// DegenerateName is the key of the scorer in the scorer file.
const DegenerateName = "degenerate"

// DegenerateConfig has no settings.
type DegenerateConfig struct{}

// Degenerate finds answers without use: only marks, endless repetition, or another language than the question's. The
// outcome scorer reports answers without any character.
type Degenerate struct{ classifier }

// NewDegenerate makes the scorer.
func NewDegenerate(DegenerateConfig) (*Degenerate, error) {
	c, err := newClassifier(DegenerateName, "1", Config{})
	return &Degenerate{c}, err
}

// Score looks at the text of each answer. The score is the share of the text that is not repetition; it is 0 if the
// answer is empty or in the wrong language.
func (d *Degenerate) Score(c *genai.Call, r *score.Result) {
	if !answered(c) {
		return
	}
	value, seen := 1.0, false
	var found failure.Finding
	output := c.Output()
	for i := range output {
		m := &output[i]
		if m.Text == "" || len(m.ToolCalls) > 0 {
			continue
		}
		v, finding := d.answer(c, m.Text, r)
		if !seen || v < value {
			value, found, seen = v, finding, true
		}
	}
	if !seen {
		return
	}
	r.Add(d, value, found.Class != "")
	if found.Class != "" {
		found.Scorer = DegenerateName
		r.Find(found)
	}
}

func (d *Degenerate) answer(c *genai.Call, text string, r *score.Result) (float64, failure.Finding) {
	t := r.Words(text)
	if len(t.Words) == 0 {
		if m := strings.TrimSpace(text); m != "" && blank(m) {
			return 0, failure.Finding{
				Class: failure.BadAnswer, Detail: failure.Empty, Where: "no_text",
				Evidence: "the answer has no word, number or symbol, only marks",
			}
		}
	}
	if l, ok := repeated(t); ok && !asked(c, t, l, r) {
		return 1 - l.share, failure.Finding{
			Class: failure.BadAnswer, Detail: failure.Repetition, Where: "loop", Evidence: l.String(),
			Excerpt: failure.Excerpt(t.Of(t.Words[l.at : l.at+l.period])),
		}
	}
	if q, a, ok := mixedUp(c, t, r); ok {
		return 0, failure.Finding{
			Class: failure.BadAnswer, Detail: failure.WrongLanguage, Where: "language",
			Evidence: "the question is in " + names[q] + ", the answer in " + names[a], Excerpt: failure.Excerpt(text),
		}
	}
	return 1, failure.Finding{}
}

// blank reports whether a text without words is empty in every way: code marks and invisible characters only.
func blank(text string) bool {
	for _, r := range text {
		mark := r == '`' || r == unicode.ReplacementChar
		if !mark && !unicode.IsSpace(r) && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) {
			return false
		}
	}
	return true
}

// loop is a run of words that repeats without a break.
type loop struct {
	at, period int // its first word, and the words in one turn; 0 if characters repeat
	length     int // of all its turns, in words; in bytes if characters repeat
	share      float64
}

func (l loop) String() string {
	if l.period == 0 {
		return fmt.Sprintf("the answer ends with %d bytes of the same characters repeated", l.length)
	}
	return fmt.Sprintf("the answer repeats the same %d words %d times in a row", l.period, l.length/l.period)
}

// How many turns make a loop, by the words in a turn. Refrains, tables and lists repeat, too.
const (
	shortPeriod, shortTurns   = 8, 10
	mediumPeriod, mediumTurns = 30, 5
	longTurns                 = 3
	minLoop                   = 40 // words
	dataTurns                 = 25 // in JSON and code, which have similar records
	minCharLoop               = 200
)

// seenBits is the size of the table of word triples, as a power of two.
const seenBits = 10

// repeated finds the longest loop. It follows the distance to the last place of the same three words, which stays the
// same within a loop.
func repeated(t *words.Text) (loop, bool) {
	if l, ok := repeatedBytes(t); ok {
		return l, true
	}
	list := t.Words
	if len(list) < minLoop {
		return loop{}, false
	}
	data := quotes(t.Source)
	var seen [1 << seenBits]uint16 // the index of the last of three words, + 1
	var best loop
	distance, run, letters := 0, 0, 0
	for i := 2; i < len(list) && i < 1<<16-1; i++ {
		h := repetitionID(&list[i], data) * 0x9e3779b1
		h ^= repetitionID(&list[i-1], data)*0x85ebca6b ^ repetitionID(&list[i-2], data)
		place := h * 0x9e3779b1 >> (32 - seenBits)
		before := int(seen[place])
		d := distance // the slot may hold three other words
		if d == 0 || !sameThree(list, i, i-d, data) {
			d = i + 1 - before
			if before == 0 || !sameThree(list, i, i-d, data) {
				d = 0
			}
		}
		seen[place] = uint16(i + 1)
		if d == 0 || d != distance {
			distance, run, letters = d, 0, 0
		}
		if d == 0 {
			continue
		}
		run++
		if !list[i].Flags.Is(words.Number) {
			letters++
		}
		if run > best.length && letters*3 >= run {
			best = loop{at: i - run - d + 1, period: d, length: run}
		}
	}
	if best.period == 0 {
		return loop{}, false
	}
	best.at = max(0, best.at-2) // the start of its first three words
	best.length = min(best.length+best.period+2, len(list)-best.at)
	turns := best.length / best.period
	needed := longTurns
	switch {
	case data:
		needed = dataTurns
	case best.period < shortPeriod:
		needed = shortTurns
	case best.period < mediumPeriod:
		needed = mediumTurns
	}
	best.share = float64(best.length) / float64(len(list))
	return best, turns >= needed && best.length >= minLoop
}

// repetitionID identifies a word. Outside data all numbers are equal, so that a counter does not hide a loop.
func repetitionID(w *words.Word, data bool) uint32 {
	if !data && w.Flags.Is(words.Number) {
		return 1
	}
	return w.Hash
}

func sameThree(list []words.Word, i, j int, data bool) bool {
	for k := range 3 {
		if j-k < 0 || repetitionID(&list[i-k], data) != repetitionID(&list[j-k], data) {
			return false
		}
	}
	return true
}

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
		if n += period; n >= minCharLoop && !ruler(s[len(s)-period:]) {
			return loop{length: n, share: float64(n) / float64(len(s))}, true
		}
	}
	return loop{}, false
}

// ruler reports whether the unit draws a line, or fills a table or a form.
func ruler(unit string) bool { return strings.Trim(unit, "-=_*#.~+| \t\r\n0") == "" }

// repeatWords are words that ask for a repetition.
var repeatWords = words.Hashes(
	"repeat repeatedly repeating times again over loop wiederhole mal répète fois repite veces",
)

// asked reports whether the question asks for the repetition: it contains the words that repeat, and it has a number
// or a word for repeating, or these words form a phrase.
func asked(c *genai.Call, t *words.Text, l loop, r *score.Result) bool {
	question := c.Question()
	if question == "" || l.period == 0 || l.period > mediumPeriod {
		return false
	}
	q := r.SharedWords(question).Words
	counts := func(w words.Word) bool { return w.Flags.Is(words.Number) || slices.Contains(repeatWords, w.Hash) }
	if l.period < 3 && !slices.ContainsFunc(q, counts) {
		return false
	}
	for _, w := range t.Words[l.at : l.at+l.period] {
		there := w.Flags.Is(words.Number)
		for i := range q {
			there = there || q[i].Hash == w.Hash
		}
		if !there {
			return false
		}
	}
	return true
}

// How many votes identify a language: see heard.votes.
const (
	minQuestionVotes = 8
	minAnswerVotes   = 16
)

// mixedUp returns the languages of the question and of the answer. It reports true if both are clear and differ, and
// nothing in the conversation asks for that.
func mixedUp(c *genai.Call, answer *words.Text, r *score.Result) (q, a language, ok bool) {
	if len(answer.Words) < minAnswerVotes/2 {
		return 0, 0, false
	}
	heardAnswer := listen(answer)
	if a = heardAnswer.language(minAnswerVotes); a == unknownLanguage {
		return 0, 0, false
	}
	question := c.Question()
	if question == "" {
		return 0, 0, false
	}
	text := r.SharedWords(question)
	heardQuestion := listen(text)
	q = heardQuestion.language(minQuestionVotes)
	if q == unknownLanguage || q == a || heardQuestion.votes[a] > 3 || related(q, a) {
		return 0, 0, false
	}
	if quotes(answer.Source) || namesLanguage(text) {
		return 0, 0, false
	}
	// This is rare: another message may have asked for the language.
	if system := c.System(); system != "" && allows(r.Words(system), a) {
		return 0, 0, false
	}
	for i := range c.Input() {
		m := &c.Input()[i]
		if m.Text != "" && m.Text != question && m.Role != genai.RoleTool && allows(r.Words(m.Text), a) {
			return 0, 0, false
		}
	}
	return q, a, true
}

// allows reports whether a text asks for a language, or is in it.
func allows(t *words.Text, l language) bool {
	h := listen(t)
	return namesLanguage(t) || h.language(minQuestionVotes) == l
}

// related reports whether one language mixes these scripts: Japanese may be written in Chinese characters only.
func related(a, b language) bool {
	return a == japanese && b == chinese || a == chinese && b == japanese
}
