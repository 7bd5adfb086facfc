package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestDamagedStorage damages every file of the storage of default.yaml, in eight ways, and starts the Collector again.
// It must start and say so. Then it removes the folder while the Collector runs, and kills it: the folder must be back.
func TestDamagedStorage(t *testing.T) {
	dir := t.TempDir()
	often := filepath.Join(dir, "often.yaml")
	write(t, often, "processors: {llm_session: {checkpoint_interval: 50ms}}")
	c := startIn(t, dir, "default.yaml", "--config", often)
	sample, err := filepath.Abs(filepath.Join("..", "testdata", "sample.jsonl.gz"))
	require.NoError(t, err)
	replay := func() {
		_, msg, code := cli(t, dir, "replay", "--now", "--new-ids", "--endpoint", c.grpc, sample)
		require.Zero(t, code, msg)
	}
	replay()
	c.stop(t)
	stored := func() map[string][]byte {
		paths, err := filepath.Glob(filepath.Join(dir, "data", "storage", "*", "*.log"))
		require.NoError(t, err)
		files := map[string][]byte{}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			files[path] = b
		}
		return files
	}
	whole := stored()
	require.Len(t, whole, 5, "llm_session, llm_metrics, llm_journal and the queues of llm_review: traces and evaluations")

	change := func(b []byte, at, n int, to byte) []byte {
		b = append([]byte(nil), b...)
		for i := at; i < min(at+n, len(b)); i++ {
			b[i] = b[i]*7 + to
		}
		return b
	}
	for name, damage := range map[string]func(path string, b []byte) error{
		"truncated to 0":         overwrite(func([]byte) []byte { return nil }),
		"cut in the middle":      overwrite(func(b []byte) []byte { return b[:len(b)/2] }),
		"random bytes at head":   overwrite(func(b []byte) []byte { return change(b, 0, 100, 91) }),
		"random bytes in middle": overwrite(func(b []byte) []byte { return change(b, len(b)/2, 100, 91) }),
		"random bytes at tail":   overwrite(func(b []byte) []byte { return change(b, len(b)-100, 100, 91) }),
		"a flipped length":       overwrite(func(b []byte) []byte { return change(b, 28, 1, 1) }),
		"zeroed pages": overwrite(func(b []byte) []byte {
			b = append([]byte(nil), b...)
			clear(b[len(b)/4 : len(b)/2])
			return b
		}),
		"a folder": func(path string, _ []byte) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "data", "storage")))
			for path, b := range whole {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, b, 0o600))
				require.NoError(t, damage(path, b))
			}
			c = startIn(t, dir, "default.yaml", "--config", often)
			for path := range whole {
				await(t, 10*time.Second, func() error {
					for line := range strings.Lines(c.log.String()) {
						if strings.Contains(line, filepath.Base(path)) && strings.Contains(line, "storage file") {
							return nil
						}
					}
					return errors.New("no line about " + path)
				})
			}
			require.Regexp(t, `otelcol_llm_storage_(damaged|cut)_records\{client="processor_llm_session_"[^}]*\} [1-9]`,
				strings.ReplaceAll(body(t, "http://"+c.self+"/metrics"), "_total{", "{"))
			c.stop(t)
		})
	}

	c = startIn(t, dir, "default.yaml", "--config", often)
	replay()
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "data", "storage")))
	replay() // changes sessions, so that a checkpoint is due
	await(t, 10*time.Second, func() error {
		if !strings.Contains(c.log.String(), "had vanished") {
			return errors.New("the Collector has not noticed")
		}
		return nil
	})
	require.Regexp(t, `otelcol_llm_storage_rewritten_files(_total)?\{client="processor_llm_session_"[^}]*\} 1`,
		body(t, "http://"+c.self+"/metrics"))
	c.kill(t)
	require.NotEmpty(t, stored())
	c = startIn(t, dir, "default.yaml", "--config", often)
	require.NotContains(t, c.log.String(), "was damaged")
	require.NotContains(t, c.log.String(), "unreadable")
	c.stop(t)
}

// overwrite damages the content of a file.
func overwrite(change func([]byte) []byte) func(string, []byte) error {
	return func(path string, b []byte) error { return os.WriteFile(path, change(b), 0o600) }
}
