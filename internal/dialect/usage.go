package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// tokenKind is a count of tokens in a usage report.
type tokenKind uint8

const (
	inputTokens tokenKind = iota
	outputTokens
	totalTokens
	cacheRead
	cacheWrite
	reasoningTokens
	inputAudio
	cacheReadAudio
	outputAudio
	inputImage
	outputImage
	noCache // input without cached tokens, if the emitter states it separately

	tokenKinds = int(iota)
)

// usageKeys are the attributes in which a dialect counts tokens, by kind. Preferred ones come first.
type usageKeys [tokenKinds][]key

// tokenDetails reads parts under names that few spans have: flattened details of a provider's own usage object, and
// names of single SDKs (Sentry, LiveKit, MLflow, Pydantic AI, Codex). There are too many to list, and they consist of
// the same words. No other dialect depends on it, so it costs nothing on spans without them.
var tokenDetails = dialect{
	bit: inTokenDetails,
	usage: &usageKeys{
		inputTokens:     {intern(inOTel|inTokenDetails, "gen_ai.usage.tokens.input")},
		outputTokens:    {intern(inOTel|inTokenDetails, "gen_ai.usage.tokens.output")},
		reasoningTokens: {keyADKReasoning, intern(inTokenDetails, "gcp.gen_ai.usage.thoughts_token_count")},
	},
	scalars: func(r *Reader, c *genai.Call) {
		if r.families&flatUsage == 0 {
			return
		}
		for name, value := range r.span.Attributes().All() {
			if f, _ := familyOf(name); f != flatUsage {
				continue
			}
			if kind, ok := partOf(name); ok {
				if slot := r.slot(&c.Usage, kind); !slot.Set {
					if n, ok := intOf(value); ok && n >= 0 {
						*slot = genai.Some(n)
					}
				}
			}
		}
	},
}

// partOf returns which part of a sum a name counts, by its words. ok is false for sums, and for names of other things.
func partOf(name string) (kind tokenKind, ok bool) {
	name = strings.ToLower(name)
	switch {
	case hasWord(name, "total", "cost", "price", "usd", "ratio", "hit_rate", "percent", "saving", "saved", "budget",
		"ttl", "second"):
		return 0, false
	case hasWord(name, "reasoning", "thought", "thinking"):
		return reasoningTokens, true
	case hasWord(name, "cache"):
		switch {
		case hasWord(name, "audio"):
			return cacheReadAudio, true
		case hasWord(name, "miss", "uncached", "nocache", "no_cache", "non_cached"):
			return noCache, true
		case hasWord(name, "creation", "creating", "created", "write", "written"):
			return cacheWrite, true
		}
		return cacheRead, true
	}
	out := hasWord(name, "output", "completion", "candidates")
	switch {
	case hasWord(name, "audio") && out:
		return outputAudio, true
	case hasWord(name, "audio"):
		return inputAudio, true
	case hasWord(name, "image") && out:
		return outputImage, true
	case hasWord(name, "image"):
		return inputImage, true
	}
	return 0, false
}

func hasWord(name string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// counted is what a reader knows about the usage of a span besides the counts.
type counted struct {
	by      dialects // the dialect that has the input count
	form    form     // of the object that has it
	noCache genai.Opt[int64]
	zeros   genai.Usage // of an object that counts no token at all
	isZero  bool        // there is such an object
	problem string
}

// countUsage fills the counts that a dialect has as attributes.
func (r *Reader) countUsage(u *genai.Usage, keys *usageKeys) {
	for kind := range keys {
		if names := keys[kind]; len(names) > 0 {
			if slot := r.slot(u, tokenKind(kind)); !slot.Set {
				*slot = r.count(names...)
			}
		}
	}
}

// slot returns where a count is kept.
func (r *Reader) slot(u *genai.Usage, kind tokenKind) *genai.Opt[int64] {
	if kind == noCache {
		return &r.usage.noCache
	}
	return slotIn(u, kind)
}

func slotIn(u *genai.Usage, kind tokenKind) *genai.Opt[int64] {
	switch kind {
	case inputTokens:
		return &u.Input
	case outputTokens:
		return &u.Output
	case totalTokens:
		return &u.Total
	case cacheRead:
		return &u.CacheRead
	case cacheWrite:
		return &u.CacheWrite
	case reasoningTokens:
		return &u.Reasoning
	case inputAudio:
		return &u.InputAudio
	case cacheReadAudio:
		return &u.CacheReadAudio
	case outputAudio:
		return &u.OutputAudio
	case inputImage:
		return &u.InputImage
	case outputImage:
		return &u.OutputImage
	}
	return nil
}

// readUsage reads a usage object in any spelling. It fills only what is not set yet. No call reads zero tokens, so an
// object of zeros holds only where nothing else counts: exporters that know of no usage write one.
func (r *Reader) readUsage(raw string, u *genai.Usage) {
	var object genai.Usage
	form := readUsage(raw, &object)
	if !counts(&object) {
		fillUsage(&r.usage.zeros, &object)
		r.usage.isZero = true
		return
	}
	if !u.Input.Set && object.Input.Set {
		r.usage.form = form
	}
	fillUsage(u, &object)
}

// counts reports whether a usage has a count above zero.
func counts(u *genai.Usage) bool {
	for kind := range tokenKind(tokenKinds) {
		if slot := slotIn(u, kind); slot != nil && slot.Value > 0 {
			return true
		}
	}
	return false
}

// fillUsage copies the counts that are not set yet.
func fillUsage(to, from *genai.Usage) {
	for kind := range tokenKind(tokenKinds) {
		if slot := slotIn(to, kind); slot != nil {
			fillOpt(slot, *slotIn(from, kind))
		}
	}
}

// form is the schema of a usage object. The schema of a provider tells more than the provider's name, because SDKs that
// count in their own way have schemas of their own. 0 means attributes, or an object of no known provider.
type form uint8

const (
	formBuckets    form = 1 << iota // Langfuse: every key counts tokens that no other key counts
	formOpenAI                      // details below the sums
	formAnthropic                   // cache_read_input_tokens beside input_tokens
	formBedrock                     // cacheReadInputTokens beside inputTokens
	formGemini                      // thoughts beside candidates
	formAISDK                       // AI SDK from version 6: the uncached input beside the sum
	formADK                         // ADK before 2.3
	formNormalised                  // an SDK that states in its documentation that it counts as the conventions do
)

// usageNames are the spellings of a count in usage objects: OpenAI, Anthropic, Bedrock, Gemini, Cohere, DeepSeek,
// LangChain, Genkit, the AI SDK, MLflow.
var usageNames = map[string]tokenKind{
	"input": inputTokens, "input_tokens": inputTokens, "inputTokens": inputTokens, "prompt_tokens": inputTokens,
	"promptTokens": inputTokens, "promptTokenCount": inputTokens, "prompt_token_count": inputTokens,
	"prompt": inputTokens, "input_token_count": inputTokens, "inputTokenCount": inputTokens,

	"output": outputTokens, "output_tokens": outputTokens, "outputTokens": outputTokens,
	"completion_tokens": outputTokens, "completionTokens": outputTokens, "candidatesTokenCount": outputTokens,
	"candidates_token_count": outputTokens, "completion": outputTokens, "output_token_count": outputTokens,
	"outputTokenCount": outputTokens, "responseTokenCount": outputTokens, "response_token_count": outputTokens,

	"total": totalTokens, "total_tokens": totalTokens, "totalTokens": totalTokens, "totalTokenCount": totalTokens,
	"total_token_count": totalTokens,

	"cache_read": cacheRead, "cacheRead": cacheRead, "cached_tokens": cacheRead, "cachedTokens": cacheRead,
	"cache_read_tokens": cacheRead, "cache_read_input_tokens": cacheRead, "cacheReadInputTokens": cacheRead,
	"input_cached_tokens": cacheRead, "cacheReadTokens": cacheRead, "cachedContentTokenCount": cacheRead,
	"cached_content_token_count": cacheRead, "cached_input_tokens": cacheRead, "input_cache_read": cacheRead,
	"cachedInputTokens": cacheRead, "cachedContentTokens": cacheRead, "prompt_cache_hit_tokens": cacheRead,
	"cacheReadInputTokenCount": cacheRead, "cached_input_token_count": cacheRead, "cached": cacheRead,

	"cache_write": cacheWrite, "cacheWrite": cacheWrite, "cache_creation": cacheWrite,
	"cache_creation_input_tokens": cacheWrite, "cache_write_input_tokens": cacheWrite,
	"cacheWriteInputTokens": cacheWrite, "cacheCreationInputTokens": cacheWrite, "cacheWriteTokens": cacheWrite,
	"input_cache_creation": cacheWrite, "cache_write_tokens": cacheWrite, "cache_write_token_count": cacheWrite,
	"cache_creation_tokens": cacheWrite, "cacheWriteInputTokenCount": cacheWrite,

	"reasoning": reasoningTokens, "reasoning_tokens": reasoningTokens, "reasoningTokens": reasoningTokens,
	"output_reasoning_tokens": reasoningTokens, "thoughtsTokenCount": reasoningTokens,
	"thoughts_token_count": reasoningTokens, "output_reasoning": reasoningTokens, "thoughtsTokens": reasoningTokens,
	"thinking_tokens": reasoningTokens, "reasoning_output_tokens": reasoningTokens,

	"input_audio_tokens": inputAudio, "inputAudioTokens": inputAudio, "output_audio_tokens": outputAudio,
	"outputAudioTokens": outputAudio, "cache_audio_read_tokens": cacheReadAudio, "input_image_tokens": inputImage,
	"output_image_tokens": outputImage,
}

// detailNames are the objects that hold parts of a sum, and the sum.
var detailNames = map[string]tokenKind{
	"input_tokens_details": inputTokens, "prompt_tokens_details": inputTokens, "input_token_details": inputTokens,
	"inputTokenDetails": inputTokens, "inputTokensDetails": inputTokens, "promptTokensDetails": inputTokens,
	"output_tokens_details": outputTokens, "completion_tokens_details": outputTokens,
	"output_token_details": outputTokens, "outputTokenDetails": outputTokens, "outputTokensDetails": outputTokens,
	"candidatesTokensDetails": outputTokens, "candidates_tokens_details": outputTokens,
	"responseTokensDetails": outputTokens, "completionTokensDetails": outputTokens,
	"cacheTokensDetails": cacheRead, "cache_tokens_details": cacheRead, "cached_tokens_details": cacheRead,
	"cache_creation": cacheWrite, "cacheCreation": cacheWrite,
	"usage": totalTokens, "usage_metadata": totalTokens, "usageMetadata": totalTokens,
	"custom": totalTokens, "billed_units": totalTokens, "billedUnits": totalTokens, "tokens": totalTokens,
}

// partNames are the names of a part inside such an object, where they need no prefix.
var partNames = map[tokenKind]map[string]tokenKind{
	inputTokens: {
		"total": inputTokens, "audio": inputAudio, "audio_tokens": inputAudio, "audioTokens": inputAudio,
		"AUDIO": inputAudio, "image": inputImage, "image_tokens": inputImage, "IMAGE": inputImage,
	},
	outputTokens: {
		"total": outputTokens, "audio": outputAudio, "audio_tokens": outputAudio, "audioTokens": outputAudio,
		"AUDIO": outputAudio, "image": outputImage, "image_tokens": outputImage, "IMAGE": outputImage,
	},
	cacheRead:   {"audio_tokens": cacheReadAudio, "audioTokens": cacheReadAudio, "AUDIO": cacheReadAudio},
	cacheWrite:  {},
	totalTokens: {},
}

// usageReader reads one usage object.
type usageReader struct {
	u         *genai.Usage
	form      form
	ephemeral int64 // tokens written to caches of any lifetime
}

// readUsage reads a usage object and returns its schema.
func readUsage(raw string, u *genai.Usage) form { return readParts(raw, totalTokens, u) }

// readParts reads an object with the parts of a sum.
func readParts(raw string, of tokenKind, u *genai.Usage) form {
	p := usageReader{u: u}
	c := cursor{s: raw}
	if c.space() == '"' {
		c = cursor{s: c.str()}
	}
	p.object(&c, of, 0)
	if p.ephemeral > 0 && u.CacheWrite.Value == 0 {
		u.CacheWrite = genai.Some(p.ephemeral)
	}
	return p.form
}

// maxUsageNesting bounds how deep details nest inside a usage object.
const maxUsageNesting = 3

// object reads the parts of a sum. The parts of totalTokens are the usage itself.
func (p *usageReader) object(c *cursor, of tokenKind, depth int) {
	if !c.open('{') {
		c.skip()
		return
	}
	for key := ""; c.member(&key); {
		p.form |= formOf(key)
		kind, ok := partNames[of][key]
		if !ok {
			if kind, ok = usageNames[key]; !ok {
				kind, ok = partOf(key)
			}
		}
		part, nests := detailNames[key]
		switch b := c.space(); {
		case b == '{' && depth >= maxUsageNesting:
			c.skip()
		case b == '{' && nests:
			p.object(c, part, depth+1)
		case b == '{' && ok: // AI SDK 6: {"total", "cacheRead", …}
			p.object(c, kind, depth+1)
		case b == '[' && nests:
			p.modalities(c, part)
		case of == cacheWrite || strings.HasPrefix(key, "ephemeral_"):
			if n, ok := parseInt(c.scalar()); ok && n > 0 {
				p.ephemeral = plus(p.ephemeral, n)
			}
		default:
			n, isNumber := parseInt(c.scalar())
			if slot := slotIn(p.u, kind); ok && slot != nil && isNumber && n >= 0 {
				fillOpt(slot, genai.Some(n))
			}
		}
	}
}

// modalities reads the list in which Gemini details a sum: [{"modality": "AUDIO", "tokenCount": 7}, …].
func (p *usageReader) modalities(c *cursor, of tokenKind) {
	c.open('[')
	for c.element() {
		if c.space() != '{' {
			c.skip()
			continue
		}
		c.open('{')
		modality, tokens := "", genai.Opt[int64]{}
		for key := ""; c.member(&key); {
			switch key {
			case "modality":
				modality = c.scalar()
			case "tokenCount", "token_count":
				if n, ok := parseInt(c.scalar()); ok && n >= 0 {
					tokens = genai.Some(n)
				}
			default:
				c.skip()
			}
		}
		if kind, ok := partNames[of][modality]; ok {
			fillOpt(slotIn(p.u, kind), tokens)
		}
	}
}

// formOf returns the schema that a key is evidence of.
func formOf(key string) form {
	switch key {
	case "prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "prompt_tokens",
		"prompt_cache_hit_tokens":
		return formOpenAI
	case "input_token_details", "output_token_details": // LangChain
		return formNormalised
	case "cache_read_input_tokens", "cache_creation_input_tokens":
		return formAnthropic
	case "cacheReadInputTokens", "cacheWriteInputTokens", "cacheReadInputTokenCount":
		return formBedrock
	case "candidatesTokenCount", "candidates_token_count", "promptTokenCount", "prompt_token_count":
		return formGemini
	case "noCache", "noCacheTokens":
		return formAISDK
	}
	return 0
}

// readBuckets reads usage whose keys are free and disjoint. Each key names its side and its part. Keys of the same part
// add up, because Langfuse prices each of them on its own.
func readBuckets(raw string, u *genai.Usage) {
	c := cursor{s: raw}
	if c.space() == '"' {
		c = cursor{s: c.str()}
	}
	if !c.open('{') {
		return
	}
	var sums genai.Usage
	for key := ""; c.member(&key); {
		n, ok := parseInt(c.scalar())
		kind, known := bucketKind(key)
		if slot := slotIn(&sums, kind); ok && known && n >= 0 {
			*slot = genai.Some(plus(slot.Value, n))
		}
	}
	fillUsage(u, &sums)
}

// bucketKind returns what a key of readBuckets counts.
func bucketKind(key string) (kind tokenKind, known bool) {
	switch kind, known = partOf(key); {
	case known && kind == cacheReadAudio:
		return cacheRead, true
	case known && kind != noCache:
		return kind, true
	}
	switch key = strings.ToLower(key); {
	case hasWord(key, "total"):
		return totalTokens, true
	case hasWord(key, "output", "completion", "candidates"):
		return outputTokens, true
	case hasWord(key, "input", "prompt"):
		return inputTokens, true
	}
	return 0, false
}
