package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOwnBuild follows docs/guides/own-build.md: ocb makes a Collector from the manifest, and it accepts the
// configuration.
func TestOwnBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a Collector")
	}
	home, err := filepath.Abs("..")
	require.NoError(t, err)
	guide, err := os.ReadFile(filepath.Join(home, "docs", "guides", "own-build.md"))
	require.NoError(t, err)
	files := map[string]string{}
	for _, m := range regexp.MustCompile("(?ms)^```yaml\n# (\\S+)\n(.*?)^```$").FindAllStringSubmatch(string(guide), -1) {
		files[m[1]] = m[2]
	}
	require.Len(t, files, 2)
	dir := t.TempDir()
	manifest := strings.Replace(files["builder-config.yaml"], "=> ../faultline", "=> "+home, 1)
	require.Contains(t, manifest, "=> "+home)
	write(t, filepath.Join(dir, "builder-config.yaml"), manifest)
	write(t, filepath.Join(dir, "config.yaml"), files["config.yaml"])

	run := func(in, name string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = in
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	builder := filepath.Join(dir, "builder")
	fetched := func(out string, err error) {
		t.Helper()
		if err != nil && strings.Contains(out, "dial tcp") {
			t.Skipf("no module proxy here: %s", tail(out, 400))
		}
		require.NoError(t, err, out)
	}
	fetched(run(home, "go", "build", "-C", "internal/tools", "-o", builder, "go.opentelemetry.io/collector/cmd/builder"))
	// Go's cache has the packages of the distribution. Only modules that the tests of dependencies need are fetched.
	fetched(run(dir, builder, "--config", "builder-config.yaml", "--skip-compilation"))
	built := filepath.Join(dir, "my-otelcol")
	out, err := run(built, "go", "build", "-ldflags", "-s -w", "-o", "my-otelcol", ".")
	require.NoError(t, err, out)
	out, err = run(dir, filepath.Join(built, "my-otelcol"), "validate", "--config", "config.yaml")
	require.NoError(t, err, out)
	require.Empty(t, out, "a warning")
	write(t, filepath.Join(dir, "slip.yaml"), "service: {extensions: [llm_storage]}")
	out, err = run(dir, filepath.Join(built, "my-otelcol"), "validate", "--config", "config.yaml", "--config", "slip.yaml")
	require.Error(t, err)
	require.Contains(t, out, "exporters::llm_review::review", "it has the converter")
	out, err = run(dir, filepath.Join(built, "my-otelcol"), "components")
	require.NoError(t, err, out)
	for _, name := range []string{
		"llm_failure", "llm_session", "llm_journal", "llm_rootcause", "llm_metrics", "llm_review", "llm_budget", "llm_storage",
	} {
		require.Contains(t, out, "name: "+name)
	}
}
