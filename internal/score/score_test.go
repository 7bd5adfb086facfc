package score

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// said is a scorer that finds an empty answer, and then panics with what it is given.
type said struct {
	name  string
	panic any
}

func (s said) Name() string  { return s.name }
func (said) Version() string { return "1" }
func (s said) Score(_ *genai.Call, r *Result) {
	r.Add(s, 0, true)
	r.Find(failure.Finding{Class: failure.BadAnswer, Detail: failure.Empty, Scorer: s.name})
	if s.panic != nil {
		panic(s.panic)
	}
}

// TestPanicStopsNothing: a scorer that breaks down is a problem, what it said does not count, and the others go on.
func TestPanicStopsNothing(t *testing.T) {
	var r Result
	set := NewSet(said{name: "before"}, said{"broken", errors.New("index out of range")}, said{"loud", strings.Repeat("ä", 1<<20)}, said{name: "after"})
	set.Score(&genai.Call{}, &r)
	require.Len(t, r.Scores, 2)
	require.Equal(t, "before", r.Findings[0].Scorer)
	require.Equal(t, "after", r.Findings[1].Scorer)
	require.Equal(t, Problem{Scorer: "broken", Reason: "panic", Detail: "index out of range"}, r.Problems[0])
	require.Equal(t, "loud", r.Problems[1].Scorer)
	require.LessOrEqual(t, len(r.Problems[1].Detail), failure.MaxEvidence)
}

// TestResetForgets: a result that is used again holds nothing of the call before.
func TestResetForgets(t *testing.T) {
	r := Result{Cancelled: true, ToolOutcome: OutcomeFailed}
	set := NewSet(said{name: "a"}, said{"b", "broken"})
	set.Score(&genai.Call{}, &r)
	findings := r.Findings
	r.Reset()
	require.Empty(t, r.Scores)
	require.Empty(t, r.Findings)
	require.Empty(t, r.Problems)
	require.False(t, r.Cancelled)
	require.Empty(t, r.ToolOutcome)
	require.Zero(t, findings[0], "evidence of the call before is not kept alive")
}

func TestValidate(t *testing.T) {
	require.NoError(t, Config{Version: 1, Rules: []Rule{{Name: "a.b-C_3", Fail: "true"}}}.Validate())
	err := Config{Version: 2, Rules: []Rule{{Fail: "true"}, {Name: strings.Repeat("x", 65), Fail: "true"}, {Name: "a", Fail: "\n"}, {Name: "a", Fail: "true"}}}.Validate()
	for i, want := range []string{
		"version must be 1, got 2", "rules[0].name must not be empty", "rules[1].name must be at most 64 letters", `rules[2].fail must not be empty (rule "a")`,
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
