// Package web serves the review page and the JSON API over a review.Store. It knows HTTP and HTML, but not how a
// store keeps items.
//
// The content of a case is hostile input. The page shows it as text, bounded in length, with invisible characters made
// visible, under a Content-Security-Policy that allows only the scripts and styles of this server.
package web

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
	"github.com/faultline-otel/faultline/internal/web/doubt"
	"github.com/faultline-otel/faultline/internal/web/overview"
)

// Options configure the page. The zero value is valid.
type Options struct {
	// TraceURL is the address of a trace in a tracing backend, with {trace_id} where the id belongs. "" shows no link.
	TraceURL string
	// Reviewer returns the name of the sender of a request, "" where it is unknown: then people enter their name. nil
	// always returns "".
	Reviewer func(r *http.Request) string
	// Admin reports whether the sender of a request is an admin; nil says that everybody is.
	Admin func(r *http.Request) bool
	// Denied is called where an action of admins is refused. It may be nil.
	Denied func(r *http.Request, action string)
	// ClaimFor is how long a case is its reviewer's without a judgement; 0 is DefaultClaim.
	ClaimFor time.Duration
	// Overview has the figures of the overview; somebody runs it. nil is one without figures.
	Overview *overview.Board
	// Finder finds traces that are not in the store; nil finds none.
	Finder review.Finder
	// Failed is called with internal errors, which are answered with 5xx. It may be nil.
	Failed func(r *http.Request, err error)
	// Now is the clock of relative times; nil is time.Now.
	Now func() time.Time
}

// DefaultClaim is how long a case is its reviewer's.
const DefaultClaim = 10 * time.Minute

// server answers requests over one store.
type server struct {
	store   review.Store
	options Options
	pages   *template.Template
	assets  *assets
	doubts  doubt.Reader
}

// NewHandler returns the page and the API over a store. It fails for an invalid option.
func NewHandler(store review.Store, options Options) (http.Handler, error) {
	if err := CheckTraceURL(options.TraceURL); err != nil {
		return nil, err
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	options.ClaimFor = cmp.Or(options.ClaimFor, DefaultClaim)
	if options.Reviewer == nil {
		options.Reviewer = func(*http.Request) string { return "" }
	}
	if options.Failed == nil {
		options.Failed = func(*http.Request, error) {}
	}
	if options.Overview == nil {
		options.Overview = overview.NewBoard(store)
	}
	assets, err := readAssets()
	if err != nil {
		return nil, err
	}
	pages, err := parsePages(assets)
	if err != nil {
		return nil, err
	}
	s := &server{store: store, options: options, pages: pages, assets: assets}
	return s.handler(), nil
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range []struct {
		pattern string
		handle  handlerFunc
	}{
		{"GET /{$}", s.showQueue},
		{"GET /review/{trace_id}", s.showCase},
		{"POST /review/{trace_id}/label", s.postLabel},
		{"POST /review/{trace_id}/claim", s.postClaim},
		{"POST /review/{trace_id}/skip", s.postSkip},
		{"POST /review/{trace_id}/release", s.postRelease},
		{"POST /review/{trace_id}/assign", s.postAssign},
		{"POST /review/{trace_id}/requeue", s.postRequeue},
		{"POST /review/{trace_id}/reopen", s.postReopen},
		{"POST /review/{trace_id}/undo", s.postUndone},
		{"GET /signals", s.showSignals},
		{"GET /signals/{id}", s.showSignals},
		{"POST /signals/{id}/label", s.postSignalLabel},
		{"POST /signals/{id}/state", s.postSignalState},
		{"POST /signals/{id}/rename", s.postSignalName},
		{"POST /signals/{id}/assign", s.postSignalAssign},
		{"POST /signals/{id}/merge", s.postSignalMerge},
		{"POST /signals/{id}/split", s.postSignalSplit},
		{"POST /signals/undo", s.postUndo},
		{"GET /overview", s.showOverview},
		{"GET /datasets", s.showDatasets},
		{"GET /audit", s.asAdmin("audit", s.showAudit)},
		{"GET /queue/fresh", s.showFresh},
		{"GET /send", s.showSend},
		{"POST /send", s.postSend},
		{"GET /static/{name}", s.assets.serve},

		{"GET /api/v1/items", s.listItems},
		{"GET /api/v1/items/{trace_id}", s.getItem},
		{"POST /api/v1/items/{trace_id}/labels", s.addLabel},
		{"PUT /api/v1/items/{trace_id}/claim", s.putClaim},
		{"DELETE /api/v1/items/{trace_id}/claim", s.deleteClaim},
		{"PUT /api/v1/items/{trace_id}/assignee", s.putAssignee},
		{"POST /api/v1/items/{trace_id}/requeue", s.requeue},
		{"GET /api/v1/queues", s.listQueues},
		{"POST /api/v1/claims", s.claimNext},
		{"GET /api/v1/signals", s.listSignals},
		{"GET /api/v1/signals/{id}", s.getSignal},
		{"PATCH /api/v1/signals/{id}", s.patchSignal},
		{"POST /api/v1/signals/{id}/guards", s.guardSignal},
		{"GET /api/v1/guards", s.listGuards},
		{"POST /api/v1/labels", s.addLabels},
		{"DELETE /api/v1/labels/{batch}", s.undoLabels},
		{"GET /api/v1/facets", s.getFacets},
		{"GET /api/v1/export", s.asAdmin("export", s.exportItems)},
		{"DELETE /api/v1/items", s.asAdmin("erase", s.eraseItems)},
		{"GET /api/v1/audit", s.asAdmin("audit", s.listAudit)},
		{"GET /api/v1/judgements", s.listJudgements},
		{"GET /api/v1/overview", s.getOverview},
		{"POST /api/v1/traces/{trace_id}", s.sendTrace},
	} {
		mux.Handle(route.pattern, s.adapt(route.handle))
	}
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(s.adapt(func(http.ResponseWriter, *http.Request) error { return errCrossOrigin }))
	return secured(origin.Handler(s.routed(mux)))
}

// routed replaces the router's answers to requests without a route.
func (s *server) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		said := outcome{header: http.Header{}}
		handler.ServeHTTP(&said, r)
		switch allow := said.header.Get("Allow"); {
		case said.status == http.StatusMethodNotAllowed:
			w.Header().Set("Allow", allow)
			s.adapt(func(http.ResponseWriter, *http.Request) error {
				return fmt.Errorf("%w: %s is answered to %s only", errMethod, display.Line(r.URL.Path, 200), allow)
			}).ServeHTTP(w, r)
		case said.header.Get("Location") != "": // the same path, spelled cleanly
			handler.ServeHTTP(w, r)
		default:
			s.adapt(notFound).ServeHTTP(w, r)
		}
	})
}

// outcome is a response that keeps only status and header.
type outcome struct {
	header http.Header
	status int
}

func (o *outcome) Header() http.Header { return o.header }

func (o *outcome) Write(b []byte) (int, error) { return len(b), nil }

func (o *outcome) WriteHeader(status int) { o.status = status }

// placeholder of the trace id in Options.TraceURL.
const placeholder = "{trace_id}"

// CheckTraceURL returns what is wrong with Options.TraceURL.
func CheckTraceURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(strings.ReplaceAll(address, placeholder, "0"))
	switch {
	case !strings.Contains(address, placeholder):
		return fmt.Errorf("trace_url must contain %s, got %q", placeholder, address)
	case err != nil:
		return fmt.Errorf("trace_url must be an address: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("trace_url must begin with http:// or https:// and a host, got %q", address)
	}
	return nil
}

func notFound(_ http.ResponseWriter, r *http.Request) error {
	return fmt.Errorf("no such page: %.200q: %w", r.URL.Path, review.ErrNotFound)
}

// Errors of requests that never reach the store.
var (
	errCrossOrigin = errors.New("cross-origin request refused")
	errMethod      = errors.New("method not allowed")
)
