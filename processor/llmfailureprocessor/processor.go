package llmfailureprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"

	"github.com/faultline-otel/faultline/internal/pipeline"
)

// traces is the processor of a traces pipeline. It gives each request a batch, in which later components find what this
// one read.
type traces struct{ processor.Traces }

// ConsumeTraces processes a request.
func (t *traces) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	b := pipeline.NewBatch()
	defer b.Release()
	return t.Traces.ConsumeTraces(b.Context(ctx), td)
}

func (i *instance) processTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	var n tally
	i.scorer.Traces(td, pipeline.BatchOf(ctx), func(s *pipeline.Scored) {
		n.add(s)
		if s.Call != nil { // last, because the verdict is about the original text
			n.redactions += int64(i.redactor.Span(s.Span, s.Entry))
			if i.cutter.Span(s.Span, s.Entry) { // behind redaction, which recognizes only whole values
				n.cut++
			}
		}
	})
	i.counters.add(ctx, &n)
	return td, nil
}

// processLogs keeps the content of log records for the spans that they name, scores the model calls that log records
// describe without a span, and passes the records on, redacted if configured.
func (i *instance) processLogs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	i.scorer.Logs(ld)
	var n tally
	i.scorer.LogCalls(ld, n.add)
	n.redactions = int64(i.redactor.Logs(ld))
	i.counters.add(ctx, &n)
	return ld, nil
}
