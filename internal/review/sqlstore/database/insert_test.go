package database

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStatements: every row is inserted once, in order, and few texts are prepared.
func TestStatements(t *testing.T) {
	large := maxStatement/2 + 1
	for name, c := range map[string]struct {
		sizes []int // of rows
		want  []int // rows of each statement
	}{
		"none":                        {nil, nil},
		"one":                         {make([]int, 1), []int{1}},
		"powers of two":               {make([]int, 7), []int{4, 2, 1}},
		"no more than so many":        {make([]int, 21), []int{8, 8, 4, 1}},
		"texts are bounded":           {[]int{1, large, 1, large, 1}, []int{2, 1, 2}},
		"a row that is larger alone":  {[]int{1, 2 * maxStatement, 1}, []int{1, 1, 1}},
		"small ones after large ones": {[]int{large, large, 0, 0, 0, 0, 0, 0, 0}, []int{1, 8}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int
			next := 0
			columns := func(size *int) (int, []any) { return *size, []any{size, "x"} }
			for query, values := range Statements(Insertion{"INSERT ", " END"}, 8, c.sizes, columns) {
				n := len(values) / 2
				got = append(got, n)
				require.Equal(t, n, strings.Count(query, "("), query)
				for i := range n {
					require.Same(t, &c.sizes[next], values[2*i])
					next++
				}
			}
			require.Equal(t, c.want, got)
			require.Equal(t, len(c.sizes), next)
		})
	}
}
