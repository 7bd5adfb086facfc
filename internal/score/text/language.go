package text

import (
	"math/bits"
	"strings"

	"github.com/faultline-otel/faultline/internal/words"
)

// language is a language that is recognised by its script or by its most common words.
type language uint8

const (
	unknownLanguage language = iota
	english
	german
	french
	spanish
	italian
	portuguese
	dutch
	polish
	swedish
	turkish
	cyrillic // Russian, Ukrainian, Bulgarian, …: not distinguished
	greek
	arabic // with Persian and Urdu
	hebrew
	hindi // all languages in Devanagari
	thai
	korean
	japanese
	chinese
	languages
)

// names are the names in evidence.
var names = [languages]string{
	"", "English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch", "Polish", "Swedish", "Turkish",
	"a Cyrillic script", "Greek", "an Arabic script", "Hebrew", "Hindi", "Thai", "Korean", "Japanese", "Chinese",
}

// common holds the most common words of the languages in Latin script: hardly any sentence lacks all of them. Words
// that languages share count for each.
var common = map[language]string{
	english: "the of and to is in that it was for with as are be this have from or by not you which but they " +
		"we an their has been can will would there what how when your if do does my me please i can could " +
		"should about into than then so just up out its",
	german: "der die das und ist nicht ein eine einen einem einer zu den dem von mit sich auf für im auch es " +
		"an als wie aber oder wird sind werden ich sie wir kann wenn nach bei noch nur dass haben hat " +
		"über mir mein bitte warum welche du",
	french: "le la les des et est une un dans pour que qui pas sur au aux avec ce cette sont par plus vous " +
		"nous il elle être ont mais ou où leur comme du je ne se sa ses mon ma quel quelle comment " +
		"pourquoi cest jai votre",
	spanish: "el la los las de y que en un una es por con para no se su del al como más pero sus lo este esta " +
		"son está muy hay también fue ser qué cómo mi yo tu cuál puedo o donde porque",
	italian: "il lo la gli le di e che un una è per con non si del della dei delle nel nella sono come più ma " +
		"anche questo questa ha ho al alla dal suo sua cosa mi puoi perché quali quale o essere",
	portuguese: "o a os as de e que um uma é por com para não se do da dos das no na em mais mas como ao seu sua " +
		"são foi está isso este esta você também ser muito meu minha qual ou quais pelo pela",
	dutch: "de het een en van is niet dat in op te zijn voor met die aan er als ook maar om bij dan nog naar " +
		"uit wordt worden hebben heeft kan wij ik je u mijn wat hoe waarom deze dit of geen over door",
	polish: "i w na nie się jest z do to że jak ale o po co tak za od przez dla czy są był być lub oraz może " +
		"ten ta które który mi moje jaki jest gdzie przy tego",
	swedish: "och att det är som en ett på för med av till den inte har jag om kan men de var så vi från eller " +
		"ska när du min mitt hur vad detta också finns alla efter vara mycket",
	turkish: "ve bir bu için ile da de ne çok daha olarak olan gibi en mi ben sen var yok değil kadar sonra " +
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

// maxLanguageWords bounds how many words of a text decide its language.
const maxLanguageWords = 256

// scriptLanguages are the languages that are recognised by their script.
var scriptLanguages = [...]struct {
	script words.Script
	language
}{
	{words.Cyrillic, cyrillic},
	{words.Greek, greek},
	{words.Arabic, arabic},
	{words.Hebrew, hebrew},
	{words.Devanagari, hindi},
	{words.Thai, thai},
	{words.Hangul, korean},
	{words.Kana, japanese},
	{words.Han, chinese},
}

// heard counts votes for the languages of a text. A word that is common in one language only gives it two votes; a
// word that several share gives each of them one.
type heard struct {
	votes [languages]int
	words int
}

// listen counts the votes. In other scripts three characters count as a word, two in Chinese: about the length of
// words.
func listen(t *words.Text) (h heard) {
	list := t.Words[:min(len(t.Words), maxLanguageWords)]
	for i := range list {
		w := &list[i]
		if w.Flags.Is(words.Number) {
			continue
		}
		h.words++
		known := commonWords.Of(w.Hash)
		vote := 1
		if known&(known-1) == 0 {
			vote = 2
		}
		for ; known != 0; known &= known - 1 {
			h.votes[bits.TrailingZeros32(known)] += vote
		}
	}
	for _, s := range scriptLanguages {
		h.votes[s.language] = 2 * int(t.Scripts[s.script]) / 3
	}
	h.votes[chinese] += h.votes[chinese] / 2
	if h.votes[japanese] > 0 { // written with Chinese characters among its own
		h.votes[japanese] += h.votes[chinese]
		h.votes[chinese] = 0
	}
	return h
}

// language returns the language of a text if it is clear: if it has at least so many votes, a fair share of the words,
// and three times the votes of any other.
func (h *heard) language(atLeast int) language {
	best, second := unknownLanguage, 0
	for l := range languages {
		switch v := h.votes[l]; {
		case v > h.votes[best]:
			best, second = l, h.votes[best]
		case l != best && v > second:
			second = v
		}
	}
	v := h.votes[best]
	least := h.words / 3 // one word in six is among the most common
	if best >= cyrillic {
		least = 2 * h.words / 3
	}
	if v < atLeast || v < least || v < 3*second {
		return unknownLanguage
	}
	return best
}

// languageWords are words in requests for another language: names of languages, and words for translation.
var languageWords = words.NewTable(map[uint32][]string{1: {
	"translate translated translation translator translating language languages bilingual " +
		"multilingual idioma idiomas lengua langue langues sprache sprachen lingua língua taal språk " +
		"język dil",
	"übersetze übersetzen übersetzt übersetzung traduire traduis traduisez traduction traducir " +
		"traduce traduzca traducción tradurre traduci traduzione traduza traduzir tradução vertaal " +
		"vertalen przetłumacz översätt çevir",
	"english german french spanish italian portuguese dutch polish swedish turkish russian ukrainian " +
		"bulgarian greek arabic persian farsi urdu hebrew hindi thai korean japanese chinese mandarin " +
		"cantonese latin brazilian",
	"englisch englische englischen deutsch deutsche deutschen französisch spanisch italienisch " +
		"portugiesisch niederländisch polnisch russisch japanisch chinesisch",
	"anglais allemand français espagnol italien portugais russe japonais chinois inglés alemán " +
		"francés español italiano portugués ruso japonés chino inglese tedesco francese spagnolo " +
		"portoghese inglês alemão francês espanhol engels duits frans spaans angielski niemiecku engelska " +
		"tyska ingilizce almanca",
	"английский английском английски русский русском русски перевод переведи переведите 英 译 訳 翻",
}})

// namesLanguage reports whether a text mentions a language or asks for a translation.
func namesLanguage(t *words.Text) bool {
	for i := range t.Words {
		if languageWords.Of(t.Words[i].Hash) != 0 {
			return true
		}
	}
	return false
}

// quotes reports whether a text is mostly code or data, whose words do not show a language.
func quotes(text string) bool {
	if strings.Contains(text, "```") {
		return true
	}
	head := strings.TrimSpace(text[:min(len(text), 64)])
	if head, ok := strings.CutPrefix(head, "["); ok {
		return strings.IndexAny(strings.TrimSpace(head), `{["-0123456789`) == 0
	}
	return strings.HasPrefix(head, "{") || strings.HasPrefix(head, "<")
}
