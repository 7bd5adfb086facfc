package llmmetricsconnector

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadata"
	"github.com/faultline-otel/faultline/internal/meter"
)

// metrics counts the spans that it consumes and hands the sums on at every flush.
type metrics struct {
	config    *Config
	next      consumer.Metrics
	meter     *meter.Meter
	start     time.Time
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	scratch   sync.Pool // of *spanReader

	// cancel ends the loop, and the flush that it is in; it is nil where the connector was never started.
	cancel context.CancelFunc
	loop   sync.WaitGroup
}

func newConnector(set connector.Settings, cfg *Config, next consumer.Metrics) (*metrics, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	c := &metrics{
		config: cfg, next: next, start: time.Now(), logger: set.Logger, telemetry: telemetry,
		meter: meter.New(meter.Settings{
			Instance: instanceID(set, cfg), MaxSeries: cfg.MaxSeries, MaxSeriesPerService: cfg.MaxSeriesPerService, OnlyIncidents: cfg.OnlyIncidents,
		}),
		scratch: sync.Pool{New: func() any { return newSpanReader() }},
	}
	return c, c.observe()
}

// instanceID names this connector among all that count the same traffic. Two connectors of one Collector are told apart by
// their names.
func instanceID(set connector.Settings, cfg *Config) string {
	id := cfg.InstanceID
	if id == "" {
		if v, ok := set.Resource.Attributes().Get("service.instance.id"); ok {
			id = v.AsString()
		}
	}
	if id == "" {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails
		id = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	if name := set.ID.Name(); name != "" {
		id += "/" + name
	}
	return id
}

// observe publishes the state of the meter as telemetry of the Collector.
func (c *metrics) observe() error {
	if err := c.telemetry.RegisterLlmMetricsSeriesCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(c.meter.Series())
		return nil
	}); err != nil {
		return err
	}
	if err := c.telemetry.RegisterLlmMetricsOverflowCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(c.meter.Overflow())
		return nil
	}); err != nil {
		return err
	}
	return c.telemetry.RegisterLlmMetricsIgnoredValuesCallback(func(_ context.Context, o metric.Int64Observer) error {
		for field, name := range meter.IgnoredNames {
			o.Observe(c.meter.Ignored(field), metric.WithAttributes(attribute.String("field", name)))
		}
		return nil
	})
}

// Capabilities says that spans are only read.
func (c *metrics) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// Start begins to flush.
func (c *metrics) Start(ctx context.Context, _ component.Host) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the start has a deadline, the loop has none
	c.cancel = cancel
	c.loop.Go(func() {
		ticker := time.NewTicker(c.config.FlushInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-ticker.C:
				_ = c.flush(ctx, now, false) // it counts its errors
			}
		}
	})
	return nil
}

// Shutdown ends the loop and flushes once more, so that nothing that was counted is lost.
func (c *metrics) Shutdown(ctx context.Context) error {
	defer c.telemetry.Shutdown()
	if c.cancel == nil {
		return nil
	}
	c.cancel()
	c.cancel = nil
	c.loop.Wait()
	return c.flush(ctx, time.Now(), true)
}

// ConsumeTraces counts the spans.
func (c *metrics) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	r := c.scratch.Get().(*spanReader)
	defer c.scratch.Put(r)
	r.read(td, time.Now(), c.meter.Count)
	return nil
}

// flush hands on the value of every series, in requests of bounded size. Sums are cumulative, so that a flush which is
// refused costs a point in time and no count.
func (c *metrics) flush(ctx context.Context, now time.Time, final bool) error {
	out := newPoints(c.start, now)
	send := func() error {
		if out.len() == 0 {
			return nil
		}
		return c.next.ConsumeMetrics(ctx, out.take())
	}
	err := c.meter.Collect(now, final, out.add, func() error {
		if out.len() < maxPoints {
			return nil
		}
		return send()
	})
	if err == nil {
		err = send()
	}
	if err != nil {
		c.telemetry.LlmMetricsFlushErrors.Add(ctx, 1)
		c.logger.Debug("metrics were refused; the next flush carries the same sums", zap.Error(err))
		return fmt.Errorf("flush metrics: %w", err)
	}
	return nil
}
