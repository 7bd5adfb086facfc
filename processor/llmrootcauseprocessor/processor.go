package llmrootcauseprocessor

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/processor/llmrootcauseprocessor/internal/metadata"
)

// causes is one processor. It comes after tail_sampling, which delivers whole traces.
type causes struct {
	telemetry *metadata.TelemetryBuilder

	mu      sync.Mutex
	causes  *pipeline.Causes                          // guarded by mu
	decided *simplelru.LRU[pcommon.TraceID, struct{}] // guarded by mu
}

func newCauses(set processor.Settings, config *Config) (*causes, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	decided, err := simplelru.NewLRU[pcommon.TraceID, struct{}](config.MaxTraces, nil)
	return &causes{telemetry: telemetry, causes: pipeline.NewCauses(), decided: decided}, err
}

func (c *causes) processTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.causes.NeedsWrite(td) {
		return td, nil
	}
	// Only few traces are copied. If the component were declared as one that changes data, the Collector would copy all
	// traffic before tail_sampling.
	own := ptrace.NewTraces()
	td.CopyTo(own)
	td = own
	c.causes.Traces(td, c.decided.Contains, func(cause pipeline.TraceCause) {
		c.decided.Add(cause.Trace, struct{}{})
		c.telemetry.LlmRootcauseIncidents.Add(ctx, 1,
			metric.WithAttributes(attribute.String("class", string(cause.Finding.Class))))
	})
	return td, nil
}

func (c *causes) shutdown(context.Context) error {
	c.telemetry.Shutdown()
	return nil
}
