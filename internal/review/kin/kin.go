// Package kin joins signals of equal meaning: failures of one class that are told in other words. Each signal is placed
// once. A model turns its text into a vector, and it joins the nearest signal of its class if that is near enough.
package kin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/pattern"
)

// Model turns texts into vectors of length 1, one a text and all of one dimension. It returns a *judge.Error if it
// cannot.
type Model interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Settings say how signals are joined.
type Settings struct {
	Name    string          // of the model: vectors of different models are never compared
	Classes []failure.Class // whose signals are joined
	Near    float64         // the least cosine of two that are the same
	Batch   int             // texts of a request
	Answers bool            // the answer is part of the text
}

// maxLeaders bounds the signals of a class that a new one is compared with, the latest seen.
const maxLeaders = 2000

// maxAnswer bounds the part of an answer that is compared, in bytes: what it is about stands in its beginning.
const maxAnswer = 1000

// Classes are the ones that are joined unless somebody says otherwise: those whose failures are told in words. The
// others name a tool, a schema keyword or a limit, which a fingerprint tells apart better than a model does.
func Classes() []failure.Class {
	return []failure.Class{
		failure.ProviderError, failure.ToolError, failure.Refusal, failure.Hallucination, failure.BadAnswer,
		failure.GoalDrift, failure.Unsafe,
	}
}

// Joiner places signals.
type Joiner struct {
	store    review.Kin
	model    Model
	settings Settings
	redactor *pattern.Redactor
}

// New returns a joiner.
func New(store review.Kin, model Model, s Settings) *Joiner {
	redactor, err := pattern.NewRedactor([]string{string(pattern.KindPII), string(pattern.KindSecrets)})
	if err != nil {
		panic(err) // of constants
	}
	return &Joiner{store, model, s, redactor}
}

// Result is what a round did.
type Result struct {
	Placed int
	Joined int
	More   bool // fresh signals are left
}

// Round places one batch of fresh signals. Its error is a *judge.Error where the model was the obstacle; nothing is
// placed then.
func (j *Joiner) Round(ctx context.Context) (r Result, err error) {
	fresh, err := j.store.Fresh(ctx, j.settings.Name, j.settings.Classes, j.settings.Batch)
	if err != nil || len(fresh) == 0 {
		return r, err
	}
	vectors, err := j.embed(ctx, fresh)
	if err != nil {
		return r, err
	}
	placements, err := j.place(ctx, fresh, vectors)
	if err != nil {
		return r, err
	}
	if err := j.store.Place(ctx, j.settings.Name, placements); err != nil {
		return r, err
	}
	for i := range placements {
		if placements[i].Into != "" {
			r.Joined++
		}
	}
	r.Placed, r.More = len(placements), len(fresh) == j.settings.Batch
	return r, nil
}

// embed asks for all vectors at once, but for those of signals of which nothing is said. Where the model does not
// accept the request, it asks for one text at a time: one that is refused stands alone, and holds up no other.
func (j *Joiner) embed(ctx context.Context, fresh []review.Fresh) ([][]float32, error) {
	vectors := make([][]float32, len(fresh))
	var texts []string
	var of []int
	for i := range fresh {
		if text := j.Text(&fresh[i]); text != "" {
			texts, of = append(texts, text), append(of, i)
		}
	}
	if len(texts) == 0 {
		return vectors, nil
	}
	found, err := j.model.Embed(ctx, texts)
	if isRejected(err) && len(texts) > 1 {
		found, err = j.embedEach(ctx, texts, err)
	}
	if err != nil {
		return nil, err
	}
	for i := range found {
		vectors[of[i]] = found[i]
	}
	return vectors, nil
}

func (j *Joiner) embedEach(ctx context.Context, texts []string, rejected error) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	accepted := false
	for i := range texts {
		one, err := j.model.Embed(ctx, texts[i:i+1])
		switch {
		case err == nil:
			vectors[i], accepted = one[0], true
		case !isRejected(err):
			return nil, err
		}
	}
	if !accepted { // the reason is not a text
		return nil, rejected
	}
	return vectors, nil
}

func isRejected(err error) bool {
	e, ok := errors.AsType[*judge.Error](err)
	return ok && e.Obstacle == judge.Rejected
}

// place finds the leader of each signal. Those that people did something with come first, then the order is that of the
// ids, so that the order of arrival does not matter within a batch.
func (j *Joiner) place(ctx context.Context, fresh []review.Fresh, vectors [][]float32) ([]review.Placement, error) {
	order := make([]int, len(fresh))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &fresh[a], &fresh[b]
		if x.Stays() != y.Stays() {
			if x.Stays() {
				return -1
			}
			return 1
		}
		return strings.Compare(x.ID, y.ID)
	})
	leaders := map[failure.Class][]review.Leader{}
	placements := make([]review.Placement, 0, len(fresh))
	for _, i := range order {
		f, v := &fresh[i], vectors[i]
		of, known := leaders[f.Class]
		if !known {
			var err error
			if of, err = j.store.Leaders(ctx, j.settings.Name, f.Class, maxLeaders); err != nil {
				return nil, err
			}
		}
		p := review.Placement{ID: f.ID, Vector: v}
		if v != nil {
			near, cosine, err := nearest(of, v)
			if err != nil {
				return nil, err
			}
			if !f.Stays() && near != "" && cosine >= j.settings.Near {
				p.Into = near
			} else {
				of = append(of, review.Leader{ID: f.ID, Vector: v})
			}
		}
		leaders[f.Class] = of
		placements = append(placements, p)
	}
	return placements, nil
}

// nearest returns the leader with the greatest cosine, of equal ones that with the least id.
func nearest(leaders []review.Leader, v []float32) (id string, cosine float64, err error) {
	for i := range leaders {
		l := &leaders[i]
		if len(l.Vector) != len(v) {
			return "", 0, &judge.Error{Obstacle: judge.InvalidReply, Err: fmt.Errorf(
				"vectors must have the dimension of the earlier ones of the model, which is %d, got %d", len(l.Vector), len(v),
			)}
		}
		if c := dot(l.Vector, v); id == "" || c > cosine || c == cosine && l.ID < id {
			id, cosine = l.ID, c
		}
	}
	return id, cosine, nil
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// Text is what of a signal is embedded: what it is, and the evidence and the answer without what varies. Personal data
// and credentials are never part of it. It is empty where neither says anything.
func (j *Joiner) Text(f *review.Fresh) string {
	evidence, answer := j.plain(f.Evidence), ""
	if j.settings.Answers {
		answer = j.plain(f.Answer)
	}
	if evidence == "" && answer == "" {
		return ""
	}
	lines := []string{strings.ReplaceAll(strings.TrimSpace(string(f.Class)+" "+f.Detail), "_", " ")}
	if evidence != "" {
		lines = append(lines, evidence)
	}
	if answer != "" {
		lines = append(lines, "answer: "+answer)
	}
	return strings.Join(lines, "\n")
}

// plain is a text without personal data, numbers and the like, in lower case and with single spaces.
func (j *Joiner) plain(text string) string {
	text, _ = j.redactor.Text(clip.Text(text, maxAnswer))
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r <= ' ' || r >= '0' && r <= '9'
	}), " ")
}

// Pauses after a round that failed.
const (
	firstPause = time.Second
	mostPause  = 5 * time.Minute
)

// Pause is how long to wait after so many failed rounds in a row, the last one with this error.
func Pause(failures int, err error) time.Duration {
	pause := mostPause
	refused, ok := errors.AsType[*judge.Error](err)
	if !ok || refused.Again {
		pause = min(firstPause<<min(failures-1, 16), mostPause)
	}
	if ok {
		pause = max(pause, refused.After)
	}
	return pause
}
