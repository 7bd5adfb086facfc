package llmreviewextension

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadata"
	"github.com/faultline-otel/faultline/internal/loopback"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/signalhook"
	"github.com/faultline-otel/faultline/internal/web"
	"github.com/faultline-otel/faultline/internal/web/overview"
)

// reviewExtension owns the review store and serves the page and the API over it. Extensions start before every
// component that writes into the store, and stop after it.
type reviewExtension struct {
	config   *Config
	settings component.TelemetrySettings
	store    *sqlstore.Store // nil before Start
	server   *http.Server
	serving  sync.WaitGroup

	overview    *overview.Board
	stopTending context.CancelFunc // nil before Start
	tending     sync.WaitGroup

	hooks []*hook

	telemetry *metadata.TelemetryBuilder
	backlog   backlog
	finders   finders
}

var _ extensioncapabilities.Dependent = (*reviewExtension)(nil)

// Dependencies lets the authenticators of server and client start first.
func (e *reviewExtension) Dependencies() (ids []component.ID) {
	if e.config.HTTP.Auth.HasValue() {
		ids = append(ids, e.config.HTTP.Auth.Get().AuthenticatorID)
	}
	if c := e.config.Embeddings.Get(); c != nil && c.Auth.HasValue() {
		ids = append(ids, c.Auth.Get().AuthenticatorID)
	}
	return ids
}

// ReviewStore is the store that the exporter writes into, open from Start to Shutdown.
func (e *reviewExtension) ReviewStore() review.Store { return e.store }

// FindWith adds a component that finds traces outside of the store, for as long as remove was not called.
func (e *reviewExtension) FindWith(f review.Finder) (remove func()) { return e.finders.add(f) }

// Start opens the store and serves. Where it fails, it closes the store again.
func (e *reviewExtension) Start(ctx context.Context, host component.Host) (err error) {
	if e.telemetry, err = metadata.NewTelemetryBuilder(e.settings); err != nil {
		return err
	}
	if e.store, err = e.open(ctx, host); err != nil {
		return err
	}
	e.store.UseQueues(e.config.queues())
	if err := e.observe(); err != nil {
		return errors.Join(err, e.store.Close())
	}
	joining, err := e.newJoining(ctx, host)
	if err != nil {
		e.telemetry.Shutdown()
		return errors.Join(fmt.Errorf("embeddings: %w", err), e.store.Close())
	}
	if err := e.serve(ctx, host); err != nil {
		e.telemetry.Shutdown() // first: its callbacks read the store
		err = fmt.Errorf("http::endpoint: serve the review page on %s: %w", e.config.HTTP.NetAddr.Endpoint, err)
		return errors.Join(err, e.store.Close())
	}
	ctx, e.stopTending = context.WithCancel(context.WithoutCancel(ctx))
	if joining != nil {
		e.tending.Go(func() { joining.run(ctx) })
	}
	e.tending.Go(func() { e.tend(ctx) })
	e.startHooks() //nolint:contextcheck // they outlive the start
	e.tending.Go(func() { e.overview.Run(ctx, func(err error) { e.warn("Could not compute the overview", err) }) })
	return nil
}

// open opens the store. Whatever happens to it is logged, counted and part of the status of the extension.
func (e *reviewExtension) open(ctx context.Context, host component.Host) (*sqlstore.Store, error) {
	changed := e.changed(host)
	if settings := e.config.Store.Postgres.Get(); settings != nil {
		return sqlstore.OpenPostgres(ctx, postgres.Settings{DSN: string(settings.DSN), Changed: changed})
	}
	settings := e.config.Store.SQLite.Get()
	return sqlstore.OpenGuarded(ctx, settings.Path, e.guard(ctx, settings, changed))
}

func (e *reviewExtension) serve(ctx context.Context, host component.Host) error {
	e.overview = overview.NewBoard(e.store)
	directory := e.config.directory()
	options := web.Options{
		TraceURL: e.config.TraceURL, Failed: e.failed, ClaimFor: e.config.ClaimTimeout,
		Reviewer: func(r *http.Request) string { return directory.Of(r).Name },
		Admin:    func(r *http.Request) bool { return directory.Of(r).Admin }, Denied: e.denied,
		Overview: e.overview,
		Finder:   &e.finders,
	}
	handler, err := web.NewHandler(e.store, options)
	if err != nil {
		return err
	}
	if e.config.namedOnly() {
		handler = directory.Named(handler)
	}
	if e.config.guarded() {
		handler = loopback.Only(handler, "http::auth or allow_anonymous: true")
	}
	e.server, err = e.config.HTTP.ToServer(ctx, host.GetExtensions(), e.settings, handler)
	if err != nil {
		return err
	}
	if secret := string(e.config.GitHub.Secret); secret != "" {
		github := &signalhook.GitHub{Store: e.store, Secret: secret, Failed: e.failed}
		e.server.Handler = github.Before(e.server.Handler)
	}
	listener, err := e.config.HTTP.ToListener(ctx)
	if err != nil {
		return err
	}
	e.settings.Logger.Info("Serving the review page", zap.Stringer("address", listener.Addr()))
	e.serving.Go(func() { e.run(listener, host) })
	return nil
}

func (e *reviewExtension) failed(r *http.Request, err error) {
	e.settings.Logger.Error("Request failed",
		zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(err))
}

func (e *reviewExtension) run(listener net.Listener, host component.Host) {
	if err := e.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
	}
}

// Shutdown finishes the running requests, then closes the store. It is safe where Start never ran or failed.
func (e *reviewExtension) Shutdown(ctx context.Context) error {
	var errs []error
	if e.stopTending != nil {
		e.stopTending()
		e.tending.Wait()
	}
	e.stopHooks(ctx)
	if e.server != nil {
		if err := e.server.Shutdown(ctx); err != nil {
			errs = append(errs, err, e.server.Close()) // cut off requests that take too long
		}
		e.serving.Wait()
	}
	if e.telemetry != nil {
		e.telemetry.Shutdown() // first: its callbacks read the store
	}
	if e.store != nil {
		errs = append(errs, e.store.Close())
	}
	return errors.Join(errs...)
}
