package ground

import (
	"math/bits"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/language"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/words"
)

// fewShared is the share of the question's words in an answer at which it may be in another language, or be data.
const fewShared = 0.5

// rows reports whether a text is rows of records: lines that hold the same few words. What they are about stands in the
// numbers and names.
func rows(t *words.Text) bool {
	const (
		minLines  = 4
		most      = 256 // words to look at
		sameShare = 4   // a quarter of the words are different ones
	)
	var kinds [16]uint64
	lines, all := 0, 0
	for i := range t.Words[:min(len(t.Words), most)] {
		w := &t.Words[i]
		if w.Flags.Is(words.Line) {
			lines++
		}
		if !w.Flags.Is(words.Digit) {
			all++
			kinds[w.Hash/64%16] |= 1 << (w.Hash % 64)
		}
	}
	different := 0
	for _, k := range kinds {
		different += bits.OnesCount64(k)
	}
	return lines >= minLines && different*sameShare <= all
}

// How many votes identify a language here: see language.Votes. A verdict needs more.
const (
	minQuestionVotes = 4
	minAnswerVotes   = 6
)

// foreign reports whether an answer is in another language than the question. Their words cannot be compared then. If
// the request asks for another language, an answer counts as foreign that is not clearly in the question's.
func foreign(c *genai.Call, q, t *words.Text, r *score.Result) bool {
	asked, answered := language.Count(q), language.Count(t)
	from, to := asked.Best(minQuestionVotes), answered.Best(minAnswerVotes)
	if from != language.Unknown && to != language.Unknown {
		return !language.Related(from, to) && asked.Clear(from, to) && answered.Clear(to, from) && language.Varied(t, to)
	}
	if language.Wanted(q, from) {
		return true
	}
	if system := c.System(); system != "" && language.Wanted(r.Words(system), from) {
		return true
	}
	for i, input := 0, c.Input(); i < len(input); i++ {
		if m := &input[i]; m.Role == genai.RoleSystem && m.Text != "" && language.Wanted(r.SharedWords(m.Text), from) {
			return true
		}
	}
	return false
}
