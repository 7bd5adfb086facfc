package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/sample"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// result is what scorers said of a call.
type result struct {
	Scores  []score.Score
	Classes []failure.Class
}

func scoreOf(set *score.Set, call *genai.Call) result {
	var r score.Result
	set.Score(call, &r)
	return result{slices.Clone(r.Scores), failure.Judge(r.Findings).Classes}
}

// reread writes a call as a row of a dataset and reads it back.
func reread(t *testing.T, call *genai.Call) *genai.Call {
	t.Helper()
	var file bytes.Buffer
	row := dataset.Row{ID: "r", Version: dataset.Version, Decision: review.Rejected, Call: call}
	require.NoError(t, dataset.Write(&file, []dataset.Row{row}))
	rows, err := dataset.Read("rows.jsonl", &file)
	require.NoError(t, err)
	return rows[0].Call
}

// comparing counts the spans that were scored alike, and the classes that were found in them.
type comparing struct {
	t     *testing.T
	set   *score.Set
	seen  map[failure.Class]int
	spans int
}

// traces compares the Collector, a file of the gate, and rows of a dataset. Loops show in the session stage, which both
// the Collector and the gate run.
func (c *comparing) traces(name string, requests []ptrace.Traces) {
	t := c.t
	online := map[string]result{}
	var calls []*genai.Call
	var ids []string
	began := time.Now()
	tracker, err := session.New(session.DefaultSettings(), func() time.Time { return began })
	require.NoError(t, err)
	collector, sessions := pipeline.NewScorer(c.set, pipeline.ScorerOptions{}), pipeline.NewSessions(tracker)
	files, err := pipeline.NewFiles(c.set, nil, true)
	require.NoError(t, err)
	for _, td := range requests {
		files.IndexTraces(td)
	}
	idOf := func(span ptrace.Span) string { return span.TraceID().String() + span.SpanID().String() }
	for _, td := range requests {
		again := ptrace.NewTraces()
		td.CopyTo(again)
		collector.Traces(td, nil, func(o *pipeline.Scored) {
			if o.Call == nil || o.Entry.Record.DuplicateOf != "" {
				return
			}
			online[idOf(o.Span)] = result{Scores: slices.Clone(o.Entry.Record.Scores)}
			calls, ids = append(calls, o.Call.Clone()), append(ids, idOf(o.Span))
			c.spans++
		})
		sessions.Traces(td, nil, nil)
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					r, ok := online[idOf(span)]
					if !ok {
						continue
					}
					r.Classes = slices.Clone(spanattr.Of(span).Verdict.Classes)
					online[idOf(span)] = r
					for _, class := range r.Classes {
						c.seen[class]++
					}
				}
			}
		}
		files.Traces(again, func(o *pipeline.Scored) {
			if o.Call == nil || o.Entry.Record.DuplicateOf != "" {
				return
			}
			want := online[idOf(o.Span)]
			require.Equal(t, want.Scores, slices.Clone(o.Entry.Record.Scores), "%s: a file of the gate", name)
			require.ElementsMatch(t, want.Classes, o.Entry.Record.Verdict.Classes, "%s: a file of the gate", name)
		})
	}
	for i, call := range calls {
		got := scoreOf(c.set, reread(t, call))
		require.Len(t, got.Scores, len(online[ids[i]].Scores), "%s %s: a row", name, ids[i])
		if len(got.Scores) > 0 {
			require.Equal(t, online[ids[i]].Scores, got.Scores, "%s %s: a row", name, ids[i])
		}
	}
}

// generated compares generated traffic.
func (c *comparing) generated(name string, traces []sample.Trace) {
	var requests []ptrace.Traces
	var lines bytes.Buffer
	require.NoError(c.t, sample.Write(&lines, traces))
	require.NoError(c.t, otlpfile.Read(name, &lines, otlpfile.Sink{
		Traces: func(td ptrace.Traces) error { requests = append(requests, td); return nil },
	}))
	c.traces(name, requests)
}

// TestScoresInCIAreThoseOnline: a span gets the same scores and classes in the Collector, in a file of the gate, and the
// same scores as a row of a dataset. The sample has failures of every class that needs no text classifier, the labelled
// rows have the others.
func TestScoresInCIAreThoseOnline(t *testing.T) {
	set, err := loadScorers("")
	require.NoError(t, err)
	c := comparing{t, set, map[failure.Class]int{}, 0}
	c.generated("sample", sample.Generate(2300, 7))
	c.generated("loop", sample.Loop(60))

	labelled, err := filepath.Glob("../../testdata/eval/*.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, labelled)
	for _, name := range labelled {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for line := range bytes.Lines(text) {
			var row struct{ Call *genai.Call }
			if json.Unmarshal(line, &row) != nil || row.Call == nil {
				continue
			}
			live := scoreOf(set, row.Call)
			require.Equal(t, live, scoreOf(set, reread(t, row.Call)), name)
			for _, class := range live.Classes {
				c.seen[class]++
			}
			c.spans++
		}
	}
	require.Greater(t, c.spans, 10_000)
	for _, info := range failure.Classes() {
		if info.Class != failure.GoalDrift { // which people and judges find
			require.Positive(t, c.seen[info.Class], info.Class)
		}
	}
	t.Logf("%d spans: %v", c.spans, c.seen)
}

// TestScoresOfTheCorpusInCIAreThoseOnline is the same on the development data: every dialect, and ten thousand calls of
// tools and agents.
func TestScoresOfTheCorpusInCIAreThoseOnline(t *testing.T) {
	corpus.Dir(t)
	set, err := loadScorers("")
	require.NoError(t, err)
	c := comparing{t, set, map[failure.Class]int{}, 0}
	for _, path := range corpus.Dialects(t, 1<<20) {
		f, err := os.Open(path)
		require.NoError(t, err)
		var requests []ptrace.Traces
		_ = otlpfile.Read(path, f, otlpfile.Sink{ // some of it is broken on purpose
			Traces: func(td ptrace.Traces) error { requests = append(requests, td); return nil },
			Logs:   func(plog.Logs) error { return nil },
			Bad:    func(*otlpfile.Error) {},
		})
		_ = f.Close()
		c.traces(path, requests)
	}
	t.Logf("dialects: %d spans: %v", c.spans, c.seen)
	for _, name := range []string{"tools/multiturn_steps", "tools/native", "tools/provider_errors", "agents/tau_bench"} {
		var requests []ptrace.Traces
		n := 0
		corpus.Lines(t, name+".jsonl.gz", func(line struct {
			OTLP json.RawMessage `json:"otlp"`
		},
		) {
			if n++; n > 5500 {
				return
			}
			td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line.OTLP)
			require.NoError(t, err)
			requests = append(requests, td)
		})
		c.traces(name, requests)
		t.Logf("%s: %d spans: %v", name, c.spans, c.seen)
	}
	require.Greater(t, c.spans, 10_000)
}
