package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

func TestQueueListsNewestFirstWithTheFirstCaseBesideIt(t *testing.T) {
	s := newSampleSite(t)
	items := s.items(review.Filter{State: review.Open})
	page := s.page("/")
	rows := page.all("a.item")
	require.Len(t, rows, len(items))
	for i, link := range rows {
		require.Equal(t, "/review/"+items[i].TraceID, link.attr("href"))
		require.Equal(t, i == 0, link.attr("aria-current") == "true")
		row := page.one("#i-" + items[i].TraceID)
		chip := row.one("span.chip")
		require.Equal(t, string(items[i].Class)+" · "+items[i].Detail, chip.text())
		require.Equal(t, "chip "+string(items[i].Bucket), chip.attr("class"))
		require.Contains(t, row.text(), items[i].Service)
		require.Contains(t, row.one("time").attr("title"), "UTC")
	}
	require.Equal(t, fmt.Sprint(len(items)), page.one("#open").text())
	require.Equal(t, items[0].TraceID, page.one("section.case").attr("data-trace"))
	require.Contains(t, page.one(".where").text(), fmt.Sprintf("1 of %d", len(items)))
}

func TestEveryCaseOfTheSampleSaysWhatFailed(t *testing.T) {
	s := newSampleSite(t)
	classes := map[failure.Class]bool{}
	for _, item := range s.items(review.Filter{}) {
		classes[item.Class] = true
		page := s.page("/review/" + item.TraceID)
		require.Contains(t, page.one("#why").text(), item.Evidence)
		require.NotContains(t, page.one("h1").text(), "Something failed")
		require.True(t, page.has("div.turn"), "%s %s: somebody said something", item.Class, item.Detail)
		said := page.one("#said")
		require.True(t, said.has(".fails"), "%s %s: where it failed is marked", item.Class, item.Detail)
		whole, err := s.store.Item(t.Context(), item.TraceID)
		require.NoError(t, err)
		rows := page.all("ol.tree")[0].all("li")
		require.Len(t, rows, len(whole.Spans))
		require.NotEmpty(t, page.one("ol.tree").all("li.bad-row"))
	}
	require.GreaterOrEqual(t, len(classes), 8, "the sample has all kinds of failures")
}

// TestEvidenceIsMarkedWhereItStands holds what is highlighted against what the evidence speaks of.
func TestEvidenceIsMarkedWhereItStands(t *testing.T) {
	s := newSampleSite(t)
	for _, c := range []struct{ class, detail, mark string }{
		{"tool_call_malformed", "type_mismatch", `^"[0-9]+,[0-9]{2} EUR"$|^".*"$`},
		{"tool_call_malformed", "enum_violation", `^".+"$`},
		{"tool_call_malformed", "unexpected_param", `^".+"$`},
		{"tool_call_malformed", "constraint_violation", `^[0-9]+$`},
		{"tool_call_malformed", "call_in_text", `^search_filings$`},
		{"schema_violation", "type", `^".+"$`},
		{"schema_violation", "enum", `^".+"$`},
		{"truncation", "context_length", `(?i)^prompt is too long$`},
	} {
		t.Run(c.class+" "+c.detail, func(t *testing.T) {
			marks := s.page("/review/" + s.first(c.class, c.detail).TraceID).one("#said").texts("mark")
			require.NotEmpty(t, marks)
			number, found := strings.CutSuffix(marks[0], " 1")
			require.True(t, found, "it has the number of its finding")
			require.Regexp(t, c.mark, number)
		})
	}
}

// refund is a trace as an agent makes it: a malformed call of a tool, the tool's refusal, an apology.
func refund() review.Trace {
	start := time.Date(2026, time.November, 23, 10, 42, 0, 0, time.UTC)
	user := genai.Message{Role: "user", Text: "I sent the shoes back last week, order 4471. Can I have my 19,99 € back?"}
	lookup := genai.Message{Role: "assistant", ToolCalls: []genai.ToolCall{{ID: "c1", Name: "lookup_order", Arguments: value(`{"order_id":"ord_4471"}`)}}}
	found := genai.Message{Role: "tool", ToolResults: []genai.ToolResult{{ID: "c1", Result: value(`{"status":"returned","total":19.99,"currency":"EUR"}`)}}}
	issue := genai.Message{Role: "assistant", Text: "Let me see.", ToolCalls: []genai.ToolCall{
		{ID: "c2", Name: "issue_refund", Arguments: value(`{"order_id":"ord_4471","amount":"19,99 €","currency":"EUR"}`)},
	}}
	refused := genai.Message{Role: "tool", ToolResults: []genai.ToolResult{{ID: "c2", Result: value(`{"error":"amount: number expected"}`)}}}
	sorry := genai.Message{Role: "assistant", Text: "I'm sorry, I could not issue the refund right now."}

	span := func(id, parent, name string, after, took time.Duration, c *genai.Call) review.Span {
		return review.Span{ID: id, ParentID: parent, Name: name, Service: "returns-bot", Start: start.Add(after), Duration: took, Call: c}
	}
	chat := func(input []genai.Message, output genai.Message) *genai.Call {
		c := &genai.Call{Operation: genai.OpChat, RequestModel: "gpt-4.1", SessionID: "conv_82a7", PromptName: "refunds", PromptVersion: "v18", CostUSD: genai.Some(0.0041)}
		c.SetContent(genai.Content{System: "You handle returns.", Input: input, Output: []genai.Message{output}})
		return c
	}
	tool := func(id, name string) *genai.Call {
		return &genai.Call{Operation: genai.OpExecuteTool, ToolName: name, ToolCallID: id}
	}
	search := &genai.Call{Operation: genai.OpRetrieval}
	search.SetContent(genai.Content{Retrieval: genai.Retrieval{Query: "refund policy", Documents: []genai.Document{
		{ID: "kb-7", Score: genai.Some(0.83), Content: "Refunds are made within 14 days."}, {ID: "kb-9", Content: "Shoes can be returned."},
	}}})
	bad := span("00000000000000a5", "00000000000000a1", "chat gpt-4.1", 1600*time.Millisecond, 900*time.Millisecond, chat([]genai.Message{user, lookup, found}, issue))
	bad.Class, bad.Detail, bad.Classes = failure.ToolCallMalformed, failure.TypeMismatch, []failure.Class{failure.ToolCallMalformed, failure.Unsafe}
	bad.Evidence, bad.Fingerprint = "issue_refund.amount is a string; the tool's schema wants a number", "5f0c1b7a90d3e2c4"
	bad.Scores = map[string]float64{"tool_arguments": 0, "refusal": 0.97}
	ran := span("00000000000000a6", "00000000000000a5", "execute_tool issue_refund", 2510*time.Millisecond, 12*time.Millisecond, tool("c2", "issue_refund"))
	ran.Error, ran.Message = true, "amount: number expected"
	return review.Trace{ID: strings.Repeat("4", 32), Service: "returns-bot", Environment: "production", Spans: []review.Span{
		span("00000000000000a1", "", "invoke_agent returns", 0, 3200*time.Millisecond, nil),
		span("00000000000000a2", "00000000000000a1", "retrieval kb", 10*time.Millisecond, 190*time.Millisecond, search),
		span("00000000000000a3", "00000000000000a1", "chat gpt-4.1", 200*time.Millisecond, 1100*time.Millisecond, chat([]genai.Message{user}, lookup)),
		span("00000000000000a4", "00000000000000a3", "execute_tool lookup_order", 1310*time.Millisecond, 180*time.Millisecond, tool("c1", "lookup_order")),
		bad, ran,
		span("00000000000000a7", "00000000000000a1", "chat gpt-4.1", 2600*time.Millisecond, 600*time.Millisecond, chat([]genai.Message{user, lookup, found, issue, refused}, sorry)),
	}}
}

// inSession moves a trace to another session.
func inSession(trace *review.Trace, session string) {
	for i := range trace.Spans {
		if c := trace.Spans[i].Call; c != nil && c.SessionID != "" {
			c.SessionID = session
		}
	}
}

func value(json string) genai.Value { return genai.Value{Text: json, Structured: true} }

// TestCaseIsFoundByTheIDOfTempo, which leaves out the zeros that an id begins with.
func TestCaseIsFoundByTheIDOfTempo(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	trace.ID = "00a" + strings.Repeat("5", 29)
	s.put(trace)
	require.Equal(t, trace.ID, s.page("/review/" + trace.ID[2:]).one("details.rest").all("button.copy")[1].attr("data-copy"))
	status, _ := s.get("/review/" + trace.ID[3:])
	require.Equal(t, 404, status)
}

func TestCaseReadsTopToBottom(t *testing.T) {
	s := newSite(t, web.Options{TraceURL: "https://grafana.example/explore?id={trace_id}"})
	trace, again := refund(), refund()
	again.ID = strings.Repeat("5", 32)
	inSession(&again, "conv_other")
	s.put(trace, again)
	page := s.page("/review/" + trace.ID)

	require.Equal(t, "issue_refund gets an argument that it cannot take", page.one("h1").text())
	require.Equal(t, []string{"tool_call_malformed · type_mismatch", "unsafe"}, page.one("#why").texts("span.chip"))
	require.Equal(t, []string{"always kept", "always kept"}, page.one("#why").texts("span.odds"))
	facts := page.one("article")
	for _, want := range []string{"service returns-bot", "environment production", "model gpt-4.1", "prompt refunds v18", "session conv_82a7", "cost $0.0123", "time 3.20 s"} {
		require.Contains(t, facts.text(), want)
	}
	require.Equal(t, trace.ID, facts.all("button.copy")[1].attr("data-copy"))
	links := append(facts.all("dl.facts")[0].all("a"), facts.all("dl.facts")[1].all("a")...)
	require.Equal(t, "2× this failure", links[0].text(), "the same failure elsewhere")
	require.Equal(t, "2", s.page(links[0].attr("href")).one("#left").text())
	require.Equal(t, "https://grafana.example/explore?id="+trace.ID, links[1].attr("href"))
	require.Equal(t, "noopener noreferrer", links[1].attr("rel"))

	said := page.one("#said")
	require.Equal(t, []string{"system", "user", "assistant", "assistant", "and then", "assistant"}, append(append(said.texts(".role")[:4:4], said.one(".divider").text()), said.texts(".role")[4:]...))
	cards := said.all("div.call")
	require.Len(t, cards, 2, "results stand beside their calls, not by themselves")
	steps := said.all("details.step")
	require.Equal(t, `lookup_order ok { "status": "returned", "total": 19.99, "currency": "EUR" } 180 ms`, steps[0].one("summary").text())
	require.False(t, steps[0].is("open"), "what went well is folded and says what it holds")
	require.True(t, steps[1].is("open"))
	require.Contains(t, cards[0].text(), `{"order_id": "ord_4471"}`)
	require.Contains(t, cards[0].text(), `"total": 19.99`)
	require.Equal(t, "issue_refund ✕ failed 12 ms", steps[1].one("summary").text())
	require.Equal(t, `"19,99 €" 1`, cards[1].one("mark").text())
	require.Equal(t, "e1", cards[1].one("mark").attr("id"))
	require.Equal(t, "#e1", page.one("#why").one("a.n").attr("href"), "the finding leads to its place")
	require.Contains(t, cards[1].text(), `{"error": "amount: number expected"}`)
	require.Equal(t, "1 issue_refund.amount is a string; the tool's schema wants a number", cards[1].one(".because").text())
	require.Contains(t, said.text(), "Let me see.", "text beside a tool call is kept")
	require.Contains(t, said.text(), "I'm sorry, I could not issue the refund right now.", "what came of it")

	documents := page.one("div.retrieved")
	require.Contains(t, documents.one("div.query").text(), "refund policy")
	require.Equal(t, []string{"0.83", "–"}, documents.texts("td.score"))

	rows := page.one("ol.tree").all("li")
	require.Len(t, rows, 7)
	require.Equal(t, "name in0", rows[0].all("span")[0].attr("class"))
	require.Equal(t, "name in2", rows[5].all("span")[0].attr("class"), "the tool is below the call that asked for it")
	bar := rows[4].all("rect")[1]
	require.Equal(t, "50.00%", bar.attr("x"))
	require.Equal(t, "28.12%", bar.attr("width"))
	require.Equal(t, "true", rows[4].one("a").attr("aria-current"))
	require.Equal(t, []string{"tool_arguments 0.00 ✕ verdict", "refusal 0.97 passed"}, page.one("table.sc").one("tbody").texts("tr"), "worst first")
}

func TestAnotherSpanCanBeReadInItsPlace(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	address := s.page("/review/" + trace.ID).one("ol.tree").all("a")[2].attr("href")
	require.Equal(t, "/review/"+trace.ID+"?span=00000000000000a3#said", address)
	page := s.page(strings.TrimSuffix(address, "#said"))
	require.Equal(t, "issue_refund gets an argument that it cannot take", page.one("h1").text(), "the case is the same")
	require.False(t, page.one("#said").has(".fails"), "nothing failed there")
	require.Contains(t, page.one("#h-said").text(), "in chat gpt-4.1")
	status, _ := s.get("/review/" + trace.ID + "?span=nonsense")
	require.Equal(t, http.StatusOK, status)
}

func TestSpansWithoutMessagesShowTheConversationTheyBelongTo(t *testing.T) {
	agent, tool := refund(), refund()
	// The agent itself fails, above all its calls.
	agent.Spans[4].Class, agent.Spans[4].Evidence = "", ""
	agent.Spans[0].Class, agent.Spans[0].Detail, agent.Spans[0].Evidence = failure.RetryLoop, "runaway", "too many calls"
	// A tool fails whose span gives no id: name and arguments tell which call it ran.
	tool.ID = strings.Repeat("5", 32)
	tool.Spans[4].Class, tool.Spans[4].Evidence = "", ""
	call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "issue_refund"}
	call.SetContent(genai.Content{ToolArguments: value(`{"order_id": "ord_4471", "amount":"19,99 €", "currency":"EUR"}`)})
	tool.Spans[5].Call, tool.Spans[5].Class, tool.Spans[5].Detail, tool.Spans[5].Evidence = call, failure.ToolError, "failed", "issue_refund: it raised"
	s := newSite(t, web.Options{})
	inSession(&tool, "conv_other")
	s.put(agent, tool)

	page := s.page("/review/" + agent.ID)
	require.Equal(t, "What was said in chat gpt-4.1", page.one("#h-said").text())
	require.Contains(t, page.one("#said").text(), "I could not issue the refund", "the last call inside it has the whole story")

	said := s.page("/review/" + tool.ID).one("#said")
	failing := said.one("div.call.fails")
	require.Contains(t, said.texts("summary"), "issue_refund ✕ failed 12 ms")
	require.Equal(t, "1 issue_refund: it raised", failing.one(".because").text())
	require.False(t, said.has("div.error"), "it is said once")
}

func TestFiltersNarrowTheQueue(t *testing.T) {
	s := newSampleSite(t)
	all := s.items(review.Filter{})
	page := s.page("/?class=truncation")
	rows := page.all("a.item")
	require.Len(t, rows, len(s.items(review.Filter{Class: failure.Truncation})))
	require.NotEmpty(t, rows)
	require.Equal(t, len(rows), strings.Count(page.one("#items").text(), "truncation ·"))
	for _, row := range rows {
		require.True(t, strings.HasSuffix(row.attr("href"), "?class=truncation"), "the filter stays: %s", row.attr("href"))
	}
	require.Contains(t, page.one("#judge").attr("action"), "/label?class=truncation")
	require.Equal(t, "truncation", selected(page.one("#class")))

	page = s.page("/?service=support-bot&q=postgres")
	require.Equal(t, "support-bot", selected(page.one("#service")))
	require.Equal(t, "postgres", page.one("#q").attr("value"))
	for _, row := range page.all("a.item") {
		require.Contains(t, row.text(), "support-bot")
	}
	require.Less(t, len(page.all("a.item")), len(all))

	page = s.page("/?q=a-word-that-nobody-said")
	require.Equal(t, "Nothing matches", page.one("h1").text())
	require.Equal(t, "/", page.one("section.case").one("a").attr("href"))

	for _, wrong := range []string{"/?class=boredom", "/?state=lost", "/?cursor=%20"} {
		status, body := s.get(wrong)
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, parse(t, body).one("p.why").text(), "must be")
	}
	require.Empty(t, s.failed)
}

func selected(list document) string {
	for _, o := range list.all("option") {
		for _, a := range o.node.Attr {
			if a.Key == "selected" {
				return o.attr("value")
			}
		}
	}
	return ""
}

func TestEmptyQueueSaysWhatFillsIt(t *testing.T) {
	s := newSite(t, web.Options{})
	page := s.page("/")
	require.Equal(t, "No failing trace has arrived yet", page.one("h1").text())
	require.Contains(t, page.one("section.case").text(), "make sample")
	require.Contains(t, page.one("section.case").text(), "exporters: [llm_review]")

	poll := page.one("div.fresh").attr("hx-get")
	resp := s.do(http.MethodGet, poll, "", "")
	require.Empty(t, resp.Header.Get("HX-Refresh"))
	trace := refund()
	s.put(trace)
	resp = s.do(http.MethodGet, poll, "", "")
	require.Equal(t, "true", resp.Header.Get("HX-Refresh"), "it fills by itself")

	_, err := s.store.AddLabel(t.Context(), review.Label{TraceID: trace.ID, Decision: review.Confirmed})
	require.NoError(t, err)
	page = s.page("/")
	require.Equal(t, "All judged", page.one("h1").text())
	require.Contains(t, page.one("section.case").text(), "faultline dataset export")
	require.Len(t, s.page("/?state=reviewed").all("a.item"), 1)
	require.Len(t, s.page("/?state=all").all("a.item"), 1)
}

func TestNewArrivalsAreOffered(t *testing.T) {
	s := newSite(t, web.Options{})
	s.replay(40)
	poll := s.page("/").one("div.fresh").attr("hx-get")
	_, body := s.get(poll)
	require.False(t, parse(t, body).has("a"), "nothing is new")
	s.put(refund())
	_, body = s.get(poll)
	require.Contains(t, parse(t, body).one("a").text(), "1 new")
}

func TestLongQueueIsPaged(t *testing.T) {
	s := newSite(t, web.Options{})
	var want []string
	for i := range 120 {
		trace := refund()
		trace.ID = fmt.Sprintf("%032x", i+1)
		s.put(trace)
		want = append([]string{"/review/" + trace.ID}, want...)
	}
	var got []string
	for address, pages := "/", 0; address != ""; pages++ {
		require.Less(t, pages, 4)
		page := s.page(address)
		for _, row := range page.all("a.item") {
			path, _, _ := strings.Cut(row.attr("href"), "?")
			got = append(got, path)
		}
		require.Equal(t, pages > 0, page.has("a.more") && page.all("a.more")[0].attr("href") == "/", "a way back to the newest")
		address = ""
		if page.has("#older") {
			address = page.one("#older").attr("href")
		}
	}
	require.Equal(t, want, got)

	last := s.page(want[49])
	require.Equal(t, strings.TrimPrefix(want[50], "/review/"), last.one("#judge").all("input")[0].attr("value"), "the next case may stand on the next page")
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	s := newSite(t, web.Options{})
	for _, path := range []string{"/review/" + strings.Repeat("a", 32), "/review/nonsense", "/review/%00", "/nowhere", "/static/app.css", "/review/" + url.PathEscape("../../etc")} {
		status, body := s.get(path)
		require.Equal(t, http.StatusNotFound, status, path)
		require.Equal(t, "Not Found", parse(t, body).one("h1").text())
	}
	require.Empty(t, s.failed)
}

func TestStoreThatFailsIsOursAndNotExplained(t *testing.T) {
	s := newSite(t, web.Options{})
	require.NoError(t, s.store.Close())
	status, body := s.get("/")
	require.Equal(t, http.StatusInternalServerError, status)
	require.NotContains(t, body, "sql")
	require.Len(t, s.failed, 1)
	status, body = s.get("/api/v1/items")
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, body, `"code":"internal"`)
	require.Len(t, s.failed, 2)
}

// ill is a store that does not work.
type ill struct {
	review.Store
	health review.Health
}

func (s *ill) Health() review.Health { return s.health }

func (s *ill) Items(ctx context.Context, f review.Filter) (review.Page, error) {
	if !s.health.Readable() {
		return review.Page{}, &review.UnavailableError{Health: s.health, Err: errors.New("sql: pages of /secret/review.db")}
	}
	return s.Store.Items(ctx, f)
}

func (s *ill) Claim(context.Context, string, review.Claimant) (review.Claim, error) {
	return review.Claim{}, &review.UnavailableError{Health: s.health}
}

func (s *ill) ClaimNext(
	ctx context.Context, f review.Filter, from string, by review.Claimant,
) (string, error) {
	if by.ID != "" {
		return "", &review.UnavailableError{Health: s.health}
	}
	return s.Store.ClaimNext(ctx, f, from, by)
}

func TestAStoreThatDoesNotWorkIsExplained(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	for _, health := range review.Unhealthy() {
		var err error
		s.handler, err = web.NewHandler(&ill{s.store, health}, web.Options{
			Reviewer: func(*http.Request) string { return "ada" }, // who claims what she opens
		})
		require.NoError(t, err)
		status, body := s.get("/")
		require.NotContains(t, body, "/secret/")
		if health.Readable() {
			for _, target := range []string{"/", "/review/" + trace.ID, "/signals"} {
				status, body = s.get(target)
				require.Equal(t, http.StatusOK, status, target)
				require.Contains(t, strings.ToLower(parse(t, body).one(".outage").text()), health.String(), target)
			}
			require.Equal(t, trace.ID, s.page("/").trace(), "cases can be read")
			continue
		}
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, strings.ToLower(parse(t, body).one(".why").text()), health.String())
		status, body = s.get("/api/v1/items")
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, `"code":"unavailable"`)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	s := newSite(t, web.Options{})
	for address, want := range map[string]string{
		"https://tempo.example/":           "trace_url must contain {trace_id}",
		"javascript:alert('{trace_id}')":   "trace_url must begin with http:// or https://",
		"https://{trace_id}\x7f":           "trace_url must be an address",
		"/explore?id={trace_id}":           "trace_url must begin with http:// or https://",
		"ftp://tempo.example/x/{trace_id}": "trace_url must begin with http:// or https://",
	} {
		_, err := web.NewHandler(s.store, web.Options{TraceURL: address})
		require.ErrorContains(t, err, want)
	}
}

func TestFiltersByAttributesAreAnAddress(t *testing.T) {
	s := newSite(t, web.Options{})
	old := refund()
	newer := refund()
	newer.ID, newer.Environment = strings.Repeat("5", 32), "staging"
	for i := range newer.Spans {
		if c := newer.Spans[i].Call; c != nil && c.RequestModel != "" {
			c.RequestModel, c.PromptVersion = "o5-mini", "v19"
		}
	}
	s.put(old, newer)
	for address, want := range map[string][]string{
		"model=o5-mini": {newer.ID}, "prompt_version=v18": {old.ID}, "environment=staging": {newer.ID}, "tag=billing": {}, "score=refusal<0.98": {newer.ID, old.ID}, "score=refusal<0.9": {}, "environment=staging&model=gpt-4.1": {},
		"since=1h": {newer.ID, old.ID}, "until=1h": {}, "since=2021-01-01&until=2021-01-02T10:00:00Z": {}, "reviewer=ada": {}, "since=7d": {newer.ID, old.ID},
	} {
		rows := s.page("/?" + address).all("a.item")
		require.Len(t, rows, len(want), address)
		var page struct {
			Items []struct {
				TraceID string `json:"trace_id"`
			}
			Total int
		}
		s.getJSON("/api/v1/items?"+address, http.StatusOK, &page)
		require.Len(t, page.Items, len(want), address)
		require.Equal(t, len(want), page.Total, address)
		for i, id := range want {
			require.Equal(t, id, page.Items[i].TraceID, address)
			require.Contains(t, rows[i].attr("href"), strings.NewReplacer(":", "%3A", "<", "%3C").Replace(strings.Split(address, "&")[0]), "the case is beside the same queue")
		}
	}
	page := s.page("/?model=o5-mini")
	require.Equal(t, "1 more set", page.one("#narrow").one("summary").text())
	require.Equal(t, "gpt-4.1", page.one("#known-model").all("option")[0].attr("value"))
	status, body := s.get("/api/v1/items?since=yesterday")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "since must be a time like")
}
