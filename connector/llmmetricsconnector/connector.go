package llmmetricsconnector

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// end is the connector of one pair of signals. All ends of a configuration share a counter.
type end struct {
	counter *counter
	metrics bool // it emits metrics; otherwise logs
	open    bool
}

// Capabilities returns that the connector does not change data.
func (e *end) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: false} }

// Start starts the counter with the first of its ends.
func (e *end) Start(ctx context.Context, host component.Host) error {
	if err := e.counter.start(ctx, host, e.metrics); err != nil {
		return err
	}
	e.open = true
	return nil
}

// Shutdown flushes the signal of this end, and stops the counter with the last of its ends.
func (e *end) Shutdown(ctx context.Context) error {
	open := e.open
	e.open = false
	return e.counter.stop(ctx, e.metrics, open)
}

// spans turns traces into metrics.
type spans struct{ end }

// ConsumeTraces counts the spans.
func (s *spans) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	s.counter.count(ctx, td)
	return nil
}

// versions turns traces into logs: an event for each version seen for the first time.
type versions struct{ end }

// ConsumeTraces counts the spans, unless the traces-to-metrics end counts them.
func (v *versions) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if !v.counter.spans {
		v.counter.count(ctx, td)
	}
	return nil
}

// evaluations turns logs into metrics.
type evaluations struct{ end }

// ConsumeLogs counts the scores of judges and people, and the model calls that only log records describe.
func (e *evaluations) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	e.counter.countLogs(ld)
	return nil
}
