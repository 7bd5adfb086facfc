package kvlog

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkOpen opens a log of 300 MB: 1,000 values of 300 KB.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	l, err := Open(dir, Options{})
	require.NoError(b, err)
	for i := range 1000 {
		require.NoError(b, l.Write(Operation{Key: strconv.Itoa(i), Value: make([]byte, 300_000)}))
	}
	require.NoError(b, l.Close())
	b.ReportAllocs()
	for b.Loop() {
		l, err := Open(dir, Options{})
		require.NoError(b, err)
		b.SetBytes(l.Size().Files)
		require.NoError(b, l.Close())
	}
}
