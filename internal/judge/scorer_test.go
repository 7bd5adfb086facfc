package judge

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

func guard() ScorerSettings {
	return ScorerSettings{
		Name: "guard", Needs: []Part{PartAnswer}, PassAt: 0.6, Suspicions: []string{"toxicity"}, USD: 0.001,
		Reasons: []Reason{
			{Code: "safe"},
			{Code: "hate", Class: failure.Unsafe, Detail: failure.Toxicity},
			{Code: "leak", Class: failure.Unsafe, Detail: failure.PIILeak},
		},
	}
}

func TestScorersOverHTTP(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   spanattr.Evaluation
		wrong  Obstacle
		spent  float64
	}{
		"it passes": {
			body: `{"score":0.9,"reason":"safe","version":"guard-2"}`, spent: 0.001,
			want: spanattr.Evaluation{Label: "pass", Value: genai.Some(0.9), Suspicion: spanattr.SuspicionWithdrawn, SuspicionOf: []string{"toxicity"}},
		},
		"it fails": {
			body: `{"score":0.1,"reason":"leak","explanation":"a phone number"}`, spent: 0.001,
			want: spanattr.Evaluation{
				Label: "fail", Value: genai.Some(0.1), Failed: true, Class: failure.Unsafe, Detail: failure.PIILeak,
				Explanation: "a phone number", Suspicion: spanattr.SuspicionConfirmed, SuspicionOf: []string{"toxicity"},
			},
		},
		"a score alone": {
			body: `{"score":0}`, spent: 0.001,
			want: spanattr.Evaluation{
				Label: "fail", Value: genai.Some(0.0), Failed: true, Class: failure.Unsafe, Detail: failure.Toxicity,
				Suspicion: spanattr.SuspicionConfirmed, SuspicionOf: []string{"toxicity"},
			},
		},
		"a reason that contradicts the score": {
			body: `{"score":1,"reason":"hate"}`, spent: 0.001,
			want: spanattr.Evaluation{Label: "pass", Value: genai.Some(1.0), Suspicion: spanattr.SuspicionWithdrawn, SuspicionOf: []string{"toxicity"}},
		},
		"no score":       {body: `{"reason":"hate"}`, wrong: InvalidReply, spent: 0.001},
		"a score of 100": {body: `{"score":100}`, wrong: InvalidReply, spent: 0.001},
		"no JSON":        {body: `safe`, wrong: InvalidReply, spent: 0.001},
		"huge":           {body: strings.Repeat(" ", 2*MaxReply), wrong: ReplyTooLong, spent: 0.001},
		"broken":         {status: 500, body: `{}`, wrong: Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			var got ScorerRequest
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if json.NewDecoder(req.Body).Decode(&got) != nil || req.Header.Get("Content-Type") != "application/json" {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			purse := NewSpend(1, nil, time.Now, nil)
			transport := Transport{
				Client: server.Client(),
				Status: func(int, *http.Response) *Error { return &Error{Obstacle: Unavailable, Again: true} },
				Failed: func(err error) *Error { return &Error{Obstacle: Unavailable, Again: true, Err: err} },
			}
			s, err := NewScorer(transport, server.URL, guard(), purse, nil)
			require.NoError(t, err)
			k := &Case{Scope: Answer, Answer: "hello", Suspects: []string{"toxicity"}}
			require.True(t, s.Applies(k))
			r, err := s.Rate(t.Context(), k)
			require.Equal(t, ScorerRequest{Version: 1, Name: "guard", Case: k}, got)
			require.InDelta(t, c.spent, purse.Spent(), 1e-9)
			if c.wrong != "" {
				require.Equal(t, c.wrong, ErrorOf(err).Obstacle)
				return
			}
			require.NoError(t, err)
			want := c.want
			want.Name, want.By, want.CostUSD = "guard", spanattr.EvaluatorScorer, genai.Some(0.001)
			want.Version = s.Version()
			if strings.Contains(c.body, "guard-2") {
				want.Version += "-guard-2"
			}
			require.Equal(t, want, r.Evaluation)
		})
	}
}

func TestAScorersSettingsAreItsVersion(t *testing.T) {
	a, err := NewScorer(Transport{}, "http://x", guard(), nil, nil)
	require.NoError(t, err)
	changed := guard()
	changed.PassAt = 0.7
	b, err := NewScorer(Transport{}, "http://x", changed, nil, nil)
	require.NoError(t, err)
	require.NotEqual(t, a.Version(), b.Version())
	changed.Reasons = changed.Reasons[:1]
	_, err = NewScorer(Transport{}, "http://x", changed, nil, nil)
	require.ErrorContains(t, err, "reasons must have one that passes")
	require.False(t, a.Applies(&Case{Scope: Answer}), "it needs an answer")
}
