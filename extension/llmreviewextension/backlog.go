package llmreviewextension

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadata"
	"github.com/faultline-otel/faultline/internal/review"
)

const (
	// backlogAge is for how long an answer of the store is good: both metrics are read together, and by every reader of metrics.
	backlogAge = 15 * time.Second
	// backlogWait is how long a reader of metrics waits for the store.
	backlogWait = 5 * time.Second
)

// backlog is what the store said last of the items that wait.
type backlog struct {
	mu    sync.Mutex
	said  review.Backlog
	err   error
	asked time.Time
}

// of is what waits. An error is remembered like an answer, so that a store in trouble is not asked all the time.
func (b *backlog) of(ctx context.Context, ask func(context.Context) (review.Backlog, error)) (review.Backlog, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked.IsZero() || time.Since(b.asked) >= backlogAge {
		ctx, cancel := context.WithTimeout(ctx, backlogWait)
		defer cancel()
		b.said, b.err = ask(ctx)
		b.asked = time.Now()
	}
	return b.said, b.err
}

// observe publishes how much waits, and for how long. Where the store does not say, there is no point.
func (d *desk) observe() (err error) {
	if d.telemetry, err = metadata.NewTelemetryBuilder(d.settings); err != nil {
		return err
	}
	return errors.Join(
		d.telemetry.RegisterLlmReviewOpenItemsCallback(func(ctx context.Context, o metric.Int64Observer) error {
			if b, ok := d.waiting(ctx); ok {
				o.Observe(int64(b.Open))
			}
			return nil
		}),
		d.telemetry.RegisterLlmReviewOldestOpenAgeSecondsCallback(func(ctx context.Context, o metric.Float64Observer) error {
			b, ok := d.waiting(ctx)
			switch {
			case !ok:
			case b.Open == 0:
				o.Observe(0)
			default:
				o.Observe(max(0, time.Since(b.Oldest).Seconds())) // a clock that was set back makes no age
			}
			return nil
		}))
}

func (d *desk) waiting(ctx context.Context) (review.Backlog, bool) {
	b, err := d.backlog.of(ctx, d.store.Backlog)
	if err != nil {
		d.settings.Logger.Warn("The review store does not say what waits", zap.Error(err))
	}
	return b, err == nil
}
