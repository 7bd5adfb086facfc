package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
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

// maxReviewer bounds the name of a reviewer in bytes, as review.Label does.
const maxReviewer = 256

// label adds a label. The name of the authenticator wins over the one in the request.
func (s *server) label(r *http.Request, l review.Label) (review.Label, error) {
	if name := s.options.Reviewer(r); name != "" {
		l.Reviewer = name
	}
	l.Note, l.Reviewer = strings.TrimSpace(l.Note), strings.TrimSpace(l.Reviewer)
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

// cutClass splits a value of the list of classes, which has class and detail.
func cutClass(value string) (failure.Class, string) {
	class, detail, _ := strings.Cut(value, "/")
	return failure.Class(class), detail
}

// postLabel handles the form below a case and redirects to the next one. The filter of the queue is in the query.
func (s *server) postLabel(w http.ResponseWriter, r *http.Request) error {
	f, form, err := readForm(w, r)
	if err != nil {
		return err
	}
	class, detail := cutClass(form.Get("class"))
	said := review.Label{
		TraceID: r.PathValue("trace_id"), Decision: review.Decision(form.Get("decision")), Class: class,
		Detail: cmp.Or(form.Get("detail"), detail), Note: form.Get("note"), Reviewer: form.Get("reviewer"),
	}
	if said.Replaces, err = strconv.ParseInt(cmp.Or(form.Get("replaces"), "0"), 10, 64); err != nil {
		return fmt.Errorf("replaces must be the number of a label, got %.64q: %w", form.Get("replaces"), review.ErrInvalid)
	}
	l, err := s.label(r, said)
	if errors.Is(err, review.ErrConflict) {
		return s.showConflict(w, r, f, said)
	}
	if err != nil {
		return err
	}
	if l.Reviewer != "" && s.options.Reviewer(r) == "" {
		//nolint:gosec // the page is served over plain HTTP on loopback, where Secure would drop it
		http.SetCookie(w, &http.Cookie{
			Name: reviewerCookie, Value: url.QueryEscape(l.Reviewer), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
			SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
		})
	}
	next, err := s.nextOpen(r, f, l.TraceID, form.Get("next"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // a path of this server with an id from the store
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
	Address      string // of the case
	LabelAddress string
	Theirs       labelView
	Yours        labelView
	Form         review.Label // yours, to be said again
}

// showConflict tells a person that another one judged the case since it was opened.
func (s *server) showConflict(w http.ResponseWriter, r *http.Request, f queueFilter, said review.Label) error {
	item, err := s.store.Item(r.Context(), said.TraceID)
	if err != nil {
		return err
	}
	if item.Label == nil { // the judgement that was seen was undone
		item.Label = &review.Label{}
	}
	now := s.options.Now()
	page := conflictPage{
		shell: s.shell(r), Headline: display.Headline(item.Class, item.Detail), Address: f.caseAddress(item.TraceID),
		LabelAddress: f.labelAddress(item.TraceID), Theirs: labelOf(item.Label, now), Form: said,
	}
	page.Title = "Judged meanwhile"
	page.Form.Replaces, said.Created = item.Label.ID, now
	page.Yours = labelOf(&said, now)
	return s.render(w, http.StatusConflict, "conflict", page)
}

func decisionWord(d review.Decision) string {
	if d == review.Rejected {
		return "not a failure"
	}
	return "confirmed"
}
