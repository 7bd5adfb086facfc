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
	// backlogAge is how long a result is cached: two metrics read the backlog, for every reader of metrics.
	backlogAge = 15 * time.Second
	// backlogWait bounds how long a reader of metrics waits for the store.
	backlogWait = 5 * time.Second
)

// backlog caches the store's backlog of open items.
type backlog struct {
	mu   sync.Mutex
	last review.Backlog
	err  error
	read time.Time
}

// get returns the backlog. It caches errors too, so that a failing store is not queried all the time.
func (b *backlog) get(ctx context.Context, read func(context.Context) (review.Backlog, error)) (review.Backlog, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read.IsZero() || time.Since(b.read) >= backlogAge {
		ctx, cancel := context.WithTimeout(ctx, backlogWait)
		defer cancel()
		b.last, b.err = read(ctx)
		b.read = time.Now()
	}
	return b.last, b.err
}

// observe publishes the number of open items and the age of the oldest. If the store fails, there are no points.
func (e *reviewExtension) observe() (err error) {
	if e.telemetry, err = metadata.NewTelemetryBuilder(e.settings); err != nil {
		return err
	}
	return errors.Join(
		e.telemetry.RegisterLlmReviewOpenItemsCallback(func(ctx context.Context, o metric.Int64Observer) error {
			if b, ok := e.openItems(ctx); ok {
				o.Observe(int64(b.Open))
			}
			return nil
		}),
		e.telemetry.RegisterLlmReviewOldestOpenAgeSecondsCallback(
			func(ctx context.Context, o metric.Float64Observer) error {
				b, ok := e.openItems(ctx)
				switch {
				case !ok:
				case b.Open == 0:
					o.Observe(0)
				default:
					o.Observe(max(0, time.Since(b.Oldest).Seconds())) // the clock may have been set back
				}
				return nil
			},
		),
	)
}

func (e *reviewExtension) openItems(ctx context.Context) (review.Backlog, bool) {
	b, err := e.backlog.get(ctx, e.store.Backlog)
	if err != nil {
		e.settings.Logger.Warn("Could not read the review backlog", zap.Error(err))
	}
	return b, err == nil
}
