package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// browserCookie tells browsers apart where no authenticator knows who sits before them.
const browserCookie = "faultline_browser"

// aheadHeader is on requests for a case that is not shown yet.
const aheadHeader = "Faultline-Ahead"

// claimant returns the sender of a request as the store knows it, without an id where it is unknown.
func (s *server) claimant(r *http.Request) review.Claimant {
	name, known := s.reviewer(r)
	c := review.Claimant{Name: name, For: s.options.ClaimFor}
	if known {
		c.ID = "login " + name
	} else if cookie, err := r.Cookie(browserCookie); err == nil && cookie.Value != "" {
		c.ID = "browser " + display.Head(cookie.Value, maxReviewer)
	}
	return c
}

// visitor returns the claimant of a page, and lets the browser be known from the next request on.
func (s *server) visitor(w http.ResponseWriter, r *http.Request) review.Claimant {
	c := s.claimant(r)
	if c.ID == "" {
		//nolint:gosec // the page is served over plain HTTP on loopback, where Secure would drop it
		http.SetCookie(w, &http.Cookie{
			Name: browserCookie, Value: rand.Text(), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
			SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil, // Lax: links from other tools lead here
		})
	}
	return c
}

// looksOnly reports whether the case of a request is not to be claimed: it is fetched ahead, or was let go.
func looksOnly(r *http.Request) bool {
	return r.Header.Get(aheadHeader) != "" || r.URL.Query().Get("claim") == "no"
}

// readOnly reports whether a claim failed since the store can only be read. Its cases are shown all the same.
func readOnly(err error) bool {
	unavailable, ok := errors.AsType[*review.UnavailableError](err)
	return ok && unavailable.Health.Readable()
}

// take claims the next case for the sender of a request, from a case on, else from the newest on. It returns "" if
// there is none.
func (s *server) take(r *http.Request, f queueFilter, from string) (string, error) {
	return s.takeAs(r.Context(), f, from, s.claimant(r))
}

func (s *server) takeAs(ctx context.Context, f queueFilter, from string, by review.Claimant) (string, error) {
	f.Cursor = ""
	next, err := s.store.ClaimNext(ctx, f.Filter, from, by)
	if errors.Is(err, review.ErrNotFound) && from != "" {
		next, err = s.store.ClaimNext(ctx, f.Filter, "", by)
	}
	if errors.Is(err, review.ErrNotFound) {
		return "", nil
	}
	return next, err
}

// claimView says who has a case.
type claimView struct {
	Mine   string // how long it is yours still, "" if it is not
	Others []holderView
}

// holderView is somebody else who has a case.
type holderView struct {
	Name string
	Left string // until the claim expires, "" where the case is assigned to them
}

func claimViewOf(claims []review.Claim, by review.Claimant, now time.Time) (v claimView) {
	for i := range claims {
		claim := &claims[i]
		left := ""
		if !claim.Until.IsZero() {
			left = display.Ago(claim.Until.Sub(now) + time.Minute/2) // rounded
		}
		switch {
		case claim.Holder == "" && claim.Name == "": // none
		case claim.Holder == by.ID:
			v.Mine = left
		default:
			v.Others = append(v.Others, holderView{holderName(claim), left})
		}
	}
	return v
}

func holderName(c *review.Claim) string { return cmp.Or(display.Line(c.Name, 60), "somebody") }

// postClaim claims a case that was fetched ahead, and answers with the line that says who has it.
func (s *server) postClaim(w http.ResponseWriter, r *http.Request) error {
	by := s.claimant(r)
	if by.ID == "" {
		return fmt.Errorf("the browser must keep cookies: %w", review.ErrInvalid)
	}
	claim, err := s.store.Claim(r.Context(), r.PathValue("trace_id"), by)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "claim", claimViewOf([]review.Claim{claim}, by, s.options.Now()))
}

// postSkip lets a case go and leads to the next one.
func (s *server) postSkip(w http.ResponseWriter, r *http.Request) error {
	return s.goOn(w, r, func(ctx context.Context, traceID string, by review.Claimant) error {
		return s.store.Release(ctx, traceID, by.ID)
	})
}

// postRequeue puts a case at the end of its queue and leads to the next one.
func (s *server) postRequeue(w http.ResponseWriter, r *http.Request) error {
	return s.goOn(w, r, s.store.Requeue)
}

// goOn lets a case go and leads to the next one.
func (s *server) goOn(
	w http.ResponseWriter, r *http.Request, let func(ctx context.Context, traceID string, by review.Claimant) error,
) error {
	f, form, err := readForm(w, r)
	if err != nil {
		return err
	}
	id := r.PathValue("trace_id")
	if err := let(r.Context(), id, s.claimant(r)); err != nil {
		return err
	}
	next, err := s.nextOpen(r, f, id, form.Get("next"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // a path of this server with an id from the store
	return nil
}

// postRelease lets a case go and stays there.
func (s *server) postRelease(w http.ResponseWriter, r *http.Request) error {
	return s.stay(w, r, func(id string, _ url.Values) error {
		return s.store.Release(r.Context(), id, s.claimant(r).ID)
	})
}

// postAssign offers a case to one person and stays there.
func (s *server) postAssign(w http.ResponseWriter, r *http.Request) error {
	return s.stay(w, r, func(id string, form url.Values) error {
		return s.store.Assign(r.Context(), id, form.Get("assignee"), s.claimant(r).Name)
	})
}

// stay changes what is said of a case beside judgements, and shows the case without taking it.
func (s *server) stay(w http.ResponseWriter, r *http.Request, change func(id string, form url.Values) error) error {
	f, form, err := readForm(w, r)
	if err != nil {
		return err
	}
	id := r.PathValue("trace_id")
	if err := change(id, form); err != nil {
		return err
	}
	query := f.values()
	query.Set("claim", "no")
	//nolint:gosec // a path of this server with an id that the store knows
	http.Redirect(w, r, withQuery("/review/"+strings.ToLower(id), query), http.StatusSeeOther)
	return nil
}

// assigneeJSON says whom an item is offered to.
type assigneeJSON struct {
	Assignee string `json:"assignee"`
}

func (s *server) putAssignee(w http.ResponseWriter, r *http.Request) error {
	var in assigneeJSON
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	if len(in.Assignee) > maxReviewer {
		return fmt.Errorf("assignee must be at most %d bytes, got %d: %w", maxReviewer, len(in.Assignee), review.ErrInvalid)
	}
	if err := s.store.Assign(r.Context(), r.PathValue("trace_id"), in.Assignee, s.claimant(r).Name); err != nil {
		return err
	}
	return s.getItem(w, r)
}

func (s *server) requeue(w http.ResponseWriter, r *http.Request) error {
	by, err := s.caller(w, r)
	if err != nil {
		return err
	}
	if err := s.store.Requeue(r.Context(), r.PathValue("trace_id"), by); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// claimJSON asks for a claim. The name of an authenticator wins over the one in it.
type claimJSON struct {
	Reviewer string `json:"reviewer"`
}

// caller returns the claimant of a request to the API.
func (s *server) caller(w http.ResponseWriter, r *http.Request) (review.Claimant, error) {
	c := review.Claimant{For: s.options.ClaimFor}
	c.Name = s.options.Reviewer(r)
	if c.Name == "" {
		var in claimJSON
		if err := readJSON(w, r, &in); err != nil {
			return c, err
		}
		c.Name = strings.TrimSpace(in.Reviewer)
	}
	if c.Name == "" || len(c.Name) > maxReviewer {
		return c, fmt.Errorf("reviewer must have 1 to %d bytes, got %d: %w", maxReviewer, len(c.Name), review.ErrInvalid)
	}
	c.ID = s.holder(r, c.Name)
	return c, nil
}

// holder returns who a caller of the API is to the store, by the name that an authenticator or the request gives.
func (s *server) holder(r *http.Request, name string) string {
	if s.options.Reviewer(r) != "" {
		return "login " + name
	}
	return "name " + name
}

func (s *server) putClaim(w http.ResponseWriter, r *http.Request) error {
	by, err := s.caller(w, r)
	if err != nil {
		return err
	}
	claim, err := s.store.Claim(r.Context(), r.PathValue("trace_id"), by)
	if err != nil {
		return err
	}
	switch {
	case claim.Holder == by.ID:
	case claim.Holder != "":
		return fmt.Errorf("%s has the item until %s: %w",
			holderName(&claim), claim.Until.Format(time.RFC3339), review.ErrConflict)
	case claim.Name != "":
		return fmt.Errorf("the item is assigned to %s: %w", holderName(&claim), review.ErrConflict)
	default:
		return fmt.Errorf("the item must be open, and not judged by %s: %w", display.Line(by.Name, 80), review.ErrConflict)
	}
	return writeJSON(w, http.StatusOK, claim)
}

func (s *server) deleteClaim(w http.ResponseWriter, r *http.Request) error {
	by, err := s.caller(w, r)
	if err != nil {
		return err
	}
	if err := s.store.Release(r.Context(), r.PathValue("trace_id"), by.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// claimNext claims the newest open item that nobody else has.
func (s *server) claimNext(w http.ResponseWriter, r *http.Request) error {
	f, err := filterOf(r.URL.Query())
	if err != nil {
		return err
	}
	by, err := s.caller(w, r)
	if err != nil {
		return err
	}
	id, err := s.store.ClaimNext(r.Context(), f, "", by)
	if err != nil {
		return err
	}
	item, err := s.store.Item(r.Context(), id)
	if err != nil {
		return err
	}
	s.hide(&item, by)
	return writeJSON(w, http.StatusOK, itemAsJSON(&item))
}
