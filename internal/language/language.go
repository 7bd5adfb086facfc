// Package language recognises the language of a text by its script or by its most common words, and what in a request
// asks for another language.
package language

import (
	"math/bits"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/words"
)

// Language is a language that is recognised.
type Language uint8

// The languages.
const (
	Unknown Language = iota
	English
	German
	French
	Spanish
	Italian
	Portuguese
	Dutch
	Polish
	Swedish
	Turkish
	Cyrillic // Russian, Ukrainian, Bulgarian, …: not distinguished
	Greek
	Arabic // with Persian and Urdu
	Hebrew
	Hindi // all languages in Devanagari
	Thai
	Korean
	Japanese
	Chinese
	languages
)

// names are the names in evidence.
var names = [languages]string{
	"", "English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch", "Polish", "Swedish", "Turkish",
	"a Cyrillic script", "Greek", "an Arabic script", "Hebrew", "Hindi", "Thai", "Korean", "Japanese", "Chinese",
}

// String is the name of a language in a sentence.
func (l Language) String() string { return names[l] }

// Related reports whether texts of two languages look alike: Japanese may be written in Chinese characters only.
func Related(a, b Language) bool {
	return a == b || a+b == Japanese+Chinese && (a == Japanese || b == Japanese)
}

// common holds the most common words of the languages in Latin script: hardly any sentence lacks all of them. Words
// that languages share count for each.
var common = map[Language]string{
	English: "the of and to is in that it was for with as are be this have from or by not you which but they " +
		"we an their has been can will would there what how when your if do does my me please i can could " +
		"should about into than then so just up out its",
	German: "der die das und ist nicht ein eine einen einem einer zu den dem von mit sich auf für im auch es " +
		"an als wie aber oder wird sind werden ich sie wir kann wenn nach bei noch nur dass haben hat " +
		"über mir mein bitte warum welche du",
	French: "le la les des et est une un dans pour que qui pas sur au aux avec ce cette sont par plus vous " +
		"nous il elle être ont mais ou où leur comme du je ne se sa ses mon ma quel quelle comment " +
		"pourquoi cest jai votre",
	Spanish: "el la los las de y que en un una es por con para no se su del al como más pero sus lo este esta " +
		"son está muy hay también fue ser qué cómo mi yo tu cuál puedo o donde porque",
	Italian: "il lo la gli le di e che un una è per con non si del della dei delle nel nella sono come più ma " +
		"anche questo questa ha ho al alla dal suo sua cosa mi puoi perché quali quale o essere",
	Portuguese: "o a os as de e que um uma é por com para não se do da dos das no na em mais mas como ao seu sua " +
		"são foi está isso este esta você também ser muito meu minha qual ou quais pelo pela",
	Dutch: "de het een en van is niet dat in op te zijn voor met die aan er als ook maar om bij dan nog naar " +
		"uit wordt worden hebben heeft kan wij ik je u mijn wat hoe waarom deze dit of geen over door",
	Polish: "i w na nie się jest z do to że jak ale o po co tak za od przez dla czy są był być lub oraz może " +
		"ten ta które który mi moje jaki jest gdzie przy tego",
	Swedish: "och att det är som en ett på för med av till den inte har jag om kan men de var så vi från eller " +
		"ska när du min mitt hur vad detta också finns alla efter vara mycket",
	Turkish: "ve bir bu için ile da de ne çok daha olarak olan gibi en mi ben sen var yok değil kadar sonra " +
		"her veya ama ki nasıl neden olur benim lütfen",
}

// commonWords maps a word to the languages in which it is common, as bits.
var commonWords = func() *words.Table {
	texts := map[uint32][]string{}
	for l, list := range common {
		texts[1<<l] = []string{list}
	}
	return words.NewTable(texts)
}()

// maxWords bounds how many words of a text decide its language.
const maxWords = 256

// scriptLanguages are the languages that are recognised by their script.
var scriptLanguages = [...]struct {
	script   words.Script
	language Language
}{
	{words.Cyrillic, Cyrillic},
	{words.Greek, Greek},
	{words.Arabic, Arabic},
	{words.Hebrew, Hebrew},
	{words.Devanagari, Hindi},
	{words.Thai, Thai},
	{words.Hangul, Korean},
	{words.Kana, Japanese},
	{words.Han, Chinese},
}

// Votes counts votes for the languages of a text. A word that is common in one language only gives it two votes; a
// word that several share gives each of them one.
type Votes struct {
	votes [languages]int
	words int
}

// Of returns the votes for a language.
func (v *Votes) Of(l Language) int { return v.votes[l] }

// Count counts the votes of a text.
func Count(t *words.Text) Votes {
	v := count(t.Words[:min(len(t.Words), maxWords)])
	v.scripts(&t.Scripts)
	return v
}

// CountPart counts the votes of some words of a text.
func CountPart(t *words.Text, from, upto int) Votes {
	var scripts words.Scripts
	upto = min(upto, from+maxWords)
	for i := from; i < upto; i++ {
		if w := &t.Words[i]; w.Flags.Is(words.Foreign) {
			for _, r := range t.Source[w.Start:w.End] {
				if r >= utf8.RuneSelf {
					scripts[words.ScriptOf(r)]++
				}
			}
		}
	}
	v := count(t.Words[from:upto])
	v.scripts(&scripts)
	return v
}

func count(list []words.Word) (v Votes) {
	for i := range list {
		w := &list[i]
		if w.Flags.Is(words.Number) {
			continue
		}
		v.words++
		known := commonWords.Of(w.Hash)
		vote := 1
		if known&(known-1) == 0 {
			vote = 2
		}
		for ; known != 0; known &= known - 1 {
			v.votes[bits.TrailingZeros32(known)] += vote
		}
	}
	return v
}

// scripts adds the votes of other scripts. Three characters count as a word, two in Chinese: about the length of words.
func (v *Votes) scripts(counts *words.Scripts) {
	for _, s := range scriptLanguages {
		v.votes[s.language] = 2 * int(counts[s.script]) / 3
	}
	v.votes[Chinese] += v.votes[Chinese] / 2
	if v.votes[Japanese] > 0 { // written with Chinese characters among its own
		v.votes[Japanese] += v.votes[Chinese]
		v.votes[Chinese] = 0
	}
}

// Best returns the language of a text if it is clear: if it has at least so many votes, and a fair share of the
// words. A related language may have nearly as many: compare the votes of the two that matter with Clear.
func (v *Votes) Best(atLeast int) Language {
	best := Unknown
	for l := range languages {
		if v.votes[l] > v.votes[best] {
			best = l
		}
	}
	n := v.votes[best]
	least := v.words / 3 // one word in six is among the most common
	if best >= Cyrillic {
		least = 2 * v.words / 3
	}
	if n < max(atLeast, 1) || n < least {
		return Unknown
	}
	return best
}

// Varied reports whether several different words of a text vote for a language. Code repeats a few.
func Varied(t *words.Text, l Language) bool {
	const least = 4
	if l >= Cyrillic {
		return true
	}
	kinds := uint64(0) // bits of hashes
	for i := range t.Words[:min(len(t.Words), maxWords)] {
		if h := t.Words[i].Hash; commonWords.Of(h)>>l&1 != 0 {
			kinds |= 1 << (h & 63)
		}
	}
	return bits.OnesCount64(kinds) >= least
}

// Clear reports whether a language has three times the votes of another one.
func (v *Votes) Clear(l, other Language) bool { return v.votes[l] >= 3*v.votes[other] }
