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

// TestRowsAreNoLoop holds answers whose lines are alike, and each of which says something.
func TestRowsAreNoLoop(t *testing.T) {
	s, err := NewDegenerate(DegenerateConfig{})
	require.NoError(t, err)
	for name, answer := range map[string]string{
		"log":                numbered("INFO worker-%d has started and waits for the next job\n", 40),
		"addresses":          numbered("10.0.0.%d is up and answers on the port of the web server\n", 30),
		"tests":              numbered("tests/test_orders.py::test_total_of_order_%d PASSED\n", 40),
		"days":               numbered("Day %d: Take one tablet after breakfast and one before you go to sleep.\n", 28),
		"rows in a line":     numbered("Row %d: seats A, B, C and D are free for you. ", 20),
		"checklist":          numbered("- [ ] Room %d: the lamps, the sockets and the heating were checked\n", 20),
		"transcript":         numbered("[00:%02d:00] Speaker 1: mm-hm, yes, go on please\n", 40),
		"departures":         numbered("%d:12 bus to the harbour, platform 2, on time\n", 20),
		"table":              "| id | state | note |\n|---|---|---|\n" + numbered("| %d | n/a | not checked yet by the team |\n", 30),
		"statements":         numbered("UPDATE rooms SET price = price + 1 WHERE number = %d;\n", 40),
		"pairs":              numbered("<url><loc>https://shop.example/p/%d</loc><priority>0.5</priority></url>\n", 40),
		"labels":             numbered("%d. positive\n", 60),
		"same answers":       numbered("%d. Neither agree nor disagree\n", 20),
		"equal order lines":  strings.Repeat("- 1 × tea light in a glass, 1.50\n", 20),
		"hashtags":           "#harbour #boats #morning #light\n" + numbered("#harbour #boats #day%d #sea\n", 15),
		"chords":             strings.Repeat("C G7 C G7 F6 C G7 C7\n", 12),
		"sums":               numbered("3 times %d is what you get when you add 3 once more to the line before.\n", 15),
		"counted, on lines":  numbered("Server %d reported that the disk is nearly full\n", 30),
		"a ruler of boxes":   "Done\n" + strings.Repeat("═", 120),
		"a ruler of stars":   "Chapter one\n" + strings.Repeat("★", 100),
		"a ruler of emoji":   "Winter sale\n" + strings.Repeat("➖", 100),
		"a ruler of hearts":  "With love\n" + strings.Repeat("❤️", 60),
		"a bar":              "Loading " + strings.Repeat("█", 90) + strings.Repeat("░", 90),
		"a form":             "Name: " + strings.Repeat("_", 300),
		"a fence":            strings.Repeat("|__|  |__|  |__|\n", 20),
		"a matrix":           strings.Repeat("0 0 0 0\n", 200),
		"three alike of ten": strings.Repeat(englishAnswer+"\n\n", 3) + strings.Repeat("Call us from Monday to Friday. Write at any hour. Ask for the manager if the reply is late by more than a day or two. ", 1) + numbered("Order %d has its own page with all that you need to know about it.\n", 12),
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, detail(t, s, turn("Show me what you have.", answer)))
		})
	}
}

// TestLoops holds answers of models that got stuck.
func TestLoops(t *testing.T) {
	s, err := NewDegenerate(DegenerateConfig{})
	require.NoError(t, err)
	limited := func(answer string) *genai.Call {
		c := turn("How do I reach the harbour?", answer)
		c.FinishReasonsCanonical = []string{"length"}
		return c
	}
	for name, c := range map[string]*genai.Call{
		"tokens":               limited("You can " + strings.Repeat("the ", 80)),
		"sentences":            limited(strings.Repeat("Please wait while I look for the bus. ", 14)),
		"cut in the middle":    limited(strings.Repeat("Please wait while I look for the bus. ", 14) + "Please wait whi"),
		"paragraphs":           limited(englishAnswer + "\n\n" + strings.Repeat(germanAnswer+"\n\n", 4)),
		"alternating lines":    limited(strings.Repeat("User: Where is the harbour, please?\nAssistant: It is behind the old station.\n", 8)),
		"items of a list":      limited(numbered("%d. Ask the driver of the bus for the way\n", 30)),
		"steps":                limited(numbered("Step %d: Walk down to the harbour and ask again.\n", 15)),
		"attempts":             limited(numbered("I could not find the harbour, I will look for it again (attempt %d). ", 15)),
		"a counter, then cut":  limited(numbered("I looked for the harbour %d times and will look again. ", 40)),
		"an endless rule":      limited("| a | b |\n|" + strings.Repeat("-", 3000)),
		"marks behind a word":  limited("Found it" + strings.Repeat("!", 250)),
		"an array":             limited(`{"stops":[` + strings.Repeat(`"harbour",`, 80)),
		"a line of code":       limited("```python\n" + strings.Repeat("print(find_the_harbour(city))\n", 60)),
		"code, then sentences": limited("```\nfind\n```\n" + strings.Repeat("Please wait while I look for the bus. ", 14)),
		"bullets":              limited(strings.Repeat("- Ask the driver\n", 40)),
		"the question":         turn("How do I reach the harbour?", strings.Repeat("How do I reach the harbour? ", 20)),
		"once in its number":   turn("What about order 4711?", strings.Repeat("What about order 4711 then? ", 20)),
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, failure.Repetition, detail(t, s, c)) })
	}
}

func TestRepetitionThatWasAskedFor(t *testing.T) {
	s, err := NewDegenerate(DegenerateConfig{})
	require.NoError(t, err)
	line := "Je ne parle pas en classe. "
	require.Empty(t, detail(t, s, turn("Écris cinquante fois : je ne parle pas en classe", strings.Repeat(line, 50))))
	require.Equal(t, failure.Repetition, detail(t, s, turn("Écris une lettre.", strings.Repeat(line, 50))))
	require.Empty(t, detail(t, s, turn("Write a song with the chorus row the boat.", strings.Repeat("Row, row, row the boat down the river to the sea\n", 12))))
	earlier := turn("Now do it.", strings.Repeat("I will not talk in class. ", 50))
	earlier.Input()[0].Text = "Write what the pupil has to write a hundred times: I will not talk in class."
	require.Empty(t, detail(t, s, earlier))
	require.Empty(t, detail(t, s, turn("Give me a string of 500 letters x.", strings.Repeat("x", 500))))
	require.Equal(t, failure.Repetition, detail(t, s, turn("Give me a name with an x.", strings.Repeat("x", 500))))
	long := "Repeat this 5 times. " + englishAnswer
	require.Empty(t, detail(t, s, turn(long, strings.Repeat(englishAnswer+"\n", 5))))
}

func TestTheRequestDecidesTheLanguage(t *testing.T) {
	s, err := NewDegenerate(DegenerateConfig{})
	require.NoError(t, err)
	article := strings.Repeat(englishAnswer+" ", 3)
	const question = "Can you write to the customer that the parcel has been sent and what to do if it is late?"
	for name, c := range map[string]struct{ system, question, want string }{
		"the last paragraph":      {"", article + "\n\nBitte kurz zusammenfassen.", ""},
		"the first line":          {"", "Fasse zusammen:\n" + article, ""},
		"before a colon":          {"", "Fasse zusammen: " + article, ""},
		"the last sentence":       {"", article + "Fasse das bitte zusammen.", ""},
		"a long English question": {"", article + " What do you think of this, and what would you tell them?", failure.WrongLanguage},
		"locale in the system":    {"You write mails. locale: de-AT.", question, ""},
		"another locale":          {"You write mails. locale: en-GB.", question, failure.WrongLanguage},
		"JSON field":              {"", `{"task":"` + question + `","lang":"de"}`, ""},
		"camel case":              {"", `{"task":"` + question + `","targetLang": "de"}`, ""},
		"country":                 {"", `{"task":"` + question + `","country":"AT"}`, ""},
		"own country":             {"", `{"task":"` + question + `","country":"US"}`, failure.WrongLanguage},
		"template":                {"Fill in templates/parcel_de.html with what the user says.", question, ""},
		"attribute":               {`Write <html lang="de"> pages.`, question, ""},
		"arrow":                   {"EN→DE", question, ""},
		"script":                  {"Use zh-Hant or de-Latn as the user does.", question, ""},
		"a word that is a code":   {"Do not give it to: no one is to know, so be it.", question, failure.WrongLanguage},
		"the user's own language": {"Always answer in the user's language.", question, failure.WrongLanguage},
		"another language":        {"The shop answers in the language of the country that it sends to.", question, ""},
		"short German system":     {"Du bist der Kundendienst und hilfst.", question, ""},
		"a line of a play":        {"", `Anna: "` + question + `"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			call := turn(c.question, germanAnswer)
			call.Input()[0].Text = c.system
			require.Equal(t, c.want, detail(t, s, call))
		})
	}
	require.Equal(t, failure.WrongLanguage, detail(t, s, turn("¿Cómo puedo cambiar la fecha de mi pedido si no tengo acceso a la tienda?", englishAnswer)))
	queries := numbered("SELECT a.id, a.no, a.name FROM orders a WHERE a.id = %d; ", 12)
	require.Empty(t, detail(t, s, turn(question, queries)), "names of columns are no Portuguese")
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
