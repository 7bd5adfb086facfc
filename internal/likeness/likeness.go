// Package likeness says whether an answer may be one to a question, where nobody has said what the answer must be. It
// is weak evidence: an answer about the right subject may be wrong in every word. It tells answers from something else.
package likeness

import (
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/assertion"
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
}

// The bounds of an answer that is one.
const (
	// leastAlike is the cosine of subjects from which an answer may be one. Unrelated words are near 0 or below.
	leastAlike = 0.05
	// leastShared is the share of the words of a long answer that occur in the question or around it.
	leastShared = 0.03
	// mostStems bounds the words that are looked at.
	mostStems = 2000
)

// Compare says whether the answer may be one: Pass where it shares words or the subject with the question, Fail where
// it shares neither, Inconclusive where it has no word to tell by.
func Compare(answer string, q Question) assertion.Result {
	for _, accepted := range q.Accepted {
		if strings.TrimSpace(accepted) != "" && Same(answer, accepted) {
			return assertion.Result{Outcome: assertion.Pass, Evidence: "it is an answer that was accepted"}
		}
	}
	var a words.Text
	a.Read(answer)
	own := stems(&a)
	if len(own) == 0 {
		return assertion.Result{
			Outcome: assertion.Inconclusive, Evidence: "the answer has no word that says what it is about",
		}
	}
	shared := 0
	left := own
	best, known := float32(-1), 0
	var t words.Text
	texts := append([]string{q.Text}, q.Accepted...)
	for i, text := range append(texts, q.Around...) {
		t.Read(text)
		ground.Stems(&t, mostStems, func(stem uint32) {
			if left[stem] {
				delete(left, stem)
				shared++
			}
		})
		for n := range numbers(&t) {
			if left[n] {
				delete(left, n)
				shared++
			}
		}
		if i < len(texts) {
			if alike, both := ground.Alike(&t, &a); both > 0 {
				best, known = max(best, alike), known+both
			}
		}
	}
	all := shared + len(left)
	switch {
	case shared > 0 && float64(shared) >= leastShared*float64(all):
		return assertion.Result{
			Outcome:  assertion.Pass,
			Evidence: fmt.Sprintf("it shares %d of its %d words with the question and what belongs to it", shared, all),
		}
	case known == 0:
		return assertion.Result{
			Outcome: assertion.Inconclusive, Evidence: "its words occur nowhere in the question, and their subject is not known",
		}
	case best >= leastAlike:
		return assertion.Result{
			Outcome: assertion.Pass, Evidence: fmt.Sprintf("its subject is like that of the question (%.2f)", best),
		}
	}
	return assertion.Result{
		Outcome: assertion.Fail,
		Evidence: fmt.Sprintf("it shares %d of its %d words with the question and what belongs to it, and its subject is another "+
			"one (%.2f)", shared, all, best),
	}
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

// Same reports whether two texts are equal but for case and white space.
func Same(a, b string) bool {
	if len(a) > 2*len(b)+64 || len(b) > 2*len(a)+64 {
		return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
	}
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
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
