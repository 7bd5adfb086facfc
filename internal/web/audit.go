package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// auditPage lists what people did.
type auditPage struct {
	shell
	Actions []option
	Rows    []auditRow
	Older   string
}

type auditRow struct {
	When                      display.Moment
	Who, Action, Subject, Num string
}

// entries reads a page of the audit log.
func (s *server) entries(r *http.Request) (page review.EntryPage, f review.EntryFilter, err error) {
	query := r.URL.Query()
	f = review.EntryFilter{Action: review.Action(query.Get("action")), Cursor: query.Get("cursor")}
	if f.Action != "" && !slices.Contains(review.Actions(), f.Action) {
		return page, f, fmt.Errorf("action must be one of %q, got %.64q: %w", review.Actions(), f.Action, review.ErrInvalid)
	}
	if f.Limit, err = limitOf(query); err != nil {
		return page, f, err
	}
	page, err = s.store.Entries(r.Context(), f)
	return page, f, err
}

func (s *server) listAudit(w http.ResponseWriter, r *http.Request) error {
	page, _, err := s.entries(r)
	if err != nil {
		return err
	}
	if page.Entries == nil {
		page.Entries = []review.Entry{}
	}
	return writeJSON(w, http.StatusOK, page)
}

func (s *server) showAudit(w http.ResponseWriter, r *http.Request) error {
	listed, f, err := s.entries(r)
	if err != nil {
		return err
	}
	page := auditPage{shell: s.shell(r), Actions: []option{{Label: "all", Selected: f.Action == ""}}}
	page.At = "audit"
	page.Title = "Audit log"
	for _, action := range review.Actions() {
		page.Actions = append(page.Actions, option{
			Value: string(action), Label: string(action), Selected: f.Action == action,
		})
	}
	for _, e := range listed.Entries {
		page.Rows = append(page.Rows, auditRow{
			When: display.MomentOf(e.Time, s.options.Now()), Who: cmp.Or(display.Line(e.Who, 80), "not known"),
			Action: string(e.Action), Subject: display.Line(e.Subject, 120), Num: display.Grouped(int64(e.N)),
		})
	}
	if listed.Next != "" {
		older := url.Values{"cursor": {listed.Next}}
		if f.Action != "" {
			older.Set("action", string(f.Action))
		}
		page.Older = withQuery("/audit", older)
	}
	return s.render(w, http.StatusOK, "audit", page)
}
