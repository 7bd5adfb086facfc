package outcome

import (
	"testing"

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
		"a tool that works":          {call: execute("", ""), content: result(`{"status": "returned"}`), tool: score.ToolOK},
		"a tool that finds nothing":  {call: execute("", ""), content: result(`{"rows": []}`), tool: score.ToolEmpty},
		"a tool that raises":         {call: execute("", "KeyError"), want: "tool_error/failed", tool: score.ToolFailed},
		"a tool that times out":      {call: execute("", "httpx.ReadTimeout"), want: "tool_error/failed", tool: score.ToolFailed},
		"a tool that says so":        {call: execute("error", ""), want: "tool_error/failed", tool: score.ToolFailed},
		"an error as a result":       {call: execute("", ""), content: result("Error: order 4471 is unknown"), want: "tool_error/failed", tool: score.ToolFailed},
		"an error object":            {call: execute("", ""), content: result(`{"error": "unknown order"}`), want: "tool_error/failed", tool: score.ToolFailed},
		"no error, and it says so":   {call: execute("", ""), content: result(`{"error": null, "rows": [1]}`), tool: score.ToolOK},
		"a traceback":                {call: execute("", ""), content: result("Traceback (most recent call last):\n  File"), want: "tool_error/failed", tool: score.ToolFailed},
		"a page about errors":        {call: execute("", ""), content: result("Error handling is described in chapter 4."), tool: score.ToolOK},
		"a tool that was cancelled":  {call: execute("", "context.Canceled"), gone: true},
		"embeddings have no answer":  {call: genai.Call{Operation: genai.OpEmbeddings, FinishReasonsCanonical: []string{"stop"}}, want: ""},
		"a cut answer is not empty":  {call: chat("stop"), content: text(""), want: "bad_answer/empty"},
		"reasoning alone is no void": {call: chat("stop"), content: genai.Content{Output: []genai.Message{{Reasoning: "hm"}}}, want: ""},
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

// TestEvidenceHoldsNoContent: messages of errors quote the conversation, so they are excerpts and not evidence.
func TestEvidenceHoldsNoContent(t *testing.T) {
	var r score.Result
	call := genai.Call{Operation: genai.OpChat, Error: genai.Error{IsError: true, Type: "BadRequestError", Message: "bad value in: my name is Ada"}}
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

func execute(status, exception string) genai.Call {
	return genai.Call{
		Operation: genai.OpExecuteTool, ToolName: "lookup_order", ToolStatus: status,
		Error: genai.Error{IsError: exception != "", Type: exception},
	}
}
