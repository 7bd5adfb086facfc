package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// step is a block of commands in a guide, with lines of the output that the guide shows after it.
type step struct{ commands, shows string }

var blocks = regexp.MustCompile("(?ms)^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?")

// steps reads the blocks of a guide that a reader runs.
func steps(t *testing.T, guide string) []step {
	t.Helper()
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	var list []step
	for _, m := range blocks.FindAllStringSubmatch(string(text), -1) {
		list = append(list, step{m[1], m[2]})
	}
	return list
}

// TestGuideOfTheGate does what the guide says, command by command in one shell: from the first failure of the example
// to a pull request that is blocked.
func TestGuideOfTheGate(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool, " is not installed")
		}
	}
	c := start(t, "default.yaml")
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../examples")))
	require.NoError(t, os.CopyFS(filepath.Join(dir, "deploy", "ci"), os.DirFS("../deploy/ci")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "bin"), 0o700))
	require.NoError(t, os.Symlink(binaries.cli, filepath.Join(dir, "bin", "faultline")))
	model := freePorts(t, 1)[0]
	_, port, err := net.SplitHostPort(model)
	require.NoError(t, err)
	// The guide uses the ports that are usual; a test must not.
	addresses := strings.NewReplacer("127.0.0.1:8099", model, "127.0.0.1:4318", c.http, "127.0.0.1:8321", c.review)

	list := steps(t, "../docs/guides/gate.md")
	require.Greater(t, len(list), 6)
	var script strings.Builder
	for i, s := range list {
		fmt.Fprintf(&script, "%s\necho; echo '@@ end of step %d'\n", addresses.Replace(s.commands), i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute) // what a newcomer may need
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script.String())
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = append(os.Environ(), "MODEL_PORT="+port, "PYTHONDONTWRITEBYTECODE=1")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	rest := string(out)
	for i, s := range list {
		printed, after, found := strings.Cut(rest, fmt.Sprintf("@@ end of step %d\n", i))
		require.True(t, found, "step %d did not end:\n%s", i, rest)
		for line := range strings.Lines(s.shows) {
			require.Contains(t, printed, strings.TrimSpace(line), "the guide shows it after\n%s", s.commands)
		}
		rest = after
	}
	t.Logf("%d steps of the guide in %s", len(list), time.Since(began).Round(time.Millisecond))
	_, err = net.DialTimeout("tcp", model, time.Second)
	require.Error(t, err, "the guide stops what it started")
	c.stop(t)
}
