package llmsessionprocessor

import (
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/faultline-otel/faultline/internal/budget"
)

// breakerOwner is an extension that decides which sessions may continue.
type breakerOwner interface {
	Breaker() *budget.Breaker
}

func findBreaker(host component.Host, id component.ID) (*budget.Breaker, error) {
	extension, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("budget: extension %q not found; list it under service::extensions", id)
	}
	b, ok := extension.(breakerOwner)
	if !ok {
		return nil, fmt.Errorf("budget: extension %q is not an llm_budget extension", id)
	}
	return b.Breaker(), nil
}
