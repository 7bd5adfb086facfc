package llmbudgetextension

import (
	"errors"
	"fmt"
	"net"
	"net/url"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/faultline-otel/faultline/internal/budget"
	"github.com/faultline-otel/faultline/internal/loopback"
	"github.com/faultline-otel/faultline/internal/session"
)

// Config is the configuration of llm_budget.
type Config struct {
	// HTTP configures the server of the API.
	HTTP confighttp.ServerConfig `mapstructure:"http"`

	// Limits apply to every session. Services overrides them for the sessions of a service (service.name).
	Limits   budget.Limits            `mapstructure:"limits"`
	Services map[string]budget.Limits `mapstructure:"services"`

	// SessionHeader is the header with the session ID in requests to /v1/authz.
	SessionHeader string `mapstructure:"session_header"`
	// DenyStatus is the status of /v1/authz for a stopped session: 429, or 403 for nginx, which supports no other.
	DenyStatus int `mapstructure:"deny_status"`
	// FailOpen allows requests to /v1/authz without a session.
	FailOpen bool `mapstructure:"fail_open"`

	Webhook Webhook `mapstructure:"webhook"`

	// Storage is the storage extension that keeps webhooks across restarts, such as llm_storage. If it is not set,
	// webhooks that wait are lost when the Collector stops.
	Storage *component.ID `mapstructure:"storage"`

	// MaxSessions bounds the sessions in memory.
	MaxSessions int `mapstructure:"max_sessions"`

	_ struct{}
}

// Webhook configures the receiver of every change of a session's state.
type Webhook struct {
	// URL receives a POST with the decision. If it is empty, there is no webhook.
	URL string `mapstructure:"url"`
	// Secret signs the body.
	Secret configopaque.String `mapstructure:"secret"`
	// MaxWaiting bounds the sessions whose state waits for delivery.
	MaxWaiting int `mapstructure:"max_waiting"`

	_ struct{}
}

func createDefaultConfig() component.Config {
	http := confighttp.NewDefaultServerConfig()
	http.NetAddr.Endpoint = "127.0.0.1:8322"
	http.MaxRequestBodySize = 1 << 16
	return &Config{
		HTTP: http, SessionHeader: "X-Session-Id", DenyStatus: 429, FailOpen: true,
		MaxSessions: session.DefaultSettings().MaxSessions, Webhook: Webhook{MaxWaiting: 10000},
	}
}

// Validate names each invalid setting.
func (c *Config) Validate() error {
	var errs []error
	// Without authentication, only this machine may reset limits.
	if host, _, err := net.SplitHostPort(c.HTTP.NetAddr.Endpoint); err != nil {
		errs = append(errs, fmt.Errorf("http::endpoint must be host:port, got %q", c.HTTP.NetAddr.Endpoint))
	} else if !c.HTTP.Auth.HasValue() && !loopback.Is(host) {
		errs = append(errs, fmt.Errorf("http::endpoint must be a loopback address unless http::auth is set, got %q",
			c.HTTP.NetAddr.Endpoint))
	}
	if c.SessionHeader == "" {
		errs = append(errs, errors.New(`session_header must name a header, got ""`))
	}
	if c.DenyStatus < 400 || c.DenyStatus > 499 {
		errs = append(errs, fmt.Errorf("deny_status must be from 400 to 499, got %d", c.DenyStatus))
	}
	if c.MaxSessions <= 0 {
		errs = append(errs, fmt.Errorf("max_sessions must be positive, got %d", c.MaxSessions))
	}
	return errors.Join(errs...)
}

// Validate checks the address.
func (w *Webhook) Validate() error {
	if w.URL == "" {
		return nil
	}
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("url must begin with http:// or https://, got %q", w.URL)
	}
	var errs []error
	if w.Secret == "" {
		errs = append(errs, errors.New(`secret must not be empty where url is set, got ""`))
	}
	if w.MaxWaiting <= 0 {
		errs = append(errs, fmt.Errorf("max_waiting must be positive, got %d", w.MaxWaiting))
	}
	return errors.Join(errs...)
}

// limits returns the limits of a service.
func (c *Config) limits(service string) budget.Limits {
	if l, ok := c.Services[service]; ok {
		return l
	}
	return c.Limits
}
