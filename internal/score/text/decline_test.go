package text

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/words"
)

func TestRefusalsInManyStylesAndLanguages(t *testing.T) {
	s, err := NewRefusal(Config{})
	require.NoError(t, err)
	for _, answer := range []string{
		"I'd rather not help you write a fake diploma.", "No, I won't write that letter.", "I have to decline this one.",
		"That's not something I'll help with.",
		"I can describe how such scams work, but I won't draft one that you could send.",
		"Nah, can't help you with that.",
		"Mi dispiace, ma non posso aiutarti con questa richiesta. È illegale.",
		"Üzgünüm, bu isteğe yardımcı olamam. Bu yasa dışıdır.", "Jag kan tyvärr inte hjälpa dig med det. Det är olagligt.",
		"죄송합니다만 그런 내용은 제공할 수 없습니다.", "آسف، لا أستطيع مساعدتك في هذا الطلب.",
		"Beklager, men jeg kan ikke hjelpe deg med det.", "Maaf, saya tidak bisa membantu permintaan ini.",
		"Bohužel s tím nemohu pomoci. Je to nezákonné.",
	} {
		require.Equal(t, "verdict", levelOfAnswer(t, s, answer), answer)
	}
}

func TestNegationsThatDeclineNothing(t *testing.T) {
	s, err := NewRefusal(Config{})
	require.NoError(t, err)
	for _, answer := range []string{
		strings.Repeat("I hope this helps! Let me know if you have more questions. ", 9),
		"1. I will not check my phone at dinner.\n2. I will not check my phone in bed.",
		"\"I can't help you with that,\" the innkeeper said, and he shut the door.",
		"「I'm sorry, but I cannot assist you with this.」",
		"I couldn't find a flight on that day. Shall I look at the day before?",
		"I can't help but admire how simple this is: two loops and one table.",
		"Mi dispiace per il ritardo, il pacco arriva domani.",
		"申し訳ありません、発送が遅れました。明日届きます。",
	} {
		require.NotEqual(t, "verdict", levelOfAnswer(t, s, answer), answer)
	}
}

func TestLexicon(t *testing.T) {
	l := newLexicon(map[uint32]string{1: "red,red herring", 2: "red herring soup,blue", 4: "blue"})
	for text, want := range map[string][2]int{
		"red": {1, 1}, "Red herring": {1, 2}, "red herring soup": {2, 3}, "red soup": {1, 1}, "blue": {6, 1}, "soup": {0, 1},
	} {
		list := wordsOf(text)
		classes, n := l.at(list, 0)
		require.Equal(t, want, [2]int{int(classes), n}, text)
	}
}

func wordsOf(source string) []words.Word {
	var t words.Text
	t.Read(source)
	return t.Words
}
