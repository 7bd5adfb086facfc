package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// attack breaks out of text, of attributes in either quote, of script, style, templates and comments, where it can.
const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>'><a href="javascript:alert(1)">x</a> javascript:alert(1) https://attacker.example/x {{.}} --></textarea></title></svg><b hx-get="/x" style="color:red">`

// attacked is a trace with the same text in every field that a sender can fill.
func attacked(text string) review.Trace {
	message := func(role string) genai.Message {
		return genai.Message{
			Role: role, Text: text, Reasoning: text,
			ToolCalls:   []genai.ToolCall{{ID: text, Name: text, Arguments: genai.Value{Text: text}}, {Name: text, Arguments: genai.Value{Text: `{"a":` + quote(text) + `}`, Structured: true}}},
			ToolResults: []genai.ToolResult{{ID: "other" + text, Result: genai.Value{Text: text}}},
		}
	}
	call := func(operation string) *genai.Call {
		c := &genai.Call{
			Operation: operation, Provider: text, RequestModel: text, ResponseID: text, FinishReasons: []string{text}, WorkflowName: text,
			SessionID: text, UserID: text, AgentName: text, PromptName: text, PromptVersion: text, ToolName: text, ToolCallID: text,
			Error: genai.Error{IsError: true, Type: text, Message: text},
		}
		c.SetContent(genai.Content{
			System: text, Refusal: text, Input: []genai.Message{message("user"), message(text)}, Output: []genai.Message{message("assistant"), {Role: text, Text: text}},
			ToolArguments: genai.Value{Text: text}, ToolResult: genai.Value{Text: text},
			Retrieval: genai.Retrieval{Query: text, Documents: []genai.Document{{ID: text, Content: text}}},
		})
		return c
	}
	start := time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)
	trace := review.Trace{ID: strings.Repeat("6", 32), Service: text, Environment: text}
	for i, operation := range []string{genai.OpChat, genai.OpExecuteTool, text} {
		trace.Spans = append(trace.Spans, review.Span{
			ID: fmt.Sprintf("%016x", i+1), ParentID: text, Name: text, Service: text + fmt.Sprint(i), Start: start, Duration: time.Second, Error: true, Message: text,
			Verdict: failure.Verdict{Class: failure.Hallucination, Detail: text, Evidence: text, Fingerprint: text}, Scores: map[string]float64{text: 0.2}, Call: call(operation),
		})
	}
	return trace
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func TestHostileContentStaysText(t *testing.T) {
	s := newSite(t, web.Options{TraceURL: "https://tempo.example/{trace_id}"})
	trace := attacked(attack)
	s.put(trace)
	_, err := s.store.AddLabel(t.Context(), review.Label{TraceID: trace.ID, Decision: review.Confirmed, Note: attack, Reviewer: attack[:200]})
	require.NoError(t, err)
	for _, path := range []string{
		"/?state=all", "/review/" + trace.ID, "/review/" + trace.ID + "?span=0000000000000002", "/review/" + trace.ID + "?span=0000000000000003",
		"/?state=all&q=" + urlEscape(attack), "/?state=all&service=" + urlEscape(attack), "/queue/fresh?q=" + urlEscape(attack) + "&after=0",
		"/?class=" + urlEscape(attack), "/review/" + urlEscape(attack), "/" + urlEscape(attack),
	} {
		_, body := s.get(path)
		requireHarmless(t, path, parse(t, body))
	}
	page := s.page("/review/" + trace.ID)
	require.Contains(t, page.one("#said").text(), "<script>alert(1)</script>", "it is shown as it was said")
	require.Empty(t, s.failed)
}

func urlEscape(text string) string {
	return strings.NewReplacer("%", "%25", " ", "%20", `"`, "%22", "<", "%3C", ">", "%3E", "/", "%2F", "'", "%27", "{", "%7B", "}", "%7D", "#", "%23", "&", "%26", "=", "%3D", "?", "%3F", "\n", "%0A").Replace(text)
}

// requireHarmless checks that a page holds nothing but our own elements, scripts, styles and addresses.
func requireHarmless(t *testing.T, path string, page document) {
	t.Helper()
	for n := range page.node.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		require.NotContains(t, []string{"style", "img", "iframe", "object", "embed", "base"}, n.Data, path)
		if n.Data == "script" {
			require.Nil(t, n.FirstChild, "%s: inline script", path)
			require.True(t, strings.HasPrefix(attribute(n, "src"), "/static/"), path)
		}
		for _, a := range n.Attr {
			require.False(t, strings.HasPrefix(a.Key, "on"), "%s: %s", path, a.Key)
			require.NotEqual(t, "style", a.Key, path)
			if slices.Contains([]string{"href", "src", "action", "hx-get", "hx-post"}, a.Key) {
				own := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") || strings.HasPrefix(a.Val, "#")
				require.True(t, own || strings.HasPrefix(a.Val, "https://tempo.example/"+strings.Repeat("6", 32)), "%s: %s=%s", path, a.Key, a.Val)
			}
			if a.Key == "hx-get" {
				require.NotEqual(t, "/x", a.Val)
			}
		}
	}
}

func TestWhatCannotBeSeenIsSpelledOut(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := attacked("a\x00b\x1b[31mc\u202edlrow\u202c e\u200bf\U000e0041g \xff\xfe h\u2066i\x7f")
	s.put(trace)
	page := s.page("/review/" + trace.ID)
	seen := []string{page.text()}
	for n := range page.node.Descendants() {
		for _, a := range n.Attr {
			if a.Key != "value" { // what a form sends back must be what it is
				seen = append(seen, a.Val)
			}
		}
	}
	for _, r := range strings.Join(seen, "") {
		hidden := r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x200b || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r >= 0xe0000
		require.False(t, hidden, "%U", r)
	}
	said := page.one("#said").text()
	require.Contains(t, said, "␛[31mc⟨U+202E⟩dlrow⟨U+202C⟩ e⟨U+200B⟩f⟨U+E0041⟩g")
}

func TestHugeCasesAreBounded(t *testing.T) {
	const limit = 3 << 20
	start := time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)
	chat := func(input, output []genai.Message) *genai.Call {
		c := &genai.Call{Operation: genai.OpChat, RequestModel: "m"}
		c.SetContent(genai.Content{Input: input, Output: output})
		return c
	}
	var many, calls []genai.Message
	for i := range 3000 {
		many = append(many, genai.Message{Role: "user", Text: fmt.Sprintf("message %d ", i) + strings.Repeat("word ", 50)})
		calls = append(calls, genai.Message{Role: "assistant", ToolCalls: []genai.ToolCall{
			{ID: fmt.Sprint(i), Name: "search", Arguments: value(`{"q":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`)},
		}})
	}
	var manyCalls []genai.ToolCall
	for i := range 3000 {
		manyCalls = append(manyCalls, genai.ToolCall{ID: fmt.Sprint(i), Name: "search", Arguments: value(`{"page":1}`)})
	}
	big := genai.Message{Role: "assistant", Text: strings.Repeat("All work and no play. ", 10<<20/22)}
	escapes := genai.Message{Role: "assistant", Text: strings.Repeat("\u202ea", 300<<10)}
	for name, c := range map[string]struct {
		call *genai.Call
		says string
	}{
		"a message of 10 MB":     {chat(nil, []genai.Message{big}), "not shown"},
		"3,000 messages":         {chat(many, nil), "are not shown"},
		"3,000 messages of tool": {chat(calls, nil), "are not shown"},
		"3,000 calls at once":    {chat(nil, []genai.Message{{Role: "assistant", ToolCalls: manyCalls}}), "2,976 more tool calls, not shown"},
		"nothing but escapes":    {chat([]genai.Message{escapes, escapes, escapes, escapes, escapes}, []genai.Message{escapes}), "not shown"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, web.Options{})
			trace := review.Trace{ID: strings.Repeat("7", 32), Service: "s", Spans: []review.Span{{
				ID: "0000000000000001", Name: "chat", Start: start, Duration: time.Second,
				Verdict: failure.Verdict{Class: failure.Truncation, Detail: failure.OutputLimit, Evidence: "finish reason"}, Call: c.call,
			}}}
			s.put(trace)
			began := time.Now()
			status, body := s.get("/review/" + trace.ID)
			require.Less(t, time.Since(began), 5*time.Second)
			require.Equal(t, http.StatusOK, status)
			require.Less(t, len(body), limit)
			require.Contains(t, parse(t, body).one("section.case").text(), c.says)
		})
	}
}

func TestHugeTraceListsWhatFailed(t *testing.T) {
	start := time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)
	trace := review.Trace{ID: strings.Repeat("8", 32), Service: "s"}
	for i := range 5000 {
		s := review.Span{
			ID: fmt.Sprintf("%016x", i+1), ParentID: fmt.Sprintf("%016x", i/7), Name: fmt.Sprintf("span %d", i),
			Start: start.Add(time.Duration(i) * time.Millisecond), Duration: time.Second,
		}
		if i == 4200 {
			s.Class, s.Detail, s.Evidence = failure.Refusal, failure.ModelRefusal, "declined"
		}
		trace.Spans = append(trace.Spans, s)
	}
	s := newSite(t, web.Options{})
	s.put(trace)
	began := time.Now()
	page := s.page("/review/" + trace.ID)
	require.Less(t, time.Since(began), 5*time.Second)
	require.Len(t, page.one("ol.tree").all("li"), 200)
	failed := page.one("ol.tree").one("li.bad-row")
	require.Contains(t, failed.text(), "span 4200")
	require.Contains(t, page.one("ol.tree").text(), "span 599", "what is above a failure is listed with it")
	require.Contains(t, page.one("section.case").text(), "4,800 more spans, not listed")
}

func TestSpansThatHangInCirclesAreListedOnce(t *testing.T) {
	start := time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)
	span := func(id, parent string) review.Span {
		return review.Span{ID: "000000000000000" + id, ParentID: "000000000000000" + parent, Name: "span " + id, Start: start}
	}
	trace := review.Trace{ID: strings.Repeat("9", 32), Spans: []review.Span{span("1", "2"), span("2", "1"), span("3", "3"), span("4", "9"), span("5", "4")}}
	trace.Spans[4].Class, trace.Spans[4].Detail = failure.Timeout, failure.ClientDeadline
	s := newSite(t, web.Options{})
	s.put(trace)
	rows := s.page("/review/" + trace.ID).one("ol.tree").all("li")
	require.Len(t, rows, 5)
	for _, row := range rows {
		require.Contains(t, row.text(), "0 s", "a trace without a duration divides by nothing")
	}
}
