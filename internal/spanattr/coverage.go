package spanattr

import "github.com/faultline-otel/faultline/internal/genai"

// Coverage says whether a span could be scored.
type Coverage string

// The coverages of a span, values of AttrCoverage.
const (
	Scored    Coverage = "scored"
	NoContent Coverage = "no_content" // the SDK did not record messages
	Truncated Coverage = "truncated"  // messages were cut before they reached us, or are longer than what is read
	NotLLM    Coverage = "not_llm"
)

// CoverageOf says whether a call could be scored on its content. It loads no content.
func CoverageOf(c *genai.Call) Coverage {
	switch {
	case c.ContentTruncated:
		return Truncated
	case c.ContentMissing:
		return NoContent
	}
	return Scored
}
