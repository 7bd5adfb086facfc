package pattern

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/score/pattern/issuer"
)

var update = flag.Bool("update", false, "write the table of docs/redaction.md")

// TestTypesAreDocumented holds the table of docs/redaction.md against the types; `go test -update` writes it.
func TestTypesAreDocumented(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "redaction.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), "<!-- types -->\n")
	require.True(t, ok)
	got, after, ok := strings.Cut(rest, "<!-- /types -->")
	require.True(t, ok)
	var table strings.Builder
	table.WriteString("| kind | type | what it is | begins with |\n|---|---|---|---|\n")
	for _, typ := range Types() {
		begins := ""
		for i := range issuer.Formats {
			if issuer.Formats[i].Type == typ.Name {
				for _, prefix := range issuer.Formats[i].Prefixes {
					begins += " `" + prefix + "`"
				}
			}
		}
		fmt.Fprintf(&table, "| %s | `%s` | %s |%s |\n", typ.Kind, typ.Name, typ.One, begins)
	}
	if *update {
		require.NoError(
			t,
			os.WriteFile(path, []byte(before+"<!-- types -->\n"+table.String()+"<!-- /types -->"+after), 0o600),
		)
		return
	}
	require.Equal(t, table.String(), got)
}
