package text

import (
	"strings"
	"unicode"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/language"
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
	c, err := newClassifier(DegenerateName, "2", Config{})
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
	if l, ok := repeated(t, cut(c)); ok && !asked(c, t, l, r) {
		return 1 - l.share, failure.Finding{
			Class: failure.BadAnswer, Detail: failure.Repetition, Where: "loop", Evidence: l.String(),
			Excerpt: failure.Excerpt(t.Of(t.Words[l.at : l.at+l.period])),
		}
	}
	if q, a, ok := mixedUp(c, t, r); ok {
		return 0, failure.Finding{
			Class: failure.BadAnswer, Detail: failure.WrongLanguage, Where: "language",
			Evidence: "the question is in " + q.String() + ", the answer in " + a.String(), Excerpt: failure.Excerpt(text),
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

// How many votes identify a language: see language.Votes.
const (
	minQuestionVotes = 8
	minAnswerVotes   = 16
	maxStrayVotes    = 3 // of the answer's language in the question

	headOfQuestion = 64 // words
)

// mixedUp returns the languages of the question and of the answer. It reports true if both are clear and differ, and
// nothing in the conversation asks for that.
func mixedUp(c *genai.Call, answer *words.Text, r *score.Result) (q, a language.Language, ok bool) {
	if len(answer.Words) < minAnswerVotes/2 {
		return 0, 0, false
	}
	answered := language.Count(answer)
	if a = answered.Best(minAnswerVotes); a == language.Unknown {
		return 0, 0, false
	}
	question := c.Question()
	if question == "" {
		return 0, 0, false
	}
	text := r.SharedWords(question)
	if a < language.Cyrillic { // its votes are words: most questions show in the first that the language is the same
		head := language.CountPart(text, 0, min(len(text.Words), headOfQuestion))
		if head.Of(a) > maxStrayVotes {
			return 0, 0, false
		}
	}
	asked := language.Count(text)
	q = asked.Best(minQuestionVotes)
	if q == language.Unknown || language.Related(q, a) ||
		asked.Of(a) > maxStrayVotes || !asked.Clear(q, a) || !answered.Clear(a, q) {
		return 0, 0, false
	}
	if structured(answer.Source) || strings.Contains(answer.Source, "```") || quotation(question) ||
		!language.Varied(answer, a) || language.Allows(text, q, a) || language.Wanted(text, q) {
		return 0, 0, false
	}
	// This is rare: another message may have asked for the language.
	if system := c.System(); system != "" && allows(r.Words(system), q, a) {
		return 0, 0, false
	}
	for i := range c.Input() {
		m := &c.Input()[i]
		if m.Text != "" && m.Text != question && m.Role != genai.RoleTool && allows(r.Words(m.Text), q, a) {
			return 0, 0, false
		}
	}
	return q, a, true
}

// allows reports whether a message asks for another language than the question's, or is in the answer's.
func allows(t *words.Text, q, a language.Language) bool {
	v, least := language.Count(t), minQuestionVotes
	if a != language.English { // in which instructions are written for any language
		least /= 2
	}
	return language.Wanted(t, q) || v.Best(least) == a
}

// quotation reports whether a text is a line that somebody says, as in a story: it does not address the model.
func quotation(text string) bool {
	const mostSpeaker = 64 // bytes
	text = strings.TrimSpace(text)
	for _, marks := range [...][2]string{{"「", "」"}, {"『", "』"}, {"“", "”"}, {"«", "»"}, {`"`, `"`}} {
		if at := strings.Index(text, marks[0]); at >= 0 && at <= mostSpeaker && strings.HasSuffix(text, marks[1]) {
			return true
		}
	}
	return false
}

// structured reports whether a text is data or mark-up, whose words do not show a language.
func structured(text string) bool {
	head := strings.TrimSpace(text[:min(len(text), 64)])
	if head, ok := strings.CutPrefix(head, "["); ok {
		return strings.IndexAny(strings.TrimSpace(head), `{["-0123456789`) == 0
	}
	return strings.HasPrefix(head, "{") || strings.HasPrefix(head, "<")
}
