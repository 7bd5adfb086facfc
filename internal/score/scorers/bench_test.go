package scorers

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// sentences make the texts of the benchmark: support mail, with names and numbers, as people and models write it.
var sentences = []string{
	"Your order was handed to the carrier on Monday and should reach Lisbon within three working days.",
	"I'm afraid the blue kettle is out of stock until 14 May; we could send the grey one today instead.",
	"To change the invoice address, open Settings, choose Billing and enter the new street and postcode.",
	"Has anybody at home signed for the parcel, or did the driver leave a card with a collection code?",
	"The refund of 84.50 EUR goes back to the card you paid with and takes up to five days to show.",
	"Warranty claims need the receipt, a photo of the damage and the serial number below the base plate.",
	"Please don't throw the packaging away before we've checked whether the return label still works.",
	"Our colleague in Ghent looked at the repair this morning and ordered a new hinge for the lid.",
	"Members get free delivery above 40 EUR, and they can move the date until noon the day before.",
	"The manual says that the filter is rinsed every second week and replaced after about 120 hours.",
	"When would it suit you to be called back, and which of the two telephone numbers shall we use?",
	"It isn't possible to merge both orders any more, since one of them has already left the warehouse.",
}

// conversation is the calls of one trace: an agent, a retrieval, and three model calls with a tool call between them.
// Each model call repeats the conversation so far. Two texts of a trace share no memory, as when they were received.
type conversation struct {
	random *rand.Rand
	serial int
}

// text is about so many bytes that no earlier call held.
func (c *conversation) text(size int) string {
	var b strings.Builder
	b.Grow(size + 128)
	c.serial++
	b.WriteString("About ticket " + strconv.FormatUint(c.random.Uint64(), 36) + ": ")
	for b.Len() < size {
		b.WriteString(sentences[c.random.IntN(len(sentences))])
		b.WriteByte(' ')
	}
	return b.String()
}

func (c *conversation) calls() []*genai.Call {
	const definitions = `[{"type":"function","name":"find_order","parameters":{"type":"object","properties":` +
		`{"order":{"type":"string"},"limit":{"type":"integer","minimum":1}},` +
		`"required":["order"],"additionalProperties":false}}]`
	call := func(operation string, content genai.Content) *genai.Call {
		made := &genai.Call{Operation: operation}
		made.SetContent(content)
		return made
	}
	say := func(role, text string) genai.Message { return genai.Message{Role: role, Text: text} }
	// repeat is the history as the next call holds it.
	repeat := func(history []genai.Message) []genai.Message {
		again := make([]genai.Message, len(history))
		for i, m := range history {
			m.Text = strings.Clone(m.Text)
			if len(m.ToolResults) > 0 {
				m.ToolResults = []genai.ToolResult{{Result: genai.Value{Text: strings.Clone(m.ToolResults[0].Result.Text)}}}
			}
			again[i] = m
		}
		return again
	}
	documents := make([]genai.Document, 4)
	for i := range documents {
		documents[i].Content = c.text(300)
	}
	list := []*genai.Call{
		call(genai.OpInvokeAgent, genai.Content{
			Input:  []genai.Message{say(genai.RoleUser, c.text(350))},
			Output: []genai.Message{say(genai.RoleAssistant, c.text(700))},
		}),
		call(genai.OpRetrieval, genai.Content{Retrieval: genai.Retrieval{Documents: documents}}),
	}
	history := []genai.Message{
		say(genai.RoleSystem, c.text(450)), say(genai.RoleUser, c.text(250)),
		say(genai.RoleAssistant, c.text(350)), say(genai.RoleUser, c.text(200)),
	}
	for turn := range 3 {
		answer := say(genai.RoleAssistant, c.text(900))
		if turn < 2 {
			answer = say(genai.RoleAssistant, c.text(500))
			arguments := `{"order":"` + strconv.FormatUint(c.random.Uint64(), 36) + `","limit":3}`
			answer.ToolCalls = []genai.ToolCall{{Name: "find_order", Arguments: genai.Value{Text: arguments, Structured: true}}}
		}
		chat := call(genai.OpChat, genai.Content{
			Input: repeat(history), Output: []genai.Message{answer}, ToolDefinitions: definitions,
		})
		chat.FinishReasons, chat.FinishReasonsCanonical = []string{"stop"}, []string{"stop"}
		list = append(list, chat)
		if turn == 2 {
			break
		}
		result := `{"rows":["` + c.text(300) + `","` + c.text(300) + `"],"status":"ok"}`
		tool := call(genai.OpExecuteTool, genai.Content{
			ToolArguments: answer.ToolCalls[0].Arguments, ToolResult: genai.Value{Text: result},
		})
		tool.ToolName = "find_order"
		list = append(list, tool)
		history = append(history, answer, genai.Message{
			Role: genai.RoleTool, ToolResults: []genai.ToolResult{{Result: genai.Value{Text: result}}},
		})
	}
	return list
}

// BenchmarkConversation scores natural text that is new in each iteration, with every default scorer. The calls are
// made outside the measured time, a batch at once.
func BenchmarkConversation(b *testing.B) {
	set, err := New(Default())
	require.NoError(b, err)
	c := conversation{random: rand.New(rand.NewPCG(1, 2))}
	benchmarkCalls(b, set, c.calls)
}

// BenchmarkScorer is the share of each default scorer. A scorer that runs alone reads the words of its texts itself,
// so the shares add up to more than the whole.
func BenchmarkScorer(b *testing.B) {
	set, err := New(Default())
	require.NoError(b, err)
	for _, s := range set.Scorers() {
		b.Run(s.Name(), func(b *testing.B) {
			c := conversation{random: rand.New(rand.NewPCG(1, 2))}
			benchmarkCalls(b, score.NewSet(s), c.calls)
		})
	}
}

func benchmarkCalls(b *testing.B, set *score.Set, next func() []*genai.Call) {
	b.Helper()
	var batch [64][]*genai.Call
	var r score.Result
	calls, n := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		if n%len(batch) == 0 {
			b.StopTimer()
			for i := range batch {
				batch[i] = next()
			}
			b.StartTimer()
		}
		for _, call := range batch[n%len(batch)] {
			r.Reset()
			set.Score(call, &r)
			calls++
		}
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(calls), "ns/call")
}
