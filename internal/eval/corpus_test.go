package eval

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/genai"
)

// line is one trace of the tool corpus with its labels.
type line struct {
	ID     string          `json:"id"`
	Source string          `json:"source"`
	Model  string          `json:"model"`
	OTLP   json.RawMessage `json:"otlp"`
	Labels struct {
		Failed            bool     `json:"failed"`
		ToolCallMalformed bool     `json:"tool_call_malformed"`
		Detectable        string   `json:"detectable"`
		Disputed          bool     `json:"disputed"`
		Violations        []string `json:"violations"`
		OutputKind        string   `json:"output_kind"`
		Mode              string   `json:"mode"`
		Taxonomy          string   `json:"taxonomy"`
		ErrorType         string   `json:"error_type"`
		Category          string   `json:"category"`
		FinishReason      string   `json:"finish_reason"`
	} `json:"labels"`
}

// calls reads a file of the corpus. It hands on every line with the call of each of its GenAI spans.
func calls(t *testing.T, file string, each func(line, *genai.Call)) {
	t.Helper()
	reader, unmarshaler := dialect.NewReader(nil), ptrace.JSONUnmarshaler{}
	corpus.Lines(t, "tools/"+file+".jsonl.gz", func(l line) {
		td, err := unmarshaler.UnmarshalTraces(l.OTLP)
		require.NoError(t, err, l.ID)
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					call, ok := reader.Read(rs.Resource(), ss.Scope(), span)
					require.True(t, ok, l.ID)
					each(l, call)
				}
			}
		}
	})
}

// counts holds the cells of a two-by-two table.
type counts struct{ tp, fp, fn, tn int }

func (c *counts) add(truth, found bool) {
	switch {
	case truth && found:
		c.tp++
	case truth:
		c.fn++
	case found:
		c.fp++
	default:
		c.tn++
	}
}

func (c counts) recall() float64    { return ratio(c.tp, c.tp+c.fn) }
func (c counts) precision() float64 { return ratio(c.tp, c.tp+c.fp) }

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}
