package ground

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

const document = "The library in Harlow Street opens at nine on weekdays and at ten on Saturdays. It is closed on Sundays. Members may borrow up to eight books for three weeks, and renew them twice."

func call(question, answer string, documents ...string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat}
	content := genai.Content{Output: []genai.Message{{Role: genai.RoleAssistant, Text: answer}}}
	if question != "" {
		content.Input = []genai.Message{{Role: genai.RoleUser, Text: question}}
	}
	for _, d := range documents {
		content.Retrieval.Documents = append(content.Retrieval.Documents, genai.Document{Content: d})
	}
	c.SetContent(content)
	return c
}

// of returns the score of a call, -1 if there is none.
func of(t *testing.T, s score.Scorer, c *genai.Call) (float64, []failure.Finding) {
	t.Helper()
	var r score.Result
	s.Score(c, &r)
	require.Empty(t, r.Problems)
	if len(r.Scores) == 0 {
		return -1, nil
	}
	require.Equal(t, r.Scores[0].Failed, len(r.Findings) > 0)
	return r.Scores[0].Value, r.Findings
}

func TestGroundednessRanks(t *testing.T) {
	s, err := NewGroundedness(Config{})
	require.NoError(t, err)
	faithful, _ := of(t, s, call("When is the library open?", "The library opens at nine on weekdays and at ten on Saturdays, and it is closed on Sundays.", document))
	off, _ := of(t, s, call("When is the library open?", "I love my grandmother's garden! My favourite flowers are tulips, do you like them?", document))
	require.Greater(t, faithful, 0.6)
	require.Less(t, off, faithful/2)
}

func TestGroundednessNeedsProse(t *testing.T) {
	s, err := NewGroundedness(Config{})
	require.NoError(t, err)
	for name, c := range map[string]*genai.Call{
		"no source":    call("When is the library open?", "It opens at nine."),
		"a record":     call("", "Your order has been shipped and arrives on Monday.", `{"order": 4711, "status": "shipped", "eta": "2024-05-06", "items": [{"sku": "A1"}]}`),
		"an error":     call("", "I could not create the label just now.", `{"error": "invalid_arguments"}`),
		"a short word": call("", "Yes.", document),
		"an error span": func() *genai.Call {
			c := call("", "The library opens at nine.", document)
			c.Error.IsError = true
			return c
		}(),
	} {
		v, _ := of(t, s, c)
		require.InDelta(t, -1, v, 0, name)
	}
	pasted := call("Answer from the context.\nContext: "+strings.Repeat(document+" ", 3)+"\nQuestion: when is it open?", "The library opens at nine on weekdays and at ten on Saturdays.")
	v, _ := of(t, s, pasted)
	require.Greater(t, v, 0.5, "documents in the prompt are sources")
}

// TestGroundednessReadsThePrompts checks that an answer that leaves its documents may rest on the prompts.
func TestGroundednessReadsThePrompts(t *testing.T) {
	s, err := NewGroundedness(Config{})
	require.NoError(t, err)
	const (
		answer = "Marit Solheim from Hammerfest repairs old accordions, and the workshop has kept three goats in the " +
			"garden since 1998. Visitors feed them with carrots, and a brass band plays on midsummer evenings."
		known = "You speak for Marit Solheim from Hammerfest, who repairs old accordions. The workshop keeps three goats in " +
			"its garden since 1998. Visitors may feed them with carrots. On midsummer evenings a brass band plays."
	)
	asked := call("Who are you?", answer, document)
	low, found := of(t, s, asked)
	require.Less(t, low, groundedFailBelow)
	require.Len(t, found, 1)
	require.Equal(t, failure.Ungrounded, found[0].Detail)
	require.Contains(t, found[0].Evidence, "sentence 1, bytes 0 to 116")
	require.Contains(t, found[0].Excerpt, "Marit Solheim from Hammerfest repairs")
	require.NotContains(t, found[0].Excerpt, "Visitors")
	require.LessOrEqual(t, len(found[0].Excerpt), maxQuote)
	content := func(c *genai.Call) genai.Content {
		return genai.Content{Input: c.Input(), Output: c.Output(), Retrieval: *c.Retrieval()}
	}
	for name, change := range map[string]func(*genai.Content){
		"system instructions": func(c *genai.Content) { c.System = known },
		"a system message": func(c *genai.Content) {
			c.Input = append([]genai.Message{{Role: genai.RoleSystem, Text: known}}, c.Input...)
		},
		"an earlier message": func(c *genai.Content) {
			c.Input = append([]genai.Message{{Role: genai.RoleUser, Text: known}}, c.Input...)
		},
	} {
		with := content(asked)
		change(&with)
		var c genai.Call
		c.Operation = genai.OpChat
		c.SetContent(with)
		v, found := of(t, s, &c)
		require.Greater(t, v, 0.6, name)
		require.Empty(t, found, name)
	}
}

const invented = "The library was founded by the Venetian banker Orsini in 1723, and its reading room holds a stuffed " +
	"giraffe, twelve cannons from the siege of Corfu and a bathtub of Lord Byron."

// TestGroundednessVerdicts checks what a low score needs to be a verdict.
func TestGroundednessVerdicts(t *testing.T) {
	s, err := NewGroundedness(Config{})
	require.NoError(t, err)
	question := "Who founded the library?"
	v, found := of(t, s, call(question, invented, document))
	require.Len(t, found, 1, v)
	cut := call(question, invented, document)
	cut.ContentTruncated = true
	for name, c := range map[string]*genai.Call{
		"a record that was cut":              cut,
		"short":                              call(question, "It was founded by the Venetian banker Orsini in 1723.", document),
		"a source that was not read in full": call(question, invented, document+strings.Repeat(" And so on, as in the years before.", 1000)),
		"a source in another language":       call(question, invented, "Die Bücherei in der Hafenstraße öffnet an Werktagen um neun und am Samstag um zehn. Sie ist am Sonntag geschlossen. Wer dort Mitglied ist, darf bis zu acht Bücher für drei Wochen mit nach Hause nehmen."),
	} {
		_, found := of(t, s, c)
		require.Empty(t, found, name)
	}
}

// TestNoSources checks that a call says why it has no score: nothing was recorded that its answer could rest on.
func TestNoSources(t *testing.T) {
	s, err := NewGroundedness(Config{})
	require.NoError(t, err)
	var r score.Result
	s.Score(call("When is the library open?", "It opens at nine."), &r)
	require.Equal(t, []score.Skip{{Scorer: GroundednessName, Reason: score.NoSources}}, r.Skips)
	r.Reset()
	s.Score(call("When is it due?", "It is due on Monday.", `{"order": 4711, "eta": "2024-05-06"}`), &r)
	require.Empty(t, r.Skips, "there is a source, but no sentence to compare with")
}

// TestRelevanceVerdicts checks what a low score needs to be a verdict.
func TestRelevanceVerdicts(t *testing.T) {
	s, err := NewRelevance(Config{})
	require.NoError(t, err)
	question := "How do I descale my espresso machine?"
	const away = "The treaty of Westphalia ended the Thirty Years' War in 1648. It was signed in Münster and Osnabrück and is " +
		"often named as the beginning of the modern system of states."
	v, found := of(t, s, call(question, away))
	require.Less(t, v, relevantFailBelow)
	require.Len(t, found, 1)
	require.Contains(t, found[0].Evidence, "bytes 0 to 60")
	require.Equal(t, "The treaty of Westphalia ended the Thirty Years' War in 1648", found[0].Excerpt)
	for name, c := range map[string]*genai.Call{
		"it speaks to the reader":     call(question, "Thank you for your patience. "+away+" We hope that you enjoyed it, and we thank you."),
		"it is short":                 call(question, "The treaty of Westphalia ended the war in 1648."),
		"code":                        call(question, away+"\n```\nx = 1\n```"),
		"the question has no subject": call("and for twice as many guests?", away),
	} {
		v, found := of(t, s, c)
		require.GreaterOrEqual(t, v, relevantFailBelow, name)
		require.Empty(t, found, name)
	}
}

func TestRelevanceRanks(t *testing.T) {
	s, err := NewRelevance(Config{})
	require.NoError(t, err)
	question := "What are the health benefits of drinking green tea every day?"
	on, _ := of(t, s, call(question, "Green tea is rich in antioxidants, and drinking it daily may lower the risk of heart disease."))
	off, found := of(t, s, call(question, "To reverse a linked list, keep three pointers and walk through the nodes, turning each of them round."))
	require.Greater(t, on, 0.9)
	require.Less(t, off, on)
	for _, f := range found {
		require.True(t, failure.ValidDetail(f.Class, f.Detail))
	}
	v, _ := of(t, s, call("Thanks!", "You are welcome."))
	require.InDelta(t, -1, v, 0, "nothing to compare")
}

// TestRelevanceComparesOneLanguage checks that words are not compared across languages or with rows of records.
func TestRelevanceComparesOneLanguage(t *testing.T) {
	s, err := NewRelevance(Config{})
	require.NoError(t, err)
	scored := func(system, question, answer string) bool {
		c := &genai.Call{Operation: genai.OpChat}
		c.SetContent(genai.Content{
			System: system,
			Input:  []genai.Message{{Role: genai.RoleUser, Text: question}},
			Output: []genai.Message{{Role: genai.RoleAssistant, Text: answer}},
		})
		var r score.Result
		s.Score(c, &r)
		return len(r.Scores) > 0
	}
	const (
		question = "How do I clean the filter of the coffee machine, and when is it time for a new one?"
		german   = "Spülen Sie das Sieb unter warmem Wasser ab und lassen Sie es trocknen. Nach zwei Jahren ist ein neues nötig."
		finnish  = "Huuhtele sihti lämpimällä vedellä ja anna sen kuivua. Kahden vuoden kuluttua tarvitset uuden."
	)
	require.True(t, scored("", question, "The treaty was signed in Münster, and it ended a war that had lasted for thirty years."))
	require.True(t, scored("", question, finnish), "a language that is not recognised, and that nobody asked for")
	require.False(t, scored("", question, german))
	require.False(t, scored("locale: fi-FI", question, finnish))
	require.False(t, scored("", `{"ask":"`+question+`","lang":"fi"}`, finnish))
	rows := ""
	for i := range 12 {
		rows += fmt.Sprintf("Anna%d takes the early shift on Monday\n", i)
	}
	require.False(t, scored("", "Assign the tasks of this week.", rows))
}

func TestSettings(t *testing.T) {
	bad := -0.1
	_, err := NewGroundedness(Config{FailBelow: &bad})
	require.ErrorContains(t, err, "fail_below must be between 0 and 1, got -0.1")
	all := 1.0
	s, err := NewRelevance(Config{FailBelow: &all})
	require.NoError(t, err)
	other, err := NewRelevance(Config{})
	require.NoError(t, err)
	require.NotEqual(t, other.Version(), s.Version())
	_, found := of(t, s, call("What is the capital of France and Spain?", "The capital of France is Paris, and that of Spain is Madrid."))
	require.Equal(t, failure.OffTopic, found[0].Detail)
}

func TestFiles(t *testing.T) {
	for i := range groundednessFile {
		broken := append([]byte{}, groundednessFile...)
		broken[i] ^= 0x55
		_, err := unmarshal(broken, GroundedFeatures)
		require.Error(t, err)
	}
	_, err := unmarshal(groundednessFile, 1)
	require.ErrorContains(t, err, "features")
	_, err = unmarshal(nil, 1)
	require.Error(t, err)
	_, err = unmarshalVectors(subjectsFile[:100])
	require.Error(t, err)
	for at := 0; at < len(subjectsFile); at += len(subjectsFile)/8 + 1 {
		broken := append([]byte{}, subjectsFile...)
		broken[at] ^= 0x55
		_, err := unmarshalVectors(broken)
		require.Error(t, err, at)
	}
}

// TestSubjectsAreSums compares the packed sums with plain ones, with more words than fit in bytes.
func TestSubjectsAreSums(t *testing.T) {
	const n = 3*fullBytes + 5
	coords, stems := make([][]float64, n), make([]uint32, n)
	want := make([]float64, Dims)
	for i := range coords {
		stems[i] = uint32(2*i + 1)
		coords[i] = make([]float64, Dims)
		for d := range coords[i] {
			c := (i*7+d*3)%15 - 7 // every number that four bits hold
			coords[i][d] = float64(c) / steps
			want[d] += float64(c)
		}
	}
	v, err := unmarshalVectors(NewVectors(stems, make([]uint8, n), make([]uint8, n), coords).Marshal())
	require.NoError(t, err)
	var s subject
	for i := range stems {
		require.Equal(t, i, v.find(stems[i]))
		s.add(&v.Coords[i])
	}
	require.Equal(t, -1, v.find(2))
	var sum direction
	s.point(&sum)
	got, square := make([]float64, Dims), 0.0
	for d, x := range sum.at {
		got[d] = float64(x)
		square += got[d] * got[d]
	}
	require.InDelta(t, square, sum.square, 0)
	require.ElementsMatch(t, want, got, "the same numbers, in an order of their own")
	require.InDelta(t, 1, cosine(&sum, &sum), 1e-6)
	var none direction
	require.Zero(t, cosine(&sum, &none))
	for i := range stems {
		var word subject
		word.add(&v.Coords[i])
		var alone direction
		word.point(&alone)
		require.InDelta(t, cosine(&alone, &sum), v.near(i, &sum), 0)
	}
}

// TestAnswersMayGoBack checks that an answer may refer to messages before the question, which may be a mere "yes".
func TestAnswersMayGoBack(t *testing.T) {
	strict := 0.8
	s, err := NewRelevance(Config{FailBelow: &strict})
	require.NoError(t, err)
	answer := "To reverse a linked list, keep three pointers and walk through the nodes, turning each of them round, until the last node is the new head of the list."
	question := "Which health benefits does drinking green tea every morning have for older women with high blood pressure?"
	before := "How do I reverse a linked list with three pointers, so that the last node is the new head?"
	alone, found := of(t, s, call(question, answer))
	require.Less(t, alone, strict)
	require.Len(t, found, 1)
	c := call(question, answer)
	content := genai.Content{Output: c.Output(), Input: []genai.Message{
		{Role: genai.RoleUser, Text: before}, {Role: genai.RoleAssistant, Text: "Good morning."}, {Role: genai.RoleUser, Text: question},
	}}
	c.SetContent(content)
	together, found := of(t, s, c)
	require.Greater(t, together, strict)
	require.Empty(t, found)
	content.Input[0].Role = genai.RoleSystem
	c.SetContent(content)
	_, found = of(t, s, c)
	require.Len(t, found, 1, "a system prompt is not a question")
}

func TestNothingIsAllocated(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector, which runs the short tests, lets pools forget")
	}
	grounded, err := NewGroundedness(Config{})
	require.NoError(t, err)
	relevant, err := NewRelevance(Config{})
	require.NoError(t, err)
	never := 0.0
	suspicious, err := NewGroundedness(Config{FailBelow: &never})
	require.NoError(t, err)
	doubted := call("Who founded the library?", invented, document)
	var r score.Result
	run := func() { r.Reset(); suspicious.Score(doubted, &r) }
	run()
	require.Less(t, r.Scores[0].Value, GroundedSuspectBelow)
	require.Zero(t, testing.AllocsPerRun(20, run), "an answer that is compared twice")
	question := "When is the library in Harlow Street open on weekdays?"
	for _, c := range []*genai.Call{call(question, document), call(question, document, document)} {
		var r score.Result
		run := func() { r.Reset(); grounded.Score(c, &r); relevant.Score(c, &r) }
		run()
		require.Len(t, r.Scores, 1)
		require.Zero(t, testing.AllocsPerRun(20, run))
	}
}

// TestHostileTexts checks texts with more words than fit in the sets, and with none.
func TestHostileTexts(t *testing.T) {
	grounded, _ := NewGroundedness(Config{})
	relevant, _ := NewRelevance(Config{})
	set := score.NewSet(grounded, relevant)
	for _, unit := range []string{"", "\xff", "a ", "日", "the cat sat on the mat and "} {
		text := strings.Repeat(unit, 1<<18/max(1, len(unit)))
		documents := make([]string, 40)
		for i := range documents {
			documents[i] = strings.Clone(document + text)
		}
		var r score.Result
		set.Score(call(text, text, documents...), &r)
		set.Score(call(text, text), &r)
		require.Empty(t, r.Problems)
	}
}
