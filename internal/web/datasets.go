package web

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// datasetsPage says which failures a test guards against, and which not.
type datasetsPage struct {
	shell
	Export  string // the command that makes a dataset of all that was judged
	Sets    []setView
	Missing []missingView
	Number  string // of all signals without a test
	All     string // address that lists them
}

// setView is a dataset, or a rule of a scorer file.
type setView struct {
	Kind, Name, Holds string
	Signals           []signalLink
	More              string // signals that are not listed
	By                string
	When              display.Moment
}

type signalLink struct{ Title, Address string }

// missingView is a signal with confirmed failures of which nothing was made.
type missingView struct {
	Title, Address, Export string
	Chip                   display.Chip
	State                  review.SignalState
	Judged                 string
}

// maxLinks bounds the signals that are named of a dataset.
const maxLinks = 6

func (s *server) showDatasets(w http.ResponseWriter, r *http.Request) error {
	list, err := s.store.Guards(r.Context())
	if err != nil {
		return err
	}
	signals, err := s.store.Signals(r.Context(), review.SignalFilter{Unguarded: true})
	if err != nil {
		return err
	}
	open, err := s.store.Backlog(r.Context())
	if err != nil {
		return err
	}
	page := datasetsPage{
		shell: s.shell(r), Export: exportCommand(r, ""), Sets: s.setsOf(list), Number: display.Grouped(int64(signals.Total)),
	}
	page.Title, page.At, page.Open = "Datasets", "datasets", open.Open
	for i := range signals.Signals {
		g := &signals.Signals[i]
		row := signalRowOf(g, "", url.Values{}, s.options.Now())
		page.Missing = append(page.Missing, missingView{
			Title: row.Title, Address: row.Address, Export: exportCommand(r, g.ID), Chip: row.Chip, State: g.State,
			Judged: display.Plural(g.Stored-g.Open, "case") + " judged",
		})
	}
	if signals.Next != "" {
		page.All = withQuery("/signals", url.Values{"unguarded": {"yes"}})
	}
	return s.render(w, http.StatusOK, "datasets", page)
}

// setsOf puts guards with one name together. The list is newest first, and so are the sets.
func (s *server) setsOf(list []review.SignalGuard) (sets []setView) {
	type key struct {
		kind review.GuardKind
		name string
	}
	at := map[key]int{}
	var rows []map[string]bool
	for i := range list {
		g := &list[i]
		n, known := at[key{g.Kind, g.Name}]
		if !known {
			n = len(sets)
			at[key{g.Kind, g.Name}] = n
			sets = append(sets, setView{
				Kind: "rule", Name: display.Line(g.Name, 120), When: display.MomentOf(g.Added, s.options.Now()),
				By: cmp.Or(display.Line(g.By, 80), "not known"),
			})
			rows = append(rows, map[string]bool{})
		}
		for _, id := range g.Rows {
			rows[n][id] = true
		}
		link := signalLink{cmp.Or(display.Line(g.Title, 100), g.Signal), signalAddress(g.Signal, url.Values{})}
		if !slices.Contains(sets[n].Signals, link) {
			sets[n].Signals = append(sets[n].Signals, link)
		}
	}
	for n := range sets {
		set := &sets[n]
		if len(rows[n]) > 0 {
			set.Kind, set.Holds = "dataset", display.Plural(len(rows[n]), "row")
		}
		if more := len(set.Signals) - maxLinks; more > 0 {
			set.Signals, set.More = set.Signals[:maxLinks], display.Plural(more, "more signal")
		}
	}
	return sets
}

func (s *server) listGuards(w http.ResponseWriter, r *http.Request) error {
	list, err := s.store.Guards(r.Context())
	if err != nil {
		return err
	}
	if list == nil {
		list = []review.SignalGuard{}
	}
	return writeJSON(w, http.StatusOK, struct {
		Guards []review.SignalGuard `json:"guards"`
	}{list})
}

// hostName is what may stand in a command that somebody copies into a shell.
var hostName = regexp.MustCompile(`^[A-Za-z0-9.:\[\]_-]{1,255}$`)

// exportCommand is the command that makes a dataset of what was judged, "" for all signals.
func exportCommand(r *http.Request, signal string) string {
	scheme, host := "http", "127.0.0.1:8321"
	if hostName.MatchString(r.Host) {
		host = r.Host
	}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" { // a proxy may speak TLS
		scheme = "https"
	}
	command := "faultline dataset export --from " + scheme + "://" + host
	if signal != "" {
		command += " --signal " + signal
	}
	return command + " -o failures.jsonl"
}
