// Package judgetest is a server for tests that stands in for a judge: an endpoint for chat completions that answers as
// the test says.
package judgetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Request is what the server got.
type Request struct {
	Raw          []byte
	Header       http.Header
	Model        string
	System, User string
	SchemaName   string
	CacheKey     string
}

// Answer is what the server does with a request.
type Answer struct {
	Text    string // of the message
	Refusal string
	Finish  string // "stop" if empty
	Status  int    // 200 if 0
	Header  map[string]string
	Body    string // in place of a completion
	Delay   time.Duration
	Cut     int // bytes of the body after which the connection breaks, if not 0
	NoUsage bool
	// Input and Output are the tokens that the completion counts, 100 and 20 if 0.
	Input, Output int64
	Cached        int64 // of Input
}

// Server answers requests and keeps them.
type Server struct {
	*httptest.Server
	mu       sync.Mutex
	batches  Batches
	requests []Request
	answer   func(*Request) Answer
}

// New starts a server that is closed at the end of the test.
func New(tb testing.TB, answer func(*Request) Answer) *Server {
	tb.Helper()
	s := &Server{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	tb.Cleanup(s.Close)
	return s
}

// Endpoint is the base of its API.
func (s *Server) Endpoint() string { return s.URL + "/v1" }

// Requests returns what it got so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Set changes what it answers.
func (s *Server) Set(answer func(*Request) Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *Server) serve(w http.ResponseWriter, req *http.Request) {
	if s.serveBatches(w, req) {
		return
	}
	if req.URL.Path != "/v1/chat/completions" || req.Method != http.MethodPost {
		http.NotFound(w, req)
		return
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r := requestOf(raw)
	if r == nil {
		http.Error(w, "not a request", http.StatusBadRequest)
		return
	}
	r.Header = req.Header
	s.mu.Lock()
	s.requests = append(s.requests, *r)
	answer := s.answer
	s.mu.Unlock()
	a := answer(r)
	select {
	case <-time.After(a.Delay):
	case <-req.Context().Done():
		return
	}
	send(w, r, &a)
}

// requestOf reads a request for a completion, nil if it is none.
func requestOf(raw []byte) *Request {
	var body struct {
		Model    string
		CacheKey string `json:"prompt_cache_key"`
		Messages []struct {
			Role    string
			Content string
		}
		ResponseFormat struct {
			JSONSchema struct{ Name string } `json:"json_schema"`
		} `json:"response_format"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil
	}
	r := &Request{
		Raw: raw, Model: body.Model, SchemaName: body.ResponseFormat.JSONSchema.Name, CacheKey: body.CacheKey,
	}
	for _, m := range body.Messages {
		switch m.Role {
		case "system":
			r.System += m.Content
		case "user":
			r.User += m.Content
		}
	}
	return r
}

func send(w http.ResponseWriter, r *Request, a *Answer) {
	text := a.Body
	if text == "" {
		text = Completion(r.Model, a)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	for key, value := range a.Header {
		w.Header().Set(key, value)
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	if a.Cut > 0 {
		_, _ = io.WriteString(w, text[:min(a.Cut, len(text))])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // breaks the connection
	}
	_, _ = io.WriteString(w, text)
}

// Completion is the body of a response.
func Completion(model string, a *Answer) string {
	finish, input, output := a.Finish, a.Input, a.Output
	if finish == "" {
		finish = "stop"
	}
	if input == 0 {
		input, output = 100, 20
	}
	message := map[string]any{"role": "assistant", "content": a.Text, "refusal": nil}
	if a.Refusal != "" {
		message["content"], message["refusal"] = nil, a.Refusal
	}
	body := map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1790000000, "model": model,
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "logprobs": nil, "message": message}},
	}
	if !a.NoUsage {
		body["usage"] = map[string]any{
			"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
			"prompt_tokens_details": map[string]any{"cached_tokens": a.Cached},
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Reply is a reply that follows the rubric of the request: it gives the first reason of the rubric and a score of 0.9
// or, to fail the case, the last reason and 0.1.
func (r *Request) Reply(pass bool, explanation string) string {
	type property struct{ Enum []string }
	var body struct {
		ResponseFormat struct {
			JSONSchema struct {
				Schema struct {
					Properties struct {
						Reason property
						Claims struct {
							Items struct{ Properties struct{ Reason property } }
						}
					}
				}
			} `json:"json_schema"`
		} `json:"response_format"`
	}
	if err := json.Unmarshal(r.Raw, &body); err != nil {
		panic(err)
	}
	said, score := map[string]any{"explanation": explanation}, 0.9
	schema := &body.ResponseFormat.JSONSchema.Schema.Properties
	codes, claims := schema.Reason.Enum, false
	if len(codes) == 0 {
		codes, claims = schema.Claims.Items.Properties.Reason.Enum, true
	}
	code := codes[0]
	if !pass {
		code, score = codes[len(codes)-1], 0.1
	}
	if claims {
		said["claims"] = []any{map[string]any{"claim": "a claim", "reason": code}}
	} else {
		said["reason"], said["score"] = code, score
	}
	text, err := json.Marshal(said)
	if err != nil {
		panic(err)
	}
	return string(text)
}

var fenceCode = regexp.MustCompile(`(?m)^The secret code is ([0-9a-f]{32})\.$`)

// Outside returns what of a request stands outside of the fence: the instructions, and the lines around the material.
func (r *Request) Outside() string {
	m := fenceCode.FindStringSubmatchIndex(r.User)
	if m == nil {
		return r.System + r.User
	}
	line := "=== " + r.User[m[2]:m[3]]
	first, last := strings.Index(r.User, line), strings.LastIndex(r.User, line)
	if first < 0 {
		return r.System + r.User
	}
	return r.System + r.User[:first] + r.User[last:]
}
