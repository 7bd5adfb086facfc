package llmsessionprocessor

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/budget"
	"github.com/faultline-otel/faultline/internal/checkpoint"
	"github.com/faultline-otel/faultline/internal/checkpoint/storage"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/processor/llmsessionprocessor/internal/metadata"
)

// sessions is one processor.
type sessions struct {
	config    *Config
	id        component.ID
	logger    *zap.Logger
	tracker   *session.Tracker
	stage     *pipeline.Sessions
	telemetry *metadata.TelemetryBuilder

	store   *storage.Store  // nil if sessions are not kept across restarts
	breaker *budget.Breaker // nil if no budget is configured
	warn    sync.Once       // of unscored spans
	stop    chan struct{}
	done    sync.WaitGroup
}

func newSessions(set processor.Settings, config *Config) (*sessions, error) {
	tracker, err := session.New(config.settings(), time.Now)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	s := &sessions{
		config: config, id: set.ID, logger: set.Logger, tracker: tracker, telemetry: telemetry,
		stage: pipeline.NewSessions(tracker), stop: make(chan struct{}),
	}
	return s, s.observe()
}

// observe registers the metrics of the tracker.
func (s *sessions) observe() error {
	evicted := metric.WithAttributeSet(attribute.NewSet(attribute.String("cause", "evicted")))
	idle := metric.WithAttributeSet(attribute.NewSet(attribute.String("cause", "idle")))
	if err := s.telemetry.RegisterLlmSessionActiveCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(int64(s.tracker.Counts().Sessions))
		return nil
	}); err != nil {
		return err
	}
	if err := s.telemetry.RegisterLlmSessionForgottenCallback(func(_ context.Context, o metric.Int64Observer) error {
		counts := s.tracker.Counts()
		o.Observe(int64(counts.Evicted), evicted)
		o.Observe(int64(counts.TimedOut), idle)
		return nil
	}); err != nil {
		return err
	}
	if err := s.telemetry.RegisterLlmSessionUncountedCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(int64(s.tracker.Counts().Uncounted))
		return nil
	}); err != nil {
		return err
	}
	return s.telemetry.RegisterLlmSessionDuplicatesCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(int64(s.tracker.Counts().Duplicates))
		return nil
	})
}

func (s *sessions) processTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	unscored := s.stage.Traces(td, pipeline.BatchOf(ctx), func(o *session.Observation) string {
		for i := range o.Findings {
			detail := attribute.String("detail", o.Findings[i].Detail)
			s.telemetry.LlmSessionLoops.Add(ctx, 1, metric.WithAttributes(detail))
		}
		if s.breaker == nil || !o.New {
			return ""
		}
		return string(s.breaker.Record(o.Usage()))
	})
	if unscored > 0 {
		s.telemetry.LlmSessionUnscored.Add(ctx, int64(unscored))
		s.warn.Do(func() {
			s.logger.Warn("GenAI spans arrive unscored, so sessions lack cost and failed calls: put llm_failure before "+
				"llm_session, here or in the agents", zap.Int("spans", unscored))
		})
	}
	return td, nil
}

// start loads saved sessions and starts to write checkpoints.
func (s *sessions) start(ctx context.Context, host component.Host) error {
	if s.config.Storage != nil {
		var err error
		if s.store, err = storage.Open(ctx, host, *s.config.Storage, component.KindProcessor, s.id); err != nil {
			return err
		}
		if err := s.tracker.Load(s.store); err != nil {
			n, first := checkpoint.Unreadable(err)
			s.telemetry.LlmSessionCheckpointDiscards.Add(ctx, int64(n))
			s.logger.Error("discarding unreadable sessions of the last checkpoint", zap.Int("sessions", n), zap.Error(first))
		}
	}
	if s.config.Budget != nil {
		var err error
		if s.breaker, err = findBreaker(host, *s.config.Budget); err != nil {
			return err
		}
		s.tracker.Usages(func(u session.Usage) { s.breaker.Record(u) }) // usage before the restart: no span trips a limit
	}
	s.done.Go(s.keep)
	return nil
}

// keep drops idle sessions and writes checkpoints until the processor stops.
func (s *sessions) keep() {
	ticker := time.NewTicker(s.config.CheckpointInterval)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			s.tracker.Sweep()
			s.save()
		}
	}
}

func (s *sessions) save() {
	if s.store == nil {
		return
	}
	if err := s.tracker.Save(s.store); err != nil {
		s.telemetry.LlmSessionCheckpointFailures.Add(context.Background(), 1)
		s.logger.Error("could not write the checkpoint of sessions", zap.Error(err))
		return
	}
	s.telemetry.LlmSessionCheckpoints.Add(context.Background(), 1)
}

// shutdown writes a last checkpoint.
func (s *sessions) shutdown(ctx context.Context) error {
	close(s.stop)
	s.done.Wait()
	s.save() //nolint:contextcheck // the last checkpoint must be written, however long it takes
	s.telemetry.Shutdown()
	if s.store == nil {
		return nil
	}
	return s.store.Close(ctx)
}
