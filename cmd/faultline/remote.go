package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// remoteQueue reads the queue through the API of the review page.
type remoteQueue struct {
	base   string // may hold a name and a password
	shown  string // without the password
	header http.Header
	client *http.Client
}

// headersVariable is the environment variable with the headers of requests, such as those that a proxy for single
// sign-on wants. Its form is that of OTEL_EXPORTER_OTLP_HEADERS: names and values between commas, values escaped.
const headersVariable = "FAULTLINE_REVIEW_HEADERS"

// fromUsage describes the flag --from.
const fromUsage = "address of the review page, such as http://127.0.0.1:8321; http://name:password@host where an " +
	"authenticator guards it, and " + headersVariable + "=name=value,... for a proxy"

func headersOf(text string) (http.Header, error) {
	header := http.Header{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, escaped, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(escaped))
		if !ok || err != nil || !httpguts.ValidHeaderFieldName(strings.TrimSpace(name)) ||
			!httpguts.ValidHeaderFieldValue(value) {
			return nil, usage("%s must be name=value pairs between commas, got one that is none", headersVariable)
		}
		header.Set(strings.TrimSpace(name), value)
	}
	return header, nil
}

// maxResponse bounds one answer of the API, in bytes.
const maxResponse = 256 << 20

func newRemoteQueue(from string) (*remoteQueue, error) {
	base := address(from)
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return nil, usage("--from must be an address such as http://127.0.0.1:8321, got %q", from)
	}
	header, err := headersOf(os.Getenv(headersVariable))
	if err != nil {
		return nil, err
	}
	return &remoteQueue{
		base: base, shown: u.Redacted(), header: header, client: &http.Client{Timeout: time.Minute},
	}, nil
}

func (q *remoteQueue) Close() error {
	q.client.CloseIdleConnections()
	return nil
}

// remoteItem is the part of an item in the API that the commands need.
type remoteItem struct {
	TraceID       string         `json:"trace_id"`
	Service       string         `json:"service"`
	PrimarySpanID string         `json:"primary_span_id"`
	Spans         []review.Span  `json:"spans"`
	Labels        []review.Label `json:"labels"`
	Label         *review.Label  `json:"label"`

	Class       failure.Class       `json:"error_class"`
	Detail      string              `json:"error_detail"`
	Evaluations []review.Evaluation `json:"evaluations"`
}

func (i remoteItem) item() review.Item {
	return review.Item{
		TraceID: i.TraceID, Service: i.Service, PrimarySpanID: i.PrimarySpanID,
		Spans: i.Spans, Labels: i.Labels, Label: i.Label, Evaluations: i.Evaluations,
		Verdict: failure.Verdict{Class: i.Class, Detail: i.Detail},
	}
}

func (q *remoteQueue) Items(ctx context.Context, f review.Filter) (review.Page, error) {
	query := url.Values{}
	if f.State != "" {
		query.Set("state", string(f.State))
	}
	if f.Limit > 0 {
		query.Set("limit", strconv.Itoa(f.Limit))
	}
	if f.Cursor != "" {
		query.Set("cursor", f.Cursor)
	}
	var answer struct {
		Items []remoteItem `json:"items"`
		Next  string       `json:"next"`
	}
	if err := q.get(ctx, "/api/v1/items?"+query.Encode(), &answer); err != nil {
		return review.Page{}, err
	}
	page := review.Page{Next: answer.Next}
	for _, i := range answer.Items {
		page.Items = append(page.Items, i.item())
	}
	return page, nil
}

func (q *remoteQueue) Item(ctx context.Context, traceID string) (review.Item, error) {
	var i remoteItem
	if err := q.get(ctx, "/api/v1/items/"+url.PathEscape(traceID), &i); err != nil {
		return review.Item{}, err
	}
	return i.item(), nil
}

// Judgements implements judgements.
func (q *remoteQueue) Judgements(ctx context.Context, f review.JudgementFilter) (page review.JudgementPage, err error) {
	query := url.Values{"limit": {"500"}}
	if f.Service != "" {
		query.Set("service", f.Service)
	}
	if !f.Since.IsZero() {
		query.Set("since", f.Since.UTC().Format(time.RFC3339))
	}
	if f.Cursor != "" {
		query.Set("cursor", f.Cursor)
	}
	err = q.get(ctx, "/api/v1/judgements?"+query.Encode(), &page)
	return page, err
}

func (q *remoteQueue) get(ctx context.Context, path string, into any) error {
	body, err := q.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read %s: %w; is this the review page of Faultline?", q.shown+path, err)
	}
	return nil
}

// post changes something.
func (q *remoteQueue) post(ctx context.Context, path string, change any) error {
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	_, err = q.ask(ctx, http.MethodPost, path, body)
	return err
}

// ask sends a request and returns the body of its answer.
func (q *remoteQueue) ask(ctx context.Context, method, path string, change []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, q.base+path, bytes.NewReader(change))
	if err != nil {
		return nil, err
	}
	req.Header = q.header.Clone()
	req.Header.Set("Accept", "application/json")
	if change != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := q.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w; is the Collector running with the llm_review extension?", q.shown,
			errors.Unwrap(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", q.shown+path, err)
	case len(body) > maxResponse:
		return nil, fmt.Errorf("read %s: the answer must not be larger than %d MiB", q.shown+path, maxResponse>>20)
	case resp.StatusCode == http.StatusNotFound && reason(body) != "":
		return nil, fmt.Errorf("read %s: %s%s: %w", q.shown+path, resp.Status, reason(body), review.ErrNotFound)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("read %s: %s%s", q.shown+path, resp.Status, reason(body))
	}
	return body, nil
}

// reason returns the message of an API error, "" for an answer of another server.
func reason(body []byte) string {
	var answer struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Error.Message == "" {
		return ""
	}
	return fmt.Sprintf(": %.200q", answer.Error.Message)
}
