package clients

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// Recorder receives OTLP over HTTP. It records what each cell exports and passes every request on unchanged.
type Recorder struct {
	Forward string // address of a Collector, or "" to record only

	mu     sync.Mutex
	cell   string            // that runs now: CLIENT/VARIANT/SCENARIO
	order  []string          // of the cells
	parts  map[string][]part // by cell
	cellOf map[pcommon.TraceID]string
	ports  []int // of the test, which a recording hides
	errors []error
}

// part is one request: either traces or logs.
type part struct {
	traces ptrace.Traces
	logs   plog.Logs
	isLogs bool
}

// NewRecorder returns a recorder that forwards to a Collector, if the address is not "".
func NewRecorder(forward string) *Recorder {
	return &Recorder{Forward: forward, parts: map[string][]part{}, cellOf: map[pcommon.TraceID]string{}}
}

// CellOf returns the cell that a trace was exported in.
func (r *Recorder) CellOf(id pcommon.TraceID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cellOf[id]
}

// Err returns the first error of a request.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.errors) > 0 {
		return r.errors[0]
	}
	return nil
}

// ServeHTTP receives a request. POST /cell/NAME begins a cell.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if name, ok := strings.CutPrefix(req.URL.Path, "/cell/"); ok {
		r.mu.Lock()
		r.cell, r.order = name, append(r.order, name)
		r.mu.Unlock()
		return
	}
	body, err := r.receive(req)
	if err == nil && r.Forward != "" && body != nil {
		err = r.forward(req, body)
	}
	if err != nil {
		r.mu.Lock()
		r.errors = append(r.errors, fmt.Errorf("%s: %w", req.URL.Path, err))
		r.mu.Unlock()
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if contentType := req.Header.Get("Content-Type"); strings.Contains(contentType, "protobuf") {
		w.Header().Set("Content-Type", contentType) // of an empty message
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}")
}

// receive records a request. It returns the body, or nil for what is not recorded, like metrics.
func (r *Recorder) receive(req *http.Request) ([]byte, error) {
	in := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = z
	}
	body, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	isJSON := strings.Contains(req.Header.Get("Content-Type"), "json")
	switch {
	case strings.HasSuffix(req.URL.Path, "/v1/traces"):
		in := ptraceotlp.NewExportRequest()
		if err := decode(body, isJSON, in.UnmarshalJSON, in.UnmarshalProto); err != nil {
			return nil, err
		}
		r.addTraces(in.Traces())
	case strings.HasSuffix(req.URL.Path, "/v1/logs"):
		in := plogotlp.NewExportRequest()
		if err := decode(body, isJSON, in.UnmarshalJSON, in.UnmarshalProto); err != nil {
			return nil, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.parts[r.cell] = append(r.parts[r.cell], part{logs: in.Logs(), isLogs: true})
	default:
		return nil, nil
	}
	return body, nil
}

func decode(body []byte, isJSON bool, fromJSON, fromProto func([]byte) error) error {
	if isJSON {
		return fromJSON(body)
	}
	return fromProto(body)
}

// addTraces adds spans to the cell of their trace, which is the cell that runs when the trace is first seen. Spans may
// come late.
func (r *Recorder) addTraces(td ptrace.Traces) {
	r.mu.Lock()
	defer r.mu.Unlock()
	cell := r.cell
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				id := span.TraceID()
				if _, ok := r.cellOf[id]; !ok {
					r.cellOf[id] = r.cell
				}
				cell = r.cellOf[id]
			}
		}
	}
	r.parts[cell] = append(r.parts[cell], part{traces: td})
}

// forward passes a request on to the Collector.
func (r *Recorder) forward(req *http.Request, body []byte) error {
	path := "/v1/traces"
	if strings.HasSuffix(req.URL.Path, "/v1/logs") {
		path = "/v1/logs"
	}
	out, err := http.NewRequestWithContext(req.Context(), http.MethodPost, "http://"+r.Forward+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	out.Header.Set("Content-Type", req.Header.Get("Content-Type"))
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("forward to the Collector: %s", resp.Status)
	}
	return nil
}
