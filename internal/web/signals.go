package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
	"github.com/faultline-otel/faultline/internal/web/judgement"
)

// signalsPage is the list of signals with one of them beside it.
type signalsPage struct {
	shell
	States  []option
	Classes []optionGroup
	Singles []option // cases that no signal has, by their reason
	Place   string
	Rows    []signalRow
	Total   int
	Older   string
	UpTo    string
	Signal  *signalView
	Chosen  bool
	Done    *batchView
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
	When        display.Moment
	Total       string
	Chart       chart
}

type signalView struct {
	signalRow
	ShortID   string
	Words     string // what is unusual
	Rises     bool
	Export    string // the command that makes a dataset of it
	From, To  string // of the chart
	Range     string // which cases are listed
	LeftOut   string // by a judgement of all
	First     display.Moment
	Name      string // that a person gave it
	Parts     []partView
	Others    []option // what it can be merged into
	OpenWords string
	AllCases  string
	Splits    []split
	Exemplars []queueRow
	Choices   []optionGroup
	Resolved  string
	Resolver  string // who resolved it, where it came back
	Guards    []guardView
	Address   func(act string) string // of a form of the signal
	Versions  []string
}

// guardView is what was made of the failures of a signal.
type guardView struct {
	Words string // what it is
	Name  string
	When  display.Moment
}

func guardOf(g *review.Guard, now time.Time) guardView {
	v := guardView{Words: "rule", Name: display.Line(g.Name, 120), When: display.MomentOf(g.Added, now)}
	if g.Kind == review.GuardRows {
		v.Words = display.Plural(len(g.Rows), "row") + " of the dataset"
	}
	return v
}

// partView is what was merged into a signal.
type partView struct{ Title, Address string }

// split is how a signal divides over the values of one key.
type split struct {
	Name string
	Rows []splitRow
}

type splitRow struct {
	Value string
	N     string
	Width string // in per cent
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
		Total: display.Grouped(int64(g.Total)), Chart: chartOf(g.HourlyCount),
	}
}

func signalFilterOf(query url.Values) (review.SignalFilter, error) {
	f := review.SignalFilter{
		State: review.SignalState(query.Get("state")), Class: failure.Class(query.Get("class")), Cursor: query.Get("cursor"),
	}
	if f.State != "" && !slices.Contains(review.SignalStates(), f.State) {
		return f, fmt.Errorf("state must be one of %v, got %.64q: %w", review.SignalStates(), f.State, review.ErrInvalid)
	}
	if _, known := failure.Info(f.Class); f.Class != "" && !known {
		return f, fmt.Errorf("class must be one of the taxonomy, got %.64q: %w", f.Class, review.ErrInvalid)
	}
	return f, nil
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
	for _, key := range []string{"state", "class", "cursor"} {
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
	page.Classes, page.Singles = classOptions(f.Class, nil, true), singlesOf(facets.Sources)
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
		for _, key := range []string{"state", "class"} {
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
		page.Signal = s.signalViewOf(&g, kept, s.claimant(r), now)
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

func (s *server) signalViewOf(
	g *review.Signal, query url.Values, viewer review.Claimant, now time.Time,
) *signalView {
	v := &signalView{
		signalRow: signalRowOf(g, g.ID, query, now), First: display.MomentOf(g.First, now), Name: g.Name,
		OpenWords: "all " + display.Grouped(int64(g.Open)), Choices: judgement.Choices(g.Class, g.Detail),
		AllCases: withQuery("/", queueFilter{Filter: review.Filter{Query: g.ID}}.values()),
		ShortID:  abbreviate(g.ID), Words: unusual(g), Rises: g.State == review.SignalEscalating,
		Export:  "faultline dataset export --from http://127.0.0.1:8321 --signal " + g.ID + " -o failures.jsonl",
		From:    now.UTC().Add(-time.Duration(len(g.HourlyCount)) * time.Hour).Format("Mon 15:04"),
		To:      now.UTC().Format("15:04"),
		Address: func(act string) string { return withQuery("/signals/"+url.PathEscape(g.ID)+"/"+act, query) },
	}
	for i := range g.Merged {
		v.Parts = append(v.Parts, partView{
			Title:   cmp.Or(display.Line(g.Merged[i].Title, 160), g.Merged[i].ID),
			Address: withQuery("/signals/"+url.PathEscape(g.Merged[i].ID)+"/split", query),
		})
	}
	if g.Version != "" {
		v.Resolved = display.Line(g.Version, 60)
	}
	if g.State == review.SignalRegressed {
		v.Resolver = display.Line(g.ChangedBy, 120)
	}
	for i := range g.Guards {
		v.Guards = append(v.Guards, guardOf(&g.Guards[i], now))
	}
	for _, key := range []struct {
		name   string
		counts []review.Count
	}{{"prompt", g.Versions}, {"model", g.Models}, {"service", g.Services}} {
		if divided := splitOf(key.name, key.counts); len(divided.Rows) > 0 {
			v.Splits = append(v.Splits, divided)
		}
	}
	for _, version := range g.Versions {
		if version.Value != "" {
			v.Versions = append(v.Versions, version.Value)
		}
	}
	all := queueFilter{Filter: review.Filter{Query: g.ID}}
	blind, held := 0, 0
	for i := range g.Exemplars {
		item := &g.Exemplars[i]
		if s.hide(item, viewer); item.Hidden { // the signal would tell what was found
			blind++
			continue
		}
		row := rowOf(item, all, "", now)
		if row.hold(item.Claims, viewer); item.Claim != nil && !row.Mine {
			held++
		}
		v.Exemplars = append(v.Exemplars, row)
	}
	v.Range = display.Grouped(int64(len(v.Exemplars))) + " that show the range, of " + display.Grouped(int64(g.Stored))
	if blind > 0 {
		v.Range += "; what is to be judged blind is not listed"
	}
	if held > 0 {
		v.LeftOut = "What others have is left out"
	}
	return v
}

// unusual says what is new about a signal, and against what.
func unusual(g *review.Signal) string {
	last, day := 0, 0
	for i, n := range g.HourlyCount {
		if len(g.HourlyCount)-i <= 24 {
			day += n
		}
		last = n
	}
	switch g.State {
	case review.SignalEscalating:
		return fmt.Sprintf("%s in this hour, of %s in a day: far more than usual at this time",
			display.Grouped(int64(last)), display.Grouped(int64(day)))
	case review.SignalRegressed:
		return "Seen again after it was resolved"
	case review.SignalNew, review.SignalOngoing, review.SignalResolved, review.SignalIgnored:
	}
	return display.Grouped(int64(day)) + " in the last 24 hours"
}

// singlesOf links to the open cases that are here for another reason than a verdict.
func singlesOf(counts []review.Count) (links []option) {
	words := map[review.Source]string{
		review.SourceFeedback: "feedback", review.SourceSent: "sent", review.SourceSuspicion: "suspicion",
		review.SourceRandom: "sample",
	}
	for _, c := range counts {
		source := review.Source(c.Value)
		if word := words[source]; word != "" {
			label := display.Grouped(int64(c.N)) + " " + word
			if c.N != 1 && source != review.SourceFeedback && source != review.SourceSent {
				label += "s"
			}
			of := queueFilter{Filter: review.Filter{State: review.Open, Source: source}}
			links = append(links, option{Value: of.address(), Label: label})
		}
	}
	return links
}

// maxSplit bounds the values that are shown of a key.
const maxSplit = 6

func splitOf(name string, counts []review.Count) split {
	s := split{Name: name}
	sum := 0
	for _, c := range counts {
		sum += c.N
	}
	for _, c := range counts[:min(len(counts), maxSplit)] {
		if c.Value == "" && len(counts) == 1 {
			break // nobody says
		}
		s.Rows = append(s.Rows, splitRow{
			Value: cmp.Or(display.Line(c.Value, 60), "not given"), N: display.Grouped(int64(c.N)),
			Width: perCent(100 * float64(c.N) / float64(sum)),
		})
	}
	return s
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
		b.Words += ", " + display.Plural(left, "case") + " left out: somebody has them"
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
	for _, key := range []string{"state", "class"} {
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
