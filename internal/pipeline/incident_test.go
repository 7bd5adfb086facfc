package pipeline

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/sample"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

func newTestSessions(t *testing.T) *Sessions {
	t.Helper()
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(t, err)
	return NewSessions(tracker)
}

func newTestFiles(t *testing.T, set *score.Set) *Files {
	t.Helper()
	f, err := NewFiles(set, nil, true)
	require.NoError(t, err)
	return f
}

// TestPortionsMakeTheSameIncident checks that `faultline score`, which adds spans one by one in any order, finds the
// same incident as llm_rootcause.
func TestPortionsMakeTheSameIncident(t *testing.T) {
	set := defaultSet(t)
	r := rand.New(rand.NewPCG(8, 8))
	reported := 0
	for _, trace := range sample.Generate(80, 5) {
		whole, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(trace.OTLP)
		require.NoError(t, err)
		NewScorer(set, ScorerOptions{}).Traces(whole, nil, nil)
		newTestSessions(t).Traces(whole, nil, nil)
		primary := pcommon.SpanID{}
		var id pcommon.TraceID
		NewCauses().Traces(whole, func(pcommon.TraceID) bool { return false },
			func(c TraceCause) { primary = c.Primary.SpanID() })

		var lone []ptrace.Traces // each span in data of its own
		pieces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(trace.OTLP)
		require.NoError(t, err)
		for _, rs := range pieces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					td := ptrace.NewTraces()
					to := td.ResourceSpans().AppendEmpty()
					rs.Resource().CopyTo(to.Resource())
					scope := to.ScopeSpans().AppendEmpty()
					ss.Scope().CopyTo(scope.Scope())
					span.CopyTo(scope.Spans().AppendEmpty())
					lone = append(lone, td)
					id = span.TraceID()
				}
			}
		}
		r.Shuffle(len(lone), func(i, j int) { lone[i], lone[j] = lone[j], lone[i] })
		lone = append(lone, lone[0]) // and one of them again
		files, incidents := newTestFiles(t, set), NewIncidents()
		for _, td := range lone {
			files.IndexTraces(td)
		}
		for _, td := range lone {
			files.Traces(td, func(s *Scored) { incidents.Add(s.Span, s.Entry) })
		}
		found := incidents.Of(id)
		if primary.IsEmpty() {
			require.Nil(t, found)
			continue
		}
		reported++
		require.Equal(t, primary, found.Primary, trace.ID)
		require.Same(t, found, incidents.Of(id))
		for _, rs := range whole.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					want, explained := span.Attributes().Get(spanattr.AttrCausedBy)
					by, ok := found.CausedBy(span.SpanID())
					require.Equal(t, explained, ok)
					if explained {
						require.Equal(t, want.Str(), by.String())
					}
					_, recovered := span.Attributes().Get(spanattr.AttrRecovered)
					require.Equal(t, recovered, found.Recovered(span.SpanID()))
				}
			}
		}
	}
	require.Equal(t, 20, reported, "a quarter of the sample fails")
	require.Nil(t, NewIncidents().Of(pcommon.TraceID{1}))
}
