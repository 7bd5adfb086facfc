package llmbudgetextension

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/session"
)

// handler is the API.
func (b *budget) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/sessions", func(w http.ResponseWriter, _ *http.Request) {
		list := b.breaker.Stopped()
		if list == nil {
			list = []session.Decision{}
		}
		respond(w, http.StatusOK, list)
	})
	mux.HandleFunc("GET /v1/sessions/{id...}", func(w http.ResponseWriter, r *http.Request) {
		b.answer(w, r.PathValue("id"), http.StatusTooManyRequests)
	})
	mux.HandleFunc("POST /v1/reset/{id...}", b.reset)
	mux.HandleFunc("POST /v1/sessions/{id}/reset", b.reset)
	// For proxies, which send the request of the client: any method, any path behind the prefix.
	mux.HandleFunc("/v1/authz", b.authorize)
	mux.HandleFunc("/v1/authz/", b.authorize)
	return mux
}

func (b *budget) reset(w http.ResponseWriter, r *http.Request) {
	d, known := b.breaker.Reset(session.IDOf(r.PathValue("id"), [16]byte{}))
	if !known {
		respond(w, http.StatusNotFound, d)
		return
	}
	respond(w, http.StatusOK, d)
}

// authorize answers for the session that a header names.
func (b *budget) authorize(w http.ResponseWriter, r *http.Request) {
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

func (b *budget) answer(w http.ResponseWriter, id string, deny int) {
	d := b.breaker.Get(session.IDOf(id, [16]byte{}))
	if d.State != session.Open {
		respond(w, http.StatusOK, d)
		return
	}
	// A total goes down for nobody; an hour keeps clients from asking in a loop.
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
	_ = json.NewEncoder(w).Encode(v) // whoever asked has gone away
}
