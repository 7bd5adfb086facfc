package genai_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/genai/genaitest"
)

// TestEveryFieldSurvivesJSON: a rule on a field that JSON loses would fire in the stream and stay silent in CI.
func TestEveryFieldSurvivesJSON(t *testing.T) {
	want := genaitest.Full(t)
	requireFilled(t, reflect.ValueOf(*want), "Call")
	data, err := want.MarshalJSON()
	require.NoError(t, err)
	var got genai.Call
	require.NoError(t, json.Unmarshal(data, &got))
	require.Equal(t, want, &got)
}

// requireFilled fails where a value below v is zero.
func requireFilled(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	if path == "Call.loader" {
		return
	}
	require.False(t, v.IsZero(), path)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			requireFilled(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		require.Positive(t, v.Len(), path)
		requireFilled(t, v.Index(0), path+"[0]")
	}
}

// TestKeys: the keys are a contract with those who read `faultline score --call`, datasets and the review API.
func TestKeys(t *testing.T) {
	data, err := genaitest.Full(t).MarshalJSON()
	require.NoError(t, err)
	var call map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(data, &call))
	require.ElementsMatch(t, strings.Fields(`operation provider provider_raw request_model response_model model response_id
		finish_reasons finish_reasons_canonical operation_raw is_llm_call workflow_name usage tokens input_messages output_messages
		system_instructions tools tool_definitions tool session_id user_id agent_name agent_version temperature max_tokens top_p top_k
		seed prompt_variables
		response_format output_type output_schema streaming ttft_ms cost_usd prompt_name prompt_version refusal error retrieval
		service_name service_version deployment_environment duration_ms content_truncated content_missing status_ok`), keys(t, data))
	require.ElementsMatch(t, []string{"name", "call_id", "arguments", "result", "status"}, keys(t, call["tool"]))
	require.ElementsMatch(t, []string{"query", "top_k", "documents", "empty"}, keys(t, call["retrieval"]))
	require.ElementsMatch(t, []string{"is_error", "type", "message", "http_status", "raiser"}, keys(t, call["error"]))
	var names []string
	require.NoError(t, json.Unmarshal(call["tools"], &names), "tools are names")
	var messages []json.RawMessage
	require.NoError(t, json.Unmarshal(call["output_messages"], &messages))
	require.ElementsMatch(t, []string{
		"role", "text", "reasoning", "tool_calls", "tool_results", "finish_reason", "media",
		"unread", "attachments",
	}, keys(t, messages[0]))
}

func keys(t *testing.T, object []byte) (names []string) {
	t.Helper()
	var m map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(object, &m))
	for name := range m {
		names = append(names, name)
	}
	return names
}

// TestAnEmptyCallIsAnEmptyObject: a call that was reset keeps the memory of its slices, and must not write them.
func TestAnEmptyCallIsAnEmptyObject(t *testing.T) {
	used := genaitest.Full(t)
	used.Reset(nil)
	for _, call := range []*genai.Call{{}, used} {
		data, err := json.Marshal(call)
		require.NoError(t, err)
		require.JSONEq(t, `{}`, string(data))
	}
}

func TestReadingACall(t *testing.T) {
	for text, want := range map[string]string{
		`{"operation":7}`:        "cannot unmarshal number",
		`{"tools":[{}]}`:         "cannot unmarshal object",
		`{"input_messages":{}}`:  "cannot unmarshal object",
		`{"usage":{"input":""}}`: "cannot unmarshal string",
	} {
		call := *genaitest.Full(t)
		require.ErrorContains(t, json.Unmarshal([]byte(text), &call), want)
	}

	call := genaitest.Full(t)
	require.NoError(t, json.Unmarshal([]byte(`{"tools":["lookup"],"tool_definitions":"cut of","key of a later version":1}`), call))
	require.Equal(t, []genai.Tool{{Name: "lookup"}}, call.Tools(), "names without readable definitions")
	require.Empty(t, call.Operation, "nothing stays of the call before")
	require.Empty(t, call.Input())

	require.NoError(t, json.Unmarshal([]byte(`{"tools":["lookup"],"tool_definitions":[{"name":"other"}]}`), call))
	require.Equal(t, []genai.Tool{{Name: "other"}}, call.Tools(), "definitions say more than names")
}

// TestValuesKeepTheirCharacters: encoding/json would escape them for HTML, and a scorer would read other text.
func TestValuesKeepTheirCharacters(t *testing.T) {
	var call genai.Call
	call.SetContent(genai.Content{ToolResult: genai.Value{Text: `{"page":"<b>&</b>"}`, Structured: true}})
	data, err := call.MarshalJSON()
	require.NoError(t, err)
	require.True(t, bytes.Contains(data, []byte(`<b>&</b>`)), string(data))
}
