package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
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
	return head(name, maxReviewer), false
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

// postLabel handles the form below a case and redirects to the next one. The filter of the queue is in the query.
func (s *server) postLabel(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return fmt.Errorf("the form must be URL-encoded: %w: %w", err, review.ErrInvalid)
	}
	f, err := queueFilterOf(r.URL.Query())
	if err != nil {
		return err
	}
	form := r.PostForm
	// The list of classes on the page has class and detail in one value.
	class, detail, _ := strings.Cut(form.Get("class"), "/")
	l, err := s.label(r, review.Label{
		TraceID: r.PathValue("trace_id"), Decision: review.Decision(form.Get("decision")), Class: failure.Class(class),
		Detail: cmp.Or(form.Get("detail"), detail), Note: form.Get("note"), Reviewer: form.Get("reviewer"),
	})
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

// nextOpen returns the address of the next case: the one below in the queue if it is still open, else the newest open
// one, else the queue.
func (s *server) nextOpen(r *http.Request, f queueFilter, done, wanted string) (string, error) {
	if wanted != "" && wanted != done {
		item, err := s.store.Item(r.Context(), wanted)
		if err != nil && !errors.Is(err, review.ErrNotFound) {
			return "", err
		}
		if err == nil && (item.State == review.Open || f.State != review.Open) {
			return f.caseAddress(item.TraceID), nil
		}
	}
	f.Cursor = ""
	if f.State == review.Reviewed {
		return f.address(), nil
	}
	open := f.Filter
	open.State, open.Limit = review.Open, 1
	page, err := s.store.Items(r.Context(), open)
	if err != nil {
		return "", err
	}
	if len(page.Items) == 0 {
		return f.address(), nil
	}
	return f.caseAddress(page.Items[0].TraceID), nil
}
