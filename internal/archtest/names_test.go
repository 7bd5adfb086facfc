package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// spellers may spell names of our attributes, with the reason.
var spellers = map[string]string{
	"internal/spanattr":              "it defines them",
	"internal/catalog":               "three attributes are of metrics alone",
	"internal/pipeline/pipelinetest": "it writes what other emitters may write",
}

// TestOnlySpanattrSpellsAttributes finds texts that begin with the name of an attribute of ours.
func TestOnlySpanattrSpellsAttributes(t *testing.T) {
	found := 0
	for _, name := range tracked(t, "*.go") {
		dir := path.Dir(name)
		if strings.HasSuffix(name, "_test.go") || path.Base(dir) == "metadata" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			if rest, ours := strings.CutPrefix(text, "app.llm."); ours && rest != "" {
				found++
				if spellers[dir] == "" {
					t.Errorf("%s spells %q: take it from spanattr", name, text)
				}
			}
			return true
		})
	}
	require.NotZero(t, found)
}
