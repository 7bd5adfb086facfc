package web

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

type signalsJSON struct {
	Signals []review.Signal `json:"signals"`
	Total   int             `json:"total"`
	Next    string          `json:"next"`
	UpTo    string          `json:"up_to"`
}

func (s *server) listSignals(w http.ResponseWriter, r *http.Request) error {
	f, err := signalFilterOf(r.URL.Query())
	if err != nil {
		return err
	}
	page, err := s.store.Signals(r.Context(), f)
	if err != nil {
		return err
	}
	if page.Signals == nil {
		page.Signals = []review.Signal{}
	}
	return writeJSON(w, http.StatusOK, signalsJSON(page))
}

func (s *server) getSignal(w http.ResponseWriter, r *http.Request) error {
	g, err := s.store.Signal(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, g)
}

// signalPatch changes a signal. merged_into "" takes a merge back.
type signalPatch struct {
	review.SignalChange
	Title      *string `json:"title"`
	Assignee   *string `json:"assignee"`
	MergedInto *string `json:"merged_into"`
}

func (s *server) patchSignal(w http.ResponseWriter, r *http.Request) error {
	var in signalPatch
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	in.By = cmp.Or(s.options.Reviewer(r), in.By)
	ctx, id, by := r.Context(), r.PathValue("id"), s.claimant(r).Name
	var err error
	if in.State != "" || in.Title == nil && in.MergedInto == nil && in.Assignee == nil {
		err = s.store.ChangeSignal(ctx, id, in.SignalChange)
	}
	if err == nil && in.Title != nil {
		err = s.store.RenameSignal(ctx, id, *in.Title, by)
	}
	if err == nil && in.Assignee != nil {
		err = s.store.AssignSignal(ctx, id, *in.Assignee, by)
	}
	switch {
	case err != nil || in.MergedInto == nil:
	case *in.MergedInto == "":
		err = s.store.SplitSignal(ctx, id, by)
	default:
		err = s.store.MergeSignal(ctx, id, *in.MergedInto, by)
	}
	if err != nil {
		return err
	}
	return s.getSignal(w, r)
}

// guardSignal records what was made of the failures of a signal.
func (s *server) guardSignal(w http.ResponseWriter, r *http.Request) error {
	var in review.Guard
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	in.By = cmp.Or(s.options.Reviewer(r), in.By)
	if err := s.store.GuardSignal(r.Context(), r.PathValue("id"), in); err != nil {
		return err
	}
	return s.getSignal(w, r)
}

// manyJSON is a judgement of many items.
type manyJSON struct {
	Signals  []string        `json:"signals"`
	TraceIDs []string        `json:"trace_ids"`
	UpTo     string          `json:"up_to"`
	Decision review.Decision `json:"decision"`
	Class    failure.Class   `json:"error_class"`
	Detail   string          `json:"error_detail"`
	Note     string          `json:"note"`
	Reviewer string          `json:"reviewer"`
	review.Remarks
}

// stoppedJSON is the answer where a judgement of many items failed half-way.
type stoppedJSON struct {
	errorJSON
	review.Batch
}

func (s *server) addLabels(w http.ResponseWriter, r *http.Request) error {
	var in manyJSON
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	in.Reviewer = cmp.Or(s.options.Reviewer(r), strings.TrimSpace(in.Reviewer))
	selected := review.Selection{Signals: in.Signals, TraceIDs: in.TraceIDs, UpTo: in.UpTo}
	selected.Holder = s.holder(r, in.Reviewer)
	done, err := s.store.LabelMany(r.Context(), selected,
		review.Label{
			Decision: in.Decision, Class: in.Class, Detail: in.Detail, Note: in.Note, Reviewer: in.Reviewer,
			Remarks: in.Remarks, By: selected.Holder,
		})
	if err != nil && done.Labeled > 0 {
		s.options.Failed(r, err)
		p := explain(err)
		return writeJSON(w, p.status, stoppedJSON{errorJSON{errorBody{p.code, p.message}}, done})
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, done)
}

func (s *server) undoLabels(w http.ResponseWriter, r *http.Request) error {
	n, err := s.store.UndoMany(r.Context(), r.PathValue("batch"), s.claimant(r).Name)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]int{"undone": n})
}
