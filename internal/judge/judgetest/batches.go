package judgetest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Batches is the part of the server that stands in for /files and /batches.
type Batches struct {
	mu      sync.Mutex
	files   map[string]string
	batches []*batch
	// status is what a look at a batch says, the n-th look from 1 on. Requests are answered when it ends.
	status func(n int) string
	// create is the status of the response to a new batch, 200 if it is nil.
	create func(n int) int
	made   int // attempts to create one
	kept   int // files, those that were deleted too
	served int // files that were read
}

type batch struct {
	id, input, status string
	metadata          map[string]string
	output, errors    string
	looks             int
}

// SetBatches says what a look at a batch says: the n-th look, from 1 on.
func (s *Server) SetBatches(status func(n int) string) {
	s.batches.mu.Lock()
	defer s.batches.mu.Unlock()
	s.batches.status = status
}

// SetCreate says what the n-th attempt to create a batch gets. A status of 0 makes the batch and breaks the connection.
func (s *Server) SetCreate(create func(n int) int) {
	s.batches.mu.Lock()
	defer s.batches.mu.Unlock()
	s.batches.create = create
}

// MadeBatches returns how many requests each batch had.
func (s *Server) MadeBatches() (sizes []int) {
	s.batches.mu.Lock()
	defer s.batches.mu.Unlock()
	for _, b := range s.batches.batches {
		sizes = append(sizes, strings.Count(b.input, "\n"))
	}
	return sizes
}

// Files returns the names of the files that the server has.
func (s *Server) Files() (names []string) {
	s.batches.mu.Lock()
	defer s.batches.mu.Unlock()
	for name := range s.batches.files {
		names = append(names, name)
	}
	return names
}

// serveBatches handles what belongs to batches. It reports whether it did.
func (s *Server) serveBatches(w http.ResponseWriter, req *http.Request) bool {
	b := &s.batches
	path := strings.TrimPrefix(req.URL.Path, "/v1/")
	of, id, _ := strings.Cut(path, "/")
	id, content := strings.CutSuffix(id, "/content")
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case path == "files" && req.Method == http.MethodPost:
		file, _, err := req.FormFile("file")
		if err != nil || req.FormValue("purpose") != "batch" {
			http.Error(w, "file and purpose", http.StatusBadRequest)
			return true
		}
		text, _ := io.ReadAll(file)
		reply(w, map[string]any{"id": b.keep(string(text)), "object": "file", "purpose": "batch", "bytes": len(text)})
	case of == "files" && content:
		b.served++
		_, _ = io.WriteString(w, b.files[id])
	case of == "files" && req.Method == http.MethodDelete:
		delete(b.files, id)
		reply(w, map[string]any{"id": id, "object": "file", "deleted": true})
	case path == "batches" && req.Method == http.MethodPost:
		s.create(w, req)
	case path == "batches":
		list := []any{}
		for _, of := range b.batches {
			list = append(list, of.body())
		}
		reply(w, map[string]any{"object": "list", "data": list, "has_more": false})
	case of == "batches" && req.Method == http.MethodGet:
		for _, of := range b.batches {
			if of.id == id {
				s.look(of)
				reply(w, of.body())
				return true
			}
		}
		http.NotFound(w, req)
	default:
		return false
	}
	return true
}

func (b *Batches) keep(text string) string {
	if b.files == nil {
		b.files = map[string]string{}
	}
	b.kept++
	name := fmt.Sprintf("file-%d", b.kept)
	b.files[name] = text
	return name
}

func (s *Server) create(w http.ResponseWriter, req *http.Request) {
	b := &s.batches
	var body struct {
		Input    string `json:"input_file_id"`
		Endpoint string
		Window   string `json:"completion_window"`
		Metadata map[string]string
	}
	err := json.NewDecoder(req.Body).Decode(&body)
	if err != nil || body.Endpoint != "/v1/chat/completions" || body.Window != "24h" || b.files[body.Input] == "" {
		http.Error(w, "not a batch", http.StatusBadRequest)
		return
	}
	b.made++
	status := http.StatusOK
	if b.create != nil {
		status = b.create(b.made)
	}
	if status >= http.StatusBadRequest {
		http.Error(w, "{}", status)
		return
	}
	made := &batch{
		id: fmt.Sprintf("batch_%d", b.made), input: b.files[body.Input], status: "validating", metadata: body.Metadata,
	}
	b.batches = append(b.batches, made)
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	reply(w, made.body())
}

// look moves a batch on. An expired or cancelled one has answers to the first half of its requests.
func (s *Server) look(of *batch) {
	if of.output != "" || of.errors != "" {
		return
	}
	of.looks++
	of.status = "completed"
	if s.batches.status != nil {
		of.status = s.batches.status(of.looks)
	}
	var output, errors strings.Builder
	n := strings.Count(of.input, "\n")
	answered := n
	switch of.status {
	case "completed":
	case "expired", "cancelled":
		answered = n / 2
	default:
		return
	}
	lines := bufio.NewScanner(strings.NewReader(of.input))
	lines.Buffer(nil, 64<<20)
	for i := 0; lines.Scan(); i++ {
		var line struct {
			ID   string `json:"custom_id"`
			Body json.RawMessage
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			panic("a line of a batch is no JSON")
		}
		if i >= answered {
			fmt.Fprintf(&errors, `{"id":"r","custom_id":%q,"response":null,"error":{"code":"batch_%s","message":"m"}}`+"\n",
				line.ID, of.status)
			continue
		}
		r := requestOf(line.Body)
		s.mu.Lock()
		s.requests = append(s.requests, *r)
		answer := s.answer
		s.mu.Unlock()
		a := answer(r)
		text, status := a.Body, a.Status
		if text == "" {
			text = Completion(r.Model, &a)
		}
		if status == 0 {
			status = http.StatusOK
		}
		to := &output
		if status != http.StatusOK {
			to = &errors
		}
		fmt.Fprintf(to, `{"id":"r","custom_id":%q,"error":null,"response":{"status_code":%d,"body":%s}}`+"\n",
			line.ID, status, text)
	}
	if output.Len() > 0 {
		of.output = s.batches.keep(output.String())
	}
	if errors.Len() > 0 {
		of.errors = s.batches.keep(errors.String())
	}
}

func (b *batch) body() map[string]any {
	body := map[string]any{
		"id": b.id, "object": "batch", "status": b.status, "endpoint": "/v1/chat/completions", "completion_window": "24h",
		"input_file_id": "file", "created_at": 1790000000, "metadata": b.metadata,
		"output_file_id": nil, "error_file_id": nil,
	}
	if b.output != "" {
		body["output_file_id"] = b.output
	}
	if b.errors != "" {
		body["error_file_id"] = b.errors
	}
	return body
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}
