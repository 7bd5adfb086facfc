package dialect

import (
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// place is where an emitter counts a part of its tokens.
type place uint8

const (
	// inside the sum, as the conventions want it. A total that is the sum of all counts shows that the emitter did not
	// keep to that, and so does a part that is larger than its sum.
	inside place = iota
	// outside the sum, whatever the total is.
	outside
	// byTotal is outside the sum, unless the total is input plus output.
	byTotal
)

func (p place) String() string {
	return [...]string{"inside", "outside", "by the total"}[p]
}

// policy is where an emitter counts cached tokens, reasoning, and sound and pictures. A row applies if everything that
// it names is true of the span.
type policy struct {
	emitter string   // as the reference page names it
	by      dialects // dialects of which one has the counts
	marks   dialects // dialects of which one shows on the span
	scope   string   // words of which one is in the name of the instrumentation scope, between bars
	form    form     // schemas of the usage object
	api     api      // providers whose counts are passed on

	cached, reasoning, media place
}

// policies is the table of emitters and providers. The first row that applies decides. Rows for emitters that count in
// attributes of the conventions name a mark or a scope. All others name the dialect that has the counts, so that a span
// that already went through Normalise is read alike.
var policies = [...]policy{
	{emitter: "Claude Code", by: inClaudeCode, cached: outside},

	{
		emitter: "Langfuse, flat keys", by: inLangfuse, form: formBuckets,
		cached: outside, reasoning: outside, media: outside,
	},
	{emitter: "Langfuse, OpenAI schema", by: inLangfuse, form: formOpenAI},

	{emitter: "AI SDK from 6", by: inVercel, form: formAISDK},
	{emitter: "AI SDK to 5", by: inVercel, api: apiAnthropic | apiBedrock, cached: outside},
	{emitter: "AI SDK to 5", by: inVercel, api: apiGemini, reasoning: byTotal},
	{emitter: "AI SDK to 5", by: inVercel, api: apiXAI, reasoning: outside},

	{
		emitter: "OpenLLMetry for JavaScript, Anthropic and Bedrock", cached: outside,
		scope: "@traceloop/instrumentation-anthropic|@traceloop/instrumentation-bedrock",
	},
	{
		emitter: "OpenLLMetry for Python and botocore, Bedrock", cached: outside,
		scope: "opentelemetry.instrumentation.bedrock|opentelemetry.instrumentation.botocore",
	},
	{emitter: "OpenLIT", marks: inOpenLIT, api: apiAnthropic | apiBedrock, cached: outside},
	{emitter: "OpenLIT", marks: inOpenLIT, api: apiGemini, reasoning: byTotal},
	{emitter: "OpenLIT", marks: inOpenLIT, api: apiXAI, reasoning: byTotal},

	{emitter: "Google ADK to 2.2", marks: inADK, form: formADK, reasoning: byTotal},
	{emitter: "Google ADK from 2.3", marks: inADK},

	{emitter: "Strands Agents", marks: inStrands, api: apiBedrock, cached: byTotal},
	{emitter: "Strands Agents", marks: inStrands, api: apiAnthropic, cached: outside},

	{emitter: "Genkit", by: inGenkit, api: apiAnthropic, cached: outside},
	{emitter: "Genkit", by: inGenkit, api: apiGemini, reasoning: byTotal},

	{emitter: "Haystack", by: inHaystack, api: apiAnthropic | apiBedrock, cached: outside},
	{emitter: "Haystack", by: inHaystack, api: apiGemini, reasoning: byTotal},

	// Usage objects of a provider that an SDK passes on.
	{emitter: "Usage object with details (OpenAI, LangChain)", form: formNormalised | formOpenAI, api: ^apiXAI},
	{emitter: "Usage object with details", form: formOpenAI, api: apiXAI, reasoning: byTotal},
	{emitter: "Usage object of Gemini", form: formGemini, reasoning: byTotal},
	{emitter: "Usage object of Bedrock", form: formBedrock, cached: byTotal},
	{emitter: "Usage object of Anthropic", form: formAnthropic, cached: outside},

	{emitter: "All others"}, // as the conventions want it
}

// api is a set of providers, by how their APIs count.
type api uint8

const (
	apiOther     api = 1 << iota // OpenAI and all that count like it: cached tokens and reasoning are inside
	apiAnthropic                 // cached tokens are outside
	apiBedrock                   // cached tokens are outside the input and inside the total
	apiGemini                    // reasoning is outside the output and inside the total
	apiXAI                       // reasoning is outside the output and inside the total
)

// ownCached and ownReasoning are the providers whose own counts exclude a part. A part that is larger than its sum is
// then no contradiction: the emitter passed the counts on.
const (
	ownCached    = apiAnthropic | apiBedrock
	ownReasoning = apiGemini | apiXAI
)

// apiOf returns whose counts the span has. The name of a cloud, a framework or a gateway does not tell, so the raw name
// of the provider comes first and the model last.
func (r *Reader) apiOf(c *genai.Call) api {
	raw := r.rawProvider
	switch c.Provider {
	case provider.Anthropic:
		return apiAnthropic
	case provider.Bedrock:
		return apiBedrock
	case provider.XAI:
		return apiXAI
	case provider.Gemini, provider.VertexAI, provider.GoogleGenAI:
		if strings.Contains(raw, "anthropic") || strings.Contains(c.AnyModel(), "claude") {
			return apiAnthropic
		}
		return apiGemini
	case "", provider.AzureInference, provider.AzureOpenAI:
		return apiOfModel(c.AnyModel())
	}
	return apiOther
}

func apiOfModel(model string) api {
	switch {
	case strings.Contains(model, "anthropic.claude"), strings.Contains(model, "amazon.nova"),
		strings.HasPrefix(model, "arn:aws:bedrock:"):
		return apiBedrock
	case strings.Contains(model, "claude"):
		return apiAnthropic
	case strings.Contains(model, "gemini"):
		return apiGemini
	case strings.Contains(model, "grok"):
		return apiXAI
	}
	return apiOther
}

func (p *policy) applies(r *Reader, of api) bool {
	if p.by != 0 && p.by&r.usage.by == 0 || p.marks != 0 && p.marks&r.marks == 0 ||
		p.form != 0 && p.form&r.usage.form == 0 || p.api != 0 && p.api&of == 0 {
		return false
	}
	for words := p.scope; words != ""; {
		var word string
		if word, words, _ = strings.Cut(words, "|"); strings.Contains(r.scope, word) {
			return true
		}
	}
	return p.scope == ""
}

// Problems with token counts that contradict each other. The rule is that of the bill: a part that cannot be inside its
// sum is beside it, and sound or pictures beyond their sum do not count.
const (
	problemCached    = "cached_above_input"
	problemReasoning = "reasoning_above_output"
	problemMedia     = "media_above_tokens"
)

// maxCount bounds counts, so that sums of them do not overflow.
const maxCount = 1 << 60

func plus(a, b int64) int64 { return min(a, maxCount) + min(b, maxCount) }

// UsageProblem returns how the token counts of the last span read contradict each other, or "".
func (r *Reader) UsageProblem() string { return r.usage.problem }

// splitTokens splits the usage into disjoint kinds, so that each token is counted and priced once.
func (r *Reader) splitTokens(c *genai.Call) {
	u, t := &c.Usage, &c.Tokens
	if r.usage.isZero {
		fillUsage(u, &r.usage.zeros)
	}
	t.CacheRead, t.CacheWrite, t.UncachedInput = u.CacheRead, u.CacheWrite, u.Input
	if u.Output.Set {
		t.Output, t.Reasoning = u.Output, u.Reasoning
	} else if u.Input.Set && u.Total == u.Input && c.Operation != genai.OpEmbeddings {
		t.Output = genai.Some[int64](0) // LangChain leaves out an output of no tokens
	}
	cached := plus(u.CacheRead.Value, u.CacheWrite.Value)
	reasoning := min(t.Reasoning.Value, maxCount)
	media := u.InputAudio.Value|u.CacheReadAudio.Value|u.OutputAudio.Value|u.InputImage.Value|u.OutputImage.Value != 0
	if cached == 0 && reasoning == 0 && !media && !r.usage.noCache.Set {
		return
	}
	of := r.apiOf(c)
	p := &policies[0]
	for i := 1; !p.applies(r, of); i++ {
		p = &policies[i]
	}
	cachedBeside, reasoningBeside, known := totalShows(u, cached, reasoning)
	switch {
	case r.usage.noCache.Set:
		t.UncachedInput = r.usage.noCache
	case !u.Input.Set || p.cached.excludes(cachedBeside, known):
	case cached > u.Input.Value:
		r.problem(problemCached, of&ownCached != 0)
	default:
		t.UncachedInput.Value -= cached
	}
	switch {
	case !u.Output.Set || p.reasoning.excludes(reasoningBeside, known):
	case reasoning > u.Output.Value:
		r.problem(problemReasoning, of&ownReasoning != 0)
	default:
		t.Output.Value -= reasoning
	}
	if media {
		r.splitMedia(u, t, p.media)
	}
}

// excludes reports whether a part is outside its sum. beside is what the total shows, if that is known.
func (p place) excludes(beside, known bool) bool {
	switch {
	case p == outside:
		return true
	case known:
		return beside
	}
	return p != inside
}

// totalShows compares the total with the sums of the other counts.
func totalShows(u *genai.Usage, cached, reasoning int64) (cachedBeside, reasoningBeside, known bool) {
	if !u.Total.Set || !u.Input.Set || !u.Output.Set {
		return false, false, false
	}
	switch u.Total.Value - u.Input.Value - u.Output.Value {
	case 0:
		return false, false, true
	case cached + reasoning:
		return true, true, true
	case cached:
		return true, false, true
	case reasoning:
		return false, true, true
	}
	return false, false, false
}

// problem marks counts that contradict each other, unless there is an explanation.
func (r *Reader) problem(reason string, explained bool) {
	if !explained {
		fill(&r.usage.problem, reason)
	}
}

// splitMedia fills the sound and the pictures of each kind of tokens. Sound of the input includes cached sound.
func (r *Reader) splitMedia(u *genai.Usage, t *genai.Tokens, at place) {
	t.InputAudio, t.CacheReadAudio, t.InputImage = some(u.InputAudio), some(u.CacheReadAudio), some(u.InputImage)
	t.OutputAudio, t.OutputImage = some(u.OutputAudio), some(u.OutputImage)
	if at == outside {
		add(&t.UncachedInput, u.InputAudio, u.InputImage)
		add(&t.Output, u.OutputAudio, u.OutputImage)
		return
	}
	if t.InputAudio.Set {
		t.InputAudio.Value -= min(t.InputAudio.Value, t.CacheReadAudio.Value)
		if beyond := t.InputAudio.Value - t.UncachedInput.Value; beyond > 0 && t.CacheReadAudio.Value < t.CacheRead.Value {
			// The rest can only have come from the cache.
			moved := min(beyond, t.CacheRead.Value-t.CacheReadAudio.Value)
			t.CacheReadAudio = genai.Some(t.CacheReadAudio.Value + moved)
			t.InputAudio.Value -= moved
		}
	}
	r.fit(&t.CacheReadAudio, t.CacheRead.Value)
	r.fit(&t.InputAudio, t.UncachedInput.Value)
	r.fit(&t.InputImage, t.UncachedInput.Value-t.InputAudio.Value)
	r.fit(&t.OutputAudio, t.Output.Value)
	r.fit(&t.OutputImage, t.Output.Value-t.OutputAudio.Value)
}

// fit bounds a part by its sum.
func (r *Reader) fit(part *genai.Opt[int64], sum int64) {
	if part.Value > sum {
		r.problem(problemMedia, false)
		part.Value = max(sum, 0)
	}
}

// some returns a count, unset if it is 0.
func some(n genai.Opt[int64]) genai.Opt[int64] {
	n.Set = n.Set && n.Value > 0
	return n
}

func add(sum *genai.Opt[int64], parts ...genai.Opt[int64]) {
	for _, part := range parts {
		if part.Set {
			*sum = genai.Some(plus(sum.Value, part.Value))
		}
	}
}

// TokensMarkdown returns the reference page about token counts.
func TokensMarkdown() string {
	var b strings.Builder
	b.WriteString(tokensIntro)
	for i := range policies {
		p := &policies[i]
		fmt.Fprintf(&b, "| %s | %v | %v | %v | %v |\n", p.emitter, p.api, p.cached, p.reasoning, p.media)
	}
	b.WriteString(tokensRules)
	return b.String()
}

// String returns the providers of a set as the reference page names them.
func (a api) String() string {
	if a == 0 {
		return "any"
	}
	if a == ^apiXAI {
		return "any but xAI"
	}
	var names []string
	for i, name := range [...]string{"other", "Anthropic", "Bedrock", "Gemini", "xAI"} {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

const tokensIntro = `# Token counts

<!-- Written by cmd/gen from internal/dialect. Change it there, then: make generate -->

Emitters differ in what their counts of input and output include. Faultline splits the counts into kinds that share no
token, and computes the cost from those. ` + "`faultline score --call`" + ` prints them as
` + "`tokens`" + `. The first row that applies to a span decides.

| Emitter | Provider | Cached tokens | Reasoning | Sound and pictures |
|---|---|---|---|---|
`

const tokensRules = `
- **Inside** the count of input or output: as the OpenTelemetry GenAI conventions want it. A total that is the sum of
  all counts shows that an emitter does otherwise, and is believed.
- **Outside**: always.
- **By the total**: inside where the total is input plus output, and outside otherwise.

Where a span names no provider, or names a cloud, a framework or a gateway, the model decides which row applies.

Some spans contradict themselves. A part that is larger than its sum is counted beside it. Sound and pictures beyond
their sum are dropped. ` + "`app.llm.problems`" + ` then has one of ` + "`cost:" + problemCached +
	"`,\n`cost:" + problemReasoning + "` and `cost:" + problemMedia + "`" + `. Parts that the provider itself leaves out of the sum are no
contradiction: cached tokens of Anthropic and Bedrock, reasoning of Gemini and xAI.
`
