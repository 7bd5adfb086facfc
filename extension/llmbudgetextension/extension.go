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
)

// budget holds the breaker that llm_session feeds, and serves what it decides.
type budgetExtension struct {
	config    *Config
	settings  component.TelemetrySettings
	telemetry *metadata.TelemetryBuilder
	breaker   *budget.Breaker
	client    *http.Client
	waiting   chan budget.Decision
	stopped   chan struct{}
	server    *http.Server
	running   sync.WaitGroup
	cancel    context.CancelFunc
}

var _ extensioncapabilities.Dependent = (*budgetExtension)(nil)

func newBudget(settings component.TelemetrySettings, config *Config) (*budgetExtension, error) {
	telemetry, err := metadata.NewTelemetryBuilder(settings)
	if err != nil {
		return nil, err
	}
	b := &budgetExtension{
		config: config, settings: settings, telemetry: telemetry,
		client: &http.Client{Timeout: 10 * time.Second}, waiting: make(chan budget.Decision, maxWaiting), stopped: make(chan struct{}),
	}
	b.breaker, err = budget.NewBreaker(config.MaxSessions, config.limits, time.Now, b.changed)
	return b, err
}

// Dependencies lets the authenticator start first.
func (b *budgetExtension) Dependencies() []component.ID {
	if !b.config.HTTP.Auth.HasValue() {
		return nil
	}
	return []component.ID{b.config.HTTP.Auth.Get().AuthenticatorID}
}

// Breaker is what is told how much sessions use up.
func (b *budgetExtension) Breaker() *budget.Breaker { return b.breaker }

// Start serves and begins to deliver webhooks.
//
//nolint:contextcheck // what it starts outlives the start
func (b *budgetExtension) Start(ctx context.Context, host component.Host) error {
	var err error
	if b.server, err = b.config.HTTP.ToServer(ctx, host.GetExtensions(), b.settings, b.handler()); err != nil {
		return err
	}
	listener, err := b.config.HTTP.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("http::endpoint: serve the budgets on %s: %w", b.config.HTTP.NetAddr.Endpoint, err)
	}
	b.settings.Logger.Info("Serving the budgets", zap.Stringer("address", listener.Addr()))
	b.running.Go(func() {
		if err := b.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	telling, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	b.running.Go(func() { b.tell(telling) })
	return nil
}

// patience is how long webhooks that wait may take when the Collector stops.
const patience = 5 * time.Second

// Shutdown answers the requests that are under way and delivers the webhooks that wait. It is safe where Start never ran or failed.
func (b *budgetExtension) Shutdown(ctx context.Context) error {
	var err error
	if b.server != nil {
		err = b.server.Shutdown(ctx)
	}
	if b.cancel != nil {
		close(b.stopped)
		defer time.AfterFunc(patience, b.cancel).Stop()
		b.running.Wait()
		b.cancel()
	}
	b.telemetry.Shutdown()
	return err
}
