package dialect

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// What a price may depend on besides the counts of tokens. Few models have such prices, so these attributes are read
// only for them.

// The attributes in which emitters count tokens of sound and pictures.
var (
	keysInputAudio = []string{
		"llm.token_count.prompt_details.audio", "gen_ai.usage.details.input_audio_tokens",
	}
	keysCacheAudioRead = []string{"gen_ai.usage.details.cache_audio_read_tokens"}
	keysOutputAudio    = []string{
		"llm.token_count.completion_details.audio", "gen_ai.usage.details.output_audio_tokens",
	}
	keysInputImage = []string{
		"llm.token_count.prompt_details.image", "gen_ai.usage.details.input_image_tokens",
	}
	keysOutputImage = []string{
		"llm.token_count.completion_details.image", "gen_ai.usage.details.output_image_tokens",
	}
)

// keysServiceTier hold the terms of service of a call: those of the response before those of the request.
var keysServiceTier = []string{
	"openai.response.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.response.service_tier",
	"openai.request.service_tier", "gen_ai.openai.request.service_tier", "gen_ai.request.service_tier",
}

// MediaTokens reads how many of the tokens of the last span that was read are sound or pictures.
func (r *Reader) MediaTokens() genai.MediaTokens {
	attributes := r.span.Attributes()
	m := genai.MediaTokens{
		InputAudio: firstInt(attributes, keysInputAudio), CacheReadAudio: firstInt(attributes, keysCacheAudioRead),
		OutputAudio: firstInt(attributes, keysOutputAudio),
		InputImage:  firstInt(attributes, keysInputImage), OutputImage: firstInt(attributes, keysOutputImage),
	}
	if m.InputAudio > r.call.Tokens.UncachedInput.Value { // it counts what was read from the cache too
		m.InputAudio -= min(m.CacheReadAudio, m.InputAudio)
	}
	return m
}

// ServiceTier is the service tier of the last span that was read, as the span spells it, "" where it names none.
func (r *Reader) ServiceTier() string {
	for _, key := range keysServiceTier {
		if v, ok := r.span.Attributes().Get(key); ok && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
			return v.Str()
		}
	}
	return ""
}

func firstInt(attributes pcommon.Map, keys []string) int64 {
	for _, key := range keys {
		if v, ok := attributes.Get(key); ok {
			if n, ok := parseInt(v.AsString()); ok {
				return n
			}
		}
	}
	return 0
}
