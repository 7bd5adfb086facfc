package llmreviewextension

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/faultline-otel/faultline/internal/review"
)

// finders asks all components that find traces outside of the store. It is safe for concurrent use.
type finders struct {
	mu  sync.Mutex // guards all
	all []*review.Finder
}

func (f *finders) add(one review.Finder) (remove func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	entry := &one
	f.all = append(f.all, entry)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all = slices.DeleteFunc(f.all, func(e *review.Finder) bool { return e == entry })
	}
}

// Find implements review.Finder: the first that has the trace answers.
func (f *finders) Find(ctx context.Context, traceID string) ([]review.Trace, error) {
	f.mu.Lock()
	all := slices.Clone(f.all)
	f.mu.Unlock()
	if len(all) == 0 {
		return nil, fmt.Errorf("no llm_review exporter looks for traces: %w", review.ErrNotFound)
	}
	var errs []error
	for _, one := range all {
		traces, err := (*one).Find(ctx, traceID)
		if err == nil {
			return traces, nil
		}
		errs = append(errs, err)
	}
	for _, err := range errs { // one that did not answer may have it
		if !errors.Is(err, review.ErrNotFound) {
			return nil, err
		}
	}
	return nil, errs[0]
}
