package llmreviewexporter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadata"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
)

// storeOwner is what the extension must be. The store is open from its start to its shutdown, which surround ours.
type storeOwner interface {
	ReviewStore() review.Store
}

// reviewer puts traces into the store of an extension.
type reviewer struct {
	extension component.ID
	telemetry *metadata.TelemetryBuilder
	store     review.Store
	logger    *zap.Logger
	warn      sync.Once // of unscored spans
}

func (r *reviewer) start(_ context.Context, host component.Host) error {
	extension, ok := host.GetExtensions()[r.extension]
	if !ok {
		return fmt.Errorf("review must name an extension that is listed in service::extensions, got %q", r.extension)
	}
	owner, ok := extension.(storeOwner)
	if !ok {
		return fmt.Errorf("review must name an llm_review extension, got %q", r.extension)
	}
	r.store = owner.ReviewStore()
	return nil
}

func (r *reviewer) put(ctx context.Context, td ptrace.Traces) error {
	// Most kept traces did not fail. Their spans are needed only where the trace is an item already.
	failing, others, ignored, unscored := pipeline.FailingTraces(td)
	wanted, err := r.store.Known(ctx, others)
	if err != nil {
		return err
	}
	for _, id := range failing {
		wanted[id] = true
	}
	if err := r.store.Put(ctx, pipeline.ReviewTraces(td, wanted)); err != nil {
		if errors.Is(err, review.ErrInvalid) {
			return consumererror.NewPermanent(err) // it will be no better next time
		}
		return err
	}
	if ignored > 0 { // counted once, whatever was retried
		r.telemetry.LlmReviewIgnoredSpans.Add(ctx, int64(ignored))
	}
	if unscored > 0 {
		r.telemetry.LlmReviewUnscoredSpans.Add(ctx, int64(unscored))
		r.warn.Do(func() {
			r.logger.Warn("GenAI spans arrive unscored, so none of them becomes a case: put llm_failure before llm_review, "+
				"here or in the agents", zap.Int("spans", unscored))
		})
	}
	return nil
}

func (r *reviewer) shutdown(context.Context) error {
	r.telemetry.Shutdown()
	return nil
}

// redacting is an exporter that redacts a copy of what it is given before that is queued: a queue can be on disk. The
// copy is of kept traces. Declared as a component that changes data, the exporter would make the Collector copy all
// traffic in front of tail_sampling.
type redacting struct {
	exporter.Traces
	redactor  *pipeline.Redactor
	telemetry *metadata.TelemetryBuilder
}

// ConsumeTraces redacts and passes on.
func (r *redacting) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	own := ptrace.NewTraces()
	td.CopyTo(own)
	if n := r.redactor.Traces(own); n > 0 {
		r.telemetry.LlmReviewRedactions.Add(ctx, int64(n))
	}
	return r.Traces.ConsumeTraces(ctx, own)
}
