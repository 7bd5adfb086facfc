package outcome

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

func TestScore(t *testing.T) {
	text := func(s string) genai.Content {
		return genai.Content{Output: []genai.Message{{Role: "assistant", Text: s}}}
	}
	result := func(s string) genai.Content { return genai.Content{ToolResult: genai.Value{Text: s}} }
	for name, c := range map[string]struct {
		call    genai.Call
		content genai.Content
		want    string
		tool    string
		gone    bool // cancelled
	}{
		"a good answer":             {call: chat("stop"), content: text("19.99 EUR were refunded."), want: ""},
		"an answer that was cut":    {call: chat("max_tokens"), content: text("19.99 EUR we"), want: "truncation/output_limit"},
		"cut before the first word": {call: chat("length"), content: text(""), want: "truncation/output_limit"},
		"a filter":                  {call: chat("content_filter"), want: "refusal/content_filter"},
		"the model's own refusal":   {call: chat("refusal"), content: text("I cannot."), want: "refusal/model_refusal"},
		"a refusal field under finish reason stop": {
			call: chat("stop"), content: genai.Content{Refusal: "I'm sorry", Output: []genai.Message{{Role: "assistant"}}}, want: "refusal/model_refusal",
		},
		"nothing":                       {call: chat("stop"), content: text(" \n"), want: "bad_answer/empty"},
		"nothing recorded":              {call: chat("stop"), want: ""},
		"a tool call instead of a text": {call: chat("stop"), content: genai.Content{Output: []genai.Message{{ToolCalls: []genai.ToolCall{{Name: "f"}}}}}, want: ""},
		"no finish reason":              {call: chat(), content: text(""), want: ""},
		"one of two choices filtered":   {call: chat("stop", "content_filter"), content: text("fine"), want: "refusal/content_filter"},
		"an outer step":                 {call: genai.Call{Operation: genai.OpInvokeAgent, FinishReasons: []string{"length"}}, want: ""},
		"throttled": {
			call: genai.Call{Operation: genai.OpChat, Error: genai.Error{IsError: true, Type: "RateLimitError"}}, want: "rate_limit/throttled",
		},
		"the caller left": {
			call: genai.Call{Operation: genai.OpChat, Error: genai.Error{IsError: true, Type: "asyncio.CancelledError"}}, gone: true,
		},
		"a tool that works":             {call: execute("", ""), content: result(`{"status": "returned"}`), tool: score.OutcomeOK},
		"a tool that finds nothing":     {call: execute("", ""), content: result(`{"rows": []}`), tool: score.OutcomeEmpty},
		"a tool that raises":            {call: execute("", "KeyError"), want: "tool_error/failed", tool: score.OutcomeFailed},
		"a tool that times out":         {call: execute("", "httpx.ReadTimeout"), want: "tool_error/failed", tool: score.OutcomeFailed},
		"a tool that says so":           {call: execute("error", ""), want: "tool_error/failed", tool: score.OutcomeFailed},
		"an error as a result":          {call: execute("", ""), content: result("Error: order 4471 is unknown"), want: "tool_error/failed", tool: score.OutcomeFailed},
		"an error object":               {call: execute("", ""), content: result(`{"error": "unknown order"}`), want: "tool_error/failed", tool: score.OutcomeFailed},
		"no error, and it says so":      {call: execute("", ""), content: result(`{"error": null, "rows": [1]}`), tool: score.OutcomeOK},
		"a traceback":                   {call: execute("", ""), content: result("Traceback (most recent call last):\n  File"), want: "tool_error/failed", tool: score.OutcomeFailed},
		"a page about errors":           {call: execute("", ""), content: result("Error handling is described in chapter 4."), tool: score.OutcomeOK},
		"a tool that was cancelled":     {call: execute("", "context.Canceled"), gone: true},
		"embeddings have no answer":     {call: genai.Call{Operation: genai.OpEmbeddings, FinishReasonsCanonical: []string{"stop"}}, want: ""},
		"a cut answer is not empty":     {call: chat("stop"), content: text(""), want: "bad_answer/empty"},
		"reasoning alone is no answer":  {call: chat("stop"), content: genai.Content{Output: []genai.Message{{Reasoning: "hm"}}}, want: "bad_answer/empty"},
		"an image is an answer":         {call: chat("stop"), content: genai.Content{Output: []genai.Message{{Media: true}}}, want: ""},
		"speech has no text":            {call: spoken(), content: text(""), want: ""},
		"billed, so not recorded":       {call: billed(350), content: text(""), want: ""},
		"billed for its end":            {call: billed(2), content: text(""), want: "bad_answer/empty"},
		"billed for its end, no reason": {call: unexplained(1, 0), content: text(""), want: "bad_answer/empty"},
		"no reason, not recorded":       {call: unexplained(1, 0)},
		"no reason, no tokens":          {call: unexplained(0, 0), content: text("")},
		"no reason, more tokens":        {call: unexplained(12, 0), content: text("")},
		"no reason, cut":                {call: unexplained(2, 2), content: text("")},
		"Gemini says nothing":           {call: chat("FINISH_REASON_UNSPECIFIED"), content: text(""), want: "bad_answer/empty"},
		"Gemini says no reason":         {call: chat("FINISH_REASON_UNSPECIFIED"), content: text("19.99 EUR"), want: ""},
		"MCP: an error, last":           {call: execute("", ""), content: result(`{"content":[{"type":"image"}], "isError": true}`), want: "tool_error/failed", tool: score.OutcomeFailed},
		"MCP: an error, first":          {call: execute("", ""), content: result(`{"isError" : true, "content":[]}`), want: "tool_error/failed", tool: score.OutcomeFailed},
		"MCP: none":                     {call: execute("", ""), content: result(`{"content":[{"type":"text","text":"ok"}],"isError":false}`), tool: score.OutcomeOK},
		"a block with an error":         {call: execute("", ""), content: result(`[{"type": "text", "text": "Error: order 4471 is unknown"}]`), want: "tool_error/failed", tool: score.OutcomeFailed},
		"a block without one":           {call: execute("", ""), content: result(`[{"type":"text","text":"4471 is on its way"}]`), tool: score.OutcomeOK},
		"a status in capitals":          {call: execute("ERROR", ""), want: "tool_error/failed", tool: score.OutcomeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			var r score.Result
			call := c.call
			call.SetContent(c.content)
			New().Score(&call, &r)
			require.Equal(t, c.gone, r.Cancelled)
			require.Equal(t, c.tool, r.ToolOutcome)
			if c.want == "" {
				require.Empty(t, r.Findings)
				return
			}
			require.Len(t, r.Findings, 1)
			f := r.Findings[0]
			require.Equal(t, c.want, string(f.Class)+"/"+f.Detail)
			require.True(t, failure.ValidDetail(f.Class, f.Detail))
			require.NotEmpty(t, f.Evidence, "every verdict says why")
		})
	}
}

func TestRetrieval(t *testing.T) {
	for name, c := range map[string]struct {
		call  genai.Call
		found genai.Retrieval
		want  string
	}{
		"documents":         {found: genai.Retrieval{Query: "q", Documents: []genai.Document{{ID: "kb-1"}}}, want: score.OutcomeOK},
		"none":              {found: genai.Retrieval{Query: "q", Empty: true}, want: score.OutcomeEmpty},
		"not recorded":      {found: genai.Retrieval{Query: "q"}},
		"no content":        {call: genai.Call{ContentMissing: true}},
		"an error":          {call: genai.Call{Error: genai.Error{IsError: true, Type: "ConnectError"}}, want: score.OutcomeFailed},
		"the caller left":   {call: genai.Call{Error: genai.Error{IsError: true, Type: "asyncio.CancelledError"}}},
		"another operation": {call: genai.Call{Operation: genai.OpInvokeAgent}, found: genai.Retrieval{Empty: true}},
	} {
		t.Run(name, func(t *testing.T) {
			call := c.call
			if call.Operation == "" {
				call.Operation = genai.OpRetrieval
			}
			call.SetContent(genai.Content{Retrieval: c.found})
			var r score.Result
			New().Score(&call, &r)
			require.Equal(t, c.want, r.RetrievalOutcome)
			require.Empty(t, r.ToolOutcome)
			require.Equal(t, c.want == score.OutcomeFailed, len(r.Findings) > 0, "nothing found is no failure")
		})
	}
}

// TestCut: an error after the first chunk is two failures, of which the error is the nearer cause.
func TestCut(t *testing.T) {
	broken := genai.Error{
		IsError: true,
		Type:    "httpx.RemoteProtocolError",
		Message: "peer closed connection without sending complete message body (incomplete chunked read)",
	}
	for name, c := range map[string]struct {
		call genai.Call
		want []failure.Class
	}{
		"the message says so":        {genai.Call{Operation: genai.OpChat, Error: broken}, []failure.Class{failure.ProviderError, failure.Truncation}},
		"the type says so":           {genai.Call{Operation: genai.OpChat, Error: genai.Error{IsError: true, Type: "botocore.exceptions.ResponseStreamingError"}}, []failure.Class{failure.ProviderError, failure.Truncation}},
		"a first chunk came":         {genai.Call{Operation: genai.OpChat, TTFT: genai.Some(320.0), Error: genai.Error{IsError: true, Type: "overloaded_error"}}, []failure.Class{failure.ProviderError, failure.Truncation}},
		"a time-out in mid-stream":   {genai.Call{Operation: genai.OpChat, TTFT: genai.Some(320.0), Error: genai.Error{IsError: true, Type: "ReadTimeout"}}, []failure.Class{failure.Truncation, failure.Timeout}},
		"no chunk came":              {genai.Call{Operation: genai.OpChat, Error: genai.Error{IsError: true, Type: "ReadTimeout"}}, []failure.Class{failure.Timeout}},
		"the answer had ended":       {genai.Call{Operation: genai.OpChat, TTFT: genai.Some(320.0), FinishReasons: []string{"stop"}, Error: genai.Error{IsError: true, Type: "ReadTimeout"}}, []failure.Class{failure.Timeout}},
		"an outer step has no chunk": {genai.Call{Operation: genai.OpInvokeAgent, Error: broken}, []failure.Class{failure.ProviderError}},
		"what came did not parse":    {genai.Call{Operation: genai.OpChat, TTFT: genai.Some(320.0), Error: genai.Error{IsError: true, Type: "JSONDecodeError"}}, []failure.Class{failure.SchemaViolation}},
	} {
		t.Run(name, func(t *testing.T) {
			var r score.Result
			New().Score(&c.call, &r)
			require.Equal(t, c.want, failure.Judge(r.Findings).Classes)
		})
	}
}

// TestEvidenceNamesWhatDecided: the exception of the span, or the one that its message names.
func TestEvidenceNamesWhatDecided(t *testing.T) {
	for _, c := range []struct{ kind, message, want string }{
		{"openai.RateLimitError", "", `exception "openai.RateLimitError"`},
		{"Exception", "litellm.RateLimitError: x", `exception "ratelimiterror" (Exception)`},
		{"", "ReadTimeout('')", `exception "readtimeout"`},
		{"ThrottlingException", "", `error code "throttlingexception"`},
		{"APIError", `{"error":{"code":"insufficient_quota"}}`, `error code "insufficient_quota" (APIError)`},
		{"Exception", "", "the span has status ERROR without any details (Exception)"},
	} {
		var r score.Result
		New().Score(
			&genai.Call{Operation: genai.OpChat, Error: genai.Error{IsError: true, Type: c.kind, Message: c.message}},
			&r,
		)
		require.Equal(t, c.want, r.Findings[0].Evidence)
	}
	var r score.Result
	New().Score(&genai.Call{Operation: genai.OpChat, Error: genai.Error{
		IsError: true, Message: "Unexpected end of JSON input", Raiser: "parseToolCall",
	}}, &r)
	require.Equal(t, `the error was raised in "parseToolCall"`, r.Findings[0].Evidence)
}

// TestScoreLoadsLittle: it runs on every span, so it reads no conversation, and of an error no content at all.
func TestScoreLoadsLittle(t *testing.T) {
	for name, c := range map[string]struct {
		call   genai.Call
		output bool
	}{
		"an error":         {genai.Call{Operation: genai.OpChat, Error: genai.Error{IsError: true}}, false},
		"an outer step":    {genai.Call{Operation: genai.OpInvokeAgent}, false},
		"nothing recorded": {genai.Call{Operation: genai.OpChat, ContentMissing: true, FinishReasons: []string{"stop"}}, false},
		"an answer":        {chat("stop"), true},
	} {
		t.Run(name, func(t *testing.T) {
			var r score.Result
			New().Score(&c.call, &r)
			require.Equal(t, c.output, c.call.Loaded(genai.PartOutput))
			require.False(t, c.call.Loaded(genai.PartInput))
		})
	}
}

// TestScoreIsBounded checks that only a bounded part of untrusted input is read.
func TestScoreIsBounded(t *testing.T) {
	long := strings.Repeat("{\"a\": [", 4<<20)
	for _, call := range []genai.Call{
		{Operation: genai.OpExecuteTool, ToolStatus: long, ToolName: long},
		{Operation: genai.OpExecuteTool, ToolName: long, Error: genai.Error{IsError: true, Type: long, Message: long}},
		{Operation: genai.OpChat, Error: genai.Error{IsError: true, Type: long, Message: long}},
		{Operation: genai.OpChat, FinishReasons: []string{long}, Provider: long},
	} {
		call.SetContent(genai.Content{ToolResult: genai.Value{Text: long}, Output: []genai.Message{{Text: long}}})
		var r score.Result
		start := time.Now()
		New().Score(&call, &r)
		v := failure.Judge(r.Findings)
		require.Less(t, time.Since(start), 5*time.Second)
		require.LessOrEqual(t, len(v.Evidence), failure.MaxEvidence)
		require.LessOrEqual(t, len(v.Finding.Where), 128)
	}
}

// TestEvidenceHoldsNoContent: messages of errors quote the conversation, so they are excerpts and not evidence.
func TestEvidenceHoldsNoContent(t *testing.T) {
	var r score.Result
	call := genai.Call{
		Operation: genai.OpChat,
		Error:     genai.Error{IsError: true, Type: "BadRequestError", Message: "bad value in: my name is Ada"},
	}
	call.SetContent(genai.Content{})
	New().Score(&call, &r)
	require.NotContains(t, r.Findings[0].Evidence, "Ada")
	require.Contains(t, r.Findings[0].Excerpt, "Ada")
}

func chat(reasons ...string) genai.Call {
	c := genai.Call{Operation: genai.OpChat, Provider: "openai", FinishReasons: reasons}
	for _, r := range reasons {
		if r == "stop" {
			c.FinishReasonsCanonical = append(c.FinishReasonsCanonical, "stop")
		}
	}
	return c
}

func spoken() genai.Call {
	c := chat("stop")
	c.OutputType = "speech"
	return c
}

// unexplained is an answer of so many tokens without a finish reason.
func unexplained(tokens, limit int64) genai.Call {
	c := chat()
	c.Tokens.Output, c.MaxTokens = genai.Some(tokens), genai.Some(limit)
	return c
}

// billed is an answer whose tokens were counted apart from those of reasoning.
func billed(tokens int64) genai.Call {
	c := chat("stop")
	c.Tokens = genai.Tokens{Output: genai.Some(tokens), Reasoning: genai.Some(int64(0))}
	return c
}

func execute(status, exception string) genai.Call {
	return genai.Call{
		Operation: genai.OpExecuteTool, ToolName: "lookup_order", ToolStatus: status,
		Error: genai.Error{IsError: exception != "", Type: exception},
	}
}
