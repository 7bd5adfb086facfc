package llmmetricsconnector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadata"
	"github.com/faultline-otel/faultline/internal/checkpoint"
	"github.com/faultline-otel/faultline/internal/checkpoint/storage"
	"github.com/faultline-otel/faultline/internal/meter"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/sharedinstance"
)

// factory makes one counter for each configuration. All pipelines that name the same llm_metrics share it, so that the
// scores of spans and those of evaluations are in the same series.
type factory struct{ counters sharedinstance.Set[*counter] }

// counter counts spans and evaluations, and exports the sums at every flush.
type counter struct {
	config    *Config
	id        component.ID
	instance  string
	meter     *meter.Meter
	began     time.Time
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	self      metric.MeasurementOption // identifies the connector: a Collector may have several
	readers   sync.Pool                // of *spanReader
	warn      sync.Once                // of unscored spans

	// Set while pipelines are built, and not changed afterwards.
	spans   bool             // there is a traces-to-metrics end
	metrics consumer.Metrics // nil if no pipeline takes metrics
	logs    consumer.Logs    // nil if no pipeline takes logs

	shared *sharedinstance.Instance[*counter]

	mu      sync.Mutex // guards the rest
	open    map[bool]int
	store   *storage.Store // nil where nothing is kept over a restart
	cancel  context.CancelFunc
	loop    sync.WaitGroup
	started bool

	flushing sync.Mutex // one flush at a time
}

func (f *factory) counter(set connector.Settings, cfg *Config) (*counter, error) {
	shared, err := f.counters.Acquire(cfg, func() (*counter, error) { return newCounter(set, cfg) })
	if err != nil {
		return nil, err
	}
	shared.Value.shared = shared
	return shared.Value, nil
}

func newCounter(set connector.Settings, cfg *Config) (*counter, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	instance := instanceID(set, cfg)
	c := &counter{
		config:    cfg,
		id:        set.ID,
		instance:  instance,
		began:     time.Now(),
		logger:    set.Logger,
		telemetry: telemetry,
		open:      map[bool]int{},
		self:      metric.WithAttributeSet(attribute.NewSet(attribute.String("connector", set.ID.String()))),
		meter: meter.New(meter.Settings{
			Instance:            instance,
			MaxSeries:           cfg.MaxSeries,
			MaxSeriesPerService: cfg.MaxSeriesPerService,
			SeriesIdle:          cfg.SeriesIdle,
			OnlyIncidents:       cfg.OnlyIncidents,
			SessionIdle:         cfg.SessionIdle,
			MaxSessions:         cfg.MaxSessions,
			MaxDrift:            cfg.Drift.MaxSeries,
		}),
		readers: sync.Pool{New: func() any { return newSpanReader(cfg.OnlyIncidents) }},
	}
	return c, c.observe()
}

// instanceID identifies this connector among all that count the same traffic. Two connectors of one Collector differ by
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
		_, _ = rand.Read(b[:]) // cannot fail
		id = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	if name := set.ID.Name(); name != "" {
		id += "/" + name
	}
	return id
}

// observe publishes the state of the meter as the Collector's own metrics.
func (c *counter) observe() error {
	number := func(of func() int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(of(), c.self)
			return nil
		}
	}
	return errors.Join(
		c.telemetry.RegisterLlmMetricsSeriesCallback(number(c.meter.Series)),
		c.telemetry.RegisterLlmMetricsOverflowCallback(number(c.meter.Overflow)),
		c.telemetry.RegisterLlmMetricsOverflowServicesCallback(number(c.meter.Waiting)),
		c.telemetry.RegisterLlmMetricsEndedSeriesCallback(number(c.meter.Ended)),
		c.telemetry.RegisterLlmMetricsUntrackedCallback(number(c.meter.Untracked)),
		c.telemetry.RegisterLlmMetricsSessionsCallback(number(func() int64 { return int64(c.meter.Sessions()) })),
		c.telemetry.RegisterLlmMetricsIgnoredValuesCallback(func(_ context.Context, o metric.Int64Observer) error {
			for field, name := range meter.IgnoredNames {
				o.Observe(c.meter.Ignored(field), c.self, metric.WithAttributes(attribute.String("field", name)))
			}
			return nil
		}))
}

// start opens one end. The first one loads the state of the last run and starts the flush loop.
func (c *counter) start(ctx context.Context, host component.Host, metrics bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started {
		c.open[metrics]++
		return nil
	}
	if c.config.Storage != nil {
		var err error
		if c.store, err = storage.Open(ctx, host, *c.config.Storage, component.KindConnector, c.id); err != nil {
			return err
		}
		if err := c.meter.Load(c.store, time.Now()); err != nil {
			n, first := checkpoint.Unreadable(err)
			c.telemetry.LlmMetricsCheckpointDiscards.Add(ctx, int64(n), c.self)
			c.logger.Error("Discarding unreadable parts of the last checkpoint", zap.Int("parts", n), zap.Error(first))
		}
	}
	c.started = true
	c.open[metrics]++
	ctx, c.cancel = context.WithCancel(
		context.WithoutCancel(ctx),
	) // the context of Start has a deadline, the loop has none
	c.loop.Go(func() { c.run(ctx) })
	return nil
}

// run flushes and writes checkpoints until the context ends.
func (c *counter) run(ctx context.Context) {
	flush, checkpoint := time.NewTicker(c.config.FlushInterval), time.NewTicker(c.config.CheckpointInterval)
	defer flush.Stop()
	defer checkpoint.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-flush.C:
			_ = c.flush(ctx, now, false) // flush counts its errors
		case now := <-checkpoint.C:
			c.save(ctx, now)
		}
	}
}

// stop closes one end. The last end that emits metrics exports all counts, so that nothing is lost. The last end of all
// writes a checkpoint. An end that was never opened does nothing.
func (c *counter) stop(ctx context.Context, metrics, opened bool) (err error) {
	if opened {
		c.cancel()
		c.loop.Wait()
		c.mu.Lock()
		last := c.open[metrics] == 1
		c.mu.Unlock()
		if last {
			if metrics && c.store == nil {
				c.meter.EndSessions(time.Now())
			}
			err = c.flush(ctx, time.Now(), metrics)
		}
		c.mu.Lock()
		c.open[metrics]--
		c.mu.Unlock()
	}
	return errors.Join(err, c.shared.Release(func() (closed error) {
		if c.store != nil {
			c.save(ctx, time.Now())
			closed = c.store.Close(ctx)
		}
		c.telemetry.Shutdown()
		return closed
	}))
}

func (c *counter) save(ctx context.Context, now time.Time) {
	if c.store == nil {
		return
	}
	if err := c.meter.Save(c.store, now); err != nil {
		c.telemetry.LlmMetricsCheckpointFailures.Add(ctx, 1, c.self)
		c.logger.Error("Could not write the checkpoint", zap.Error(err))
	}
}

func (c *counter) count(ctx context.Context, td ptrace.Traces) {
	r := c.readers.Get().(*spanReader)
	defer c.readers.Put(r)
	r.read(td, pipeline.BatchOf(ctx), time.Now(), c.meter)
	if r.unscored > 0 && !c.config.OnlyIncidents {
		c.warn.Do(func() {
			c.logger.Warn("GenAI spans arrive unscored, so they have no failures, scores and costs (llm.spans counts them): "+
				"put llm_failure before llm_metrics, here or in the agents", zap.Int("spans", r.unscored))
		})
	}
}

// countLogs counts the evaluations and the model calls in log records.
func (c *counter) countLogs(ld plog.Logs) {
	now := time.Now()
	readEvaluations(ld, now, c.meter)
	r := c.readers.Get().(*spanReader)
	defer c.readers.Put(r)
	r.readLogs(ld, now, c.meter)
}

// flush exports the value of every series, in requests of bounded size, and the events of new versions. Sums are
// cumulative, so a refused flush loses one point in time but no count.
func (c *counter) flush(ctx context.Context, now time.Time, final bool) error {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	c.mu.Lock()
	toMetrics, toLogs := c.open[true] > 0, c.open[false] > 0
	c.mu.Unlock()
	out := newPoints(c.began, now)
	send := func() error {
		md := out.take()
		if !toMetrics || md.DataPointCount() == 0 {
			return nil
		}
		return c.metrics.ConsumeMetrics(ctx, md)
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
	c.logOverflow()
	if toLogs || c.logs == nil { // without a logs pipeline, new versions are only remembered
		err = errors.Join(err, c.meter.FirstSeen(func(fresh []meter.FirstSeen) error {
			if c.logs == nil {
				return nil
			}
			return c.logs.ConsumeLogs(ctx, firstSeen(fresh, c.instance))
		}))
	}
	if err != nil {
		c.telemetry.LlmMetricsFlushErrors.Add(ctx, 1, c.self)
		c.logger.Debug("Metrics were refused; the next flush has the same sums", zap.Error(err))
		return fmt.Errorf("flush metrics: %w", err)
	}
	return nil
}

// logOverflow names each service without room for its series once.
func (c *counter) logOverflow() {
	services, more := c.meter.Overflowed()
	for _, of := range services {
		c.logger.Warn("A service has no room for new series; they count under otel.metric.overflow",
			zap.String("service", of.Service), zap.String("environment", of.Environment),
			zap.String("limit", string(of.Limit)))
	}
	if more {
		c.logger.Warn("Further services without room for new series are not named")
	}
}
