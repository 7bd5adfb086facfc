package wire

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Normalise writes the canonical gen_ai.* scalars of the call to the span where the span does not have them.
func Normalise(span ptrace.Span, c *genai.Call) {}
