package language

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/words"
)

func read(s string) *words.Text {
	var t words.Text
	t.Read(s)
	return &t
}

func TestBest(t *testing.T) {
	for text, want := range map[string]Language{
		"Can I return the shoes that I bought from you last week?":               English,
		"Kann ich die Schuhe, die ich bei dir gekauft habe, noch zurückgeben?":   German,
		"Est-ce que vous livrez aussi en Suisse, et comment est-ce pour le prix": French,
		"Можно ли вернуть обувь, которую я купил?":                               Cyrillic,
		"注文した商品がまだ届いていません。いつ届きますか。":                                              Japanese,
		"博物馆在公共假日的开放时间是上午十点到下午五点":                                                Chinese,
		"Aglais io, Aglais urticae, Pieris brassicae":                            Unknown,
		"": Unknown,
	} {
		v := Count(read(text))
		require.Equal(t, want, v.Best(8), text)
	}
	require.False(t, Varied(read("SELECT a.x, a.y FROM a WHERE a.x = a.y AND a.z = a.x OR a.z = a.y"), Portuguese))
	require.True(t, Varied(read("Você não pode fazer isso, mas o pedido está na loja"), Portuguese))
	require.True(t, Varied(read("да"), Cyrillic))
	require.Equal(t, "German", German.String())
	require.True(t, Related(Japanese, Chinese))
	require.False(t, Related(English, German))
}

func TestCountPart(t *testing.T) {
	text := read("Подскажите, пожалуйста, where is the house that you have from the man?")
	first, rest := CountPart(text, 0, 2), CountPart(text, 2, len(text.Words))
	require.Positive(t, first.Of(Cyrillic))
	require.Zero(t, first.Of(English))
	require.Zero(t, rest.Of(Cyrillic))
	require.Equal(t, English, rest.Best(8))
}

func TestWanted(t *testing.T) {
	for text, want := range map[string]bool{
		"locale: de-AT":                           true,
		"locale=pt_BR":                            true,
		`{"lang":"pl"}`:                           true,
		`{"targetLang": "fi"}`:                    true,
		"<html lang=\"sv\">":                      true,
		"Accept-Language: fr-CH,fr;q=0.9":         true,
		"Write es-419, please":                    true,
		"zh-Hans":                                 true,
		"sr-Latn":                                 true,
		"market: JP":                              true,
		`"country": "BR"`:                         true,
		"EN -> TR":                                true,
		"emails/welcome.pl.html":                  true,
		"locales/da.json":                         true,
		"in Hangul":                               true,
		"auf Deutsch":                             true,
		"用日语回答":                                   true,
		"영어로 답해":                                  true,
		"The language is that of the country":     true,
		"Answer in the same language":             false,
		"in the language that the customer uses":  false,
		"locale: en-US":                           false,
		`{"lang":"en"}`:                           false,
		"country: US":                             false,
		"This is a to-do list, so do it as it is": false,
		"Give it to me or to him: he is in, no?":  false,
		"see page-TO and item no. 5":              false,
		"index.js and README.md":                  false,
		"the land: is it yours?":                  false,
		"":                                        false,
	} {
		require.Equal(t, want, Wanted(read(text), English), text)
	}
	require.True(t, Wanted(read("locale: en-US"), German))
	require.False(t, Wanted(read("locale: de-AT"), German))
}

func TestAllows(t *testing.T) {
	pasted := strings.Repeat("The council has decided that the old bridge will be repaired and not torn down. ", 3)
	for request, want := range map[string]bool{
		pasted + "\n\nBitte zusammenfassen.": true,
		"Résume :\n\n" + pasted:              true,
		pasted:                               false,
		"What do you make of this?\n" + pasted + "\nCan you tell me in a few words?": false,
		"What is it?": false,
		"":            false,
	} {
		require.Equal(t, want, Allows(read(request), English, German), request)
	}
}
