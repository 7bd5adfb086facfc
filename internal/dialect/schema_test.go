package dialect

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

// The GenAI conventions publish JSON Schemas of messages, system instructions, tool definitions, documents and memory
// records. These tests hold the readers against what they name: every type of part, every required member, every value
// of an enumeration, null for every member that may be null, and members that they do not name.

// schemaPart is a part in one message, and what must be read from it.
type schemaPart struct {
	part string
	want string // JSON of the message without its role
}

// schemaParts are the types of parts, in the order of the schemas. All objects may have more members.
var schemaParts = map[string]schemaPart{
	"text":                 {`{"type":"text","content":"hello"}`, `{"text":"hello"}`},
	"text, empty":          {`{"type":"text","content":""}`, `{}`},
	"text with additions":  {`{"type":"text","content":"hello","annotations":[{"x":1}],"lang":"en"}`, `{"text":"hello"}`},
	"reasoning":            {`{"type":"reasoning","content":"let me see"}`, `{"reasoning":"let me see"}`},
	"tool_call":            {`{"type":"tool_call","id":"c1","name":"find","arguments":{"q":"x"}}`, `{"tool_calls":[{"id":"c1","name":"find","arguments":{"q":"x"}}]}`},
	"tool_call, required":  {`{"type":"tool_call","name":"now"}`, `{"tool_calls":[{"name":"now"}]}`},
	"tool_call with null":  {`{"type":"tool_call","id":null,"name":"now","arguments":null}`, `{"tool_calls":[{"name":"now"}]}`},
	"tool_call with text":  {`{"type":"tool_call","id":"c1","name":"say","arguments":"hi"}`, `{"tool_calls":[{"id":"c1","name":"say","arguments":"hi"}]}`},
	"tool_call with list":  {`{"type":"tool_call","id":"c1","name":"add","arguments":[1,2]}`, `{"tool_calls":[{"id":"c1","name":"add","arguments":[1,2]}]}`},
	"tool_call_response":   {`{"type":"tool_call_response","id":"c1","response":{"found":2}}`, `{"tool_results":[{"id":"c1","result":{"found":2}}]}`},
	"response, required":   {`{"type":"tool_call_response","response":"two"}`, `{"tool_results":[{"result":"two"}]}`},
	"response as a result": {`{"type":"tool_call_response","id":"c1","result":"two"}`, `{"tool_results":[{"id":"c1","result":"two"}]}`},
	"response of null":     {`{"type":"tool_call_response","id":null,"response":null}`, `{"tool_results":[{}]}`},
	"server_tool_call": {
		`{"type":"server_tool_call","id":"s1","name":"web_search","server_tool_call":{"type":"web_search","query":"x"}}`,
		`{"tool_calls":[{"id":"s1","name":"web_search","kind":"provider","arguments":{"type":"web_search","query":"x"}}]}`,
	},
	"server_tool_call with null": {
		`{"type":"server_tool_call","id":null,"name":"run","server_tool_call":{"type":"code_interpreter"}}`,
		`{"tool_calls":[{"name":"run","kind":"provider","arguments":{"type":"code_interpreter"}}]}`,
	},
	"server_tool_call, required": {
		`{"type":"server_tool_call","name":"run","server_tool_call":{"type":"mine","deep":[{"x":null}]}}`,
		`{"tool_calls":[{"name":"run","kind":"provider","arguments":{"type":"mine","deep":[{"x":null}]}}]}`,
	},
	"server_tool_call_response, required": {
		`{"type":"server_tool_call_response","id":null,"server_tool_call_response":{"type":"mine"}}`,
		`{"tool_results":[{"result":{"type":"mine"}}]}`,
	},
	"server_tool_call_response": {
		`{"type":"server_tool_call_response","id":"s1","server_tool_call_response":{"type":"web_search","hits":[1]}}`,
		`{"tool_results":[{"id":"s1","result":{"type":"web_search","hits":[1]}}]}`,
	},
	"blob image":      {`{"type":"blob","modality":"image","mime_type":"image/png","content":"aGk="}`, `{"media":true}`},
	"blob video":      {`{"type":"blob","modality":"video","mime_type":null,"content":"aGk="}`, `{"media":true}`},
	"blob audio":      {`{"type":"blob","modality":"audio","mime_type":"audio/wav","content":"aGk="}`, `{"media":true}`},
	"blob document":   {`{"type":"blob","modality":"document","mime_type":"application/pdf","content":"aGk="}`, `{"media":true}`},
	"blob of another": {`{"type":"blob","modality":"hologram","content":"aGk="}`, `{"media":true}`},
	"blob with transcript": {
		`{"type":"blob","modality":"audio","content":"aGk=","transcript":"said aloud"}`, `{"media":true,"text":"said aloud"}`,
	},
	"blob with null transcript": {`{"type":"blob","modality":"audio","content":"aGk=","transcript":null}`, `{"media":true}`},
	"file":                      {`{"type":"file","modality":"document","file_id":"f1","mime_type":null}`, `{"media":true}`},
	"file, required":            {`{"type":"file","modality":"image","file_id":"f1"}`, `{"media":true}`},
	"file with null transcript": {`{"type":"file","modality":"audio","file_id":"f1","transcript":null}`, `{"media":true}`},
	"file with transcript":      {`{"type":"file","modality":"audio","file_id":"f1","transcript":"said"}`, `{"media":true,"text":"said"}`},
	"uri":                       {`{"type":"uri","modality":"image","uri":"gs://b/o.png"}`, `{"media":true}`},
	"uri with nulls":            {`{"type":"uri","modality":"video","uri":"gs://b/o","mime_type":null,"transcript":null}`, `{"media":true}`},
	"uri of another":            {`{"type":"uri","modality":"hologram","mime_type":"x/y","uri":"https://x/a"}`, `{"media":true}`},
	"uri with transcript":       {`{"type":"uri","modality":"audio","uri":"https://x/a.wav","transcript":"said"}`, `{"media":true,"text":"said"}`},
	"compaction without text":   {`{"type":"compaction","id":"k1","content":null}`, `{}`},
	"compaction with nulls":     {`{"type":"compaction","id":null,"content":null}`, `{}`},
	"compaction, required":      {`{"type":"compaction"}`, `{}`},
	"a generic part with text":  {`{"type":"note","content":"by hand"}`, `{"text":"by hand"}`},
	"a generic part without":    {`{"type":"hologram","points":[1,2]}`, `{"unread":["hologram"]}`},
}

func TestPublishedSchemaOfMessages(t *testing.T) {
	for name, c := range schemaParts {
		for _, side := range []struct {
			name, attribute, role string
			of                    func(*genai.Call) []genai.Message
		}{
			{"input", "gen_ai.input.messages", "user", (*genai.Call).Input},
			{"output", "gen_ai.output.messages", "assistant", (*genai.Call).Output},
		} {
			t.Run(side.name+"/"+name, func(t *testing.T) {
				text := `[{"role":"` + side.role + `","name":null,"parts":[` + c.part + `],"trace":{"added":true}}]`
				want := `[{"role":"` + side.role + `"` + comma(c.want) + `]`
				require.JSONEq(t, want, messagesOf(t, side.of(callWith(t, side.attribute, text))))
				require.JSONEq(t, want, messagesOf(t, side.of(structuredCallWith(t, side.attribute, text))), "structured")
			})
		}
	}
}

func TestCompactionIsContextInTheInputAndNoAnswerInTheOutput(t *testing.T) {
	const text = `[{"role":"assistant","parts":[{"type":"compaction","content":"so far: a refund"},{"type":"text","content":"Done."}]}]`
	require.JSONEq(t, `[{"role":"assistant","text":"so far: a refund\nDone."}]`,
		messagesOf(t, callWith(t, "gen_ai.input.messages", text).Input()))
	require.JSONEq(t, `[{"role":"assistant","text":"Done.","reasoning":"so far: a refund"}]`,
		messagesOf(t, callWith(t, "gen_ai.output.messages", text).Output()))
}

func TestPublishedSchemaOfRolesAndFinishReasons(t *testing.T) {
	for _, role := range []string{"system", "user", "assistant", "tool", "planner"} { // the last is of a user's own
		text := `[{"role":"` + role + `","parts":[{"type":"text","content":"x"}]},{"role":"user","name":"Ann","parts":[]}]`
		got := callWith(t, "gen_ai.input.messages", text).Input()
		require.Len(t, got, 2)
		require.Equal(t, role, got[0].Role)
		require.Empty(t, got[0].Unread)
	}
	for reason, want := range map[string]string{
		"stop": "stop", "length": "length", "content_filter": "content_filter", "tool_call": "tool_call",
		"compaction": "compaction", "error": "error",
	} {
		call := callWith(t, "gen_ai.output.messages",
			`[{"role":"assistant","parts":[{"type":"text","content":"x"}],"finish_reason":"`+reason+`"}]`)
		require.Equal(t, []string{want}, call.FinishReasonsCanonical, reason)
		require.Equal(t, reason, call.Output()[0].FinishReason)
	}
	call := callWith(t, "gen_ai.output.messages", `[{"role":"assistant","parts":[],"finish_reason":null}]`)
	require.Empty(t, call.FinishReasons)
	require.Len(t, call.Output(), 1)

	call = callWith(t, "gen_ai.input.messages", `[{"role":"user","name":null,"parts":[
		{"type":"text","content":"one"},{"type":"reasoning","content":"hm"},{"type":"text","content":"two"},
		{"type":"tool_call","name":"f"},{"type":"tool_call_response","response":1}]},{"role":"system","parts":[]}]`)
	require.JSONEq(t, `[{"role":"user","text":"one\ntwo","reasoning":"hm","tool_calls":[{"name":"f"}],
		"tool_results":[{"result":1}]},{"role":"system"}]`, messagesOf(t, call.Input()), "a message with all kinds")
	require.Empty(t, callWith(t, "gen_ai.input.messages", `[]`).Input())
}

func TestPublishedSchemaOfInstructionsToolsAndDocuments(t *testing.T) {
	call := callWith(t, "gen_ai.system_instructions",
		`[{"type":"text","content":"Be brief."},{"type":"text","content":"Be kind.","added":1},{"type":"note","content":"By hand."}]`)
	require.Equal(t, "Be brief.\nBe kind.\nBy hand.", call.System())
	for name, c := range map[string][2]string{
		"no part":           {`[]`, ""},
		"an empty text":     {`[{"type":"text","content":""}]`, ""},
		"an unknown part":   {`[{"type":"policy"},{"type":"text","content":"Be brief."}]`, "Be brief."},
		"other members too": {`[{"type":"policy","level":3},{"type":"text","content":"Be brief.","id":null}]`, "Be brief."},
	} {
		require.Equal(t, c[1], callWith(t, "gen_ai.system_instructions", c[0]).System(), name)
		require.Equal(t, c[1], structuredCallWith(t, "gen_ai.system_instructions", c[0]).System(), name+", structured")
	}

	call = callWith(t, "gen_ai.tool.definitions", `[
		{"type":"function","name":"find","description":"Finds.","parameters":{"type":"object","properties":{"q":{"type":"string"}}},"strict":true},
		{"type":"function","name":"now","description":null,"parameters":null},
		{"type":"function","name":"bare"}, {"type":"web_search","name":"search","region":"eu"}]`)
	tools := call.Tools()
	require.Len(t, tools, 4)
	require.Equal(t, "Finds.", tools[0].Description)
	require.JSONEq(t, `{"type":"object","properties":{"q":{"type":"string"}}}`, tools[0].Parameters)
	for i, name := range []string{"find", "now", "bare", "search"} {
		require.Equal(t, name, tools[i].Name)
	}
	require.Empty(t, tools[1].Parameters)

	retrieval := callOf(t, map[string]any{
		"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "where", "gen_ai.retrieval.top_k": 5,
		"gen_ai.retrieval.documents": `[{"id":"d1","score":0.5},{"id":"d2","score":null,"rank":2},{"id":"d3"}]`,
	}).Retrieval()
	require.Equal(t, genai.Some[int64](5), retrieval.TopK)
	require.Equal(t, []genai.Document{
		{ID: "d1", Score: genai.Some(0.5)}, {ID: "d2"}, {ID: "d3"},
	}, retrieval.Documents)

	memory := callOf(t, map[string]any{
		"gen_ai.operation.name": "search_memory", "gen_ai.memory.query.text": "likes",
		"gen_ai.memory.records": `[{"id":"m1","score":0.9,"content":"dark mode","metadata":{"by":"x"}},{"content":{"diet":"vegan"}}]`,
	})
	require.Equal(t, "search_memory", memory.Operation)
	require.False(t, memory.IsLLMCall())
	require.Equal(t, "likes", memory.Retrieval().Query)
	require.Equal(t, []genai.Document{
		{ID: "m1", Score: genai.Some(0.9), Content: "dark mode"}, {Content: `{"diet":"vegan"}`},
	}, memory.Retrieval().Documents)
}

func TestConventionsNowAndBefore(t *testing.T) {
	// A workflow was a kind of span, and is now an agent.
	before := callOf(t, map[string]any{"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "support"})
	now := callOf(t, map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"})
	require.Equal(t, "support", before.AgentName)
	require.Equal(t, "support", before.WorkflowName)
	require.Equal(t, "support", now.AgentName)

	// top_k was a double.
	for _, topK := range []any{40, 40.0, "40"} {
		require.Equal(t, genai.Some(40.0), callOf(t, map[string]any{"gen_ai.request.top_k": topK}).TopK)
	}
	require.Equal(t, genai.Some(3.0), callOf(t, map[string]any{
		"openinference.span.kind": "LLM", "llm.invocation_parameters": `{"top_k":3}`,
	}).TopK)
	// A retrieval had it under the name of the request.
	require.Equal(t, genai.Some[int64](4), callOf(t, map[string]any{
		"gen_ai.operation.name": "retrieval", "gen_ai.request.top_k": 4.0,
	}).Retrieval().TopK)

	// plan, rerank, guardrail and memory are steps, also where they sum up usage.
	for operation, want := range map[string]string{
		"plan": opPlan, "rerank": opRerank, "apply_guardrail": genai.OpGuardrail, "create_memory": "create_memory",
	} {
		call := callOf(t, map[string]any{
			"gen_ai.operation.name": operation, "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 3,
		})
		require.Equal(t, want, call.Operation)
		require.False(t, call.IsLLMCall(), operation)
	}
}

func TestPromptVariables(t *testing.T) {
	want := []genai.Variable{{Name: "city", Value: "Bern"}, {Name: "user.name", Value: `["Ann"]`}}
	for name, attributes := range map[string]map[string]any{
		"conventions": {"gen_ai.prompt.variable.city": "Bern", "gen_ai.prompt.variable.user.name": []any{"Ann"}},
		"Traceloop": {
			"traceloop.prompt.template_variables.city": "Bern", "traceloop.prompt.template_variables.user.name": `["Ann"]`,
		},
		"OpenInference": {"llm.prompt_template.variables": `{"city":"Bern","user.name":["Ann"]}`},
		"LangWatch":     {"langwatch.prompt.variables": `{"city":"Bern","user.name":["Ann"]}`, "langwatch.span.type": "llm"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ElementsMatch(t, want, callOf(t, attributes).PromptVariables())
		})
	}
	require.Empty(t, callOf(t, map[string]any{"llm.prompt_template.variables": `["city"]`}).PromptVariables())

	many := map[string]any{}
	for i := range 3 * maxVariables {
		many["gen_ai.prompt.variable."+string(rune('a'+i%26))+string(rune('a'+i/26))] = "x"
	}
	require.Len(t, callOf(t, many).PromptVariables(), maxVariables)
}

// comma joins the members of an object to those before it.
func comma(object string) string {
	if object == "{}" {
		return "}"
	}
	return "," + object[1:]
}

func messagesOf(t *testing.T, messages []genai.Message) string {
	t.Helper()
	messages = slices.Clone(messages)
	for i := range messages {
		messages[i].Attachments = nil // TestPartsWithoutTextAreDescribed holds them
	}
	text, err := json.Marshal(messages)
	require.NoError(t, err)
	return string(text)
}

func callWith(t *testing.T, attribute, text string) *genai.Call {
	t.Helper()
	return callOf(t, map[string]any{"gen_ai.operation.name": "chat", attribute: text})
}

// structuredCallWith returns a call whose span holds a structured value, as the conventions recommend.
func structuredCallWith(t *testing.T, attribute, text string) *genai.Call {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value))
	return callOf(t, map[string]any{"gen_ai.operation.name": "chat", attribute: value})
}

func callOf(t *testing.T, attributes map[string]any) *genai.Call {
	t.Helper()
	span := ptrace.NewSpan()
	require.NoError(t, span.Attributes().FromRaw(attributes))
	call, ok := NewReader(nil).Read(pcommon.NewResource(), pcommon.NewInstrumentationScope(), span)
	require.True(t, ok)
	return call
}
