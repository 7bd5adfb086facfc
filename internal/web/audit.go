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

// record notes what the sender of a request did. It is done by then, so that a failure is only told to the operator.
func (s *server) record(r *http.Request, action review.Action, subject string, n int) {
	e := review.Entry{Who: s.claimant(r).Name, Action: action, Subject: subject, N: n}
	if err := s.store.Record(r.Context(), e); err != nil {
		s.options.Failed(r, err)
	}
}

// assign offers a case to one person.
func (s *server) assign(r *http.Request, traceID, name string) error {
	if err := s.store.Assign(r.Context(), traceID, name); err != nil {
		return err
	}
	s.record(r, review.ActionAssign, traceID+" to "+cmp.Or(name, "everybody"), 1)
	return nil
}

// assignSignal says who looks after a signal.
func (s *server) assignSignal(r *http.Request, id, name string) error {
	subject := "signal " + id + " to " + cmp.Or(name, "nobody")
	return s.recorded(r, s.store.AssignSignal(r.Context(), id, name), review.ActionAssign, subject)
}

// undo takes a judgement of many back.
func (s *server) undo(r *http.Request, batch string) (int, error) {
	n, err := s.store.UndoMany(r.Context(), batch)
	if n > 0 {
		s.record(r, review.ActionUndo, "batch "+batch, n)
	}
	return n, err
}

// putBack puts a case at the end of its queue.
func (s *server) putBack(r *http.Request, traceID, holder string) error {
	return s.recorded(r, s.store.Requeue(r.Context(), traceID, holder), review.ActionRequeue, traceID)
}

// rename gives a signal a title.
func (s *server) rename(r *http.Request, id, title string) error {
	return s.recorded(r, s.store.RenameSignal(r.Context(), id, title), review.ActionRename, id+" "+title)
}

// merge makes a signal part of another one.
func (s *server) merge(r *http.Request, id, into string) error {
	return s.recorded(r, s.store.MergeSignal(r.Context(), id, into), review.ActionMerge, id+" into "+into)
}

// split takes a merge back.
func (s *server) split(r *http.Request, id string) error {
	return s.recorded(r, s.store.SplitSignal(r.Context(), id), review.ActionSplit, id)
}

// recorded records what was done to a case or a signal, unless it failed.
func (s *server) recorded(r *http.Request, err error, action review.Action, subject string) error {
	if err == nil {
		s.record(r, action, subject, 1)
	}
	return err
}
