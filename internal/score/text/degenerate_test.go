package text

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// turn returns a call that answered a question.
func turn(question, answer string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat}
	c.SetContent(genai.Content{
		Input:  []genai.Message{{Role: genai.RoleSystem, Text: "You are the assistant of a shop."}, {Role: genai.RoleUser, Text: question}},
		Output: []genai.Message{{Role: genai.RoleAssistant, Text: answer}},
	})
	return c
}

// detail returns the detail of the finding in a call, "" if there is none.
func detail(t *testing.T, s score.Scorer, c *genai.Call) string {
	t.Helper()
	var r score.Result
	s.Score(c, &r)
	require.Empty(t, r.Problems)
	require.LessOrEqual(t, len(r.Findings), 1)
	for _, f := range r.Findings {
		require.True(t, failure.ValidDetail(f.Class, f.Detail), "%s/%s", f.Class, f.Detail)
		require.Equal(t, s.Name(), f.Scorer)
		require.NotEmpty(t, f.Evidence)
		require.NotEmpty(t, f.Where)
		require.True(t, r.Scores[0].Failed)
		return f.Detail
	}
	for _, s := range r.Scores {
		require.False(t, s.Failed)
	}
	return ""
}

// numbered repeats a line with a counter in it.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i+1)
	}
	return b.String()
}

const (
	englishAnswer = "You can return the shoes within thirty days, as long as they have not been worn. Please send them back with the label that was in the box, and we will refund you when they arrive."
	germanAnswer  = "Sie können die Schuhe innerhalb von dreißig Tagen zurückgeben, wenn sie nicht getragen sind. Bitte senden Sie sie mit dem Etikett zurück, das in der Schachtel war, und wir erstatten den Betrag."
	russianAnswer = "Вы можете вернуть обувь в течение тридцати дней, если она не была в носке. Отправьте её обратно с этикеткой из коробки."
)

func TestDegenerate(t *testing.T) {
	s, err := NewDegenerate(DegenerateConfig{})
	require.NoError(t, err)
	for name, c := range map[string]struct{ question, answer, want string }{
		"an answer":                 {"Can I return the shoes I bought from you?", englishAnswer, ""},
		"no word":                   {"Can I return them?", "42", ""},
		"an emoji":                  {"Did you like it?", "👍", ""},
		"an empty block of code":    {"Write it.", "```\n```", failure.Empty},
		"invisible characters":      {"Write it.", "\u200b\u200b\u2060", failure.Empty},
		"a phrase":                  {"Can I return them?", "Sure. " + strings.Repeat("Let me check that for you. ", 12), failure.Repetition},
		"a word":                    {"Can I return them?", strings.Repeat("return ", 60), failure.Repetition},
		"a paragraph":               {"Can I return them?", strings.Repeat(englishAnswer+"\n\n", 3), failure.Repetition},
		"a loop that ended":         {"Can I return them?", strings.Repeat("I will look up the order now and then answer. ", 8) + englishAnswer, failure.Repetition},
		"a list that counts a loop": {"List ideas.", numbered("%d. Ask the customer for the order number again\n", 12), failure.Repetition},
		"characters":                {"Can I return them?", "Yes" + strings.Repeat("!", 300), failure.Repetition},
		"syllables":                 {"Can I return them?", "Yes " + strings.Repeat("ha", 300), failure.Repetition},
		"emojis":                    {"Did you like it?", strings.Repeat("😂", 100), failure.Repetition},
		"a ruler":                   {"Draw a line.", strings.Repeat("-", 400), ""},
		"Chinese characters":        {"", strings.Repeat("我不知道", 30), failure.Repetition},
		"asked to repeat":           {"Write the sentence I will not talk in class fifty times.", strings.Repeat("I will not talk in class. ", 50), ""},
		"records":                   {"Give the rows as JSON.", "[" + strings.Repeat(`{"status": "ok", "count": 1},`, 20) + `{}]`, ""},
		"a table of zeros":          {"Print the matrix.", strings.Repeat("0 0 0 0\n", 30), ""},
		"a refrain":                 {"Write a song.", strings.Repeat("Sing it loud, sing it low. ", 3) + englishAnswer, ""},
		"a list":                    {"List ideas.", "1. Ask for the order number.\n2. Ask for the colour.\n3. Ask for the size.\n4. Ask for the date. " + englishAnswer, ""},
		"German for English":        {"Can I return the shoes that I bought from you last week?", germanAnswer, failure.WrongLanguage},
		"English for German":        {"Kann ich die Schuhe, die ich bei dir gekauft habe, noch zurückgeben?", englishAnswer, failure.WrongLanguage},
		"Russian for English":       {"Can I return the shoes that I bought from you last week?", russianAnswer, failure.WrongLanguage},
		"German for German":         {"Kann ich die Schuhe, die ich bei dir gekauft habe, noch zurückgeben?", germanAnswer, ""},
		"asked for":                 {"Answer in German please: can I return the shoes that I bought from you?", germanAnswer, ""},
		"a translation":             {"Please translate this for me: " + englishAnswer, germanAnswer, ""},
		"a quoted text":             {"What do you say to this? " + germanAnswer, germanAnswer, ""},
		"a short question":          {"shoes return?", germanAnswer, ""},
		"code":                      {"Can you write the function that I asked you for?", "```\n" + germanAnswer + "\n```", ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, detail(t, s, turn(c.question, c.answer)))
		})
	}
	asked := turn("Can I return the shoes that I bought from you last week?", germanAnswer)
	asked.Input()[0].Text = "Always answer in German, whatever the customer writes."
	require.Empty(t, detail(t, s, asked))
	earlier := turn("Can I return the shoes that I bought from you last week?", germanAnswer)
	earlier.SetContent(genai.Content{Input: append([]genai.Message{{Role: genai.RoleUser, Text: "Ich möchte mit dir über die Schuhe sprechen, die ich gekauft habe."}}, earlier.Input()...), Output: earlier.Output()})
	require.Empty(t, detail(t, s, earlier), "the conversation is in both")
}

func TestDegenerateLeavesAlone(t *testing.T) {
	s, err := NewDegenerate(DegenerateConfig{})
	require.NoError(t, err)
	for name, c := range map[string]*genai.Call{
		"no output":    {Operation: genai.OpChat},
		"an embedding": {Operation: genai.OpEmbeddings},
		"a tool":       {Operation: genai.OpExecuteTool},
		"an error":     {Operation: genai.OpChat, Error: genai.Error{IsError: true}},
	} {
		var r score.Result
		s.Score(c, &r)
		require.Zero(t, r.Scores, name)
	}
}

func TestDegenerateAllocatesNothing(t *testing.T) {
	s, err := NewDegenerate(DegenerateConfig{})
	require.NoError(t, err)
	c := turn("Can I return the shoes that I bought from you last week?", strings.Repeat(englishAnswer, 2)+"1 2 3 ä")
	var r score.Result
	run := func() { r.Reset(); s.Score(c, &r) }
	run()
	require.Empty(t, r.Findings)
	require.Zero(t, testing.AllocsPerRun(20, run))
}

func BenchmarkDegenerate(b *testing.B) {
	s, _ := NewDegenerate(DegenerateConfig{})
	c := turn("Can I return the shoes that I bought from you last week?", strings.Repeat(englishAnswer+" ", 2)+germanAnswer+" "+englishAnswer)
	var r score.Result
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Output()[0].Text)))
	for b.Loop() {
		r.Reset()
		s.Score(c, &r)
	}
}
