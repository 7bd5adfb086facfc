package session

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// act is a call of a session under test. Without a time it starts a second after the one before.
type act struct {
	tool, arguments, result string
	failed, empty           bool
	question                string // of a model call, which has no tool
	after                   time.Duration
	takes                   time.Duration
	trace                   byte
	errorType               string
}

// follow gives the calls to a tracker, in order, and returns the loops.
func follow(t *testing.T, acts []act) (found []string) {
	t.Helper()
	tr, _ := tracker(t, DefaultSettings())
	at := time.Unix(1_790_000_000, 0)
	for n, a := range acts {
		call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: a.tool, SessionID: "s"}
		content := genai.Content{
			ToolArguments: genai.Value{Text: a.arguments}, ToolResult: genai.Value{Text: a.result},
		}
		if a.tool == "" {
			call.Operation = genai.OpChat
			content = genai.Content{Input: []genai.Message{{Role: genai.RoleUser, Text: a.question}}}
		}
		if a.errorType != "" {
			call.Error = genai.Error{IsError: true, Type: a.errorType}
		}
		call.SetContent(content)
		if a.after == 0 {
			a.after = time.Second
		}
		at = at.Add(a.after)
		span := NewSpan(call)
		span.Trace, span.ID, span.Digest = [16]byte{1, a.trace}, [8]byte{byte(n), 1}, NewDigest(call, nil)
		span.Start, span.End = at.UnixNano(), at.Add(a.takes).UnixNano()
		span.Failed, span.Empty = a.failed || a.errorType != "", a.empty
		found = append(found, details(tr.Observe(&span).Findings)...)
	}
	return found
}

// times repeats calls.
func times(n int, acts ...act) (list []act) {
	for range n {
		list = append(list, acts...)
	}
	return list
}

func TestRepeat(t *testing.T) {
	edit := func(n int) act {
		return act{tool: "edit_file", arguments: fmt.Sprintf(`{"path":"a.go","line":%d}`, n), result: "ok"}
	}
	check := act{tool: "run_linter", arguments: `{"path":"."}`, result: "clean"}
	shell := act{tool: "bash", arguments: `{"command":"npm test"}`, result: "1 failed"}
	read := act{tool: "read_file", arguments: `{"path":"a.go"}`, result: "package a"}
	denied := act{tool: "query_table", arguments: `{"table":"orders"}`, result: "permission denied", failed: true}
	for name, c := range map[string]struct {
		acts []act
		want []string
	}{
		"a read, three times":             {times(3, read), []string{failure.Repeat}},
		"a read, twice":                   {times(2, read), nil},
		"a check after each edit":         {[]act{edit(1), check, edit(2), check, edit(3), check, edit(4), check}, nil},
		"a test after each edit":          {[]act{edit(1), shell, edit(2), shell, edit(3), shell}, nil},
		"a test without any edit":         {times(3, shell), []string{failure.Repeat}},
		"a test after failing edits":      {times(3, read, act{tool: "edit_file", arguments: `{"path":"a"}`, result: "Error: no match", failed: true}, shell), []string{failure.Repeat}},
		"an edit that changes nothing":    {times(3, edit(1), check), []string{failure.Repeat}},
		"reads of other files between":    {[]act{read, {tool: "read_file", arguments: `{"path":"b.go"}`, result: "b"}, read, {tool: "read_file", arguments: `{"path":"c.go"}`, result: "c"}, read}, []string{failure.Repeat}},
		"results that change":             {[]act{{tool: "run_tests", arguments: `{"p":1}`, result: "3 failed"}, {tool: "run_tests", arguments: `{"p":1}`, result: "2 failed"}, {tool: "run_tests", arguments: `{"p":1}`, result: "1 failed"}}, nil},
		"failures that change":            {[]act{{tool: "build", arguments: `{"p":1}`, result: "line 3", failed: true}, {tool: "build", arguments: `{"p":1}`, result: "line 9", failed: true}, {tool: "build", arguments: `{"p":1}`, result: "line 12", failed: true}}, nil},
		"a failure, three times":          {times(3, denied), []string{failure.Repeat}},
		"parallel calls":                  {times(4, act{tool: "query_table", arguments: `{"table":"orders"}`, result: "denied", failed: true, after: time.Millisecond, takes: time.Second}), nil},
		"a new trace each time":           {[]act{read, {tool: read.tool, arguments: read.arguments, result: read.result, trace: 1}, {tool: read.tool, arguments: read.arguments, result: read.result, trace: 2}}, nil},
		"a new question each time":        {[]act{{question: "a?"}, read, {question: "a?"}, {question: "b?"}, read, {question: "b?"}, {question: "c?"}, read}, nil},
		"the same question":               {times(3, act{question: "a?"}, read, act{question: "a?"}), []string{failure.Repeat}},
		"the tool's result as a question": {[]act{{question: "a?"}, read, {question: "result 1"}, read, {question: "result 2"}, read}, []string{failure.Repeat}},
		"minutes of silence":              {times(4, act{tool: "book", arguments: `{"id":1}`, result: "taken", failed: true, after: 3 * time.Minute}), nil},
		"a poll every half minute":        {times(6, act{tool: "get_job", arguments: `{"id":1}`, result: `{"state":"running"}`, after: 30 * time.Second}), nil},
		"a poll that does not wait":       {times(3, act{tool: "get_job", arguments: `{"id":1}`, result: `{"state":"running"}`}), []string{failure.Repeat}},
		"a poll of what is under way":     {times(6, act{tool: "get_job", arguments: `{"id":1}`, result: `{"state":"running"}`, after: 4 * time.Second}), nil},
		"a poll with a sleep between":     {times(5, act{tool: "get_job", arguments: `{"id":1}`, result: "queued"}, act{tool: "sleep", arguments: `{"s":5}`, result: "ok"}), nil},
		"a sleep in the command":          {times(5, act{tool: "bash", arguments: `{"command":"sleep 20 && gh run view 7"}`, result: "in progress"}), nil},
		"the same mail":                   {times(3, act{tool: "send_mail", arguments: `{"to":"ida"}`, result: "queued", after: 20 * time.Second}), []string{failure.Repeat}},
		"a key that is pressed":           {times(6, act{tool: "press_key", arguments: `{"key":"down"}`, result: "ok"}), nil},
		"a look around":                   {times(4, act{tool: "ls", arguments: `{"all":false}`, result: "a b"}), nil},
		"many looks around":               {times(5, act{tool: "ls", arguments: `{"all":false}`, result: "a b"}), []string{failure.Repeat}},
		"results that are not known":      {times(6, act{tool: "read_file", arguments: `{"path":"a.go"}`}), nil},
		"errors with ids of their own":    {[]act{{tool: "fetch", arguments: `{"u":1}`, errorType: "ValueError"}, {tool: "fetch", arguments: `{"u":1}`, errorType: "ValueError"}, {tool: "fetch", arguments: `{"u":1}`, errorType: "ValueError"}}, []string{failure.Repeat}},
		"time-outs, three times":          {times(3, act{tool: "fetch", arguments: `{"u":1}`, errorType: "TimeoutError"}), nil},
		"time-outs, five times":           {times(5, act{tool: "fetch", arguments: `{"u":1}`, errorType: "TimeoutError"}), []string{failure.Repeat}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, follow(t, c.acts)) })
	}
}

func TestNearRepeat(t *testing.T) {
	row := func(id int, result string, a act) act {
		a.tool, a.result = "update_row", result
		a.arguments = fmt.Sprintf(`{"table":"products","id":%d,"set":{"status":"archived","season":"2025"}}`, id)
		return a
	}
	page := func(n int, a act) act {
		a.tool, a.arguments = "list_orders", fmt.Sprintf(`{"customer":"ida","state":"open","page":%d}`, n)
		return a
	}
	for name, c := range map[string]struct {
		acts []act
		want []string
	}{
		"a batch that succeeds":        {[]act{row(4401, "ok", act{}), row(4402, "ok", act{}), row(4403, "ok", act{}), row(4404, "ok", act{})}, nil},
		"a batch that finds nothing":   {[]act{row(4401, "[]", act{empty: true}), row(4402, "[]", act{empty: true}), row(4403, "[]", act{empty: true})}, nil},
		"a batch that fails":           {[]act{row(4401, "no", act{failed: true}), row(4402, "no", act{failed: true}), row(4403, "no", act{failed: true})}, []string{failure.NearRepeat}},
		"a batch that fails at once":   {[]act{row(4401, "no", act{failed: true, takes: time.Minute}), row(4402, "no", act{failed: true, takes: time.Minute}), row(4403, "no", act{failed: true, takes: time.Minute})}, nil},
		"the third try works":          {[]act{row(4401, "no", act{failed: true}), row(4402, "no", act{failed: true}), row(4403, "ok", act{})}, nil},
		"pages beyond the end":         {[]act{page(9, act{empty: true}), page(10, act{empty: true}), page(11, act{empty: true})}, []string{failure.NearRepeat}},
		"a page for each turn":         {[]act{page(9, act{empty: true}), page(10, act{empty: true, trace: 1}), page(11, act{empty: true, trace: 2})}, nil},
		"pages with the same contents": {[]act{page(1, act{result: "x"}), page(2, act{result: "x"}), page(3, act{result: "x"})}, nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, follow(t, c.acts)) })
	}
}

// TestErrorsAreComparedWithoutIDs: the error of a call that failed is its result, without ids and times in it.
func TestErrorsAreComparedWithoutIDs(t *testing.T) {
	digest := func(message string) uint64 {
		call := &genai.Call{
			Operation: genai.OpExecuteTool, ToolName: "fetch",
			Error: genai.Error{IsError: true, Type: "ValueError", Message: message},
		}
		call.SetContent(genai.Content{ToolArguments: genai.Value{Text: `{"u":1}`}})
		return NewDigest(call, nil).Result
	}
	require.Equal(t, digest("request req_8d6f12a0 was refused"), digest("request req_77c1e9b4 was refused"))
	require.NotEqual(t, digest("2 tests failed"), digest("1 tests failed"))
}

// TestResultsAreComparedByContent: the envelope of a framework has ids of its own.
func TestResultsAreComparedByContent(t *testing.T) {
	digest := func(result string) uint64 {
		call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "f"}
		call.SetContent(genai.Content{ToolResult: genai.Value{Text: result}})
		return NewDigest(call, nil).Result
	}
	for _, format := range []string{
		`{"output":{"lc":1,"type":"constructor","id":["langchain_core","messages","ToolMessage"],"kwargs":{"content":"sent","tool_call_id":"%d","id":"%d"}}}`,
		`content='sent' name='f' tool_call_id='%d' id='%d'`,
		`{"type":"tool_result","tool_use_id":"%d","content":[{"type":"text","text":"sent"}],"id":"%d"}`,
		`{"type":"function_call_output","call_id":"%d","id":"%d","output":"sent"}`,
		`{"role":"tool","tool_call_id":"%d","content":"sent","id":"%d"}`,
		`{"type":"tool-result","toolCallId":"%d","toolName":"f","output":{"type":"text","value":"sent"},"id":"%d"}`,
		`{"part_kind":"tool-return","tool_name":"f","content":"sent","tool_call_id":"%d","timestamp":"%d"}`,
		`{"content":[{"type":"text","text":"sent"}],"isError":false,"_meta":{"requestId":"%d %d"}}`,
		`{"toolResult":{"toolUseId":"%d","status":"success","content":[{"text":"sent"}]},"id":"%d"}`,
		`{"functionResponse":{"id":"%d","name":"f","response":{"output":"sent"}},"id":"%d"}`,
		`{"type":"tool_call_response","id":"%d","response":"sent","name":"%d"}`,
	} {
		require.Equal(t, digest("sent"), digest(fmt.Sprintf(format, 1, 2)), format)
	}
	require.Equal(t, digest(`{"n":1,"request_id":"a","took":12}`), digest(`{"took":7, "request_id":"b","n":1}`))
	require.NotEqual(t, digest(`{"n":1}`), digest(`{"n":2}`))
}

// TestDigestsOfEarlierVersions are read, without what they do not hold.
func TestDigestsOfEarlierVersions(t *testing.T) {
	call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "get_job"}
	call.SetContent(genai.Content{
		ToolArguments: genai.Value{Text: `{"id":1}`}, ToolResult: genai.Value{Text: "running"},
	})
	d := NewDigest(call, nil)
	require.True(t, d.Pending)
	text, err := d.MarshalText()
	require.NoError(t, err)
	var again Digest
	require.NoError(t, again.UnmarshalText(text))
	require.Equal(t, d, again)
	d.Effect, d.Pending = 0, false
	require.NoError(t, again.UnmarshalText(text[:firstDigestSize*4/3]))
	require.Equal(t, d, again)
}

// TestCheckpointsOfTheVersionBefore keep what a session spent, which limits depend on.
func TestCheckpointsOfTheVersionBefore(t *testing.T) {
	var before State
	before.Add(&Step{Event: Event{Span: 7, Kind: ModelCall}, Trace: 3, Micros: 250, Tokens: 40})
	before.window = nil
	b, err := before.MarshalBinary()
	require.NoError(t, err)
	b[0] = countsVersion
	var s State
	require.NoError(t, s.UnmarshalBinary(append(b, "pairs, calls and a window of another form"...)))
	require.Equal(t, before, s)
}
