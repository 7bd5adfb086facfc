package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/overview"
)

// errNotYet is the answer of an API that has nothing to say yet.
var errNotYet = errors.New("the figures are not computed yet; try again in a moment")

// overviewPage is how the review goes.
type overviewPage struct {
	shell
	overview.View
}

func (s *server) showOverview(w http.ResponseWriter, r *http.Request) error {
	board := s.options.Overview
	of, err := overview.ScopeOf(r.URL.Query(), board.Queues())
	if err != nil {
		return err
	}
	view := overview.ViewOf(board.Latest(of), of, board.Queues(), s.options.Now())
	page := overviewPage{shell: s.shell(r), View: view}
	page.Title, page.At = "Overview", "overview"
	open, err := s.store.Backlog(r.Context())
	if err != nil {
		return err
	}
	page.Open = open.Open
	return s.render(w, http.StatusOK, "overview", page)
}

func (s *server) getOverview(w http.ResponseWriter, r *http.Request) error {
	of, err := overview.ScopeOf(r.URL.Query(), s.options.Overview.Queues())
	if err != nil {
		return err
	}
	figures := s.options.Overview.Latest(of)
	if figures == nil {
		return errNotYet
	}
	return writeJSON(w, http.StatusOK, figures)
}

func (s *server) listJudgements(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	f := review.JudgementFilter{Service: query.Get("service"), Queue: query.Get("queue"), Cursor: query.Get("cursor")}
	var err error
	if f.Limit, err = limitOf(query); err != nil {
		return err
	}
	if text := query.Get("since"); text != "" {
		if f.Since, err = time.Parse(time.RFC3339, text); err != nil {
			return fmt.Errorf("since must be a time such as 2026-11-23T09:00:00Z, got %.64q: %w", text, review.ErrInvalid)
		}
	}
	page, err := s.store.Judgements(r.Context(), f)
	if err != nil {
		return err
	}
	if page.Judgements == nil {
		page.Judgements = []review.Judgement{}
	}
	return writeJSON(w, http.StatusOK, page)
}
