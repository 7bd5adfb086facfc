package web_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
	"github.com/faultline-otel/faultline/internal/web/overview"
)

// returns is a session of 12 turns. In each an assistant answers with the whole history; turns 4, 8 and 11 fail.
func returns() (session []review.Trace) {
	start := time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)
	said := []string{
		"Hi, I ordered two pairs of shoes and want to send one back.", "Order 4471.", "The blue ones. They are too small.",
		"They were worn once, indoors. Does that matter?", "Good. How do I send them?", "Can I drop them at the shop?",
		"What does the label cost?", "And when do I get my money?", "To the card I paid with?", "Thanks. I dropped them off.",
		"Can you start the refund now? It was 19,99 €.", "Is there anything else to do?",
	}
	answers := []string{
		"Of course. What is the number of your order?", "Which pair is it?", "I see. Were they worn?", "Worn shoes are not taken back.",
		"Here is how:\n\n1. Print the **label** from your account\n2. Put it on the box\n3. Drop it at any `DHL` shop\n\n| parcel | price |\n|---|---|\n| small | 0 € |\n",
		"Yes, any of our shops takes them.", "Nothing, it is free.", "Within 3 days, guaranteed by our policy.", "Yes, to the same card.",
		"Great, I can see them in the system.", "", "No, you are all set.",
	}
	tools := `[{"type":"function","function":{"name":"issue_refund","description":"Pays money back for an order.","parameters":{"type":"object","required":["order_id","reason"],
		"properties":{"order_id":{"type":"string"},"amount":{"type":"number"},"reason":{"type":"string","description":"Why it came back.",
		"enum":["wrong_size","damaged","not_as_described","late","changed_mind"]}}}}}]`
	var history []genai.Message
	for i := range said {
		history = append(history, genai.Message{Role: "user", Text: said[i]})
		answer := genai.Message{Role: "assistant", Text: answers[i]}
		if i == 10 {
			answer = genai.Message{Role: "assistant", Text: "Let me do that for you.", ToolCalls: []genai.ToolCall{
				{ID: "c9", Name: "issue_refund", Arguments: value(`{"order_id":"ord_4471","amount":19.99,"reason":"too small"}`)},
			}}
		}
		c := &genai.Call{
			Operation: genai.OpChat, RequestModel: "gpt-4.1", SessionID: "conv_82a7", PromptName: "returns", PromptVersion: "v18",
			CostUSD: genai.Some(0.0021), Usage: genai.Usage{Input: genai.Some(int64(300 + 90*i)), Output: genai.Some(int64(40))},
		}
		c.SetContent(genai.Content{
			System: "You handle returns of a shoe shop.", Input: slices.Clone(history), Output: []genai.Message{answer}, ToolDefinitions: tools, Tools: mustTools(tools),
		})
		history = append(history, answer)
		at := start.Add(time.Duration(i) * 40 * time.Second)
		id := func(n int) string { return fmt.Sprintf("%014x%02x", i+1, n) }
		chat := review.Span{ID: id(2), ParentID: id(1), Name: "chat gpt-4.1", Service: "returns-bot", Start: at.Add(300 * time.Millisecond), Duration: 1800 * time.Millisecond, Call: c}
		search := review.Span{ID: id(3), ParentID: id(1), Name: "retrieval policies", Service: "returns-bot", Start: at.Add(20 * time.Millisecond), Duration: 240 * time.Millisecond, Call: &genai.Call{Operation: genai.OpRetrieval}}
		search.Call.SetContent(genai.Content{Retrieval: genai.Retrieval{Query: said[i], Documents: []genai.Document{
			{ID: "policy-7", Score: genai.Some(0.83), Content: "Refunds are paid within 14 days, to the card that was charged."},
			{ID: "policy-2", Score: genai.Some(0.61), Content: "Shoes that were tried on indoors are taken back."},
		}}})
		fails := func(class failure.Class, detail, evidence, fingerprint string) {
			chat.Class, chat.Detail, chat.Evidence, chat.Fingerprint = class, detail, evidence, fingerprint
			chat.Classes = []failure.Class{class}
		}
		switch i {
		case 3:
			fails(failure.Hallucination, "contradicted", "“not taken back” is against policy-2", "aa00000000000001")
		case 7:
			fails(failure.Hallucination, "ungrounded", "“3 days” is in no retrieved document", "aa00000000000002")
		case 10:
			fails(failure.ToolCallMalformed, failure.EnumViolation, "issue_refund.reason is none of the 5 values that the tool's schema allows", "aa00000000000003")
			chat.Classes = append(chat.Classes, failure.BadAnswer)
			chat.Others = []failure.Finding{{Class: failure.BadAnswer, Detail: failure.BrokenRule, Scorer: "promise", Evidence: `the rule "no promises" broke: "do that for you"`}}
			chat.Scores = map[string]float64{"tool_arguments": 0, "promise": 0.1, "refusal": 0.97, "relevance": 0.44}
			chat.Suspects = []string{"relevance"}
		}
		session = append(session, review.Trace{
			ID: fmt.Sprintf("%032x", 0xc0de00+i+1), Service: "returns-bot", Environment: "production",
			Spans: []review.Span{
				{ID: id(1), Name: "POST /chat", Service: "gateway", Start: at, Duration: 2300 * time.Millisecond}, search, chat,
			},
		})
	}
	return session
}

func mustTools(definitions string) []genai.Tool {
	tools, err := genai.ParseTools(definitions)
	if err != nil {
		panic(err)
	}
	return tools
}

const talkURL = "https://grafana.example/explore?trace={trace_id}"

// newTalkSite has the session, and the sample around it.
func newTalkSite(t *testing.T) (s *site, failing review.Trace) {
	t.Helper()
	s = newSite(t, web.Options{TraceURL: talkURL})
	s.replay(120)
	session := returns()
	s.put(session...)
	return s, session[10]
}

func TestASessionIsOneThread(t *testing.T) {
	s, failing := newTalkSite(t)
	page := s.page("/review/" + failing.ID)
	said := page.one("#said")
	require.Contains(t, said.one("div.thread-head").text(), "session of 12 turns, 3 failed")
	for _, trace := range returns() {
		c := trace.Spans[2].Call
		last := c.Input()[len(c.Input())-1].Text
		turns := strings.Join(said.texts("div.turn"), "\n")
		require.Equal(t, 1, strings.Count(turns, last), "each call repeats the history, and the page says it once: %s", last)
	}

	// Each failing turn is a line, what is between is one, and that of the case is open.
	folds := said.all("details.fold")
	require.Equal(t, []string{"system", "turns 1–3", "turn 4 ✕", "turns 5–7", "turn 8 ✕", "turns 9–10", "turn 12"}, said.texts("span.tn"))
	require.Equal(t, []bool{false, false, false, false, false, true, false}, []bool{
		folds[0].one("summary").is("data-failing"), folds[2].is("open"), folds[1].is("open"), folds[4].is("open"), folds[3].is("open"),
		folds[2].one("summary").is("data-failing"), folds[6].is("open"),
	}, "only the turn of the case is open")
	require.Equal(t, "turn 4 ✕ “They were worn once, indoors. Does that matter?” “not taken back” is against policy-2 10:02 · 2.30 s",
		folds[2].one("summary").text())
	require.Equal(t, "turns 1–3 “Hi, I ordered two pairs of shoes and want to send one back.” and 2 more questions 10:00 to 10:01",
		folds[1].one("summary").text())
	require.Equal(t, "/review/"+returns()[3].ID, folds[2].one("a.link").attr("href"))
	live := said.one("div.live")
	require.Equal(t, "turn-11", live.attr("id"))
	require.True(t, strings.HasPrefix(live.text(), "turn 11 ✕ this case 10:06 · 2.30 s user Can you start the refund now?"), live.text())
	strip := said.one("nav.strip").all("a")
	require.Len(t, strip, 12)
	require.Equal(t, []string{"4 ✕", "#turn-4"}, []string{strip[3].text(), strip[3].attr("href")})
	require.Equal(t, "11 failed", strip[10].text())
	marked := said.all("mark")
	require.Equal(t, []string{"not taken back", "3 days", "do that for you 2", `"too small" 1`}, []string{
		marked[0].text(), marked[1].text(), marked[2].text(), marked[3].text(),
	})

	// What the call broke is beside it: the five values.
	card := said.one("div.call.fails")
	require.Contains(t, card.one("div.schema").text(), "the tool's parameters, reason")
	require.Contains(t, card.one("div.schema").text(), "Pays money back for an order.")
	for _, v := range []string{"wrong_size", "damaged", "not_as_described", "late", "changed_mind"} {
		require.Contains(t, card.one("div.schema").all("div.block")[0].text(), v)
	}
	require.Equal(t, []string{
		"1 verdict tool_call_malformed · enum_violation issue_refund.reason is none of the 5 values that the tool's schema allows always kept",
		`2 verdict bad_answer · rule the rule "no promises" broke: "do that for you" always kept`,
		"3 suspicion relevance 0.44, low, which is no failure yet",
	}, page.one("#why").texts("li"))

	// An earlier failure of the session shows what came after it.
	page = s.page("/review/" + returns()[3].ID)
	require.Equal(t, "turn-4", page.one("div.live").attr("id"))
	require.Contains(t, page.one("#said").text(), "you are all set")
}

// TestACaseWithoutAFailureInASession: a turn that was drawn at random is a case, and fails nowhere.
func TestACaseWithoutAFailureInASession(t *testing.T) {
	s := newSite(t, web.Options{})
	session := returns()
	session[5].Reasons = []review.Reason{{Source: review.SourceRandom, Probability: 0.1}}
	s.put(session...)
	said := s.page("/review/" + session[10].ID).one("#said")
	require.Equal(t, []string{"turns 1–3", "turn 4 ✕", "turn 5", "turn 6", "turn 7"}, said.texts("span.tn")[1:6],
		"a case keeps its line")
	head := said.all("details.fold")[4]
	require.Equal(t, "/review/"+session[5].ID, head.one("a.link").attr("href"))
	require.NotContains(t, strings.Fields(head.attr("class")), "fails")
	require.Empty(t, head.all("span.chip"))

	page := s.page("/review/" + session[5].ID)
	require.Equal(t, "A case drawn at random", page.one("h1").text())
	// There is no verdict that "confirm" could mean: what failed must be said.
	require.Contains(t, page.one("#yes").text(), "A failure")
	as := page.one("#as")
	require.True(t, as.is("required"))
	require.Equal(t, "option", as.node.FirstChild.Data, "a browser takes an empty choice in a group for one")
	require.Equal(t, []string{"random sample drawn whatever scorers say, to measure them 1 in 10 kept"}, page.one("#why").texts("li"))
	said = page.one("#said")
	require.True(t, strings.HasPrefix(said.one("div.live").text(), "turn 6 this case"), said.one("div.live").text())
	require.Len(t, said.all("details.fold.fails"), 3)
	require.Len(t, said.all("div.turn.fails"), 3)
}

func TestWhatWasSearchedIsMarked(t *testing.T) {
	s, failing := newTalkSite(t)
	said := s.page("/review/" + failing.ID + "?q=CARD+refund").one("#said")
	require.Subset(t, said.texts("mark.hit"), []string{"card", "refund"})
	require.False(t, s.page("/review/"+failing.ID).one("#said").has("mark.hit"))
}

func TestMarkdownIsASecondForm(t *testing.T) {
	s, failing := newTalkSite(t)
	rendered := s.page("/review/" + failing.ID).one("#said").all("div.rendered")
	require.Len(t, rendered, 1, "plain texts have one form")
	require.Equal(t, []string{"Print the label from your account", "Put it on the box", "Drop it at any DHL shop"}, rendered[0].texts("li"))
	require.Equal(t, []string{"small", "0 €"}, rendered[0].texts("td"))
}

func TestASessionInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s, failing := newTalkSite(t)
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/review/" + failing.ID))
	b.awaitCase(failing.ID)
	inView := `(() => { const e = document.activeElement === document.body || !document.activeElement.matches("[data-failing]") ? document.getElementById("failing") : document.activeElement;
		const v = document.querySelector("#case .scroll").getBoundingClientRect(), r = e.getBoundingClientRect(); return r.top >= v.top && r.top < v.bottom - 40; })()`
	b.await(inView)
	b.await(`document.querySelectorAll("#said .strip a").length === 12`)
	b.await(`!document.querySelector("#turn-1").open`)
	b.press("[")
	b.await(`document.activeElement.textContent.startsWith("turn 8") && ` + inView)
	b.press("[")
	b.await(`document.activeElement.textContent.startsWith("turn 4") && ` + inView)
	b.press("[")
	b.await(`document.getElementById("status").textContent === "That is the first failing turn"`)
	b.press("]")
	b.press("]")
	b.await(`document.activeElement.id === "failing" && ` + inView)

	// Markdown, and that it stays.
	shown := `getComputedStyle(document.querySelector(".rendered")).display`
	b.await(shown + ` === "none"`)
	b.press("h")
	b.await(shown + ` === "block"`)
	b.do(chromedp.Reload())
	b.await(shown + ` === "block"`)
	b.quiet()
}

func TestTheTreeFolds(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/review/" + trace.ID))
	b.do(chromedp.Evaluate(`document.getElementById("spans").open = true`, nil))
	visible := `[...document.querySelectorAll(".tree li")].filter((e) => e.offsetParent).length`
	b.await(visible + ` === 7 && document.querySelectorAll(".tree .fold-rows").length === 3`)
	b.do(chromedp.Click(".tree li:nth-child(3) .fold-rows", chromedp.ByQuery))
	b.await(visible + ` === 6`)
	b.do(chromedp.Click(".tree li:nth-child(1) .fold-rows", chromedp.ByQuery))
	b.await(visible + ` === 1`)
	b.do(chromedp.Click(".tree li:nth-child(1) .fold-rows", chromedp.ByQuery))
	b.await(visible + ` === 6`) // what was folded stays so
	b.quiet()
}

// pages are the pages of the site by name.
func pages(s *site, failing review.Trace) map[string]string {
	return map[string]string{
		"cases": "/", "case": "/review/" + failing.ID, "signals": "/signals", "datasets": "/datasets",
	}
}

// newLookSite also has figures: two people judged half of the cases.
func newLookSite(t *testing.T) (s *site, all map[string]string) {
	t.Helper()
	s, failing := newTalkSite(t)
	for i, item := range s.items(allItems) {
		if i%2 == 1 || item.TraceID == failing.ID {
			continue
		}
		l := review.Label{TraceID: item.TraceID, Decision: review.Confirmed}
		for _, l.Reviewer = range []string{"ada", "bob"} {
			added, err := s.store.AddLabel(t.Context(), l)
			require.NoError(t, err)
			l.Replaces = added.ID
		}
	}
	rows := review.Guard{
		Kind: review.GuardRows, Name: "tests/returns.jsonl", Version: "5f0c", Rows: []string{"a", "b", "c"}, By: "ada",
	}
	unguarded, err := s.store.Signals(t.Context(), review.SignalFilter{Unguarded: true})
	require.NoError(t, err)
	for _, g := range unguarded.Signals[:3] {
		require.NoError(t, s.store.GuardSignal(t.Context(), g.ID, rows))
	}
	rule := review.Guard{Kind: review.GuardRule, Name: "no_delivery_promises", Version: "1", By: "ben"}
	require.NoError(t, s.store.GuardSignal(t.Context(), unguarded.Signals[0].ID, rule))
	board := overview.NewBoard(s.store)
	require.NoError(t, board.Refresh(t.Context()))
	s.handler, err = web.NewHandler(s.store, web.Options{Overview: board, TraceURL: talkURL})
	require.NoError(t, err)
	all = pages(s, failing)
	all["overview"], all["send"] = "/overview", "/send?trace="+failing.ID
	return s, all
}

// widths are those of a small phone, a phone, a tablet and a laptop, with their heights.
var widths = map[int64]int64{320: 640, 390: 844, 768: 1024, 1366: 900}

func (b *browser) size(width, height int64, dark bool) {
	b.t.Helper()
	theme := "light"
	if dark {
		theme = "dark"
	}
	b.do(emulation.SetDeviceMetricsOverride(width, height, 1, false),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}))
}

// clipped lists what is wider than the window or than a box that does not scroll, and a header that is not as wide.
const clipped = `(() => {
	const found = [];
	if (document.documentElement.scrollWidth > innerWidth) found.push("page " + document.documentElement.scrollWidth);
	const head = document.querySelector("header").getBoundingClientRect();
	if (head.left || head.top || head.right !== document.documentElement.clientWidth) found.push("the header does not fill the top");
	for (const e of document.querySelectorAll("body *")) {
		if (!e.offsetParent || e.closest("svg, .vh, .skip, dialog, option")) continue;
		const r = e.getBoundingClientRect();
		if (!r.width || r.right <= innerWidth + 1 && r.left >= -1) continue;
		if (e.closest("pre, .spark")) continue;
		let box = e; // a line that ends in an ellipsis is cut on purpose
		while (box && getComputedStyle(box).textOverflow !== "ellipsis") box = box.parentElement;
		if (box && box.getBoundingClientRect().right <= innerWidth + 1) continue;
		found.push(e.tagName + "." + e.className + "#" + e.id + " " + Math.round(r.left) + ".." + Math.round(r.right));
	}
	for (const e of document.querySelectorAll(".scroll, .list, .bar-form, article, .turn, .call, .page")) {
		if (e.offsetParent && e.scrollWidth > e.clientWidth + 1) found.push("scrolls sideways: " + e.tagName + "." + e.className + " " + e.scrollWidth + " > " + e.clientWidth + " " + [...e.querySelectorAll("*")].filter((i) => i.getBoundingClientRect().right > e.getBoundingClientRect().right + 1).slice(0, 3).map((i) => i.tagName + "." + i.className + " in " + i.parentElement.tagName + "." + i.parentElement.parentElement.className).join(" "));
	}
	return found.slice(0, 10).join("\n");
})()`

func TestPagesFitEveryWidth(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s, all := newLookSite(t)
	hostile := attacked(strings.Repeat("aVeryLongWordWithoutABreak", 40))
	s.put(hostile, doubted())
	b := open(t, s)
	all["hostile"], all["suspicion"] = "/review/"+hostile.ID, "/review/"+doubted().ID
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for width, height := range widths {
			b.size(width, height, false)
			// What shifts after the first paint is counted by the browser.
			b.do(chromedp.Navigate(b.url+all[name]), chromedp.WaitReady("body"))
			var wrong string
			b.do(chromedp.Evaluate(clipped, &wrong))
			assert.Empty(t, wrong, "%s at %d", name, width)
			var shift struct {
				Sum  float64
				What string
			}
			b.do(chromedp.Evaluate(`new Promise((done) => {
				let Sum = 0, What = "";
				new PerformanceObserver((list) => {
					for (const e of list.getEntries().filter((e) => !e.hadRecentInput)) {
						Sum += e.value;
						What += e.value.toFixed(3) + ": " + e.sources.map((s) => s.node?.nodeName + "." + (s.node?.className ?? s.node?.parentElement?.className) + "#" + s.node?.id
							+ " " + [s.previousRect, s.currentRect].map((r) => [r.x, r.y, r.width, r.height].map(Math.round).join(",")).join(" to ")).join("; ") + "\n";
					}
				}).observe({type: "layout-shift", buffered: true});
				setTimeout(() => done({Sum, What}), 150);
			})`, &shift, awaited))
			assert.Less(t, shift.Sum, 0.1, "%s at %d moves after it is shown:\n%s", name, width, shift.What)
		}
	}
	b.quiet()
}

// axePath is where the set-up of the tests puts axe-core.
const axePath = "../../bin/axe.min.js"

func TestPagesAreAccessible(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Skip("no axe-core: make bin/axe.min.js, which needs npm")
	}
	s, all := newLookSite(t)
	s.put(doubted())
	all["suspicion"] = "/review/" + doubted().ID
	b := open(t, s)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, dark := range []bool{false, true} {
			width := map[bool]int64{false: 390, true: 1366}[dark]
			b.size(width, widths[width], dark)
			var found string
			b.do(chromedp.Navigate(b.url+all[name]), chromedp.WaitReady("body"), chromedp.Evaluate(string(axe), nil),
				chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations
					.filter((v) => v.impact === "serious" || v.impact === "critical")
					.map((v) => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + " " + n.failureSummary)}))))`, &found, awaited))
			var list []any
			require.NoError(t, json.Unmarshal([]byte(found), &list))
			assert.Empty(t, list, "%s, %d wide, dark: %v", name, width, dark)
		}
	}
}

// awaited waits for a promise.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

var screenshots = flag.String("screenshots", "", "the folder to write pictures of the pages to")

// TestScreenshots writes the pictures of the documentation.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("make screenshots")
	}
	require.NoError(t, os.MkdirAll(*screenshots, 0o755))
	s, all := newLookSite(t)
	delete(all, "send")
	b := open(t, s)
	for name, path := range all {
		for _, v := range []struct {
			width int64
			dark  bool
		}{{320, false}, {390, false}, {390, true}, {768, false}, {1366, false}, {1366, true}} {
			if os.Getenv("ALL_WIDTHS") == "" && v.width != 1366 && (v.width != 390 || v.dark) {
				continue
			}
			b.size(v.width, widths[v.width], v.dark)
			var shot []byte
			b.do(chromedp.Navigate(b.url+path), chromedp.WaitReady("main"), chromedp.Sleep(200*time.Millisecond), chromedp.CaptureScreenshot(&shot))
			file := "review-" + name
			if v.width != 1366 {
				file += fmt.Sprintf("-%d", v.width)
			}
			if v.dark {
				file += "-dark"
			}
			small := fewColours(t, shot)
			require.Less(t, len(small), 300<<10)
			require.NoError(t, os.WriteFile(filepath.Join(*screenshots, file+".png"), small, 0o644))
		}
	}
}

// fewColours writes a picture with its 256 most frequent colours, which text and areas have few of.
func fewColours(t *testing.T, shot []byte) []byte {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(shot))
	require.NoError(t, err)
	bounds := picture.Bounds()
	count := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			count[color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return count[b] - count[a] })
	var palette color.Palette
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	small := image.NewPaletted(bounds, palette)
	near := map[color.RGBA]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			c := color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}
			i, ok := near[c]
			if !ok {
				i = uint8(palette.Index(c))
				near[c] = i
			}
			small.SetColorIndex(x, y, i)
		}
	}
	var out bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small))
	return out.Bytes()
}
