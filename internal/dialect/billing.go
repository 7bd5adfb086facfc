package dialect

import "go.opentelemetry.io/collector/pdata/pcommon"

// keysServiceTier hold the service tier of a call. The tier of the response comes before that of the request. Few
// models have a price that depends on it, so they are read only for those.
var keysServiceTier = []string{
	"openai.response.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.response.service_tier",
	"openai.request.service_tier", "gen_ai.openai.request.service_tier", "gen_ai.request.service_tier",
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
