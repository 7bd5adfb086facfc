package outcome

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// verdicts scores a call and returns what was found, with the details.
func verdicts(call genai.Call, content genai.Content) string {
	var r score.Result
	call.SetContent(content)
	New().Score(&call, &r)
	var list []string
	for _, f := range r.Findings {
		list = append(list, string(f.Class)+"/"+f.Detail)
	}
	if r.Cancelled {
		list = append(list, "cancelled")
	}
	return strings.Join(list, " ")
}

func answered(text string) genai.Content {
	return genai.Content{Output: []genai.Message{{Role: "assistant", Text: text}}}
}

var called = genai.Content{Output: []genai.Message{{ToolCalls: []genai.ToolCall{{Name: "pay"}}}}}

// TestTheMorePreciseReportWins: a finish reason says more than a bare error, and less than a specific one.
func TestTheMorePreciseReportWins(t *testing.T) {
	for _, c := range []struct {
		reason, kind, message, want string
	}{
		{"length", "", "", "truncation/output_limit"},
		{"content_filter", "", "crashed", "refusal/content_filter"},
		{"max_output_tokens", "ModelBehaviorError", `unsuccessful terminal state "response.incomplete"`, "truncation/output_limit"},
		{"error", "", "", "provider_error/server_error"},
		{"error", "RateLimitError", "", "rate_limit/throttled"},
		{"stop", "", "", "provider_error/server_error"},
		{"length", "RateLimitError", "", "rate_limit/throttled"},
		{"length", "asyncio.CancelledError", "", "cancelled"},
	} {
		call := chat(c.reason)
		call.Error = genai.Error{IsError: true, Type: c.kind, Message: c.message}
		require.Equal(t, c.want, verdicts(call, genai.Content{}), "%+v", c)
	}
	agent := genai.Call{Operation: genai.OpInvokeAgent, FinishReasons: []string{"length"}, Error: genai.Error{IsError: true}}
	require.Equal(t, "provider_error/server_error", verdicts(agent, genai.Content{}), "the reason is that of the inner call")
}

// TestProbes: a limit of one or two tokens asks for no answer.
func TestProbes(t *testing.T) {
	limited := func(limit, billed int64) genai.Call {
		c := chat("length")
		if limit > 0 {
			c.MaxTokens = genai.Some(limit)
		}
		if billed > 0 {
			c.Tokens.Output = genai.Some(billed)
		}
		return c
	}
	require.Empty(t, verdicts(limited(1, 0), answered("Hi")))
	require.Empty(t, verdicts(limited(2, 2), answered("")))
	require.Empty(t, verdicts(limited(0, 1), answered("Hi")), "the limit was not recorded")
	require.Equal(t, "truncation/output_limit", verdicts(limited(3, 3), answered("Hi")))
	require.Equal(t, "truncation/output_limit", verdicts(limited(64, 1), answered("Hi")))
	require.Equal(t, "truncation/output_limit", verdicts(limited(0, 0), answered("Hi")))
	full := chat("model_context_window_exceeded")
	full.MaxTokens = genai.Some(int64(1))
	require.Equal(t, "truncation/context_length", verdicts(full, answered("Hi")))
}

// TestBrokenStreams: what an emitter writes when a stream ends without a finish reason.
func TestBrokenStreams(t *testing.T) {
	stream := func(reason string, billed int64) genai.Call {
		c := chat(reason)
		c.TTFT = genai.Some(4.0)
		if billed > 0 {
			c.Tokens.Output = genai.Some(billed)
		}
		return c
	}
	const half = "The history of Paris begins with the"
	require.Equal(t, "truncation/stream_cut", verdicts(stream("interrupted", 0), answered(half)))
	require.Equal(t, "truncation/stream_cut", verdicts(chat("interrupted"), answered(half)))
	require.Empty(t, verdicts(chat("interrupted"), called), "Genkit asks a person")
	for _, reason := range []string{"unknown", "other", "", "null", "None"} {
		require.Equal(t, "truncation/stream_cut", verdicts(stream(reason, 0), answered(half)), reason)
		require.Empty(t, verdicts(stream(reason, 12), answered(half)), "the last chunk came: %s", reason)
		require.Empty(t, verdicts(stream(reason, 0), called), reason)
		require.Empty(t, verdicts(chat(reason), answered(half)), "no stream: %s", reason)
	}
	require.Empty(t, verdicts(stream("stop", 0), answered(half)))
	silent := chat()
	silent.TTFT = genai.Some(4.0)
	require.Empty(t, verdicts(silent, answered(half)), "many emitters leave the reason out")
}

// TestInventedErrors: an instrumentation writes "error" where the provider sent no reason.
func TestInventedErrors(t *testing.T) {
	billed := func(raw string) genai.Call {
		c := chat(raw)
		c.Tokens.Output = genai.Some(int64(22))
		return c
	}
	require.Empty(t, verdicts(billed("error"), called))
	require.Empty(t, verdicts(billed("error"), answered("19.99 EUR were refunded.")))
	const failed = "provider_error/server_error"
	require.Equal(t, failed, verdicts(billed("error"), genai.Content{}))
	require.Equal(t, failed, verdicts(billed("error"), answered("")))
	require.Equal(t, failed, verdicts(chat("error"), answered("19.99 EUR we")), "nothing was billed")
	require.Equal(t, failed, verdicts(billed("ERROR"), answered("19.99 EUR we")), "Cohere's own reason")
	own := billed("error")
	own.Provider = "openrouter"
	require.Equal(t, failed, verdicts(own, answered("19.99 EUR we")), "OpenRouter's own reason")
}

// TestErrorAsAnswer: a gateway passes on the body of a failed response as the answer.
func TestErrorAsAnswer(t *testing.T) {
	for text, want := range map[string]string{
		`{"error":{"message":"Provider returned error","code":502}}`:                                   "provider_error/server_error",
		` {"error": {"message": "x", "type": "server_error", "param": null, "code": null}}`:            "provider_error/server_error",
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}`: "provider_error/overloaded",
		`[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]`:         "provider_error/overloaded",
		`{"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}}`:      "rate_limit/throttled",
		`{"object":"error","message":"x","type":"NotFoundError","param":null,"code":404}`:              "provider_error/not_found",
		`{"detail":"Internal Server Error"}`:                                                           "provider_error/server_error",
		`{"error":"Service temporarily unavailable"}`:                                                  "provider_error/overloaded",
		`{"message":"Endpoint request timed out"}`:                                                     "timeout/client_deadline",
		`{"statusCode":503,"message":"Service Unavailable"}`:                                           "provider_error/overloaded",
		"<html><head><title>502 Bad Gateway</title></head></html>":                                     "provider_error/server_error",
		"<html><head><title>Our guests</title></head></html>":                                          "",
		"upstream connect error or disconnect/reset before headers":                                    "provider_error/connection",
		"Internal server error is what 500 means.\nProxies send it too.":                               "",
		`{"message":"Your order is on its way."}`:                                                      "",
		`{"message":"Request timed out","order":41}`:                                                   "",
		`{"error":{"code":"OUT_OF_STOCK","message":"There is no red one."}}`:                           "",
		`{"error":"unknown order"}`:                                                                    "",
		`{"error":null,"total":12}`:                                                                    "",
		`{"orders":[{"id":1,"error":{"code":502}}]}`:                                                   "",
		"The body is {\"error\":{\"code\":502}}":                                                       "",
		`{"error":{"message":"x","code":502`:                                                           "",
	} {
		require.Equal(t, want, verdicts(chat("stop"), answered(text)), text)
		require.Equal(t, want, verdicts(chat(), answered(text)), text)
	}
	asked := chat("stop")
	asked.Tokens.Output = genai.Some(int64(40))
	require.Empty(t, verdicts(asked, answered(`{"error":{"message":"x","code":502}}`)), "the model wrote it: it was billed")
}
