package llmreviewexporter

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/pipeline"
)

// wantTurns adds the traces whose session has an item, or will have one with this batch.
func (r *reviewer) wantTurns(
	ctx context.Context, td ptrace.Traces, kept []pipeline.Kept, wanted map[string]bool,
) error {
	var items, others []string
	for i := range kept {
		if id := kept[i].ID; wanted[id] {
			items = append(items, id)
		} else {
			others = append(others, id)
		}
	}
	if len(others) == 0 {
		return nil
	}
	sessions := pipeline.SessionsOf(td)
	if len(sessions) == 0 {
		return nil
	}
	known, err := r.store.KnownSessions(ctx, of(sessions, others))
	if err != nil {
		return err
	}
	for _, session := range of(sessions, items) {
		known[session] = true
	}
	for _, id := range others {
		if session := sessions[id]; session != "" && known[session] {
			wanted[id] = true
		}
	}
	return nil
}

// of returns the sessions of traces, each once.
func of(sessions map[string]string, traces []string) []string {
	var ids []string
	for _, trace := range traces {
		if id := sessions[trace]; id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// needTurns adds those of the others whose session has an item or will have one, and holds the rest in case it gets
// one. It returns the sessions that have one.
func (s *selecting) needTurns(
	ctx context.Context, td ptrace.Traces, items, others []string, needed map[string]bool,
) (talks []string) {
	sessions := pipeline.SessionsOf(td)
	if len(sessions) == 0 {
		return nil
	}
	talks = of(sessions, items)
	for _, session := range talks {
		s.talks.Add(session, struct{}{})
	}
	asked := slices.DeleteFunc(of(sessions, others), s.talks.Contains)
	known, all := known(ctx, asked, s.store.KnownSessions)
	held := map[string]bool{}
	for _, id := range others {
		switch session := sessions[id]; {
		case session == "":
		case known[session] || s.talks.Contains(session):
			needed[id] = true
		default:
			if all {
				needed[id] = true
			}
			held[id] = true // also where the store will say later that it does not want it
		}
	}
	for _, g := range pipeline.SelectByTrace(td, func(span ptrace.Span) (pcommon.TraceID, bool) {
		return span.TraceID(), held[span.TraceID().String()]
	}) {
		s.window.hold(sessions[g.ID.String()], g.Traces)
	}
	for _, session := range asked {
		if known[session] {
			talks = append(talks, session)
		}
	}
	return talks
}

// release passes on what was said before in sessions that have an item: it comes after the item that it is kept for.
func (s *selecting) release(ctx context.Context, sessions []string) error {
	for _, session := range sessions {
		for _, turn := range s.window.take(session) {
			if err := s.Traces.ConsumeTraces(ctx, turn); err != nil {
				return err
			}
		}
	}
	return nil
}
