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

// desk is where reviewers sit: the store, and the server of page and API over it. Extensions start before everything that
// writes into the store and stop after it.
type desk struct {
	config   *Config
	settings component.TelemetrySettings
	store    *sqlstore.Store // nil where it was never started
	server   *http.Server
	serving  sync.WaitGroup

	telemetry *metadata.TelemetryBuilder
	backlog   backlog
}

var _ extensioncapabilities.Dependent = (*desk)(nil)

// Dependencies lets the authenticator start first.
func (d *desk) Dependencies() []component.ID {
	if !d.config.HTTP.Auth.HasValue() {
		return nil
	}
	return []component.ID{d.config.HTTP.Auth.Get().AuthenticatorID}
}

// ReviewStore is the store that the exporter writes into, open from Start to Shutdown.
func (d *desk) ReviewStore() review.Store { return d.store }

// Start opens the store and serves. Where it fails, Shutdown releases what was taken.
func (d *desk) Start(ctx context.Context, host component.Host) (err error) {
	if d.store, err = sqlstore.Open(ctx, d.config.Store.SQLite.Get().Path); err != nil {
		return err
	}
	if err := d.observe(); err != nil {
		return errors.Join(err, d.store.Close())
	}
	if err := d.serve(ctx, host); err != nil {
		d.telemetry.Shutdown() // before what it asks is closed
		return errors.Join(fmt.Errorf("http::endpoint: serve the review page on %s: %w", d.config.HTTP.NetAddr.Endpoint, err), d.store.Close())
	}
	return nil
}

func (d *desk) serve(ctx context.Context, host component.Host) error {
	handler, err := web.NewHandler(d.store, web.Options{TraceURL: d.config.TraceURL, Reviewer: reviewer, Failed: d.failed})
	if err != nil {
		return err
	}
	if d.config.guarded() {
		handler = loopback.Only(handler, "http::auth or allow_anonymous: true")
	}
	d.server, err = d.config.HTTP.ToServer(ctx, host.GetExtensions(), d.settings, handler)
	if err != nil {
		return err
	}
	listener, err := d.config.HTTP.ToListener(ctx)
	if err != nil {
		return err
	}
	d.settings.Logger.Info("Serving the review page", zap.Stringer("address", listener.Addr()))
	d.serving.Go(func() { d.run(listener, host) })
	return nil
}

// reviewer is who the authenticator says sends a request, "" where nobody asked or it tells no name.
func reviewer(r *http.Request) string {
	auth := client.FromContext(r.Context()).Auth
	if auth == nil {
		return ""
	}
	// As basicauth and oidc name it.
	for _, attribute := range [...]string{"username", "email", "subject"} {
		if name, ok := auth.GetAttribute(attribute).(string); ok && name != "" {
			return name
		}
	}
	return ""
}

func (d *desk) failed(r *http.Request, err error) {
	d.settings.Logger.Error("Request failed", zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(err))
}

func (d *desk) run(listener net.Listener, host component.Host) {
	if err := d.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
	}
}

// Shutdown answers the requests that are under way, then closes the store. It is safe where Start never ran or failed.
func (d *desk) Shutdown(ctx context.Context) error {
	var errs []error
	if d.server != nil {
		if err := d.server.Shutdown(ctx); err != nil {
			errs = append(errs, err, d.server.Close()) // those that took too long are cut off
		}
		d.serving.Wait()
	}
	if d.telemetry != nil {
		d.telemetry.Shutdown() // before what it asks is closed
	}
	if d.store != nil {
		errs = append(errs, d.store.Close())
	}
	return errors.Join(errs...)
}
