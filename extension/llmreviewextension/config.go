package llmreviewextension

import (
	"errors"
	"fmt"
	"net"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"

	"github.com/faultline-otel/faultline/internal/loopback"
	"github.com/faultline-otel/faultline/internal/review/postgres"
	"github.com/faultline-otel/faultline/internal/web"
)

// Config is what users write.
type Config struct {
	// HTTP configures the server of page and API.
	HTTP confighttp.ServerConfig `mapstructure:"http"`

	// AllowAnonymous lets everyone who reaches the address, loopback or not, read and label what users wrote.
	AllowAnonymous bool `mapstructure:"allow_anonymous"`

	// People says who may do what.
	People PeopleConfig `mapstructure:"people"`

	// TraceURL is the address of a trace in a tracing backend, with {trace_id} where the id belongs. Empty: no link.
	TraceURL string `mapstructure:"trace_url"`

	// PageURL is the address of the page as others reach it. Webhooks link to it.
	PageURL string `mapstructure:"page_url"`

	// Webhooks are the receivers of news about signals.
	Webhooks []WebhookConfig `mapstructure:"webhooks"`

	// GitHub tells of merged pull requests, which resolve signals.
	GitHub GitHubConfig `mapstructure:"github"`

	// Embeddings join signals whose failures mean the same in other words. Absent: fingerprints alone make signals.
	Embeddings configoptional.Optional[EmbeddingsConfig] `mapstructure:"embeddings"`

	// ClaimTimeout is how long a case that a person opened is kept from others.
	ClaimTimeout time.Duration `mapstructure:"claim_timeout"`

	// Retention bounds what the store keeps.
	Retention RetentionConfig `mapstructure:"retention"`

	// Queues divide what is to be judged: a case is in the first one that takes it. None: one with everything.
	Queues []QueueConfig `mapstructure:"queues"`

	Store StoreConfig `mapstructure:"store"`

	_ struct{}
}

// StoreConfig selects the store by the key that is present; without one it is sqlite.
type StoreConfig struct {
	SQLite   configoptional.Optional[SQLiteConfig]   `mapstructure:"sqlite"`
	Postgres configoptional.Optional[PostgresConfig] `mapstructure:"postgres"`

	_ struct{}
}

// Unmarshal reads the keys. The default of sqlite does not count beside postgres.
func (c *StoreConfig) Unmarshal(conf *confmap.Conf) error {
	if conf.IsSet("postgres") && !conf.IsSet("sqlite") {
		c.SQLite = configoptional.None[SQLiteConfig]()
	}
	return conf.Unmarshal(c)
}

// PostgresConfig is a store in a Postgres database, which several replicas may share.
type PostgresConfig struct {
	// DSN is a URL or a list of key=value, as libpq takes them. It holds a password, so it should come from the
	// environment.
	DSN configopaque.String `mapstructure:"dsn"`

	_ struct{}
}

// SQLiteConfig is a store in one file.
type SQLiteConfig struct {
	// Path is created with its folders where it is missing. ":memory:" keeps nothing.
	Path string `mapstructure:"path"`

	// OnDamage says what happens to a damaged file: quarantine or refuse.
	OnDamage OnDamage `mapstructure:"on_damage"`

	// MinFreeMiB is the free space of the disk below which the store takes no more. 0 is no bound.
	MinFreeMiB int64 `mapstructure:"min_free_mib"`

	_ struct{}
}

// OnDamage says what happens to a damaged file.
type OnDamage string

// The values of OnDamage.
const (
	Quarantine OnDamage = "quarantine" // it is set aside under a new name, and a new store begins
	Refuse     OnDamage = "refuse"     // the start fails; a running store stays unavailable
)

// maxMinFreeMiB is more than any disk has.
const maxMinFreeMiB = 1 << 40

func createDefaultConfig() component.Config {
	http := confighttp.NewDefaultServerConfig()
	http.NetAddr.Endpoint = "127.0.0.1:8321"
	// Labels are the only input.
	http.MaxRequestBodySize = 1 << 20
	return &Config{
		HTTP: http, ClaimTimeout: web.DefaultClaim, Retention: defaultRetention(),
		People:     PeopleConfig{AdminRoles: []string{"admin"}},
		Embeddings: configoptional.Default(defaultEmbeddings()),
		Store: StoreConfig{SQLite: configoptional.Some(SQLiteConfig{
			Path: "./data/review.db", OnDamage: Quarantine, MinFreeMiB: 64,
		})},
	}
}

// Validate checks the link to a trace, and that prompts and answers are not served to a network by mistake.
func (c *Config) Validate() error {
	return errors.Join(c.validateClaims(), c.validateEndpoint(), c.validatePeople(), c.validateWebhooks(),
		web.CheckTraceURL(c.TraceURL), c.validateQueues())
}

func (c *Config) validateClaims() error {
	if c.ClaimTimeout <= 0 {
		return fmt.Errorf("claim_timeout must be positive, got %v", c.ClaimTimeout)
	}
	return nil
}

func (c *Config) validateEndpoint() error {
	endpoint := c.HTTP.NetAddr.Endpoint
	if c.onSocket() {
		return nil
	}
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return fmt.Errorf("http::endpoint must be host:port, got %q", endpoint)
	}
	if c.guarded() && !loopback.Is(host) {
		return fmt.Errorf(
			"http::endpoint must be a loopback address unless http::auth, people::header or allow_anonymous: true is set, "+
				"got %q",
			endpoint)
	}
	return nil
}

// guarded reports whether the server must refuse requests from other machines, since it has no authenticator. A Unix
// socket has its file permissions.
func (c *Config) guarded() bool {
	return !c.HTTP.Auth.HasValue() && !c.AllowAnonymous && !c.onSocket() && c.People.Header == ""
}

// Validate checks that one kind of store is chosen.
func (c *StoreConfig) Validate() error {
	switch sqlite, postgres := c.SQLite.HasValue(), c.Postgres.HasValue(); {
	case sqlite && postgres:
		return errors.New("must have one of sqlite and postgres, got both")
	case !sqlite && !postgres:
		return errors.New("must have sqlite or postgres, got none")
	}
	return nil
}

// Validate checks that the DSN can be read.
func (c *PostgresConfig) Validate() error { return postgres.Check(string(c.DSN)) }

// Validate checks the keys.
func (c *SQLiteConfig) Validate() error {
	var errs []error
	if c.Path == "" {
		errs = append(errs, errors.New(`path must be the name of a file, got ""`))
	}
	if c.OnDamage != Quarantine && c.OnDamage != Refuse {
		errs = append(errs, fmt.Errorf("on_damage must be %s or %s, got %q", Quarantine, Refuse, c.OnDamage))
	}
	if c.MinFreeMiB < 0 || c.MinFreeMiB > maxMinFreeMiB {
		errs = append(errs, fmt.Errorf("min_free_mib must not be negative or larger than a disk, got %d", c.MinFreeMiB))
	}
	return errors.Join(errs...)
}
