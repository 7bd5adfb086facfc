package llmreviewextension

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadata"
	"github.com/faultline-otel/faultline/internal/loopback"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/web"
)

// reviewExtension owns the store, and the server of the review page and its API. Extensions start before the components
// that write to the store, and stop after them.
type reviewExtension struct {
	config   *Config
	settings component.TelemetrySettings
	store    *sqlstore.Store // nil if it was never started
	server   *http.Server
	serving  sync.WaitGroup

	telemetry *metadata.TelemetryBuilder
	backlog   backlog
}

var _ extensioncapabilities.Dependent = (*reviewExtension)(nil)

// Dependencies lets the authenticator start first.
func (e *reviewExtension) Dependencies() []component.ID {
	if !e.config.HTTP.Auth.HasValue() {
		return nil
	}
	return []component.ID{e.config.HTTP.Auth.Get().AuthenticatorID}
}

// ReviewStore returns the store that the exporter writes to. It is open from Start to Shutdown.
func (e *reviewExtension) ReviewStore() review.Store { return e.store }

// Start opens the store and starts the server. If it fails, Shutdown releases the resources.
func (e *reviewExtension) Start(ctx context.Context, host component.Host) (err error) {
	if e.store, err = sqlstore.Open(ctx, e.config.Store.SQLite.Get().Path); err != nil {
		return err
	}
	if err := e.observe(); err != nil {
		return errors.Join(err, e.store.Close())
	}
	if err := e.serve(ctx, host); err != nil {
		e.telemetry.Shutdown() // before the store that it reads is closed
		err = fmt.Errorf("http::endpoint: serve the review page on %s: %w", e.config.HTTP.NetAddr.Endpoint, err)
		return errors.Join(err, e.store.Close())
	}
	return nil
}

func (e *reviewExtension) serve(ctx context.Context, host component.Host) error {
	handler, err := web.NewHandler(
		e.store,
		web.Options{TraceURL: e.config.TraceURL, Reviewer: reviewer, Failed: e.failed},
	)
	if err != nil {
		return err
	}
	if e.config.guarded() {
		handler = loopback.Only(handler, "http::auth or allow_anonymous: true")
	}
	e.server, err = e.config.HTTP.ToServer(ctx, host.GetExtensions(), e.settings, handler)
	if err != nil {
		return err
	}
	listener, err := e.config.HTTP.ToListener(ctx)
	if err != nil {
		return err
	}
	e.settings.Logger.Info("Serving the review page", zap.Stringer("address", listener.Addr()))
	e.serving.Go(func() { e.run(listener, host) })
	return nil
}

// reviewer is the name of the user from the authenticator. It is "" without an authenticator, or if that has no name.
func reviewer(r *http.Request) string {
	auth := client.FromContext(r.Context()).Auth
	if auth == nil {
		return ""
	}
	// The attributes of basicauth and oidc.
	for _, attribute := range [...]string{"username", "email", "subject"} {
		if name, ok := auth.GetAttribute(attribute).(string); ok && name != "" {
			return name
		}
	}
	return ""
}

func (e *reviewExtension) failed(r *http.Request, err error) {
	e.settings.Logger.Error(
		"Request failed",
		zap.String("method", r.Method),
		zap.String("path", r.URL.Path),
		zap.Error(err),
	)
}

func (e *reviewExtension) run(listener net.Listener, host component.Host) {
	if err := e.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
	}
}

// Shutdown finishes open requests, then closes the store. It is safe if Start never ran or failed.
func (e *reviewExtension) Shutdown(ctx context.Context) error {
	var errs []error
	if e.server != nil {
		if err := e.server.Shutdown(ctx); err != nil {
			errs = append(errs, err, e.server.Close()) // cut off requests that took too long
		}
		e.serving.Wait()
	}
	if e.telemetry != nil {
		e.telemetry.Shutdown() // before the store that it reads is closed
	}
	if e.store != nil {
		errs = append(errs, e.store.Close())
	}
	return errors.Join(errs...)
}
