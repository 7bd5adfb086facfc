package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

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

// TestScoresInCIAreThoseOnline: a span gets the same scores in the Collector, in a file of the gate, and as a row of a
// dataset. The sample has failures of every class that needs no text classifier, the labelled rows have the others.
func TestScoresInCIAreThoseOnline(t *testing.T) {
	set, err := loadScorers("")
	require.NoError(t, err)
	seen := map[failure.Class]int{}
	spans := 0
	compare := func(name string, requests []ptrace.Traces) {
		online := map[string]result{}
		var calls []*genai.Call
		var ids []string
		collector := pipeline.NewScorer(set, pipeline.ScorerOptions{})
		files, err := pipeline.NewFiles(set, nil, false)
		require.NoError(t, err)
		for _, td := range requests {
			files.IndexTraces(td)
		}
		for _, td := range requests {
			again := ptrace.NewTraces()
			td.CopyTo(again)
			collector.Traces(td, nil, func(o *pipeline.Scored) {
				if o.Call == nil || o.Entry.Record.DuplicateOf != "" {
					return
				}
				id := o.Span.TraceID().String() + o.Span.SpanID().String()
				online[id] = result{slices.Clone(o.Entry.Record.Scores), o.Entry.Record.Verdict.Classes}
				calls, ids = append(calls, o.Call.Clone()), append(ids, id)
				for _, class := range o.Entry.Record.Verdict.Classes {
					seen[class]++
				}
				spans++
			})
			files.Traces(again, func(o *pipeline.Scored) {
				if o.Call == nil || o.Entry.Record.DuplicateOf != "" {
					return
				}
				id := o.Span.TraceID().String() + o.Span.SpanID().String()
				require.Equal(t, online[id].Scores, slices.Clone(o.Entry.Record.Scores), "%s: a file of the gate", name)
			})
		}
		for i, call := range calls {
			got := scoreOf(set, reread(t, call))
			require.Len(t, got.Scores, len(online[ids[i]].Scores), "%s %s: a row", name, ids[i])
			if len(got.Scores) > 0 {
				require.Equal(t, online[ids[i]].Scores, got.Scores, "%s %s: a row", name, ids[i])
			}
		}
	}

	var requests []ptrace.Traces
	var lines bytes.Buffer
	require.NoError(t, sample.Write(&lines, sample.Generate(1200, 7)))
	require.NoError(t, otlpfile.Read("sample", &lines, otlpfile.Sink{
		Traces: func(td ptrace.Traces) error { requests = append(requests, td); return nil },
	}))
	compare("sample", requests)

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
				seen[class]++
			}
			spans++
		}
	}

	const most = 10_000 // of the development data, where it is there
	for _, path := range corpus.Dialects(t, 1<<20) {
		if spans > most {
			break
		}
		f, err := os.Open(path)
		require.NoError(t, err)
		var requests []ptrace.Traces
		_ = otlpfile.Read(path, f, otlpfile.Sink{ // some of it is broken on purpose
			Traces: func(td ptrace.Traces) error { requests = append(requests, td); return nil },
			Logs:   func(plog.Logs) error { return nil },
			Bad:    func(*otlpfile.Error) {},
		})
		_ = f.Close()
		compare(path, requests)
	}
	t.Logf("%d spans: %v", spans, seen)
	require.Greater(t, spans, 3000)
	for _, info := range failure.Classes() {
		switch info.Class {
		case failure.RetryLoop, failure.GoalDrift: // the session shows the one, people and judges the other
		default:
			require.Positive(t, seen[info.Class], info.Class)
		}
	}
}
