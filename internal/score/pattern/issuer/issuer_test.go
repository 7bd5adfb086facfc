package issuer

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRowsAreChecked(t *testing.T) {
	f, err := parse("a_key\tA key\tab_ ac-\turl\t20-30\t3.5\tdigits:2 mixed near:acme\t")
	require.NoError(t, err)
	require.Equal(t, []string{"ab_", "ac-"}, f.Prefixes)
	require.Equal(t, []int{20, 30}, []int{f.Min, f.Max})
	require.Equal(t, "acme", f.Near)
	require.True(t, f.Check("aB12"))
	require.False(t, f.Check("ab12"))
	require.False(t, f.Check("aB1x"))
	for _, row := range []string{
		"a_key\tA key\tab_\turl\t20\t3.5\t", "a_key\tA key\t\turl\t20\t3.5\t\t", "a_key\tA key\tab_\tnone\t20\t3.5\t\t",
		"a_key\tA key\tab_\turl\tx\t3.5\t\t", "a_key\tA key\tab_\turl\t20-\t3.5\t\t", "a_key\tA key\tab_\turl\t20\tx\t\t",
		"a_key\tA key\tab_\turl\t20\t3.5\tdigits:x\t", "a_key\tA key\tab_\turl\t20\t3.5\tnear:\t",
		"a_key\tA key\tab_\turl\t20\t3.5\todd\t",
	} {
		_, err := parse(row)
		require.Error(t, err, row)
	}
}

// TestEveryFormatHasItsBounds holds what the scanner relies on.
func TestEveryFormatHasItsBounds(t *testing.T) {
	for _, f := range Formats {
		require.NotEmpty(t, f.Type)
		require.NotEmpty(t, f.Label)
		require.LessOrEqual(t, f.Min, f.Max, f.Type)
		require.GreaterOrEqual(t, f.Min, 12, f.Type)
		require.Positive(t, f.Entropy, f.Type)
		for _, prefix := range f.Prefixes {
			require.GreaterOrEqual(t, len(prefix), 2, f.Type)
		}
	}
}
