package errline

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrefix(t *testing.T) {
	require.NoError(t, Prefix("file", nil))
	err := Prefix("file", errors.Join(errors.New("a must be 1"), fs.ErrNotExist))
	require.EqualError(t, err, "file: a must be 1\nfile: file does not exist")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, Prefix("x", Prefix("y", errors.New("a\nb"))), "x: y: a\nx: y: b")
}
