package llmjudgeconnector

import (
	"context"

	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/faultline-otel/faultline/connector/llmjudgeconnector/internal/metadata"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/queue"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// counters are the metrics of a judge.
type counters struct {
	telemetry *metadata.TelemetryBuilder
	self      attribute.KeyValue
	ctx       context.Context // of counting, which nothing cancels
}

func newCounters(ctx context.Context, set connector.Settings, b *bench) (*counters, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	c := &counters{
		telemetry: telemetry, self: attribute.String("connector", set.ID.String()),
		ctx: context.WithoutCancel(ctx),
	}
	err = telemetry.RegisterLlmJudgeWaitingCallback(func(_ context.Context, o metric.Int64Observer) error {
		if b.queue != nil {
			o.Observe(int64(b.queue.Len()-b.queue.InBatches()), c.with())
		}
		return nil
	})
	if err == nil {
		err = telemetry.RegisterLlmJudgeInBatchesCallback(func(_ context.Context, o metric.Int64Observer) error {
			if b.queue != nil {
				o.Observe(int64(b.queue.InBatches()), c.with())
			}
			return nil
		})
	}
	for _, why := range judge.Obstacles { // alerts need a first value
		c.add(c.telemetry.LlmJudgeNotJudged, 0, attribute.String("reason", string(why)))
	}
	for _, stratum := range []string{spanattr.StratumFlagged, spanattr.StratumSuspect, spanattr.StratumRandom} {
		c.add(c.telemetry.LlmJudgeSelected, 0, attribute.String("stratum", stratum))
	}
	return c, err
}

func (c *counters) with(of ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(of, c.self)...)
}

func (c *counters) add(to metric.Int64Counter, n int64, of ...attribute.KeyValue) {
	to.Add(c.ctx, n, c.with(of...))
}

func (c *counters) judgement(rater, label string) {
	c.add(c.telemetry.LlmJudgeJudgements, 1, attribute.String("rubric", rater), attribute.String("result", label))
}

func (c *counters) notJudged(why judge.Obstacle) {
	c.add(c.telemetry.LlmJudgeNotJudged, 1, attribute.String("reason", string(why)))
}

func (c *counters) retry(o *queue.Outcome) {
	c.add(c.telemetry.LlmJudgeRetries, 1, attribute.String("reason", string(o.Err.Obstacle)))
}

func (c *counters) selected(stratum string) {
	c.add(c.telemetry.LlmJudgeSelected, 1, attribute.String("stratum", stratum))
}

func (c *counters) cost(of *judge.Cost) {
	c.telemetry.LlmJudgeSpentUsd.Add(c.ctx, of.USD, c.with())
	for by, usd := range map[string]float64{"cascade": of.SavedUSD, "cache": of.CachedUSD, "batch": of.BatchUSD} {
		if usd != 0 {
			c.telemetry.LlmJudgeSavedUsd.Add(c.ctx, usd, c.with(attribute.String("by", by)))
		}
	}
	if n := of.Tokens.CacheRead.Value; n > 0 {
		c.add(c.telemetry.LlmJudgeCachedTokens, n)
	}
}

func (c *counters) batch(status string) {
	c.add(c.telemetry.LlmJudgeBatches, 1, attribute.String("status", status))
}

func (c *counters) storageError() { c.add(c.telemetry.LlmJudgeStorageErrors, 1) }

func (c *counters) shutdown() { c.telemetry.Shutdown() }
