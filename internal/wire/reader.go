package wire

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Reader turns spans of any dialect into calls. It keeps scratch memory and is used by one goroutine at a time.
type Reader struct {
	call genai.Call
}

// NewReader makes a reader.
func NewReader() *Reader { return &Reader{} }

// Read reads one span. ok is false where nothing on the span speaks of GenAI. The call, and what it loads, is valid
// until the next Read of this reader and while the span lives.
func (r *Reader) Read(resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span) (call *genai.Call, ok bool) {
	r.call.Reset(nil)
	if _, ok := span.Attributes().Get("gen_ai.operation.name"); !ok {
		return nil, false
	}
	return &r.call, true
}

// Lend gives the reader log records that hold the content of spans, to be joined by trace and span id to spans that
// are read later.
func (r *Reader) Lend(logs plog.Logs) {}
