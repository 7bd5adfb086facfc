package llmbudgetextension

import (
	"context"
	"encoding/json"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/budget"
	"github.com/faultline-otel/faultline/internal/checkpoint/storage"
	"github.com/faultline-otel/faultline/internal/webhook"
)

// webhookParts keeps what one change of a session writes at some ten sessions.
const webhookParts = 4096

// changed is called for each change of a session's state.
func (b *budgetExtension) changed(d budget.Decision) {
	b.settings.Logger.Info("Session state changed", zap.String("session", string(d.Session)),
		zap.String("state", string(d.State)), zap.String("reason", d.Reason))
	if b.outbox == nil {
		return
	}
	body, err := json.Marshal(d)
	if err != nil {
		b.settings.Logger.Error("Could not write webhook", zap.String("session", string(d.Session)), zap.Error(err))
		return
	}
	b.outbox.Tell(string(d.Session), string(d.State), body)
}

// openOutbox opens the outbox, with the webhooks that an earlier run has not delivered.
func (b *budgetExtension) openOutbox(ctx context.Context, host component.Host) (err error) {
	if b.config.Webhook.URL == "" {
		return nil
	}
	counting := context.WithoutCancel(ctx) // the delivery outlives the start
	settings := webhook.Settings{
		URL: b.config.Webhook.URL, Secret: string(b.config.Webhook.Secret),
		MaxWaiting: b.config.Webhook.MaxWaiting, MaxSubjects: b.config.MaxSessions + b.config.Webhook.MaxWaiting,
		Sent: func() { b.telemetry.LlmBudgetWebhookSent.Add(counting, 1) },
		Failed: func(m webhook.Message, code int) {
			b.telemetry.LlmBudgetWebhookFailures.Add(counting, 1, metric.WithAttributes(attribute.Int("code", code)))
			b.settings.Logger.Error("The receiver refused a webhook", zap.String("session", m.Subject),
				zap.String("state", m.State), zap.Int("status", code))
		},
		Dropped: func(m webhook.Message) {
			b.telemetry.LlmBudgetWebhookDropped.Add(counting, 1)
			b.settings.Logger.Error("Too many webhooks wait; one is dropped", zap.String("session", m.Subject),
				zap.String("state", m.State), zap.Int("max_waiting", b.config.Webhook.MaxWaiting))
		},
		Trouble: func(err error) { b.settings.Logger.Error("Webhooks are only in memory", zap.Error(err)) },
	}
	if b.config.Storage != nil {
		if b.store, err = storage.Open(ctx, host, *b.config.Storage, component.KindExtension, b.id); err != nil {
			return err
		}
		settings.Store, settings.Parts = b.store, webhookParts
	}
	b.telemetry.LlmBudgetWebhookSent.Add(counting, 0) // alerts need the value before the first one
	b.telemetry.LlmBudgetWebhookDropped.Add(counting, 0)
	if b.outbox, err = webhook.New(settings); err != nil {
		b.settings.Logger.Error("Discarding webhooks of the last run", zap.Error(err))
	}
	return b.telemetry.RegisterLlmBudgetWebhookWaitingCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(int64(b.outbox.Waiting()))
		return nil
	})
}

// closeOutbox closes the storage. Without one, it counts the webhooks that are lost.
func (b *budgetExtension) closeOutbox(ctx context.Context) error {
	if b.outbox == nil {
		return nil
	}
	if b.store != nil {
		return b.store.Close(ctx)
	}
	if n := b.outbox.Waiting(); n > 0 {
		b.telemetry.LlmBudgetWebhookDropped.Add(ctx, int64(n))
		b.settings.Logger.Error("Webhooks that wait are lost, because llm_budget has no storage", zap.Int("webhooks", n))
	}
	return nil
}
