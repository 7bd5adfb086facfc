package pipeline

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// recordOf returns the record of a span.
func recordOf(span ptrace.Span) *spanattr.Record {
	var r spanattr.Record
	r.Read(span)
	return &r
}
