package words

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/faultline-otel/faultline/internal/corpus"
)

// readByRune is Read without its fast paths: it reads all words one character at a time.
func readByRune(source string) *Text {
	t := &Text{Source: source}
	next := Sentence | Line
	line := func() {
		if next.Is(Line) {
			next |= Sentence
		}
		next |= Line
	}
	for i := 0; i < len(source); {
		begins := false
		switch class := classes[source[i]]; class {
		case letter, digit, high:
			begins = true
		case stop:
			if i+1 == len(source) || classes[source[i+1]] != letter && classes[source[i+1]] != digit {
				next |= Sentence
				if source[i] == '?' {
					next |= Question
					t.Asks = true
				}
			}
		case feed:
			line()
		case escape:
			r, end := unescape(source, i)
			if begins = spelled(r); begins {
				break
			}
			if r == '\n' {
				line()
			}
			i = end
			continue
		case space:
		default:
			if next.Is(Line) {
				next |= Sentence
			}
		}
		if !begins {
			i++
			continue
		}
		before := len(t.Words)
		i, t.Words = t.any(t.Words, source, i, next)
		if len(t.Words) == before {
			continue
		}
		next = 0
		w := &t.Words[before]
		spelling := source[w.Start:w.End]
		ascii := strings.IndexFunc(spelling, func(r rune) bool {
			return r >= 0x80 || classes[r] != letter && classes[r] != digit
		}) < 0
		if !ascii || classes[spelling[0]] != letter || int(w.End) < len(source) && inWord[source[w.End]] {
			continue
		}
		if w.Flags |= Plain; len(spelling) > maxNormal-4 { // where any has no room left for another character
			long, _ := plain(source, int(w.Start))
			w.Hash = long.Hash
		}
		if strings.ContainsAny(spelling[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			w.Flags |= Inner
		}
	}
	t.Words = despace(t.Words, 0, source)
	return t
}

// TestBlocksReadWhatRunesRead compares the fast paths of Read with readByRune.
func TestBlocksReadWhatRunesRead(t *testing.T) {
	same := func(t require.TestingT, source string) {
		var got Text
		got.Read(source)
		want := readByRune(source)
		require.Len(t, got.Words, len(want.Words), "%q", source)
		for i := range want.Words {
			require.Equal(t, want.Words[i], got.Words[i], "%q: %q", source, want.Of(want.Words[i:i+1]))
		}
		require.Equal(t, want.Asks, got.Asks)
		require.Equal(t, want.Scripts, got.Scripts)
	}
	t.Run("made up", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			words := rapid.SliceOf(rapid.OneOf(
				rapid.StringMatching(`[a-z]{1,12}`), rapid.StringMatching(`[A-Z]?[a-zA-Z0-9]{0,20}`),
				rapid.StringMatching(`[a-z]{60,140}`),
				rapid.StringMatching(`[A-Za-z]{1,9}'[a-z]{0,3}`), rapid.StringMatching(`[0-9]{1,9}([.,][0-9]{0,4}){0,3}`),
				rapid.String(),
				rapid.SampledFrom([]string{`\n`, `\u00e4`, `\u0041b`, "é", "don’t", "Ünïx", "日本"}),
			)).Draw(t, "words")
			gaps := []string{" ", " ", " ", ", ", ". ", "\n", "? ", "\n\n- ", "", "'", "  "}
			var b strings.Builder
			for _, w := range words {
				b.WriteString(w)
				b.WriteString(rapid.SampledFrom(gaps).Draw(t, "between"))
			}
			same(t, b.String())
		})
	})
	t.Run("every length", func(t *testing.T) {
		for n := range 200 {
			for _, after := range []string{"", " ", "' ", "é", " x", ",y"} {
				same(t, strings.Repeat("a", n)+after+strings.Repeat(" The ends", 12))
				same(t, strings.Repeat("of words ", 8)[:n%64]+strings.Repeat("B", n)+after)
			}
		}
	})
	t.Run("corpus", func(t *testing.T) {
		type row struct{ Input, Context, Output string }
		for _, task := range []string{"groundedness", "injection", "jailbreak", "refusal", "toxicity"} {
			corpus.Lines(t, "text/"+task+"/dev-test.jsonl.gz", func(r row) {
				for _, text := range []string{r.Input, r.Context, r.Output} {
					if len(text) <= MaxHead+MaxTail {
						same(t, text)
					}
				}
			})
		}
	})
}
