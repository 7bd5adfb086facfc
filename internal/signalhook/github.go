package signalhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// GitHubPath is where GitHub delivers its webhooks.
const GitHubPath = "/api/v1/hooks/github"

// Resolver is the part of a store that a merged pull request changes.
type Resolver interface {
	Signal(ctx context.Context, id string) (review.Signal, error)
	ChangeSignal(ctx context.Context, id string, change review.SignalChange) error
}

// GitHub resolves the signals that a merged pull request names.
type GitHub struct {
	Store  Resolver
	Secret string
	Failed func(r *http.Request, err error)
}

// Bounds of a delivery.
const (
	maxDelivery = 2 << 20 // bytes
	maxSignals  = 20
)

// signalID is an id that stands alone: a commit is longer.
var signalID = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

// event is the part of a pull_request event that is read.
type event struct {
	Action      string `json:"action"`
	PullRequest struct {
		Number   int       `json:"number"`
		Title    string    `json:"title"`
		Body     string    `json:"body"`
		Merged   bool      `json:"merged"`
		MergedAt time.Time `json:"merged_at"`
		Commit   string    `json:"merge_commit_sha"`
		MergedBy struct {
			Login string `json:"login"`
		} `json:"merged_by"`
		Base struct {
			Ref string `json:"ref"`
		} `json:"base"`
	} `json:"pull_request"`
	Repository struct {
		Name   string `json:"full_name"`
		Branch string `json:"default_branch"`
	} `json:"repository"`
}

// Before answers deliveries of GitHub, and leaves every other request to next. Deliveries are signed, so that they need
// no authenticator.
func (g *GitHub) Before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != GitHubPath {
			next.ServeHTTP(w, r)
			return
		}
		status, resolved, text := g.receive(w, r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		var answer any = map[string][]string{"resolved": resolved}
		if text != "" {
			answer = map[string]map[string]string{"error": {"message": text}}
		}
		_ = json.NewEncoder(w).Encode(answer) // a client that disconnected is not an error of the server
	})
}

func (g *GitHub) receive(w http.ResponseWriter, r *http.Request) (status int, resolved []string, text string) {
	resolved = []string{}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed, nil, "only POST is answered"
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDelivery))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return http.StatusRequestEntityTooLarge, nil, fmt.Sprintf("the body must be at most %d bytes", maxDelivery)
		}
		return http.StatusBadRequest, nil, "the body could not be read"
	}
	if !g.signed(body, r.Header.Get("X-Hub-Signature-256")) {
		return http.StatusUnauthorized, nil, "X-Hub-Signature-256 must be that of the body with the secret"
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return http.StatusUnsupportedMediaType, nil, "choose application/json as the content type of the webhook"
	}
	if r.Header.Get("X-GitHub-Event") != "pull_request" {
		return http.StatusOK, resolved, "" // a ping, or what nobody asked for
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return http.StatusBadRequest, nil, "the body must be a pull_request event"
	}
	resolved, err = g.resolve(r.Context(), &e)
	if err != nil {
		g.Failed(r, err)
		return http.StatusServiceUnavailable, nil, "the review store could not answer; deliver it again"
	}
	return http.StatusOK, resolved, ""
}

func (g *GitHub) signed(body []byte, header string) bool {
	text, ok := strings.CutPrefix(header, "sha256=")
	given, err := hex.DecodeString(text)
	if !ok || err != nil || g.Secret == "" {
		return false
	}
	mac := hmac.New(sha256.New, []byte(g.Secret))
	_, _ = mac.Write(body) // it never fails
	return hmac.Equal(mac.Sum(nil), given)
}

// resolve resolves the signals that a merged pull request names.
func (g *GitHub) resolve(ctx context.Context, e *event) (resolved []string, err error) {
	resolved = []string{}
	p := &e.PullRequest
	if e.Action != "closed" || !p.Merged || p.Commit == "" || p.Base.Ref != e.Repository.Branch {
		return resolved, nil
	}
	ids := signalID.FindAllString(p.Title+"\n"+p.Body, -1)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, id := range ids[:min(len(ids), maxSignals)] {
		signal, err := g.Store.Signal(ctx, id)
		if errors.Is(err, review.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if known(&signal, p.MergedAt, p.Commit) {
			continue
		}
		by := fmt.Sprintf("%s (%s#%d)", p.MergedBy.Login, e.Repository.Name, p.Number)
		change := review.SignalChange{State: review.SignalResolved, Version: p.Commit, By: by, Merged: p.MergedAt}
		if err := g.Store.ChangeSignal(ctx, id, change); err != nil && !errors.Is(err, review.ErrNotFound) {
			return nil, err
		}
		resolved = append(resolved, id)
	}
	return resolved, nil
}

// known reports whether what happened to a signal since the merge is newer than a delivery, which may come again: it is
// resolved by it, or came back, or somebody decided otherwise.
func known(g *review.Signal, merged time.Time, commit string) bool {
	if g.State == review.SignalResolved && g.Version == commit {
		return true
	}
	return g.Changed.After(merged) && (g.State == review.SignalRegressed || g.ChangedBy != "")
}
