package score

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// fake is a scorer that finds an empty answer, and then panics with the given value.
type fake struct {
	name  string
	panic any
}

func (s fake) Name() string  { return s.name }
func (fake) Version() string { return "1" }
func (s fake) Score(_ *genai.Call, r *Result) {
	r.Add(s, 0, true)
	r.Find(failure.Finding{Class: failure.BadAnswer, Detail: failure.Empty, Scorer: s.name})
	if s.panic != nil {
		panic(s.panic)
	}
}

// TestPanicStopsNothing checks that a panic is reported as a problem, that its scores are dropped and that the others
// run.
func TestPanicStopsNothing(t *testing.T) {
	var r Result
	set := NewSet(
		fake{name: "before"}, fake{"broken", errors.New("index out of range")}, fake{"loud", strings.Repeat("ä", 1<<20)},
		fake{name: "after"},
	)
	set.Score(&genai.Call{}, &r)
	require.Len(t, r.Scores, 2)
	require.Equal(t, "before", r.Findings[0].Scorer)
	require.Equal(t, "after", r.Findings[1].Scorer)
	require.Equal(t, Skip{Scorer: "broken", Reason: "panic", Detail: "index out of range"}, r.Problems[0])
	require.Equal(t, "loud", r.Problems[1].Scorer)
	require.LessOrEqual(t, len(r.Problems[1].Detail), failure.MaxEvidence)
}

// TestResetForgets checks that a reused result holds nothing of the previous call.
func TestResetForgets(t *testing.T) {
	r := Result{Cancelled: true, ToolOutcome: OutcomeFailed}
	set := NewSet(fake{name: "a"}, fake{"b", "broken"})
	set.Score(&genai.Call{}, &r)
	findings := r.Findings
	r.Reset()
	require.Empty(t, r.Scores)
	require.Empty(t, r.Findings)
	require.Empty(t, r.Problems)
	require.False(t, r.Cancelled)
	require.Empty(t, r.ToolOutcome)
	require.Zero(t, findings[0], "evidence of the previous call is not kept alive")
}

func TestValidate(t *testing.T) {
	require.NoError(t, Config{Version: 1, Rules: []Rule{{Name: "a.b-C_3", Fail: "true"}}}.Validate())
	err := Config{Version: 2, Rules: []Rule{
		{Fail: "true"}, {Name: strings.Repeat("x", 65), Fail: "true"}, {Name: "a", Fail: "\n"}, {Name: "a", Fail: "true"},
	}}.Validate()
	for i, want := range []string{
		"version must be 1, got 2", "rules[0].name must not be empty", "rules[1].name must be at most 64 letters",
		`rules[2].fail must not be empty (rule "a")`,
		`rules[3].name must be unique, got "a" twice`,
	} {
		require.Contains(t, strings.Split(err.Error(), "\n")[i], want)
	}
}

func TestWordsAreReadOncePerCall(t *testing.T) {
	var r Result
	text := strings.Repeat("a text ", 3)
	first := r.Words(text)
	require.Same(t, first, r.Words(text))
	require.NotSame(t, first, r.Words("another"))
	r.Reset()
	require.Len(t, r.Words("new words here").Words, 3)
	require.Zero(t, testing.AllocsPerRun(10, func() { r.Reset(); r.Words(text); r.Words("another") }))
	for range 100 {
		r.Words(strings.Clone("some " + text))
	}
	r.Reset()
	require.LessOrEqual(t, len(r.texts.words), maxKept)
}
