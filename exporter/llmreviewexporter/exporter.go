package llmreviewexporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
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
	failing, others, _, _ := pipeline.FailingTraces(td)
	wanted, err := r.store.Known(ctx, others)
	if err != nil {
		return err
	}
	for _, id := range failing {
		wanted[id] = true
	}
	err = r.store.Put(ctx, pipeline.ReviewTraces(td, wanted))
	if errors.Is(err, review.ErrInvalid) {
		return consumererror.NewPermanent(err) // it will be no better next time
	}
	return err
}

func (r *reviewer) shutdown(context.Context) error {
	r.telemetry.Shutdown()
	return nil
}

// selecting is an exporter that queues only what the store needs. Most kept traces did not fail, and a queue on disk
// encodes all that it is given. Spans of other traces are needed only where their trace is an item, or will be one.
type selecting struct {
	exporter.Traces
	*reviewer
	queued *lru.Cache[string, struct{}] // traces that were queued lately and may not be stored yet
}

// maxQueued bounds the traces that are remembered as queued.
const maxQueued = 1 << 14

// ConsumeTraces counts what it is given, and passes on what the store needs.
func (s *selecting) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	failing, others, ignored, unscored := pipeline.FailingTraces(td)
	s.count(ctx, ignored, unscored)
	for _, id := range failing {
		s.queued.Add(id, struct{}{})
	}
	if len(failing) == 0 && !slices.ContainsFunc(others, s.queued.Contains) && !s.needs(ctx, others) {
		return nil
	}
	return s.Traces.ConsumeTraces(ctx, td)
}

// patience is how long the caller, which is the only loop of tail_sampling, waits for the store.
const patience = 50 * time.Millisecond

// needs reports whether the store has one of the traces, or does not say so in time. The queue then waits for it.
func (s *selecting) needs(ctx context.Context, traces []string) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	known, err := s.store.Known(ctx, traces)
	return err != nil || len(known) > 0
}

func (s *selecting) count(ctx context.Context, ignored, unscored int) {
	if ignored > 0 {
		s.telemetry.LlmReviewIgnoredSpans.Add(ctx, int64(ignored))
	}
	if unscored > 0 {
		s.telemetry.LlmReviewUnscoredSpans.Add(ctx, int64(unscored))
		s.warn.Do(func() {
			s.logger.Warn("GenAI spans arrive unscored, so none of them becomes a case: put llm_failure before llm_review, "+
				"here or in the agents", zap.Int("spans", unscored))
		})
	}
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
