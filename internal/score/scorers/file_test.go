package scorers

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFileChanges: a file is read again when it was written, and mistakes are told once.
func TestFileChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scorers.yaml")
	at := time.Now()
	write := func(text string) {
		at = at.Add(time.Second) // coarse clocks of file systems
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(path, at, at))
	}
	_, _, err := OpenFile(path)
	require.ErrorContains(t, err, "scorer file "+path+": no such file")
	write("version: 1")
	f, set, err := OpenFile(path)
	require.NoError(t, err)
	require.Empty(t, Off(set))

	set, err = f.Changed()
	require.NoError(t, err)
	require.Nil(t, set, "nothing was written")

	write("version: 1\nscorers: {toxicity: off}")
	set, err = f.Changed()
	require.NoError(t, err)
	require.Equal(t, []string{"toxicity"}, Off(set))

	write("version: 1\nscorers: {telepathy: {}}")
	set, err = f.Changed()
	require.ErrorContains(t, err, "scorer file "+path+": scorers.telepathy: unknown scorer")
	require.Nil(t, set)
	set, err = f.Changed()
	require.NoError(t, err, "told once")
	require.Nil(t, set)

	require.NoError(t, os.Remove(path))
	_, err = f.Changed()
	require.ErrorContains(t, err, "no such file")
	_, err = f.Changed()
	require.NoError(t, err)
	write("version: 1\nscorers: {pii: off}")
	set, err = f.Changed()
	require.NoError(t, err)
	require.Equal(t, []string{"pii"}, Off(set))
}
