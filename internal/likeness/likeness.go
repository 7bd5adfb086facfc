// Package likeness says whether an answer may be one to a question, where nobody has said what the answer must be. It
// is weak evidence: an answer about the right subject may be wrong in every word. It tells answers from something else.
package likeness

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/language"
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/words"
)

// Question is what an answer is compared with.
type Question struct {
	// Text is the last message of the user.
	Text string
	// Around are the other texts that an answer may take words from: instructions, documents, schemas, names of tools.
	Around []string
	// Accepted are answers to the question that were good, or at least answers.
	Accepted []string
	// Wrong is the answer that failed, "" where there is none.
	Wrong string
}

// The bounds of an answer that is one.
const (
	// leastAlike is the cosine of subjects from which an answer may be one. Unrelated words are near 0 or below.
	leastAlike = 0.05
	// leastWords is how many words an answer needs that only its subject speaks for: "banana" is as near to a question
	// about bread as "Paris" is to one about France.
	leastWords = 2
	// leastKnown is how many words of a question must have a known subject before an answer without any link fails:
	// nearly everything is an answer to a request for a song.
	leastKnown = 3
	// mostWords is how many words an answer has that fails here: one about another subject in whole sentences is the
	// business of the scorer of relevance, which measures more.
	mostWords = 3
	// leastShared is the share of the words of a long answer that occur in the question or around it.
	leastShared = 0.03
	// mostStems bounds the words that are looked at.
	mostStems = 2000
)

// Likeness is what a comparison found.
type Likeness struct {
	assertion.Result
	// Linked is true where words of the answer link it to the question, or it was accepted before. Without that, the
	// subject alone speaks for it, and the same answer to other questions speaks against it.
	Linked bool
}

// Compare says whether the answer may be one: Pass where it shares words or the subject with the question, Fail where
// it shares neither with a question that has a subject, Inconclusive where nothing tells.
func Compare(answer string, q Question) Likeness {
	passes := func(why string, linked bool) Likeness {
		return Likeness{assertion.Result{Outcome: assertion.Pass, Evidence: why}, linked}
	}
	for _, accepted := range q.Accepted {
		switch {
		case strings.TrimSpace(accepted) == "":
		case Same(answer, accepted):
			return passes("it is an answer that was accepted", true)
		case heads(answer, accepted):
			return passes("it says in short what an accepted answer says", true)
		}
	}
	if Reversed(answer, q.Wrong) {
		return passes("of this answer and the one that failed, one is a yes, one a no", false)
	}
	unclear := func(why string) Likeness {
		return Likeness{assertion.Result{Outcome: assertion.Inconclusive, Evidence: why}, false}
	}
	var a words.Text
	a.Read(answer)
	left := stems(&a)
	if len(left) == 0 {
		return unclear("the answer has no word that says what it is about")
	}
	all, plain := len(left), len(left)-len(numbers(&a))
	var t words.Text
	share := func(text string) {
		t.Read(text)
		ground.Stems(&t, mostStems, func(stem uint32) { delete(left, stem) })
		for n := range numbers(&t) {
			delete(left, n)
		}
	}
	best, asked, foreign := float32(-1), 0, false
	for i, text := range append([]string{q.Text}, q.Accepted...) {
		share(text)
		alike, known, _ := ground.Alike(&t, &a)
		if i == 0 {
			asked = known
			foreign = otherLanguage(&t, &a)
		}
		if known > 0 {
			best = max(best, alike)
		}
	}
	for _, text := range q.Around {
		share(text)
	}
	shared := all - len(left)
	_, _, known := ground.Alike(&a, &a)
	switch {
	case shared > 0 && float64(shared) >= leastShared*float64(all):
		return Likeness{assertion.Result{
			Outcome:  assertion.Pass,
			Evidence: fmt.Sprintf("it shares %d of its %d words with the question and what belongs to it", shared, all),
		}, true}
	case best >= leastAlike && known > 0 && all < leastWords:
		return unclear("a single word that is not in the question is too little to tell by; add an assertion")
	case best >= leastAlike && known > 0:
		return Likeness{assertion.Result{
			Outcome: assertion.Pass, Evidence: fmt.Sprintf("its subject is like that of the question (%.2f)", best),
		}, false}
	case known == 0 || plain == 0 || structured(answer) || foreign:
		return unclear("its words occur nowhere in the question, and their subject cannot be compared")
	case asked < leastKnown || best >= leastAlike || all > mostWords || plain < all:
		return unclear("its words occur nowhere in the question, which is too little to tell by")
	}
	return Likeness{assertion.Result{
		Outcome: assertion.Fail,
		Evidence: fmt.Sprintf("none of its words occurs in the question or what belongs to it, and its subject is another "+
			"one (%.2f)", best),
	}, false}
}

// structured reports whether an answer is data or code, whose words are names of its own.
func structured(answer string) bool {
	answer = strings.TrimSpace(answer)
	return strings.HasPrefix(answer, "{") || strings.HasPrefix(answer, "[") || strings.Contains(answer, "```") ||
		strings.HasPrefix(answer, "|") || strings.HasPrefix(answer, "<")
}

// otherLanguage reports whether two texts are in different languages, as far as one can tell.
func otherLanguage(a, b *words.Text) bool {
	x, y := language.Count(a), language.Count(b)
	one, other := x.Best(1), y.Best(1)
	return one != language.Unknown && other != language.Unknown && !language.Related(one, other)
}

// stems returns the words that say what a text is about, and its numbers.
func stems(t *words.Text) map[uint32]bool {
	set := numbers(t)
	ground.Stems(t, mostStems, func(stem uint32) { set[stem] = true })
	return set
}

// numbers returns the hashes of numbers of two digits or more: small numbers are everywhere.
func numbers(t *words.Text) map[uint32]bool {
	set := map[uint32]bool{}
	for i := range t.Words {
		if w := &t.Words[i]; w.Flags.Is(words.Number) && w.End-w.Start >= 2 {
			set[w.Hash] = true
		}
	}
	return set
}

// yesNo are the words that answer a question of yes or no.
var yesNo = map[string]bool{
	"yes": true, "yep": true, "yeah": true, "no": false, "nope": false, "ja": true, "nein": false, "nee": false,
	"oui": true, "non": false, "sí": true, "si": true, "sim": true, "não": false, "tak": true, "nie": false,
	"да": true, "нет": false, "はい": true, "いいえ": false, "是": true, "不": false,
}

// Opposed reports whether one of the texts begins with a yes and the other one with a no. Such texts may have nearly
// all words in common.
func Opposed(a, b string) bool {
	first := func(text string) (says, ok bool) {
		text = strings.TrimLeftFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
		if end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }); end >= 0 {
			text = text[:end]
		}
		says, ok = yesNo[strings.ToLower(text)]
		return says, ok
	}
	aSays, aOK := first(a)
	bSays, bOK := first(b)
	return aOK && bOK && aSays != bSays
}

// Overlap returns how much two texts have in common, from 0 to 1: the harmonic mean of the shares of words that each
// has of the other. Order does not count.
func Overlap(a, b string) float64 {
	var ta, tb words.Text
	ta.Read(a)
	tb.Read(b)
	if len(ta.Words) == 0 || len(tb.Words) == 0 {
		if Same(a, b) {
			return 1
		}
		return 0
	}
	count := make(map[uint32]int, len(ta.Words))
	for i := range ta.Words {
		count[ta.Words[i].Hash]++
	}
	both := 0
	for i := range tb.Words {
		if h := tb.Words[i].Hash; count[h] > 0 {
			count[h]--
			both++
		}
	}
	return 2 * float64(both) / float64(len(ta.Words)+len(tb.Words))
}
