package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
	"github.com/faultline-otel/faultline/internal/web/judgement"
)

// signalsPage is the list of signals with one of them beside it.
type signalsPage struct {
	shell
	Query     string
	Blind     bool // cases of a selection may be to be judged blind
	Unguarded bool // only signals without a test
	States    []option
	Classes   []optionGroup
	People    []option // responsible for signals
	Singles   []option // cases that no signal has, by their reason
	Place     string
	Rows      []signalRow
	Total     int
	Older     string
	UpTo      string
	Signal    *signalView
	Chosen    bool
	Done      *batchView
}

type signalRow struct {
	ID, Address string
	Current     bool
	Title       string
	Open        int
	OpenCount   string
	Chip        display.Chip
	State       review.SignalState
	Service     string
	Assignee    string
	When        display.Moment
	Total       string
	Chart       chart
}

type batchView struct {
	Batch   string
	Words   string
	Address string
}

func signalAddress(id string, query url.Values) string {
	return withQuery("/signals/"+url.PathEscape(id), query)
}

func signalRowOf(g *review.Signal, current string, query url.Values, now time.Time) signalRow {
	return signalRow{
		ID: g.ID, Address: signalAddress(g.ID, query), Current: g.ID == current, Chip: display.ChipOf(g.Class, g.Detail),
		Title: cmp.Or(display.Line(g.Name, 160), display.Line(g.Title, 160), display.Headline(g.Class, g.Detail)),
		State: g.State, Open: g.Open, OpenCount: display.Grouped(int64(g.Open)),
		Service: cmp.Or(display.Line(g.Service, 60), "unnamed service"), When: display.MomentOf(g.Last, now),
		Total: display.Grouped(int64(g.Total)), Chart: chartOf(g.HourlyCount), Assignee: display.Line(g.Assignee, 80),
	}
}

// signalKeys are the keys of an address that choose which signals are listed.
func signalKeys() []string { return []string{"q", "state", "class", "assignee", "unguarded"} }

func signalFilterOf(query url.Values) (review.SignalFilter, error) {
	f := review.SignalFilter{
		State: review.SignalState(query.Get("state")), Class: failure.Class(query.Get("class")), Cursor: query.Get("cursor"),
		Query: strings.TrimSpace(query.Get("q")), Assignee: query.Get("assignee"), Unguarded: query.Get("unguarded") != "",
	}
	if f.State != "" && !slices.Contains(review.SignalStates(), f.State) {
		return f, fmt.Errorf("state must be one of %v, got %.64q: %w", review.SignalStates(), f.State, review.ErrInvalid)
	}
	if _, known := failure.Info(f.Class); f.Class != "" && !known {
		return f, fmt.Errorf("class must be one of the taxonomy, got %.64q: %w", f.Class, review.ErrInvalid)
	}
	return f, nil
}

// peopleOf are those whose signals can be listed alone.
func peopleOf(chosen, viewer string, known []string) []option {
	people := []option{{Label: "anyone's"}}
	if viewer != "" {
		people = append(people, option{Value: viewer, Label: "yours"})
	}
	for _, name := range append(known, chosen) {
		if !slices.ContainsFunc(people, func(o option) bool { return o.Value == name }) {
			people = append(people, option{Value: name, Label: display.Line(name, 40)})
		}
	}
	for i := range people {
		people[i].Selected = people[i].Value == chosen
	}
	return people
}

// showSignals shows the signals, and the named one or the first.
func (s *server) showSignals(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	f, err := signalFilterOf(query)
	if err != nil {
		return err
	}
	listed, err := s.store.Signals(r.Context(), f)
	if err != nil {
		return err
	}
	kept := url.Values{}
	for _, key := range append(signalKeys(), "cursor") {
		if query.Get(key) != "" {
			kept.Set(key, query.Get(key))
		}
	}
	id := r.PathValue("id")
	page := signalsPage{
		shell: s.shell(r), Total: listed.Total, UpTo: listed.UpTo, Chosen: id != "",
		Done: batchOf(query),
	}
	page.Title, page.At, page.Signals = "Signals", "signals", display.Grouped(int64(listed.Total))
	facets, err := s.store.Facets(r.Context(), review.Filter{State: review.Open, Revealed: true})
	if err != nil {
		return err
	}
	page.Classes, page.Singles = classOptions(f.Class, nil, false, true), singlesOf(facets.Sources)
	page.Unguarded = f.Unguarded
	page.Blind = slices.ContainsFunc(s.store.Queues(), func(q review.Queue) bool { return q.Blind })
	page.Query, page.People = display.Line(f.Query, 1000), peopleOf(f.Assignee, s.claimant(r).Name, facets.Reviewers)
	page.States = []option{{Value: "", Label: "open", Selected: f.State == ""}}
	for _, state := range review.SignalStates() {
		page.States = append(page.States, option{Value: string(state), Label: string(state), Selected: f.State == state})
	}
	if id == "" && len(listed.Signals) > 0 {
		id = listed.Signals[0].ID
	}
	now := s.options.Now()
	for i := range listed.Signals {
		page.Rows = append(page.Rows, signalRowOf(&listed.Signals[i], id, kept, now))
	}
	if listed.Next != "" {
		older := url.Values{"cursor": {listed.Next}}
		for _, key := range signalKeys() {
			if kept.Get(key) != "" {
				older.Set(key, kept.Get(key))
			}
		}
		page.Older = withQuery("/signals", older)
	}
	if id != "" {
		g, err := s.store.Signal(r.Context(), id)
		if err != nil {
			return err
		}
		page.Signal = s.signalViewOf(&g, kept, s.claimant(r), exportCommand(r, g.ID), now)
		page.Signal.People = facets.Reviewers
		for i := range page.Rows {
			row := &page.Rows[i]
			if row.Current = row.ID == g.ID; row.Current && f.Cursor == "" {
				page.Place = display.Grouped(int64(i+1)) + " of " + display.Grouped(int64(listed.Total))
			}
			if !row.Current {
				page.Signal.Others = append(page.Signal.Others, option{Value: row.ID, Label: row.Title})
			}
		}
		page.Title = page.Signal.Title
	}
	open, err := s.store.Backlog(r.Context())
	if err != nil {
		return err
	}
	page.Open = open.Open
	return s.render(w, http.StatusOK, "signals", page)
}

// singlesOf links to the open cases that are here for another reason than a verdict.
func singlesOf(counts []review.Count) (links []option) {
	words := map[review.Source]string{
		review.SourceFeedback: "feedback", review.SourceSent: "sent", review.SourceSuspicion: "suspicion",
		review.SourceRandom: "sample", review.SourceJudge: "judged",
	}
	for _, c := range counts {
		source := review.Source(c.Value)
		if word := words[source]; word != "" {
			label := display.Grouped(int64(c.N)) + " " + word
			if c.N != 1 && source != review.SourceFeedback && source != review.SourceSent && source != review.SourceJudge {
				label += "s"
			}
			of := queueFilter{Filter: review.Filter{State: review.Open, Source: source}}
			links = append(links, option{Value: of.address(), Label: label})
		}
	}
	return links
}

// batchOf reads what the judgement before did from the address it led to.
func batchOf(query url.Values) *batchView {
	n, err := strconv.Atoi(query.Get("judged"))
	if err != nil {
		return nil
	}
	b := &batchView{Batch: query.Get("batch"), Words: display.Plural(n, "case") + " judged", Address: "/signals/undo"}
	if query.Get("stopped") != "" {
		b.Words += ", then the store failed; the rest is as it was"
	}
	if left, _ := strconv.Atoi(query.Get("left")); left > 0 {
		b.Words += ", " + display.Plural(left, "case") + " left out: somebody has them, or they are to be judged blind"
	}
	if query.Get("undone") != "" {
		b.Batch, b.Words = "", "taken back: "+display.Plural(n, "judgement")
	}
	return b
}

// postSignalLabel judges the chosen cases, else the chosen signals, else the one that is shown.
func (s *server) postSignalLabel(w http.ResponseWriter, r *http.Request) error {
	form, err := readFields(w, r)
	if err != nil {
		return err
	}
	by := s.claimant(r)
	selected := review.Selection{Signals: form["signal"], TraceIDs: form["trace"], UpTo: form.Get("up_to"), Holder: by.ID}
	if len(selected.Signals) == 0 {
		selected.Signals = []string{r.PathValue("id")}
	} else { // they were chosen in the list, which may be older than the signal beside it
		selected.UpTo = cmp.Or(form.Get("list_up_to"), selected.UpTo)
	}
	l := review.Label{
		Decision: review.Decision(form.Get("decision")), Note: form.Get("note"),
		Reviewer: cmp.Or(form.Get("reviewer"), by.Name),
	}
	if len(selected.Signals) == 1 { // several have a class each: confirmed as found
		l.Class, l.Detail = judgement.CutClass(form.Get("class"))
	}
	if name := s.options.Reviewer(r); name != "" {
		l.Reviewer = name
	}
	l.By = by.ID
	done, err := s.store.LabelMany(r.Context(), selected, l)
	query := url.Values{
		"judged": {strconv.Itoa(done.Labeled)}, "left": {strconv.Itoa(done.LeftOut)}, "batch": {done.ID},
	}
	if err != nil && done.Labeled == 0 {
		return err
	}
	if err != nil { // what was judged before it can be taken back
		s.options.Failed(r, err)
		query.Set("stopped", "1")
	}
	s.remember(w, r, l.Reviewer)
	return s.backToSignals(w, r, query)
}

// postUndo takes a judgement of many back.
func (s *server) postUndo(w http.ResponseWriter, r *http.Request) error {
	form, err := readFields(w, r)
	if err != nil {
		return err
	}
	n, err := s.store.UndoMany(r.Context(), form.Get("batch"), s.claimant(r).Name)
	if err != nil {
		return err
	}
	return s.backToSignals(w, r, url.Values{"judged": {strconv.Itoa(n)}, "undone": {"1"}})
}

// postSignalName gives a signal a title.
func (s *server) postSignalName(w http.ResponseWriter, r *http.Request) error {
	return s.changeSignal(w, r, func(id string, form url.Values) error {
		return s.store.RenameSignal(r.Context(), id, form.Get("title"), s.claimant(r).Name)
	})
}

// postSignalMerge makes a signal part of another one.
func (s *server) postSignalMerge(w http.ResponseWriter, r *http.Request) error {
	return s.changeSignal(w, r, func(id string, form url.Values) error {
		return s.store.MergeSignal(r.Context(), id, form.Get("into"), s.claimant(r).Name)
	})
}

// postSignalSplit takes a merge back.
func (s *server) postSignalSplit(w http.ResponseWriter, r *http.Request) error {
	return s.changeSignal(w, r, func(id string, _ url.Values) error {
		return s.store.SplitSignal(r.Context(), id, s.claimant(r).Name)
	})
}

// postSignalAssign makes a person responsible for a signal.
func (s *server) postSignalAssign(w http.ResponseWriter, r *http.Request) error {
	return s.changeSignal(w, r, func(id string, form url.Values) error {
		return s.store.AssignSignal(r.Context(), id, form.Get("assignee"), s.claimant(r).Name)
	})
}

// postSignalState resolves, ignores or reopens a signal.
func (s *server) postSignalState(w http.ResponseWriter, r *http.Request) error {
	return s.changeSignal(w, r, func(id string, form url.Values) error {
		return s.store.ChangeSignal(r.Context(), id, review.SignalChange{
			State: review.SignalState(form.Get("to")), Version: form.Get("version"), By: s.claimant(r).Name,
		})
	})
}

// changeSignal changes a signal as a form says, and shows it.
func (s *server) changeSignal(
	w http.ResponseWriter, r *http.Request, change func(id string, form url.Values) error,
) error {
	form, err := readFields(w, r)
	if err == nil {
		err = change(r.PathValue("id"), form)
	}
	if err != nil {
		return err
	}
	return s.backToSignals(w, r, url.Values{})
}

// backToSignals redirects to the signal of a form, else to the list.
func (s *server) backToSignals(w http.ResponseWriter, r *http.Request, query url.Values) error {
	for _, key := range signalKeys() {
		if v := r.URL.Query().Get(key); v != "" {
			query.Set(key, v)
		}
	}
	address := withQuery("/signals", query)
	if id := r.PathValue("id"); id != "" {
		address = signalAddress(id, query)
	}
	http.Redirect(w, r, address, http.StatusSeeOther) //nolint:gosec // a path of this server
	return nil
}
