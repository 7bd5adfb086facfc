package web_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// openAs opens a browser whose requests an authenticator knows.
func openAs(t *testing.T, s *site, name string) *browser {
	t.Helper()
	b := open(t, s)
	b.do(network.Enable(), network.SetExtraHTTPHeaders(network.Headers{"X-User": name}))
	return b
}

func (b *browser) trace() string {
	b.t.Helper()
	var id string
	b.do(chromedp.Evaluate(`document.querySelector("#case")?.dataset.trace ?? ""`, &id))
	return id
}

// claimsOnce notes every claim that is given, and fails where somebody is given what another one has.
type claimsOnce struct {
	review.Store
	t     *testing.T
	mu    sync.Mutex // guards has
	has   map[string]string
	given int
}

func (c *claimsOnce) ClaimNext(ctx context.Context, f review.Filter, from string, by review.Claimant) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, err := c.Store.ClaimNext(ctx, f, from, by)
	if err == nil && by.ID != "" {
		c.given++
		if holder, held := c.has[id]; held && holder != by.ID {
			c.t.Errorf("%s was given to %s, and %s has it", id, by.ID, holder)
		}
		for other, holder := range c.has {
			if holder == by.ID {
				delete(c.has, other)
			}
		}
		c.has[id] = by.ID
	}
	return id, err
}

// TestTwoReviewersAtOnceByKeyboard: two people judge ten cases at the same time, with a question and severity and a
// note, by keyboard alone, and nobody is given what the other one has.
func TestTwoReviewersAtOnceByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts two browsers")
	}
	s := newSite(t, web.Options{})
	options := web.Options{Reviewer: func(r *http.Request) string { return r.Header.Get("X-User") }}
	once := &claimsOnce{Store: s.store, t: t, has: map[string]string{}}
	var err error
	s.handler, err = web.NewHandler(once, options)
	require.NoError(t, err)
	queue := asked()
	queue.Reviewers, queue.Blind = 1, false
	s.store.UseQueues([]review.Queue{queue})
	const cases = 10
	for n := range cases {
		s.put(similar(n+1, fmt.Sprintf("%016x", n+1)))
	}
	type seat struct {
		*browser
		name string
	}
	seats := []seat{{openAs(t, s, "ada"), "ada"}, {openAs(t, s, "ben"), "ben"}}
	for _, p := range seats {
		p.do(chromedp.Navigate(p.url))
		p.await(`document.querySelector("#case").dataset.trace && document.querySelector("#holder .mine")`)
	}
	require.NotEqual(t, seats[0].trace(), seats[1].trace())
	judged := map[string][]string{}
	for turn := range cases {
		p := seats[turn%2]
		id := p.trace()
		require.NotEmpty(t, id, "there is a case left for each turn")
		judged[p.name] = append(judged[p.name], id)
		p.press("b") // how was it said? calm; once more: rude
		p.press("b")
		p.press("z") // was it solved? yes
		p.press("3") // high
		p.press("4") // how many turns?
		p.await(`document.activeElement.name === "answer.turns"`)
		p.write("6")
		p.write(kb.Enter) // a field is no judgement
		p.press("t")
		p.await(`document.activeElement.id === "tags"`)
		p.write("b")
		p.write(kb.Escape)
		p.press("v")
		p.await(`document.activeElement.name === "assertions"`)
		p.write("calls x")
		p.write(kb.Escape)
		p.press("e")
		p.await(`document.activeElement.id === "note"`)
		p.write("ny1")
		p.write(kb.Escape)
		p.press([]string{"y", "q"}[turn/2%2])
		p.await(`(document.querySelector("#case").dataset.trace ?? "") !== %q`, id)
	}
	all := slices.Concat(judged["ada"], judged["ben"])
	slices.Sort(all)
	require.Len(t, slices.Compact(all), cases, "nobody judged what the other one did")
	require.Len(t, judged["ada"], cases/2)
	for name, ids := range judged {
		for _, id := range ids {
			item, err := s.store.Item(t.Context(), id)
			require.NoError(t, err)
			require.Len(t, item.Labels, 1, id)
			l := item.Labels[0]
			require.Equal(t, name, l.Reviewer)
			require.Equal(t, "ny1", l.Note)
			require.Equal(t, review.High, l.Severity)
			require.Equal(t, []string{"b"}, l.Tags)
			require.Equal(t, []string{"calls x"}, l.Assertions)
			require.Equal(t, map[string]string{"tone": "rude", "solved": "yes", "turns": "6"}, l.Answers)
		}
	}
	require.Empty(t, s.items(review.Filter{State: review.Open}))
	require.GreaterOrEqual(t, once.given, cases)
	for _, p := range seats {
		p.quiet()
	}
}

// TestWhatWasTypedIsNeverLost: a reload, a claim that was lost, a refusal and a server that is gone keep it.
func TestWhatWasTypedIsNeverLost(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSite(t, web.Options{})
	s.put(similar(1, printA), similar(2, printB))
	first, second := similar(2, printB).ID, similar(1, printA).ID
	inner, gone := s.handler, false
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gone && r.Method == http.MethodPost {
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(w, r)
	})
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/review/" + first))
	b.awaitCase(first)
	b.press("e")
	b.await(`document.activeElement.id === "note"`)
	b.write("typed at length")
	b.write(kb.Escape)
	b.press("t")
	b.write("billing")
	b.write(kb.Escape)
	b.press("w")
	b.await(`document.activeElement.name === "corrected_output"`)
	b.write("I cannot do that")
	b.write(kb.Escape)
	b.press("2")
	whole := `document.querySelector("#note").value === "typed at length" && document.querySelector("#tags").value === "billing"
		&& document.querySelector("#corrected textarea").value === "I cannot do that"
		&& document.querySelector("#severity input:checked").value === "medium"`
	b.await(whole)

	// A reload, and another case in between, which has nothing of it.
	b.do(chromedp.Reload())
	b.await(whole)
	b.press("j")
	b.awaitCase(second)
	b.await(`document.querySelector("#note").value === "" && !document.querySelector("#severity input:checked")`)
	b.press("k")
	b.awaitCase(first)
	b.await(whole)

	// A server that is gone.
	gone = true
	b.press("y")
	b.await(`document.querySelector("#status").textContent.includes("nothing was saved")`)
	gone = false
	b.do(chromedp.Reload())
	b.await(whole)

	// A claim that was lost to somebody who judged meanwhile.
	_, err := s.store.AddLabel(t.Context(), review.Label{TraceID: first, Decision: review.Rejected, Reviewer: "ben"})
	require.NoError(t, err)
	b.press("y")
	b.await(`document.querySelector(".both")?.textContent.includes("typed at length")`)
	b.do(chromedp.Navigate(b.url + "/review/" + first))
	b.await(whole)
	b.await(`document.querySelector(".reviewed.ok") && document.readyState === "complete"`)
	b.press("y")
	b.await(`(document.querySelector("#case").dataset.trace ?? "") !== %q`, first)
	item, err := s.store.Item(t.Context(), first)
	require.NoError(t, err)
	require.Len(t, item.Labels, 2)
	require.Equal(t, "typed at length", item.Label.Note)
	require.Equal(t, review.Medium, item.Label.Severity)
	require.Equal(t, "I cannot do that", item.Label.CorrectedOutput)
	require.Equal(t, failure.ToolCallMalformed, item.Label.Class)

	// What was saved is no draft any more.
	var drafts int
	b.do(chromedp.Evaluate(`Object.keys(localStorage).filter((key) => key.includes("draft")).length`, &drafts))
	require.Zero(t, drafts)
}
