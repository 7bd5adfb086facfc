package provider

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// cutTypes are exceptions that occur only when a response breaks off after it began, by their last segment in lower
// case: from botocore, LiteLLM, HTTP clients of Python, undici, OkHttp, Apache and .NET.
var cutTypes = map[string]bool{
	"responsestreamingerror": true, "midstreamfallbackerror": true, "incompleteread": true, "incompletereaderror": true,
	"chunkedencodingerror": true, "clientpayloaderror": true, "transferencodingerror": true, "contentlengtherror": true,
	"invalidchunklength": true, "streamreset": true, "err_stream_premature_close": true,
	"und_err_res_content_length_mismatch": true, "streamresetexception": true, "truncatedchunkexception": true,
	"malformedchunkcodingexception": true, "ai_invalidstreamparterror": true,
}

// cutMessages are messages for the same. They are also patterns for a lost connection.
var cutMessages = []string{
	// Python: httpx, urllib3, aiohttp.
	"incomplete chunked read", "without sending complete message body", "incompleteread(", "invalidchunklength",
	"response ended prematurely", "response payload is not completed", "not enough data to satisfy",
	"not enough data for satisfy", "streamreset",
	// Node, Deno, Bun.
	"premature close", "response aborted", "body content length mismatch", "error reading a body from connection",
	// Go, curl.
	"unexpected eof", "stream error: stream id", "transfer closed with outstanding read data",
	// Java: OkHttp, Apache, Reactor Netty, the JDK.
	"unexpected end of stream", "stream was reset", "premature end of", "premature eof", "closed during response",
	"eof reached while reading", "closing chunk expected",
	// .NET.
	"error while copying content to a stream", "responseended", "unable to read data from the transport connection",
	// Rust: hyper, reqwest.
	"connection closed before message completed", "end of file before message length", "error decoding response body",
	// SDKs and frameworks.
	"stream ended", "stream closed", "stream was cut", "stream interrupted", "stream disconnected",
	"stream terminated", "stream broke", "connection closed mid-stream", "mid-stream", "ended without producing",
	"ended without sending any chunks", "without a finish reason", "before a finish_reason", "before finish reason",
	"missing finish_reason", "finish_reason was not received", "before response.completed", "without message_stop",
	"before message_stop", "did not produce a final response", "incomplete json segment", "response ended without",
	"terminated early", "incomplete response", "failed to process successful response",
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
	if lastWords(lower) == "terminated" || strings.Contains(lower, "other side closed") { // Node
		return true
	}
	var has trigrams
	has.add(lower)
	for i := range cutMarks {
		if has.all(&cutMarks[i]) && strings.Contains(lower, cutMessages[i]) {
			return true
		}
	}
	return false
}

// cutMarks are the marks of cutMessages.
var cutMarks = func() []mark {
	marks := make([]mark, len(cutMessages))
	for i := range marks {
		marks[i] = markOf(cutMessages[i])
	}
	return marks
}()
