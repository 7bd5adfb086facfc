package words

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTable checks tables from empty to large: they know the bits of each of their words and of no other.
func TestTable(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 17, 400, 5000} {
		texts := map[uint32][]string{}
		for i := range size {
			bits := uint32(1) << (i % 7)
			texts[bits] = append(texts[bits], fmt.Sprintf("word%d", i))
		}
		if size > 1 {
			texts[1<<9] = []string{"word0 word1"}
		}
		table := NewTable(texts)
		for i := range size {
			want := uint32(1) << (i % 7)
			if size > 1 && i < 2 {
				want |= 1 << 9
			}
			require.Equal(t, want, table.Of(Hash(fmt.Sprintf("word%d", i))), "%d of %d", i, size)
		}
		for i := range 2000 {
			require.Zero(t, table.Of(Hash(fmt.Sprintf("other%d", i))), "%d of %d", i, size)
		}
	}
}
