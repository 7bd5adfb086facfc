package clients

import (
	"slices"
	"strings"
)

// Client is an SDK with an instrumentation. It is a program NAME.mjs, or the program before the first hyphen that the
// variants of an SDK share.
type Client struct {
	Name, Program string
	SDK           string // and the instrumentation, as the table in the docs names them
	Variants      []Variant
}

// Variant is one way to ask with an SDK.
type Variant struct {
	Name  string
	Model Model
	Agent bool // runs tools and asks again
}

// Model is the price of a model in dollars per million tokens, from the price list of its provider.
type Model struct {
	Name                                 string
	Input, CacheRead, CacheWrite, Output float64
}

var (
	gpt    = Model{"gpt-4o-mini", 0.15, 0.075, 0, 0.60}
	o4     = Model{"o4-mini", 1.10, 0.275, 0, 4.40}
	claude = Model{"claude-sonnet-4-5", 3, 0.30, 3.75, 15}
	gemini = Model{"gemini-2.5-flash", 0.30, 0.03, 0, 2.50}
)

// Clients are all clients.
var Clients = []Client{
	{
		Name: "openai-openinference", SDK: "openai 7, OpenInference",
		Variants: asking(gpt, "chat", "stream", "responses", "responses-stream"),
	},
	{
		Name: "openai-traceloop", SDK: "openai 7, Traceloop (OpenLLMetry)",
		Variants: asking(gpt, "chat", "stream", "responses"),
	},
	{
		Name: "openai-contrib", SDK: "openai 6, OpenTelemetry contrib",
		Variants: asking(gpt, "chat", "stream", "responses"),
	},
	{
		Name: "openai-langfuse", SDK: "openai 7, Langfuse",
		Variants: asking(gpt, "chat", "stream", "responses", "responses-stream"),
	},
	{
		Name: "openai-langsmith", SDK: "openai 7, LangSmith",
		Variants: asking(gpt, "chat", "responses"),
	},
	{
		Name: "google-langsmith", SDK: "@google/genai 3, LangSmith",
		Variants: asking(gemini, "generate"),
	},
	{
		Name: "anthropic-native", SDK: "@anthropic-ai/sdk 1, its own tracing",
		Variants: asking(claude, "messages", "stream"),
	},
	{
		Name: "anthropic-openinference", SDK: "@anthropic-ai/sdk 1, OpenInference",
		Variants: asking(claude, "messages", "stream"),
	},
	{
		Name: "anthropic-traceloop", SDK: "@anthropic-ai/sdk 0.71, Traceloop (OpenLLMetry)",
		Variants: asking(claude, "messages", "stream"),
	},
	{
		Name: "vercel", SDK: "AI SDK 7",
		Variants: vercel,
	},
	{
		Name: "vercel-legacy", Program: "vercel", SDK: "AI SDK 7, the attributes of version 6",
		Variants: vercel,
	},
	{
		Name: "vercel-langsmith", Program: "vercel", SDK: "AI SDK 7, the attributes of version 6, LangSmith's exporter",
		Variants: vercel,
	},
	{
		Name: "langchain-openinference", Program: "langchain", SDK: "LangChain 1, OpenInference",
		Variants: langchain,
	},
	{
		Name: "langchain-traceloop", Program: "langchain", SDK: "LangChain 1, Traceloop (OpenLLMetry)",
		Variants: langchain,
	},
	{
		Name: "agents-openinference", SDK: "OpenAI Agents, OpenInference",
		Variants: running(gpt, "chat", "responses", "responses-stream", "mcp"),
	},
	{
		Name: "mastra", SDK: "Mastra 1",
		Variants: running(gpt, "generate", "stream"),
	},
	{
		Name: "genkit", SDK: "Genkit 1",
		Variants: running(gpt, "generate"),
	},
}

var (
	vercel = slices.Concat(
		running(gpt, "chat", "chat-stream", "responses", "responses-stream"),
		running(claude, "anthropic", "anthropic-stream"),
		running(gemini, "google", "google-stream"),
	)
	langchain = slices.Concat(asking(gpt, "chat", "stream", "responses"), running(gpt, "agent"))
)

// asking returns variants that ask once, and leave tools to the caller.
func asking(m Model, names ...string) []Variant {
	variants := make([]Variant, len(names))
	for i, name := range names {
		variants[i] = Variant{Name: name, Model: m}
	}
	return variants
}

// running returns variants that run tools.
func running(m Model, names ...string) []Variant {
	variants := asking(m, names...)
	for i := range variants {
		variants[i].Agent = true
	}
	return variants
}

// program returns the name of the file that is run.
func (c *Client) program() string {
	if c.Program == "" {
		return c.Name + ".mjs"
	}
	return c.Program + ".mjs"
}

// variantNames returns the names of the variants, with commas.
func (c *Client) variantNames() string {
	names := make([]string, len(c.Variants))
	for i, v := range c.Variants {
		names[i] = v.Name
	}
	return strings.Join(names, ",")
}

// Cell is one client in one scenario.
type Cell struct {
	Client   *Client
	Variant  Variant
	Scenario *Scenario
}

// column returns CLIENT/VARIANT.
func (c *Cell) column() string { return c.Client.Name + "/" + c.Variant.Name }

// Name returns CLIENT/VARIANT/SCENARIO.
func (c *Cell) Name() string { return c.column() + "/" + c.Scenario.Name }

// session is the session that the client names in this cell.
func (c *Cell) session() string {
	return "session-" + c.Client.Name + "-" + c.Variant.Name + "-" + c.Scenario.Name
}

// model returns the model that is asked.
func (c *Cell) model() Model {
	if c.Scenario.Ask.Thinking && c.Variant.Model == gpt {
		return o4
	}
	return c.Variant.Model
}

// cells returns every cell of a client by name.
func (c *Client) cells() []*Cell {
	var list []*Cell
	for _, v := range c.Variants {
		for i := range Scenarios {
			list = append(list, &Cell{c, v, &Scenarios[i]})
		}
	}
	return list
}
