package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

func eve() review.Claimant { return review.Claimant{ID: "login eve", Name: "eve", For: time.Hour} }

// judge adds a label that knows of the newest one.
func (s *suite) judge(n int, by string, d review.Decision, change ...func(*review.Label)) review.Label {
	s.t.Helper()
	l := review.Label{TraceID: traceID(n), Decision: d, Reviewer: by}
	if labels := s.item(s.t, traceID(n)).Labels; len(labels) > 0 {
		l.Replaces = labels[0].ID
	}
	for _, c := range change {
		c(&l)
	}
	l, err := s.AddLabel(s.t.Context(), l)
	require.NoError(s.t, err)
	return l
}

func (s *suite) next(by review.Claimant, f review.Filter) string {
	s.t.Helper()
	id, err := s.ClaimNext(s.t.Context(), f, "", by)
	if errors.Is(err, review.ErrNotFound) {
		return "none"
	}
	require.NoError(s.t, err)
	return id
}

func numbered(n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprint("calls tool_", i))
	}
	return texts
}

func testRemarks(s *suite) {
	t := s.t
	s.put(t, trace(1, failing(1, 0, 1, failure.Refusal)))
	said := s.judge(1, "ada", review.Confirmed, func(l *review.Label) {
		l.Class, l.Severity, l.Scope = failure.Refusal, review.High, review.ScopeSession
		l.Further = []failure.Finding{
			{Class: failure.Hallucination, Detail: "claimed_action", Evidence: "not kept"}, {Class: failure.Refusal},
		}
		l.Tags = []string{"billing", " billing ", "", "angry"}
		l.CorrectedOutput, l.Assertions = "I refunded 20 €.\n", []string{"calls issue_refund", "", `does not contain "sorry"`}
	})
	want := review.Remarks{
		Further:  []failure.Finding{{Class: failure.Hallucination, Detail: "claimed_action"}},
		Severity: review.High, Tags: []string{"billing", "angry"}, CorrectedOutput: "I refunded 20 €.\n",
		Assertions: []string{"calls issue_refund", `does not contain "sorry"`}, Scope: review.ScopeSession,
	}
	require.Equal(t, want, said.Remarks)
	got := s.item(t, traceID(1))
	require.Equal(t, &said, got.Label)
	require.Equal(t, []review.Label{said}, got.Labels)
	page, err := s.Items(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Equal(t, want, page.Items[0].Label.Remarks)

	// What is no failure has no severity; what ought to have been said may stay.
	said = s.judge(1, "ada", review.Rejected, func(l *review.Label) { l.Remarks = want })
	require.Equal(t, review.Remarks{
		Tags: want.Tags, CorrectedOutput: want.CorrectedOutput, Assertions: want.Assertions, Scope: want.Scope,
	}, said.Remarks)
	require.Equal(t, review.Unsure, s.judge(1, "ada", review.Unsure).Decision)
	require.Equal(t, review.Reviewed, s.item(t, traceID(1)).State)

	for key, change := range map[string]func(*review.Label){
		`severity must be "low", "medium" or "high", got "dire"`: func(l *review.Label) { l.Severity = "dire" },
		`scope must be "turn" or "session", got "life"`:          func(l *review.Label) { l.Scope = "life" },
		"tags must be at most 20, got 21":                        func(l *review.Label) { l.Tags = numbered(21) },
		`tags must have 1 to 64 bytes each and no comma, got`:    func(l *review.Label) { l.Tags = []string{"a,b"} },
		"corrected_output must be at most 32768 bytes, got":      func(l *review.Label) { l.CorrectedOutput = strings.Repeat("x", 1<<16) },
		"assertions must be at most 20 lines, got 21":            func(l *review.Label) { l.Assertions = numbered(21) },
		"assertions must have 1 to 1024 bytes in one line each":  func(l *review.Label) { l.Assertions = []string{"calls x\ncalls y"} },
		"further_findings: error_class must be one of":           func(l *review.Label) { l.Further = []failure.Finding{{Class: "boredom"}} },
		`answers must be to questions of the queue "", got "x"`:  func(l *review.Label) { l.Answers = map[string]string{"x": "y"} },
	} {
		l := review.Label{TraceID: traceID(1), Decision: review.Confirmed, Reviewer: "ada"}
		l.Replaces = s.item(t, traceID(1)).Labels[0].ID
		change(&l)
		_, err := s.AddLabel(t.Context(), l)
		require.ErrorIs(t, err, review.ErrInvalid, key)
		require.ErrorContains(t, err, key)
	}
}

func testTakingBack(s *suite) {
	t := s.t
	s.put(t, alike(1, printA, "v1", time.Now()), alike(2, printA, "v1", time.Now()))
	_, err := s.LastLabel(t.Context(), "ada")
	require.ErrorIs(t, err, review.ErrNotFound)
	first := s.judge(1, "ada", review.Confirmed, func(l *review.Label) { l.Note = "typed" })
	second := s.judge(2, "ada", review.Rejected)
	last, err := s.LastLabel(t.Context(), "ada")
	require.NoError(t, err)
	require.Equal(t, second, last)

	// A label takes another one back. The item is open again, and what was said stays to be read.
	back := s.judge(2, "ada", review.TakenBack, func(l *review.Label) { l.Class, l.Tags = failure.Refusal, []string{"x"} })
	require.Empty(t, back.Class, "it says nothing else")
	require.Empty(t, back.Remarks)
	got := s.item(t, traceID(2))
	require.Equal(t, review.Open, got.State)
	require.Nil(t, got.Label)
	require.Equal(t, []review.Label{back, second}, got.Labels)
	require.Equal(t, 1, s.signal(t, printA).Open)
	backlog, err := s.Backlog(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, backlog.Open)
	require.Equal(t, traceID(2), s.next(ben(), review.Filter{}))

	// Once more: what is before it. Nothing is taken back twice, and nobody takes back what another one said.
	last, err = s.LastLabel(t.Context(), "ada")
	require.NoError(t, err)
	require.Equal(t, first, last)
	for _, who := range []string{"ada", "ben", ""} {
		_, err = s.AddLabel(t.Context(), review.Label{
			TraceID: traceID(2), Decision: review.TakenBack, Reviewer: who, Replaces: back.ID,
		})
		require.ErrorIs(t, err, review.ErrConflict, who)
	}
	// Ben corrects ada, and takes that back: what ada said counts again.
	s.judge(1, "ben", review.Rejected)
	require.Equal(t, review.Rejected, s.item(t, traceID(1)).Label.Decision)
	s.judge(1, "ben", review.TakenBack)
	got = s.item(t, traceID(1))
	require.Equal(t, review.Reviewed, got.State)
	require.Equal(t, &first, got.Label)

	// What is reopened is to be judged again by all.
	s.judge(1, "eve", review.Reopened)
	got = s.item(t, traceID(1))
	require.Equal(t, review.Open, got.State)
	require.Nil(t, got.Label)
	require.Zero(t, got.Judged)
	s.judge(1, "ada", review.Confirmed)
	require.Equal(t, review.Reviewed, s.item(t, traceID(1)).State)
}

// twice is a queue in which two people judge each refusal, and one for the rest of a service.
func twice() []review.Queue {
	return []review.Queue{
		{
			Name: "twice", Classes: []failure.Class{failure.Refusal}, Reviewers: 2, Blind: true, Order: review.Newest,
			Questions: []review.Question{
				{Name: "tone", Text: "How was it said?", Type: review.Choice, Choices: []string{"calm", "rude"}, Required: true},
				{Name: "turns", Text: "How many turns?", Type: review.Number},
				{Name: "solved", Text: "Was it solved?", Type: review.YesNo},
			},
		},
		{Name: "shop", Services: []string{"shop"}, Reviewers: 1, Order: review.Newest},
	}
}

func testQueues(s *suite) {
	t := s.t
	s.put(t, trace(1, failing(1, 0, 1, failure.Refusal))) // before there were queues
	s.UseQueues(twice())
	require.Equal(t, twice(), s.Queues())
	require.NoError(t, s.Redistribute(t.Context()))
	require.NoError(t, s.Redistribute(t.Context()), "nothing is left to do")
	elsewhere := trace(4, failing(1, 4, 5, failure.Timeout))
	elsewhere.Service = "bank"
	s.put(t, trace(2, failing(1, 1, 2, failure.Refusal)), trace(3, failing(1, 2, 3, failure.Timeout)), elsewhere)
	require.Equal(t, []string{traceID(2), traceID(1)}, s.ids(t, review.Filter{Queue: "twice"}))
	require.Equal(t, []string{traceID(3)}, s.ids(t, review.Filter{Queue: "shop"}))
	require.Empty(t, s.ids(t, review.Filter{Queue: "none"}))
	require.Len(t, s.ids(t, review.Filter{State: review.Open}), 4)
	require.Empty(t, s.item(t, traceID(4)).Queue)
	facets, err := s.Facets(t.Context(), review.Filter{Queue: "twice"})
	require.NoError(t, err)
	require.Equal(t, []review.Count{{Value: string(failure.Refusal), N: 2}}, facets.Classes)
	require.Equal(t, []string{traceID(2), traceID(1)}, s.ids(t, review.Filter{Queue: "twice", Query: "evidence"}))

	// Another root cause is another queue.
	s.put(t, trace(3, failing(2, -2, -1, failure.Refusal)))
	require.Equal(t, "twice", s.item(t, traceID(3)).Queue)
	require.Equal(t, 2, s.item(t, traceID(3)).Reviewers)

	// The answers are those that the queue asks for.
	calm := func(l *review.Label) {
		l.Answers = map[string]string{"tone": " calm ", "turns": "3", "solved": "no", "": ""}
	}
	for want, answers := range map[string]map[string]string{
		"tone must be answered":                         {"turns": "1"},
		`tone must be one of ["calm" "rude"], got "x"`:  {"tone": "x"},
		`turns must be a number, got "many"`:            {"tone": "calm", "turns": "many"},
		`solved must be "yes" or "no", got "1"`:         {"tone": "calm", "solved": "1"},
		`answers must be to questions of the queue "tw`: {"tone": "calm", "mood": "x"},
	} {
		_, err := s.AddLabel(t.Context(), review.Label{
			TraceID: traceID(1), Decision: review.Confirmed, Reviewer: "ada", Remarks: review.Remarks{Answers: answers},
		})
		require.ErrorIs(t, err, review.ErrInvalid)
		require.ErrorContains(t, err, want)
	}
	said := s.judge(1, "ada", review.Confirmed, calm)
	require.Equal(t, map[string]string{"tone": "calm", "turns": "3", "solved": "no"}, said.Answers)
	require.Equal(t, review.Open, s.item(t, traceID(1)).State, "another one has to judge it")
	_, err = s.AddLabel(t.Context(), review.Label{TraceID: traceID(1), Decision: review.Unsure, Reviewer: "ben"})
	require.NoError(t, err, "of several who judge, nobody needs to know of the others; who is unsure need not answer")
	require.Equal(t, review.Reviewed, s.item(t, traceID(1)).State)
	require.Equal(t, 2, s.item(t, traceID(1)).Judged)

	// The definition changes: one is enough.
	s.judge(2, "ada", review.Confirmed, calm)
	once := twice()
	once[0].Reviewers = 1
	s.UseQueues(once)
	require.NoError(t, s.Redistribute(t.Context()))
	require.Equal(t, review.Reviewed, s.item(t, traceID(2)).State)
	require.Equal(t, 1, s.item(t, traceID(3)).Reviewers)
	s.UseQueues(nil)
	require.NoError(t, s.Redistribute(t.Context()))
	require.Empty(t, s.item(t, traceID(3)).Queue)
}

// testSeveralReviewers: an item is held by as many as have yet to judge it, and each person judges it once.
func testSeveralReviewers(s *suite) {
	t := s.t
	queues := twice()
	queues[0].Questions, queues[0].Blind = nil, false
	s.UseQueues(queues)
	s.put(t, trace(1, failing(1, 0, 1, failure.Refusal)), trace(2, failing(1, 1, 2, failure.Refusal)))
	require.Equal(t, traceID(2), s.next(ada(time.Hour), review.Filter{}))
	require.Equal(t, traceID(2), s.next(ben(), review.Filter{}), "two have it at once")
	require.Equal(t, traceID(1), s.next(eve(), review.Filter{}))
	third, err := s.Claim(t.Context(), traceID(2), eve())
	require.NoError(t, err)
	require.Contains(t, []string{"ada", "ben"}, third.Name, "and no third")
	require.Len(t, s.item(t, traceID(2)).Claims, 2)
	require.Len(t, s.item(t, traceID(1)).Claims, 1, "who is refused keeps what they have")

	s.judge(2, "ada", review.Confirmed)
	got := s.item(t, traceID(2))
	require.Equal(t, review.Open, got.State)
	require.Equal(t, "ben", got.Claim.Name)
	require.Len(t, got.Claims, 1, "ada has done her part")
	require.Equal(t, traceID(1), s.next(ada(time.Hour), review.Filter{}), "nobody is given an item twice")
	claim, err := s.Claim(t.Context(), traceID(2), ada(time.Hour))
	require.NoError(t, err)
	require.Empty(t, claim)
	_, err = s.AddLabel(t.Context(), review.Label{TraceID: traceID(2), Decision: review.Rejected, Reviewer: "ada"})
	require.ErrorIs(t, err, review.ErrConflict, "nor judges it twice")
	s.judge(2, "ada", review.Rejected)
	require.Equal(t, 1, s.item(t, traceID(2)).Judged, "but corrects what they said")
	third, err = s.Claim(t.Context(), traceID(2), eve())
	require.NoError(t, err)
	require.Equal(t, "ben", third.Name)
	_, err = s.AddLabel(t.Context(), review.Label{TraceID: traceID(2), Decision: review.Confirmed, By: "login ben"})
	require.NoError(t, err)
	require.Equal(t, review.Reviewed, s.item(t, traceID(2)).State)
	require.Empty(t, s.item(t, traceID(2)).Claims)

	// In bulk as well.
	batch, err := s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{traceID(1)}, Holder: "login ben"},
		review.Label{Decision: review.Confirmed, Reviewer: "ben"})
	require.NoError(t, err)
	require.Zero(t, batch.Labeled, "ada and eve have it")
	require.NoError(t, s.Release(t.Context(), traceID(1), "login eve"))
	for n, by := range []string{"ben", "ben", "eve"} {
		batch, err = s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{traceID(1)}, Holder: "login " + by},
			review.Label{Decision: review.Confirmed, Reviewer: by})
		require.NoError(t, err)
		require.Equal(t, []int{1, 0, 0}[n], batch.Labeled, by)
	}
	require.NoError(t, s.Release(t.Context(), traceID(1), "login ada"))
	batch, err = s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{traceID(1)}},
		review.Label{Decision: review.Confirmed, Reviewer: "eve"})
	require.NoError(t, err)
	require.Equal(t, review.Reviewed, s.item(t, traceID(1)).State)
	n, err := s.UndoMany(t.Context(), batch.ID, "ada")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	got = s.item(t, traceID(1))
	require.Equal(t, review.Open, got.State)
	require.Equal(t, 1, got.Judged)
	require.Equal(t, "ben", got.Label.Reviewer)
}

// testPairs: many people at once judge each item twice, and nobody one item twice.
func testPairs(s *suite) {
	t := s.t
	queues := twice()
	queues[0].Questions = nil
	s.UseQueues(queues)
	const people, items = 6, 30
	for n := range items {
		s.put(t, trace(n+1, failing(1, n, n+1, failure.Refusal)))
	}
	var wait sync.WaitGroup
	for n := range people {
		wait.Go(func() {
			name := fmt.Sprint("reviewer ", n)
			by := review.Claimant{ID: "login " + name, Name: name, For: time.Hour}
			for {
				id, err := s.ClaimNext(t.Context(), review.Filter{}, "", by)
				if errors.Is(err, review.ErrNotFound) {
					return
				}
				if err == nil {
					_, err = s.AddLabel(t.Context(), review.Label{TraceID: id, Decision: review.Confirmed, Reviewer: name})
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	judged := 0
	for n := range items {
		got := s.item(t, traceID(n+1))
		require.LessOrEqual(t, len(got.Labels), 2)
		if judged += len(got.Labels); len(got.Labels) == 2 {
			require.NotEqual(t, got.Labels[0].Reviewer, got.Labels[1].Reviewer)
		}
	}
	require.GreaterOrEqual(t, judged, 2*items-people, "what is left is held by somebody who has nobody to follow")
}

func testOrder(s *suite) {
	t := s.t
	s.UseQueues([]review.Queue{{Name: "urgent", Reviewers: 1, Order: review.Priority}})
	seen := time.Now()
	for n := range 6 {
		s.put(t, alike(100+n, printA, "v1", seen)) // the sixth is not new any more
	}
	plain, unsafe, costly := alike(1, printA, "v1", seen), alike(2, printA, "v1", seen), alike(3, printA, "v1", seen)
	danger := failing(2, 5, 6, failure.Unsafe)
	unsafe.Spans = append(unsafe.Spans, danger)
	costly.Spans[0].Call.CostUSD.Value, costly.Spans[0].Call.CostUSD.Set = 2, true
	doubtful := alike(4, printA, "v1", seen)
	doubtful.Spans[0].Suspects = []string{"jailbreak"}
	s.put(t, costly, plain, unsafe, doubtful, alike(5, printB, "v1", seen), alike(6, printA, "v1", seen))
	want := []string{traceID(2), traceID(5)}
	for n := range 5 {
		want = append(want, traceID(104-n))
	}
	want = append(want, traceID(3), traceID(4), traceID(6), traceID(1), traceID(105))
	open := review.Filter{State: review.Open, Queue: "urgent"}
	require.Equal(t, want, s.ids(t, open))
	paged := open
	paged.Limit = 2
	require.Equal(t, want, s.ids(t, paged), "pages follow the order")
	require.Equal(t, want, s.ids(t, review.Filter{State: review.Open, Class: failure.ToolCallMalformed}))
	require.Equal(t, traceID(2), s.next(ada(time.Hour), open))
	require.Equal(t, traceID(5), s.next(ben(), open))
	id, err := s.ClaimNext(t.Context(), open, traceID(3), ben())
	require.NoError(t, err)
	require.Equal(t, traceID(3), id)

	// What is put at the end is behind all others, and behind what was put there before.
	require.NoError(t, s.Requeue(t.Context(), traceID(3), review.Claimant{ID: "login ben"}))
	require.Nil(t, s.item(t, traceID(3)).Claim)
	time.Sleep(2 * time.Millisecond)
	require.NoError(t, s.Requeue(t.Context(), traceID(2), review.Claimant{ID: "login ben"}))
	require.Equal(t, "ada", s.item(t, traceID(2)).Claim.Name, "another one has it still")
	listed := s.ids(t, paged)
	require.Equal(t, []string{traceID(3), traceID(2)}, listed[len(listed)-2:])
	s.put(t, trace(3, span(9, 0, 1)))
	require.Equal(t, listed, s.ids(t, open), "late spans change nothing about that")
	s.judge(2, "ada", review.Rejected)
	require.ErrorIs(t, s.Requeue(t.Context(), traceID(2), review.Claimant{ID: "x"}), review.ErrConflict)
	require.ErrorIs(t, s.Requeue(t.Context(), traceID(999), review.Claimant{ID: "x"}), review.ErrNotFound)
	require.Equal(t, []string{traceID(2)}, s.ids(t, review.Filter{State: review.Reviewed}))
}

func testAssign(s *suite) {
	t := s.t
	for n := range 3 {
		s.put(t, trace(n+1, failing(1, n, n+1, failure.Refusal)))
	}
	_, err := s.Claim(t.Context(), traceID(1), ada(time.Hour))
	require.NoError(t, err)
	require.NoError(t, s.Assign(t.Context(), traceID(1), " ben ", "ada"))
	require.Equal(t, "ben", s.item(t, traceID(1)).Assignee)
	require.Nil(t, s.item(t, traceID(1)).Claim, "ada has to let it go")
	require.Equal(t, traceID(1), s.next(ben(), review.Filter{}), "one's own comes first")
	require.Equal(t, traceID(3), s.next(ada(time.Hour), review.Filter{}))
	require.Equal(t, traceID(2), s.next(eve(), review.Filter{}))
	refused, err := s.Claim(t.Context(), traceID(1), ada(time.Hour))
	require.NoError(t, err)
	require.Equal(t, review.Claim{Name: "ben"}, refused)
	require.NoError(t, s.Release(t.Context(), traceID(1), "login ben"))
	cem := review.Claimant{ID: "login cem", Name: "cem", For: time.Hour}
	require.Equal(t, "none", s.next(cem, review.Filter{}), "it is ben's, whether he has it or not")
	batch, err := s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{traceID(1)}},
		review.Label{Decision: review.Rejected, Reviewer: "cem"})
	require.NoError(t, err)
	require.Zero(t, batch.Labeled)
	require.NoError(t, s.Assign(t.Context(), traceID(1), "", "ada"))
	require.Equal(t, traceID(1), s.next(cem, review.Filter{}))
	s.judge(1, "cem", review.Confirmed)
	require.ErrorIs(t, s.Assign(t.Context(), traceID(1), "ben", "ada"), review.ErrConflict)
	require.ErrorIs(t, s.Assign(t.Context(), traceID(9), "ben", "ada"), review.ErrNotFound)
}

// testReadingKeepsTheClaim: who looks something up among the reviewed ones keeps the case at hand.
func testReadingKeepsTheClaim(s *suite) {
	t := s.t
	s.put(t, trace(1, failing(1, 0, 1, failure.Refusal)), trace(2, failing(1, 1, 2, failure.Refusal)))
	s.judge(1, "ben", review.Confirmed)
	require.Equal(t, traceID(2), s.next(ada(time.Hour), review.Filter{}))
	claim, err := s.Claim(t.Context(), traceID(1), ada(time.Hour))
	require.NoError(t, err)
	require.Empty(t, claim)
	require.Equal(t, "ada", s.item(t, traceID(2)).Claim.Name)
}

func testMerges(s *suite) {
	t := s.t
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	s.put(t, alike(1, printA, "v1", past), alike(2, printA, "v1", past), alike(3, printB, "v2", past), alike(4, printC, "v3", past))
	require.NoError(t, s.RenameSignal(t.Context(), printA, " Refunds are\x00 words ", "ada"))
	require.Equal(t, "Refunds are\uFFFD words", s.signal(t, printA).Name)
	evidence := s.signal(t, printA).Title
	require.NotEmpty(t, evidence, "what was found stays beside what a person calls it")

	require.NoError(t, s.MergeSignal(t.Context(), printB, printA, "ada"))
	g := s.signal(t, printB)
	require.Equal(t, printA, g.ID, "who asks for a part gets the whole")
	require.Equal(t, "Refunds are\uFFFD words", g.Name)
	require.Equal(t, 3, g.Total)
	require.Equal(t, 3, g.Open)
	require.Equal(t, []review.Merged{{ID: printB, Title: evidence}}, g.Merged)
	require.Equal(t, []review.Count{{Value: "v1", N: 2}, {Value: "v2", N: 1}}, g.Versions)
	require.Equal(t, s.item(t, traceID(3)).Received, g.Last)
	sum := 0
	for _, n := range g.HourlyCount {
		sum += n
	}
	require.Equal(t, 3, sum)
	page, err := s.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)
	require.Equal(t, 2, page.Total)
	require.Len(t, page.Signals, 2)

	// What comes later counts there too, and is judged there.
	require.NoError(t, s.ChangeSignal(t.Context(), printB, review.SignalChange{State: review.SignalResolved}))
	s.put(t, alike(5, printB, "v2", future))
	g = s.signal(t, printA)
	require.Equal(t, review.SignalRegressed, g.State)
	require.Equal(t, 4, g.Total)
	batch, err := s.LabelMany(t.Context(), review.Selection{Signals: []string{printA}}, review.Label{Decision: review.Confirmed})
	require.NoError(t, err)
	require.Equal(t, 4, batch.Labeled)
	require.NoError(t, s.AgeSignals(t.Context()))
	require.Equal(t, review.SignalRegressed, s.signal(t, printA).State)

	// A whole is merged with its parts, and all of it is taken back.
	require.NoError(t, s.MergeSignal(t.Context(), printA, printC, "ada"))
	require.Equal(t, 5, s.signal(t, printC).Total)
	require.Len(t, s.signal(t, printB).Merged, 2)
	require.ErrorIs(t, s.MergeSignal(t.Context(), printC, printB, "ada"), review.ErrInvalid)
	require.ErrorIs(t, s.MergeSignal(t.Context(), printC, "none", "ada"), review.ErrNotFound)
	require.NoError(t, s.SplitSignal(t.Context(), printA, "ada"))
	require.Equal(t, 1, s.signal(t, printC).Total)
	require.Equal(t, 4, s.signal(t, printA).Total)
	require.NoError(t, s.SplitSignal(t.Context(), printB, "ada"))
	require.Equal(t, 2, s.signal(t, printA).Total)
	require.Equal(t, 2, s.signal(t, printB).Total)
	require.ErrorIs(t, s.SplitSignal(t.Context(), printB, "ada"), review.ErrInvalid)
	require.ErrorIs(t, s.SplitSignal(t.Context(), "none", "ada"), review.ErrNotFound)
	require.ErrorIs(t, s.RenameSignal(t.Context(), "none", "x", "ada"), review.ErrNotFound)
}
