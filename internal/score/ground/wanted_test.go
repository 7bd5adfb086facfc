package ground

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/words"
)

// TestASingleComparisonIsLikeAnyOther checks that leaving out words which the answer does not look up changes no
// feature.
func TestASingleComparisonIsLikeAnyOther(t *testing.T) {
	compared := 0
	same := func(t *testing.T, answer string, sources ...string) {
		t.Helper()
		var read words.Text
		read.Read(answer)
		one, many := NewOverlap(), NewOverlap()
		defer one.Release()
		defer many.Release()
		for _, source := range sources {
			var text words.Text
			text.Read(source)
			one.Add(&text)
			many.Add(&text)
		}
		var got, want [GroundedFeatures]float32
		known := many.grounded(&read, &want, false)
		require.Equal(t, known, one.grounded(&read, &got, true))
		require.Equal(t, want, got, answer)
		if known {
			compared++
		}
	}
	t.Run("texts of our own", func(t *testing.T) {
		answer := "The library in Harlow Street opens at 9 on Sundays, and members borrow eight books. " +
			"It doesn't lend the weekdays twice!"
		same(t, answer, document)
		same(t, answer, document, answer, "Nothing of it.")
		same(t, answer)
		same(t, "", document)
		same(t, strings.Repeat(answer+" ", 40), strings.Repeat(document+" ", 40))
		many := strings.Repeat("many other words ", 800) // more than a set takes
		same(t, answer, strings.Repeat(document+" numbers like "+answer, 60), many)
		require.GreaterOrEqual(t, compared, 4)
	})
	t.Run("corpus", func(t *testing.T) {
		before := document
		type row struct{ Input, Context, Output string }
		corpus.Lines(t, "text/groundedness/dev-test.jsonl.gz", func(r row) {
			same(t, r.Output, r.Context, r.Input)
			same(t, r.Output, before, r.Context)
			before = r.Context
		})
		require.Greater(t, compared, 1000)
	})
}
