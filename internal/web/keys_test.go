package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// TestTheHelpListsEveryKey: what the keys are is said in one place.
func TestTheHelpListsEveryKey(t *testing.T) {
	s := newSite(t, web.Options{})
	s.put(similar(1, printA))
	keys := strings.Fields("J K / R X O Y N Q ⇧Y ⇧N C E 1 2 3 T W V P [ ] S L A G F I M D ⇧E U ⇧S ⇧C ⇧O ⇧D Esc ? H")
	for _, path := range []string{"/", "/signals", "/signals/" + printA} {
		page := s.page(path)
		require.Subset(t, page.one("#keys").texts("kbd"), append(keys, "Ctrl Enter"), path)
		// What stands beside a control is one of them.
		for _, key := range page.one("main").texts("kbd") {
			require.Contains(t, keys, key, path)
		}
	}
	for _, key := range review.QuestionKeys {
		require.NotContains(t, keys, strings.ToUpper(string(key)), "a question of a queue takes no key of the page")
	}
}

func TestOneKeyMeansOneThing(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s, failing := newTalkSite(t)
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/review/" + failing.ID))
	b.awaitCase(failing.ID)
	for key, focus := range map[string]string{
		"c": "as", "t": "tags", "e": "note", "w": "corrected-output", "v": "must-hold", "/": "q",
	} {
		b.press(key)
		b.await(`document.activeElement.id === %q`, focus)
		b.write(kb.Escape)
		b.do(chromedp.Evaluate(`document.activeElement.blur()`, nil)) // a list that is open takes the first Esc
	}
	b.press("p")
	b.await(`document.querySelector("#unit input:checked").value === "session"`)
	b.press("p")
	b.await(`document.querySelector("#unit input:checked").value === "turn"`)
	b.press("3")
	b.await(`document.querySelector("#severity input:checked").value === "high"`)
	b.press("3")
	b.await(`!document.querySelector("#severity input:checked")`)
	b.press("a")
	b.await(`document.activeElement.name === "assignee" && document.getElementById("assign").open`)
	b.write(kb.Escape)
	b.do(chromedp.Evaluate(`document.querySelector("#turn-4 summary").focus()`, nil))
	b.press("o")
	b.await(`document.getElementById("turn-4").open`)
	b.press("o")
	b.await(`!document.getElementById("turn-4").open`)
	b.do(chromedp.Evaluate(`window.opened = ""; document.getElementById("trace").addEventListener("click", (e) => { e.preventDefault(); window.opened = e.target.href; })`, nil))
	b.press("g")
	b.await(`window.opened === %q`, strings.ReplaceAll(talkURL, "{trace_id}", failing.ID))

	// Single keys are switched off, and that is remembered.
	b.press("?")
	b.await(`document.getElementById("keys").open`)
	b.do(chromedp.Click("#single-keys", chromedp.ByID))
	b.write(kb.Escape)
	b.await(`!document.getElementById("keys").open`)
	b.do(chromedp.Reload())
	b.awaitCase(failing.ID)
	b.press("e")
	b.press("y")
	b.press("j")
	b.press("?")
	b.await(`document.getElementById("keys").open && !document.getElementById("single-keys").checked`)
	b.await(`document.querySelector("#case").dataset.trace === %q`, failing.ID)
	require.Empty(t, s.items(review.Filter{State: review.Reviewed}))
	b.do(chromedp.Click("#single-keys", chromedp.ByID))
	b.write(kb.Escape)

	// Pages.
	for _, page := range []struct{ key, path string }{{"S", "/signals"}, {"O", "/overview"}, {"D", "/datasets"}, {"C", "/"}} {
		b.await(`document.readyState === "complete"`)
		b.press(page.key)
		b.await(`location.pathname === %q`, page.path)
	}
	b.await(`document.readyState === "complete"`)

	// Ctrl Enter confirms from a field.
	b.press("e")
	b.write("from the field")
	b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(2)))
	b.await(`document.getElementById("status").textContent.startsWith("Confirmed")`)
	require.Equal(t, "from the field", s.items(review.Filter{State: review.Reviewed})[0].Label.Note)
	b.quiet()
}

func TestKeysOfASignal(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSite(t, web.Options{})
	equal(s, 2, printB)
	equal(s, 3, printA)
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/signals/" + printA))
	b.await(`document.readyState === "complete"`)
	for key, focus := range map[string]string{"c": "as", "e": "note", "E": "title", "m": "into", "f": "version"} {
		b.press(key)
		b.await(`document.activeElement.id === %q`, focus)
		b.write(kb.Escape)
		b.do(chromedp.Evaluate(`document.activeElement.blur()`, nil))
	}
	b.press("i")
	b.await(`document.querySelector("p.why .state")?.textContent === "ignored" && document.readyState === "complete"`)
	b.press("o")
	b.await(`location.pathname === "/" && document.querySelectorAll("a.item").length === 3`)
	b.quiet()
}
