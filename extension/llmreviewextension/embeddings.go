package llmreviewextension

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/chat"
	"github.com/faultline-otel/faultline/internal/review/kin"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/checkpoints"
)

// EmbeddingsConfig is a model for embeddings that says which signals mean the same.
type EmbeddingsConfig struct {
	// ClientConfig has the endpoint, such as https://api.openai.com/v1, the time-out of a request, headers, auth and TLS.
	confighttp.ClientConfig `mapstructure:",squash"`

	// Model is the name of the model. Vectors of different names are never compared.
	Model string `mapstructure:"model"`
	// Dimensions is how many numbers a vector is to have, 0 for what the model has.
	Dimensions int `mapstructure:"dimensions"`
	// Near is the least cosine of two signals that are one.
	Near float64 `mapstructure:"near"`
	// Classes are those whose signals are joined. Empty: those whose failures are told in words.
	Classes []string `mapstructure:"classes"`
	// Answers makes the answer of a signal a part of its text, without personal data and credentials.
	Answers bool `mapstructure:"answers"`
	// Batch is how many signals one request asks for.
	Batch int `mapstructure:"batch"`
}

// maxBatch bounds the texts of a request.
const maxBatch = 256

func defaultEmbeddings() EmbeddingsConfig {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 30 * time.Second
	return EmbeddingsConfig{ClientConfig: client, Near: 0.8, Answers: true, Batch: 64}
}

// Validate checks the keys.
func (c *EmbeddingsConfig) Validate() error {
	var errs []error
	if c.Endpoint == "" {
		errs = append(errs, errors.New(`endpoint must be the address of an API, got ""`))
	}
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout must be positive, got %v", c.Timeout))
	}
	if c.Model == "" {
		errs = append(errs, errors.New(`model must be the name of a model, got ""`))
	}
	if c.Dimensions < 0 || c.Dimensions > chat.MaxDimensions {
		errs = append(errs, fmt.Errorf("dimensions must be 0 to %d, got %d", chat.MaxDimensions, c.Dimensions))
	}
	if math.IsNaN(c.Near) || c.Near <= 0 || c.Near > 1 {
		errs = append(errs, fmt.Errorf("near must be above 0 and at most 1, got %v", c.Near))
	}
	for _, class := range c.Classes {
		if _, known := failure.Info(failure.Class(class)); !known {
			errs = append(errs, fmt.Errorf("classes must be of the taxonomy, got %.64q", class))
		}
	}
	if c.Batch < 1 || c.Batch > maxBatch {
		errs = append(errs, fmt.Errorf("batch must be 1 to %d, got %d", maxBatch, c.Batch))
	}
	return errors.Join(errs...)
}

func (c *EmbeddingsConfig) settings() kin.Settings {
	s := kin.Settings{Name: c.Model, Classes: kin.Classes(), Near: c.Near, Batch: c.Batch, Answers: c.Answers}
	if c.Dimensions > 0 {
		s.Name = fmt.Sprintf("%s/%d", c.Model, c.Dimensions)
	}
	if len(c.Classes) > 0 {
		s.Classes = nil
		for _, class := range c.Classes {
			s.Classes = append(s.Classes, failure.Class(class))
		}
	}
	return s
}

// joinEvery is how often fresh signals are looked for. Tests change it.
var joinEvery = 30 * time.Second

// joinLease is for how long a process joins signals, and so the most that one batch takes.
const joinLease = 5 * time.Minute

// joining joins signals while its process has the lease: of several replicas one does. It works beside the store, so
// that no exporter waits for an endpoint.
type joining struct {
	extension *reviewExtension
	joiner    *kin.Joiner
	lease     *checkpoints.Store
	process   string
}

// newJoining returns nil where no embeddings are configured.
func (e *reviewExtension) newJoining(ctx context.Context, host component.Host) (*joining, error) {
	c := e.config.Embeddings.Get()
	if c == nil {
		return nil, nil //nolint:nilnil // nothing is configured, and that is no error
	}
	client, err := c.ToClient(ctx, host.GetExtensions(), e.settings)
	if err != nil {
		return nil, err
	}
	e.telemetry.LlmReviewSignalsJoined.Add(ctx, 0) // alerts need the value before the first one
	model := chat.NewEmbedder(client, c.Endpoint, c.Model, c.Dimensions)
	return &joining{
		extension: e, joiner: kin.New(e.store, model, c.settings()), lease: e.store.Checkpoint("embeddings"),
		process: rand.Text(),
	}, nil
}

func (j *joining) run(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	defer func() {
		if err := j.lease.Free(context.WithoutCancel(ctx), j.process); err != nil {
			j.extension.warn("Could not leave embeddings to other replicas", err)
		}
	}()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		more, err := j.round(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			failures++
			pause := max(kin.Pause(failures, err), joinEvery)
			j.failed(ctx, err, pause)
			wait.Reset(pause)
		case more:
			failures = 0
			wait.Reset(0)
		default:
			failures = 0
			wait.Reset(joinEvery)
		}
	}
}

// round places a batch of signals, where it is the turn of this process.
func (j *joining) round(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, joinLease)
	defer cancel()
	held, err := j.lease.Lease(ctx, j.process, time.Now(), joinLease)
	if err != nil || !held {
		return false, err
	}
	r, err := j.joiner.Round(ctx)
	if r.Joined > 0 {
		j.extension.telemetry.LlmReviewSignalsJoined.Add(ctx, int64(r.Joined))
	}
	return r.More, err
}

func (j *joining) failed(ctx context.Context, err error, pause time.Duration) {
	obstacle, ok := errors.AsType[*judge.Error](err)
	if !ok {
		j.extension.warn("Could not join signals that mean the same", err)
		return
	}
	j.extension.telemetry.LlmReviewEmbeddingFailures.Add(ctx, 1,
		metric.WithAttributes(attribute.String("obstacle", string(obstacle.Obstacle))))
	j.extension.settings.Logger.Warn("No embeddings of signals; they are asked for again",
		zap.Duration("after", pause), zap.Error(err))
}
