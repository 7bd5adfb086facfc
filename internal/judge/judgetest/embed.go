package judgetest

import (
	"encoding/json"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Embeddings is a server for tests that stands in for a model for embeddings. Words that mean the same have the same
// direction, as a test says.
type Embeddings struct {
	*httptest.Server
	meanings map[string]string // by word; "" means nothing
	mu       sync.Mutex        // guards the fields below
	asked    [][]string
	answer   func(texts []string) Answer
	size     int
}

// NewEmbeddings starts a server that is closed at the end of the test.
func NewEmbeddings(tb testing.TB, meanings map[string]string) *Embeddings {
	tb.Helper()
	e := &Embeddings{meanings: meanings, answer: func([]string) Answer { return Answer{} }, size: 256}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	tb.Cleanup(e.Close)
	return e
}

// Endpoint is the base of its API.
func (e *Embeddings) Endpoint() string { return e.URL + "/v1" }

// Set changes what it does with requests, and how many numbers a vector has.
func (e *Embeddings) Set(size int, answer func(texts []string) Answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.size, e.answer = size, answer
}

// Asked returns the texts of each request so far.
func (e *Embeddings) Asked() [][]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([][]string(nil), e.asked...)
}

func (e *Embeddings) serve(w http.ResponseWriter, req *http.Request) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	var body struct{ Input []string }
	if err := json.Unmarshal(raw, &body); err != nil || req.URL.Path != "/v1/embeddings" {
		http.Error(w, "not a request for embeddings", http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	e.asked = append(e.asked, body.Input)
	a, size := e.answer(body.Input), e.size
	e.mu.Unlock()
	select {
	case <-time.After(a.Delay):
	case <-req.Context().Done():
		return
	}
	if a.Body == "" {
		a.Body = e.reply(body.Input, size)
	}
	send(w, &Request{}, &a)
}

func (e *Embeddings) reply(texts []string, size int) string {
	type embedding struct {
		Object    string    `json:"object"`
		Index     int       `json:"index"`
		Embedding []float64 `json:"embedding"`
	}
	var data []embedding
	for i, text := range texts {
		v := make([]float64, size)
		for word := range strings.FieldsSeq(text) {
			if meaning, known := e.meanings[word]; known {
				word = meaning
			}
			if word == "" {
				continue
			}
			h := fnv.New32a()
			_, _ = io.WriteString(h, word)
			v[h.Sum32()%uint32(size)]++
		}
		data = append(data, embedding{"embedding", i, v})
	}
	text, err := json.Marshal(map[string]any{
		"object": "list", "model": "stand-in", "data": data, "usage": map[string]int{"prompt_tokens": 1, "total_tokens": 1},
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}
