package judge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// ScorerSettings describe a program that scores cases over HTTP: a guard model, a classifier. They are a part of the
// version of its results.
type ScorerSettings struct {
	Name     string `json:"name"`
	Of       Scope  `json:"of"`
	Needs    []Part `json:"needs"`
	MinTurns int    `json:"min_turns"`
	// PassAt is the score from which a case passes. Scores are between 0 (bad) and 1 (good).
	PassAt float64 `json:"pass_at"`
	// Reasons are the codes that the program may give. The first one with a class is that of a failure without a code.
	Reasons    []Reason `json:"reasons"`
	Suspicions []string `json:"suspicions"`
	USD        float64  `json:"usd"` // of a request
}

// Scorer asks a program over HTTP. It is safe for concurrent use.
type Scorer struct {
	client   *http.Client
	endpoint string
	rubric   *Rubric
	settings ScorerSettings
	purse    Purse
	pace     Pace
	status   func(code int, response *http.Response) *Error
	failed   func(error) *Error
}

// ScorerRequest is the body of a request to a scorer, as JSON.
type ScorerRequest struct {
	Version int    `json:"version"` // of this format: 1
	Name    string `json:"name"`
	Case    *Case  `json:"case"`
}

// ScorerResponse is the body of its response. Only the score is required.
type ScorerResponse struct {
	Score       *float64 `json:"score"`
	Reason      string   `json:"reason"`
	Explanation string   `json:"explanation"`
	Version     string   `json:"version"` // of the model behind the scorer
}

// scorerFormat is the version of the format.
const scorerFormat = 1

// Transport says what responses and errors of a client mean.
type Transport struct {
	Client *http.Client
	Status func(code int, response *http.Response) *Error
	Failed func(error) *Error
}

// NewScorer returns a scorer at an endpoint. purse and pace may be nil.
func NewScorer(t Transport, endpoint string, s ScorerSettings, purse Purse, pace Pace) (*Scorer, error) {
	if s.Of == "" {
		s.Of = Answer
	}
	if s.PassAt == 0 {
		s.PassAt = 0.5
	}
	r := &Rubric{
		Name: s.Name, Of: s.Of, Needs: s.Needs, Reads: parts, MinTurns: s.MinTurns, PassAt: s.PassAt,
		Instructions: "a program", Reasons: s.Reasons, Suspicions: s.Suspicions,
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if s.USD < 0 || math.IsNaN(s.USD) || math.IsInf(s.USD, 0) {
		return nil, fmt.Errorf("usd must not be negative, got %g", s.USD)
	}
	return &Scorer{
		client: t.Client, endpoint: endpoint, rubric: r, settings: s, purse: purse, pace: pace,
		status: t.Status, failed: t.Failed,
	}, nil
}

// Name returns the name of the evaluation.
func (s *Scorer) Name() string { return s.settings.Name }

// Version is of the settings. The version that the program reports follows it on results.
func (s *Scorer) Version() string { return version(s.settings.Name, scorerFormat, s.settings) }

// Applies reports whether a case can be scored.
func (s *Scorer) Applies(k *Case) bool { return s.rubric.Applies(k) }

// Estimate is the price of a request.
func (s *Scorer) Estimate(*Case) float64 { return s.settings.USD }

// Rate asks the program.
func (s *Scorer) Rate(ctx context.Context, k *Case) (Result, error) {
	spent := 0.0
	if s.purse != nil {
		if !s.purse.Reserve(s.settings.USD) {
			return Result{}, &Error{Obstacle: SpendLimit}
		}
		defer func() { s.purse.Settle(s.settings.USD, spent) }()
	}
	if s.pace != nil {
		if err := s.pace.Wait(ctx); err != nil {
			return Result{}, &Error{Obstacle: Timeout, Again: true, Err: err}
		}
	}
	answer, err := s.ask(ctx, k)
	if err != nil {
		if err.Unknown {
			spent = s.settings.USD
		}
		return Result{}, err
	}
	spent = s.settings.USD
	found, wrong := s.conclude(answer)
	if wrong != nil {
		return Result{Cost: Cost{USD: spent}}, &Error{Obstacle: InvalidReply, Err: wrong}
	}
	r := s.rubric.result(k, found)
	r.Evaluation.By = spanattr.EvaluatorScorer
	r.Evaluation.Version = s.Version()
	if answer.Version != "" {
		r.Evaluation.Version += "-" + clip.Text(answer.Version, 32)
	}
	r.USD = spent
	r.Evaluation.CostUSD = genai.Some(spent)
	return r, nil
}

func (s *Scorer) ask(ctx context.Context, k *Case) (*ScorerResponse, *Error) {
	body, err := json.Marshal(ScorerRequest{scorerFormat, s.settings.Name, k})
	if err != nil {
		return nil, &Error{Obstacle: Rejected, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Obstacle: Rejected, Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return nil, s.failed(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, s.status(res.StatusCode, res)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, MaxReply+1))
	switch {
	case err != nil:
		return nil, s.failed(err)
	case len(text) > MaxReply:
		return nil, &Error{Obstacle: ReplyTooLong, Unknown: true}
	}
	var answer ScorerResponse
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, &Error{Obstacle: InvalidReply, Unknown: true, Err: errors.New("the response is not the documented JSON")}
	}
	return &answer, nil
}

// conclude checks a response. The score alone decides; without a code, or with one that contradicts the score, the
// reason is the first that agrees.
func (s *Scorer) conclude(a *ScorerResponse) (finding, error) {
	if a.Score == nil || math.IsNaN(*a.Score) || *a.Score < 0 || *a.Score > 1 {
		return finding{}, errors.New("the score is not between 0 and 1")
	}
	f := finding{score: *a.Score, explanation: clip.Text(strings.TrimSpace(a.Explanation), maxExplanation)}
	passes := f.score >= s.settings.PassAt
	if f.reason = s.rubric.reason(a.Reason); f.reason != nil && (f.reason.Class == "") == passes {
		return f, nil
	}
	for i := range s.rubric.Reasons {
		if reason := &s.rubric.Reasons[i]; (reason.Class == "") == passes {
			f.reason = reason
			break
		}
	}
	return f, nil
}
