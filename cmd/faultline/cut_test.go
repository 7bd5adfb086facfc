package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLongContentIsNotCalledCut: what is longer than the part that is read came whole. Both are said.
func TestLongContentIsNotCalledCut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "long.json")
	require.NoError(t, os.WriteFile(file, chatTrace(t, "long", strings.Repeat("word ", 400_000)), 0o600))
	_, stderr := cli(t, exitOK, "score", file)
	require.Contains(t, stderr, "cut before they arrived, or are longer than the 1 MiB of a field that is read")
}
