package provider

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// cutTypes are exceptions that occur only when a response breaks off after it began, by their last segment in lower
// case: from botocore, LiteLLM and Python HTTP clients.
var cutTypes = map[string]bool{
	"responsestreamingerror": true, "midstreamfallbackerror": true, "incompleteread": true, "incompletereaderror": true,
	"chunkedencodingerror": true, "clientpayloaderror": true,
}

// cutMessages are messages for the same, from httpx, urllib3, undici and Go.
var cutMessages = []string{
	"incomplete chunked read", "without sending complete message body", "premature close", "incompleteread(",
	"unexpected eof",
	"stream ended", "stream closed", "stream was cut", "response ended prematurely",
	"transfer closed with outstanding read data",
}

// StreamCut reports whether an error means that the response broke off after it began.
func StreamCut(e genai.Error) bool {
	if !e.IsError {
		return false
	}
	if len(e.Type) <= maxType {
		kind := strings.ToLower(e.Type)
		if cutTypes[kind[strings.LastIndexByte(kind, '.')+1:]] {
			return true
		}
	}
	lower := strings.ToLower(head(e.Message))
	for _, m := range cutMessages {
		if strings.Contains(lower, m) {
			return true
		}
	}
	return false
}
