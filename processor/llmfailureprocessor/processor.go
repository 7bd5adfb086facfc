package llmfailureprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/wire"
)

func (i *instance) processTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	var n tally
	i.annotator.Traces(td, func(a wire.Annotated) { n.add(&a) })
	i.counters.add(ctx, &n)
	return td, nil
}

// processLogs keeps the content of log records for the spans that they name, and passes them on as they are.
func (i *instance) processLogs(_ context.Context, ld plog.Logs) (plog.Logs, error) {
	i.annotator.Lend(ld)
	return ld, nil
}
