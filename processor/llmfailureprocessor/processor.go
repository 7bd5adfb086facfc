package llmfailureprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/wire"
)

func (i *instance) processTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	var n tally
	i.annotator.Traces(td, func(a wire.Annotated) {
		n.add(&a)
		if a.Call != nil { // after scoring: the verdict is on what was said
			n.redactions += int64(i.redactor.Span(a.Span))
		}
	})
	i.counters.add(ctx, &n)
	return td, nil
}

// processLogs keeps the content of log records for the spans that they name, and passes them on, redacted where that is asked for.
func (i *instance) processLogs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	i.annotator.Lend(ld)
	i.counters.add(ctx, &tally{redactions: int64(i.redactor.Logs(ld))})
	return ld, nil
}
