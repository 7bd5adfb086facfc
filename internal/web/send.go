package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// send makes a trace an item because a person asks for it. isNew is false where it was one before.
func (s *server) send(r *http.Request, traceID string) (item review.Item, isNew bool, err error) {
	ctx, traceID := r.Context(), strings.ToLower(strings.TrimSpace(traceID))
	sent := review.Trace{ID: traceID, Reasons: []review.Reason{{Source: review.SourceSent}}}
	if err := sent.Validate(); err != nil {
		return item, false, err
	}
	traces := []review.Trace{sent}
	item, err = s.store.Item(ctx, traceID)
	isNew = errors.Is(err, review.ErrNotFound)
	if err != nil && !isNew {
		return item, false, err
	}
	if isNew || len(item.Spans) == 0 {
		found, err := s.find(r, traceID)
		if err != nil && isNew {
			return item, false, fmt.Errorf("trace %s is not in the review store, and %w", traceID, err)
		}
		traces = append(traces, found...)
	}
	if err := s.store.Put(ctx, traces); err != nil {
		return item, false, err
	}
	item, err = s.store.Item(ctx, traceID)
	return item, isNew, err
}

func (s *server) find(r *http.Request, traceID string) ([]review.Trace, error) {
	if s.options.Finder == nil {
		return nil, fmt.Errorf("nothing looks elsewhere: %w", review.ErrNotFound)
	}
	return s.options.Finder.Find(r.Context(), traceID)
}

func (s *server) sendTrace(w http.ResponseWriter, r *http.Request) error {
	item, isNew, err := s.send(r, r.PathValue("trace_id"))
	if err != nil {
		return err
	}
	status := http.StatusOK
	if isNew {
		status = http.StatusCreated
	}
	return writeJSON(w, status, itemAsJSON(&item))
}

// sendPage asks before it sends: following a link must change nothing.
type sendPage struct {
	shell
	TraceID string
}

func (s *server) showSend(w http.ResponseWriter, r *http.Request) error {
	page := sendPage{shell: s.shell(r), TraceID: display.Line(r.URL.Query().Get("trace"), 64)}
	page.Title = "Send a trace to review"
	return s.render(w, http.StatusOK, "send", page)
}

func (s *server) postSend(w http.ResponseWriter, r *http.Request) error {
	form, err := readFields(w, r)
	if err != nil {
		return err
	}
	item, _, err := s.send(r, form.Get("trace"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/review/"+item.TraceID, http.StatusSeeOther)
	return nil
}
