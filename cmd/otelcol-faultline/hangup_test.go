//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAReloadDuringTheStartIsNoEnd: without a Collector that handles it, a SIGHUP does not end the process.
func TestAReloadDuringTheStartIsNoEnd(t *testing.T) {
	require.False(t, signal.Ignored(syscall.SIGHUP))
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	time.Sleep(100 * time.Millisecond) // it would have died
}
