package llmreviewexporter

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// putLogs puts the evaluations of log records into the store.
func (r *reviewer) putLogs(ctx context.Context, ld plog.Logs) error {
	evaluations, _ := pipeline.EvaluationsInLogs(ld, r.config.Feedback.Below)
	for i := range evaluations {
		evaluations[i].Found = r.config.Judges.makesItem(&evaluations[i])
	}
	err := r.store.PutEvaluations(ctx, evaluations)
	if errors.Is(err, review.ErrInvalid) {
		return consumererror.NewPermanent(err)
	}
	return err
}

// evaluating is an exporter that queues only evaluations, of which there are few among log records. It redacts them
// before.
type evaluating struct {
	exporter.Logs
	*reviewer
}

// ConsumeLogs passes on the evaluations.
func (e *evaluating) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	evaluations, ignored := pipeline.EvaluationsInLogs(ld, e.config.Feedback.Below)
	if ignored > 0 {
		e.telemetry.LlmReviewIgnoredEvaluations.Add(ctx, int64(ignored))
	}
	if len(evaluations) == 0 {
		return nil
	}
	own := plog.NewLogs()
	ld.CopyTo(own)
	own.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			sl.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				_, ok := spanattr.EvaluationOf(record)
				return !ok
			})
			return sl.LogRecords().Len() == 0
		})
		return rl.ScopeLogs().Len() == 0
	})
	if n := e.redactor.Logs(own); n > 0 {
		e.telemetry.LlmReviewRedactions.Add(ctx, int64(n))
	}
	for i := range evaluations {
		if evaluations[i].Bad {
			e.telemetry.LlmReviewFeedback.Add(ctx, 1)
		}
		if e.config.Judges.makesItem(&evaluations[i]) {
			e.telemetry.LlmReviewJudged.Add(ctx, 1)
		}
	}
	return e.Logs.ConsumeLogs(ctx, own)
}
