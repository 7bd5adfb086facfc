package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// traceCases makes cases of trace files as llm_judge does: of each trace the answer that failed or is suspected, else
// the last one, and each session.
func traceCases(c *cobra.Command, files []string, maxBytes int) ([]docket.Case, error) {
	set, err := loadScorers("")
	if err != nil {
		return nil, err
	}
	p, err := pipeline.NewFiles(set, nil, true)
	if err != nil {
		return nil, err
	}
	in, err := openInput(c, files)
	if err != nil {
		return nil, err
	}
	defer in.close()
	in.watch("read", 2)
	if err := indexInput(in, p); err != nil {
		return nil, err
	}
	all, from := ptrace.NewTraces(), origins{map[pcommon.TraceID]string{}, map[spanID]spanattr.Session{}}
	err = in.read(otlpfile.Sink{Traces: func(td ptrace.Traces) error {
		p.Traces(td, func(s *pipeline.Scored) {
			from.add(s)
		})
		keepScored(td)
		td.ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
		return nil
	}})
	if err != nil {
		return nil, err
	}
	if err := in.verdict(); err != nil {
		return nil, err
	}
	return answered(p.Answers(), all, &from, maxBytes), nil
}

// origins say of traces which row they are a run of, and of calls which session they belong to.
type origins struct {
	rows     map[pcommon.TraceID]string
	sessions map[spanID]spanattr.Session
}

type spanID struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

func (o *origins) add(s *pipeline.Scored) {
	if row := pipeline.DatasetRow(s.Resource, s.Span); row != "" {
		o.rows[s.Span.TraceID()] = row
	}
	if s.Call == nil {
		return
	}
	if session := s.Entry.Record.Session; session.ID != "" {
		session.ID = strings.Clone(session.ID)
		o.sessions[spanID{s.Span.TraceID(), s.Span.SpanID()}] = session
	}
}

// keepScored drops the spans that are no GenAI operations.
func keepScored(td ptrace.Traces) {
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			ss.Spans().RemoveIf(func(s ptrace.Span) bool {
				_, scored := s.Attributes().Get(spanattr.AttrCoverage)
				return !scored
			})
			return ss.Spans().Len() == 0
		})
		return rs.ScopeSpans().Len() == 0
	})
}

// answered makes the cases of traces: answers in the order of the input, then sessions by their first answer.
func answered(a *pipeline.Answers, td ptrace.Traces, from *origins, maxBytes int) []docket.Case {
	type session struct {
		conversation judge.Conversation
		last         *pipeline.Answered
		turns        int
		suspects     []string
	}
	var cases []docket.Case
	var order []*session
	sessions := map[string]*session{}
	traces := a.Of(td)
	for _, t := range traces {
		of := from.sessions[spanID{t.TraceID, t.SpanID}]
		t.Session, t.Turns = of.ID, of.Turns
		call, found := a.Call(t)
		k := judge.CaseOf(call, found, maxBytes)
		k.Suspects = t.Suspects
		cases = append(cases, docket.Case{
			TraceID: t.TraceID.String(), SpanID: t.SpanID.String(), Row: from.rows[t.TraceID], Session: t.Session, Case: k,
		})
	}
	slices.SortStableFunc(traces, func(a, b *pipeline.Answered) int {
		return int(min(max(int64(a.End())-int64(b.End()), -1), 1))
	})
	for _, t := range traces {
		if t.Session == "" {
			continue
		}
		s := sessions[t.Session]
		if s == nil {
			s = &session{}
			sessions[t.Session] = s
			order = append(order, s)
		}
		call, _ := a.Call(t)
		s.conversation.Add(call)
		s.last, s.turns = t, max(s.turns, int(t.Turns))
		s.suspects = append(s.suspects, t.Suspects...)
	}
	for _, s := range order {
		k := s.conversation.Case(s.turns, maxBytes)
		k.Suspects = s.suspects
		cases = append(cases, docket.Case{
			TraceID: s.last.TraceID.String(), SpanID: s.last.SpanID.String(), Row: from.rows[s.last.TraceID],
			Session: s.last.Session, Case: k,
		})
	}
	return cases
}

// rowCases makes cases of the calls of dataset rows: of each its answer, and its conversation.
func rowCases(rows []dataset.Row, maxBytes int) (cases []docket.Case) {
	for i := range rows {
		row := &rows[i]
		if row.Call == nil || !row.Call.IsLLMCall() || row.Call.Operation == genai.OpEmbeddings {
			continue
		}
		of := docket.Case{TraceID: row.TraceID, SpanID: row.SpanID, Session: row.Session, Row: row.ID}
		answer, session := judge.CasesOf(row.Call, maxBytes)
		for _, k := range []*judge.Case{answer, session} {
			of.Case = k
			cases = append(cases, of)
		}
	}
	return cases
}
