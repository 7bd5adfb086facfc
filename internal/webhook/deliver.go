package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Headers of a webhook. The signature is the HMAC-SHA256 of the body with the secret, in hex. The key is the same for
// every attempt to deliver a message, so that a receiver can detect duplicates.
const (
	HeaderSignature = "X-Faultline-Signature"
	HeaderKey       = "Idempotency-Key"
)

const (
	attemptTimeout = 10 * time.Second
	senders        = 8 // messages that are on their way at once
	defaultPause   = 500 * time.Millisecond
	maxPause       = 5 * time.Minute
	maxRetryAfter  = time.Hour // of what a receiver asks for
	idle           = time.Hour // with nothing to do; a change ends it
)

// Run delivers messages until the context ends. When stopped closes, it delivers the messages that are due and returns.
// Without a store it first delivers those that wait for another attempt, too.
func (o *Outbox) Run(ctx context.Context, stopped <-chan struct{}) {
	defer o.save()
	client := &http.Client{Timeout: attemptTimeout}
	defer client.CloseIdleConnections()
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, senders)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		o.save()
		m, wait, left := o.next(time.Now())
		if m != nil {
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				o.finish(m, Result{Again: true})
				return
			}
			running.Go(func() {
				o.finish(m, o.deliver(ctx, client, m))
				<-free
				o.changedNow()
			})
			continue
		}
		if ending(stopped) && (left == 0 || o.settings.Store != nil && len(free) == 0) {
			return
		}
		timer.Reset(wait)
		halt := stopped
		if ending(stopped) {
			halt = nil
		}
		select {
		case <-o.wake:
		case <-timer.C:
		case <-halt:
		case <-ctx.Done():
			return
		}
	}
}

func ending(stopped <-chan struct{}) bool {
	select {
	case <-stopped:
		return true
	default:
		return false
	}
}

// deliver makes one attempt.
func (o *Outbox) deliver(ctx context.Context, client *http.Client, m *Message) Result {
	if o.settings.Deliver == nil {
		return post(ctx, client, &o.settings, m)
	}
	o.mu.Lock()
	s := o.subjects[m.Subject]
	reference, retried := s.Reference, s.retried
	o.mu.Unlock()
	return o.settings.Deliver(ctx, client, *m, reference, retried)
}

// next takes a message that is due. Otherwise it returns the time until one is, and how many are left.
func (o *Outbox) next(now time.Time) (m *Message, wait time.Duration, left int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	left = o.order.waiting.Len()
	if len(o.order.due) == 0 {
		return nil, idle, left
	}
	s := o.order.due[0]
	if s.due.After(now) {
		return nil, min(idle, s.due.Sub(now)), left
	}
	s.sending, s.retried, s.tried = true, s.tried, true
	o.order.update(s)
	return s.Waiting, 0, left
}

// Result is the outcome of an attempt.
type Result struct {
	Again bool
	After time.Duration // that the receiver asks for, or 0
	Code  int           // of a final refusal, 0 for a success
	// Reference is what the receiver calls the subject, "" where it did not say.
	Reference string
}

// finish records the result of an attempt. The subject may have changed meanwhile.
func (o *Outbox) finish(m *Message, r Result) {
	o.mu.Lock()
	s := o.subjects[m.Subject]
	s.sending = false
	if r.Reference != "" && s.Reference != r.Reference {
		s.Reference = r.Reference
		o.dirty[o.partOf(m.Subject)] = true
	}
	switch {
	case r.Again && s.Waiting == m:
		s.attempts++
		s.due = time.Now().Add(max(r.After, pause(o.settings.Pause, s.attempts)))
	case !r.Again:
		s.Told, s.tried = m.State, false
		o.dirty[o.partOf(m.Subject)] = true
		if s.Waiting != nil && s.Waiting.State == m.State { // delivered, or back to it meanwhile
			s.Waiting = nil
		}
	}
	o.order.update(s)
	o.mu.Unlock()
	switch {
	case r.Again:
	case r.Code != 0:
		if o.settings.Failed != nil {
			o.settings.Failed(*m, r.Code)
		}
	case o.settings.Sent != nil:
		o.settings.Sent()
	}
}

// pause grows with the attempts. It varies by half, so that the messages of an outage do not return at once.
func pause(first time.Duration, attempts int) time.Duration {
	p := min(first<<min(attempts-1, 20), maxPause)
	return p/2 + rand.N(p)
}

// post makes one attempt to deliver a message as it is.
func post(ctx context.Context, client *http.Client, s *Settings, m *Message) Result {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Result{Again: true}
	}
	r.Header.Set("Content-Type", "application/json")
	if s.Secret != "" {
		mac := hmac.New(sha256.New, []byte(s.Secret))
		_, _ = mac.Write(m.Body) // it never fails
		r.Header.Set(HeaderSignature, hex.EncodeToString(mac.Sum(nil)))
	}
	r.Header.Set(HeaderKey, m.Key)
	response, err := client.Do(r)
	if err != nil {
		return Result{Again: true}
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection is reused
	return ResultOf(response)
}

// ResultOf says what an answer means. Errors of the server and its limits pass; a refusal stays.
func ResultOf(response *http.Response) Result {
	switch code := response.StatusCode; {
	case code < 300:
		return Result{}
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500,
		code == http.StatusForbidden && response.Header.Get("Retry-After") != "": // GitHub says so where it is too much
		return Result{Again: true, After: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	default:
		return Result{Code: code}
	}
}

// retryAfter reads a number of seconds or a date.
func retryAfter(header string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
