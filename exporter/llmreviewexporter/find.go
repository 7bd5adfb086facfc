package llmreviewexporter

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
)

// Times of the search for traces that the store lacks.
const (
	searchEvery   = 2 * time.Second
	exchangeEvery = 10 * time.Second
	firstAttempt  = 15 * time.Second // by then a trace that is kept has come by itself
	giveUpAfter   = 24 * time.Hour
	maxFetches    = 20 // at once
)

// Find implements review.Finder: among the latest traces, then in Tempo.
func (r *reviewer) Find(ctx context.Context, traceID string) ([]review.Trace, error) {
	//nolint:contextcheck // nothing waits: spans are in memory
	if found := r.remembered(traceID); len(found) > 0 {
		for _, session := range sessionsIn(found) { // it goes on as that of an item
			r.memory.talks.Add(session, struct{}{})
		}
		return found, nil
	}
	if r.tempo == nil {
		return nil, fmt.Errorf("%w: %w", errNoTempo, review.ErrNotFound)
	}
	td, err := r.tempo.fetch(ctx, traceID)
	if err != nil {
		return nil, err
	}
	return r.read(traceID, td), nil //nolint:contextcheck // nothing waits
}

func (r *reviewer) remembered(traceID string) []review.Trace {
	id, err := hex.DecodeString(traceID)
	if err != nil || len(id) != len(pcommon.TraceID{}) {
		return nil
	}
	return r.read(traceID, r.memory.recent.find(pcommon.TraceID(id))...)
}

// read redacts a trace that did not come through the queue.
func (r *reviewer) read(traceID string, portions ...ptrace.Traces) (traces []review.Trace) {
	for _, td := range portions {
		if n := r.redactor.Traces(td); n > 0 {
			r.telemetry.LlmReviewRedactions.Add(context.Background(), int64(n))
		}
		traces = append(traces, pipeline.ReviewTraces(td, map[string]bool{traceID: true})...)
	}
	return traces
}

// search looks for the traces of items without a span, until the context ends, and tells the other replicas how much
// traffic there was.
func (r *reviewer) search(ctx context.Context) {
	ticker := time.NewTicker(searchEvery)
	defer ticker.Stop()
	exchanged := time.Time{}
	next := map[string]time.Time{} // attempts at Tempo
	for {
		r.report(ctx, "look for traces", r.searchOnce(ctx, time.Now(), next))
		if time.Since(exchanged) >= exchangeEvery {
			exchanged = time.Now()
			r.report(ctx, "keep the volume of traffic", r.sample.Exchange(ctx, r.store))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (r *reviewer) report(ctx context.Context, what string, err error) {
	if unavailable := (*review.UnavailableError)(nil); err != nil && ctx.Err() == nil && !errors.As(err, &unavailable) {
		r.logger.Warn("Could not "+what, zap.Error(err))
	}
}

func (r *reviewer) searchOnce(ctx context.Context, now time.Time, next map[string]time.Time) error {
	wanted, err := r.store.Wanted(ctx, now.Add(-giveUpAfter))
	if err != nil {
		return err
	}
	for id, at := range next {
		if now.Sub(at) > giveUpAfter {
			delete(next, id)
		}
	}
	fetches := 0
	for _, w := range wanted {
		found := r.remembered(w.TraceID) //nolint:contextcheck // nothing waits
		if len(found) == 0 && r.tempo != nil && fetches < maxFetches && due(w, next[w.TraceID], now) {
			fetches++
			// Each attempt waits for as long as the item has waited.
			next[w.TraceID] = now.Add(max(now.Sub(w.Received), firstAttempt))
			td, err := r.tempo.fetch(ctx, w.TraceID)
			if err != nil && !errors.Is(err, review.ErrNotFound) {
				return err // it is Tempo that has trouble, so the others wait too
			}
			if err == nil {
				found = r.read(w.TraceID, td) //nolint:contextcheck // nothing waits
			}
		}
		if len(found) == 0 {
			continue
		}
		err := r.store.Put(ctx, found)
		if err == nil {
			err = r.memory.release(ctx, sessionsIn(found))
		}
		if err != nil {
			return err
		}
		delete(next, w.TraceID)
	}
	return nil
}

func due(w review.Wanted, next, now time.Time) bool {
	if next.IsZero() {
		next = w.Received.Add(firstAttempt)
	}
	return !now.Before(next)
}
