package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// judgedStore is a review store with three cases: one that people and the judge fail, one that people alone fail, and
// one that both find sound. The last one was judged by an earlier version too.
func judgedStore(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "review.db")
	store, err := sqlstore.Open(t.Context(), path)
	require.NoError(t, err)
	now := time.Now()
	for i, name := range []string{"both", "people", "none"} {
		traces := chatTrace(t, name, "It is bogus.")
		putJudged(t, store, traces, failure.BadAnswer)
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(traces)
		require.NoError(t, err)
		of := pipeline.ReviewTraces(td, nil)[0]
		label := review.Label{TraceID: of.ID, Decision: review.Rejected, Reviewer: "ada"}
		if name != "none" {
			label.Decision, label.Class, label.Note = review.Confirmed, failure.BadAnswer, "the parcel "+name
		}
		_, err = store.AddLabel(t.Context(), label)
		require.NoError(t, err)
		e := review.Evaluation{
			TraceID: of.ID, SpanID: of.Spans[0].ID, Name: "relevance", By: review.ByJudge, Version: "m@2", Label: "pass",
			Value: genai.Some(0.9), Explanation: "It is\x1b[2J fine.", Time: now,
		}
		if name == "both" {
			e.Label, e.Failed, e.Value, e.Class = "fail", true, genai.Some(0.1), failure.BadAnswer
		}
		evaluations := []review.Evaluation{e}
		if i == 2 {
			e.Version, e.Time = "m@1", now.Add(-time.Hour)
			evaluations = append(evaluations, e)
		}
		require.NoError(t, store.PutEvaluations(t.Context(), evaluations))
	}
	require.NoError(t, store.Close())
	return path
}

// TestStoredJudgementsAreCompared: what judges said before stands beside the labels, with the reasons of both.
func TestStoredJudgementsAreCompared(t *testing.T) {
	path := judgedStore(t)
	stdout, _ := cli(t, exitInconclusive, "judge", "calibrate", "--store", path)
	require.Contains(t, stdout, "relevance, m@2: not trusted: 2 of 30 labels of failures; an MCC of 0.50, where 0.60 is needed\n")
	require.Contains(t, stdout, "relevance, m@1: an earlier version, which decides nothing\n")
	require.Contains(t, stdout, "people: bad_answer, \"the parcel people\"\n")
	require.Contains(t, stdout, `judge:  pass 0.90, "It is\x1b[2J fine."`, "a text from outside cannot write on the terminal")
	require.NotContains(t, stdout, "trusted: [")
}

// TestRubricsRunOnTheStore: the rubrics are run on the cases that people judged, with the key of the environment.
func TestRubricsRunOnTheStore(t *testing.T) {
	t.Setenv(keyVariable, "secret")
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: r.Reply(false, "")} })
	stdout, stderr := cli(t, exitInconclusive, "judge", "calibrate", "--store", judgedStore(t), "--rubric", "relevance",
		"--endpoint", server.Endpoint(), "--model", "local", "--free", "--seed", "7")
	require.Len(t, server.Requests(), 3)
	require.Equal(t, "Bearer secret", server.Requests()[0].Header.Get("Authorization"))
	require.Contains(t, string(server.Requests()[0].Raw), `"seed":7`)
	require.Contains(t, stdout, "judge: failed               2              1\n")
	require.NotContains(t, stdout, "m@2", "what was stored is left alone")
	require.Contains(t, stderr, "relevance: 0 passed, 3 failed\n")
}

// TestSessionsOfFiles: the answers of a session are one conversation, in the order of time.
func TestSessionsOfFiles(t *testing.T) {
	var lines bytes.Buffer
	for _, i := range []int{2, 0, 1} {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(chatTrace(t, fmt.Sprint("part", i), fmt.Sprint("answer ", i)))
		require.NoError(t, err)
		span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		span.SetStartTimestamp(span.StartTimestamp() + pcommon.Timestamp(i*1e10))
		span.SetEndTimestamp(span.EndTimestamp() + pcommon.Timestamp(i*1e10))
		span.Attributes().PutStr("gen_ai.conversation.id", "talk")
		b, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
		require.NoError(t, err)
		lines.Write(append(b, '\n'))
	}
	file := filepath.Join(t.TempDir(), "traces.jsonl")
	require.NoError(t, os.WriteFile(file, lines.Bytes(), 0o600))
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: r.Reply(true, "")} })
	stdout, _ := cli(t, exitOK, "judge", "run", "--file", file, "--rubric", "goal_drift", "--endpoint", server.Endpoint(),
		"--model", "local", "--free")
	require.Len(t, server.Requests(), 1)
	text := server.Requests()[0].User
	require.Less(t, strings.Index(text, "answer 0"), strings.Index(text, "answer 1"))
	require.Less(t, strings.Index(text, "answer 1"), strings.Index(text, "answer 2"))
	results, err := docket.Read("stdout", strings.NewReader(stdout))
	require.NoError(t, err)
	last, _ := ids("part2")
	require.Equal(t, last.String(), results[0].TraceID)
	require.Equal(t, "talk", results[0].Session)
}
