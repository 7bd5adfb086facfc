package eval

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/outcome"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/session"
)

// agentRun is a session of the corpus of agents.
type agentRun struct {
	ID     string          `json:"id"`
	OTLP   json.RawMessage `json:"otlp"`
	Labels struct {
		Failed  bool   `json:"task_failed"`
		Mistake string `json:"mistake_span"`
		Kind    string `json:"kind"`
		Errors  []struct {
			Category string `json:"category"`
			Taxonomy string `json:"taxonomy"`
		} `json:"errors"`
	} `json:"labels"`
}

// loops lists the details of retry_loop that a run shows.
func loops(t *testing.T, run agentRun) map[string]bool {
	t.Helper()
	var u ptrace.JSONUnmarshaler
	td, err := u.UnmarshalTraces(run.OTLP)
	require.NoError(t, err, run.ID)
	set := score.NewSet(outcome.New())
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(t, err)
	pipeline.NewScorer(set, pipeline.ScorerOptions{}).Traces(td, nil, nil)
	found := map[string]bool{}
	pipeline.NewSessions(tracker).Traces(td, nil, func(o *session.Observation) string {
		for _, finding := range o.Findings {
			require.Equal(t, failure.RetryLoop, finding.Class)
			found[finding.Detail] = true
		}
		return ""
	})
	return found
}

// TestEvalRetryLoop compares the loops with the outcome of the run: whether it failed (tau-bench, AgentRx, BFCL), or
// whether people noted that it wasted resources (TRAIL). Nothing is fitted to AgentRx and BFCL. BFCL asks for sessions
// of many turns; the passed one that shows a loop lists the same folder ten times in a row. On TRAIL one of the runs
// that show a loop is not labelled so: it repeats a call that failed three times, and people labelled that as another
// mistake.
func TestEvalRetryLoop(t *testing.T) {
	failed := func(r agentRun) bool { return r.Labels.Failed }
	var lines []string
	for _, c := range []struct {
		file string
		bad  func(agentRun) bool
	}{
		{"tau_bench", failed},
		{"agentrx", failed},
		{"bfcl_multi_turn", failed},
		{"trail", func(r agentRun) bool {
			for _, e := range r.Labels.Errors {
				if strings.EqualFold(e.Taxonomy, "retry_loop") {
					return true
				}
			}
			return false
		}},
	} {
		var all counts
		details := map[string]*counts{}
		corpus.Lines(t, "agents/"+c.file+".jsonl.gz", func(r agentRun) {
			bad, found := c.bad(r), loops(t, r)
			all.add(bad, len(found) > 0)
			for _, d := range []string{failure.Repeat, failure.NearRepeat, failure.PingPong, failure.Runaway} {
				if details[d] == nil {
					details[d] = &counts{}
				}
				details[d].add(bad, found[d])
			}
		})
		for _, d := range []string{failure.Repeat, failure.NearRepeat, failure.PingPong, failure.Runaway} {
			n := details[d]
			lines = append(lines, fmt.Sprintf("| %-15s | %-11s | fires on %3d bad, %d good |", c.file, d, n.tp, n.fp))
		}
		lines = append(lines, fmt.Sprintf(
			"retry_loop, %s: precision %.3f, recall %.3f of %d bad runs, fires on %.2f%% of %d good ones",
			c.file, all.precision(), all.recall(), all.tp+all.fn, 100*ratio(all.fp, all.fp+all.tn), all.fp+all.tn))
	}
	requireFigures(t, "retry_loop", lines)
}

// TestEvalRootCause compares the root cause of a trace with the step that people called the decisive mistake, and
// counts how often the two are at most one step apart. Half of the runs show no error at all.
func TestEvalRootCause(t *testing.T) {
	shown, near, silent := map[string]int{}, map[string]int{}, map[string]int{}
	var lines []string
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	corpus.Lines(t, "agents/who_when.jsonl.gz", func(r agentRun) {
		var u ptrace.JSONUnmarshaler
		td, err := u.UnmarshalTraces(r.OTLP)
		require.NoError(t, err, r.ID)
		tracker, err := session.New(session.DefaultSettings(), time.Now)
		require.NoError(t, err)
		pipeline.NewScorer(set, pipeline.ScorerOptions{}).Traces(td, nil, nil)
		pipeline.NewSessions(tracker).Traces(td, nil, nil)
		var steps []string
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					if !span.ParentSpanID().IsEmpty() {
						steps = append(steps, span.SpanID().String())
					}
				}
			}
		}
		found := -1
		pipeline.NewCauses().Traces(td, func(pcommon.TraceID) bool { return false }, func(c pipeline.TraceCause) {
			found = slices.Index(steps, c.Primary.SpanID().String())
		})
		kind, mistake := r.Labels.Kind, slices.Index(steps, r.Labels.Mistake)
		if found < 0 {
			silent[kind]++
			return
		}
		shown[kind]++
		if mistake >= 0 && max(found-mistake, mistake-found) <= 1 {
			near[kind]++
		}
	})
	for _, kind := range slices.Sorted(maps.Keys(shown)) {
		lines = append(lines, fmt.Sprintf(
			"root cause, Who&When %s: within one step of the mistake in %d of %d runs that show a failure (%.2f); "+
				"%d show none",
			kind, near[kind], shown[kind], ratio(near[kind], shown[kind]), silent[kind]))
	}
	requireFigures(t, "root_cause", lines)
}
