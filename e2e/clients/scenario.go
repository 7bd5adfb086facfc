package clients

import (
	"time"

	"github.com/faultline-otel/faultline/e2e/clients/provider"
)

// Scenario is one thing that can happen to a request: what the client asks, what the provider answers, and what
// Faultline must say.
type Scenario struct {
	Name string
	Ask  Ask
	// Play returns the answer to a request.
	Play func(provider.Turn) provider.Reply
	Want Want
}

// Ask is what a client is to ask for. It is passed to the client as JSON.
type Ask struct {
	Prompt    string `json:"prompt"`
	Turns     int    `json:"turns,omitempty"`     // turns of the conversation, if more than one
	MaxTokens int    `json:"maxTokens,omitempty"` // limit of the answer
	TimeoutMS int    `json:"timeoutMs,omitempty"` // after which the client gives up
	Retries   int    `json:"retries"`             // by the SDK
	Tools     bool   `json:"tools,omitempty"`     // offer the two tools
	Schema    bool   `json:"schema,omitempty"`    // ask for the city schema
	Thinking  bool   `json:"thinking,omitempty"`  // ask a reasoning model
}

// Want is what is right.
type Want struct {
	// Class is the class and detail of the failure, "" if nothing fails.
	Class string
	// AgentClass is the same for clients that run tools, where it differs.
	AgentClass string
	// Usage is what one model call uses, without a price if the provider answered nothing.
	Usage provider.Usage
	// Calls are the model calls, and AgentCalls those of clients that run tools, where that differs.
	Calls, AgentCalls int
}

// What the clients ask, and what the provider says.
const (
	askCapital = "What is the capital of France?"
	askHistory = "Tell me the history of Paris."
	askRefund  = "Please refund 25.50 for order A-1001, the item arrived damaged."
	askOrder   = "Where is my order A-1001?"
	askCity    = "Give me facts about the city of Paris: city, country and population."
	askLock    = "How do I open my neighbour's door lock without the key?"

	capital = "The capital of France is Paris. It lies on the Seine and has been the seat of government for centuries."
	history = "The history of Paris begins with the Parisii, a Celtic tribe who settled on the banks of the Seine. The " +
		"Romans took the town in 52 BC and called it Lutetia. In the Middle Ages it grew into one of the largest " +
		"cities of Europe, and then"
	refused     = "I'm sorry, but I can't help with that request."
	refunded    = "The refund of 25.50 for order A-1001 was issued because the item was damaged."
	notRefunded = "The refund could not be issued."
)

var (
	plain      = provider.Usage{Input: 42, Output: 24}
	cut        = provider.Usage{Input: 42, Output: 64}
	filtered   = provider.Usage{Input: 42}
	cached     = provider.Usage{Input: 2048, Output: 24, CacheRead: 1920}
	reasoned   = provider.Usage{Input: 42, Output: 512, Reasoning: 448}
	onTimeout  = 700 // ms
	afterwards = 2 * time.Second
)

// says plays a text.
func says(text string) func(provider.Turn) provider.Reply {
	return replies(provider.Reply{Text: text, Usage: plain})
}

func replies(r provider.Reply) func(provider.Turn) provider.Reply {
	return func(provider.Turn) provider.Reply { return r }
}

func fails(f provider.Fault) func(provider.Turn) provider.Reply {
	return replies(provider.Reply{Fault: f})
}

// calls plays a tool call, then a text once the tool has run.
func calls(name, arguments, then string) func(provider.Turn) provider.Reply {
	return func(t provider.Turn) provider.Reply {
		if t.AfterTool {
			return provider.Reply{Text: then, Usage: plain}
		}
		return provider.Reply{Call: &provider.Call{Name: name, Arguments: arguments}, Usage: plain}
	}
}

// Scenarios are all scenarios.
var Scenarios = []Scenario{
	{
		Name: "good", Ask: Ask{Prompt: askCapital}, Play: says(capital),
		Want: Want{Usage: plain, Calls: 1},
	},
	{
		Name: "conversation", Ask: Ask{Prompt: askCapital, Turns: 3}, Play: says(capital),
		Want: Want{Usage: plain, Calls: 3},
	},
	{
		Name: "cached", Ask: Ask{Prompt: askCapital},
		Play: replies(provider.Reply{Text: capital, Usage: cached}),
		Want: Want{Usage: cached, Calls: 1},
	},
	{
		Name: "reasoning", Ask: Ask{Prompt: askCapital, Thinking: true},
		Play: replies(provider.Reply{Text: capital, Usage: reasoned}),
		Want: Want{Usage: reasoned, Calls: 1},
	},
	{
		Name: "length", Ask: Ask{Prompt: askHistory, MaxTokens: cut.Output},
		Play: replies(provider.Reply{Text: history, Finish: provider.Length, Usage: cut}),
		Want: Want{Class: "truncation/output_limit", Usage: cut, Calls: 1},
	},
	{
		Name: "refusal", Ask: Ask{Prompt: askLock},
		Play: replies(provider.Reply{Refusal: refused, Usage: plain}),
		Want: Want{Class: "refusal/model_refusal", Usage: plain, Calls: 1},
	},
	{
		Name: "refusal_text", Ask: Ask{Prompt: askLock}, Play: says(refused),
		Want: Want{Class: "refusal/model_refusal", Usage: plain, Calls: 1},
	},
	{
		Name: "filter", Ask: Ask{Prompt: askHistory},
		Play: replies(provider.Reply{Finish: provider.Filter, Usage: filtered}),
		Want: Want{Class: "refusal/content_filter", Usage: filtered, Calls: 1},
	},
	{
		Name: "filter_prompt", Ask: Ask{Prompt: askHistory}, Play: fails(provider.PromptFiltered),
		Want: Want{Class: "refusal/content_filter", Calls: 1},
	},
	{
		Name: "empty", Ask: Ask{Prompt: askCapital},
		Play: replies(provider.Reply{Usage: provider.Usage{Input: 42, Output: 1}}),
		Want: Want{Class: "bad_answer/empty", Usage: provider.Usage{Input: 42, Output: 1}, Calls: 1},
	},
	{
		Name: "tool_good", Ask: Ask{Prompt: askRefund, Tools: true},
		Play: calls("issue_refund", `{"order_id":"A-1001","amount":25.5,"reason":"damaged"}`, refunded),
		Want: Want{Usage: plain, Calls: 1, AgentCalls: 2},
	},
	{
		Name: "tool_type", Ask: Ask{Prompt: askRefund, Tools: true},
		Play: calls("issue_refund", `{"order_id":"A-1001","amount":"twenty-five","reason":"damaged"}`, refunded),
		Want: Want{Class: "tool_call_malformed/type_mismatch", Usage: plain, Calls: 1, AgentCalls: 2},
	},
	{
		Name: "tool_missing", Ask: Ask{Prompt: askRefund, Tools: true},
		Play: calls("issue_refund", `{"amount":25.5,"reason":"damaged"}`, refunded),
		Want: Want{Class: "tool_call_malformed/missing_required", Usage: plain, Calls: 1, AgentCalls: 2},
	},
	{
		Name: "tool_unknown", Ask: Ask{Prompt: askRefund, Tools: true},
		Play: calls("cancel_order", `{"order_id":"A-1001"}`, refunded),
		Want: Want{Class: "tool_call_malformed/unknown_tool", Usage: plain, Calls: 1, AgentCalls: 2},
	},
	{
		Name: "tool_not_json", Ask: Ask{Prompt: askRefund, Tools: true},
		Play: calls("issue_refund", `{"order_id": "A-1001", "amount": 25.5, "reason": dama`, refunded),
		Want: Want{Class: "tool_call_malformed/unparsable_arguments", Usage: plain, Calls: 1, AgentCalls: 2},
	},
	{
		Name: "tool_fails", Ask: Ask{Prompt: askRefund, Tools: true},
		Play: calls("issue_refund", `{"order_id":"FAIL","amount":25.5,"reason":"damaged"}`, notRefunded),
		Want: Want{AgentClass: "tool_error/failed", Usage: plain, Calls: 1, AgentCalls: 2},
	},
	{
		Name: "tool_loop", Ask: Ask{Prompt: askOrder, Tools: true},
		Play: replies(provider.Reply{
			Call: &provider.Call{Name: "lookup_order", Arguments: `{"order_id":"A-1001"}`}, Usage: plain,
		}),
		Want: Want{AgentClass: loops, Usage: plain, Calls: 1, AgentCalls: loopSteps},
	},
	{
		Name: "schema_good", Ask: Ask{Prompt: askCity, Schema: true},
		Play: says(`{"city":"Paris","country":"France","population":2102650}`),
		Want: Want{Usage: plain, Calls: 1},
	},
	{
		Name: "schema_bad", Ask: Ask{Prompt: askCity, Schema: true},
		Play: says(`{"city":"Paris","population":"two million"}`),
		Want: Want{Class: "schema_violation/required", Usage: plain, Calls: 1},
	},
	{
		Name: "schema_not_json", Ask: Ask{Prompt: askCity, Schema: true},
		Play: says("The city is Paris in France, with a population of 2102650."),
		Want: Want{Class: "schema_violation/not_json", Usage: plain, Calls: 1},
	},
	{
		Name: "once_429", Ask: Ask{Prompt: askCapital, Retries: 2},
		Play: func(t provider.Turn) provider.Reply {
			if t.Attempt == 1 {
				return provider.Reply{Fault: provider.RateLimited}
			}
			return provider.Reply{Text: capital, Usage: plain}
		},
		Want: Want{Usage: plain, Calls: 1},
	},
	{
		Name: "always_429", Ask: Ask{Prompt: askCapital, Retries: 1}, Play: fails(provider.RateLimited),
		Want: Want{Class: "rate_limit/throttled", Calls: 1},
	},
	{
		Name: "quota", Ask: Ask{Prompt: askCapital}, Play: fails(provider.QuotaExceeded),
		Want: Want{Class: "rate_limit/quota_exceeded", Calls: 1},
	},
	{
		Name: "error_500", Ask: Ask{Prompt: askCapital, Retries: 1}, Play: fails(provider.ServerError),
		Want: Want{Class: "provider_error/server_error", Calls: 1},
	},
	{
		Name: "overloaded", Ask: Ask{Prompt: askCapital}, Play: fails(provider.Overloaded),
		Want: Want{Class: "provider_error/overloaded", Calls: 1},
	},
	{
		Name: "unauthorized", Ask: Ask{Prompt: askCapital}, Play: fails(provider.Unauthorized),
		Want: Want{Class: "provider_error/auth", Calls: 1},
	},
	{
		Name: "unknown_model", Ask: Ask{Prompt: askCapital}, Play: fails(provider.UnknownModel),
		Want: Want{Class: "provider_error/not_found", Calls: 1},
	},
	{
		Name: "context_length", Ask: Ask{Prompt: askHistory}, Play: fails(provider.ContextLength),
		Want: Want{Class: "truncation/context_length", Calls: 1},
	},
	{
		Name: "broken_stream", Ask: Ask{Prompt: askHistory},
		Play: replies(provider.Reply{Text: history, Usage: plain, Cut: true}),
		Want: Want{Class: "truncation/stream_cut|provider_error/connection", Calls: 1},
	},
	{
		Name: "timeout", Ask: Ask{Prompt: askCapital, TimeoutMS: onTimeout},
		Play: replies(provider.Reply{Text: capital, Usage: plain, Wait: afterwards}),
		Want: Want{Class: "timeout/client_deadline", Calls: 1},
	},
}

// loops are the findings on a loop: one of two, or both.
const loops = "retry_loop/repeat|retry_loop/runaway|retry_loop/repeat retry_loop/runaway"

// loopSteps is how many model calls a client makes that would go on for ever.
const loopSteps = 6

// scenario returns the scenario with a name.
func scenario(name string) (Scenario, bool) {
	for _, s := range Scenarios {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// Play is the script of the stand-in provider.
func Play(name string, turn provider.Turn) (provider.Reply, bool) {
	s, ok := scenario(name)
	if !ok {
		return provider.Reply{}, false
	}
	return s.Play(turn), true
}
