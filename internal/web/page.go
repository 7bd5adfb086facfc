package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// shell is the frame of every page.
type shell struct {
	Title    string
	At       string // which page it is
	Cases    string // address of the queue with its filter
	Signals  string // number of signals, "" where the page does not count them
	Open     int    // number of open items
	Reviewer string
	Known    bool   // an authenticator knows the reviewer
	Role     string // "" where there are none
	Trouble  string // what is wrong with the store, "" if nothing is
}

// Initials stand for the name of the reviewer on a narrow screen.
func (s shell) Initials() string {
	var initials []rune
	between := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for word := range strings.FieldsFuncSeq(s.Reviewer, between) {
		if initials = append(initials, unicode.ToUpper([]rune(word)[0])); len(initials) == 2 {
			break
		}
	}
	return string(initials)
}

func (s *server) shell(r *http.Request) shell {
	name, known := s.reviewer(r)
	frame := shell{Title: "Cases", Cases: "/", Reviewer: display.Line(name, maxReviewer), Known: known}
	if s.options.Admin != nil && known {
		frame.Role = "reviewer"
		if s.options.Admin(r) {
			frame.Role = "admin"
		}
	}
	if health := s.store.Health(); health != review.Healthy {
		frame.Trouble = unavailableText(health)
	}
	return frame
}

// reviewPage is the queue with a case beside it.
type reviewPage struct {
	shell
	Queue  *queueView
	Case   *caseView
	Chosen bool // the address names a case; a narrow screen shows it before the queue
}

func (s *server) showQueue(w http.ResponseWriter, r *http.Request) error {
	return s.review(w, r, "")
}

// showCase handles links from other tools. Tempo omits leading zeros of ids.
func (s *server) showCase(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("trace_id")
	return s.review(w, r, strings.Repeat("0", max(0, 32-len(id)))+id)
}

// review shows the queue and the named case, or the first.
func (s *server) review(w http.ResponseWriter, r *http.Request, traceID string) error {
	ctx := r.Context()
	f, err := queueFilterOf(r.URL.Query())
	if err != nil {
		return err
	}
	page := reviewPage{shell: s.shell(r), Chosen: traceID != ""}
	page.At, page.Cases = "cases", f.address()
	var item review.Item
	ask, looks := s.visitor(w, r), looksOnly(r)
	if traceID == "" && f.State == review.Open && f.Cursor == "" && !looks {
		traceID, err = s.takeAs(ctx, f, "", ask)
	} else if traceID != "" && ask.ID != "" && !looks {
		_, err = s.store.Claim(ctx, traceID, ask)
	}
	if err != nil && !readOnly(err) {
		return err
	}
	if traceID != "" {
		if item, err = s.store.Item(ctx, traceID); err != nil {
			return err
		}
	}
	queue, listed, err := s.queue(ctx, f, item.TraceID, ask)
	if err != nil {
		return err
	}
	page.Queue = queue
	if traceID == "" && len(listed.Items) > 0 {
		if item, err = s.store.Item(ctx, listed.Items[0].TraceID); err != nil {
			return err
		}
	}
	if item.TraceID != "" {
		s.hide(&item, ask)
		if page.Case, err = s.caseOf(ctx, &item, f, r.URL.Query().Get("span"), ask); err != nil {
			return err
		}
		page.Title = page.Case.Headline
		page.Case.Claim = claimViewOf(item.Claims, ask, s.options.Now())
		if err := s.placeInQueue(r, page.Case, f, listed); err != nil {
			return err
		}
	}
	open, err := s.store.Backlog(ctx)
	if err != nil {
		return err
	}
	page.Open = open.Open
	return s.render(w, http.StatusOK, "page", page)
}

// placeInQueue sets the position of the case in the queue, and the next one.
func (s *server) placeInQueue(r *http.Request, c *caseView, f queueFilter, listed review.Page) error {
	at := slices.IndexFunc(listed.Items, func(i review.Item) bool { return i.TraceID == c.TraceID })
	if at < 0 {
		return nil
	}
	if f.Cursor == "" {
		c.Bar.Position = display.Grouped(int64(at+1)) + " of " + numberOf(listed.Total, listed.AtLeast)
	}
	if at+1 < len(listed.Items) {
		c.Bar.Next = listed.Items[at+1].TraceID
		return nil
	}
	if listed.Next == "" {
		return nil
	}
	older := f.Filter
	older.Cursor, older.Limit = listed.Next, 1
	page, err := s.store.Items(r.Context(), older)
	if err != nil {
		return err
	}
	if len(page.Items) > 0 {
		c.Bar.Next = page.Items[0].TraceID
	}
	return nil
}
