package llmsessionprocessor

import (
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/faultline-otel/faultline/internal/session"
)

// budget is an extension that decides which sessions may go on.
type budget interface {
	Breaker() *session.Breaker
}

func findBreaker(host component.Host, id component.ID) (*session.Breaker, error) {
	extension, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("budget: the extension %q is not there; it must be listed under service::extensions", id)
	}
	b, ok := extension.(budget)
	if !ok {
		return nil, fmt.Errorf("budget: the extension %q is no budget, like llm_budget", id)
	}
	return b.Breaker(), nil
}
