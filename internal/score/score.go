// Package score runs scorers over calls. The same Config and the same Set run in the Collector, in `faultline score`
// and in `faultline gate`, so what runs online is what runs in CI.
package score

import (
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Scorer judges one call. Many goroutines use a scorer at once, so it must guard the state that it keeps.
type Scorer interface {
	// Name is the key in the scorer file, and the name of the score.
	Name() string
	// Version changes whenever the same call could get another score: threshold, weights, rules.
	Version() string
	// Score adds its findings to the result. It adds a Score only if it applies to the call, and a Finding only for a
	// failure. It must not keep anything of the call after it returns.
	Score(c *genai.Call, r *Result)
}

// Score is a number between 0 (bad) and 1 (good).
type Score struct {
	Scorer, Version string
	Value           float64
	Failed          bool
}

// Problem reports that a scorer could not do its work on a call.
type Problem struct {
	Scorer string
	Reason string // panic, too_large, invalid_schema, …: a short closed list for each scorer
	Detail string
}

// Result holds what the scorers found in one call. Reset and reuse it to avoid allocation.
type Result struct {
	Scores   []Score
	Findings []failure.Finding
	Problems []Problem

	// Cancelled reports that the caller cancelled the call, which is not a failure.
	Cancelled bool
	// ToolOutcome is the outcome of the tool in an execute_tool span: ok, empty or failed; "" if the span does not say.
	ToolOutcome string
	// RetrievalOutcome is the same for a span that retrieves documents.
	RetrievalOutcome string

	texts texts
}

// The outcomes of a tool and of a retrieval. To find nothing is not a failure.
const (
	OutcomeOK     = "ok"
	OutcomeEmpty  = "empty"
	OutcomeFailed = "failed"
)

// Reset empties the result and keeps its memory.
func (r *Result) Reset() {
	clear(r.Findings)
	r.Scores, r.Findings, r.Problems = r.Scores[:0], r.Findings[:0], r.Problems[:0]
	r.Cancelled, r.ToolOutcome, r.RetrievalOutcome = false, "", ""
	r.texts.reset()
}

// Add records a score.
func (r *Result) Add(s Scorer, value float64, failed bool) {
	r.Scores = append(r.Scores, Score{Scorer: s.Name(), Version: s.Version(), Value: value, Failed: failed})
}

// Find records a finding.
func (r *Result) Find(f failure.Finding) { r.Findings = append(r.Findings, f) }

// Fail records that a scorer could not do its work on the call.
func (r *Result) Fail(s Scorer, reason, detail string) {
	r.Problems = append(r.Problems, Problem{Scorer: s.Name(), Reason: reason, Detail: detail})
}

// Set holds the scorers of one configuration, in order.
type Set struct{ scorers []Scorer }

// NewSet makes a set of scorers.
func NewSet(scorers ...Scorer) *Set { return &Set{scorers: scorers} }

// Scorers lists the scorers of the set.
func (s *Set) Scorers() []Scorer { return s.scorers }

// Score runs every scorer on the call. A scorer that panics becomes a Problem and does not stop the others.
func (s *Set) Score(c *genai.Call, r *Result) {
	for at := 0; at < len(s.scorers); {
		at = s.run(at, c, r)
	}
}

// run runs the scorers from the given one until one of them panics. It returns the index of the next one to run.
func (s *Set) run(at int, c *genai.Call, r *Result) (next int) {
	var scores, findings int
	defer func() {
		if p := recover(); p != nil {
			// Scores and findings from before the panic cannot be trusted.
			r.Scores, r.Findings = r.Scores[:scores], r.Findings[:findings]
			detail := fmt.Sprint(p)
			if len(detail) > failure.MaxEvidence {
				detail = strings.ToValidUTF8(detail[:failure.MaxEvidence], "")
			}
			r.Fail(s.scorers[next], "panic", detail)
			next++
		}
	}()
	for next = at; next < len(s.scorers); next++ {
		scores, findings = len(r.Scores), len(r.Findings)
		s.scorers[next].Score(c, r)
	}
	return next
}
