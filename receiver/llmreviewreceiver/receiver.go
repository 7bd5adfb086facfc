package llmreviewreceiver

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/receiver/llmreviewreceiver/internal/metadata"
)

// storeOwner is what the extension must be. The store is open from its start to its shutdown, which surround ours.
type storeOwner interface {
	ReviewStore() review.Store
}

// labels emits the changes of labels. A change is delivered when the pipeline has accepted it and the store has noted
// that: a crash between the two sends it again.
type labels struct {
	config    *Config
	telemetry *metadata.TelemetryBuilder
	logger    *zap.Logger
	next      consumer.Logs
	reader    string // the id of the receiver
	process   string

	store review.Store       // nil before Start
	stop  context.CancelFunc // nil before Start
	done  sync.WaitGroup
}

// Start finds the store and begins to read.
func (l *labels) Start(ctx context.Context, host component.Host) error {
	extension, ok := host.GetExtensions()[l.config.Review]
	if !ok {
		return fmt.Errorf("review must name an extension that is listed in service::extensions, got %q", l.config.Review)
	}
	owner, ok := extension.(storeOwner)
	if !ok {
		return fmt.Errorf("review must name an llm_review extension, got %q", l.config.Review)
	}
	l.store = owner.ReviewStore()
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	l.done.Go(func() { l.run(ctx) })
	return nil
}

// Shutdown ends the reading. What was not delivered waits in the store.
func (l *labels) Shutdown(context.Context) error {
	if l.stop != nil {
		l.stop()
		l.done.Wait()
	}
	l.telemetry.Shutdown()
	return nil
}

func (l *labels) run(ctx context.Context) {
	failures := 0
	for {
		n, err := l.deliver(ctx)
		wait := l.config.Interval
		switch {
		case err != nil:
			wait = l.pause(failures)
			if failures == 0 && ctx.Err() == nil {
				l.logger.Warn("Labels wait in the store and are sent again", zap.Error(err))
			}
			failures++
		case n == l.config.BatchSize:
			wait, failures = 0, 0
		default:
			failures = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// pause is how long to wait after a failure, with jitter.
func (l *labels) pause(failures int) time.Duration {
	wait := float64(l.config.Retry.InitialInterval)
	for range failures {
		wait = min(wait*max(l.config.Retry.Multiplier, 1), float64(l.config.Retry.MaxInterval))
	}
	return time.Duration(wait * (1 + l.config.Retry.RandomizationFactor*(2*rand.Float64()-1)))
}

// deliver sends the next changes and returns how many those were.
func (l *labels) deliver(ctx context.Context) (int, error) {
	changes, err := l.store.Changes(ctx, l.reader, l.process, l.config.BatchSize)
	if err != nil || len(changes) == 0 {
		return 0, err
	}
	err = l.next.ConsumeLogs(ctx, records(changes, l.config.Notes, time.Now()))
	refused := consumererror.IsPermanent(err)
	if err != nil && !refused {
		return 0, err
	}
	if refused { // it would be refused again, and hold up all that follow
		l.logger.Error("The pipeline refuses labels for good", zap.Int("labels", len(changes)), zap.Error(err))
	}
	// A shutdown between the two would send them twice.
	err = l.store.Delivered(context.WithoutCancel(ctx), l.reader, l.process, changes[len(changes)-1].ID)
	if err != nil {
		return 0, err
	}
	l.count(ctx, changes, refused)
	return len(changes), nil
}

func (l *labels) count(ctx context.Context, changes []review.LabelChange, refused bool) {
	if refused {
		l.telemetry.LlmReviewRefusedLabels.Add(ctx, int64(len(changes)))
		return
	}
	for i := range changes {
		decision := string(changes[i].Label.Decision)
		if changes[i].Undone {
			decision = spanattr.LabelUndone
		}
		l.telemetry.LlmReviewLabels.Add(ctx, 1,
			metric.WithAttributeSet(attribute.NewSet(attribute.String("decision", decision))))
	}
}

// records writes changes as log records. Those of one service share a resource.
func records(changes []review.LabelChange, notes bool, now time.Time) plog.Logs {
	ld := plog.NewLogs()
	var to plog.LogRecordSlice
	for i := range changes {
		c := &changes[i]
		if i == 0 || c.Service != changes[i-1].Service || c.Environment != changes[i-1].Environment {
			rl := ld.ResourceLogs().AppendEmpty()
			put(rl.Resource().Attributes(), catalog.ServiceName, c.Service)
			put(rl.Resource().Attributes(), catalog.Environment, c.Environment)
			to = rl.ScopeLogs().AppendEmpty().LogRecords()
		}
		write(to.AppendEmpty(), c, notes, now)
	}
	return ld
}

func write(record plog.LogRecord, c *review.LabelChange, notes bool, now time.Time) {
	e := pipeline.LabelEvaluation(c, notes)
	e.Write(record)
	at := c.End
	if at.IsZero() {
		at = c.Label.Created
	}
	record.SetTimestamp(pcommon.NewTimestampFromTime(at))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	record.SetSeverityNumber(plog.SeverityNumberInfo)
	record.SetSeverityText("INFO")
	var trace pcommon.TraceID
	if _, err := hex.Decode(trace[:], []byte(c.Label.TraceID)); err == nil {
		record.SetTraceID(trace)
	}
	var span pcommon.SpanID
	if _, err := hex.Decode(span[:], []byte(c.SpanID)); err == nil && c.SpanID != "" {
		record.SetSpanID(span)
	}
}

func put(attributes pcommon.Map, key catalog.Attribute, value string) {
	if value != "" {
		attributes.PutStr(string(key), value)
	}
}
