package llmreviewextension

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/checkpoints"
	"github.com/faultline-otel/faultline/internal/signalhook"
	"github.com/faultline-otel/faultline/internal/webhook"
)

// WebhookConfig is a receiver of news about signals.
type WebhookConfig struct {
	// URL receives a POST for each change. That of Slack is a secret.
	URL configopaque.String `mapstructure:"url"`
	// Kind is what the receiver understands: generic, slack or github_issue.
	Kind signalhook.Kind `mapstructure:"kind"`
	// Secret signs the body of generic, Token authenticates github_issue.
	Secret configopaque.String `mapstructure:"secret"`
	Token  configopaque.String `mapstructure:"token"`
	// States are the states that the receiver hears about. Empty means all.
	States []review.SignalState `mapstructure:"states"`

	_ struct{}
}

// GitHubConfig is how GitHub tells of merged pull requests.
type GitHubConfig struct {
	// Secret is that of the webhook at GitHub. Empty: nothing is received.
	Secret configopaque.String `mapstructure:"secret"`

	_ struct{}
}

// Validate says what is wrong. It does not show the address, which may be a secret.
func (c *WebhookConfig) Validate() error {
	kind := cmp.Or(c.Kind, signalhook.Generic)
	errs := []error{signalhook.Check(kind, c.States)}
	if u, err := url.Parse(string(c.URL)); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		errs = append(errs, errors.New("url must begin with http:// or https:// and a host"))
	}
	if kind == signalhook.Generic && c.Secret == "" {
		errs = append(errs, errors.New(`secret must not be empty for the kind generic, got ""`))
	}
	if kind == signalhook.GitHubIssue && c.Token == "" {
		errs = append(errs, errors.New(`token must not be empty for the kind github_issue, got ""`))
	}
	return errors.Join(errs...)
}

func (c *Config) validateWebhooks() error {
	seen := map[string]bool{}
	for i := range c.Webhooks {
		owner := c.Webhooks[i].owner()
		if seen[owner] {
			return fmt.Errorf("webhooks::%d must have an address of its own, got that of another one", i)
		}
		seen[owner] = true
	}
	if c.PageURL == "" {
		return nil
	}
	if u, err := url.Parse(c.PageURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("page_url must begin with http:// or https:// and a host, got %q", c.PageURL)
	}
	return nil
}

// owner names the receiver in the store.
func (c *WebhookConfig) owner() string {
	sum := sha256.Sum256([]byte(c.URL))
	return "webhook " + hex.EncodeToString(sum[:8])
}

// Bounds of an outbox, and times.
const (
	maxWaitingHooks = 1000
	maxHookSubjects = 10_000
	hookLease       = time.Minute
	hookGrace       = 5 * time.Second // for what is on its way when the Collector stops
)

// lookEvery is how often signals are looked at, and looked is called after each time. Tests change them.
var (
	lookEvery = 10 * time.Second
	looked    = func(*hook) {}
)

// hook delivers to one receiver while its process has the lease: of several replicas one does.
type hook struct {
	extension *reviewExtension
	config    WebhookConfig
	values    *checkpoints.Store
	process   string
	since     time.Time // when the receiver was configured; before the first look, when this process started

	outbox  *webhook.Outbox // nil without the lease
	cut     context.CancelFunc
	stopped chan struct{}
	running sync.WaitGroup // the delivery

	end     chan struct{}
	looking sync.WaitGroup
}

func (e *reviewExtension) startHooks() {
	ctx := context.Background() // a hook ends by its channel
	for _, c := range e.config.Webhooks {
		c.Kind = cmp.Or(c.Kind, signalhook.Generic)
		if len(c.States) == 0 {
			c.States = signalhook.States()
		}
		h := &hook{
			extension: e, config: c, values: e.store.Checkpoint(c.owner()), process: rand.Text(), since: time.Now(),
			end: make(chan struct{}),
		}
		e.hooks = append(e.hooks, h)
		h.looking.Go(func() { h.run(ctx) })
	}
	if len(e.hooks) > 0 { // alerts need the value before the first one
		e.telemetry.LlmReviewWebhookSent.Add(ctx, 0)
		e.telemetry.LlmReviewWebhookDropped.Add(ctx, 0)
	}
}

// stopHooks waits for what is on its way. What waits is kept.
func (e *reviewExtension) stopHooks(ctx context.Context) {
	for _, h := range e.hooks {
		close(h.end)
	}
	for _, h := range e.hooks {
		h.looking.Wait()
		if err := h.values.Free(ctx, h.process); err != nil {
			e.warn("Could not free a webhook for other replicas", err)
		}
	}
	e.hooks = nil
}

func (h *hook) run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	defer h.close(hookGrace)
	for {
		if err := h.look(ctx); err != nil {
			h.extension.warn("Could not look for signals to tell of", err)
		}
		looked(h)
		select {
		case <-h.end:
			return
		case <-ticker.C:
		}
	}
}

// look tells of what is new, where it is the turn of this process.
func (h *hook) look(ctx context.Context) error {
	now := time.Now()
	held, err := h.values.Lease(ctx, h.process, now, hookLease)
	if !held {
		h.close(0)
		return err
	}
	if h.outbox == nil {
		if err := h.open(ctx); err != nil {
			return err
		}
	}
	receiver := signalhook.Receiver{
		Kind: h.config.Kind, States: h.config.States, Page: h.extension.config.PageURL, Since: h.since,
		Tell: func(id, state string, body json.RawMessage) { h.outbox.Tell(id, state, body) },
	}
	return receiver.Look(ctx, h.extension.store, now)
}

// sinceKey has the time at which the receiver was seen first.
const sinceKey = "since"

// configured reads when the receiver was configured. It stores the time of a new one, which gets no older news.
func (h *hook) configured() error {
	text, err := h.values.Get(sinceKey)
	if err != nil {
		return err
	}
	if text == nil {
		return h.values.Write(map[string][]byte{sinceKey: []byte(h.since.Format(time.RFC3339Nano))}, nil)
	}
	h.since, err = time.Parse(time.RFC3339Nano, string(text))
	return err
}

// open reads what waits, and delivers.
func (h *hook) open(ctx context.Context) error {
	if err := h.configured(); err != nil { //nolint:contextcheck // values have a time-out of their own
		return fmt.Errorf("read when the webhook was configured: %w", err)
	}
	e := h.extension
	settings := webhook.Settings{
		URL: string(h.config.URL), Secret: string(h.config.Secret), Store: h.values,
		MaxWaiting: maxWaitingHooks, MaxSubjects: maxHookSubjects,
		Sent: func() { e.telemetry.LlmReviewWebhookSent.Add(ctx, 1) },
		Failed: func(m webhook.Message, code int) {
			e.telemetry.LlmReviewWebhookFailures.Add(ctx, 1, metric.WithAttributes(attribute.Int("code", code)))
			e.settings.Logger.Error("The receiver refused a webhook", zap.String("kind", string(h.config.Kind)),
				zap.String("signal", m.Subject), zap.Int("status", code))
		},
		Dropped: func(m webhook.Message) {
			e.telemetry.LlmReviewWebhookDropped.Add(ctx, 1)
			e.settings.Logger.Error("Too many webhooks wait; one is dropped", zap.String("signal", m.Subject))
		},
		Trouble: func(err error) { e.warn("Webhooks are only in memory", err) },
	}
	if h.config.Kind == signalhook.GitHubIssue {
		issues := signalhook.Issues{URL: string(h.config.URL), Token: string(h.config.Token)}
		settings.Deliver = issues.Deliver
	}
	outbox, err := webhook.New(settings)
	if unavailable := (*review.UnavailableError)(nil); errors.As(err, &unavailable) {
		return err // what the receiver knows can be read later
	}
	if err != nil {
		e.warn("Discarding webhooks of the last run", err)
	}
	h.outbox, h.stopped = outbox, make(chan struct{})
	ctx, h.cut = context.WithCancel(ctx)
	stopped := h.stopped
	h.running.Go(func() { outbox.Run(ctx, stopped) })
	return nil
}

// close ends the delivery. Messages on their way have a time of grace.
func (h *hook) close(grace time.Duration) {
	if h.outbox == nil {
		return
	}
	close(h.stopped)
	late := time.AfterFunc(grace, h.cut)
	h.running.Wait()
	late.Stop()
	h.cut()
	h.outbox = nil
}
