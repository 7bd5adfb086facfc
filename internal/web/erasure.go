package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// errForbidden is an action of an admin by somebody who is none.
var errForbidden = errors.New(
	"only an admin may do this; people::admins and people::admin_roles of llm_review name them")

// asAdmin answers only admins.
func (s *server) asAdmin(action string, handle handlerFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.options.Admin != nil && !s.options.Admin(r) {
			if s.options.Denied != nil {
				s.options.Denied(r, action)
			}
			return errForbidden
		}
		return handle(w, r)
	}
}

// subjectOf reads whose items a request is about.
func subjectOf(query url.Values) (subject review.Subject, err error) {
	n := 0
	for _, kind := range review.SubjectKinds() {
		if values, given := query[string(kind)]; given {
			n += len(values)
			subject = review.Subject{Kind: kind, ID: values[0]}
		}
	}
	if n != 1 || len(query) != 1 {
		return subject, fmt.Errorf("the address must have one of %q, and nothing else: %w",
			review.SubjectKinds(), review.ErrInvalid)
	}
	return subject, subject.Validate()
}

// Bounds of how long one item of an export may take to be sent, and an erasure until it is answered.
const (
	exportTime = 30 * time.Second
	eraseTime  = 10 * time.Minute
)

// exportItems writes the items of a subject, one a line. What was recorded is what was there when it began.
func (s *server) exportItems(w http.ResponseWriter, r *http.Request) error {
	subject, err := subjectOf(r.URL.Query())
	if err != nil {
		return err
	}
	var ids []string
	for cursor := ""; ; {
		page, next, err := s.store.Find(r.Context(), subject, cursor)
		if err != nil {
			return err
		}
		if ids = append(ids, page...); next == "" {
			break
		}
		cursor = next
	}
	record := review.Entry{
		Who: s.options.Reviewer(r), Action: review.ActionExport, Subject: subject.Hash(), N: len(ids),
	}
	if err := s.store.Record(r.Context(), record); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	control := http.NewResponseController(w)
	for _, id := range ids {
		item, err := s.store.Item(r.Context(), id)
		if errors.Is(err, review.ErrNotFound) {
			continue // removed meanwhile
		}
		_ = control.SetWriteDeadline(time.Now().Add(exportTime)) // not every server has one
		if err == nil {
			err = encoder.Encode(itemAsJSON(&item))
		}
		if err != nil {
			s.options.Failed(r, err)
			panic(http.ErrAbortHandler) // the client must see that the rest is missing
		}
	}
	return nil
}

// eraseItems removes the items of a subject.
func (s *server) eraseItems(w http.ResponseWriter, r *http.Request) error {
	subject, err := subjectOf(r.URL.Query())
	if err != nil {
		return err
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(eraseTime)) // not every server has one
	n, err := s.store.Erase(r.Context(), subject, s.options.Reviewer(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]int{"erased": n})
}
