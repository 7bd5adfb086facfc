package assertion

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/language"
)

// codes are the ISO 639 codes of the languages that are recognised. Where a script stands for several languages, each
// of them has its code.
var codes = []struct {
	language language.Language
	codes    string
}{
	{language.English, "en"},
	{language.German, "de"},
	{language.French, "fr"},
	{language.Spanish, "es"},
	{language.Italian, "it"},
	{language.Portuguese, "pt"},
	{language.Dutch, "nl"},
	{language.Polish, "pl"},
	{language.Swedish, "sv"},
	{language.Turkish, "tr"},
	{language.Cyrillic, "ru uk bg sr mk be kk"},
	{language.Greek, "el"},
	{language.Arabic, "ar fa ur"},
	{language.Hebrew, "he"},
	{language.Hindi, "hi mr ne"},
	{language.Thai, "th"},
	{language.Korean, "ko"},
	{language.Japanese, "ja"},
	{language.Chinese, "zh"},
}

// languageOf returns the language of a code such as de or pt-BR, or of an English name.
func languageOf(word string) language.Language {
	word = strings.ToLower(word)
	code, _, _ := strings.Cut(word, "-")
	for _, c := range codes {
		if slices.Contains(strings.Fields(c.codes), code) || word == strings.ToLower(c.language.String()) {
			return c.language
		}
	}
	return language.Unknown
}

func languageCodes() []string {
	var list []string
	for _, c := range codes {
		list = append(list, strings.Fields(c.codes)...)
	}
	return list
}
