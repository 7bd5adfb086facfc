//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
)

// TestAnInterruptedRunInBatchesGoesOn: the same command goes on after kill -9 and after an interrupt, and asks nothing
// twice.
func TestAnInterruptedRunInBatchesGoesOn(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "faultline")
	require.NoError(t, os.Symlink(os.Args[0], program))
	var rows strings.Builder
	for i := range 5 {
		fmt.Fprintf(&rows, `{"id": "row-%d", "version": 2, "decision": "rejected", "call": {"operation": "chat", `+
			`"input_messages": [{"role": "user", "text": "Where?"}], `+
			`"output_messages": [{"role": "assistant", "text": "In Lyon."}]}}`+"\n", i)
	}
	data := filepath.Join(dir, "rows.jsonl")
	require.NoError(t, os.WriteFile(data, []byte(rows.String()), 0o600))
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		return judgetest.Answer{Text: r.Reply(true, "fine")}
	})
	var looks atomic.Int32
	var ready atomic.Bool
	server.SetBatches(func(int) string {
		looks.Add(1)
		if ready.Load() {
			return "completed"
		}
		return "in_progress"
	})
	output := filepath.Join(dir, "judged.jsonl")
	run := func(more ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command(program, append([]string{
			"judge", "run", "--dataset", data, "--rubric", "relevance", "--endpoint", server.Endpoint(),
			"--model", "gpt-4.1-mini", "--batch", "--batch-poll", "20ms", "-o", output,
		}, more...)...)
		out := new(bytes.Buffer)
		cmd.Stdout, cmd.Stderr = out, out
		require.NoError(t, cmd.Start())
		return cmd, out
	}
	for _, sig := range []os.Signal{syscall.SIGKILL, syscall.SIGINT} {
		cmd, out := run()
		seen := looks.Load()
		require.Eventually(t, func() bool { return looks.Load() > seen+1 }, time.Minute, time.Millisecond)
		require.NoError(t, cmd.Process.Signal(sig))
		require.Error(t, cmd.Wait())
		if sig == syscall.SIGINT {
			require.Contains(t, out.String(),
				"faultline: interrupted: 5 judgements are on their way or wait; the same command goes on\n")
		}
	}
	cmd, out := run("--seed", "8")
	require.Error(t, cmd.Wait())
	require.Contains(t, out.String(), "are of other cases or another judge", "another version is another run")

	ready.Store(true)
	cmd, out = run()
	require.NoError(t, cmd.Wait(), "%s", out)
	require.Equal(t, []int{5}, server.MadeBatches(), "the provider was asked once")
	require.Empty(t, server.Files())
	require.NoDirExists(t, output+".batch")
	lines, err := os.Open(output)
	require.NoError(t, err)
	defer lines.Close()
	results, err := docket.Read(output, lines)
	require.NoError(t, err)
	require.Len(t, results, 5)
	for i := range results {
		require.True(t, results[i].Judged())
	}
	require.Contains(t, out.String(), "relevance: 5 passed, 0 failed\n")
}
