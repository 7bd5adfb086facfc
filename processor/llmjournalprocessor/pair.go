package llmjournalprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/checkpoint/storage"
	"github.com/faultline-otel/faultline/internal/journal"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// pair is what the two processors of a journal share. The Collector creates and starts components from the end of a
// pipeline to its beginning, and stops them from the beginning to the end.
type pair struct {
	entry *entry
	exit  *exit

	// The entry opens them when it starts, before any data arrives.
	store   *storage.Store
	journal *journal.Journal
}

// close runs when both processors have stopped.
func (p *pair) close(ctx context.Context) error {
	if p.store == nil {
		return nil
	}
	return errors.Join(p.journal.Clean(), p.store.Close(ctx))
}

// idOf returns the id of a span for the journal. It reports false for a span without ids: its copies could not be
// recognized.
func idOf(span ptrace.Span) (journal.Span, bool) {
	id := journal.Span{Trace: span.TraceID(), ID: span.SpanID()}
	return id, id.Trace != [16]byte{} && id.ID != [8]byte{}
}

// failingIn returns the failing spans in the data.
func failingIn(td ptrace.Traces) []journal.Span {
	var failing []journal.Span
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if id, ok := idOf(span); ok && spanattr.IsFailing(span) {
					failing = append(failing, id)
				}
			}
		}
	}
	return failing
}
