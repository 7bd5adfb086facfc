package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
	"github.com/faultline-otel/faultline/internal/web/judgement"
)

// reviewerCookie remembers the name that a person entered, where no authenticator knows it.
const reviewerCookie = "faultline_reviewer"

// reviewer returns the sender of the request, and whether an authenticator knows the name.
func (s *server) reviewer(r *http.Request) (name string, known bool) {
	if name := s.options.Reviewer(r); name != "" {
		return name, true
	}
	cookie, err := r.Cookie(reviewerCookie)
	if err != nil {
		return "", false
	}
	name, err = url.QueryUnescape(cookie.Value)
	if err != nil {
		return "", false
	}
	return display.Head(name, maxReviewer), false
}

// remember has the browser keep the name that a person entered.
func (s *server) remember(w http.ResponseWriter, r *http.Request, name string) {
	if name == "" || s.options.Reviewer(r) != "" {
		return
	}
	//nolint:gosec // the page is served over plain HTTP on loopback, where Secure would drop it
	http.SetCookie(w, &http.Cookie{
		Name: reviewerCookie, Value: url.QueryEscape(name), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
}

// maxReviewer bounds the name of a reviewer in bytes, as review.Label does.
const maxReviewer = 256

// label adds a label. The name of the authenticator wins over the one in the request.
func (s *server) label(r *http.Request, l review.Label) (review.Label, error) {
	if name := s.options.Reviewer(r); name != "" {
		l.Reviewer = name
	}
	l.Note, l.Reviewer = strings.TrimSpace(l.Note), strings.TrimSpace(l.Reviewer)
	l.By = s.claimant(r).ID
	return s.store.AddLabel(r.Context(), l)
}

// readForm reads a form, and the filter of the queue from the query.
func readForm(w http.ResponseWriter, r *http.Request) (f queueFilter, form url.Values, err error) {
	if form, err = readFields(w, r); err != nil {
		return f, nil, err
	}
	f, err = queueFilterOf(r.URL.Query())
	return f, form, err
}

func readFields(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, err
		}
		return nil, fmt.Errorf("the form must be URL-encoded: %w: %w", err, review.ErrInvalid)
	}
	return r.PostForm, nil
}

// bar fills the judgement bar of a case.
func (s *server) bar(
	ctx context.Context, item *review.Item, f queueFilter, viewer review.Claimant,
) (judgement.Bar, error) {
	b := judgement.Of(item, review.QueueNamed(s.store.Queues(), item.Queue), viewer.Persons())
	b.Address = func(act string) string { return f.actAddress(item.TraceID, act) }
	if viewer.ID == "" {
		return b, nil
	}
	last, err := s.store.LastLabel(ctx, viewer.Persons()[0])
	if errors.Is(err, review.ErrNotFound) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	b.Undo = &judgement.Undo{
		Address: f.actAddress(last.TraceID, "undo"), Words: judgement.Word(last.Decision) + ", " + last.TraceID[:8],
	}
	return b, nil
}

// hiddenChip stands for a class that somebody must not know who judges.
var hiddenChip = display.Chip{Text: "blind"}

// hide removes from an item what its viewer must not know before it is judged.
func (s *server) hide(item *review.Item, viewer review.Claimant) {
	if queues := s.store.Queues(); item.State == review.Open && review.QueueNamed(queues, item.Queue).Blind {
		item.Hide(viewer.Persons()...)
	}
}

// postLabel handles the form below a case and redirects to the next one. The filter of the queue is in the query.
func (s *server) postLabel(w http.ResponseWriter, r *http.Request) error {
	f, form, err := readForm(w, r)
	if err != nil {
		return err
	}
	said, err := judgement.Said(form)
	if err != nil {
		return err
	}
	said.TraceID = r.PathValue("trace_id")
	l, err := s.label(r, said)
	if errors.Is(err, review.ErrConflict) {
		return s.showConflict(w, r, f, said, form)
	}
	if err != nil {
		return err
	}
	s.remember(w, r, l.Reviewer)
	next, err := s.nextOpen(r, f, l.TraceID, form.Get("next"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // a path of this server with an id from the store
	return nil
}

// postUndone takes back what the sender said of a case, and shows the case.
func (s *server) postUndone(w http.ResponseWriter, r *http.Request) error {
	return s.annul(w, r, review.TakenBack)
}

// postReopen has a case judged again.
func (s *server) postReopen(w http.ResponseWriter, r *http.Request) error {
	return s.annul(w, r, review.Reopened)
}

// annul adds a label after which earlier ones do not count.
func (s *server) annul(w http.ResponseWriter, r *http.Request, d review.Decision) error {
	f, form, err := readForm(w, r)
	if err != nil {
		return err
	}
	item, err := s.store.Item(r.Context(), r.PathValue("trace_id"))
	if err != nil {
		return err
	}
	said := review.Label{
		TraceID: item.TraceID, Decision: d, Reviewer: cmp.Or(form.Get("reviewer"), s.claimant(r).Name),
	}
	if len(item.Labels) > 0 {
		said.Replaces = item.Labels[0].ID
	}
	if _, err := s.label(r, said); err != nil {
		return err
	}
	//nolint:gosec // a path of this server with an id from the store
	http.Redirect(w, r, f.caseAddress(item.TraceID), http.StatusSeeOther)
	return nil
}

// nextOpen returns the address of the next case: where judged ones are listed the one below, else the first open one
// from there on that nobody else has, else the newest of those, else the queue.
func (s *server) nextOpen(r *http.Request, f queueFilter, done, wanted string) (string, error) {
	if f.State != review.Open && wanted != "" && wanted != done {
		item, err := s.store.Item(r.Context(), wanted)
		if err == nil {
			return f.caseAddress(item.TraceID), nil
		}
		if !errors.Is(err, review.ErrNotFound) {
			return "", err
		}
	}
	f.Cursor = ""
	if f.State == review.Reviewed {
		return f.address(), nil
	}
	next, err := s.take(r, f, wanted)
	if err != nil || next == "" {
		return f.address(), err
	}
	return f.caseAddress(next), nil
}

// conflictPage shows two judgements of one case.
type conflictPage struct {
	shell
	Headline     string
	TraceID      string
	Address      string // of the case
	LabelAddress string
	Theirs       judgement.Label
	Yours        judgement.Label
	Form         []judgement.Field // yours, to be said again
	Replaces     int64
}

// showConflict tells a person that another one judged the case since it was opened.
func (s *server) showConflict(
	w http.ResponseWriter, r *http.Request, f queueFilter, said review.Label, form url.Values,
) error {
	item, err := s.store.Item(r.Context(), said.TraceID)
	if err != nil {
		return err
	}
	s.hide(&item, s.claimant(r))
	var newest review.Label
	if len(item.Labels) > 0 {
		newest = item.Labels[0]
	}
	now := s.options.Now()
	page := conflictPage{
		shell: s.shell(r), Headline: display.Headline(item.Class, item.Detail), TraceID: item.TraceID,
		Address:      f.caseAddress(item.TraceID),
		LabelAddress: f.actAddress(item.TraceID, "label"), Theirs: judgement.LabelOf(&newest, now),
		Form: judgement.Fields(form, "replaces", "next"), Replaces: newest.ID,
	}
	page.Title = "Judged meanwhile"
	said.Created = now
	page.Yours = judgement.LabelOf(&said, now)
	return s.render(w, http.StatusConflict, "conflict", page)
}
