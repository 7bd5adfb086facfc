// Package score runs scorers over calls. The same Config and the same Set run in the Collector, in `faultline score`
// and in `faultline gate`, so what runs online is what runs in CI.
package score

import (
	"fmt"
	"maps"
	"slices"
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
	// Suspected marks a score that did not fail, but is below the scorer's second threshold.
	Suspected bool
}

// Skip reports why a scorer gave a call no score, or judged only a part of it.
type Skip struct {
	Scorer string
	Reason string // of the list below, a value of a metric label
	Detail string // for people who look for the cause
}

// The reasons of a scorer that had nothing to judge. Scorers report neither NotApplicable nor Off: both follow from the
// other reasons and from the list of scorers.
const (
	NoContent     = "no_content"     // the SDK did not record what the scorer reads
	NoDefinitions = "no_definitions" // tools were called, and their definitions were not recorded
	NoSources     = "no_sources"     // nothing was recorded that the answer could rest on
	Truncated     = "truncated"      // the record of what the scorer reads was cut
	NotApplicable = "not_applicable" // the call holds nothing that the scorer judges
	Off           = "off"            // the scorer is not configured
)

// The reasons of a scorer that could not do its work.
const (
	TooLarge      = "too_large"
	TooDeep       = "too_deep"
	TooComplex    = "too_complex"
	InvalidSchema = "invalid_schema"
	RuntimeError  = "runtime_error"
	Panic         = "panic"
)

// Errored reports whether a reason is that of a scorer that could not do its work.
func Errored(reason string) bool {
	switch reason {
	case TooLarge, TooDeep, TooComplex, InvalidSchema, RuntimeError, Panic:
		return true
	}
	return false
}

// KnownReason reports whether a reason is in the lists.
func KnownReason(reason string) bool {
	switch reason {
	case NoContent, NoDefinitions, NoSources, Truncated, NotApplicable, Off:
		return true
	}
	return Errored(reason)
}

// Result holds what the scorers found in one call. Reset and reuse it to avoid allocation.
type Result struct {
	Scores   []Score
	Findings []failure.Finding
	Problems []Skip // of scorers that could not do their work
	Skips    []Skip // of scorers that lacked what they read

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
	r.Scores, r.Findings = r.Scores[:0], r.Findings[:0]
	r.Problems, r.Skips = r.Problems[:0], r.Skips[:0]
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
	r.Problems = append(r.Problems, Skip{Scorer: s.Name(), Reason: reason, Detail: detail})
}

// Skip records that the call lacks what a scorer reads. A scorer may repeat itself, for each part of the call.
func (r *Result) Skip(s Scorer, reason, detail string) {
	if n := len(r.Skips); n > 0 && r.Skips[n-1].Scorer == s.Name() && r.Skips[n-1].Reason == reason {
		return
	}
	r.Skips = append(r.Skips, Skip{Scorer: s.Name(), Reason: reason, Detail: detail})
}

// Set holds the scorers of one configuration, in order.
type Set struct {
	scorers  []Scorer
	services map[string]*Set // of services with settings of their own
}

// NewSet makes a set of scorers.
func NewSet(scorers ...Scorer) *Set { return &Set{scorers: scorers} }

// SetService gives the calls of a service a set of their own.
func (s *Set) SetService(name string, own *Set) {
	if s.services == nil {
		s.services = map[string]*Set{}
	}
	s.services[name] = own
}

// For returns the set for the calls of a service.
func (s *Set) For(service string) *Set {
	if own, ok := s.services[service]; ok {
		return own
	}
	return s
}

// Services lists the services with a set of their own, sorted.
func (s *Set) Services() []string { return slices.Sorted(maps.Keys(s.services)) }

// Scorers lists the scorers of the set.
func (s *Set) Scorers() []Scorer { return s.scorers }

// Score runs every scorer on the call, those of its service where it has a set of its own. A scorer that panics becomes
// a problem and does not stop the others.
func (s *Set) Score(c *genai.Call, r *Result) {
	s = s.For(c.ServiceName)
	for at := 0; at < len(s.scorers); {
		at = s.run(at, c, r)
	}
}

// run runs the scorers from the given one until one of them panics. It returns the index of the next one to run.
func (s *Set) run(at int, c *genai.Call, r *Result) (next int) {
	var scores, findings, skips int
	defer func() {
		if p := recover(); p != nil {
			// What the scorer recorded before the panic cannot be trusted.
			r.Scores, r.Findings, r.Skips = r.Scores[:scores], r.Findings[:findings], r.Skips[:skips]
			detail := fmt.Sprint(p)
			if len(detail) > failure.MaxEvidence {
				detail = strings.ToValidUTF8(detail[:failure.MaxEvidence], "")
			}
			r.Fail(s.scorers[next], Panic, detail)
			next++
		}
	}()
	for next = at; next < len(s.scorers); next++ {
		scores, findings, skips = len(r.Scores), len(r.Findings), len(r.Skips)
		s.scorers[next].Score(c, r)
	}
	return next
}
