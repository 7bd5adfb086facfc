package spanattr

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScorerVersionsAreFoundInAnyOrder(t *testing.T) {
	var v ScorerVersions
	require.Empty(t, v.Of("a"))
	v.Read("a=1 b=2-x c=3 broken =5 d=")
	for range 2 {
		require.Equal(t, "3", v.Of("c"))
		require.Equal(t, "1", v.Of("a"))
		require.Equal(t, "2-x", v.Of("b"))
		require.Empty(t, v.Of("d"))
		require.Empty(t, v.Of("unknown"))
	}
	v.Read("")
	require.Empty(t, v.Of("a"))
	v.Read(strings.Repeat("x=1 ", 1_000))
	require.Len(t, v.versions, maxScorers)
	require.Equal(t, "1", v.Of("x"))
	v.Read(strings.Repeat("x=1 ", 1_000_000))
	require.Empty(t, v.versions)
}
