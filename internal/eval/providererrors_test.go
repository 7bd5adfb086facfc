package eval

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/outcome"
)

// taxonomies maps the names that the corpus gives to failures of providers to our classes.
var taxonomies = map[string]failure.Class{
	"service_error": failure.ProviderError, "bad_request": failure.ProviderError, "invalid_request": failure.ProviderError,
	"content_filter": failure.Refusal, "safety": failure.Refusal, "refusal": failure.Refusal,
	"safety_block": failure.Refusal, "safety_stop": failure.Refusal,
	"tool_call_malformed": failure.ToolCallMalformed, "rate_limit": failure.RateLimit, "timeout": failure.Timeout,
	"truncation": failure.Truncation,
}

// TestEvalProviderErrors compares recorded failures of providers with their labels. Each must get the right class.
func TestEvalProviderErrors(t *testing.T) {
	right, total := 0, 0
	scorer := outcome.New()
	calls(t, "provider_errors", func(l line, call *genai.Call) {
		total++
		var r score.Result
		scorer.Score(call, &r)
		want, known := taxonomies[l.Labels.Taxonomy]
		require.True(t, known, "label %q has no class", l.Labels.Taxonomy)
		verdict := failure.Judge(r.Findings)
		if verdict.Class == want {
			right++
			return
		}
		t.Errorf("%s is labelled %s, found %s/%s (%s %q)",
			l.ID, l.Labels.Taxonomy, verdict.Class, verdict.Detail, call.Error.Type, call.Error.Message)
	})
	t.Logf("provider errors: %d of %d classes right (%.2f %%)", right, total, 100*ratio(right, total))
	require.NotZero(t, total)
}
