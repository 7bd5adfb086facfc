package llmfailureprocessor

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/pipeline"
)

// TestLargeContentIsCutBehindScoring: a prompt of 500 KB gets the same verdict under each setting, and what leaves says
// what was cut. An address on the edge of the cut is redacted, because that comes before.
func TestLargeContentIsCutBehindScoring(t *testing.T) {
	asked := strings.Repeat("where is my order ", 100) + "maria@acme.pt "
	large := func() ptrace.Traces {
		td := readSpans(t, []byte("[{name: chat, attributes: {gen_ai.operation.name: chat, gen_ai.provider.name: openai}}]"))
		span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		span.Attributes().PutStr("gen_ai.input.messages",
			strings.Replace(output(strings.Repeat(asked, 500<<10/len(asked))), "assistant", "user", 1))
		span.Attributes().PutStr("gen_ai.output.messages", output("I'm sorry, but I can't help with that."))
		return td
	}
	var verdicts []string
	for _, mode := range []string{pipeline.ContentKeep, pipeline.ContentCut, pipeline.ContentDrop} {
		r := start(t, "redact: [pii]\ncontent: {mode: "+mode+"}")
		span := r.annotate(t, large()).ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		class, _ := span.Attributes().Get("app.llm.error_class")
		fingerprint, _ := span.Attributes().Get("app.llm.fingerprint")
		require.Equal(t, "refusal", class.Str())
		verdicts = append(verdicts, class.Str()+" "+fingerprint.Str())
		input, there := span.Attributes().Get("gen_ai.input.messages")
		require.Equal(t, mode != pipeline.ContentDrop, there)
		size, isCut := span.Attributes().Get("app.llm.content.bytes")
		require.Equal(t, mode != pipeline.ContentKeep, isCut)
		if isCut {
			require.Greater(t, size.Int(), int64(500<<10))
			require.Contains(t, r.metrics(t), "otelcol_llm_failure_cut_spans{} = 1\n")
		}
		if there {
			require.Equal(t, mode == pipeline.ContentCut, len(input.Str()) <= pipeline.DefaultContentBytes)
			require.NotContains(t, input.Str(), "maria")
		}
	}
	require.Len(t, slices.Compact(verdicts), 1)
}
