package llmreviewextension

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"
)

// Config is what users write.
type Config struct {
	// HTTP is where page and API are served.
	HTTP confighttp.ServerConfig `mapstructure:"http"`

	// AllowAnonymous lets anybody who reaches a non-loopback address read and judge what users wrote.
	AllowAnonymous bool `mapstructure:"allow_anonymous"`

	Store StoreConfig `mapstructure:"store"`

	_ struct{}
}

// StoreConfig says where items are kept, by which key is present.
type StoreConfig struct {
	SQLite configoptional.Optional[SQLiteConfig] `mapstructure:"sqlite"`

	_ struct{}
}

// SQLiteConfig is a store in one file.
type SQLiteConfig struct {
	// Path is made with its folders where it is not there. ":memory:" keeps nothing.
	Path string `mapstructure:"path"`

	_ struct{}
}

func createDefaultConfig() component.Config {
	http := confighttp.NewDefaultServerConfig()
	http.NetAddr.Endpoint = "127.0.0.1:8321"
	// People send labels; nothing else comes in.
	http.MaxRequestBodySize = 1 << 20
	return &Config{HTTP: http, Store: StoreConfig{SQLite: configoptional.Some(SQLiteConfig{Path: "./data/review.db"})}}
}

// Validate checks that prompts and answers are not shown to a network by mistake.
func (c *Config) Validate() error {
	address := c.HTTP.NetAddr
	if address.Transport == confignet.TransportTypeUnix {
		return nil // the file's permissions say who may
	}
	host, _, err := net.SplitHostPort(address.Endpoint)
	if err != nil {
		return fmt.Errorf("http::endpoint must be host:port, got %q", address.Endpoint)
	}
	if !c.HTTP.Auth.HasValue() && !c.AllowAnonymous && !isLoopback(host) {
		return fmt.Errorf("http::endpoint must be a loopback address unless http::auth or allow_anonymous: true is set, got %q", address.Endpoint)
	}
	return nil
}

// isLoopback reports whether a host is this machine for certain. A name may resolve to anything.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
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
