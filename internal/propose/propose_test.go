package propose

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// toolset is what the agent of the test may call.
const toolset = `[
{"name":"book_table","parameters":{"type":"object","required":["city","date","party"],"properties":{
 "city":{"type":"string"},"date":{"type":"string"},"party":{"type":"integer"},"seat":{"type":"string","enum":["inside","terrace","bar"]}}}},
{"name":"issue_refund","parameters":{"type":"object","required":["order","amount"],"properties":{
 "order":{"type":"string"},"amount":{"type":"number"},"reason":{"type":"string"}}}},
{"name":"find_order","parameters":{"type":"object","required":["order"],"properties":{"order":{"type":"string"}}}},
{"name":"convert","parameters":{"type":"object","required":["value","unit"],"properties":{
 "value":{"type":"number"},"unit":{"type":"string"}}}},
{"name":"delete_account","parameters":{"type":"object","required":["user"],"properties":{"user":{"type":"string"}}}}]`

type arguments map[string]any

// turn is one answer of the agent of the test.
type turn struct {
	asks  string
	says  string
	calls []genai.ToolCall
	past  []string // tools that were called before
}

func calling(name string, args arguments) genai.ToolCall {
	text, err := json.Marshal(args)
	if err != nil {
		panic(err)
	}
	return genai.ToolCall{Name: name, Arguments: genai.Value{Text: string(text)}}
}

// world makes turns that differ in everything that does not matter.
type world struct{ *rand.Rand }

func (w world) pick(texts ...string) string { return texts[w.IntN(len(texts))] }

func (w world) order() string { return fmt.Sprintf("ORD-%04d", w.IntN(10000)) }

func (w world) date() string { return fmt.Sprintf("2026-%02d-%02d", 1+w.IntN(12), 1+w.IntN(28)) }

func (w world) city() string {
	return w.pick("Bern", "Lyon", "Porto", "Ghent", "Turin", "Gdansk", "Malmo", "Leeds", "Graz", "Brno")
}

func (w world) chat() string {
	return w.pick("Sure, one moment.", "I am looking into it.", "Happy to help with that!", "Let me check.", "") +
		w.pick("", " Thanks for waiting.", " This takes a second.")
}

func (w world) booking() arguments {
	return arguments{
		"city": w.city(), "date": w.date(), "party": 1 + w.IntN(12),
		"seat": w.pick("inside", "terrace", "bar"),
	}
}

func (w world) refund() arguments {
	return arguments{"order": w.order(), "amount": float64(100+w.IntN(40000)) / 100}
}

// other is a sound turn about something else.
func (w world) other() turn {
	switch w.IntN(4) {
	case 0:
		return turn{asks: "A table in " + w.city(), says: w.chat(), calls: []genai.ToolCall{calling("book_table", w.booking())}}
	case 1:
		order := w.order()
		return turn{
			asks: "Where is order " + order + "?", says: w.chat(),
			calls: []genai.ToolCall{calling("find_order", arguments{"order": order})},
		}
	case 2:
		return turn{
			asks: w.pick("How many litres is that?", "Convert it please"),
			says: w.chat(), calls: []genai.ToolCall{calling("convert", arguments{"value": float64(w.IntN(90)) / 2, "unit": w.pick("litre", "gallon")})},
		}
	}
	return turn{asks: w.pick("Thank you!", "Do you open on Sundays?"), says: w.pick("We open at ten.", "You are welcome.", "Gladly.")}
}

// with changes an argument.
func with(args arguments, key string, value any) arguments {
	args[key] = value
	return args
}

func without(args arguments, key string) arguments {
	delete(args, key)
	return args
}

// kind is one way to fail, with the sound turns that look most like it.
type kind struct {
	name       string
	bad, close func(w world) turn
}

func book(w world, args arguments) turn {
	return turn{asks: "A table for us in " + w.city() + " please", says: w.chat(), calls: []genai.ToolCall{calling("book_table", args)}}
}

func refund(w world, args arguments, past ...string) turn {
	return turn{asks: "I want my money back for " + w.order(), says: w.chat(), past: past, calls: []genai.ToolCall{calling("issue_refund", args)}}
}

// again is a tool that was called so often.
func again(tool string, times int) []string { return slices.Repeat([]string{tool}, times) }

func says(w world, asks string, texts ...string) turn {
	return turn{asks: asks, says: w.pick(texts...)}
}

var kinds = []kind{
	{
		"a wrong type",
		func(w world) turn {
			return book(w, with(w.booking(), "party", w.pick("two", "four", "six people", "8")))
		},
		func(w world) turn { return book(w, w.booking()) },
	},
	{
		"wrong types of several tools",
		func(w world) turn {
			if w.IntN(2) == 0 {
				return refund(w, with(w.refund(), "amount", w.pick("20 EUR", "all", "half")))
			}
			return book(w, with(w.booking(), "party", "us"))
		},
		func(w world) turn { return book(w, w.booking()) },
	},
	{
		"a missing required argument",
		func(w world) turn { return book(w, without(w.booking(), w.pick("date", "party"))) },
		func(w world) turn { return book(w, without(w.booking(), "seat")) },
	},
	{
		"an unknown tool",
		func(w world) turn {
			return turn{asks: "A table in " + w.city(), says: w.chat(), calls: []genai.ToolCall{
				calling(w.pick("reserve", "table_booking", "book_a_table", "make_reservation"), w.booking()),
			}}
		},
		func(w world) turn { return book(w, w.booking()) },
	},
	{
		"a value that the enum lacks",
		func(w world) turn {
			return book(w, with(w.booking(), "seat", w.pick("window", "garden", "roof", "Terrace")))
		},
		func(w world) turn { return book(w, w.booking()) },
	},
	{
		"a value that no schema forbids",
		func(w world) turn {
			return turn{asks: "Convert it", says: w.chat(), calls: []genai.ToolCall{calling("convert", arguments{"value": float64(w.IntN(50)), "unit": w.pick("litres", "L", "ltr", "pints")})}}
		},
		func(w world) turn {
			return turn{asks: "Convert it", says: w.chat(), calls: []genai.ToolCall{calling("convert", arguments{"value": float64(w.IntN(50)), "unit": w.pick("litre", "gallon", "pint")})}}
		},
	},
	{
		"a value out of range",
		func(w world) turn { return refund(w, with(w.refund(), "amount", 520+w.IntN(5000))) },
		func(w world) turn { return refund(w, with(w.refund(), "amount", 300+w.IntN(200))) },
	},
	{
		"a negative value",
		func(w world) turn { return refund(w, with(w.refund(), "amount", -float64(1+w.IntN(9000))/100)) },
		func(w world) turn { return refund(w, with(w.refund(), "amount", float64(1+w.IntN(300))/100)) },
	},
	{
		"an argument of the wrong format",
		func(w world) turn {
			return book(w, with(w.booking(), "date", w.pick("tomorrow", "next Friday", "12/05/2026", "May 3rd", "3.4.2026")))
		},
		func(w world) turn { return book(w, w.booking()) },
	},
	{
		"an argument without its prefix",
		func(w world) turn { return refund(w, with(w.refund(), "order", fmt.Sprint(1000+w.IntN(9000)))) },
		func(w world) turn { return refund(w, w.refund()) },
	},
	{
		"a missing call",
		func(w world) turn {
			return says(w, "Please refund order "+w.order(), "Your refund is on its way.", "Done!", "It is done, anything else?")
		},
		func(w world) turn {
			order := w.order()
			return turn{asks: "Please refund order " + order, says: w.pick("Done!", "Your refund is on its way."), calls: []genai.ToolCall{calling("issue_refund", with(w.refund(), "order", order))}}
		},
	},
	{
		"a forbidden call",
		func(w world) turn {
			return turn{asks: w.pick("I am fed up", "Stop mailing me", "Close it"), says: w.chat(), calls: []genai.ToolCall{calling("delete_account", arguments{"user": w.order()})}}
		},
		func(w world) turn {
			return turn{asks: w.pick("I am fed up", "Stop mailing me", "Close it"), says: w.chat(), calls: []genai.ToolCall{calling("find_order", arguments{"order": w.order()})}}
		},
	},
	{
		"a wrong order",
		func(w world) turn {
			if w.IntN(2) == 0 {
				return refund(w, w.refund())
			}
			t := refund(w, w.refund())
			t.calls = append(t.calls, calling("find_order", arguments{"order": w.order()}))
			return t
		},
		func(w world) turn { return refund(w, w.refund(), "find_order") },
	},
	{
		"a loop of one tool",
		func(w world) turn { return refund(w, w.refund(), again("find_order", 4+w.IntN(6))...) },
		func(w world) turn { return refund(w, w.refund(), again("find_order", 1+w.IntN(3))...) },
	},
	{
		"a loop of any tool",
		func(w world) turn {
			return refund(w, w.refund(), append(again(w.pick("find_order", "convert", "search", "wait"), 4+w.IntN(6)), "greet")...)
		},
		func(w world) turn { // as long, without a repetition
			return refund(w, w.refund(), []string{"find_order", "convert", "search", "wait", "greet", "note", "look", "ask"}[:5+w.IntN(4)]...)
		},
	},
	{
		"the same call twice",
		func(w world) turn {
			t := book(w, w.booking())
			t.calls = append(t.calls, t.calls[0])
			return t
		},
		func(w world) turn { return book(w, w.booking()) },
	},
	{
		"a literal in the answer",
		func(w world) turn {
			return says(w, "Is it safe?", "As a language model I can not say that.", "Well, as a language model I have no opinion.", "I think so, but as a language model, who am I to say?")
		},
		func(w world) turn {
			return says(w, "Is it safe?", "I can not say that.", "Which model do you mean?", "Our language course starts in May.", "I think so, but who am I to say?")
		},
	},
	{
		"a missing notice",
		func(w world) turn {
			return says(w, "Should I buy "+w.city()+" bonds?", "Yes, they look cheap.", "They pay 3 percent.", "I would wait until May.")
		},
		func(w world) turn {
			return says(w, "Should I buy "+w.city()+" bonds?", "They look cheap. This is not financial advice.", "They pay 3 percent. Please note: this is not financial advice.", "This is not financial advice, but I would wait.")
		},
	},
	{
		"a placeholder",
		func(w world) turn {
			return says(w, "Write to "+w.city(), "Dear [Name], we are sorry.", "Dear {{customer}}, thanks.", "Kind regards, [Your Name]")
		},
		func(w world) turn {
			return says(w, "Write to "+w.city(), "Dear Ms Roe, we are sorry.", "Dear customer, thanks (see list 3).", "Kind regards, Name & Sons")
		},
	},
	{
		"a number out of range",
		func(w world) turn {
			return says(w, "What is the discount?", fmt.Sprintf("You get %d off today.", 31+w.IntN(60)), fmt.Sprintf("It is %d off, for you.", 31+w.IntN(60)))
		},
		func(w world) turn {
			return says(w, "What is the discount?", fmt.Sprintf("You get %d off today.", 1+w.IntN(30)), fmt.Sprintf("It is %d off, for you.", 1+w.IntN(30)))
		},
	},
	{
		"a field of a JSON answer",
		func(w world) turn {
			return says(w, "As JSON", fmt.Sprintf(`{"total": "%d EUR", "items": [{"name": "a"}]}`, w.IntN(90)), fmt.Sprintf(`{"items": [{"name": "b"}], "sum": %d}`, w.IntN(90)))
		},
		func(w world) turn {
			return says(w, "As JSON", fmt.Sprintf(`{"total": %d, "items": [{"name": "a"}]}`, w.IntN(90)))
		},
	},
	{
		"a field within a list of a JSON answer",
		func(w world) turn {
			return says(w, "As JSON", fmt.Sprintf(`{"items": [{"name": "a", "price": %d}, {"name": "b", "price": -%d}]}`, w.IntN(90), 1+w.IntN(90)))
		},
		func(w world) turn {
			return says(w, "As JSON", fmt.Sprintf(`{"items": [{"name": "a", "price": %d}, {"name": "b", "price": %d}]}`, w.IntN(90), 1+w.IntN(90)))
		},
	},
	{
		"no JSON",
		func(w world) turn {
			return says(w, "As JSON", "Here it is: {\"total\": 3}", "```json\n{\"total\": 4}\n```", "Sure! {\"total\": 8}")
		},
		func(w world) turn { return says(w, "As JSON", fmt.Sprintf(`{"total": %d}`, w.IntN(90))) },
	},
	{
		"an answer that is too long",
		func(w world) turn {
			return says(w, "In one line", strings.Repeat(w.pick("word ", "and ", "so "), 60+w.IntN(90)))
		},
		func(w world) turn {
			return says(w, "In one line", strings.Repeat(w.pick("word ", "and ", "so "), 5+w.IntN(20)))
		},
	},
	{
		"a claim without the call",
		func(w world) turn {
			return says(w, w.pick("Money back!", "It broke"), "I have issued a refund of 5.", "Good news: I have issued a refund.")
		},
		func(w world) turn {
			if w.IntN(2) == 0 {
				return turn{asks: w.pick("Money back!", "It broke"), says: "I have issued a refund.", calls: []genai.ToolCall{calling("issue_refund", w.refund())}}
			}
			return says(w, w.pick("Money back!", "It broke"), "I can not issue a refund.", "We have a refund policy.")
		},
	},
}

// rows makes judged calls of a kind: failures, as many sound ones that look like them, and half as many others.
func (k *kind) rows(seed uint64, failures int) (rows []dataset.Row) {
	w := world{rand.New(rand.NewPCG(seed, 7))}
	add := func(t turn, decision review.Decision) {
		content := genai.Content{ToolDefinitions: toolset}
		content.Tools, _ = genai.ParseTools(toolset)
		for _, name := range t.past {
			content.Input = append(content.Input,
				genai.Message{Role: "assistant", ToolCalls: []genai.ToolCall{calling(name, arguments{"order": w.order()})}})
		}
		content.Input = append(content.Input, genai.Message{Role: "user", Text: t.asks + w.pick(" ", " Please, ", " Hello, ") +
			fmt.Sprintf("this is %s %d.", w.pick("Ann", "Ben", "Cem", "Dora"), w.IntN(1e6))})
		content.Output = []genai.Message{{Role: "assistant", Text: t.says, ToolCalls: t.calls}}
		call := &genai.Call{Operation: genai.OpChat, FinishReasonsCanonical: []string{"stop"}, DurationMillis: 100 + 900*w.Float64()}
		call.SetContent(content)
		row := dataset.Row{
			ID: fmt.Sprint(len(rows)), TraceID: fmt.Sprint("t", len(rows)), Decision: decision, Call: call,
		}
		if decision == review.Confirmed {
			row.Class, row.Detail, row.Fingerprint = failure.BadAnswer, failure.BrokenRule, "f1"
		}
		rows = append(rows, row)
	}
	for i := range failures {
		add(k.bad(w), review.Confirmed)
		add(k.close(w), review.Rejected)
		if i%2 == 0 {
			add(w.other(), review.Rejected)
		}
	}
	return rows
}

func options(t *testing.T) Options {
	t.Helper()
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	return Options{Scorers: set, Precision: 0.9, Checks: 3}
}

// TestKinds: at least 80 % of the kinds get checks with a precision of 0.95 and a recall of 0.8 on calls that were not
// learned from, hard negatives among them.
func TestKinds(t *testing.T) {
	o := options(t)
	for _, failures := range []int{20, 60} {
		reached := 0
		for i := range kinds {
			k := &kinds[i]
			began := time.Now()
			signals := ForSignals(k.rows(uint64(i), failures), nil, o)
			require.Len(t, signals, 1)
			s := signals[0]
			var last Outcome
			line := s.Refused
			for _, p := range s.Proposals {
				line += "\n    " + p.Rule.Fail
				if p.Refused != "" {
					line += "  REFUSED " + p.Refused
					continue
				}
				last = p.Together
			}
			precision, _ := last.Precision()
			recall, _ := last.Recall()
			if precision >= 0.95 && recall >= 0.8 {
				reached++
			}
			t.Logf("%d %s: precision %.2f, recall %.2f, MCC %.2f, %v%s", failures, k.name, precision, recall, last.MCC(),
				time.Since(began).Round(time.Millisecond), line)
		}
		t.Logf("%d failures: %d of %d kinds", failures, reached, len(kinds))
		require.GreaterOrEqual(t, reached*100, 80*len(kinds))
	}
}
