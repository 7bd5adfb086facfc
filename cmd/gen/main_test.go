package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCommittedFilesAreCurrent compares the committed files with the current definitions.
func TestCommittedFilesAreCurrent(t *testing.T) {
	for name, content := range files {
		want, err := content()
		require.NoError(t, err, name)
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is stale: run make generate", name)
	}
}
