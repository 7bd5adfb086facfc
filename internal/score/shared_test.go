package score

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/words"
)

// TestSharedWordsAreThoseOfTheText checks this while goroutines read texts that compete for slots.
func TestSharedWordsAreThoseOfTheText(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, 4*len(shared))
	for i := range texts {
		texts[i] = "Order " + strconv.Itoa(i) + strings.Repeat(" has naïve words? Yes.", source.IntN(250))
	}
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(worker)))
			var r Result
			var want words.Text
			for i := range 3 * len(texts) {
				text := texts[random.IntN(len(texts))]
				if i%2 == 1 { // again, most likely from the cache
					text = texts[random.IntN(16)]
				}
				if want.Read(text); !equal(&want, r.SharedWords(text)) {
					t.Errorf("%q was read as another text", text[:16])
				}
				if i%8 == 0 {
					r.Reset()
				}
			}
		})
	}
	wait.Wait()
}

func equal(a, b *words.Text) bool {
	return a.Source == b.Source && slices.Equal(a.Words, b.Words) &&
		a.Scripts == b.Scripts && a.Asks == b.Asks && a.Cut == b.Cut
}

// TestManyTextsOfACall checks a call with more texts than Result keeps track of.
func TestManyTextsOfACall(t *testing.T) {
	var r Result
	var want words.Text
	for i := range 3 * maxSeen {
		text := "text number " + strconv.Itoa(i)
		want.Read(text)
		require.Equal(t, want, *r.Words(text))
		require.Equal(t, keyOf(text), r.Key(text))
	}
	require.LessOrEqual(t, len(r.texts.seen), maxSeen)
	r.Reset()
	require.Empty(t, r.texts.seen)
}
