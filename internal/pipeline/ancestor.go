package pipeline

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/genai"
)

// ancestors finds what a model call leaves to the steps around it. Some SDKs name the session only on the outer span,
// and Codex names the model only there. It knows the spans of one request.
type ancestors struct {
	request ptrace.Traces // not indexed yet; empty afterwards
	reader  *dialect.Reader
	at      map[spanKey]int // index in spans
	spans   []ancestor
}

// ancestor is a span of the request, read when a call inside of it needs it.
type ancestor struct {
	resource       pcommon.Resource
	scope          pcommon.InstrumentationScope
	span           ptrace.Span
	read           bool
	session, model string
	genAI          bool
}

// maxAncestors bounds how far up a call looks.
const maxAncestors = 16

// begin notes the request. Nothing is indexed before a call needs it.
func (a *ancestors) begin(td ptrace.Traces) {
	a.request = td
	clear(a.at)
	clear(a.spans)
	if a.spans = a.spans[:0]; cap(a.spans) > maxReused {
		a.at, a.spans = nil, nil
	}
}

// complete fills the session of a model call, and the model if the call has tokens, from the nearest ancestor that
// names them.
func (a *ancestors) complete(call *genai.Call, scope pcommon.InstrumentationScope, span ptrace.Span) {
	needsModel := call.AnyModel() == "" && (call.Usage.Input.Set || call.Usage.Output.Set)
	if call.SessionID != "" && !needsModel || span.ParentSpanID().IsEmpty() || !call.IsLLMCall() {
		return
	}
	a.index()
	id := span.ParentSpanID()
	for range maxAncestors {
		at, ok := a.at[spanKey{span.TraceID(), id}]
		if !ok {
			return
		}
		s := &a.spans[at]
		a.readOnce(s)
		if call.SessionID == "" {
			call.SessionID = s.session
		}
		// An attribute that is only called "model" names a model on spans of the same emitter.
		if needsModel && s.model != "" && (s.genAI || s.scope.Name() == scope.Name()) {
			call.RequestModel, needsModel = s.model, false
		}
		if call.SessionID != "" && !needsModel {
			return
		}
		id = s.span.ParentSpanID()
	}
}

// index finds the spans of the request by their ids, once.
func (a *ancestors) index() {
	td := a.request
	if td == (ptrace.Traces{}) {
		return
	}
	a.request = ptrace.Traces{}
	if a.at == nil {
		a.at = map[spanKey]int{}
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				a.at[spanKey{span.TraceID(), span.SpanID()}] = len(a.spans)
				a.spans = append(a.spans, ancestor{resource: rs.Resource(), scope: ss.Scope(), span: span})
			}
		}
	}
}

func (a *ancestors) readOnce(s *ancestor) {
	if s.read {
		return
	}
	s.read = true
	if a.reader == nil {
		a.reader = dialect.NewReader(nil)
	}
	call, ok := a.reader.Read(s.resource, s.scope, s.span)
	if s.genAI = ok; ok {
		s.session = call.SessionID
		if !call.IsLLMCall() { // else it is the same call, or another one
			s.model = call.AnyModel()
		}
		return
	}
	if v, ok := s.span.Attributes().Get("model"); ok && v.Type() == pcommon.ValueTypeStr {
		s.model = v.Str()
	}
}
