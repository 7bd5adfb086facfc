package docket

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
)

// Result is what a judge says of a case, or why it says nothing. It is one line of a file of results, and its keys are
// a contract.
type Result struct {
	TraceID string `json:"trace_id,omitempty"`
	SpanID  string `json:"span_id,omitempty"`
	Session string `json:"session,omitempty"`
	Row     string `json:"row,omitempty"` // of a dataset

	Rubric  string      `json:"rubric"`
	Version string      `json:"version"`
	Of      judge.Scope `json:"of,omitempty"`

	Score  genai.Opt[float64] `json:"score,omitzero"`
	Label  string             `json:"label,omitempty"` // pass or fail, "" if it was not judged
	Class  failure.Class      `json:"error_class,omitempty"`
	Detail string             `json:"error_detail,omitempty"`
	Reason string             `json:"reason,omitempty"` // the code of the rubric, of a failure

	Explanation  string             `json:"explanation,omitempty"`
	CostUSD      genai.Opt[float64] `json:"cost_usd,omitzero"`
	SavedUSD     float64            `json:"saved_usd,omitempty"` // by a cascade; below 0 where the dear judge was asked
	InputTokens  int64              `json:"input_tokens,omitempty"`
	CachedTokens int64              `json:"cached_tokens,omitempty"` // of the input tokens
	CachedUSD    float64            `json:"cached_usd,omitempty"`    // what these cost less
	BatchUSD     float64            `json:"batch_usd,omitempty"`     // what all cost less in a batch
	OutputTokens int64              `json:"output_tokens,omitempty"`
	Model        string             `json:"model,omitempty"` // that decided; in a cascade one of three

	NotJudged judge.Obstacle `json:"not_judged,omitempty"`
	Why       string         `json:"why,omitempty"` // it was not judged, where more than the obstacle is known
}

// The labels of a result.
const (
	Pass = "pass"
	Fail = "fail"
)

// ID names the case of the result: the row of a dataset, or else the trace.
func (r *Result) ID() string {
	if r.Row != "" {
		return r.Row
	}
	return r.TraceID
}

// Judged reports whether there is a verdict.
func (r *Result) Judged() bool { return r.Label == Pass || r.Label == Fail }

// Failed reports whether the verdict is a failure.
func (r *Result) Failed() bool { return r.Label == Fail }

func (r *Result) cost(c *judge.Cost) {
	t := &c.Tokens
	r.CostUSD, r.SavedUSD = genai.Some(c.USD), c.SavedUSD
	r.InputTokens = t.UncachedInput.Value + t.CacheRead.Value + t.CacheWrite.Value
	r.CachedTokens, r.CachedUSD, r.BatchUSD = t.CacheRead.Value, c.CachedUSD, c.BatchUSD
	r.OutputTokens = t.Output.Value + t.Reasoning.Value
}

// Read reads a file of results. The error names the line.
func Read(name string, from io.Reader) ([]Result, error) {
	var results []Result
	decoder := json.NewDecoder(bufio.NewReader(from))
	for n := 1; ; n++ {
		var r Result
		err := decoder.Decode(&r)
		switch {
		case errors.Is(err, io.EOF) && len(results) == 0:
			return nil, fmt.Errorf("%s holds no result", name)
		case errors.Is(err, io.EOF):
			return results, nil
		case err != nil:
			return nil, fmt.Errorf("%s: result %d must be as faultline judge run writes it: %w", name, n, err)
		case r.Rubric == "" || r.ID() == "":
			return nil, fmt.Errorf("%s: result %d must have a rubric and a trace_id or a row, "+
				"as faultline judge run writes them", name, n)
		case r.Label != "" && !r.Judged():
			return nil, fmt.Errorf("%s: result %d: label must be %s or %s, got %q", name, n, Pass, Fail, r.Label)
		}
		results = append(results, r)
	}
}
