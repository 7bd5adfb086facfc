package failure

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sameFailure holds messages of providers, SDKs, tools and frameworks: those of a row are one failure, rows are
// different ones.
var sameFailure = [][]string{
	// Limits: the numbers, the organisation and the time vary.
	{
		"Rate limit reached for gpt-4o in organization org-abc123def on tokens per min (TPM): Limit 30000, Used 29800, Requested 900. Please try again in 1.4s.",
		"Rate limit reached for gpt-4o in organization org-zzz999yyy on tokens per min (TPM): Limit 90000, Used 89999, Requested 12. Please try again in 20ms.",
	},
	{
		"Rate limit reached for gpt-4o in organization org-abc123def on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in 120ms.",
		"Rate limit reached for gpt-4o in organization org-q1w2e3r4t on requests per min (RPM): Limit 60, Used 60, Requested 1. Please try again in 1s.",
	},
	{
		"Request too large for gpt-4o in organization org-abc123def on tokens per min (TPM): Limit 30000, Requested 41210.",
		"Request too large for gpt-4o in organization org-kkkkkkkkk on tokens per min (TPM): Limit 10000, Requested 10001.",
	},
	{
		"Number of request tokens has exceeded your per-minute rate limit (https://docs.example.com/limits); see the response headers",
		"Number of request tokens has exceeded your per-minute rate limit (https://docs.example.com/other); see the response headers",
	},
	{"You exceeded your current quota, please check your plan and billing details. For more information: https://a.example.com/1", "You exceeded your current quota, please check your plan and billing details. For more information: http://b.example.com/x?y=2"},
	{"Quota exceeded for quota metric 'Generate requests' and limit 'per minute' of project 'a-1'", "Quota exceeded for quota metric 'Count tokens' and limit 'per day' of project 'b-2'"},
	{"Too many requests, please wait before trying again."},
	{"Your credit balance is too low to access the API. Please go to Plans & Billing."},
	{"Budget has been exceeded! Current cost: 10.2, Max budget: 10.0", "Budget has been exceeded! Current cost: 0.0031, Max budget: 0.001"},
	{"ThrottlingException: Rate exceeded"},

	// Context: the counts vary.
	{
		"This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
		"This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens.",
	},
	{
		"This model's maximum context length is 8192 tokens. However, you requested 9001 tokens (8001 in the messages, 1000 in the completion).",
		"This model's maximum context length is 4097 tokens. However, you requested 4099 tokens (99 in the messages, 4000 in the completion).",
	},
	{"prompt is too long: 210000 tokens > 200000 maximum", "prompt is too long: 200010 tokens > 200000 maximum"},
	{"Input is too long for requested model."},
	{"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", "The input token count (2100000) exceeds the maximum number of tokens allowed (2097152)."},
	{"inputs tokens + max_new_tokens must be <= 4096. Given: 4000 inputs tokens and 512 max_new_tokens", "inputs tokens + max_new_tokens must be <= 2048. Given: 2000 inputs tokens and 100 max_new_tokens"},

	// Bodies: what they hold is data.
	{`Error code: 404 - {'error': {'message': 'The model does not exist', 'code': 404}}`, `Error code: 500 - {'error': {'message': 'other', 'code': 500}}`},
	{`400 INVALID_ARGUMENT. {'error': {'code': 400, 'message': 'a', 'status': 'INVALID_ARGUMENT'}}`, `400 INVALID_ARGUMENT. {'error': {'code': 400, 'message': 'quite another "one"', 'status': 'INVALID_ARGUMENT'}}`},
	{`503 UNAVAILABLE. {'error': {'code': 503}}`},
	{`litellm.BadRequestError: AnthropicException - {"type":"error","error":{"type":"x"}}`, `litellm.BadRequestError: AnthropicException - {"type":"error","request_id":"req_011CQ"}`},
	{`litellm.RateLimitError: AnthropicException - {"type":"error"}`},

	// Time-outs and connections: addresses, ports and durations vary.
	{"Read timed out. (read timeout=60)", "Read timed out. (read timeout=120)"},
	{"HTTPSConnectionPool(host='api.example.com', port=443): Read timed out.", "HTTPSConnectionPool(host='b.example.com', port=8443): Read timed out."},
	{"HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded with url: /v1/chat", "HTTPSConnectionPool(host='x', port=80): Max retries exceeded with url: /v1/chat"},
	{"connect to 10.0.0.1:443 refused", "connect to 10.0.0.27:8443 refused"},
	{"connect ECONNREFUSED 127.0.0.1:443", "connect ECONNREFUSED 10.1.2.3:11434"},
	{"connect ETIMEDOUT 127.0.0.1:443", "connect ETIMEDOUT 10.1.2.3:11434"},
	{`Post "https://api.example.com/v1/chat": context deadline exceeded`, `Post "https://b.example.com/v1/messages": context deadline exceeded`},
	{`Post "https://api.example.com/v1/chat": EOF`, `Post "http://x/y": EOF`},
	{"timeout of 60000ms exceeded", "timeout of 5000ms exceeded"},
	{"Timeout of 600.0s exceeded, last exception: 503 failed to connect", "Timeout of 60.0s exceeded, last exception: 503 failed to connect"},
	{"upstream connect error or disconnect/reset before headers. reset reason: overflow"},
	{"upstream connect error or disconnect/reset before headers. reset reason: connection termination"},
	{"[Errno 111] Connection refused", "[Errno 61] Connection refused"},
	{"[Errno -2] Name or service not known", "[Errno 8] Name or service not known"},
	{"getaddrinfo ENOTFOUND api.example.com"},

	// Ids, times, users, paths.
	{
		"Request req_011CQabcDEF failed at 2026-11-23T20:00:01Z, see https://status.example.com/i/42",
		"Request req_99zzzzzzzzz failed at 2026-01-01T00:00:00Z, see https://status.example.com/i/7",
	},
	{"user 5b8efff7-9803-8103-d269-b633813fc60c is unknown", "user 6c8efff7-9803-8103-d269-b633813fc60d is unknown"},
	{"no account for ada@example.com", "no account for b.c+d@mail.example.org"},
	{"No tool output found for function call call_Ab12Cd34.", "No tool output found for function call call_zzzz9999."},
	{"The server had an error processing your request. (request id chatcmpl-9aBcDeFg) Sorry", "The server had an error processing your request. (request id chatcmpl-xxYYzz11) Sorry"},
	{"trace 4bf92f3577b34da6a3ce929d0e0e4736 was dropped", "trace 00f067aa0ba902b7a3ce929d0e0e4736 was dropped"},
	{"<Future at 0x7f3a2b state=finished>", "<Future at 0x10 state=finished>"},
	{"job failed after 00:12:31", "job failed after 01:00:02"},

	// Tools and parsers: names in quotes, positions, values.
	{`KeyError: "order_id"`, `KeyError: "amount"`},
	{`TypeError: "order_id"`},
	{"KeyError: order"},
	{"PageDownTool.forward() got an unexpected keyword argument 'a'", "PageDownTool.forward() got an unexpected keyword argument 'page_down'"},
	{"Expecting value: line 1 column 1 (char 0)", "Expecting value: line 33 column 7 (char 1212)"},
	{"Expecting ',' delimiter: line 1 column 12 (char 11)", "Expecting ':' delimiter: line 2 column 1 (char 40)"},
	{"1 validation error for Invoice\ntotal\n  Field required", "1 validation error for Invoice\namount\n  Input should be a number"},
	{"invalid literal for int() with base 10: 'abc'", "invalid literal for int() with base 10: '12.5'"},
	{"unsupported operand type(s) for +: 'int' and 'str'", "unsupported operand type(s) for +: 'NoneType' and 'int'"},
	{"list index out of range"},
	{"string index out of range"},
	{"division by zero"},
	{"Object of type datetime is not JSON serializable"},
	{"Tool lookup_order returned status 404 after 3 attempts", "Tool lookup_order returned status 500 after 12 attempts"},
	{"relation \"orders\" does not exist at character 15", "relation \"refunds\" does not exist at character 202"},
	{"Insufficient funds: balance $12.50, needed $99.00", "Insufficient funds: balance $0.20, needed $1,024.00"},
	{"unexpected tokens remaining in message header: [\"to=functions.ls\"]", "unexpected tokens remaining in message header: [\"to=functions.cat\"]"},
	{"unexpected tokens remaining in message header: Some(\"to=... The user wants\")", "unexpected tokens remaining in message header: Some(\"to=calc The user\")"},

	// Short ones, which stand for themselves.
	{"Overloaded"},
	{"internal server error"},
	{"Internal error occurred."},
	{"invalid x-api-key"},
	{"Incorrect API key provided: sk-abc***123. You can find your API key at https://x.example.com", "Incorrect API key provided: sk-zzz***999. You can find your API key at https://x.example.com"},
	{"Connection error."},
	{"Request timed out."},
	{"The response was filtered due to the prompt triggering our content management policy."},
	{"Die Verbindung wurde vom Gegenüber zurückgesetzt"},
	{"请求过于频繁,请在 30 秒后重试"},
}

func TestTemplate(t *testing.T) {
	require.GreaterOrEqual(t, len(sameFailure), 60)
	seen := map[string]string{}
	for _, row := range sameFailure {
		first := Template(row[0])
		require.NotEmpty(t, first)
		require.Empty(t, seen[first], "%q and %q are different failures, not both %q", row[0], seen[first], first)
		seen[first] = row[0]
		for _, other := range row[1:] {
			require.Equal(t, first, Template(other), other)
		}
	}
	require.NotContains(t, Template("token "+strings.Repeat("QUJD", 200)), "QUJD", "a blob is no part of a template")
	require.Equal(t, "first line", Template("first line\nsecond line"))
}

// TestTemplateHidesNumbers: whatever the numbers are, the template is one.
func TestTemplateHidesNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[1-9][0-9]{0,9}(\.[0-9]{1,3})?`)
		message := func() string {
			return "limit " + number.Draw(t, "limit") + " reached after " + number.Draw(t, "time") + "s (used " + number.Draw(t, "used") + ")"
		}
		one, other := message(), message()
		require.Equal(t, Template(one), Template(other))
	})
}

func TestTemplateIsBoundedAndStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := Template(text)
		require.LessOrEqual(t, len(strings.Fields(once)), templateWords)
		require.Equal(t, once, Template(text))
	})
	for _, hostile := range []string{
		strings.Repeat("(", 1<<20), strings.Repeat(`"`, 1<<20), strings.Repeat("'a", 1<<20), strings.Repeat("{[", 1<<19),
		strings.Repeat("(", 1<<10) + strings.Repeat(")", 1<<10), strings.Repeat("(' ", 1<<19), "\xff\xfe" + strings.Repeat("\xc3", 1<<20),
	} {
		start := time.Now()
		require.LessOrEqual(t, len(Template(hostile)), templateWords*(templateWord+1))
		require.Less(t, time.Since(start), time.Second)
	}
}

func BenchmarkTemplate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Template(sameFailure[0][0])
	}
}
