package grafana

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/stretchr/testify/require"
)

// TestDashboardFitsTheSchema reads the JSON back strictly: an unknown key or a missing option fails, as in Grafana.
func TestDashboardFitsTheSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	b, err := MarshalOverview()
	require.NoError(t, err)
	var d dashboard.Dashboard //nolint:staticcheck // the v2 schema needs Grafana 12; this one is read by all that are in use
	// The SDK returns a typed nil, an error without text, where nothing is wrong.
	for _, err := range []error{d.UnmarshalJSONStrict(b), d.Validate()} {
		if err != nil {
			require.Empty(t, err.Error())
		}
	}
	built, err := Overview()
	require.NoError(t, err)
	require.Len(t, built.Panels, 15, "rows and panels")
	for _, p := range built.Panels {
		if p.Panel != nil {
			require.NotEmpty(t, p.Panel.Targets, "%s has no query", *p.Panel.Title)
		}
	}
}

func TestDashboardIsTheSameEveryTime(t *testing.T) {
	first, err := MarshalOverview()
	require.NoError(t, err)
	for range 3 {
		again, err := MarshalOverview()
		require.NoError(t, err)
		require.Equal(t, string(first), string(again))
	}
}

// TestRules has promtool check the alert rules, and run their tests: each alert has a case in which it fires and a noisy
// one in which it stays quiet.
func TestRules(t *testing.T) {
	promtool := filepath.Join("..", "..", "bin", "promtool")
	if _, err := os.Stat(promtool); err != nil {
		if promtool, err = exec.LookPath("promtool"); err != nil {
			t.Skip("no promtool in bin/ or PATH: make test installs it")
		}
	}
	rules, err := Rules()
	require.NoError(t, err)
	dir := t.TempDir()
	tests, err := os.ReadFile(filepath.Join("testdata", "faultline.test.yml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "faultline.rules.yml"), rules, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "faultline.test.yml"), tests, 0o600))
	for _, args := range [][]string{
		{"check", "rules", "--lint=all", filepath.Join(dir, "faultline.rules.yml")},
		{"test", "rules", filepath.Join(dir, "faultline.test.yml")},
	} {
		out, err := exec.Command(promtool, args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}
