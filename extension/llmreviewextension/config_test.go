package llmreviewextension

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/faultline-otel/faultline/internal/componenttest"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// load reads a file as the Collector does: over the defaults, then validated with all that is nested.
func load(t *testing.T, file string) (*Config, error) {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "configs", file))
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	if err := conf.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestDefaultsAreOnLoopback(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.Validate(cfg))
	require.Equal(t, "127.0.0.1:8321", cfg.HTTP.NetAddr.Endpoint)
	require.Equal(t, "./data/review.db", cfg.Store.SQLite.Get().Path)
	require.Positive(t, cfg.HTTP.WriteTimeout)
	require.Positive(t, cfg.HTTP.ReadHeaderTimeout)
	require.Equal(t, 10*time.Minute, cfg.ClaimTimeout)
	require.Equal(t, review.Limits{MaxAge: 720 * time.Hour, MaxItems: 200_000, MaxBytes: 1 << 30}, cfg.Retention.Open.limits())
	cfg.ClaimTimeout, cfg.Retention.Reviewed.MaxAge = 0, -1
	err := confmap.Validate(cfg)
	require.ErrorContains(t, err, "claim_timeout must be positive, got 0s")
	require.ErrorContains(t, err, "retention::reviewed: max_age must not be negative, got -1ns")
}

func TestConfigIsRead(t *testing.T) {
	cfg, err := load(t, "valid.yaml")
	require.NoError(t, err)
	require.Equal(t, "0.0.0.0:8400", cfg.HTTP.NetAddr.Endpoint)
	require.Equal(t, 10*time.Second, cfg.HTTP.WriteTimeout)
	require.Equal(t, component.MustNewIDWithName("basicauth", "reviewers"), cfg.HTTP.Auth.Get().AuthenticatorID)
	require.Equal(t, "/var/lib/faultline/review.db", cfg.Store.SQLite.Get().Path)
	require.Equal(t, "https://tempo.example/trace/{trace_id}", cfg.TraceURL)
	require.False(t, cfg.AllowAnonymous)
	require.Equal(t, []component.ID{cfg.HTTP.Auth.Get().AuthenticatorID}, (&reviewExtension{config: cfg}).Dependencies())

	cfg, err = load(t, "valid_postgres.yaml")
	require.NoError(t, err)
	require.False(t, cfg.Store.SQLite.HasValue(), "the default does not count beside it")
	require.Equal(t, "postgres://faultline:s3cret@db:5432/faultline", string(cfg.Store.Postgres.Get().DSN))
	require.NotContains(t, fmt.Sprintf("%+v", cfg.Store.Postgres.Get()), "s3cret")

	cfg, err = load(t, "valid_anonymous.yaml")
	require.NoError(t, err)
	require.True(t, cfg.AllowAnonymous)
	require.Empty(t, (&reviewExtension{config: cfg}).Dependencies())
}

func TestTraceURLIsCheckedBeforeTheStart(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.TraceURL, cfg.HTTP.NetAddr.Endpoint = "tempo:3200/{trace_id}", "8321"
	require.EqualError(t, cfg.Validate(), `http::endpoint must be host:port, got "8321"`+"\n"+
		`trace_url must begin with http:// or https:// and a host, got "tempo:3200/{trace_id}"`)
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	const open = "http::endpoint must be a loopback address unless http::auth, people::header or allow_anonymous: true is set, got "
	for file, want := range map[string]string{
		"invalid_open.yaml":       open + `"0.0.0.0:8321"`,
		"invalid_open_port.yaml":  open + `":8321"`,
		"invalid_open_name.yaml":  open + `"localhost.example.com:8321"`,
		"invalid_endpoint.yaml":   `http::endpoint must be host:port, got "127.0.0.1"`,
		"invalid_store.yaml":      "store: must have sqlite or postgres, got none",
		"invalid_everything.yaml": open + `"[::]:8321"`,
		"invalid_key.yaml":        "has invalid keys: sqlight",
		"invalid_two_stores.yaml": "store: must have one of sqlite and postgres, got both",
		"invalid_dsn.yaml":        `store::postgres: dsn must be like`,
	} {
		_, err := load(t, file)
		require.ErrorContains(t, err, want, file)
	}
	_, err := load(t, "invalid_dsn.yaml")
	require.ErrorContains(t, err, `got "postgres://***@db:fife/faultline"`)
	_, err = load(t, "invalid_everything.yaml")
	require.ErrorContains(t, err, `store::sqlite: path must be the name of a file, got ""`)
}

func TestQueues(t *testing.T) {
	cfg, err := load(t, "valid_queues.yaml")
	require.NoError(t, err)
	require.Equal(t, []review.Queue{
		{
			Name: "refunds", Classes: []failure.Class{failure.ToolCallMalformed, failure.Unsafe}, Services: []string{"returns-bot"},
			Sources:   []review.Source{review.SourceVerdict, review.SourceFeedback},
			Reviewers: 2, Blind: true, Rubric: "Read the whole thread.", Order: review.Priority,
			Questions: []review.Question{
				{
					Name: "tone", Text: "How was it said?", Type: review.Choice, Choices: []string{"calm", "rude"},
					Required: true, Key: "b",
				},
				{Name: "solved", Text: "Was it solved?", Type: review.YesNo},
			},
		},
		{Name: "rest", Reviewers: 1, Order: review.Newest},
	}, cfg.queues())

	// One line a mistake.
	_, err = load(t, "invalid_queues.yaml")
	for _, want := range []string{
		`queues[0]: name must have 1 to 64 bytes, got 0`,
		`queues[1] "a": classes must be of the taxonomy, got "boredom"`,
		`queues[1] "a": services must be names of services, got ""`,
		`queues[1] "a": sources must be of ["verdict" "feedback" "sent" "judge" "suspicion" "random"], got "luck"`,
		`queues[1] "a": reviewers must be 1 to 20, got 0`,
		`queues[1] "a": order must be "newest" or "priority", got "random"`,
		`queues[1] "a": questions[0]: name must have 1 to 64 bytes, got 0`,
		`queues[1] "a": questions[0]: text must have 1 to 500 bytes, got 0`,
		`queues[1] "a": questions[0]: choices must be 2 to 50 texts, got ["one"]`,
		`queues[1] "a": questions[0]: key must be one of`,
		`queues[1] "a": questions[1]: type must be "choice", "number", "yes_no" or "text", got "essay"`,
		`queues[1] "a": questions[2]: choices must come with the type "choice", got type "number"`,
		`queues[1] "a": questions[2]: name must be unique, got "q" again`,
		`queues[1] "a": questions[2]: key must be unique, got "b" again`,
		`queues[2] "a": name must be unique, got "a" again`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestASocketIsGuardedByItsPermissions(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr = confignet.AddrConfig{Transport: confignet.TransportTypeUnix, Endpoint: "/run/faultline.sock"}
	require.NoError(t, cfg.Validate())
}

func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	componenttest.README(t, NewFactory(), "README.md")
}
