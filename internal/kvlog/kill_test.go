//go:build unix

package kvlog

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writer is set in the environment of the process that TestKilledWhileWriting kills.
const writer = "KVLOG_TEST_WRITER"

// TestWriter is that process: it writes until it is killed, and prints the number of each write that has returned.
func TestWriter(t *testing.T) {
	if os.Getenv(writer) == "" {
		t.Skip("a part of TestKilledWhileWriting")
	}
	l, err := Open(".", Options{})
	require.NoError(t, err)
	for i := l.Size().Keys; ; i++ {
		require.NoError(t, l.Write(set(strconv.Itoa(i), valueOf(i)), set("last", strconv.Itoa(i))))
		fmt.Println("written", i)
	}
}

func valueOf(i int) string { return strings.Repeat(strconv.Itoa(i)+" ", i*7919%9000) }

// TestKilledWhileWriting kills a writing process 20 times. What it had written must be there.
func TestKilledWhileWriting(t *testing.T) {
	dir := t.TempDir()
	acknowledged := -1
	for round := range 20 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriter$")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), writer+"=1")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		started := time.Now()
		for writes := 0; lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "written "); ok {
				acknowledged, err = strconv.Atoi(n)
				require.NoError(t, err)
				// At another moment in each round. What the pipe holds by then has been written too.
				if writes++; writes == 20+round*3 || time.Since(started) > 5*time.Second {
					require.NoError(t, cmd.Process.Kill())
				}
			}
		}
		require.Error(t, cmd.Wait())
		l, events := watched(t, dir, Options{})
		for _, e := range *events {
			require.Zero(t, e.Lost, "at most an incomplete write is cut")
		}
		last, err := l.Get("last")
		require.NoError(t, err)
		n, err := strconv.Atoi(string(last))
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, acknowledged)
		require.Equal(t, n+2, l.Size().Keys)
		for i := range n + 1 {
			value, err := l.Get(strconv.Itoa(i))
			require.NoError(t, err)
			require.Equal(t, valueOf(i), string(value))
		}
		// The next process counts the keys to know where to go on.
		require.NoError(t, l.Write(Operation{Key: "last", Delete: true}))
		require.NoError(t, l.Close())
	}
	require.Greater(t, acknowledged, 400)
}
