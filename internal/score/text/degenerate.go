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

// Degenerate finds answers that are no answers: nothing but marks, the same over and over, another language than the
// question's. What holds no character at all is reported by the scorer of outcomes.
type Degenerate struct{ classifier }

// NewDegenerate makes the scorer.
func NewDegenerate(DegenerateConfig) (*Degenerate, error) {
	c, err := newClassifier(DegenerateName, "1", Config{})
	return &Degenerate{c}, err
}

// Score looks at the text of each answer. The score is the share of it that is no repetition, 0 where it is empty or in a
// wrong language.
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
			return 0, failure.Finding{Class: failure.BadAnswer, Detail: failure.Empty, Where: "no_text", Evidence: "the answer holds no word, number or symbol, only marks"}
		}
	}
	if l, ok := repeated(t); ok && !asked(c, t, l, r) {
		return 1 - l.share, failure.Finding{
			Class: failure.BadAnswer, Detail: failure.Repetition, Where: "loop", Evidence: l.String(), Excerpt: failure.Excerpt(t.Of(t.Words[l.at : l.at+l.period])),
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

// blank reports whether a text that has no word says nothing in another way either: marks of code, invisible characters.
func blank(text string) bool {
	for _, r := range text {
		if r != '`' && r != unicode.ReplacementChar && !unicode.IsSpace(r) && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) {
			return false
		}
	}
	return true
}

// loop is a run of words that repeats itself without a break.
type loop struct {
	at, period int // its first word, and how many words until it begins again; 0 where characters repeat
	length     int // of all its turns, in words, or in bytes where characters repeat
	share      float64
}

func (l loop) String() string {
	if l.period == 0 {
		return fmt.Sprintf("the answer ends in the same characters over and over, %d bytes of them", l.length)
	}
	return fmt.Sprintf("the answer says the same %d words %d times in a row", l.period, l.length/l.period)
}

// How often what was said is said again, until that is a loop: refrains, tables and lists repeat themselves too.
const (
	shortPeriod, shortTurns   = 8, 10
	mediumPeriod, mediumTurns = 30, 5
	longTurns                 = 3
	minLoop                   = 40 // words
	dataTurns                 = 25 // in JSON and code, where records are alike
	minCharLoop               = 200
)

// seenBits says how many places there are to remember where three words stood.
const seenBits = 10

// repeated finds the longest loop. It follows how far back the same three words stood last: within a loop that distance
// stays the same.
func repeated(t *words.Text) (loop, bool) {
	if l, ok := repeatedBytes(t); ok {
		return l, true
	}
	list := t.Words
	if len(list) < minLoop {
		return loop{}, false
	}
	data := quotes(t.Source)
	var seen [1 << seenBits]uint16 // the place of the last of three words, + 1
	var best loop
	distance, run, letters := 0, 0, 0
	for i := 2; i < len(list) && i < 1<<16-1; i++ {
		h := repetitionID(&list[i], data)*0x9e3779b1 ^ repetitionID(&list[i-1], data)*0x85ebca6b ^ repetitionID(&list[i-2], data)
		place := h * 0x9e3779b1 >> (32 - seenBits)
		before := int(seen[place])
		d := distance // what stands in the slot may be three other words
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
	best.at = max(0, best.at-2) // where its first three words began
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

// repetitionID is what a word is compared by. Outside data a counter makes no difference: 1. the same 2. the same.
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
	after := 0 // where the last word begins: what repeats is that word, or what follows it
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

// ruler reports whether what repeats draws a line, or fills a table or a form.
func ruler(unit string) bool { return strings.Trim(unit, "-=_*#.~+| \t\r\n0") == "" }

// repeatWords are those that ask for a repetition.
var repeatWords = words.Hashes("repeat repeatedly repeating times again over loop wiederhole mal répète fois repite veces")

// asked reports whether the repetition was asked for: what repeats stands in the question, which gives a number, speaks of
// repeating, or holds a phrase of some length.
func asked(c *genai.Call, t *words.Text, l loop, r *score.Result) bool {
	question := c.Question()
	if question == "" || l.period == 0 || l.period > mediumPeriod {
		return false
	}
	q := r.SharedWords(question).Words
	if l.period < 3 && !slices.ContainsFunc(q, func(w words.Word) bool { return w.Flags.Is(words.Number) || slices.Contains(repeatWords, w.Hash) }) {
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

// How much tells a language, in the unit of heard.votes.
const (
	minQuestionVotes = 8
	minAnswerVotes   = 16
)

// mixedUp tells the languages of the question and of the answer, where they are plain, differ, and nothing in the conversation
// asks for it.
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
	if q == unknownLanguage || q == a || heardQuestion.votes[a] > 3 || related(q, a) || quotes(answer.Source) || namesLanguage(text) {
		return 0, 0, false
	}
	// From here on it is rare: whatever else was said may have asked for that language.
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

// related are scripts that one language mixes: Japanese may be written with Chinese characters alone.
func related(a, b language) bool {
	return a == japanese && b == chinese || a == chinese && b == japanese
}
