package spanattr

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
)

func TestEvidenceIsBoundedAndValid(t *testing.T) {
	for name, text := range map[string]string{
		"short": "short", "long": strings.Repeat("a", 10_000),
		"runes": strings.Repeat("é", 200) + "€" + strings.Repeat("😀", 100),
		"bytes": strings.Repeat("\xff", 500), "broken": "a\xc3", "edge": strings.Repeat("x", failure.MaxEvidence-1) + "é",
	} {
		t.Run(name, func(t *testing.T) {
			for _, w := range []*Writer{{}, {Content: true}} {
				for _, got := range []string{w.evidence(text, text), w.evidence("", text), w.evidence(text, "")} {
					require.LessOrEqual(t, len(got), failure.MaxEvidence)
					require.True(t, utf8.ValidString(got))
				}
			}
		})
	}
	require.Equal(t, "finish reason length: Your order",
		(&Writer{Content: true}).evidence("finish reason length", "Your order"))
}
