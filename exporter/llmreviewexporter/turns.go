package llmreviewexporter

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
)

// wantTurns adds the traces whose session has an item, or will have one with this batch.
func (r *reviewer) wantTurns(ctx context.Context, kept []pipeline.Kept, wanted map[string]bool) error {
	var items, others []*pipeline.Kept
	for i := range kept {
		if k := &kept[i]; wanted[k.ID] {
			items = append(items, k)
		} else {
			others = append(others, k)
		}
	}
	asked := sessionsOf(others)
	if len(asked) == 0 {
		return nil
	}
	known, err := r.store.KnownSessions(ctx, asked)
	if err != nil {
		return err
	}
	for _, session := range sessionsOf(items) {
		known[session] = true
	}
	for _, k := range others {
		if k.Session != "" && known[k.Session] {
			wanted[k.ID] = true
		}
	}
	return nil
}

// sessionsOf returns the sessions of traces, each once.
func sessionsOf(traces []*pipeline.Kept) []string {
	var ids []string
	for _, k := range traces {
		if k.Session != "" {
			ids = append(ids, k.Session)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// needTurns adds those of the others whose session has an item or will have one. Of the rest it notes the session, in
// case it gets one. It returns the sessions that have one.
func (s *selecting) needTurns(
	ctx context.Context, items, others []*pipeline.Kept, needed map[pcommon.TraceID]bool, rest map[pcommon.TraceID]string,
) (talks []string) {
	talks = sessionsOf(items)
	for _, session := range talks {
		s.memory.talks.Add(session, struct{}{})
	}
	asked := slices.DeleteFunc(sessionsOf(others), s.memory.talks.Contains)
	known, all := known(ctx, asked, s.store.KnownSessions)
	for _, k := range others {
		switch {
		case k.Session == "":
		case known[k.Session] || s.memory.talks.Contains(k.Session):
			needed[k.Trace] = true
		default:
			if all {
				needed[k.Trace] = true
			}
			rest[k.Trace] = k.Session // also where the store will say later that it does not want it
		}
	}
	for _, session := range asked {
		if known[session] {
			s.memory.talks.Add(session, struct{}{}) // also for the exporter before sampling
			talks = append(talks, session)
		}
	}
	return talks
}

// release passes on what was said before in sessions that have an item: it comes after the item that it is kept for.
func (m *memory) release(ctx context.Context, sessions []string) error {
	m.mu.Lock()
	queue := m.queue
	m.mu.Unlock()
	if queue == nil {
		return nil
	}
	for _, session := range sessions {
		m.talks.Add(session, struct{}{})
		for _, turn := range m.recent.take(session) {
			if err := m.pass(ctx, queue, turn); err != nil {
				return err
			}
		}
	}
	return nil
}

// sessionsIn returns the sessions of stored traces.
func sessionsIn(traces []review.Trace) []string {
	var ids []string
	for i := range traces {
		for j := range traces[i].Spans {
			if call := traces[i].Spans[j].Call; call != nil && call.SessionID != "" {
				ids = append(ids, call.SessionID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
