package llmreviewextension

import (
	"errors"
	"fmt"
	"net"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/faultline-otel/faultline/internal/loopback"
	"github.com/faultline-otel/faultline/internal/web"
)

// Config is what users write.
type Config struct {
	// HTTP configures the server of page and API.
	HTTP confighttp.ServerConfig `mapstructure:"http"`

	// AllowAnonymous lets everyone who reaches the address, loopback or not, read and label what users wrote.
	AllowAnonymous bool `mapstructure:"allow_anonymous"`

	// TraceURL is the address of a trace in a tracing backend, with {trace_id} where the id belongs. Empty: no link.
	TraceURL string `mapstructure:"trace_url"`

	// ClaimTimeout is how long a case that a person opened is kept from others.
	ClaimTimeout time.Duration `mapstructure:"claim_timeout"`

	// Retention bounds what the store keeps.
	Retention RetentionConfig `mapstructure:"retention"`

	Store StoreConfig `mapstructure:"store"`

	_ struct{}
}

// StoreConfig selects the store by the key that is present.
type StoreConfig struct {
	SQLite configoptional.Optional[SQLiteConfig] `mapstructure:"sqlite"`

	_ struct{}
}

// SQLiteConfig is a store in one file.
type SQLiteConfig struct {
	// Path is created with its folders where it is missing. ":memory:" keeps nothing.
	Path string `mapstructure:"path"`

	_ struct{}
}

func createDefaultConfig() component.Config {
	http := confighttp.NewDefaultServerConfig()
	http.NetAddr.Endpoint = "127.0.0.1:8321"
	// Labels are the only input.
	http.MaxRequestBodySize = 1 << 20
	return &Config{
		HTTP: http, ClaimTimeout: web.DefaultClaim, Retention: defaultRetention(),
		Store: StoreConfig{SQLite: configoptional.Some(SQLiteConfig{Path: "./data/review.db"})},
	}
}

// Validate checks that prompts and answers are not served to a network by mistake.
func (c *Config) Validate() error {
	if c.ClaimTimeout <= 0 {
		return fmt.Errorf("claim_timeout must be positive, got %v", c.ClaimTimeout)
	}
	endpoint := c.HTTP.NetAddr.Endpoint
	if c.HTTP.NetAddr.Transport == confignet.TransportTypeUnix {
		return nil
	}
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return fmt.Errorf("http::endpoint must be host:port, got %q", endpoint)
	}
	if c.guarded() && !loopback.Is(host) {
		return fmt.Errorf(
			"http::endpoint must be a loopback address unless http::auth or allow_anonymous: true is set, got %q", endpoint)
	}
	return nil
}

// guarded reports whether the server must refuse requests from other machines, since it has no authenticator. A Unix
// socket has its file permissions.
func (c *Config) guarded() bool {
	return !c.HTTP.Auth.HasValue() && !c.AllowAnonymous && c.HTTP.NetAddr.Transport != confignet.TransportTypeUnix
}

// Validate checks that one kind of store is chosen.
func (c *StoreConfig) Validate() error {
	if !c.SQLite.HasValue() {
		return errors.New("must have sqlite, got none")
	}
	return nil
}

// Validate checks the keys.
func (c *SQLiteConfig) Validate() error {
	if c.Path == "" {
		return errors.New(`path must be the name of a file, got ""`)
	}
	return nil
}
