package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCommittedFilesAreCurrent holds what is committed against what the definitions say now.
func TestCommittedFilesAreCurrent(t *testing.T) {
	for name, content := range files {
		want, err := content()
		require.NoError(t, err, name)
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is stale: make generate", name)
	}
}
