package judgement

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
)

func TestChoicesHoldTheOneThatWasFound(t *testing.T) {
	for _, c := range []struct{ class, detail, want string }{
		{"refusal", "content_filter", "refusal/content_filter"},
		{"schema_violation", "minLength", "schema_violation/minLength"},
		{"schema_violation", "invented", "schema_violation"},
		{"unsafe", "", "unsafe"},
	} {
		var chosen []string
		for _, g := range Choices(failure.Class(c.class), c.detail) {
			for _, o := range g.Options {
				if o.Selected {
					chosen = append(chosen, o.Value)
				}
			}
		}
		require.Equal(t, []string{c.want}, chosen)
	}
}
