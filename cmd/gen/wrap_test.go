package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrap(t *testing.T) {
	long := strings.TrimSuffix(strings.Repeat("word ", 30), " ")
	for page, want := range map[string]string{
		"short\nlines\n": "short\nlines\n",
		long + "\nmore\n": strings.TrimSuffix(strings.Repeat("word ", 24), " ") + "\n" +
			strings.Repeat("word ", 6) + "more\n",
		"# Title\n\n| " + long + " |\n":                   "# Title\n\n| " + long + " |\n",
		"```\n" + long + "\n\n" + long + "\n```\n\nend\n": "```\n" + long + "\n\n" + long + "\n```\n\nend\n",
		"    " + long + "\n":                              "    " + long + "\n",
		"`" + long + "` end\n":                            "`" + long + "`\nend\n",
	} {
		require.Equal(t, want, wrap(page))
	}
}
