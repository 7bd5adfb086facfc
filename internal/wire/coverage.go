package wire

import "github.com/faultline-otel/faultline/internal/genai"

// CoverageOf says whether a call that was read from a span could be scored on its content. It loads no content.
func CoverageOf(c *genai.Call) Coverage {
	switch {
	case c.ContentTruncated:
		return Truncated
	case c.ContentMissing:
		return NoContent
	}
	return Scored
}
