package language

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/words"
)

// requestWords are words in requests for another language: names of languages and scripts, words for translation.
var requestWords = words.NewTable(map[uint32][]string{1: {
	"translate translated translation translator translating translations localise localize localised localized " +
		"localisation localization bilingual multilingual idioma idiomas lengua langue langues sprache sprachen lingua " +
		"língua taal språk język dil",
	"übersetze übersetzen übersetzt übersetzung traduire traduis traduisez traduction traducir " +
		"traduce traduzca traducción tradurre traduci traduzione traduza traduzir tradução vertaal " +
		"vertalen przetłumacz översätt çevir",
	"english german french spanish italian portuguese dutch polish swedish turkish russian ukrainian " +
		"bulgarian greek arabic persian farsi urdu hebrew hindi thai korean japanese chinese mandarin " +
		"cantonese latin brazilian danish norwegian finnish czech slovak hungarian romanian croatian serbian " +
		"slovenian catalan basque galician welsh irish icelandic vietnamese indonesian malay tagalog filipino swahili " +
		"bengali tamil telugu marathi gujarati punjabi esperanto castilian flemish",
	"englisch englische englischen deutsch deutsche deutschen französisch französische spanisch spanische italienisch " +
		"portugiesisch niederländisch polnisch russisch japanisch chinesisch türkisch schwedisch griechisch arabisch",
	"anglais allemand français espagnol italien portugais russe japonais chinois polonais inglés alemán " +
		"francés español italiano portugués ruso japonés chino polaco inglese tedesco francese spagnolo " +
		"portoghese inglês alemão francês espanhol engels duits frans spaans nederlands angielski angielsku niemiecku " +
		"polsku polski engelska tyska svenska ingilizce almanca türkçe",
	"cyrillic hangul kana kanji hiragana katakana romaji pinyin devanagari cyrl latn",
	"английский английском английски русский русском русски перевод переведи переведите українською английською " +
		"украински перекладіть переклади 英 译 訳 翻 語 语 한국어 한국어로 영어 영어로 번역 번역해 ελληνικά αγγλικά μετάφραση " +
		"עברית בעברית אנגלית באנגלית العربية بالعربية الإنجليزية بالإنجليزية ترجم ترجمة हिंदी हिन्दी अंग्रेज़ी अनुवाद",
}})

// languageWords are the words for a language, which a request to answer in the user's own one holds, too.
var languageWords = words.NewTable(map[uint32][]string{1: {"language languages"}})

// ownWords say that the language is the user's own.
var ownWords = words.NewTable(map[uint32][]string{1: {"same users user their customers customer writes uses"}})

// The keys of settings whose value is a locale, a language or a country.
const (
	localeKey uint32 = 1 << iota
	countryKey
)

var keys = words.NewTable(map[uint32][]string{
	localeKey: {"locale lang langcode languagecode langue idioma culture hl target targetlang targetlanguage " +
		"targetlocale outputlang outputlanguage userlocale userlang userlanguage language loc i18n l10n sprache ui"},
	countryKey: {"country countrycode market marketplace region land pais país pays store site"},
})

// foreign stands for any language that is not among ours.
const foreign uint32 = 1 << 31

// codes are the two and three letters that name languages.
var codes = words.NewTable(map[uint32][]string{
	1 << English: {"en eng"}, 1 << German: {"de deu ger"}, 1 << French: {"fr fra fre"}, 1 << Spanish: {"es spa"},
	1 << Italian: {"it ita"}, 1 << Portuguese: {"pt por"}, 1 << Dutch: {"nl nld dut"}, 1 << Polish: {"pl pol"},
	1 << Swedish: {"sv swe"}, 1 << Turkish: {"tr tur"}, 1 << Greek: {"el ell gre"}, 1 << Hebrew: {"he iw heb"},
	1 << Cyrillic: {"ru uk bg mk be sr kk mn ky tg rus ukr bul"}, 1 << Arabic: {"ar fa ur ara fas urd ps"},
	1 << Hindi: {"hi mr ne hin"}, 1 << Thai: {"th tha"}, 1 << Korean: {"ko kor"}, 1 << Japanese: {"ja jpn"},
	1 << Chinese: {"zh zho chi cmn yue"},
	foreign: {"da no nb nn fi is cs sk sl hr bs sq ro hu et lv lt ca gl eu oc cy ga gd mt lb fo af sw zu xh am ha ig yo " +
		"so id ms jv tl fil vi km lo my bn ta te kn ml gu pa or as si ka hy az uz tk dan nor fin ces cze hun ron vie ind"},
})

// countries are the codes of countries by their languages.
var countries = words.NewTable(map[uint32][]string{
	1 << English: {"us usa gb uk au nz ie ca za in sg ph ng ke"}, 1 << German: {"de at ch li lu deu aut che"},
	1 << French: {"fr be ch ca lu ci sn ma fra"}, 1 << Spanish: {"es mx ar co cl pe uy ec esp mex"},
	1 << Italian:    {"it ch ita"},
	1 << Portuguese: {"pt br prt bra"}, 1 << Dutch: {"nl be nld"}, 1 << Polish: {"pl pol"}, 1 << Swedish: {"se fi swe"},
	1 << Turkish: {"tr tur"}, 1 << Cyrillic: {"ru ua bg by rs kz rus ukr"}, 1 << Greek: {"gr cy"},
	1 << Arabic: {"eg sa ae ma iq jo ir pk"}, 1 << Hebrew: {"il"}, 1 << Hindi: {"in np"}, 1 << Thai: {"th"},
	1 << Korean: {"kr kor"}, 1 << Japanese: {"jp jpn"}, 1 << Chinese: {"cn tw hk sg chn"},
	foreign: {"dk no cz sk hu ro hr si ee lv lt is vn id my"},
})

// files are the ends of names of files, of which each language has its own.
var files = words.NewTable(map[uint32][]string{1: {
	"json html htm txt md mdx yml yaml po properties xml hbs mjml csv resx strings arb ftl liquid tmpl php js ts",
}})

// Wanted reports whether a text asks for another language than l: whether it names a language or a translation, or
// sets a locale, a language or a country.
func Wanted(t *words.Text, l Language) bool {
	for i := range t.Words {
		w := &t.Words[i]
		if requestWords.Of(w.Hash) != 0 || languageWords.Of(w.Hash) != 0 && !own(t.Words, i) {
			return true
		}
		if n := w.End - w.Start; n >= 2 && n <= 3 && w.Flags.Is(words.Plain) && sets(t, i, 1<<l) {
			return true
		}
	}
	return false
}

// own reports whether the words around say that the language is the user's.
func own(list []words.Word, at int) bool {
	const around = 5
	for i := max(0, at-around); i < min(len(list), at+around+1); i++ {
		if ownWords.Of(list[i].Hash) != 0 {
			return true
		}
	}
	return false
}

// sets reports whether word i is the code of another language than those in not.
func sets(t *words.Text, i int, not uint32) bool {
	list := t.Words
	w := &list[i]
	other := func(known uint32) bool { return known != 0 && known&not == 0 }
	code := other(codes.Of(w.Hash))
	if code && i+1 < len(list) {
		between, next := t.Source[w.End:list[i+1].Start], &list[i+1]
		n := next.End - next.Start
		region := n == 2 && next.Flags.Is(words.Upper) || // de-AT
			n == 3 && next.Flags.Is(words.Number) || n == 4 && next.Flags.Is(words.Capital) // es-419, zh-Hans
		if (between == "-" || between == "_") && region && !w.Flags.Is(words.Capital) {
			return true
		}
		if between == "." && files.Of(next.Hash) != 0 && w.Start > 0 && strings.IndexByte("_./-", t.Source[w.Start-1]) >= 0 {
			return true
		}
	}
	if i == 0 {
		return false
	}
	if code && codes.Of(list[i-1].Hash) != 0 {
		switch strings.TrimSpace(t.Source[list[i-1].End:w.Start]) {
		case "→", "->", "=>", ">":
			return true
		}
	}
	key, between := keys.Of(list[i-1].Hash), t.Source[list[i-1].End:w.Start]
	if key == 0 || len(between) > 6 || !strings.ContainsAny(between, ":=<>") {
		return false
	}
	value := w.Flags.Is(words.Upper) || strings.HasSuffix(between, `"`) // not a word of a sentence
	return key&localeKey != 0 && code || key&countryKey != 0 && value && other(countries.Of(w.Hash))
}

// long is how many words of a request may be more than the request itself.
const long = 24

// Allows reports whether a request that is mostly in language q may still want an answer in a: if its first or its last
// paragraph is in a, or is too short to tell while the rest is long enough to be a pasted text.
func Allows(t *words.Text, q, a Language) bool {
	list := t.Words
	first, last := len(list), 0
	for i := 1; i < len(list) && first == len(list); i++ {
		if list[i].Flags.Is(words.Line) {
			first = i
		}
	}
	for i := len(list) - 1; i > 0 && last == 0; i-- {
		if list[i].Flags.Is(words.Line) {
			last = i
		}
	}
	if len(list) > long { // the request may be a sentence of the paragraph, or stand before a colon
		for i := 1; i < first; i++ {
			if list[i].Flags.Is(words.Sentence) || strings.Contains(t.Source[list[i-1].End:list[i].Start], ": ") {
				first = i
			}
		}
		for i := len(list) - 1; i > last; i-- {
			if list[i].Flags.Is(words.Sentence) {
				last = i
			}
		}
	}
	for _, part := range [...][2]int{{0, first}, {last, len(list)}} {
		v := CountPart(t, part[0], part[1])
		if v.Of(a) > 0 && v.Of(a) >= v.Of(q) || v.Of(q) == 0 && len(list) > long {
			return true
		}
	}
	return false
}
