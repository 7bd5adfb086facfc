package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// quoted finds the commands in documents, in inline code or in a shell line. It stops at a pipe, a redirection or a
// comment.
var quoted = regexp.MustCompile("(?m)(?:`|^ {4}(?:[^\n]*\\| )?)(?:bin/)?faultline( [a-z][^`|<>;#\n]*)")

// TestDocumentsUseExistingCommands checks every `faultline …` in documents, mainly runbooks, and in help texts against
// the commands and their flags.
func TestDocumentsUseExistingCommands(t *testing.T) {
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "*/*.md", "*/*/*.md", "*/*/*/*.md"} {
		files, err := filepath.Glob(filepath.Join("..", "..", pattern))
		require.NoError(t, err)
		for _, file := range files {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			texts[file] = string(b)
		}
	}
	var helps func(c *cobra.Command)
	helps = func(c *cobra.Command) {
		texts[c.CommandPath()+" --help"] = "    " + strings.ReplaceAll(strings.TrimSpace(c.Example), "\n  ", "\n    ")
		for _, sub := range c.Commands() {
			helps(sub)
		}
	}
	helps(newRoot())
	found := 0
	for where, text := range texts {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			args := strings.Fields(m[1])
			c, rest, err := newRoot().Find(args)
			require.NoError(t, err, "%s: faultline%s", where, m[1])
			require.True(t, c.HasParent(), "%s: faultline%s", where, m[1])
			require.False(
				t,
				c.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-"),
				"%s: faultline%s",
				where,
				m[1],
			)
			for _, arg := range rest {
				if arg == "--" { // of another program, from here on
					break
				}
				name, long := strings.CutPrefix(strings.Trim(arg, "[]"), "--")
				if name, _, _ = strings.Cut(name, "="); long {
					require.NotNil(t, c.Flags().Lookup(name), "%s: %s has no flag --%s", where, c.CommandPath(), name)
				}
			}
			found++
		}
	}
	require.Greater(t, found, 30)
}
