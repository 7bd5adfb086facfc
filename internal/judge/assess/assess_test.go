package assess

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/chat"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
)

func assessor(t *testing.T, server *judgetest.Server) *Assessor {
	t.Helper()
	s := judge.Settings{Model: "m", MaxTokens: 500, MaxBytes: judge.DefaultBytes, Format: judge.FormatSchema}
	d := &docket.Desk{
		Judge:       judge.New(chat.New(&http.Client{Timeout: 5 * time.Second}, server.Endpoint(), s), s, nil, nil, nil),
		Concurrency: 1, Attempts: 1, Backoff: time.Millisecond,
	}
	return New(d, judge.Embedded(), judge.DefaultBytes)
}

func chatCall(input []genai.Message, answer string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat}
	c.SetContent(genai.Content{Input: input, Output: []genai.Message{{Role: genai.RoleAssistant, Text: answer}}})
	return c
}

func user(text string) []genai.Message { return []genai.Message{{Role: genai.RoleUser, Text: text}} }

// TestARunIsJudgedWithTheInputOfItsRow: a program that records its answer alone is judged on what it was asked.
func TestARunIsJudgedWithTheInputOfItsRow(t *testing.T) {
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		return judgetest.Answer{Text: r.Reply(strings.Contains(r.User, "Where is my order?"), "it was asked")}
	})
	a := assessor(t, server)
	row := chatCall(user("Where is my order?"), "I do not know.")
	value, why, err := a.Judge(t.Context(), "relevance", &assertion.Run{
		Calls: []*genai.Call{chatCall(nil, "In Lyon.")}, Row: row,
	})
	require.NoError(t, err)
	require.InDelta(t, 0.9, value, 0)
	require.Equal(t, "it was asked", why)
	require.NotContains(t, server.Requests()[0].User, "I do not know.", "the answer in the row is not that of the run")

	value, _, err = a.Judge(t.Context(), "relevance", &assertion.Run{
		Calls: []*genai.Call{chatCall(user("What is the price?"), "In Lyon.")}, Row: row,
	})
	require.NoError(t, err)
	require.InDelta(t, 0.1, value, 0, "the run's own input comes first")
}

// TestSourcesAreThoseOfTheRun: what its tools returned supports its answer.
func TestSourcesAreThoseOfTheRun(t *testing.T) {
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		return judgetest.Answer{Text: r.Reply(strings.Contains(r.User, "parcel in Lyon"), "")}
	})
	tool := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "track"}
	tool.SetContent(genai.Content{ToolResult: genai.Value{Text: `{"status": "parcel in Lyon"}`}})
	value, _, err := assessor(t, server).Judge(t.Context(), "groundedness", &assertion.Run{
		Calls: []*genai.Call{tool, chatCall(user("Where?"), "In Lyon.")},
	})
	require.NoError(t, err)
	require.InDelta(t, 1, value, 0)
}

func TestTheSameRunIsJudgedOnce(t *testing.T) {
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: r.Reply(true, "")} })
	a := assessor(t, server)
	for range 3 {
		_, _, err := a.Judge(t.Context(), "relevance", &assertion.Run{Calls: []*genai.Call{chatCall(user("Where?"), "In Lyon.")}})
		require.NoError(t, err)
	}
	_, _, err := a.Judge(t.Context(), "helpfulness", &assertion.Run{Calls: []*genai.Call{chatCall(user("Where?"), "In Lyon.")}})
	require.NoError(t, err)
	require.Len(t, server.Requests(), 2)
	require.Equal(t, 2, a.Calls())
	require.Equal(t, a.desk.Judge.Version(a.rubrics[0]), a.Versions()[a.rubrics[0].Name])
}

func TestWhatCannotBeJudged(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Status: 500} })
	a := assessor(t, server)
	run := &assertion.Run{Calls: []*genai.Call{chatCall(user("Where?"), "In Lyon.")}}
	for rubric, want := range map[string]string{
		"relevance":    "unavailable: status 500",
		"groundedness": "the rubric does not apply: it needs an answer with sources, answer",
		"context_loss": "the rubric does not apply: it needs a session with earlier of at least 11 turns",
		"politeness":   `unknown rubric "politeness", expected one of context_loss`,
	} {
		_, _, err := a.Judge(t.Context(), rubric, run)
		require.ErrorContains(t, err, want)
	}
	_, _, err := a.Judge(t.Context(), "relevance", &assertion.Run{})
	require.EqualError(t, err, "the run has no answer of a model")
}

// TestSessionsOfRuns: a rubric of sessions gets the whole conversation.
func TestSessionsOfRuns(t *testing.T) {
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		return judgetest.Answer{Text: r.Reply(strings.Contains(r.User, "first") && strings.Contains(r.User, "third"), "")}
	})
	talk := []genai.Message{
		{Role: genai.RoleUser, Text: "first"},
		{Role: genai.RoleAssistant, Text: "yes"},
		{Role: genai.RoleUser, Text: "second"},
		{Role: genai.RoleAssistant, Text: "yes"},
		{Role: genai.RoleUser, Text: "third"},
	}
	value, _, err := assessor(t, server).Judge(t.Context(), "goal_drift", &assertion.Run{
		Calls: []*genai.Call{chatCall(talk, "done")},
	})
	require.NoError(t, err)
	require.InDelta(t, 0.9, value, 0)
}
