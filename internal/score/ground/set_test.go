package ground

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/words"
)

// TestSetIsASet compares with a map, over several rounds, with sets that grow while they hold words.
func TestSetIsASet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s set
	for round := range 20 {
		s.reset()
		if round == 10 { // the counter of rounds overflows
			s.round = marked>>32 - 1
			s.begin(smallSet)
			require.EqualValues(t, 1, s.round)
		}
		known := map[uint32]bool{} // hash → marked
		for range r.IntN(5) {
			n := r.IntN(3000)
			s.reserve(n)
			for range n {
				h := r.Uint32N(1<<14) | 1
				s.add(h)
				if h%8 == 1 {
					_, there := s.mark(h)
					require.True(t, there)
				}
				known[h] = h%8 == 1
			}
		}
		require.Equal(t, len(known), s.size)
		for h := uint32(1); h < 1<<14; h += 2 {
			isMarked, there := known[h]
			require.Equal(t, there, s.has(h))
			slot, _ := s.find(h)
			require.Equal(t, isMarked, s.isMarked(slot))
		}
	}
	s.reset()
	s.reserve(1 << 20)
	for h := range uint32(1 << 20) {
		s.add(h)
	}
	require.Equal(t, room(largeSet), s.size, "a full set ignores new hashes")
	require.False(t, s.has(1<<20))
}

// TestStemsOfPlainWords checks the fast path for plain words against the loop.
func TestStemsOfPlainWords(t *testing.T) {
	var text words.Text
	text.Read("a An the can't canned ITEM Items Ab1 naïve x")
	for _, w := range text.Words {
		slow := w
		slow.Flags &^= words.Plain
		require.Equal(t, stem(text.Source, &slow), stem(text.Source, &w), text.Of([]words.Word{w}))
	}
	for n := range 12 {
		word := fmt.Sprintf("%.*s", n+1, "Abcdefghijkl")
		text.Read(word) // at the end of a text, whatever its length
		slow := text.Words[0]
		slow.Flags &^= words.Plain
		require.Equal(t, stem(word, &slow), stem(word, &text.Words[0]), word)
	}
}
