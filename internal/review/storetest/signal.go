package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// alike is a trace whose failure has a fingerprint, a prompt version and a start.
func alike(n int, fingerprint, version string, start time.Time) review.Trace {
	s := failing(1, 0, 1, failure.ToolCallMalformed)
	s.Fingerprint, s.Start = fingerprint, start
	s.Call = &genai.Call{Operation: genai.OpChat, RequestModel: "gpt-4o", PromptVersion: version}
	return trace(n, s)
}

const (
	printA = "aaaaaaaaaaaaaaaa"
	printB = "bbbbbbbbbbbbbbbb"
	printC = "cccccccccccccccc"
)

func (s *suite) signal(t *testing.T, id string) review.Signal {
	t.Helper()
	g, err := s.Signal(t.Context(), id)
	require.NoError(t, err)
	return g
}

func testSignals(s *suite) {
	t := s.t
	now := time.Now()
	for n := range 25 {
		s.put(t, alike(n+1, printA, []string{"v17", "v18"}[n%2], now))
	}
	s.put(t, alike(100, printB, "", now), trace(101, failing(1, 0, 1, failure.Refusal)))
	page, err := s.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)
	require.Equal(t, 2, page.Total, "what has no fingerprint is of no signal")
	require.Equal(t, printB, page.Signals[0].ID, "the latest first")
	g := s.signal(t, printA)
	require.Equal(t, 25, g.Total)
	require.Equal(t, 25, g.Open)
	require.Equal(t, review.SignalNew, g.State)
	require.Equal(t, failure.ToolCallMalformed, g.Class)
	require.Equal(t, s.item(t, traceID(1)).Received, g.First)
	require.Equal(t, s.item(t, traceID(25)).Received, g.Last)
	require.Equal(t, []review.Count{{Value: "v17", N: 13}, {Value: "v18", N: 12}}, g.Versions)
	require.Equal(t, []review.Count{{Value: "gpt-4o", N: 25}}, g.Models)
	require.Equal(t, []review.Count{{Value: "shop", N: 25}}, g.Services)
	ids := []string{}
	for _, item := range g.Exemplars {
		ids = append(ids, item.TraceID)
	}
	require.Equal(t, []string{traceID(25), traceID(24), traceID(1)}, ids, "of each version the newest, and the first")
	sum := 0
	for _, n := range g.HourlyCount {
		sum += n
	}
	require.Equal(t, 25, sum)

	// Late spans change the root cause: the item goes to another signal.
	earlier := failing(2, -100, -90, failure.Refusal)
	earlier.Fingerprint = printB
	s.put(t, trace(1, earlier))
	require.Equal(t, printB, s.item(t, traceID(1)).Fingerprint)
	require.Equal(t, 24, s.signal(t, printA).Total)
	require.Equal(t, 2, s.signal(t, printB).Open)
	// Pages follow each other.
	first, err := s.Signals(t.Context(), review.SignalFilter{Limit: 1})
	require.NoError(t, err)
	second, err := s.Signals(t.Context(), review.SignalFilter{Limit: 1, Cursor: first.Next})
	require.NoError(t, err)
	require.Empty(t, second.Next)
	both := []string{first.Signals[0].ID, second.Signals[0].ID}
	slices.Sort(both)
	require.Equal(t, []string{printA, printB}, both)
	for _, cursor := range []string{"x", "1.2", "1.x.y", "0"} {
		_, err = s.Signals(t.Context(), review.SignalFilter{Cursor: cursor})
		require.ErrorIs(t, err, review.ErrInvalid)
	}
	_, err = s.Signal(t.Context(), "none")
	require.ErrorIs(t, err, review.ErrNotFound)
}

func testBatches(s *suite) {
	t := s.t
	now := time.Now()
	for n := range 25 {
		s.put(t, alike(n+1, printA, "v17", now))
	}
	s.put(t, alike(100, printB, "", now))
	page, err := s.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)
	s.put(t, alike(26, printA, "v17", now)) // after the list was seen
	_, err = s.Claim(t.Context(), traceID(7), ben())
	require.NoError(t, err)
	_, err = s.Claim(t.Context(), traceID(8), ada(time.Hour))
	require.NoError(t, err)

	label := review.Label{
		Decision: review.Confirmed, Class: failure.ToolCallMalformed, Reviewer: "ada", Note: "all the same",
	}
	selected := review.Selection{Signals: []string{printA}, UpTo: page.UpTo, Holder: "login ada"}
	batch, err := s.LabelMany(t.Context(), selected, label)
	require.NoError(t, err)
	require.Equal(t, 24, batch.Labeled)
	require.Equal(t, 1, batch.LeftOut, "ben has one")
	require.Equal(t, review.Open, s.item(t, traceID(7)).State)
	require.Equal(t, review.Open, s.item(t, traceID(26)).State, "nobody saw it")
	got := s.item(t, traceID(8))
	require.Equal(t, review.Reviewed, got.State)
	require.Nil(t, got.Claim)
	require.Equal(t, batch.ID, got.Label.Batch, "the label says that it was given in bulk")
	require.Equal(t, "all the same", got.Label.Note)
	require.Equal(t, 2, s.signal(t, printA).Open)

	// One of them is judged again by itself; undoing the rest leaves that.
	_, err = s.AddLabel(t.Context(), review.Label{
		TraceID: traceID(9), Decision: review.Rejected, Replaces: s.item(t, traceID(9)).Label.ID,
	})
	require.NoError(t, err)
	n, err := s.UndoMany(t.Context(), batch.ID, "ada")
	require.NoError(t, err)
	require.Equal(t, 23, n)
	require.Equal(t, review.Open, s.item(t, traceID(8)).State)
	require.Empty(t, s.item(t, traceID(8)).Labels)
	require.Equal(t, review.Rejected, s.item(t, traceID(9)).Label.Decision)
	require.Equal(t, 25, s.signal(t, printA).Open)
	n, err = s.UndoMany(t.Context(), batch.ID, "ada")
	require.NoError(t, err)
	require.Zero(t, n)

	// Single items.
	selected = review.Selection{TraceIDs: []string{traceID(1), traceID(100)}}
	batch, err = s.LabelMany(t.Context(), selected, review.Label{Decision: review.Rejected})
	require.NoError(t, err)
	require.Equal(t, 2, batch.Labeled)
	require.Equal(t, review.Rejected, s.item(t, traceID(100)).Label.Decision)
	for _, wrong := range []review.Selection{{}, {Signals: []string{printA}, UpTo: "?"}, {TraceIDs: make([]string, 501)}} {
		_, err = s.LabelMany(t.Context(), wrong, label)
		require.ErrorIs(t, err, review.ErrInvalid)
	}
	_, err = s.LabelMany(t.Context(), selected, review.Label{Decision: "perhaps"})
	require.ErrorIs(t, err, review.ErrInvalid)
}

func testRegression(s *suite) {
	t := s.t
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	s.put(t, alike(1, printA, "v17", past), alike(2, printA, "v18", past), alike(3, printB, "v1", past))
	resolve := review.SignalChange{State: review.SignalResolved, Version: "v18", By: "ada"}
	require.NoError(t, s.ChangeSignal(t.Context(), printA, resolve))
	page, err := s.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)
	require.Len(t, page.Signals, 1, "a resolved one is not listed unless it is asked for")
	page, err = s.Signals(t.Context(), review.SignalFilter{State: review.SignalResolved})
	require.NoError(t, err)
	require.Equal(t, "v18", page.Signals[0].Version)
	for n, late := range []review.Trace{
		alike(4, printA, "v18", past),   // it began before
		alike(5, printA, "v17", future), // an old deployment
	} {
		s.put(t, late)
		require.Equal(t, review.SignalResolved, s.signal(t, printA).State, "%d", n)
	}
	s.put(t, alike(6, printA, "v18", future))
	require.Equal(t, review.SignalRegressed, s.signal(t, printA).State)
	require.Equal(t, "v18", s.signal(t, printA).Version, "what resolved it stays known")
	s.testOlder(past, future)

	require.NoError(t, s.ChangeSignal(t.Context(), printB, review.SignalChange{State: review.SignalIgnored}))
	s.put(t, alike(7, printB, "v2", future))
	require.Equal(t, review.SignalIgnored, s.signal(t, printB).State)
	require.ErrorIs(t, s.ChangeSignal(t.Context(), printB, review.SignalChange{State: "gone"}), review.ErrInvalid)
	require.ErrorIs(t, s.ChangeSignal(t.Context(), "none", resolve), review.ErrNotFound)
	require.NoError(t, s.AgeSignals(t.Context()))
	require.Equal(t, review.SignalRegressed, s.signal(t, printA).State)
}

// testOlder resolves signals in versions, and has them fail again.
func (s *suite) testOlder(past, future time.Time) {
	t := s.t
	const commit = "3f2a9c07d1e85b64a0c9f1e2d3b4a5968778695a"
	s.put(t, alike(20, "00000000000000d0", "aa11", past), alike(21, "00000000000000d1", "bb22", past))
	for n, c := range []struct {
		seen, in, fails string
		want            review.SignalState
		why             string
	}{
		{"v17", "v18", "v17", review.SignalResolved, "an old deployment"},
		{"v17", "v18", "v16", review.SignalResolved, "an even older one"},
		{"v17", "v18", "v19", review.SignalRegressed, "a newer version"},
		{"v19", "v18", "v19", review.SignalRegressed, "one that was newer already"},
		{"v17", commit, "v17", review.SignalRegressed, "a commit says nothing of the version"},
		{"blue", "green", "blue", review.SignalRegressed, "names without an order"},
		{"aa11", "bb22", "aa11", review.SignalResolved, "one that was seen before the other"},
		{"bb22", "aa11", "bb22", review.SignalRegressed, "one that was seen after it"},
		{"v17", "", "v17", review.SignalRegressed, "resolved in no version"},
		{"v17", "v18", "", review.SignalRegressed, "a failure without a version"},
	} {
		fingerprint := fmt.Sprintf("%016x", 0xe0+n)
		s.put(t, alike(200+2*n, fingerprint, c.seen, past))
		change := review.SignalChange{State: review.SignalResolved, Version: c.in, By: "ada"}
		require.NoError(t, s.ChangeSignal(t.Context(), fingerprint, change))
		s.put(t, alike(201+2*n, fingerprint, c.fails, future))
		require.Equal(t, c.want, s.signal(t, fingerprint).State, c.why)
	}
}

// testDeploying resolves signals by changes that are merged and not deployed yet, and has them fail again.
func testDeploying(s *suite) {
	t := s.t
	now := time.Now()
	past, soon, late := now.Add(-time.Hour), now.Add(time.Hour), now.Add(review.DeploysWithin+time.Hour)
	of := func(n int, fingerprint, service, release, prompt string, start time.Time) review.Trace {
		one := alike(n, fingerprint, prompt, start)
		one.Spans[0].Service, one.Spans[0].Call.ServiceName, one.Spans[0].Call.ServiceVersion = service, service, release
		return one
	}
	for n, c := range []struct {
		release, prompt string
		start           time.Time
		deploying       bool
		want            review.SignalState
		why             string
	}{
		{"1.4", "v17", soon, true, review.SignalResolved, "the deployment that failed before"},
		{"1.5", "v17", soon, true, review.SignalResolved, "one that was seen before, though it failed otherwise"},
		{"1.6", "v17", soon, true, review.SignalRegressed, "a deployment since the merge"},
		{"1.4", "v18", soon, true, review.SignalRegressed, "a prompt since the merge"},
		{"", "v17", soon, true, review.SignalRegressed, "without a version, though all before had one"},
		{"1.4", "v17", late, true, review.SignalRegressed, "too late for a deployment that waits"},
		{"1.4", "v17", soon, false, review.SignalRegressed, "what is resolved is deployed"},
	} {
		fingerprint, service := fmt.Sprintf("%016x", 0xd00+n), fmt.Sprint("shop-", n)
		other := fmt.Sprintf("%016x", 0xe00+n)
		s.put(t, of(300+4*n, fingerprint, service, "1.4", "v17", past), of(301+4*n, other, service, "1.5", "v17", past))
		change := review.SignalChange{
			State: review.SignalResolved, Version: "3f2a9c07d1e85b64", By: "ada (acme/shop#7)",
		}
		if c.deploying {
			change.Merged = time.Now()
		}
		require.NoError(t, s.ChangeSignal(t.Context(), fingerprint, change))
		if c.deploying {
			require.WithinDuration(t, now.Add(review.DeploysWithin), s.signal(t, fingerprint).DeploysUntil, 10*time.Minute)
		}
		s.put(t, of(302+4*n, fingerprint, service, c.release, c.prompt, c.start))
		got := s.signal(t, fingerprint)
		require.Equal(t, c.want, got.State, c.why)
		require.Equal(t, c.deploying && c.want == review.SignalResolved, !got.DeploysUntil.IsZero(), c.why)
		require.Equal(t, "ada (acme/shop#7)", got.ChangedBy, "the change stays known")
		require.Equal(t, c.release, s.item(t, traceID(302+4*n)).ServiceVersion)
	}

	// A service that never says which version it is waits for as long, and no longer.
	const silent = "0000000000000f00"
	s.put(t, of(400, silent, "quiet", "", "", past))
	change := review.SignalChange{State: review.SignalResolved, Version: "3f2a9c07d1e85b64", Merged: time.Now()}
	require.NoError(t, s.ChangeSignal(t.Context(), silent, change))
	s.put(t, of(401, silent, "quiet", "", "", soon))
	require.Equal(t, review.SignalResolved, s.signal(t, silent).State)
	s.put(t, of(402, silent, "quiet", "", "", late))
	require.Equal(t, review.SignalRegressed, s.signal(t, silent).State)
	// Of a service without a version among its items, such as those of an earlier Faultline, a version says nothing.
	const unversioned = "0000000000000f01"
	s.put(t, of(410, unversioned, "old", "", "v17", past))
	unknown := review.SignalChange{State: review.SignalResolved, Version: "3f2a9c07d1e85b64", Merged: time.Now()}
	require.NoError(t, s.ChangeSignal(t.Context(), unversioned, unknown))
	s.put(t, of(411, unversioned, "old", "1.4", "v17", soon))
	require.Equal(t, review.SignalResolved, s.signal(t, unversioned).State, "it may have run before the merge")
	s.put(t, of(412, unversioned, "old", "1.4", "v18", soon))
	require.Equal(t, review.SignalRegressed, s.signal(t, unversioned).State, "a prompt since the merge")
	// A delivery that comes late knows no more deployments for that.
	change.Merged = now.Add(-time.Hour)
	require.NoError(t, s.ChangeSignal(t.Context(), silent, change))
	s.put(t, of(404, silent, "quiet", "", "", soon))
	require.Equal(t, review.SignalRegressed, s.signal(t, silent).State, "it was not seen before the merge")
	// It is resolved once more, and this time it is deployed.
	change.Merged = time.Time{}
	require.NoError(t, s.ChangeSignal(t.Context(), silent, change))
	s.put(t, of(403, silent, "quiet", "", "", soon))
	require.Equal(t, review.SignalRegressed, s.signal(t, silent).State, "an earlier merge gives no time to a later change")
}

// testUnguarded: what people confirmed wants a test, and what has one is listed with it.
func testUnguarded(s *suite) {
	t := s.t
	now := time.Now()
	s.put(t, alike(1, printA, "v17", now), alike(2, printB, "v17", now), alike(3, printC, "v17", now))
	unguarded := func() (ids []string) {
		page, err := s.Signals(t.Context(), review.SignalFilter{Unguarded: true})
		require.NoError(t, err)
		require.Len(t, page.Signals, page.Total)
		for i := range page.Signals {
			ids = append(ids, page.Signals[i].ID)
		}
		slices.Sort(ids)
		return ids
	}
	require.Empty(t, unguarded(), "nothing is judged yet")
	for n, c := range []struct {
		class  failure.Class
		detail string
	}{{failure.Timeout, ""}, {failure.RateLimit, "requests"}, {failure.RateLimit, "budget"}} {
		of := failing(1, 0, 1, c.class)
		of.Detail, of.Fingerprint = c.detail, fmt.Sprint("operational", n)
		s.put(t, trace(20+n, of))
		s.label(t, review.Label{TraceID: traceID(20 + n), Decision: review.Confirmed, Reviewer: "ada"})
	}
	require.Equal(t, []string{"operational2"}, unguarded(), "no application mends the others")
	require.NoError(t, s.GuardSignal(t.Context(), "operational2", review.Guard{Kind: review.GuardRule, Name: "within_budget"}))
	list, err := s.Guards(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)

	for n, decision := range []review.Decision{review.Confirmed, review.Confirmed, review.Rejected} {
		s.label(t, review.Label{TraceID: traceID(n + 1), Decision: decision, Reviewer: "ada"})
	}
	require.Equal(t, []string{printA, printB}, unguarded(), "the third is no failure")
	resolved := review.SignalChange{State: review.SignalResolved, Version: "v18"}
	require.NoError(t, s.ChangeSignal(t.Context(), printA, resolved))
	require.Equal(t, []string{printA, printB}, unguarded(), "what is mended must not come back")
	require.NoError(t, s.ChangeSignal(t.Context(), printB, review.SignalChange{State: review.SignalIgnored}))
	require.Equal(t, []string{printA}, unguarded(), "a person ignores it")
	require.NoError(t, s.ChangeSignal(t.Context(), printB, review.SignalChange{State: review.SignalOngoing}))

	require.NoError(t, s.MergeSignal(t.Context(), printB, printC, "ada"))
	require.Equal(t, []string{printA, printC}, unguarded(), "a failure of a part counts")
	row := review.Guard{Kind: review.GuardRows, Name: "refunds.jsonl", Version: "0011", Rows: []string{"row-1"}, By: "ada"}
	require.NoError(t, s.GuardSignal(t.Context(), printB, row))
	require.Equal(t, []string{printA}, unguarded(), "and so does its guard")
	require.NoError(t, s.RenameSignal(t.Context(), printC, "text for a number", "ada"))
	require.NoError(t, s.GuardSignal(t.Context(), printA, review.Guard{Kind: review.GuardRule, Name: "no_amount"}))
	require.Empty(t, unguarded())
	list, err = s.Guards(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, "no_amount", list[0].Name, "the newest first")
	require.Equal(t, printA, list[0].Signal)
	require.Equal(t, printC, list[1].Signal)
	require.Equal(t, "text for a number", list[1].Title)
	list[1].Added = time.Time{}
	require.Equal(t, row, list[1].Guard)
}

func testGuards(s *suite) {
	t := s.t
	s.put(t, alike(1, printA, "v17", time.Now()), alike(2, printB, "v17", time.Now()))
	require.Empty(t, s.signal(t, printA).Guards)
	rows := review.Guard{
		Kind: review.GuardRows, Name: "refunds.jsonl", Version: "0011", Rows: []string{"row-1", "row-2"}, By: "ada",
	}
	rule := review.Guard{Kind: review.GuardRule, Name: "no_amount", Version: "9f"}
	require.NoError(t, s.GuardSignal(t.Context(), printA, rows))
	require.NoError(t, s.GuardSignal(t.Context(), printB, rule))
	rows.Version, rows.Rows = "0022", []string{"row-1"}
	require.NoError(t, s.GuardSignal(t.Context(), printA, rows))
	require.NoError(t, s.MergeSignal(t.Context(), printB, printA, "ada"))
	require.NoError(t, s.ChangeSignal(t.Context(), printA, review.SignalChange{State: review.SignalResolved, Version: "v18"}))
	require.NoError(t, s.AgeSignals(t.Context()))
	got := s.signal(t, printA).Guards
	require.Len(t, got, 2, "those of what was merged count too, and a dataset that is written again is one")
	require.Equal(t, "no_amount", got[0].Name)
	require.WithinDuration(t, time.Now(), got[1].Added, time.Minute)
	got[1].Added = time.Time{}
	require.Equal(t, rows, got[1])
	page, err := s.Signals(t.Context(), review.SignalFilter{State: review.SignalResolved})
	require.NoError(t, err)
	require.Len(t, page.Signals[0].Guards, 2)

	for n := range review.MaxGuards + 5 {
		rule.Name = fmt.Sprint("rule_", n)
		require.NoError(t, s.GuardSignal(t.Context(), printA, rule))
	}
	got = s.signal(t, printA).Guards
	require.LessOrEqual(t, len(got), review.MaxGuards+1)
	require.Equal(t, rule.Name, got[len(got)-1].Name)
	require.ErrorIs(t, s.GuardSignal(t.Context(), "none", rule), review.ErrNotFound)
	for _, wrong := range []review.Guard{
		{Kind: "wish", Name: "x"},
		{Kind: review.GuardRule},
		{Kind: review.GuardRows, Name: "x"},
		{Kind: review.GuardRows, Name: "x", Rows: []string{"<b>"}},
		{Kind: review.GuardRule, Name: "x", Rows: []string{"a"}},
	} {
		require.ErrorIs(t, s.GuardSignal(t.Context(), printA, wrong), review.ErrInvalid)
	}
}
