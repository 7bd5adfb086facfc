package review

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOlderVersion(t *testing.T) {
	const commit = "3f2a9c07d1e85b64a0c9f1e2d3b4a5968778695a"
	for name, c := range map[string]struct {
		version, than string
		want          bool
	}{
		"numbers, not texts":       {"v9", "v10", true},
		"newer":                    {"v10", "v9", false},
		"the same":                 {"v9", "v9", false},
		"with and without v":       {"9", "v10", true},
		"semantic":                 {"1.4.9", "1.10.0", true},
		"a longer one":             {"1.4", "1.4.2", true},
		"a candidate has no order": {"v2", "v2-rc1", false},
		"dates":                    {"2026-11-02", "2026-11-30", true},
		"within a name":            {"refund-7-a", "refund-8-a", true},
		"other names":              {"blue", "green", false},
		"other prompts":            {"refund-7", "billing-8", false},
		"a commit":                 {"v17", commit, false},
		"two commits":              {"88ab12f", "3f2a9c0", false},
		"nothing":                  {"", "v1", false},
		"than nothing":             {"v1", "", false},
		"long numbers":             {strings.Repeat("9", 40), "1" + strings.Repeat("0", 40), true},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, OlderVersion(c.version, c.than))
		})
	}
}
