package llmbudgetextension

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/budget"
	"github.com/faultline-otel/faultline/internal/loopback"
	"github.com/faultline-otel/faultline/internal/session"
)

// The paths of the API.
const (
	pathSessions = "/v1/sessions"
	pathAuthz    = "/v1/authz"
	reset        = "/reset"
)

// handler is the API. It does its own routing, because session IDs can contain any characters, and http.ServeMux
// removes dots and slashes from paths even if they are escaped.
func (b *budgetExtension) handler() http.Handler {
	// A web page in a browser must not reset limits or read the stopped sessions.
	guarded := http.NewCrossOriginProtection().Handler(http.HandlerFunc(b.sessions))
	if !b.config.HTTP.Auth.HasValue() {
		guarded = loopback.Only(guarded, "http::auth")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Proxies forward the client's request: any method, host and origin, and any path after the prefix.
		if path := r.URL.EscapedPath(); path == pathAuthz || strings.HasPrefix(path, pathAuthz+"/") {
			b.authorize(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

func (b *budgetExtension) sessions(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if path == pathSessions && r.Method == http.MethodGet {
		list := b.breaker.Stopped()
		if list == nil {
			list = []budget.Decision{}
		}
		respond(w, http.StatusOK, list)
		return
	}
	escaped, named := strings.CutPrefix(path, pathSessions+"/")
	if named && r.Method == http.MethodPost {
		escaped, named = strings.CutSuffix(escaped, reset)
	}
	id, err := url.PathUnescape(escaped)
	switch {
	case !named || id == "" || err != nil:
		respond(w, http.StatusNotFound, map[string]string{
			"reason": "no such path; the API has GET " + pathSessions + "[/{id}], POST " + pathSessions +
				"/{id}" + reset + " and " + pathAuthz,
		})
	case r.Method == http.MethodGet:
		b.answer(w, id, http.StatusTooManyRequests)
	case r.Method == http.MethodPost:
		d, known := b.breaker.Reset(session.IDOf(id, [16]byte{}))
		status := http.StatusOK
		if !known {
			status = http.StatusNotFound
		}
		respond(w, status, d)
	default:
		w.Header().Set("Allow", "GET, POST")
		respond(w, http.StatusMethodNotAllowed, map[string]string{"reason": "method " + r.Method + " is not allowed"})
	}
}

// authorize answers for the session in a header.
func (b *budgetExtension) authorize(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(b.config.SessionHeader)
	if id == "" {
		status := http.StatusOK
		if !b.config.FailOpen {
			status = b.config.DenyStatus
		}
		respond(w, status, map[string]string{"reason": "the request has no " + b.config.SessionHeader})
		return
	}
	b.answer(w, id, b.config.DenyStatus)
}

func (b *budgetExtension) answer(w http.ResponseWriter, id string, deny int) {
	d := b.breaker.Get(session.IDOf(id, [16]byte{}))
	if d.State != budget.Open {
		respond(w, http.StatusOK, d)
		return
	}
	// A total never goes down. An hour keeps clients from asking in a loop.
	retry := d.Retry
	if retry == 0 {
		retry = time.Hour
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(retry.Seconds())))
	respond(w, deny, d)
}

func respond(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone away
}
