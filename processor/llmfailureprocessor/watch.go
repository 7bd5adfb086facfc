package llmfailureprocessor

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/processor/llmfailureprocessor/internal/metadata"
)

// watch reads the scorer file again when it was written, and exchanges the scorers. A file with mistakes changes
// nothing. A nil watch does nothing.
type watch struct {
	file      *scorers.File
	interval  time.Duration
	logger    *zap.Logger
	scorer    *pipeline.Scorer
	telemetry *metadata.TelemetryBuilder

	once   sync.Once
	ctx    context.Context //nolint:containedctx // ends the goroutine
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newWatch(
	file *scorers.File, interval time.Duration, logger *zap.Logger, scorer *pipeline.Scorer,
	telemetry *metadata.TelemetryBuilder,
) *watch {
	w := &watch{file: file, interval: interval, logger: logger, scorer: scorer, telemetry: telemetry}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

func (w *watch) start() {
	if w == nil {
		return
	}
	w.once.Do(func() { w.done.Go(w.run) })
}

func (w *watch) stop() {
	if w != nil {
		w.cancel()
		w.done.Wait()
	}
}

func (w *watch) run() {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		select {
		case <-w.ctx.Done():
			return
		case <-ticker.C:
			w.look()
		}
	}
}

// look exchanges the scorers if the file was written.
func (w *watch) look() {
	set, err := w.file.Changed()
	outcome := "ok"
	switch {
	case err != nil:
		outcome = "failed"
		w.logger.Error("scorer file has mistakes, the scorers before it keep running", zap.Error(err))
	case set == nil:
		return
	default:
		w.scorer.Use(set)
		w.logger.Info("scorer file was read again")
		logScorers(w.logger, set)
	}
	w.telemetry.LlmFailureScorerReloads.Add(w.ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}
