package llmreviewextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlite"
)

// changed returns what tells that the health of the store changed.
func (e *reviewExtension) changed(host component.Host) func(review.Health, error) {
	return func(health review.Health, cause error) {
		if health == review.Healthy {
			e.settings.Logger.Info("The review store works again")
			componentstatus.ReportStatus(host, componentstatus.NewEvent(componentstatus.StatusOK))
			return
		}
		err := &review.UnavailableError{Health: health, Err: cause}
		e.settings.Logger.Error("The review store does not work; the exporter keeps what it has", zap.Error(err))
		componentstatus.ReportStatus(host, componentstatus.NewRecoverableErrorEvent(err))
	}
}

// guard returns how the file of the store is watched.
func (e *reviewExtension) guard(
	ctx context.Context, settings *SQLiteConfig, changed func(review.Health, error),
) sqlite.Guard {
	ctx = context.WithoutCancel(ctx) // the watch outlives the start
	for _, reason := range []review.Health{review.Damaged, review.Deleted, review.Replaced} {
		for _, outcome := range []string{outcomeKept, outcomeLost} {
			e.countRecovery(ctx, reason, outcome, 0) // alerts need the value before the first one
		}
	}
	return sqlite.Guard{
		Refuse:    settings.OnDamage == Refuse,
		MinFree:   uint64(settings.MinFreeMiB) << 20,
		Changed:   changed,
		Recovered: func(r sqlite.Recovery) { e.recovered(ctx, &r) },
	}
}

// Outcomes of a recovery.
const (
	outcomeKept = "kept" // in the store or in a file beside it
	outcomeLost = "lost"
)

func (e *reviewExtension) recovered(ctx context.Context, r *sqlite.Recovery) {
	outcome := outcomeLost
	fields := []zap.Field{
		zap.String("file", r.Path), zap.String("reason", string(r.Health)),
		zap.Int("items", r.Items), zap.Int("labels", r.Labels), // -1 where unknown
	}
	message := "The file of the review store was lost with its content; a new store begins"
	switch {
	case r.Kept:
		outcome = outcomeKept
		message = "The file of the review store was lost; its content was written to a new file"
	case r.Health == review.Damaged:
		message = "The file of the review store is damaged; it was set aside with its content, and a new store begins"
	case r.Aside != "":
		outcome = outcomeKept
		message = "The file of the review store was replaced; its content is in another file, and the new file is the store"
	}
	if r.Aside != "" {
		fields = append(fields, zap.String("aside", r.Aside))
	}
	e.settings.Logger.Error(message, append(fields, zap.Error(r.Err))...)
	e.countRecovery(ctx, r.Health, outcome, 1)
}

func (e *reviewExtension) countRecovery(ctx context.Context, reason review.Health, outcome string, n int64) {
	e.telemetry.LlmReviewStoreRecoveries.Add(ctx, n, metric.WithAttributeSet(attribute.NewSet(
		attribute.String("reason", string(reason)), attribute.String("outcome", outcome))))
}

func (e *reviewExtension) observeHealth(_ context.Context, o metric.Int64Observer) error {
	health, works := e.store.Health(), int64(0)
	if health == review.Healthy {
		works = 1
	}
	o.Observe(works, metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", string(health)))))
	return nil
}
