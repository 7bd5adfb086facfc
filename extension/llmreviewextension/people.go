package llmreviewextension

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/people"
)

// PeopleConfig says who may do what. Everybody whom the server answers is a reviewer.
type PeopleConfig struct {
	// Header has the name that a single sign-on proxy gives the sender of a request. It counts only from Trusted.
	Header string `mapstructure:"header"`
	// RoleHeader has the roles or groups, with commas between them.
	RoleHeader string `mapstructure:"role_header"`
	// Trusted are the networks of the proxy.
	Trusted []string `mapstructure:"trusted"`

	// RoleAttribute is the attribute of the authenticator that has the roles or groups.
	RoleAttribute string `mapstructure:"role_attribute"`

	// Admins are the names of admins, AdminRoles the roles that make one.
	Admins     []string `mapstructure:"admins"`
	AdminRoles []string `mapstructure:"admin_roles"`

	_ struct{}
}

// settings reads the configuration.
func (c *Config) settings() (people.Settings, error) {
	p := &c.People
	s := people.Settings{
		Header: p.Header, RoleHeader: p.RoleHeader, RoleAttribute: p.RoleAttribute,
		Admins: p.Admins, AdminRoles: p.AdminRoles,
		TrustAll: c.onSocket(), Attribute: attributeOf,
		// Only who is on this machine, or may open the socket, is answered, and nobody says who that is.
		Everybody: !c.HTTP.Auth.HasValue() && !c.AllowAnonymous && p.Header == "",
	}
	var err error
	if s.Trusted, err = people.ParseTrusted(p.Trusted); err != nil {
		return s, fmt.Errorf("people::trusted %w", err)
	}
	return s, nil
}

func (c *Config) validatePeople() error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return fmt.Errorf("people: %w", err)
	}
	if len(s.Admins) > 0 && s.Header == "" && !c.HTTP.Auth.HasValue() {
		return fmt.Errorf("people::admins must come with http::auth or people::header, which name people, got %q alone",
			s.Admins)
	}
	return nil
}

// directory returns who people are. The configuration is valid.
func (c *Config) directory() *people.Directory {
	s, _ := c.settings()
	return people.New(s)
}

// namedOnly reports whether only people whom the proxy names are answered.
func (c *Config) namedOnly() bool {
	return c.People.Header != "" && !c.HTTP.Auth.HasValue() && !c.AllowAnonymous
}

func (c *Config) onSocket() bool { return c.HTTP.NetAddr.Transport == confignet.TransportTypeUnix }

// attributeOf returns what the authenticator says of the sender of a request.
func attributeOf(ctx context.Context, name string) any {
	if auth := client.FromContext(ctx).Auth; auth != nil {
		return auth.GetAttribute(name)
	}
	return nil
}

// denied counts an action that was refused. Refusals are not stored: anybody could fill the log.
func (e *reviewExtension) denied(r *http.Request, action string) {
	e.telemetry.LlmReviewDenied.Add(r.Context(), 1, metric.WithAttributes(attribute.String("action", action)))
	e.settings.Logger.Warn("Refused an action of admins", zap.String("action", action),
		zap.String("from", r.RemoteAddr))
}
