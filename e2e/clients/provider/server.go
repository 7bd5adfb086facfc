package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Script returns the reply to a request of a scenario. ok is false if there is no such scenario.
type Script func(scenario string, turn Turn) (reply Reply, ok bool)

// Server answers requests to /{scenario}/{client}/… with the replies of a script.
type Server struct {
	script Script
	mu     sync.Mutex
	seen   map[string]int // requests by scenario and client
}

// New returns a server that plays a script.
func New(script Script) *Server { return &Server{script: script, seen: map[string]int{}} }

// request is a request in any of the APIs: the fields that a reply depends on.
type request struct {
	Model         string          `json:"model"`
	Stream        bool            `json:"stream"`
	StreamOptions streamOptions   `json:"stream_options"`
	Messages      []message       `json:"messages"`
	Input         json.RawMessage `json:"input"` // of the Responses API: a text or messages
	Contents      []message       `json:"contents"`
	Instructions  json.RawMessage `json:"instructions"`
	Tools         json.RawMessage `json:"tools"`
	Format        json.RawMessage `json:"text"`
	MaxOutput     json.RawMessage `json:"max_output_tokens"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type message struct {
	Role    string          `json:"role"`
	Type    string          `json:"type"`
	Content json.RawMessage `json:"content"`
	Parts   json.RawMessage `json:"parts"`
}

// afterTool reports whether a request ends in the result of a tool.
func (r *request) afterTool() bool {
	list := slices.Concat(r.Messages, r.Contents)
	if len(list) == 0 {
		_ = json.Unmarshal(r.Input, &list) // a text has no messages
	}
	if len(list) == 0 {
		return false
	}
	last := list[len(list)-1]
	return last.Role == "tool" || last.Type == "function_call_output" ||
		strings.Contains(string(last.Content), `"tool_result"`) || strings.Contains(string(last.Parts), `"functionResponse"`)
}

// ServeHTTP plays one reply.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 3)
	if len(parts) < 3 {
		http.NotFound(w, r)
		return
	}
	scenario, client, path := parts[0], parts[1], parts[2]
	api, model, streamed := apiOf(path)
	if api == "" {
		http.NotFound(w, r)
		return
	}
	var req request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if model != "" {
		req.Model, req.Stream = model, streamed
	}
	attempt := s.count(scenario + "/" + client)
	reply, ok := s.script(scenario, Turn{API: api, Attempt: attempt, AfterTool: req.afterTool()})
	if !ok {
		http.NotFound(w, r)
		return
	}
	select {
	case <-r.Context().Done(): // the client left
		return
	case <-time.After(reply.Wait):
	}
	out := &writer{w: w, id: idOf(scenario, client, attempt), cut: reply.Cut}
	switch {
	case reply.Fault != NoFault:
		out.fault(api, reply.Fault)
	case api == Chat:
		out.chat(&req, &reply)
	case api == Responses:
		out.responses(&req, &reply)
	case api == Anthropic:
		out.anthropic(&req, &reply)
	default:
		out.gemini(&req, &reply)
	}
}

func (s *Server) count(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[key]++
	return s.seen[key]
}

// apiOf returns the API of a path. Gemini names the model and whether to stream in the path.
func apiOf(path string) (api API, model string, streamed bool) {
	switch {
	case strings.HasSuffix(path, "/chat/completions"):
		return Chat, "", false
	case strings.HasSuffix(path, "/responses"):
		return Responses, "", false
	case strings.HasSuffix(path, "/messages"):
		return Anthropic, "", false
	}
	_, path, _ = strings.Cut(path, "/models/")
	model, method, _ := strings.Cut(path, ":")
	switch method {
	case "generateContent":
		return Gemini, model, false
	case "streamGenerateContent":
		return Gemini, model, true
	}
	return "", "", false
}

// idOf returns the stable part of the ids in a reply.
func idOf(scenario, client string, attempt int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", scenario, client, attempt))
	return hex.EncodeToString(sum[:12])
}
