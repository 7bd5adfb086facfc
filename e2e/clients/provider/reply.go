package provider

import "time"

// Reply is what the provider answers, free of any API.
type Reply struct {
	Text      string
	Refusal   string // text of a refusal, which OpenAI keeps apart from the answer
	Call      *Call  // a tool call in place of a text
	Finish    Finish
	Usage     Usage
	Fault     Fault         // an error in place of an answer
	Cut       bool          // the connection breaks in the middle of the answer
	Wait      time.Duration // before the answer
	Reasoning string        // thinking that the API shows beside the answer
}

// Call is a tool call. The arguments are what a model wrote, valid JSON or not.
type Call struct{ Name, Arguments string }

// Usage counts tokens. Input includes the cached tokens, Output includes reasoning.
type Usage struct{ Input, Output, CacheRead, CacheWrite, Reasoning int }

// Finish is why the model stopped.
type Finish int

// The reasons to stop. A reply with a call ends in the reason that the API has for calls.
const (
	Stop Finish = iota
	Length
	Filter
)

// Fault is an error of the provider.
type Fault int

// The errors, spelled in faults.go as each API spells them.
const (
	NoFault Fault = iota
	RateLimited
	QuotaExceeded
	ServerError
	Overloaded
	Unauthorized
	UnknownModel
	ContextLength
	PromptFiltered
)

// Turn is what a script sees of a request.
type Turn struct {
	API       API
	Attempt   int  // counts the requests of one client in one scenario, from 1
	AfterTool bool // the last message of the request is the result of a tool
}

// API is the wire format of a request.
type API string

// The APIs that the provider speaks.
const (
	Chat      API = "chat"
	Responses API = "responses"
	Anthropic API = "anthropic"
	Gemini    API = "gemini"
)
