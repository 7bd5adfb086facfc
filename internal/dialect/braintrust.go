package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// Braintrust SDKs hold everything as JSON: input, output, metadata (model, provider, parameters), metrics and the kind
// of span. Some write single members of these objects as attributes of their own.
var (
	keyBTKind      = intern(inBraintrust, "braintrust.span_attributes")
	keyBTType      = intern(inBraintrust, "braintrust.span_attributes.type")
	keyBTIn        = intern(inBraintrust, "braintrust.input_json")
	keyBTInText    = intern(inBraintrust, "braintrust.input")
	keyBTOut       = intern(inBraintrust, "braintrust.output_json")
	keyBTOutText   = intern(inBraintrust, "braintrust.output")
	keyBTMeta      = intern(0, "braintrust.metadata")
	keyBTModel     = intern(0, "braintrust.metadata.model")
	keyBTProvider  = intern(0, "braintrust.metadata.provider")
	keyBTMetrics   = intern(inBraintrust, "braintrust.metrics")
	keyBTPrompt    = intern(inBraintrust, "braintrust.metrics.prompt_tokens")
	keyBTComplete  = intern(inBraintrust, "braintrust.metrics.completion_tokens")
	keyBTTotal     = intern(inBraintrust, "braintrust.metrics.tokens")
	keyBTCached    = intern(inBraintrust, "braintrust.metrics.prompt_cached_tokens")
	keyBTWritten   = intern(inBraintrust, "braintrust.metrics.prompt_cache_creation_tokens")
	keyBTReasoning = intern(inBraintrust, "braintrust.metrics.completion_reasoning_tokens")
)

var braintrust = dialect{
	bit:   inBraintrust,
	takes: []key{keyBTIn, keyBTInText},
	gives: []key{keyBTOut, keyBTOutText},
	scalars: func(r *Reader, c *genai.Call) {
		kind := r.str(keyBTType)
		if kind == "" && r.has(keyBTKind) {
			kind = memberText(contentText(r, keyBTKind), "type")
		}
		fill(&c.Operation, kindOperation(kind))
		provider, model := r.name(keyBTProvider), r.name(keyBTModel)
		if r.has(keyBTMeta) {
			text := contentText(r, keyBTMeta)
			provider = firstOf(provider, memberText(text, "provider"))
			r.requested.read(text)
			r.requested.apply(c)
			fill(&model, r.requested.model)
		}
		r.setProvider(c, provider)
		if c.RequestModel == "" && c.ResponseModel == "" {
			fill(&c.Model, model)
		}
		u := &c.Usage
		fillOpt(&u.Input, r.count(keyBTPrompt))
		fillOpt(&u.Output, r.count(keyBTComplete))
		fillOpt(&u.Total, r.count(keyBTTotal))
		fillOpt(&u.CacheRead, r.count(keyBTCached))
		fillOpt(&u.CacheWrite, r.count(keyBTWritten))
		fillOpt(&u.Reasoning, r.count(keyBTReasoning))
		if r.has(keyBTMetrics) {
			r.braintrustMetrics(c, contentText(r, keyBTMetrics))
		}
		if c.Operation == genai.OpExecuteTool {
			fill(&c.ToolName, r.span.Name())
		}
	},
	load: func(r *Reader, _ *genai.Call, content *genai.Content, part genai.Part) bool {
		return part == genai.PartTools && r.toolsOfRequest(content, keyBTMeta)
	},
	about: []emitter{{
		name: "Braintrust", seen: "source of the Go, Java and Ruby SDKs, 2026",
		reads: "kind, messages, answer, model, provider, usage, time to first token, tools",
		lacks: "sessions",
	}},
}

// braintrustMetrics reads the metrics of a span. Input includes cached tokens.
func (r *Reader) braintrustMetrics(c *genai.Call, text string) {
	u := &c.Usage
	cur := cursor{s: text}
	if !cur.open('{') {
		return
	}
	for key := ""; cur.member(&key); {
		value := cur.scalar()
		if key == "time_to_first_token" {
			if seconds, ok := parseFloat(value); ok && seconds > 0 {
				fillOpt(&c.TTFT, genai.Some(seconds*1000))
			}
			continue
		}
		n, ok := parseInt(value)
		if !ok || n < 0 {
			continue
		}
		switch key {
		case "prompt_tokens":
			fillOpt(&u.Input, genai.Some(n))
		case "completion_tokens":
			fillOpt(&u.Output, genai.Some(n))
		case "tokens", "total_tokens":
			fillOpt(&u.Total, genai.Some(n))
		case "prompt_cached_tokens":
			fillOpt(&u.CacheRead, genai.Some(n))
		case "prompt_cache_creation_tokens":
			fillOpt(&u.CacheWrite, genai.Some(n))
		case "completion_reasoning_tokens":
			fillOpt(&u.Reasoning, genai.Some(n))
		}
	}
}
