package llmbudgetextension

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/budget"
)

// Headers of a webhook. The signature is the HMAC-SHA256 of the body with the secret, in hex. The key is the same for
// every attempt to deliver a change, so that a receiver can detect duplicates.
const (
	headerSignature = "X-Faultline-Signature"
	headerKey       = "Idempotency-Key"
)

// maxQueue bounds the changes that wait for delivery. maxRetry bounds the time for the delivery of one change.
const (
	maxQueue = 1024
	maxRetry = 15 * time.Minute
)

// changed is called for each change of a session's state.
func (b *budgetExtension) changed(d budget.Decision) {
	b.settings.Logger.Info("Session state changed", zap.String("session", string(d.Session)),
		zap.String("state", string(d.State)), zap.String("reason", d.Reason))
	if b.config.Webhook.URL == "" {
		return
	}
	select {
	case b.queue <- d:
	default:
		b.drop(d, fmt.Errorf("the queue is full with %d webhooks", maxQueue))
	}
}

// drop counts and logs a change that is not delivered.
func (b *budgetExtension) drop(d budget.Decision, err error) {
	b.telemetry.LlmBudgetWebhookFailures.Add(context.Background(), 1)
	b.settings.Logger.Error("Could not deliver webhook", zap.String("session", string(d.Session)),
		zap.String("state", string(d.State)), zap.Error(err))
}

// deliver delivers changes one after the other, until the extension has stopped and the queue is empty.
func (b *budgetExtension) deliver(ctx context.Context) {
	for {
		var d budget.Decision
		select {
		case d = <-b.queue:
		default:
			select {
			case d = <-b.queue:
			case <-b.stopped:
				return
			}
		}
		if _, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, b.post(ctx, d) },
			backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(maxRetry)); err != nil {
			b.drop(d, err) //nolint:contextcheck // count it even if the context has ended
		}
	}
}

func (b *budgetExtension) post(ctx context.Context, d budget.Decision) error {
	body, err := json.Marshal(d)
	if err != nil {
		return backoff.Permanent(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.config.Webhook.URL, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	mac := hmac.New(sha256.New, []byte(b.config.Webhook.Secret))
	_, _ = mac.Write(body) // it never fails
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(headerSignature, hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set(headerKey, fmt.Sprintf("%s/%s/%d", hex.EncodeToString([]byte(d.Session)), d.State, d.Since.UnixNano()))
	response, err := b.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection is reused
	if response.StatusCode >= 300 {
		return fmt.Errorf("the receiver responded with %s", response.Status)
	}
	return nil
}
