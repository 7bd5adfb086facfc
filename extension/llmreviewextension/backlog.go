package llmreviewextension

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/review"
)

const (
	// backlogAge is how long a backlog is reused: one collection reads both metrics, and there may be several readers.
	backlogAge = 15 * time.Second
	// backlogWait bounds the query of the store.
	backlogWait = 5 * time.Second
)

// backlog caches the store's backlog.
type backlog struct {
	mu    sync.Mutex // guards the fields below
	last  review.Backlog
	err   error
	asked time.Time
}

// of returns the backlog. Errors are cached too, so that a store in trouble is not queried all the time.
func (b *backlog) of(ctx context.Context, ask func(context.Context) (review.Backlog, error)) (review.Backlog, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked.IsZero() || time.Since(b.asked) >= backlogAge {
		ctx, cancel := context.WithTimeout(ctx, backlogWait)
		defer cancel()
		b.last, b.err = ask(ctx)
		b.asked = time.Now()
	}
	return b.last, b.err
}

// observe registers the metrics of the store. Those of the backlog have no data point while the store cannot be read.
func (e *reviewExtension) observe() error {
	return errors.Join(
		e.telemetry.RegisterLlmReviewStoreHealthyCallback(e.observeHealth),
		e.telemetry.RegisterLlmReviewOpenItemsCallback(func(ctx context.Context, o metric.Int64Observer) error {
			if b, ok := e.waiting(ctx); ok {
				o.Observe(int64(b.Open))
			}
			return nil
		}),
		e.telemetry.RegisterLlmReviewOldestOpenAgeSecondsCallback(func(ctx context.Context, o metric.Float64Observer) error {
			b, ok := e.waiting(ctx)
			switch {
			case !ok:
			case b.Open == 0:
				o.Observe(0)
			default:
				o.Observe(max(0, time.Since(b.Oldest).Seconds())) // the clock may have gone back
			}
			return nil
		}))
}

func (e *reviewExtension) waiting(ctx context.Context) (review.Backlog, bool) {
	b, err := e.backlog.of(ctx, e.store.Backlog)
	if err != nil {
		e.settings.Logger.Warn("Could not read the review backlog", zap.Error(err))
	}
	return b, err == nil
}
