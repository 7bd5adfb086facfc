package provider

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// paths are the addresses of the APIs, with a request that streams where the body says so.
var paths = map[API]struct{ path, streamed string }{
	Chat:      {"/v1/chat/completions", "/v1/chat/completions"},
	Responses: {"/v1/responses", "/v1/responses"},
	Anthropic: {"/v1/messages", "/v1/messages"},
	Gemini:    {"/v1beta/models/m:generateContent", "/v1beta/models/m:streamGenerateContent"},
}

func ask(t *testing.T, reply Reply, path, body string) (status int, text string, err error) {
	t.Helper()
	server := httptest.NewServer(New(func(scenario string, _ Turn) (Reply, bool) { return reply, scenario == "known" }))
	defer server.Close()
	resp, err := http.Post(server.URL+path, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func TestEveryAPIAnswers(t *testing.T) {
	reply := Reply{Text: "Paris", Finish: Length, Usage: Usage{Input: 42, Output: 7, CacheRead: 40}}
	finish := map[API]string{
		Chat: `"finish_reason":"length"`, Responses: `"reason":"max_output_tokens"`,
		Anthropic: `"stop_reason":"max_tokens"`, Gemini: `"finishReason":"MAX_TOKENS"`,
	}
	for api, at := range paths {
		for _, path := range []string{at.path, at.streamed} {
			for _, body := range []string{`{"model":"m"}`, `{"model":"m","stream":true}`} {
				status, text, err := ask(t, reply, "/known/client"+path, body)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, status)
				require.Contains(t, text, "Paris", "%s %s", api, body)
				require.Contains(t, text, finish[api])
			}
		}
	}
}

func TestArgumentsThatAreNotJSON(t *testing.T) {
	reply := Reply{Call: &Call{Name: "refund", Arguments: `{"amount": twe`}}
	for api, want := range map[API]string{
		Chat: `"arguments":"{\"amount\": twe"`, Responses: `"arguments":"{\"amount\": twe"`,
		Anthropic: `"input":{}`, Gemini: "MALFORMED_FUNCTION_CALL",
	} {
		_, text, err := ask(t, reply, "/known/client"+paths[api].path, `{"model":"m"}`)
		require.NoError(t, err)
		require.Contains(t, text, want, api)
	}
}

func TestFaults(t *testing.T) {
	for fault := RateLimited; fault <= PromptFiltered; fault++ {
		for api, at := range paths {
			status, text, err := ask(t, Reply{Fault: fault}, "/known/client"+at.path, `{"model":"m"}`)
			require.NoError(t, err)
			require.GreaterOrEqual(t, status, 400, api)
			require.Contains(t, text, `"message":"`)
		}
	}
}

func TestAnAnswerThatBreaks(t *testing.T) {
	for _, body := range []string{`{"model":"m"}`, `{"model":"m","stream":true}`} {
		_, text, err := ask(t, Reply{Text: "The history of Paris", Cut: true}, "/known/client/v1/messages", body)
		require.Error(t, err)
		require.NotContains(t, text, "message_stop")
	}
}

func TestATurnTellsTheScriptWhatItNeeds(t *testing.T) {
	var turns []Turn
	server := httptest.NewServer(New(func(_ string, turn Turn) (Reply, bool) {
		turns = append(turns, turn)
		return Reply{Text: "ok"}, true
	}))
	defer server.Close()
	for _, body := range []string{
		`{"messages":[{"role":"user","content":"hi"}]}`,
		`{"messages":[{"role":"user","content":[{"type":"tool_result","content":"1"}]}]}`,
	} {
		resp, err := http.Post(server.URL+"/s/client/v1/messages", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	require.Equal(t, []Turn{{API: Anthropic, Attempt: 1}, {API: Anthropic, Attempt: 2, AfterTool: true}}, turns)
}

func TestAnUnknownScenario(t *testing.T) {
	status, _, err := ask(t, Reply{}, "/unknown/client/v1/messages", `{}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, status)
}
