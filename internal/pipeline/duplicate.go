package pipeline

import (
	"encoding/hex"
	"hash/maphash"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/duplicate"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// role returns what a span is to its model call. A duplicate whose answer must not be judged is no model call for the
// scorers. An earlier pass, by an agent, saw more of the trace, so its decision stays.
func (s *Scorer) role(
	w *worker, resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span,
	call *genai.Call, r *spanattr.Record,
) (role duplicate.Role) {
	switch {
	case r.DuplicateOf != "":
		role.Duplicate = true
		if _, err := hex.Decode(role.Of[:], []byte(r.DuplicateOf)); err != nil {
			r.DuplicateOf = ""
			return duplicate.Role{}
		}
	case call.IsLLMCall():
		w.ahead.plan(s.calls)
		c := comparison(w.reader, resource, scope, span, call)
		if role = s.calls.Role(&c); !role.Duplicate && w.reader.OfAgent() && !isLogged(span) && s.logged.counted(call, &c) {
			role = ofLog
		}
	}
	if role.Duplicate && !role.Judge {
		call.LLM = genai.Some(false)
	}
	return role
}

// withoutRepeats removes from the findings on a duplicate those that its call shows too.
func withoutRepeats(findings []failure.Finding, call *genai.Call, role duplicate.Role) []failure.Finding {
	sameFinish := role.Finish != "" && role.Finish == finish(call)
	return slices.DeleteFunc(findings, func(f failure.Finding) bool {
		return role.Failed && f.Class.Bucket() == failure.Ops ||
			sameFinish && (f.Class == failure.Truncation || f.Detail == failure.ContentFilter)
	})
}

// finish returns the canonical finish reason of the first choice, or "".
func finish(c *genai.Call) string {
	if len(c.FinishReasonsCanonical) == 0 {
		return ""
	}
	return c.FinishReasonsCanonical[0]
}

// step makes a call a step if its record says that another span is the call.
func step(call *genai.Call, r *spanattr.Record) {
	if r.DuplicateOf != "" {
		call.LLM = genai.Some(false)
	}
}

// emitterSeed hashes emitters. The hashes stay in this process.
var emitterSeed = maphash.MakeSeed()

// comparison returns what of a model call is compared with other spans. The call is the last one that the reader read.
func comparison(
	r *dialect.Reader, resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span, c *genai.Call,
) duplicate.Call {
	d := duplicate.Call{
		Facts: duplicate.Facts{
			Trace: span.TraceID(), Span: duplicate.SpanID(span.SpanID()), Parent: duplicate.SpanID(span.ParentSpanID()),
			Start: nanos(span.StartTimestamp()), End: nanos(span.EndTimestamp()), Input: -1, Output: -1,
			Cached: c.Tokens.CacheRead.Value+c.Tokens.CacheWrite.Value > 0,
			Failed: c.Error.IsError, Words: len(c.Error.Message),
		},
		Models:     [2]string{c.RequestModel, c.AnyModel()},
		ResponseID: c.ResponseID,
		Finish:     finish(c),
	}
	switch c.Operation {
	case genai.OpEmbeddings:
		d.Kind = duplicate.Embedding
	case genai.OpChat, genai.OpTextCompletion, "generate_content":
	default:
		d.Kind = duplicate.Other
	}
	if t := &c.Tokens; t.UncachedInput.Set {
		d.Input, d.Output = t.UncachedInput.Value+t.CacheRead.Value+t.CacheWrite.Value, t.Output.Value+t.Reasoning.Value
	}
	d.Content, d.Tools = r.Records()
	d.Tools = d.Tools || c.ResponseFormat != ""
	service, _ := dialect.ServiceOf(resource)
	d.Service = maphash.String(emitterSeed, service)
	d.Emitter = d.Service ^ maphash.String(emitterSeed, scope.Name())
	return d
}

// lookahead finds, before a request is scored, the model calls whose parent is a model call of the same request. An
// outer span may come before or after its inner one, and the better of the two must be the call.
type lookahead struct {
	request ptrace.Traces // not looked at yet; empty afterwards
	reader  *dialect.Reader
	spans   []ahead
	at      map[spanKey]int // index in spans
	calls   []duplicate.Call
}

// ahead is a span that names a model.
type ahead struct {
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
	span     ptrace.Span
	read     bool
	call     duplicate.Call
	isCall   bool
}

// begin notes the request. Nothing is looked at before its first model call.
func (l *lookahead) begin(td ptrace.Traces) { l.request = td }

// plan gives roles to the pairs of the request, once. It reads only spans that name a model and have such a parent.
func (l *lookahead) plan(calls *duplicate.Finder) {
	td := l.request
	if td == (ptrace.Traces{}) {
		return
	}
	l.request = ptrace.Traces{}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if dialect.NamesModel(span) {
					l.spans = append(l.spans, ahead{resource: rs.Resource(), scope: ss.Scope(), span: span})
				}
			}
		}
	}
	if len(l.spans) > 1 {
		l.pairs()
		calls.Plan(l.calls)
	}
	clear(l.spans)
	clear(l.calls)
	l.spans, l.calls = l.spans[:0], l.calls[:0]
	if cap(l.spans) > maxReused {
		l.spans, l.calls, l.at = nil, nil, nil
	}
}

// pairs collects the calls in pairs of parent and child.
func (l *lookahead) pairs() {
	if l.at == nil {
		l.at, l.reader = map[spanKey]int{}, dialect.NewReader(nil)
	}
	clear(l.at)
	for i := range l.spans {
		span := l.spans[i].span
		l.at[spanKey{span.TraceID(), span.SpanID()}] = i
	}
	for i := range l.spans {
		child := &l.spans[i]
		at, ok := l.at[spanKey{child.span.TraceID(), child.span.ParentSpanID()}]
		if !ok || at == i || !l.isCall(at) || !l.isCall(i) {
			continue
		}
		l.calls = append(l.calls, l.spans[at].call, child.call)
	}
}

// isCall reads a span, once, and reports whether it is a model call.
func (l *lookahead) isCall(i int) bool {
	s := &l.spans[i]
	if !s.read {
		s.read = true
		call, ok := l.reader.Read(s.resource, s.scope, s.span)
		if s.isCall = ok && call.IsLLMCall() && !spanattr.IsDuplicate(s.span); s.isCall {
			s.call = comparison(l.reader, s.resource, s.scope, s.span, call)
		}
	}
	return s.isCall
}
