package web

import (
	"cmp"
	"context"
	"maps"
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

// queueSize is the number of items on a page of the queue.
const queueSize = 50

// queueFilter is the filter of the queue in addresses. All is the state "all"; the queue shows open items by default.
type queueFilter struct {
	review.Filter
	narrow url.Values // attributes as the address has them: times may be relative
}

const stateAll = "all"

func queueFilterOf(query url.Values) (queueFilter, error) {
	state, narrow := query.Get("state"), url.Values{}
	for _, key := range attributeKeys {
		if v := query.Get(key); v != "" {
			narrow.Set(key, v)
		}
	}
	query = url.Values{
		"class": query["class"], "service": query["service"], "source": query["source"], "q": query["q"],
		"cursor": query["cursor"], "queue": query["queue"],
	}
	maps.Copy(query, narrow)
	switch state {
	case "":
		query.Set("state", string(review.Open))
	case stateAll:
	default:
		query.Set("state", state)
	}
	f, err := filterOf(query)
	f.Limit = queueSize
	return queueFilter{f, narrow}, err
}

// values returns the query of addresses with this filter, empty for the default.
func (f queueFilter) values() url.Values {
	v := url.Values{}
	maps.Copy(v, f.narrow)
	for _, p := range []struct{ key, value string }{
		{"queue", f.Queue},
		{"class", string(f.Class)},
		{"service", f.Service},
		{"source", string(f.Source)},
		{"q", f.Query},
		{"cursor", f.Cursor},
	} {
		if p.value != "" {
			v.Set(p.key, p.value)
		}
	}
	switch f.State {
	case review.Open:
	case "":
		v.Set("state", stateAll)
	default:
		v.Set("state", string(f.State))
	}
	return v
}

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// address returns the address of the queue with this filter.
func (f queueFilter) address() string { return withQuery("/", f.values()) }

// caseAddress returns the address of a case beside this queue.
func (f queueFilter) caseAddress(traceID string) string {
	return withQuery("/review/"+url.PathEscape(traceID), f.values())
}

// actAddress returns the address of a form of a case.
func (f queueFilter) actAddress(traceID, act string) string {
	return withQuery("/review/"+url.PathEscape(traceID)+"/"+act, f.values())
}

func (f queueFilter) narrowed() bool {
	return f.Class != "" || f.Service != "" || f.Source != "" || f.Query != "" || len(f.narrow) > 0
}

// queueView is the list on the left.
type queueView struct {
	Query     string
	Queues    []option
	Classes   []optionGroup
	Services  []option
	Sources   []option
	States    []option
	Narrow    narrowView
	Rows      []queueRow
	Total     string
	Newest    string // address of the first page, where this is a later one
	Older     string // address of the next page, "" on the last
	FreshFrom string // address that counts newer items
	Empty     *emptyView
	Judging   string // who judges now
}

// Lists of a form.
type (
	option      = judgement.Option
	optionGroup = judgement.Group
)

type queueRow struct {
	TraceID, Address string
	Current          bool
	Chip             display.Chip
	When             display.Moment
	Service          string
	Evidence         string
	Judged           string // the newest decision, "" without one
	Holder           string // who has the case, "" if nobody
	Mine             bool   // it is the viewer
	Version          string // of the prompt
	Tone             string // of the decision
}

// emptyView explains an empty queue, and what fills it.
type emptyView struct {
	Untouched bool   // the store is empty
	Narrowed  bool   // the filter hides items
	Clear     string // address without the filter
	Reviewed  int
}

// queue lists a page of items. current is the item beside it, "" for the first.
func (s *server) queue(
	ctx context.Context, f queueFilter, current string, viewer review.Claimant,
) (*queueView, review.Page, error) {
	page, err := s.store.Items(ctx, f.Filter)
	if err != nil {
		return nil, review.Page{}, err
	}
	counted := f.Filter
	counted.Revealed = true // one case of a class would be known by the number
	facets, err := s.store.Facets(ctx, counted)
	if err != nil {
		return nil, review.Page{}, err
	}
	now := s.options.Now()
	q := &queueView{
		Query: f.Query, Total: numberOf(page.Total, page.AtLeast), Queues: queueOptions(f.Queue, s.store.Queues()),
		Classes: classOptions(f.Class, facets.Classes, facets.AtLeast, false), Services: serviceOptions(f.Service, &facets),
		Sources: sourceOptions(f.Source, &facets), States: stateOptions(f.State),
		Narrow: narrowOf(f.narrow, facets.Known), FreshFrom: freshAddress(f, page.Items),
	}
	if current == "" && len(page.Items) > 0 {
		current = page.Items[0].TraceID
	}
	for i := range page.Items {
		s.hide(&page.Items[i], viewer)
		row := rowOf(&page.Items[i], f, current, now)
		row.hold(page.Items[i].Claims, viewer)
		q.Rows = append(q.Rows, row)
	}
	q.Judging = judgingNow(page.Items, viewer)
	if page.Next != "" {
		older := f
		older.Cursor = page.Next
		q.Older = older.address()
	}
	if f.Cursor != "" {
		newest := f
		newest.Cursor = ""
		q.Newest = newest.address()
	}
	if len(page.Items) == 0 {
		if q.Empty, err = s.empty(ctx, f); err != nil {
			return nil, review.Page{}, err
		}
	}
	return q, page, nil
}

// numberOf is a number of cases, with a sign where not all were counted.
func numberOf(n int, atLeast bool) string {
	text := display.Grouped(int64(n))
	if atLeast {
		text += "+"
	}
	return text
}

func rowOf(item *review.Item, f queueFilter, current string, now time.Time) queueRow {
	row := queueRow{
		TraceID:  item.TraceID,
		Address:  f.caseAddress(item.TraceID),
		Current:  item.TraceID == current,
		Chip:     itemChip(item),
		When:     display.MomentOf(item.Received, now),
		Service:  display.Line(item.Service, 60),
		Evidence: display.Line(item.Evidence, 160),
		Version:  display.Line(item.PromptVersion, 40),
	}
	if row.Service == "" {
		row.Service = "unnamed service"
	}
	if row.Evidence == "" {
		row.Evidence = titleOf(item)
	}
	if item.Label != nil {
		row.Judged, row.Tone = judgement.Word(item.Label.Decision), judgement.Tone(item.Label.Decision)
	}
	switch {
	case item.Claim != nil:
		row.Holder = holderName(item.Claim) + " has it"
		if n := len(item.Claims) - 1; n > 0 {
			row.Holder = holderName(item.Claim) + " +" + strconv.Itoa(n) + " have it"
		}
	case item.Assignee != "":
		row.Holder = "for " + display.Line(item.Assignee, 60)
	}
	if item.Hidden {
		row.Chip, row.Evidence = hiddenChip, "to be judged without knowing what was found"
	}
	return row
}

// hold says whether the viewer is among those who have the case.
func (r *queueRow) hold(claims []review.Claim, viewer review.Claimant) {
	mine := func(c review.Claim) bool { return viewer.ID != "" && c.Holder == viewer.ID }
	if r.Mine = slices.ContainsFunc(claims, mine); r.Mine {
		r.Holder = "yours"
	}
}

// judgingNow names who has cases of a page.
func judgingNow(items []review.Item, viewer review.Claimant) string {
	var names []string
	for i := range items {
		for _, c := range items[i].Claims {
			name := holderName(&c)
			if viewer.ID != "" && c.Holder == viewer.ID {
				name = "you"
			}
			if !slices.Contains(names, name) && len(names) < 6 {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ", ")
}

func (s *server) empty(ctx context.Context, f queueFilter) (*emptyView, error) {
	e := &emptyView{Narrowed: f.narrowed()}
	e.Clear = queueFilter{Filter: review.Filter{State: f.State, Queue: f.Queue}}.address()
	all, err := s.store.Items(ctx, review.Filter{Limit: 1})
	if err != nil {
		return nil, err
	}
	reviewed, err := s.store.Items(ctx, review.Filter{Limit: 1, State: review.Reviewed})
	if err != nil {
		return nil, err
	}
	e.Untouched, e.Reviewed = all.Total == 0, reviewed.Total
	return e, nil
}

// queueOptions lists the queues, where there are several. The browser adds its saved views.
func queueOptions(chosen string, queues []review.Queue) []option {
	options := []option{{Label: "All cases", Selected: chosen == ""}}
	if len(queues) < 2 {
		return options
	}
	for i := range queues {
		name := queues[i].Name
		options = append(options, option{Value: name, Label: "Queue: " + display.Line(name, 60), Selected: name == chosen})
	}
	return options
}

// classOptions lists the classes in the queue by bucket with their numbers, and always the chosen one; or all classes.
func classOptions(chosen failure.Class, counts []review.Count, atLeast, all bool) []optionGroup {
	n := make(map[failure.Class]int, len(counts))
	for _, c := range counts {
		n[failure.Class(c.Value)] = c.N
	}
	var groups []optionGroup
	for _, bucket := range []failure.Bucket{failure.Safety, failure.Quality, failure.Structure, failure.Ops} {
		g := optionGroup{Label: string(bucket)}
		for _, c := range failure.Classes() {
			if c.Bucket != bucket || n[c.Class] == 0 && c.Class != chosen && !all {
				continue
			}
			label := string(c.Class)
			if n[c.Class] > 0 {
				label += " (" + numberOf(n[c.Class], atLeast) + ")"
			}
			g.Options = append(g.Options, option{Value: string(c.Class), Label: label, Selected: c.Class == chosen})
		}
		if len(g.Options) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

func serviceOptions(chosen string, facets *review.Facets) []option {
	counts := facets.Services
	if chosen != "" && !slices.ContainsFunc(counts, func(c review.Count) bool { return c.Value == chosen }) {
		counts = append([]review.Count{{Value: chosen}}, counts...)
	}
	var options []option
	for _, c := range counts {
		if c.Value == "" {
			continue // "" is no restriction
		}
		options = append(options, option{
			Value:    c.Value,
			Label:    display.Line(c.Value, 60) + " (" + numberOf(c.N, facets.AtLeast) + ")",
			Selected: c.Value == chosen,
		})
	}
	return options
}

func stateOptions(chosen review.State) []option {
	return []option{
		{Value: string(review.Open), Label: "to review", Selected: chosen == review.Open},
		{Value: string(review.Reviewed), Label: "reviewed", Selected: chosen == review.Reviewed},
		{Value: stateAll, Label: "all", Selected: chosen == ""},
	}
}

// freshAddress returns the address that counts items after the newest one listed.
func freshAddress(f queueFilter, items []review.Item) string {
	if f.Cursor != "" || f.State == review.Reviewed {
		return "" // new items are not on this page
	}
	since := "0"
	if len(items) > 0 {
		since = strconv.FormatInt(items[0].Received.UnixNano(), 10)
	}
	v := f.values()
	v.Set("after", since)
	return withQuery("/queue/fresh", v)
}

// freshView is the number of items since the page was made.
type freshView struct {
	N             int
	More          bool // at least N
	Address, Poll string
}

// maxFresh bounds the items that are counted as new.
const maxFresh = 100

func (s *server) showFresh(w http.ResponseWriter, r *http.Request) error {
	f, err := queueFilterOf(r.URL.Query())
	if err != nil {
		return err
	}
	since, err := strconv.ParseInt(cmp.Or(r.URL.Query().Get("after"), "0"), 10, 64)
	if err != nil {
		since = 0
	}
	newest := f.Filter
	newest.Limit, newest.Cursor = maxFresh, ""
	page, err := s.store.Items(r.Context(), newest)
	if err != nil {
		return err
	}
	view := freshView{Address: f.address(), Poll: withQuery("/queue/fresh", r.URL.Query())}
	for i := range page.Items {
		if page.Items[i].Received.UnixNano() > since {
			view.N++
		}
	}
	view.More = view.N == maxFresh
	if since == 0 && view.N > 0 {
		w.Header().Set("HX-Refresh", "true") // an empty page fills by itself
	}
	return s.render(w, http.StatusOK, "fresh", view)
}
