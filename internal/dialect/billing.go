package dialect

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// This file reads what a price can depend on besides token counts. Few models have such prices, so these attributes are
// read only for those models.

// The attributes in which emitters count audio and image tokens.
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

// keysServiceTier hold the service tier of a call. The tier of the response comes before that of the request.
var keysServiceTier = []string{
	"openai.response.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.response.service_tier",
	"openai.request.service_tier", "gen_ai.openai.request.service_tier", "gen_ai.request.service_tier",
}

// MediaTokens returns how many tokens of the last span read are audio or images.
func (r *Reader) MediaTokens() genai.MediaTokens {
	attributes := r.span.Attributes()
	m := genai.MediaTokens{
		InputAudio: firstInt(attributes, keysInputAudio), CacheReadAudio: firstInt(attributes, keysCacheAudioRead),
		OutputAudio: firstInt(attributes, keysOutputAudio),
		InputImage:  firstInt(attributes, keysInputImage), OutputImage: firstInt(attributes, keysOutputImage),
	}
	if m.InputAudio > r.call.Tokens.UncachedInput.Value { // InputAudio includes audio read from the cache
		m.InputAudio -= min(m.CacheReadAudio, m.InputAudio)
	}
	return m
}

// ServiceTier returns the service tier of the last span read, as the span spells it, or "".
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
