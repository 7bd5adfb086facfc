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

// Headers of a webhook. The signature is the HMAC-SHA256 of the body under the secret, in hex. The key is the same for every try of a
// change, so that a receiver can tell a second delivery.
const (
	headerSignature = "X-Faultline-Signature"
	headerKey       = "Idempotency-Key"
)

// maxWaiting bounds the changes that wait to be told. maxTelling is how long one is tried.
const (
	maxWaiting = 1024
	maxTelling = 15 * time.Minute
)

// changed is called on each change of a session's state.
func (b *budgetExtension) changed(d budget.Decision) {
	b.settings.Logger.Info("A session changed its state", zap.String("session", string(d.Session)), zap.String("state", string(d.State)), zap.String("reason", d.Reason))
	if b.config.Webhook.URL == "" {
		return
	}
	select {
	case b.waiting <- d:
	default:
		b.lost(d, fmt.Errorf("%d others wait", maxWaiting))
	}
}

func (b *budgetExtension) lost(d budget.Decision, err error) {
	b.telemetry.LlmBudgetWebhookFailures.Add(context.Background(), 1)
	b.settings.Logger.Error("A webhook could not be delivered", zap.String("session", string(d.Session)), zap.String("state", string(d.State)), zap.Error(err))
}

// tell delivers changes one after the other, until the extension has stopped and there is nothing left to tell.
func (b *budgetExtension) tell(ctx context.Context) {
	for {
		var d budget.Decision
		select {
		case d = <-b.waiting:
		default:
			select {
			case d = <-b.waiting:
			case <-b.stopped:
				return
			}
		}
		if _, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, b.post(ctx, d) },
			backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(maxTelling)); err != nil {
			b.lost(d, err) //nolint:contextcheck // counted, however it ended
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
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection is used again
	if response.StatusCode >= 300 {
		return fmt.Errorf("the receiver answered %s", response.Status)
	}
	return nil
}
