package llmbudgetextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/extension/llmbudgetextension/internal/metadata"
	"github.com/faultline-otel/faultline/internal/budget"
	"github.com/faultline-otel/faultline/internal/checkpoint/storage"
	"github.com/faultline-otel/faultline/internal/webhook"
)

// budget holds the breaker that llm_session updates, and serves its decisions.
type budgetExtension struct {
	config    *Config
	id        component.ID
	settings  component.TelemetrySettings
	telemetry *metadata.TelemetryBuilder
	breaker   *budget.Breaker
	outbox    *webhook.Outbox // nil without a webhook, and before Start
	store     *storage.Store  // nil without storage
	stopped   chan struct{}
	server    *http.Server
	running   sync.WaitGroup
	cancel    context.CancelFunc
}

var _ extensioncapabilities.Dependent = (*budgetExtension)(nil)

func newBudget(settings component.TelemetrySettings, id component.ID, config *Config) (*budgetExtension, error) {
	telemetry, err := metadata.NewTelemetryBuilder(settings)
	if err != nil {
		return nil, err
	}
	b := &budgetExtension{
		config: config, settings: settings, telemetry: telemetry, id: id, stopped: make(chan struct{}),
	}
	b.breaker, err = budget.NewBreaker(config.MaxSessions, config.limits, time.Now, b.changed)
	return b, err
}

// Dependencies lets the authenticator and the storage start first.
func (b *budgetExtension) Dependencies() []component.ID {
	var ids []component.ID
	if b.config.HTTP.Auth.HasValue() {
		ids = append(ids, b.config.HTTP.Auth.Get().AuthenticatorID)
	}
	if b.config.Storage != nil {
		ids = append(ids, *b.config.Storage)
	}
	return ids
}

// Breaker returns the breaker, for llm_session to record the usage of sessions.
func (b *budgetExtension) Breaker() *budget.Breaker { return b.breaker }

// Start starts the server and the delivery of webhooks.
//
//nolint:contextcheck // the server and the delivery outlive the context of Start
func (b *budgetExtension) Start(ctx context.Context, host component.Host) error {
	if err := b.openOutbox(ctx, host); err != nil {
		return err
	}
	var err error
	if b.server, err = b.config.HTTP.ToServer(ctx, host.GetExtensions(), b.settings, b.handler()); err != nil {
		return err
	}
	listener, err := b.config.HTTP.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("http::endpoint: serve session budgets on %s: %w", b.config.HTTP.NetAddr.Endpoint, err)
	}
	b.settings.Logger.Info("Serving session budgets", zap.Stringer("address", listener.Addr()))
	b.running.Go(func() {
		if err := b.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	delivery, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	if b.outbox != nil {
		b.running.Go(func() { b.outbox.Run(delivery, b.stopped) })
	}
	return nil
}

// drainTimeout bounds the delivery of queued webhooks when the Collector stops.
const drainTimeout = 5 * time.Second

// Shutdown finishes open requests and delivers queued webhooks. It is safe if Start never ran or failed.
func (b *budgetExtension) Shutdown(ctx context.Context) error {
	var err error
	if b.server != nil {
		err = b.server.Shutdown(ctx)
	}
	if b.cancel != nil {
		close(b.stopped)
		defer time.AfterFunc(drainTimeout, b.cancel).Stop()
		b.running.Wait()
		b.cancel()
	}
	err = errors.Join(err, b.closeOutbox(ctx))
	b.telemetry.Shutdown()
	return err
}
