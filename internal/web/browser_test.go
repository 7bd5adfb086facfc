package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// browser is Chromium on a page of the site, with the messages of its console.
type browser struct {
	t   *testing.T
	ctx context.Context
	url string

	mu      sync.Mutex
	console []string // guarded by mu
}

// open starts Chromium on the site. Without one the test is skipped.
func open(t *testing.T, s *site) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium: apt-get install -y --no-install-recommends chromium fonts-dejavu-core")
	}
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1360, 900))...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, url: server.URL}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded: // violations of the policy, and what could not be loaded
			b.said(fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text))
		case *runtime.EventExceptionThrown:
			b.said("exception: " + e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			for _, a := range e.Args {
				b.said(fmt.Sprintf("console %s: %s %s", e.Type, a.Value, a.Description))
			}
		}
	})
	b.do(log.Enable())
	return b
}

func (b *browser) said(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.console = append(b.console, text)
}

// quiet checks that the console is empty: no violation of the policy, no error.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.console)
}

func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Run(b.ctx, actions...))
}

// press presses a key of a letter or sign; a page that takes the key keeps it from being typed.
func (b *browser) press(key string) {
	b.t.Helper()
	shift := input.Modifier(0)
	if key != strings.ToLower(key) {
		shift = input.ModifierShift
	}
	b.do(input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithText(key).WithModifiers(shift),
		input.DispatchKeyEvent(input.KeyUp).WithKey(key).WithModifiers(shift))
}

// write types into what has the focus.
func (b *browser) write(text string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(text))
}

// await waits until an expression of JavaScript holds, over however many pages it takes.
func (b *browser) await(expression string, args ...any) {
	b.t.Helper()
	expression = fmt.Sprintf(expression, args...)
	ctx, cancel := context.WithTimeout(b.ctx, 15*time.Second)
	defer cancel()
	for {
		var holds bool
		err := chromedp.Run(ctx, chromedp.Evaluate("!!("+expression+")", &holds))
		if err == nil && holds {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			var where string
			_ = chromedp.Run(b.ctx, chromedp.Evaluate(`location.href + " " + document.querySelector("h1")?.textContent + " " + document.activeElement.id`, &where))
			b.mu.Lock()
			defer b.mu.Unlock()
			require.FailNow(b.t, "it never came true", "%s\nat %s\nconsole %v, last error %v", expression, where, b.console, err)
		}
	}
}

// awaitCase waits until a case is shown, and current in the queue.
func (b *browser) awaitCase(traceID string) {
	b.t.Helper()
	b.await(`document.querySelector("#case").dataset.trace === %q && document.querySelector("#items a[aria-current]")?.parentElement.id === %q`, traceID, "i-"+traceID)
}

func TestReviewingFromTheKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSampleSite(t)
	items := s.items(review.Filter{})
	b := open(t, s)
	b.do(chromedp.Navigate(b.url))
	b.awaitCase(items[0].TraceID)

	// Through the queue and back. The case below was fetched ahead.
	b.press("j")
	b.awaitCase(items[1].TraceID)
	b.await(`location.pathname === "/review/%s"`, items[1].TraceID)
	b.press("j")
	b.awaitCase(items[2].TraceID)
	b.press("k")
	b.awaitCase(items[1].TraceID)
	b.do(chromedp.Evaluate(`history.back()`, nil))
	b.awaitCase(items[2].TraceID)

	// A note and a name, then confirm.
	b.do(chromedp.SetValue("#reviewer", "ada", chromedp.ByID))
	b.press("e")
	b.await(`document.activeElement.id === "note"`)
	b.write("yes, n and j are letters here")
	b.write(kb.Escape)
	b.press("y")
	b.awaitCase(items[3].TraceID)
	b.await(`document.getElementById("open").textContent === "%d"`, len(items)-1)
	b.await(`!document.getElementById("i-%s")`, items[2].TraceID)
	label := s.items(review.Filter{State: review.Reviewed})[0].Label
	require.Equal(t, review.Confirmed, label.Decision)
	require.Equal(t, items[2].Class, label.Class)
	require.Equal(t, "yes, n and j are letters here", label.Note)
	require.Equal(t, "ada", label.Reviewer)

	// As another class.
	b.do(chromedp.SetValue("#as", "hallucination/claimed_action", chromedp.ByID))
	b.press("y")
	b.awaitCase(items[4].TraceID)
	require.Equal(t, failure.Hallucination, s.items(review.Filter{State: review.Reviewed})[1].Label.Class)

	// No failure, and that is taken back: it was one.
	b.press("n")
	b.awaitCase(items[5].TraceID)
	b.press("u")
	// It is a page of its own, which hears no key before it is there as a whole.
	b.await(`document.querySelector("#case").dataset.trace === %q && !document.querySelector(".reviewed") && document.readyState === "complete"`, items[4].TraceID)
	b.press("y")
	b.awaitCase(items[5].TraceID)
	whole, err := s.store.Item(t.Context(), items[4].TraceID)
	require.NoError(t, err)
	require.Len(t, whole.Labels, 3)
	require.Equal(t, review.TakenBack, whole.Labels[1].Decision)
	require.Equal(t, review.Confirmed, whole.Label.Decision)
	b.quiet()
}

func TestFilteringAndKeysInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSampleSite(t)
	truncated := s.items(review.Filter{Class: failure.Truncation})
	require.GreaterOrEqual(t, len(truncated), 2)
	b := open(t, s)
	b.do(chromedp.Navigate(b.url))
	b.await(`document.querySelectorAll("#items a.item").length > 20`)

	b.press("/")
	b.await(`document.activeElement.id === "q"`)
	b.write("truncation")
	b.await(`document.querySelectorAll("#items a.item").length === %d`, len(truncated))
	b.awaitCase(truncated[0].TraceID)
	b.await(`location.search === "?q=truncation" && document.activeElement.id === "q"`)
	b.write(kb.Escape)
	b.press("y")
	b.awaitCase(truncated[1].TraceID)
	b.await(`location.search === "?q=truncation"`)
	b.await(`document.querySelectorAll("#items a.item").length === %d`, len(truncated)-1)

	b.press("?")
	b.await(`document.getElementById("keys").open`)
	b.write(kb.Escape)
	b.await(`!document.getElementById("keys").open`)

	// A filter by list, as a person chooses from it.
	b.do(chromedp.Navigate(b.url), chromedp.Evaluate(`(() => {
		const list = document.getElementById("state");
		list.value = "reviewed";
		list.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, nil))
	b.await(`document.querySelectorAll("#items a.item").length === 1 && document.querySelector(".verdict").textContent === "confirmed"`)

	// What comes in meanwhile is offered, and listed when asked for.
	b.do(chromedp.Navigate(b.url))
	b.await(`document.querySelectorAll("#items a.item").length === %d`, len(s.items(review.Filter{State: review.Open})))
	fresh := refund()
	s.put(fresh)
	b.do(chromedp.Evaluate(`htmx.ajax("GET", document.querySelector(".fresh").getAttribute("hx-get"), {target: ".fresh", swap: "outerHTML"})`, nil))
	b.await(`document.getElementById("fresh")?.textContent.startsWith("1 new")`)
	b.press("r")
	b.await(`document.querySelector("#items a.item").pathname === "/review/%s"`, fresh.ID)
	b.quiet()
}

func TestHostileCaseInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSite(t, web.Options{})
	trace := attacked(attack)
	s.put(trace)
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/review/" + trace.ID))
	b.awaitCase(trace.ID)
	b.press("y")
	b.await(`document.querySelector("h1").textContent === "All judged"`)
	b.quiet()
}

// TestTwoReviewersInTheBrowser: one is in the browser, the other one judges meanwhile.
func TestTwoReviewersInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSite(t, web.Options{})
	s.replay(60)
	items := s.items(review.Filter{})
	b := open(t, s)
	b.do(chromedp.Navigate(b.url))
	b.awaitCase(items[0].TraceID)
	b.await(`document.querySelector("#holder .mine")`)
	b.press("s")
	b.awaitCase(items[1].TraceID)
	b.await(`document.querySelector("#holder .mine")`)

	// The next case, which was fetched ahead, is claimed once it is shown; one of somebody else is not.
	claimed := func(n int) bool { return s.items(review.Filter{})[n].Claim != nil }
	b.press("j")
	b.awaitCase(items[2].TraceID)
	require.Eventually(t, func() bool { return claimed(2) && !claimed(1) && !claimed(3) },
		10*time.Second, 20*time.Millisecond)
	ben := review.Claimant{ID: "login ben", Name: "ben", For: time.Hour}
	_, err := s.store.Claim(t.Context(), items[3].TraceID, ben)
	require.NoError(t, err)
	b.press("j")
	b.awaitCase(items[3].TraceID)
	b.await(`document.querySelector("#holder .held").textContent === "ben has it"`)
	require.Equal(t, "ben", s.items(review.Filter{})[3].Claim.Name)

	// Ben judges it first. What was typed is shown beside his, and can be saved as well.
	bens := review.Label{TraceID: items[3].TraceID, Decision: review.Rejected, Reviewer: "ben"}
	_, err = s.store.AddLabel(t.Context(), bens)
	require.NoError(t, err)
	b.press("e")
	b.write("mine")
	b.write(kb.Escape)
	b.press("y")
	b.await(`document.querySelector(".both")?.textContent.includes("ben")`)
	b.await(`document.querySelector(".both")?.textContent.includes("mine")`)
	b.do(chromedp.Click("#mine", chromedp.ByID))
	b.await(`document.querySelector("#case").dataset.trace`)
	whole, err := s.store.Item(t.Context(), items[3].TraceID)
	require.NoError(t, err)
	require.Len(t, whole.Labels, 2)
	require.Equal(t, "mine", whole.Labels[0].Note)
}

// TestAFailureNeedsAClassInTheBrowser: where nothing was found, Y asks for the class, and the other keys still judge.
func TestAFailureNeedsAClassInTheBrowser(t *testing.T) {
	s := newSite(t, web.Options{})
	drawn := fine(fineID)
	drawn.Reasons = []review.Reason{{Source: review.SourceRandom, Probability: 0.01}}
	s.put(drawn)
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/"))
	b.awaitCase(fineID)
	b.press("y")
	b.await(`document.querySelector("#status").textContent === "Choose what failed first: C"`)
	b.press("n")
	b.await(`document.querySelector("#status").textContent.startsWith("Not a failure")`)
	b.quiet()
	require.Equal(t, review.Rejected, s.items(review.Filter{})[0].Label.Decision)
}
