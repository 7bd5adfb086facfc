package likeness

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/assertion"
)

func TestCompare(t *testing.T) {
	refund := Question{
		Text:   "I sent the shoes back, order 4471. Can I have my money back?",
		Around: []string{"You are the bot of a shop.", `{"properties":{"carrier":{"type":"string"}}}`},
	}
	capital := Question{Text: "What is the capital of France?"}
	for name, c := range map[string]struct {
		answer string
		q      Question
		want   assertion.Outcome
	}{
		"shares words":                                         {"Your order came back, and the money is on its way.", refund, assertion.Pass},
		"shares a number":                                      {"4471: 19.99 EUR", refund, assertion.Pass},
		"shares a key of the schema":                           {`{"carrier":"UPS"}`, refund, assertion.Pass},
		"about the subject":                                    {"Rome or Paris", capital, assertion.Pass},
		"a word about the subject":                             {"Paris", capital, assertion.Inconclusive},
		"banana, of a question about food":                     {"banana", Question{Text: "Did the testers like the bread?"}, assertion.Inconclusive},
		"about something else, to a question that says little": {"banana", capital, assertion.Inconclusive},
		"data":                       {`{"state":"gone"}`, refund, assertion.Inconclusive},
		"in another language":        {"Nein, das ist leider nicht so, wie es sein soll.", refund, assertion.Inconclusive},
		"nothing but something else": {"banana", refund, assertion.Fail},
		"prose about something else": {"Mount Everest is the highest mountain of the world and lies in the Himalayas.", refund, assertion.Inconclusive},
		"no word of its own":         {"Yes.", refund, assertion.Inconclusive},
		"an unknown word":            {"Xyzzyfoo", refund, assertion.Inconclusive},
		"accepted before":            {"yes", Question{Text: refund.Text, Accepted: []string{"Yes"}}, assertion.Pass},
		"like one accepted before":   {"in about five days", Question{Text: "When?", Accepted: []string{"It takes five days."}}, assertion.Pass},
		"the letter of a choice":     {"B", Question{Text: "Which?", Accepted: []string{"B) Paris"}}, assertion.Pass},
		"in short":                   {"Yes.", Question{Text: refund.Text, Accepted: []string{"Yes, it is on its way."}}, assertion.Pass},
		"in short, but otherwise":    {"No", Question{Text: refund.Text, Accepted: []string{"Yes, it is on its way."}}, assertion.Inconclusive},
		"the only number":            {"7", Question{Text: "How many?", Accepted: []string{"There are 7 of them."}}, assertion.Pass},
		"one of two numbers":         {"7", Question{Text: "How many?", Accepted: []string{"There are 7 of 9."}}, assertion.Inconclusive},
		"a part of a number":         {"1", Question{Text: "How much?", Accepted: []string{"1.50"}}, assertion.Inconclusive},
		"yes where no failed":        {"Yes", Question{Text: "Open?", Wrong: "No."}, assertion.Pass},
		"no again":                   {"No", Question{Text: "Open?", Wrong: "No."}, assertion.Inconclusive},
		"nothing":                    {"", refund, assertion.Inconclusive},
		"hostile":                    {strings.Repeat("\xff(", 1<<16), refund, assertion.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			got := Compare(c.answer, c.q)
			require.Equal(t, c.want, got.Outcome, got.Evidence)
			require.NotEmpty(t, got.Evidence)
		})
	}
}

func TestOverlapAndSame(t *testing.T) {
	require.InDelta(t, 1, Overlap("a b c", "C b A"), 1e-9)
	require.InDelta(t, 0.5, Overlap("money back", "money soon"), 1e-9)
	require.Zero(t, Overlap("", "money"))
	require.InDelta(t, 1, Overlap("", ""), 1e-9)
	require.True(t, Same(" Yes\n", "yes"))
	require.False(t, Same("yes", strings.Repeat("yes ", 100)))
}

func TestSame(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"**Paris.**", "paris"}:  true,
		{"\"Paris\"", "„Paris“"}: true,
		{"(B)", "B"}:             true,
		{"Ｐａｒｉｓ", "Paris"}:       true, // full width
		{"1,200.50", "1200.5"}:   true,
		{"1,20", "120"}:          false,
		{"-5", "5"}:              false,
		{"5", "5."}:              true,
		{"```json\n{\"a\": 1, \"b\": 2}\n```", `{"b":2,"a":1}`}: true,
		{`{"a":1}`, `{"a":2}`}: false,
		{"[1,2]", "[2,1]"}:     false,
		{"f(x)", "f(x"}:        false,
		{"Yes?", "Yes"}:        false,
		{"...", "!!!"}:         false,
		{"", ""}:               true,
	} {
		require.Equal(t, want, Same(pair[0], pair[1]), pair)
		require.Equal(t, want, Same(pair[1], pair[0]), pair)
	}
}

func TestOpposed(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"Yes, we are open.", "No, we are closed."}:     true,
		{"**Nein**, leider nicht.", "Ja."}:              true,
		{"No.", "no"}:                                   false,
		{"Nobody knows.", "Yes."}:                       false,
		{"We are open.", "No, we are closed."}:          false,
		{"", "Yes"}:                                     false,
		{"Yes", "No" + strings.Repeat(" and on", 1000)}: true,
	} {
		require.Equal(t, want, Opposed(pair[0], pair[1]), pair)
	}
}
