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

// Config is what users write.
type Config struct {
	// HTTP is where the question is asked.
	HTTP confighttp.ServerConfig `mapstructure:"http"`

	// Limits hold for every session, Services for those of a service (service.name) instead.
	Limits   budget.Limits            `mapstructure:"limits"`
	Services map[string]budget.Limits `mapstructure:"services"`

	// SessionHeader names the session in requests to /v1/authz.
	SessionHeader string `mapstructure:"session_header"`
	// DenyStatus is the answer of /v1/authz for a session that may not go on: 429, or 403 for nginx, which knows no other.
	DenyStatus int `mapstructure:"deny_status"`
	// FailOpen says whether a request to /v1/authz that names no session may go on.
	FailOpen bool `mapstructure:"fail_open"`

	Webhook Webhook `mapstructure:"webhook"`

	// MaxSessions bounds the sessions that are known.
	MaxSessions int `mapstructure:"max_sessions"`

	_ struct{}
}

// Webhook is who is told of every change of a session's state.
type Webhook struct {
	// URL is sent a POST with the decision. Empty: nobody is told.
	URL string `mapstructure:"url"`
	// Secret signs it.
	Secret configopaque.String `mapstructure:"secret"`

	_ struct{}
}

func createDefaultConfig() component.Config {
	http := confighttp.NewDefaultServerConfig()
	http.NetAddr.Endpoint = "127.0.0.1:8322"
	http.MaxRequestBodySize = 1 << 16
	return &Config{HTTP: http, SessionHeader: "X-Session-Id", DenyStatus: 429, FailOpen: true, MaxSessions: session.DefaultSettings().MaxSessions}
}

// Validate names each setting that cannot be.
func (c *Config) Validate() error {
	var errs []error
	// Who may reset a limit must not be anybody.
	if host, _, err := net.SplitHostPort(c.HTTP.NetAddr.Endpoint); err != nil {
		errs = append(errs, fmt.Errorf("http::endpoint must be host:port, got %q", c.HTTP.NetAddr.Endpoint))
	} else if !c.HTTP.Auth.HasValue() && !loopback.Is(host) {
		errs = append(errs, fmt.Errorf("http::endpoint must be a loopback address unless http::auth is set, got %q", c.HTTP.NetAddr.Endpoint))
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
	if w.Secret == "" {
		return errors.New(`secret must not be empty where url is set, got ""`)
	}
	return nil
}

// limits are those of a service.
func (c *Config) limits(service string) budget.Limits {
	if l, ok := c.Services[service]; ok {
		return l
	}
	return c.Limits
}
