package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
	"github.com/faultline-otel/faultline/internal/web/judgement"
	"github.com/faultline-otel/faultline/internal/web/overview"
)

// handlerFunc answers a request or returns an error. It returns an error only before it has written anything.
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

// policy allows only files of this server: the output of a model can neither run nor fetch.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured sets the headers of every answer. Caches must not keep content; assets override that.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// problem is an error as clients see it.
type problem struct {
	status  int
	code    string
	message string
}

// explain maps an error to its response. Internal errors reveal nothing about the server.
func explain(err error) problem {
	tooLarge := (*http.MaxBytesError)(nil)
	unavailable := (*review.UnavailableError)(nil)
	switch {
	case errors.As(err, &unavailable):
		return problem{http.StatusServiceUnavailable, "unavailable", unavailableText(unavailable.Health)}
	case errors.Is(err, errNotYet):
		return problem{http.StatusServiceUnavailable, "unavailable", errNotYet.Error()}
	case errors.Is(err, review.ErrNotFound):
		return problem{http.StatusNotFound, "not_found", sentence(err, review.ErrNotFound)}
	case errors.Is(err, review.ErrInvalid):
		return problem{http.StatusBadRequest, "invalid", sentence(err, review.ErrInvalid)}
	case errors.Is(err, review.ErrConflict):
		return problem{http.StatusConflict, "conflict", sentence(err, review.ErrConflict)}
	case errors.Is(err, errCrossOrigin):
		return problem{http.StatusForbidden, "cross_origin", err.Error()}
	case errors.Is(err, review.ErrElsewhere):
		return problem{http.StatusBadGateway, "elsewhere", sentence(err, review.ErrElsewhere)}
	case errors.Is(err, errForbidden):
		return problem{http.StatusForbidden, "forbidden", err.Error()}
	case errors.Is(err, errMethod):
		return problem{http.StatusMethodNotAllowed, "method_not_allowed", err.Error()}
	case errors.Is(err, errMediaType):
		return problem{http.StatusUnsupportedMediaType, "media_type", err.Error()}
	case errors.As(err, &tooLarge):
		return problem{
			http.StatusRequestEntityTooLarge,
			"too_large",
			fmt.Sprintf("the body must be at most %d bytes", tooLarge.Limit),
		}
	case errors.Is(err, context.Canceled):
		return problem{499, "cancelled", "the client went away"}
	}
	return problem{
		http.StatusInternalServerError,
		"internal",
		"the review store could not answer; the log of the Collector says why",
	}
}

// unavailableText says what is wrong with the store. It names no files: the log does.
func unavailableText(h review.Health) string {
	text := strings.ToUpper(h.String()[:1]) + h.String()[1:]
	if h.Readable() {
		return text + ". Cases can be read, and nothing can be written until there is room. " +
			"New failures wait in the queue of the exporter."
	}
	return text + ". Cases come back when the store works again; the log of the Collector says what became of the file. " +
		"New failures wait in the queue of the exporter."
}

// sentence returns the message without the sentinel error, which the code already names, unless nothing else is left.
func sentence(err, sentinel error) string {
	return display.Line(strings.TrimSuffix(err.Error(), ": "+sentinel.Error()), 500)
}

// adapt makes a handler of a handlerFunc. It answers errors in the format of the client.
func (s *server) adapt(handle handlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := handle(w, r)
		if err == nil {
			return
		}
		p := explain(err)
		if p.status >= http.StatusInternalServerError {
			s.options.Failed(r, err)
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			err = writeJSON(w, p.status, errorJSON{errorBody{p.code, p.message}})
		} else {
			page := errorPage{shell: s.shell(r), Status: p.status, Title: http.StatusText(p.status), Message: p.message}
			err = s.render(w, p.status, "error", page)
		}
		if err != nil {
			s.options.Failed(r, err)
		}
	})
}

type errorPage struct {
	shell
	Status         int
	Title, Message string
}

type errorJSON struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// writeJSON encodes the whole answer first, so that an encoding error does not leave half an answer. Characters are not
// escaped for HTML, since `faultline dataset export` reads calls from the API and must get their texts unchanged. Every
// answer has X-Content-Type-Options: nosniff.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that disconnected is not an error of the server
	return nil
}

// render executes the whole page before it sends anything.
func (s *server) render(w http.ResponseWriter, status int, page string, data any) error {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, page, data); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // see writeJSON
	return nil
}

// parsePages reads the templates. They have few functions on purpose: views are prepared in Go.
func parsePages(a *assets) (*template.Template, error) {
	pages, err := template.New("").Funcs(template.FuncMap{"asset": a.path}).ParseFS(templates, "templates/*.html")
	if err == nil {
		pages, err = pages.ParseFS(overview.Templates, "*.html")
	}
	if err == nil {
		pages, err = pages.ParseFS(judgement.Templates, "*.html")
	}
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	return pages, nil
}
