package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/triage"
	"github.com/faultline-otel/faultline/internal/web/transcript"
)

// itemJSON is an item in the API. The README documents its keys.
type itemJSON struct {
	TraceID     string       `json:"trace_id"`
	Service     string       `json:"service"`
	Environment string       `json:"environment,omitempty"`
	State       review.State `json:"state"`
	failure.Verdict
	PrimarySpanID string              `json:"primary_span_id"`
	Model         string              `json:"model,omitempty"`
	PromptName    string              `json:"prompt_name,omitempty"`
	PromptVersion string              `json:"prompt_version,omitempty"`
	SessionID     string              `json:"session_id,omitempty"`
	CostUSD       genai.Opt[float64]  `json:"cost_usd,omitzero"`
	Start         time.Time           `json:"start"`
	DurationMS    float64             `json:"duration_ms"`
	Received      time.Time           `json:"received"`
	Label         *review.Label       `json:"label,omitempty"`
	Queue         string              `json:"queue,omitempty"`
	Reviewers     int                 `json:"reviewers"` // that have to judge it
	Judged        int                 `json:"judged"`    // that did
	Assignee      string              `json:"assignee,omitempty"`
	Claim         *review.Claim       `json:"claim,omitempty"`
	Claims        []review.Claim      `json:"claims,omitempty"` // where several judge it
	Spans         []review.Span       `json:"spans,omitempty"`
	Labels        []review.Label      `json:"labels,omitempty"`
	Steps         []triage.Step       `json:"steps,omitempty"`
	Sources       []review.Reason     `json:"sources,omitempty"` // the strongest first
	Evaluations   []review.Evaluation `json:"evaluations,omitempty"`
}

func itemAsJSON(i *review.Item) itemJSON {
	return itemJSON{
		TraceID:       i.TraceID,
		Service:       i.Service,
		Environment:   i.Environment,
		State:         i.State,
		Verdict:       i.Verdict,
		PrimarySpanID: i.PrimarySpanID,
		Model:         i.Model,
		PromptName:    i.PromptName,
		PromptVersion: i.PromptVersion,
		SessionID:     i.SessionID,
		CostUSD:       i.CostUSD,
		Start:         i.Start,
		DurationMS: float64(
			i.Duration,
		) / float64(
			time.Millisecond,
		),
		Received:  i.Received,
		Label:     i.Label,
		Queue:     i.Queue,
		Reviewers: i.Reviewers,
		Judged:    i.Judged,
		Assignee:  i.Assignee,
		Claim:     i.Claim,
		Claims:    severalOnly(i.Claims),
		Spans:     i.Spans,
		Labels:    i.Labels,
		Sources:   i.Reasons, Evaluations: i.Evaluations,
	}
}

// severalOnly leaves out what the key claim says already.
func severalOnly(claims []review.Claim) []review.Claim {
	if len(claims) < 2 {
		return nil
	}
	return claims
}

type pageJSON struct {
	Items   []itemJSON `json:"items"`
	Total   int        `json:"total"`
	AtLeast bool       `json:"at_least,omitempty"`
	Next    string     `json:"next"`
}

func (s *server) listItems(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	f, err := filterOf(query)
	if err != nil {
		return err
	}
	decision := review.Decision(query.Get("decision"))
	if decision != "" && !decision.Judges() {
		return fmt.Errorf("decision must be one of %q, got %.64q: %w", review.Decisions(), decision, review.ErrInvalid)
	}
	page, err := s.store.Items(r.Context(), f)
	if err != nil {
		return err
	}
	answer := pageJSON{Items: []itemJSON{}, Total: page.Total, AtLeast: page.AtLeast, Next: page.Next}
	for i := range page.Items {
		item := &page.Items[i]
		s.hide(item, s.claimant(r))
		if decision != "" && (item.Label == nil || item.Label.Decision != decision) {
			continue
		}
		answer.Items = append(answer.Items, itemAsJSON(item))
	}
	return writeJSON(w, http.StatusOK, answer)
}

// filterOf reads the query of a request. The error is review.ErrInvalid and names the key.
func filterOf(query url.Values) (review.Filter, error) {
	f := review.Filter{
		Class: failure.Class(
			query.Get("class"),
		),
		Service: query.Get("service"),
		State:   review.State(query.Get("state")),
		Source:  review.Source(query.Get("source")),
		Queue:   query.Get("queue"),
		Query:   query.Get("q"),
		Cursor:  query.Get("cursor"),
	}
	var err error
	if f.Attributes, err = attributesOf(query, time.Now()); err != nil {
		return f, err
	}
	if _, known := failure.Info(f.Class); f.Class != "" && !known {
		return f, fmt.Errorf("class must be one of the taxonomy, got %.64q: %w", f.Class, review.ErrInvalid)
	}
	if f.State != "" && f.State != review.Open && f.State != review.Reviewed {
		return f, fmt.Errorf(
			"state must be %q or %q, got %.64q: %w",
			review.Open,
			review.Reviewed,
			f.State,
			review.ErrInvalid,
		)
	}
	if f.Source != "" && !slices.Contains(review.Sources(), f.Source) {
		return f, fmt.Errorf("source must be one of %q, got %.64q: %w", review.Sources(), f.Source, review.ErrInvalid)
	}
	f.Revealed = f.Class != "" || f.Source != "" || f.Query != "" || f.Reviewer != "" || f.Tag != "" || f.Score.Name != ""
	f.Limit, err = limitOf(query)
	return f, err
}

// limitOf reads the limit of a page, 0 for the default.
func limitOf(query url.Values) (int, error) {
	text := query.Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return 0, fmt.Errorf("limit must be 1 to %d, got %.64q: %w", maxLimit, text, review.ErrInvalid)
	}
	return n, nil
}

// maxLimit bounds the items of one page; review.Filter has the same bound.
const maxLimit = 500

func (s *server) getItem(w http.ResponseWriter, r *http.Request) error {
	item, err := s.store.Item(r.Context(), r.PathValue("trace_id"))
	if err != nil {
		return err
	}
	s.hide(&item, s.claimant(r))
	whole := itemAsJSON(&item)
	whole.Steps = triage.GroupByStep(transcript.Triaged(item.Spans))
	return writeJSON(w, http.StatusOK, whole)
}

func (s *server) getFacets(w http.ResponseWriter, r *http.Request) error {
	f, err := filterOf(r.URL.Query())
	if err != nil {
		return err
	}
	f.Revealed = true // one case of a class would be known by the number
	facets, err := s.store.Facets(r.Context(), f)
	if err != nil {
		return err
	}
	if facets.Classes == nil {
		facets.Classes = []review.Count{}
	}
	if facets.Services == nil {
		facets.Services = []review.Count{}
	}
	if facets.Sources == nil {
		facets.Sources = []review.Count{}
	}
	return writeJSON(w, http.StatusOK, facets)
}

func (s *server) listQueues(w http.ResponseWriter, _ *http.Request) error {
	queues := s.store.Queues()
	if queues == nil {
		queues = []review.Queue{review.DefaultQueue()}
	}
	return writeJSON(w, http.StatusOK, map[string][]review.Queue{"queues": queues})
}

// errMediaType refuses requests that a form on another site could send. Browsers ask before they send a JSON body.
var errMediaType = errors.New("content-type must be application/json")

// maxBody bounds a request body, in bytes.
const maxBody = 256 << 10

// labelJSON is the part of a label that a client may send.
type labelJSON struct {
	SpanID   string          `json:"span_id"`
	Decision review.Decision `json:"decision"`
	Class    failure.Class   `json:"error_class"`
	Detail   string          `json:"error_detail"`
	Note     string          `json:"note"`
	Reviewer string          `json:"reviewer"`
	Replaces int64           `json:"replaces"`
	review.Remarks
	// The names of Class and Detail in earlier versions.
	EarlierClass  failure.Class `json:"class"`
	EarlierDetail string        `json:"detail"`
}

func (s *server) addLabel(w http.ResponseWriter, r *http.Request) error {
	var in labelJSON
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	label, err := s.label(r, review.Label{
		TraceID: r.PathValue(
			"trace_id",
		),
		SpanID:   in.SpanID,
		Decision: in.Decision,
		Class:    cmp.Or(in.Class, in.EarlierClass),
		Detail:   cmp.Or(in.Detail, in.EarlierDetail),
		Note:     in.Note,
		Reviewer: in.Reviewer,
		Replaces: in.Replaces,
		Remarks:  in.Remarks,
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, label)
}

// readJSON reads the body of a request, which is one object without other keys than those of v.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return errMediaType
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return malformed(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the body must be one JSON object: %w", review.ErrInvalid)
	}
	return nil
}

// malformed distinguishes a body that is too large from one that is not JSON.
func malformed(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return fmt.Errorf("the body must be JSON with the documented keys: %w: %w", err, review.ErrInvalid)
}
